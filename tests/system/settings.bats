#!/usr/bin/env bats
# Settings of identity, environment, process, capabilities, syscalls and namespaces, each seen from inside.
load lib

prepare() { need userns; }

@test "environment: an allow list with wildcards, values, and unset" {
	local conf
	conf=$(profile env << 'END'
environment = {
  keep  = [ "GOOD", "MANY_*", "TAKEN" ];
  set   = [ "FIXED=a b", "WHERE=${HOME}/x", "GOOD_TOO=" ];
  unset = [ "MANY_B", "TAKEN" ];
};
END
	)
	gives 0 env GOOD=1 MANY_A=2 MANY_B=3 TAKEN=4 BAD=5 LD_PRELOAD= "$BAILEY" run -p "$conf" env
	has "$output" GOOD=1 MANY_A=2 "FIXED=a b" "WHERE=$HOME/x" GOOD_TOO=
	lacks "$output" MANY_B TAKEN BAD LD_PRELOAD
}
@test "environment: --set adds to the list" {
	gives 0 "$BAILEY" run -p shell --set environment.set=COLOUR=blue sh -c 'echo $COLOUR'
	is "$output" blue
}
@test "identity.hostname: fixed, random, the host's" {
	gives 0 "$BAILEY" run -p shell uname -n
	is "$output" shell
	gives 0 "$BAILEY" run -p shell --set identity.hostname=other uname -n
	is "$output" other
	gives 0 "$BAILEY" run -p shell --set identity.hostname=random uname -n
	[[ $output =~ ^[a-z]+-[a-z]+-[0-9]+$ ]]
	local first=$output
	gives 0 "$BAILEY" run -p shell --set identity.hostname=random uname -n
	[ "$output" != "$first" ]
	gives 0 "$BAILEY" run -p shell --set identity.hostname=host uname -n
	is "$output" "$(uname -n)"
}
@test "identity.machine_id: host" {
	[ -s /etc/machine-id ] || skip "this machine has no /etc/machine-id"
	gives 0 "$BAILEY" run -p shell --set identity.machine_id=host cat /etc/machine-id
	is "$output" "$(cat /etc/machine-id)"
}
@test "the user is the same inside, and owns its files" {
	gives 0 "$BAILEY" run -p shell --rw . sh -c 'id -u; id -g; touch made; stat -c %u made'
	is "$output" "$(id -u)"$'\n'"$(id -g)"$'\n'"$(id -u)"
	is "$(stat -c %u made)" "$(id -u)"
}
@test "process.umask and process.nice" {
	gives 0 "$BAILEY" run -p shell --set process.umask=0077 --set process.nice=7 sh -c 'umask; nice'
	is "$output" $'0077\n7'
}
@test "process.nice below what is allowed stops the launch and names its line" {
	[ "$(ulimit -e)" -eq 0 ] || skip "this user may raise priorities: ulimit -e is $(ulimit -e)"
	local conf
	conf=$(profile nice << 'END'
process = { nice = -5; };
END
	)
	gives 125 "$BAILEY" run -p "$conf" true
	has "$output" nice.conf:2
}
@test "process.limits" {
	gives 0 "$BAILEY" run -p shell --set process.limits.open_files=123 --set process.limits.core=0 --set process.limits.file_size=1M \
		--set process.limits.stack=4M --set process.limits.cpu_time=1h --set process.limits.data=1G sh -c \
		'ulimit -n; ulimit -c; ulimit -f; ulimit -s; ulimit -t; ulimit -d'
	is "$output" $'123\n0\n2048\n4096\n3600\n1048576'
}
@test "a file size limit strikes" {
	run "$BAILEY" run -p shell --set process.limits.file_size=1M head -c 5M /dev/zero --bytes=5M
	run "$BAILEY" run -p shell --set process.limits.file_size=1M sh -c 'head -c 5000000 /dev/zero > ~/big'
	is "$status" 153 # SIGXFSZ
}
@test "process.directory" {
	gives 0 "$BAILEY" run -p shell --set process.directory=/usr/share pwd
	is "$output" /usr/share
	local conf
	conf=$(profile dir << 'END'
process = { directory = "/no/such/place"; };
END
	)
	run "$BAILEY" run -p "$conf" pwd
	[ "$status" -eq 2 ] || [ "$status" -eq 125 ]
	has "$output" dir.conf:2
}
@test "--fd and process.descriptors pass descriptors on, and only those" {
	echo five > five
	echo six > six
	gives 0 sh -c "'$BAILEY' run -p shell --fd 5 sh -c 'cat <&5; ls /proc/self/fd' 5< five 6< six"
	is "$output" $'five\n0\n1\n2\n3\n5'
	gives 0 sh -c "'$BAILEY' run -p shell --set process.descriptors=6 sh -c 'cat <&6' 5< five 6< six"
	is "$output" six
	gives 125 "$BAILEY" run -p shell --fd 66 true
	has "$output" "(--fd)" 66
}
@test "--status-fd: events as JSON lines" {
	gives 4 sh -c "'$BAILEY' run -p shell --status-fd 9 sh -c 'exit 4' 9> events"
	gives 0 python3 - events << 'END'
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
print([e["event"] for e in events], events[-1]["status"], events[0]["profile"], all(isinstance(events[0][k], int) for k in ("launcher_pid", "sandbox_pid", "program_pid")))
END
	is "$output" "['started', 'exited'] 4 shell True"
	gives 137 sh -c "'$BAILEY' run -p shell --status-fd 9 sh -c 'kill -9 \$\$' 9> events; exit \$?"
	has "$(tail -n 1 events)" '"killed"' '9'
	gives 124 sh -c "'$BAILEY' run -p shell --set process.timeout=1s --status-fd 9 sleep 9 9> events"
	has "$(cat events)" '"timeout"'
}
@test "--status-fd: a failed launch is an event too, and the program does not get the descriptor" {
	gives 127 sh -c "'$BAILEY' run -p shell --status-fd 9 /no/such/program 9> events"
	gives 0 sh -c "'$BAILEY' run -p shell --status-fd 9 sh -c '! echo x >&9' 9> events 2> /dev/null"
	lacks "$(cat events)" $'\nx'
}
@test "capabilities.keep: over the sandbox's own network alone" {
	gives 0 "$BAILEY" run -p shell --set capabilities.keep=net_bind_service python3 -c 'import socket
socket.create_server(("127.0.0.1", 80)); print("bound")'
	is "$output" bound
	gives 1 "$BAILEY" run -p shell python3 -c 'import socket
socket.create_server(("127.0.0.1", 80))'
	has "$output" denied
	gives 0 "$BAILEY" run -p shell --set capabilities.keep=net_bind_service sed -n 's/^CapEff:.//p' /proc/self/status
	is "$output" 0000000000000400
}
@test "syscalls.deny, and what happens on refusal" {
	local code='import os
os.sched_yield(); print("made")'
	gives 0 "$BAILEY" run -p shell python3 -c "$code"
	is "$output" made
	gives 1 "$BAILEY" run -p shell --set syscalls.deny=sched_yield python3 -c "$code"
	has "$output" "Operation not permitted"
	gives 1 "$BAILEY" run -p shell --set syscalls.deny=sched_yield --set syscalls.on_refusal=ENOSYS python3 -c "$code"
	has "$output" "Function not implemented"
	run "$BAILEY" run -p shell --set syscalls.deny=sched_yield --set syscalls.on_refusal=kill python3 -c "$code"
	is "$status" 159 # SIGSYS
}
@test "syscalls.rules: by argument" {
	local conf
	conf=$(profile rules << 'END'
syscalls = { deny = [ "sched_get_priority_max" ]; rules = ( { name = "sched_get_priority_max"; when = "arg0 == 1"; action = "allow"; } ); };
END
	)
	run "$BAILEY" run -p "$conf" python3 -c 'import os
print(os.sched_get_priority_max(1))
os.sched_get_priority_max(2)'
	if [ "$status" -eq 2 ]; then
		# A call that is denied by name and allowed by a rule of the same file may as well be called a contradiction.
		has "$output" rules.conf:2
	else
		has "$output" 99 "Operation not permitted"
	fi
}
@test "32-bit programs run with syscalls.compat alone, and are filtered" {
	need i386
	cat > small.c << 'END'
#include <errno.h>
#include <stdio.h>
#include <sched.h>
#include <unistd.h>
int main(void)
{
	int r = unshare(CLONE_NEWUSER);
	printf("%d %d\n", (int)sizeof(void *), r < 0 ? errno : 0);
	return 0;
}
END
	gcc -m32 -static -D_GNU_SOURCE -o small small.c
	gives 0 ./small
	is "$output" "4 0"
	gives 0 "$BAILEY" run -p shell --ro small --set syscalls.compat=true "$WORK/small"
	is "$output" "4 1"
	run "$BAILEY" run -p shell --ro small "$WORK/small"
	[ "$status" -ne 0 ]
}
@test "namespaces.user = nested: user namespaces of its own" {
	local conf
	conf=$(profile nested << 'END'
namespaces = { user = "nested"; };
syscalls = { allow = [ "@default", "@sandbox" ]; };
END
	)
	gives 0 "$BAILEY" run -p "$conf" unshare -Ur id -u
	is "$output" 0
	# Full capabilities in there change nothing that matters.
	gives 0 "$BAILEY" run -p "$conf" unshare -Urm sh -c '
		mount -o remount,rw,bind /usr 2> /dev/null && touch /usr/x 2> /dev/null && echo "/usr is writable"
		umount -l /usr 2> /dev/null && echo "/usr came off"
		echo evil > /proc/sys/kernel/hostname 2> /dev/null && [ "$(hostname 2> /dev/null)" = evil ] && echo "host name changed"
		mknod ~/disk b 8 0 2> /dev/null && echo "made a device"
		echo done'
	has "$output" "done"
	lacks "$output" "is writable" "came off" "name changed" "made a device"
}
@test "bailey in bailey" {
	local conf
	conf=$(profile nested << END
namespaces = { user = "nested"; };
syscalls = { allow = [ "@default", "@sandbox" ]; };
filesystem = { read_only = [ "$TREE" ]; };
END
	)
	gives 5 "$BAILEY" run -p "$conf" "$BAILEY" run -p shell sh -c 'exit 5'
	gives 0 "$BAILEY" run -p "$conf" "$BAILEY" run -p shell uname -n
	is "$output" shell
	# Refused where the outer one refuses, with one clear message and not with a program run without a sandbox.
	gives 125 "$BAILEY" run -p shell --ro "$TREE" "$BAILEY" run -p shell echo escaped
	lacks "$output" escaped
	has "$output" namespaces
}
@test "network.mode = host" {
	gives 0 "$BAILEY" run -p shell --net host readlink /proc/self/ns/net
	is "$output" "$(readlink /proc/self/ns/net)"
	gives 0 "$BAILEY" run -p shell --net none readlink /proc/self/ns/net
	[ "$output" != "$(readlink /proc/self/ns/net)" ]
}
@test "namespaces.ipc = host" {
	gives 0 "$BAILEY" run -p shell --set namespaces.ipc=host readlink /proc/self/ns/ipc
	is "$output" "$(readlink /proc/self/ns/ipc)"
}
@test "--with and --without a named option" {
	local conf
	conf=$(profile options << END
enable = [ "on" ];
options = (
  { name = "on"; description = "enabled by the file"; environment = { set = [ "ON=1" ]; }; },
  { name = "off"; description = "not enabled"; environment = { set = [ "OFF=1" ]; }; }
);
END
	)
	gives 0 "$BAILEY" run -p "$conf" sh -c 'echo "$ON-$OFF"'
	is "$output" 1-
	gives 0 "$BAILEY" run -p "$conf" --with off --without on sh -c 'echo "$ON-$OFF"'
	is "$output" -1
	gives 2 "$BAILEY" run -p "$conf" --with of true
	has "$output" '"of"'
}
@test "a profile on standard input" {
	gives 0 sh -c "echo 'inherit = [ \"common/base\" ]; environment = { set = [ \"FROM=stdin\" ]; };' | '$BAILEY' run -p - sh -c 'echo \$FROM'"
	is "$output" stdin
}
@test "--dry-run does nothing and shows the plan" {
	local conf
	conf=$(profile dry << END
filesystem = { create = [ "$WORK/made" ]; read_write = [ "$WORK/made" ]; };
END
	)
	gives 0 "$BAILEY" run -n -p "$conf" touch "$WORK/made/x"
	has "$output" "$WORK/made"
	[ ! -e made ]
	gives 0 sh -c "'$BAILEY' run -n --json -p '$conf' true | python3 -m json.tool > /dev/null"
}
