#!/usr/bin/env bats
bats_require_minimum_version 1.5.0
# Resources for an ordinary user to whom root has given a part of the control groups, without systemd: root makes one below the root
# of each hierarchy, gives it to a user, and puts that user's shell into it.

load rig

setup_file() {
	is_root || return 0
	export PART=bailey-test-$$ PYTHON=/usr/bin/python3
	rig_user
	rig_copy_home
	export UNIFIED=
	for UNIFIED in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		[ -e "$UNIFIED/cgroup.controllers" ] && break
		UNIFIED=
	done
	export BEFORE=
	if [ -n "$UNIFIED" ]; then
		BEFORE=$(cat "$UNIFIED/cgroup.subtree_control")
		for controller in $(cat "$UNIFIED/cgroup.controllers"); do
			echo "+$controller" > "$UNIFIED/cgroup.subtree_control" 2> /dev/null || true
		done
		give "$UNIFIED/$PART" "$UNIFIED/$PART/shell"
	fi
	for controller in memory pids cpu cpuset freezer; do
		[ -e "/sys/fs/cgroup/$controller/tasks" ] || continue
		give "/sys/fs/cgroup/$controller/$PART"
		[ "$controller" != cpuset ] || for file in cpuset.cpus cpuset.mems; do
			cat "/sys/fs/cgroup/cpuset/$file" > "/sys/fs/cgroup/cpuset/$PART/$file"
		done
	done
}
# give DIRECTORY...: makes them, the user's.
give() {
	local directory
	for directory in "$@"; do
		mkdir "$directory"
		chown "$USER_NAME" "$directory" "$directory/cgroup.procs"
		[ ! -e "$directory/cgroup.subtree_control" ] || chown "$USER_NAME" "$directory/cgroup.subtree_control"
	done
}
teardown_file() {
	is_root || return 0
	find /sys/fs/cgroup -depth -type d -path "*/$PART*" -exec rmdir {} + || true
	for controller in $([ -z "$UNIFIED" ] || cat "$UNIFIED/cgroup.subtree_control"); do
		[[ " $BEFORE " == *" $controller "* ]] || echo "-$controller" > "$UNIFIED/cgroup.subtree_control" || true
	done
	rig_remove
}
setup() {
	rig_need_root
	[ -x /usr/bin/python3 ] || skip "needs /usr/bin/python3"
	cd "${COPY%/*}" || return 1
	rm -f ./*.conf
}

# profile SETTINGS...
profile() {
	{
		printf 'inherit = [ "shell" ];\nresources = {\n'
		printf '  %s\n' "$@"
		printf '};\nnamespaces = { user = "nested"; };\nsyscalls = { allow = [ "@sandbox" ]; };\n'
	} > p.conf
	chown "$USER_NAME" p.conf
}
# as_user COMMAND...: in the groups that are the user's.
as_user() {
	# shellcheck disable=SC2016 # the inner shell expands these
	timeout 60 sh -c '
		for procs in "$UNIFIED/$PART/shell/cgroup.procs" /sys/fs/cgroup/*/"$PART/cgroup.procs"; do
			[ ! -e "$procs" ] || [ "$procs" = "$UNIFIED/$PART/cgroup.procs" ] || echo $$ > "$procs"
		done
		exec setpriv --reuid "$USER_NAME" --regid "$(id -g "$USER_NAME")" --init-groups --inh-caps=-all env -i PATH=/usr/bin:/bin \
			HOME="${COPY%/*}" BAILEY="$BAILEY" sh -c "cd && exec \"\$@\"" sh "$@"' sh "$@"
}
bailey() { as_user "$BAILEY" "$@"; }
needs() {
	local said
	said=$(bailey check ./p.conf 2>&1) && return 0
	[[ $said == *"cannot be held here"* ]] || { echo "$said" && return 1; }
	skip "$(sed -n 's/.*error: \(.*cannot be held here.*\)/\1/p' <<< "$said" | head -n 1)"
}
left() { find /sys/fs/cgroup -type d -path "*/$PART/*" -name 'bailey-p-*'; }
touch_memory() {
	printf 'x = bytearray(%d << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nprint("touched")\n' "$1"
}

