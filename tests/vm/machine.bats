#!/usr/bin/env bats
# The virtual machine is what its tests take it for; a change of the distribution is seen here first.

@test "systemd runs it, with cgroup v2 alone" {
	[ "$(cat /proc/1/comm)" = systemd ]
	[ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
	[ -z "$(grep ' cgroup ' /proc/self/mountinfo)" ]
	grep -qw cpuset /sys/fs/cgroup/cgroup.controllers
}
@test "the user's manager runs, and the defaults do not delegate cpuset and io" {
	[ -S /run/user/1000/systemd/private ]
	[ -S /run/user/1000/bus ]
	local controllers
	controllers=$(cat /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers)
	[[ $controllers == *memory* && $controllers == *pids* ]]
	[[ $controllers != *cpuset* && $controllers != *io* ]]
}
@test "landlock and AppArmor are on, lockdown is there" {
	local lsm
	lsm=$(cat /sys/kernel/security/lsm)
	[[ ,$lsm, == *,landlock,* && ,$lsm, == *,apparmor,* && ,$lsm, == *,lockdown,* ]]
}
