#!/usr/bin/env bats
# Commands that enter sandboxes which root has started as somebody else, or with uid 0 inside: the same as their programs.

load rig

setup_file() { rig_begin; }

setup() {
	rig_work
	chmod 755 .
	NAME=test-$$-$BATS_TEST_NUMBER held=
	mkdir -m 1777 shared
	cat > shared/traits << 'END'
grep -E '^(Uid|Gid|Groups|NoNewPrivs|Seccomp|Seccomp_filters|Cap[A-Z][a-z]*|Cpus_allowed_list):' /proc/self/status
for ns in /proc/self/ns/*; do echo "$ns $(readlink "$ns")"; done
cat /proc/self/cgroup /proc/self/uid_map /proc/self/gid_map /proc/self/limits
umask
env | sort
END
}
teardown() {
	cd /
	[ -z "$held" ] || kill -KILL "$held" 2> /dev/null || true
	rig_work_remove
}

# hold SETTINGS: a sandbox named $NAME with these lines of a profile; its program has written what it is.
hold() {
	{
		echo "inherit = [ \"common/base\" ]; filesystem = { read_write = [ \"$WORK/shared\" ]; };"
		echo "$1"
	} > held.conf
	"$BAILEY" run -p ./held.conf --name "$NAME" sh -c "sh $WORK/shared/traits > $WORK/shared/new; mv $WORK/shared/new $WORK/shared/program; sleep 300" \
		< /dev/null > held.out 2>&1 3>&- &
	held=$!
	soon test -e shared/program || {
		cat held.out
		return 1
	}
	soon "$BAILEY" enter "$NAME" true
}
same_as_program() {
	TERM=$(sed -n s/^TERM=//p shared/program) "$BAILEY" enter "$NAME" sh "$WORK/shared/traits" > entered < /dev/null
	diff shared/program entered
	[ "$(wc -l < entered)" -gt 30 ]
}

@test "as another user, with its groups" {
	hold "identity = { user = \"$USER_NAME\"; };"
	same_as_program
	grep -q "^Uid:.$(id -u "$USER_NAME")" entered
	# That user is not the one who started it, and cannot come in.
	run setpriv --reuid "$USER_NAME" --regid "$USER_NAME" --clear-groups env -u XDG_RUNTIME_DIR HOME=/ "$BAILEY" enter "$NAME" true
	[ "$status" -eq 2 ]
}
@test "as another user, in a control group with limits" {
	hold "identity = { user = \"$USER_NAME\"; }; resources = { tasks = 50; optional = [ \"tasks\" ]; };"
	same_as_program
}
@test "the host's root" {
	hold 'identity = { user = "host-root"; };'
	same_as_program
	echo secret > shared/roots
	chmod 600 shared/roots
	"$BAILEY" cp "$NAME:$WORK/shared/roots" got
	diff shared/roots got
}
