# shellcheck shell=bash
# What the suites about running sandboxes share: `load running` after `load lib`.

# Sandboxes of the test's own: nothing that runs outside it is in its lists.
own_runtime() {
	export XDG_RUNTIME_DIR=$WORK/runtime
	mkdir -m 700 "$XDG_RUNTIME_DIR"
}
# And their logs.
own_runtime_and_state() {
	own_runtime
	export XDG_STATE_HOME=$WORK/state
	mkdir "$XDG_STATE_HOME"
}

# field NAME MEMBER: what list --json says of one.
field() { "$BAILEY" list --json | python3 -c 'import json,sys
for s in json.load(sys.stdin)["sandboxes"]:
    if s["name"] == sys.argv[1]: print(s[sys.argv[2]])' "$1" "$2"; }
names() { "$BAILEY" list --json | python3 -c 'import json,sys
print(*[s["name"] for s in json.load(sys.stdin)["sandboxes"]])'; }

# In prepare: the directory `shared`, which hold_web's sandboxes have, as the present one.
prepare_web() {
	need userns python3
	own_runtime
	mkdir shared
	cd shared || return 1
}
# hold_web [OPTIONS...] -- COMMAND...: a sandbox called web in the background, which answers; its launcher is $held.
hold_web() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	"$BAILEY" run -p shell --name web --rw "$WORK/shared" "${options[@]}" "$@" < /dev/null > "$WORK/held.out" 2>&1 3>&- &
	held=$!
	end_later "$held"
	eventually 10 test -S "$XDG_RUNTIME_DIR/bailey/web/control"
}

# left KIND ARGUMENTS...: tests/lib/left.py, which kills launches and looks for what they leave.
left() { timeout 550 python3 "$TREE/tests/lib/left.py" "$1" "$BAILEY" "$XDG_RUNTIME_DIR/bailey" "${@:2}" 2>&1; }
