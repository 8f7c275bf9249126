#!/usr/bin/env bats
# Profiles that are mistaken, broken or meant to harm: a clear message with status 2, no crash, no hang. No sandbox is started.
load lib

# refused FILE [TEXT...]: both check and run say 2 in good time, with one of ours in front of the message.
refused() {
	local file=$1
	shift
	gives 2 timeout -s KILL 20 "$BAILEY" check "$file"
	has "$output" "$@"
	lacks "$output" "AddressSanitizer" "runtime error"
	gives 2 timeout -s KILL 20 "$BAILEY" run -p "$file" true
}

@test "ten mistakes: ten messages with ten right lines in one run" {
	cat > ten.conf << 'END'
description = "ten mistakes";
filesytem = { home = "private"; };
environment = { keep = 5; };
filesystem = {
  tmpfs = ( { path = "/tmp"; size = "5 apples"; } );
  read_only = [ "/usr", "~/${NOPE}/x" ];
  read_write = [ "/usr" ];
};
syscalls = {
  allow = [ "openn",
            "@nothing" ];
};
capabilities = { keep = [ "net_bindd" ]; };
inherit = [ "common/no-such-part" ];
process = { timeout = "soon"; };
END
	gives 2 "$BAILEY" check ./ten.conf
	local number
	for number in 2 3 5 6 7 10 11 13 14 15; do
		has "$output" "ten.conf:$number: error: "
	done
	is "$(grep -c ': error: ' <<< "$output")" 10
	has "$output" "id you mean"
	local checked=$output
	gives 2 "$BAILEY" run -p ./ten.conf true
	is "$(grep -c ': error: ' <<< "$output")" "$(grep -c ': error: ' <<< "$checked")"
}
@test "the same as JSON" {
	echo 'nonsense = 1;' > bad.conf
	run "$BAILEY" check --json ./bad.conf
	is "$status" 2
	python3 -c 'import json, sys; json.loads(sys.argv[1])' "$output"
	has "$output" '"line"' bad.conf
}
@test "a syntax error in one file does not hide the mistakes of another" {
	echo 'filesystem = { home = ' > broken.conf
	echo 'nonsense = 1;' > mistaken.conf
	gives 2 "$BAILEY" check ./broken.conf ./mistaken.conf
	has "$output" "broken.conf:" "mistaken.conf:1"
}
@test "100 MB" {
	head -c 100000000 /dev/zero | tr '\0' '#' > big.conf
	refused ./big.conf big.conf
}
@test "20,000 brackets" {
	local c
	for c in '(' '[' '{'; do
		{
			printf 'options = '
			head -c 20000 /dev/zero | tr '\0' "$c"
		} > deep.conf
		refused ./deep.conf deep.conf:1
	done
	{
		printf 'options = '
		for c in $(seq 20000); do printf '({a='; done
	} > deep.conf
	refused ./deep.conf deep.conf:1
}
@test "NUL, BOM, random bytes, half a character" {
	printf 'description = "a\0b";\n' > nul.conf
	refused ./nul.conf nul.conf:1
	printf '\357\273\277description = "a";\n' > bom.conf
	refused ./bom.conf bom.conf:1
	local round
	for round in $(seq 20); do
		echo "round $round"
		head -c 3000 /dev/urandom > random.conf
		refused ./random.conf random.conf
	done
	printf 'description = "\303";\n' > half.conf
	timeout -s KILL 20 "$BAILEY" check ./half.conf || [ $? -eq 2 ]
}
@test "a directory, a FIFO, a device, a socket" {
	mkdir dir.conf
	refused ./dir.conf dir.conf
	mkfifo fifo.conf
	refused ./fifo.conf fifo.conf
	refused /dev/zero /dev/zero
	python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock.conf")'
	refused ./sock.conf sock.conf
}
@test "absent and unreadable files" {
	refused ./none.conf none.conf
	echo > shut.conf
	chmod 0 shut.conf
	refused ./shut.conf shut.conf
}
@test "a profile that others can write" {
	echo 'description = "x";' > open.conf
	chmod 666 open.conf
	refused ./open.conf open.conf
	chmod 664 open.conf
	refused ./open.conf open.conf
	chmod 644 open.conf
	gives 0 "$BAILEY" check ./open.conf
}
@test "inherit in a circle shows the chain" {
	mkdir -p ~/.config/bailey/profiles
	echo 'inherit = [ "circle-b" ];' > ~/.config/bailey/profiles/circle-a.conf
	echo 'inherit = [ "circle-a" ];' > ~/.config/bailey/profiles/circle-b.conf
	run "$BAILEY" check circle-a
	rm ~/.config/bailey/profiles/circle-?.conf
	is "$status" 2
	has "$output" circle-a circle-b
}
@test "inherit cannot leave the profile directories" {
	local name
	for name in ../x /etc/passwd a/../../x "" .; do
		echo "inherit = [ \"$name\" ];" > up.conf
		refused ./up.conf up.conf:1
	done
}
@test "@include is refused" {
	echo '@include "/etc/passwd"' > include.conf
	refused ./include.conf include.conf:1
}
@test "a name never means a file of the current directory" {
	echo 'description = "mine";' > planted.conf
	gives 2 "$BAILEY" check planted
	gives 2 "$BAILEY" run -p planted true
}
@test "numbers that would wrap, leading zeros, floats, trailing commas" {
	local line
	for line in 'process = { nice = 4294967301; };' 'process = { nice = 0x1FFFFFFFF; };' 'process = { nice = 010; };' \
		'process = { nice = 1.5; };' 'programs = [ "a", ];' 'description = "a" "b";'; do
		echo "$line" > number.conf
		refused ./number.conf number.conf:1
	done
}
@test "a million entries end in good time" {
	{
		printf 'environment = { keep = [ "A"'
		yes ', "B"' | head -n 150000 | tr -d '\n'
		echo ' ]; };'
	} > many.conf
	timeout -s KILL 20 "$BAILEY" check ./many.conf > out 2>&1 || [ $? -eq 2 ]
}
@test "control characters of a profile do not reach the terminal" {
	printf 'no\\x1b = 1;\nprograms = [ "\033[31mred" ];\n"' > escape.conf
	run "$BAILEY" check ./escape.conf
	is "$status" 2
	lacks "$output" $'\033'
}
@test "long names and values" {
	{
		printf 'programs = [ "'
		head -c 500000 /dev/zero | tr '\0' a
		echo '" ];'
	} > long.conf
	timeout -s KILL 20 "$BAILEY" check ./long.conf > out 2>&1 || [ $? -eq 2 ]
	{
		head -c 200000 /dev/zero | tr '\0' a
		echo ' = 1;'
	} > long.conf
	refused ./long.conf
}
@test "--set with hostile text" {
	local value
	for value in '' '=' 'a' 'a=' '=b' 'process.nice' 'process.nice=' 'process.nice=1;' 'process.nice=(' 'options=x' "filesystem.read_only=a"$'\n'"b"; do
		gives 2 "$BAILEY" run -n -p default --set "$value" true
	done
}
@test "a broken profile is told about its mistakes, not that it shows no program" {
	echo 'process = { nice = 99; };' > broken.conf
	chmod 644 broken.conf
	gives 2 "$BAILEY" run -p ./broken.conf true
	has "$output" ":1: error: process.nice"
	lacks "$output" "does not show"
}
