#!/usr/bin/env bats
# Nothing is left behind: after many launches, and after one of their processes was killed at whatever moment.
# BAILEY_ROUNDS=1000 for the large figures (1000 and 200 launches, 1000 kills).
load lib
load running

prepare() {
	need userns python3
	own_runtime
	export TMPDIR=$WORK
}

@test "launches one after the other, and eight at a time" {
	gives 0 left churn -p shell
	echo "# $output" >&3
}
@test "launcher, first process, program or helper killed at a random moment" {
	gives 0 left random -p shell
	echo "# $output" >&3
}