@test "memory and tasks hold for a user with groups of one's own, and nothing inside raises them" {
	profile 'memory = "64M";' 'tasks = 40;'
	needs
	bailey explain --json ./p.conf | grep '"driver"' >&2
	run -137 bailey run -p ./p.conf "$PYTHON" -c "$(touch_memory 96)"
	[[ $output == *"bailey: memory cap 64M reached, the kernel killed python3; cap from "*"p.conf:3"* ]]
	run bailey run -p ./p.conf "$PYTHON" -c "$(touch_memory 20)"
	[ "$output" = touched ]
	cat > raise.sh <<- 'END'
		mkdir -p /tmp/c
		raise() {
			echo "mounted $1"
			for f in memory.max memory.limit_in_bytes memory.memsw.limit_in_bytes memory.high pids.max; do
				find /tmp/c -name "$f" | while read -r file; do echo 500000000 > "$file"; done
			done
			find /tmp/c -maxdepth 1 -name 'bailey-*'
			mkdir /tmp/c/own && echo "made a group of its own"
			umount /tmp/c
		}
		{
			mount -t cgroup2 none /tmp/c && raise cgroup2
			for controller in memory pids; do
				mount -t cgroup -o "$controller" none /tmp/c && raise "$controller"
			done
		} 2> /dev/null
	END
	run -137 bailey run -p ./p.conf --ro ./raise.sh sh -c "unshare -UrmC sh ${COPY%/*}/raise.sh; $PYTHON -c '$(touch_memory 96)'"
	echo "$output"
	[[ $output == *mounted* ]]
	[[ $output == *"made a group of its own"* ]]
	[[ $output == *"memory cap 64M reached"* ]]
	[[ $output != *touched* ]]
	[[ $output != */tmp/c/bailey-* ]]
	# Groups that the program made are removed too.
	[ -z "$(left)" ]
}
@test "version 2 below a group of the user's: born in it" {
	direct
	run bailey explain --json ./p.conf
	[[ $output == *"\"parent\": \"$UNIFIED/$PART\""* ]]
	[[ $output == *'"keeper": false'* ]]
	run bailey run -v -p ./p.conf sh -c 'cat /proc/self/cgroup'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *0::/ ]]
	[[ $output != *"bailey: place:"* ]]
	[ -z "$(left)" ]
	bailey run -p ./p.conf sh -c 'touch started; sleep 4712' &
	launcher=$!
	sleep 0.7
	inner=$(find "$UNIFIED/$PART" -type d -name payload)
	[ -n "$inner" ]
	[ -n "$(cat "$inner/cgroup.procs")" ]
	for pid in $(pgrep -x bailey -u "$USER_NAME"); do kill -KILL "$pid" 2> /dev/null || true; done # the first one's end is the end of others
	wait "$launcher" || true
	sleep 0.1
	[ -z "$(ps -eo args | grep -x 'sleep 4712')" ]
	[ -z "$(cat "$inner/cgroup.procs" 2> /dev/null)" ]
	bailey list
	[ -z "$(left)" ]
}
# Limits that version 2 holds for the user, into p.conf
direct() {
	[ -n "$UNIFIED" ] || skip "control groups of version 2 are not mounted"
	local setting='memory = "64M";'
	grep -qw memory "$UNIFIED/cgroup.controllers" || setting='hugetlb = ( { size = "2M"; limit = "64M"; } );'
	profile "$setting" 'driver = "direct";'
	needs
}
# swept [GROUPS]: as soon as nothing else is left after bailey list; what was killed takes a moment to be gone.
swept() {
	local end=$((SECONDS + 10))
	until bailey list > /dev/null && [ "$(left)" = "${1:-}" ]; do
		[ $SECONDS -lt $end ] || break
		sleep 0.05
	done
	[ "$(left)" != "${1:-}" ] || return 0
	left
	return 1
}
@test "version 2: a launcher killed at any moment leaves nothing that bailey list does not remove; one that runs keeps its group" {
	direct
	cat > killed.py <<- 'END'
		import os, random, subprocess, time
		for i in range(50):
		    p = subprocess.Popen([os.environ["BAILEY"], "run", "-p", "./p.conf", "sleep", "4713"])
		    time.sleep(random.random() * 0.03 if i % 5 else 0.2)
		    p.kill()
		    p.wait()
	END
	bailey run -p ./p.conf sh -c 'sleep 4714' &
	launcher=$!
	end=$((SECONDS + 10))
	while [ -z "$(left)" ] && [ $SECONDS -lt $end ]; do sleep 0.05; done
	kept=$(left)
	[ -n "$kept" ]
	as_user "$PYTHON" ./killed.py
	# Those that lasted removed what was there.
	[ "$(left | grep -cvxF "$kept")" -ge 1 ]
	swept "$kept"
	[ -z "$(ps -eo args | grep -x 'sleep 4713')" ]
	for pid in $(pgrep -x bailey -u "$USER_NAME"); do kill -KILL "$pid" 2> /dev/null || true; done # the first one's end is the end of others
	wait "$launcher" || true
	swept
}
@test "version 2: a hundred at once leave nothing" {
	direct
	cat > hundred.py <<- 'END'
		import os, subprocess, sys
		all = [subprocess.Popen([os.environ["BAILEY"], "run", "-p", "./p.conf", "true"]) for i in range(100)]
		sys.exit(sum(p.wait() != 0 for p in all))
	END
	as_user "$PYTHON" ./hundred.py
	left
	[ -z "$(left)" ]
}
@test "groups of other names, and those with processes, are not swept" {
	direct
	part=$UNIFIED/$PART
	for name in bailey-p-999999999-0123abcd bailey-p-1-0123abcd bailey-p-999999999-0123abcg bailey-p-999999999 bailey-x-p-999999999-0123abcd; do
		as_user mkdir "$part/$name"
	done
	as_user mkdir "$part/bailey-p-999999998-0123abcd" "$part/bailey-p-999999998-0123abcd/payload"
	sleep 30 3>&- &
	echo $! > "$part/bailey-p-999999998-0123abcd/payload/cgroup.procs"
	bailey list
	[ "$(cd "$part" && echo bailey-*)" = "bailey-p-1-0123abcd bailey-p-999999998-0123abcd bailey-p-999999999 bailey-p-999999999-0123abcg bailey-x-p-999999999-0123abcd" ]
	kill $!
	wait $! || true
	# The lock tells of a launcher in another pid namespace.
	flock -s "$part/bailey-p-999999998-0123abcd" sleep 30 3>&- &
	sleep 0.2
	bailey list
	[ -e "$part/bailey-p-999999998-0123abcd/payload" ]
	pkill -P $! || true
	wait $! || true
	bailey list
	[ ! -e "$part/bailey-p-999999998-0123abcd" ]
	rmdir "$part"/bailey-*
}
@test "a group that is not the user's stops the launch, with the way out" {
	profile 'memory = "64M";'
	run setpriv --reuid "$USER_NAME" --regid "$(id -g "$USER_NAME")" --init-groups --inh-caps=-all env -i PATH=/usr/bin:/bin \
		HOME="${COPY%/*}" "$BAILEY" run -p ./p.conf true
	[ "$status" -eq 2 ] || skip "this user may make control groups here"
	echo "$output"
	[[ $output == *"p.conf:3: error: resources.memory: cannot be held here:"* ]]
	[[ $output == *"--allow-degraded=resources.memory"* ]]
}
@test "a value that the kernel refuses stops the launch with its line, and leaves nothing" {
	quota=/sys/fs/cgroup/cpu/$PART/cpu.cfs_quota_us
	[ -e "$quota" ] || skip "only version 1 refuses more processor time than the group above has: there is no $quota"
	profile 'tasks = 40;' 'cpu_quota = "50%";'
	needs
	echo 20000 > "$quota"
	run -125 bailey run -p ./p.conf true
	echo -1 > "$quota"
	echo "$output"
	[[ $output == *"p.conf:4: error: processor quota 50%: cannot write \"50000\" to cpu.cfs_quota_us: Invalid argument"* ]]
	[ -z "$(left)" ]
	run -0 bailey run -p ./p.conf true
}
@test "a bailey inside of a bailey runs within the limits of the outer one, and has none to give" {
	profile 'memory = "64M";'
	needs
	run -137 bailey run -p ./p.conf --ro "$COPY" "$BAILEY" run -p shell "$PYTHON" -c "$(touch_memory 96)"
	echo "$output"
	[[ $output == *"memory cap 64M reached"* ]]
	run -0 bailey run -p ./p.conf --ro "$COPY" "$BAILEY" run -p shell "$PYTHON" -c "$(touch_memory 16)"
	[[ $output == *touched* ]]
	run -2 bailey run -p ./p.conf --ro "$COPY" "$BAILEY" run -p shell --memory 1G true
	[[ $output == *"no control groups can be seen at /sys/fs/cgroup"* ]]
}
