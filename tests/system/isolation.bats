#!/usr/bin/env bats
# What the profile `shell` keeps away. Each check runs inside, where it has to hold, and outside, where it has to fail.
load lib

prepare() {
	need userns
	mkdir -p ~/.ssh
	echo secret > ~/.ssh/id_test
}

@test "the home is empty" { holds_only_inside home_empty; }
@test "the home's .ssh is absent" { holds_only_inside ssh_absent; }
@test "the tree bailey was started in is absent" { holds_only_inside path_absent "$WORK"; }
@test "host processes are invisible" {
	local mark
	mark=$(unique_seconds)
	sleep "$mark" &
	end_later $!
	holds_only_inside process_invisible "${mark%.*}" "${mark#*.}"
}
@test "only the sandbox's own processes are in /proc" { holds_only_inside few_processes; }
@test "no capabilities in any set" { holds_only_inside no_capabilities; }
@test "no new privileges" { holds_only_inside no_new_privs; }
@test "system calls are filtered" { holds_only_inside filtered; }
@test "pid 1 has no capabilities and is filtered" { holds_only_inside first_process_filtered; }
@test "a network of its own, with a loopback alone" {
	holds_only_inside loopback_only "$(readlink /proc/self/ns/net)"
}
@test "the loopback works" {
	gives 0 "$BAILEY" run -p shell python3 -c 'import socket
a = socket.create_server(("127.0.0.1", 0))
b = socket.create_connection(a.getsockname())
c = a.accept()[0]
c.sendall(b"through")
print(b.recv(10).decode())'
	is "$output" through
}
@test "a service on the host's loopback cannot be reached" {
	python3 -c 'import socket, sys
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True: s.accept()[0].close()' > port &
	end_later $!
	eventually 5 test -s port
	local connect
	connect="import socket; socket.create_connection(('127.0.0.1', $(cat port)), 2)"
	gives 0 python3 -c "$connect"
	gives 1 "$BAILEY" run -p shell python3 -c "$connect"
	has "$output" refused
}
@test "an abstract socket of the host cannot be reached" {
	python3 -c 'import socket
s = socket.socket(socket.AF_UNIX)
s.bind("\0bailey-test-'$$'")
s.listen()
print("up", flush=True)
while True: s.accept()[0].close()' > up &
	end_later $!
	eventually 5 test -s up
	local connect="import socket; socket.socket(socket.AF_UNIX).connect('\\0bailey-test-$$')"
	gives 0 python3 -c "$connect"
	gives 1 "$BAILEY" run -p shell python3 -c "$connect"
	has "$output" refused
}
@test "unshare -U is refused" { holds_only_inside user_namespace_refused; }
@test "clone with CLONE_NEWUSER is refused" {
	[ "$(uname -m)" = x86_64 ] || skip "the number of clone in this check is x86_64's; this is $(uname -m)"
	holds_only_inside clone_user_namespace_refused
}
@test "/usr is read-only" { holds_only_inside usr_read_only; }
@test "the host name is another" { holds_only_inside hostname_differs "$(uname -n)"; }
@test "the machine-id is another" {
	[ -s /etc/machine-id ] || skip "this machine has no /etc/machine-id"
	holds_only_inside machine_id_differs "$(cat /etc/machine-id)"
}
@test "the machine-id is new at each start, and well formed" {
	[ -s /etc/machine-id ] || skip "this machine has no /etc/machine-id"
	local first second
	first=$("$BAILEY" run -p shell cat /etc/machine-id)
	second=$("$BAILEY" run -p shell cat /etc/machine-id)
	[[ $first =~ ^[0-9a-f]{32}$ ]]
	[ "$first" != "$second" ]
}
@test "only the descriptors 0 to 2" {
	exec 7< /etc/passwd 11> "$WORK/out"
	holds_only_inside descriptors_0_to_2
}
@test "every namespace is another" {
	local kind
	for kind in user mnt pid ipc uts cgroup net; do
		holds_only_inside namespace_differs "$kind" "$(readlink "/proc/self/ns/$kind")"
	done
}
@test "the host's shared memory is invisible" {
	need ipcmk
	local id
	id=$(ipcmk -M 64 | sed 's/.*: //')
	inside shared_memory_invisible "$id" && run outside shared_memory_invisible "$id"
	ipcrm -m "$id"
	is "$status" 1
}
@test "a variable that no line names is not passed on" {
	export BAILEY_TEST_SECRET=hunter2
	holds_only_inside variable_absent BAILEY_TEST_SECRET
}
@test "only the least device nodes" { holds_only_inside devices_few; }
@test "no writing to kernel settings" { gives 0 inside kernel_settings_closed; }
@test "keyrings are closed" {
	[ "$(uname -m)" = x86_64 ] || skip "the numbers in this check are x86_64's; this is $(uname -m)"
	holds_only_inside keyring_refused
}
@test "securebits are set and locked" { holds_only_inside securebits_locked; }
@test "nothing of pid 1 can be read: environment, memory map, descriptors, program" {
	gives 0 "$BAILEY" run -p shell sh -c 'for f in environ maps fd/ exe cwd/ root/; do
		! { cat /proc/1/$f || ls /proc/1/$f/; } >/dev/null 2>&1 || echo "$f is open"; done'
	is "$output" ""
	# The program's own can be read, so the loop can tell.
	gives 0 sh -c 'cat /proc/$$/environ > /dev/null && echo open'
	is "$output" open
}
@test "a program cannot change the file tree" {
	gives 0 "$BAILEY" run -p shell sh -c 'mount -t tmpfs none /tmp || umount /proc || mount -o remount,rw /usr || echo refused'
	has "$output" refused
}
@test "set-user-id programs give nothing: every mount is nosuid" {
	local count="grep -vc nosuid /proc/self/mountinfo; true"
	gives 0 "$BAILEY" run -p shell sh -c "$count"
	is "$output" 0
	gives 0 sh -c "$count"
	[ "$output" -gt 0 ]
}
@test "terminal input cannot be injected" {
	need tiocsti
	cp "$SYSTEM/inside-checks.sh" checks.sh
	gives 0 python3 "$SYSTEM/on-a-terminal.py" "$BAILEY" run -p shell --ro checks.sh sh "$WORK/checks.sh" injection_refused
	gives 1 python3 "$SYSTEM/on-a-terminal.py" sh checks.sh injection_refused
}
