#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
# Resources held by control groups for a program that root starts, whichever version and driver this machine has; in the virtual
# machine ($BAILEY_VM) also for an ordinary user.
#
# Each bound is looked at from inside, and each check is shown to fail without it.

load rig

setup_file() {
	export USER_NAME identity
	if is_root; then
		rig_user
		identity=$USER_NAME
	else
		[ -n "${BAILEY_VM:-}" ] || return 0
		USER_NAME=$(id -un) identity=self
	fi
	rig_copy
	export PYTHON=/usr/bin/python3
	cat > "$COPY/box.conf" <<- END
		inherit = [ "shell" ];
		identity = { user = "$identity"; };
	END
}
teardown_file() {
	rm -rf "$COPY"
	is_root || return 0
	rig_remove
}
setup() {
	[ "$(id -u)" -eq 0 ] || [ -n "${BAILEY_VM:-}" ] || skip "needs root: this is uid $(id -u)"
	[ -x /usr/bin/python3 ] || skip "needs /usr/bin/python3"
	WORK=$(mktemp -d)
	chmod 755 "$WORK"
	cd "$WORK" || return 1
	PIDS=()
}
teardown() {
	local pid
	[ -n "${WORK:-}" ] || return 0
	for pid in "${PIDS[@]}"; do kill -KILL "$pid" 2> /dev/null || true; done
	cd / && rm -rf "$WORK"
}

# profile SETTINGS...: what the box profile bounds, from line 3 on, into ./p.conf
profile() {
	{
		cat "$COPY/box.conf"
		printf 'resources = {\n'
		printf '  %s\n' "$@"
		printf '};\n'
	} > p.conf
}
box() { timeout 60 "$BAILEY" run -p ./p.conf "$@"; }

# needs: skips when this machine cannot hold what ./p.conf says.
needs() {
	local said
	said=$("$BAILEY" check ./p.conf 2>&1) && return 0
	case $said in
	*"cannot be held here"*) skip "$(sed -n 's/.*error: \(.*cannot be held here.*\)/\1/p' <<< "$said" | head -n 1)" ;;
	esac
	echo "$said"
	return 1
}
# The directories of sandboxes of this test run that are there: other sandboxes of the machine have other names.
groups() { find /sys/fs/cgroup -type d -name 'bailey-p-*' 2> /dev/null; }
gone() {
	local i
	for i in $(seq 40); do
		[ -n "$(groups)" ] || return 0
		sleep 0.05
	done
	groups
	return 1
}
touch_memory() { # touch_memory MEGABYTES: a program that writes to so many
	printf 'x = bytearray(%d << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nprint("touched")\n' "$1"
}

