#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
# Resources as an ordinary user: what this machine holds is held, what it does not hold stops the launch or is said.
load lib

prepare() {
	[ -x /usr/bin/python3 ] || skip "needs /usr/bin/python3"
}
# profile SETTINGS...
profile() {
	{
		printf 'inherit = [ "shell" ];\nresources = {\n'
		printf '  %s\n' "$@"
		printf '};\n'
	} > p.conf
}
touch_memory() {
	printf 'x = bytearray(%d << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nprint("touched")\n' "$1"
}
# held SETTINGS...: whether this machine holds them for this user.
held() {
	profile "$@"
	"$BAILEY" check ./p.conf > /dev/null 2>&1
}
bad() { # bad SETTING=VALUE TEXT...
	local setting=$1
	shift
	run "$BAILEY" run -p shell --set "$setting" true
	is "$status" 2
	has "$output" "command line (--set): error: ${setting%%=*}:" "$@"
}

@test "values that cannot be meant are mistakes with their place" {
	bad resources.memory=-1 '"-1" is no size'
	bad "resources.memory=5 apples" '"5 apples" is no size' 'of the machine'
	bad resources.memory=99999999999999T 'is too large'
	bad resources.memory=10K 'less than any program needs'
	bad resources.memory=101% 'no share of the memory'
	bad resources.tasks=0 'out of range'
	bad resources.tasks=1 'leaves none for the program'
	bad resources.cpus=0-9999 'numbers go up to'
	bad resources.cpus=3000 'there is no processor 3000'
	bad resources.cpu_quota=0% 'out of range'
	bad resources.cpu_quota=fast 'is no share'
	bad resources.cpu_weight=10001 'not between 1 and 10000'
	run "$BAILEY" run --cpus 1-0 true
	is "$status" 2
	has "$output" 'command line (--cpus): error: resources.cpus: "1-0" is no list of numbers'
}
@test "cpus: without a cpuset the launch stops and says how to get one" {
	! held 'cpus = "0";' || skip "this user has cpusets"
	run "$BAILEY" run -p ./p.conf true
	is "$status" 2
	has "$output" "p.conf:3: error: resources.cpus: cannot be held here: " "--allow-degraded=resources.cpus"
}
@test "cpus: with consent the affinity stands in, is said, and cannot be widened" {
	[ "$(nproc)" -gt 1 ] || skip "needs two processors"
	! held 'cpus = "0";' || skip "this user has cpusets"
	cat > widen.py <<- 'END'
		import ctypes, os
		try:
		    os.sched_setaffinity(0, {0, 1})
		    print("widened")
		except OSError as e:
		    print(e.strerror)
		print([l.split()[1] for l in open("/proc/self/status") if l.startswith("Cpus_allowed_list")][0])
	END
	run /usr/bin/python3 widen.py
	is "${lines[0]}" widened
	run "$BAILEY" run -p ./p.conf --allow-degraded=resources.cpus --ro . --status-fd 3 /usr/bin/python3 widen.py 3> events
	is "${lines[0]}" "Operation not permitted"
	is "${lines[1]}" 0
	grep -q '"event":"started".*"degraded":\["resources.cpus"\]' events
	profile 'cpus = "0";' 'optional = [ "cpus" ];'
	run "$BAILEY" run -v -p ./p.conf true
	is "$status" 0
	has "$output" "resources.cpus is degraded: " "the program is tied to these processors by its affinity"
	run "$BAILEY" explain ./p.conf
	has "$output" "degraded" "resources.cpus is degraded"
	run "$BAILEY" run --strict -p ./p.conf true
	is "$status" 2
	has "$output" "--strict lets nothing hold less"
}
@test "memory: held with the report of the line, or refused, or with consent bounded for each process" {
	if held 'memory = "64M";'; then
		run -137 "$BAILEY" run -p ./p.conf /usr/bin/python3 -c "$(touch_memory 96)"
		has "$output" "bailey: memory cap 64M reached, the kernel killed python3; cap from " "p.conf:3"
		run -137 "$BAILEY" run -p shell --memory 64M /usr/bin/python3 -c "$(touch_memory 96)"
		has "$output" "cap from command line (--memory)"
	else
		run "$BAILEY" run -p shell --memory 64M true
		is "$status" 2
		has "$output" "command line (--memory): error: resources.memory: cannot be held here"
		run "$BAILEY" run -p ./p.conf --allow-degraded=all /usr/bin/python3 -c "$(touch_memory 96)"
		is "$status" 1
		has "$output" MemoryError
	fi
	run "$BAILEY" run -p ./p.conf --allow-degraded=all /usr/bin/python3 -c "$(touch_memory 16)"
	is "$output" touched
}
@test "tasks: held, or with consent counted for the user in the sandbox" {
	cat > forks.py <<- 'END'
		import os, time
		n = 0
		try:
		    while n < 100:
		        if os.fork() == 0:
		            time.sleep(20)
		            os._exit(0)
		        n += 1
		except OSError:
		    pass
		print(n)
	END
	profile 'tasks = 20;'
	run "$BAILEY" run -q -p ./p.conf --allow-degraded=resources.tasks --ro . /usr/bin/python3 forks.py
	is "$status" 0
	[ "$output" -ge 16 ]
	[ "$output" -le 19 ]
	profile 'oom = "kernel";'
	run "$BAILEY" run -q -p ./p.conf --ro . /usr/bin/python3 forks.py
	is "$output" 100
}
@test "--allow-degraded names settings, and says so when there is no such one" {
	run "$BAILEY" run -p shell --allow-degraded=resources.memry true
	is "$status" 2
	has "$output" '--allow-degraded: "resources.memry" is no setting that may degrade' 'did you mean resources.memory?'
	run "$BAILEY" run -p shell --allow-degraded=filesystem.home true
	is "$status" 2
}
@test "a bailey inside of a bailey runs, and cannot give itself more" {
	held 'memory = "64M";' || skip "memory is not held here: $("$BAILEY" check ./p.conf 2>&1 | sed -n 's/.*cannot be held here: //p' | head -n 1)"
	printf 'namespaces = { user = "nested"; };\nsyscalls = { allow = [ "@sandbox" ]; };\n' >> p.conf
	run -137 "$BAILEY" run -p ./p.conf --ro "${BAILEY%/build/*}" "$BAILEY" run -p shell /usr/bin/python3 -c "$(touch_memory 96)"
	has "$output" "memory cap 64M reached"
	run "$BAILEY" run -p ./p.conf --ro "${BAILEY%/build/*}" "$BAILEY" run -p shell --memory 1G true
	is "$status" 2
	has "$output" "no control groups can be seen"
}
