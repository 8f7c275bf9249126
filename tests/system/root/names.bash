# shellcheck shell=bash
# What the suites of rules for names share: `load names`.  A host of the tests' own (tests/lib/net-host, names-host), an ordinary user,
# and profiles with and without such a rule.

names_setup_file() {
	rig_user_with ask resolve
	cat > "$COPY/open.conf" << 'END'
inherit = [ "default" ];
network = { mode = "user"; dns = [ "203.0.113.1" ]; };
syscalls = { allow = [ "@network", "@sandbox" ]; };
END
	cat > "$COPY/named.conf" << 'END'
inherit = [ "default" ];
network = { mode = "user"; dns = [ "203.0.113.1" ];
  allow = [ "tcp:443@*.test.example" ]; };
syscalls = { allow = [ "@network", "@sandbox" ]; };
END
	rig_own
}
names_setup() {
	rig_need_root
	rig_need_pasta
	rig_need_nft
	PLACE=$(mktemp -d "$BATS_TEST_TMPDIR/names.XXXXXX")
	ZONE=$PLACE/zone
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "$PLACE" 2> /dev/null || true
	chown "$USER_NAME" "$PLACE"
	cat > "$ZONE" << 'END'
www.test.example A 5 45.45.45.45
www.test.example AAAA 5 2a00:45::45
alias.test.example CNAME 5 www.test.example
other.example A 5 45.45.45.46
END
	chown "$USER_NAME" "$ZONE"
}

# A script on that host, as the user; $OPEN and $NAMED run a program without and with the rule, $ASK asks a server, $RESOLVE a name.
on_host() {
	# shellcheck disable=SC2016 # for the shell inside
	timeout 60 "$TREE/tests/lib/net-host" "$TREE/tests/lib/names-host" "$ZONE" setpriv --reuid "$USER_NAME" --regid "$(id -g "$USER_NAME")" \
		--clear-groups --inh-caps=-all env -i PATH=/usr/bin:/bin HOME="${COPY%/*}" B="$COPY/build/bailey" P="$COPY" ZONE="$ZONE" \
		ASK="python3 $COPY/tests/ask.py" RESOLVE="python3 $COPY/tests/resolve.py" \
		OPEN="$COPY/build/bailey run -p $COPY/open.conf --ro $COPY/tests" NAMED="$COPY/build/bailey run -p $COPY/named.conf --ro $COPY/tests" \
		bash -c 'cd "$HOME" && eval "$1"' bash "$1"
}
asked() { cut -d' ' -f1 "$ZONE.log" | sort -u | tr '\n' ' '; }