@test "memory: what touches half as much again is killed, and the report names the line" {
	profile 'tasks = 50;' 'memory = "64M";'
	needs
	run box "$PYTHON" -c "$(touch_memory 96)"
	echo "$output"
	[ "$status" -eq 137 ]
	[[ $output == *"bailey: memory cap 64M reached, the kernel killed python3"*"; cap from "*"p.conf:5"* ]]
	[[ $output != *touched* ]]
	# Less than the cap is left alone, and without it nothing is killed.
	run box "$PYTHON" -c "$(touch_memory 24)"
	[ "$status" -eq 0 ]
	[ "$output" = touched ]
	profile 'tasks = 50;'
	run box "$PYTHON" -c "$(touch_memory 96)"
	[ "$output" = touched ]
	gone
}
@test "memory: files in the private tmpfs count, and swap is no way around" {
	profile 'memory = "64M";'
	needs
	run box sh -c 'head -c 128M /dev/zero > /tmp/f; echo end'
	echo "$output"
	[[ $output == *"memory cap 64M reached"* ]]
}
@test "memory: a child that is killed does not end the program, and --status-fd tells it" {
	profile 'memory = "64M";'
	needs
	run box --status-fd 3 sh -c "$PYTHON -c 'x = bytearray(96 << 20)'; echo inner \$?" 3> events
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"inner 137"* ]]
	[[ $output == *"the kernel killed one of its processes"* ]]
	grep -q '"event":"limit","setting":"resources.memory","limit":"memory cap 64M","from":".*p.conf:4","count":1' events
}
@test "memory: a cap that is too small to start with is said" {
	profile 'memory = "1M";'
	needs
	run box "$PYTHON" -c pass
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"memory cap 1M"*"p.conf:4"* ]]
	gone
}
@test "tasks: a fork bomb stops at the cap" {
	profile 'tasks = 20;'
	needs
	cat > "$WORK/bomb.py" <<- 'END'
		import os, re, sys, time
		# One of the cap's tasks is the sandbox's first process, which has a second thread once the sandbox has lasted.
		while re.search("Threads:\\s+(\\d+)", open("/proc/1/status").read()).group(1) != sys.argv[1]:
		    time.sleep(0.01)
		n = 1
		try:
		    while n < 200:
		        if os.fork() == 0:
		            time.sleep(30)
		            os._exit(0)
		        n += 1
		except OSError as e:
		    print("refused", n + 1)
		print("end", n)
	END
	run box --ro "$WORK" "$PYTHON" "$WORK/bomb.py" 2
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"refused 19"* ]]
	[[ $output == *"bailey: cap of 20 tasks reached"*"p.conf:4"* ]]
	run box --ro "$WORK" --set process.enter=false "$PYTHON" "$WORK/bomb.py" 1
	[[ $output == *"refused 20"* ]]
	profile 'memory = "512M";'
	run box --ro "$WORK" "$PYTHON" "$WORK/bomb.py" 2
	[[ $output == *"end 200"* ]]
	gone
}
@test "cpu_quota: four busy processes under 50% use half of one processor" {
	# The weight is for the test: others of a busy machine leave it the time that it may have.
	profile 'cpu_weight = 10000;' 'cpu_quota = "50%";'
	needs
	cat > "$WORK/busy.py" <<- 'END'
		import os, sys, time
		begin = time.time()
		for i in range(4):
		    if os.fork() == 0:
		        while time.time() - begin < float(sys.argv[1]):
		            pass
		        os._exit(0)
		for i in range(4):
		    os.wait()
		t = os.times()
		print(round(100 * (t.children_user + t.children_system) / (time.time() - begin)))
	END
	run box --ro "$WORK" "$PYTHON" "$WORK/busy.py" 5
	[ "$status" -eq 0 ]
	bounded=$output
	profile 'cpu_weight = 10000;'
	run box --ro "$WORK" "$PYTHON" "$WORK/busy.py" 1
	echo "# of one processor: $bounded%, without the bound $output%" >&3
	[ "$bounded" -ge 45 ]
	[ "$bounded" -le 55 ]
	[ "$output" -gt 60 ]
}
@test "cpus: the program sees its processors only and cannot widen that" {
	[ "$(nproc)" -gt 1 ] || skip "needs two processors"
	last=$(($(nproc --all) - 1))
	profile "cpus = \"$last\";"
	needs
	cat > "$WORK/widen.py" <<- 'END'
		import os
		try:
		    os.sched_setaffinity(0, range(os.cpu_count()))
		except OSError:
		    pass
		print([l.split()[1] for l in open("/proc/self/status") if l.startswith("Cpus_allowed_list")][0])
	END
	run box --ro "$WORK" sh -c "grep Cpus_allowed_list /proc/self/status; $PYTHON $WORK/widen.py"
	echo "$output"
	[ "${lines[0]#*$'\t'}" = "$last" ]
	[ "${lines[1]}" = "$last" ]
	[ "$(taskset -c "$last" "$PYTHON" "$WORK/widen.py")" != "$last" ]
}
@test "cpus: what this machine does not have is a mistake with its line" {
	profile 'cpus = "4000";'
	run "$BAILEY" check ./p.conf
	[ "$status" -eq 2 ]
	[[ $output == *"p.conf:4: error: resources.cpus: there is no processor 4000"* ]]
}
@test "io_limits: a direct write is slowed down to the bound" {
	home=$(getent passwd "$USER_NAME" | cut -d: -f6)
	install -d -o "$USER_NAME" "$home/io"
	write() { dd if=/dev/zero of="$1" bs=1M count="$2" oflag=direct conv=fsync 2>&1 | sed -n 's/.* copied, \([0-9.]*\) s.*/\1/p'; }
	free=$(write "$home/io/free" 16)
	[ -n "$free" ] || skip "dd: no direct writes in $home"
	profile "io_limits = ( { path = \"$home/io\"; write_bytes = \"4M\"; } );"
	needs
	run box --rw "$home/io" sh -c "dd if=/dev/zero of=$home/io/f bs=1M count=16 oflag=direct conv=fsync 2>&1"
	took=$(sed -n 's/.* copied, \([0-9.]*\) s.*/\1/p' <<< "$output")
	echo "# 16M at 4M/s: $took s; without a bound: $free s" >&3
	awk -v t="$took" -v f="$free" 'BEGIN { exit !(t >= 3.2 && t <= 4.8 && f < 3.2) }'
}
@test "inside: the group is the root of what the program sees, and nothing raises the caps" {
	profile 'memory = "64M";' 'tasks = 50;'
	needs
	printf 'namespaces = { user = "nested"; };\nsyscalls = { allow = [ "@sandbox" ]; };\n' >> p.conf
	run box sh -c "cut -d: -f3 /proc/self/cgroup | sort -u"
	echo "$output"
	[ "$output" = / ]
	cat > "$WORK/raise.sh" <<- 'END'
		mkdir -p /tmp/c
		for kind in "cgroup2 none" "cgroup -omemory" "cgroup -opids" "cgroup -ofreezer"; do
			set -- $kind
			[ "$1" = cgroup2 ] && mount -t cgroup2 none /tmp/c 2> /dev/null || mount -t cgroup "$2" none /tmp/c 2> /dev/null || continue
			echo mounted "$kind"
			for f in memory.max memory.limit_in_bytes memory.memsw.limit_in_bytes memory.high pids.max; do
				find /tmp/c -name "$f" | while read -r file; do echo 500000000 > "$file"; done
			done
			find /tmp/c -maxdepth 1 -name 'bailey-*' ! -name 'bailey-test-*' # those are other tests' own
			umount /tmp/c
		done 2> /dev/null
	END
	run box --ro "$WORK" sh -c "unshare -UrmC sh $WORK/raise.sh; $PYTHON -c '$(touch_memory 96)'"
	echo "$output"
	[ "$status" -eq 137 ]
	[[ $output == *mounted* ]]
	[[ $output == *"memory cap 64M reached"* ]]
	[[ $output != *touched* ]]
	[[ $output != */tmp/c/bailey-* ]]
}
@test "a hundred at once leave nothing" {
	profile 'memory = "64M";' 'tasks = 20;'
	needs
	count=100
	[ "$(systemd-detect-virt 2> /dev/null)" != qemu ] || count=30
	for i in $(seq "$count"); do
		box true > "out.$i" 2>&1 || echo "$i: $?" >> failed &
	done
	wait
	[ ! -e failed ] || { cat failed out.*; false; }
	gone
}
@test "kill -9 of the launcher: everything inside ends, and the group goes" {
	profile 'memory = "64M";' 'tasks = 20;'
	needs
	"$BAILEY" run -p ./p.conf sh -c 'echo ready; sleep 4711 & sleep 4711' > out 2>&1 &
	launcher=$!
	PIDS+=("$launcher")
	for i in $(seq 100); do
		grep -q ready out && break
		sleep 0.05
	done
	grep -q ready out
	[ -n "$(groups)" ]
	kill -KILL "$launcher"
	wait "$launcher" || true
	sleep 0.1
	[ -z "$(ps -eo args | grep -x 'sleep 4711')" ]
	gone
}
@test "kill -9 of the launcher at any moment: nothing is left that bailey list does not remove" {
	profile 'memory = "64M";' 'tasks = 20;'
	needs
	cat > killed.py <<- 'END'
		import os, random, subprocess, time
		for i in range(50):
		    p = subprocess.Popen([os.environ["BAILEY"], "run", "-p", "./p.conf", "sleep", "4715"])
		    time.sleep(random.random() * 0.05 if i % 5 else 0.2)
		    p.kill()
		    p.wait()
	END
	timeout 60 "$PYTHON" killed.py
	# A launch that was killed while systemd was asked for its group: the group goes after systemd has answered.
	for i in $(seq 200); do
		"$BAILEY" list > listed
		[ -n "$(groups)" ] || break
		sleep 0.05
	done
	groups
	[ -z "$(groups)" ]
	[ -z "$(ps -eo args | grep -x 'sleep 4715')" ]
}
@test "SIGTERM and a program that cannot be executed leave no group either" {
	profile 'memory = "64M";'
	needs
	"$BAILEY" run -p ./p.conf sleep 60 &
	launcher=$!
	PIDS+=("$launcher")
	sleep 0.5
	kill -TERM "$launcher"
	wait "$launcher" || true
	gone
	printf '#!/nonexistent\n' > script
	chmod 755 script
	run -127 box --ro "$WORK" "$WORK/script"
	gone
}
@test "a limit that the kernel refuses stops the launch with its line" {
	profile 'memory = "64M";' 'io_limits = ( { path = "/dev/null"; write_bytes = "1M"; } );'
	run box true
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"p.conf:"*"resources.io_limits"* ]]
	gone
}
@test "without resources no control group is made" {
	cp "$COPY/box.conf" p.conf
	run box sh -c 'sleep 0.3' 
	[ "$status" -eq 0 ]
	[ -z "$(groups)" ]
	run "$BAILEY" explain --json ./p.conf
	[[ $output == *'"resources": null'* ]]
}
