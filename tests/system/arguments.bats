#!/usr/bin/env bats
# What the command line names is granted, that and nothing else; the current directory; and what neither may be.
load lib

prepare() {
	cat > reader.conf << 'END'
inherit = [ "common/base" ];
filesystem = { arguments = "read_only"; };
END
	mkdir -p elsewhere
	echo one > elsewhere/one
	echo two > elsewhere/two
}
finish() { rm -rf ~/.ssh/bailey-test; }

reads() { "$BAILEY" run -p "$WORK/reader.conf" "$@"; }

@test "arguments: that file and no other, wherever it lies" {
	gives 0 reads cat "$WORK/elsewhere/one"
	is "$output" one
	gives 0 reads sh -c 'ls -A "$(dirname "$1")"' sh "$WORK/elsewhere/one"
	is "$output" one
	gives 0 sh -c 'ls -A "$(dirname "$1")"' sh "$WORK/elsewhere/one"
	is "$output" "one
two"
}

@test "arguments: from the current directory on, upwards too" {
	cd elsewhere
	gives 0 reads cat one
	is "$output" one
	gives 0 reads sh -c 'pwd; ls -A' sh one
	is "$output" "$WORK/elsewhere
one"
	mkdir below
	cd below
	gives 0 reads cat ../two
	is "$output" two
}

@test "arguments: a URI, an option's value, a word behind --" {
	gives 0 reads sh -c 'cat "${1#file://}"' sh "file://$WORK/elsewhere/one"
	is "$output" one
	cp elsewhere/one "elsewhere/a b"
	gives 0 reads sh -c "cat '$WORK/elsewhere/a b'" sh "file://$WORK/elsewhere/a%20b"
	is "$output" one
	gives 0 reads grep -c "--file=$WORK/elsewhere/one" "$WORK/elsewhere/one"
	is "$output" 1
	echo dash > elsewhere/-d
	cd elsewhere
	gives 0 reads cat -- -d
	is "$output" dash
}

@test "arguments: read-only is read-only, read_write changes the file itself" {
	run reads sh -c 'echo more >> "$1"' sh "$WORK/elsewhere/one"
	is "$(cat elsewhere/one)" one
	gives 0 reads --set filesystem.arguments=read_write sh -c 'echo more >> "$1"' sh "$WORK/elsewhere/one"
	is "$(cat elsewhere/one)" "one
more"
	run reads --set filesystem.arguments=read_write sh -c 'echo x > "$1.new"; mv "$1.new" "$1"' sh "$WORK/elsewhere/one"
	has "$output" "busy"
	gives 0 "$BAILEY" run -n -p "$WORK/reader.conf" --set filesystem.arguments=read_write cat "$WORK/elsewhere/one"
	has "$output" "not replaced by a rename"
}

@test "arguments: a key is not granted because a word leads to it" {
	mkdir -p ~/.ssh
	echo secret > ~/.ssh/bailey-test
	ln -s ~/.ssh/bailey-test elsewhere/picture
	is "$(cat elsewhere/picture)" secret
	for name in elsewhere/picture ~/.ssh/bailey-test; do
		gives 1 reads cat "$name"
		has "$output" "is not granted" "--ro"
		lacks "$output" secret
	done
	gives 0 reads --ro ~/.ssh/bailey-test cat ~/.ssh/bailey-test
	is "$output" secret
}

@test "arguments: a symlink that the program may have planted opens nothing" {
	mkdir shared
	gives 0 reads --rw "$WORK/shared" sh -c 'ln -s "$1/elsewhere/two" "$1/shared/picture"' sh "$WORK"
	is "$(cat shared/picture)" two
	echo secret > elsewhere/two
	gives 1 reads --rw "$WORK/shared" cat "$WORK/shared/picture"
	has "$output" "is not granted" "symbolic link"
	lacks "$output" secret
}

@test "arguments: no pipes, sockets, descriptors, directories; absent ones are the program's matter" {
	mkfifo pipe
	gives 1 reads cat pipe
	has "$output" "no regular file"
	gives 1 reads cat /proc/self/fd/5 5< elsewhere/one
	has "$output" "cat: /proc/self/fd/5"
	gives 1 reads cat absent
	is "$output" "cat: absent: No such file or directory"
	gives 2 reads ls elsewhere
	has "$output" "it is a directory"
	gives 0 reads --set filesystem.argument_directories=true ls elsewhere
	is "$output" "one
two"
	run reads --set filesystem.arguments=read_write --set filesystem.argument_directories=true touch elsewhere/three elsewhere
	[ ! -e elsewhere/three ]
}

@test "current directory: granted, except the home and what all share" {
	cd elsewhere
	gives 0 reads --set filesystem.current_directory=read_write sh -c 'cat one > new; mv new newer; ls'
	is "$output" "newer
one
two"
	run reads --set filesystem.current_directory=read_only sh -c 'echo x > not'
	[ ! -e not ]
	touch ~/in-home
	for place in "$HOME" /tmp /; do
		cd "$place"
		gives 2 reads --set filesystem.current_directory=read_write ls
		has "$output" "is not granted as a whole" "--rw ."
		gives 0 reads --set filesystem.current_directory=if_suitable ls "$HOME"
		has "$output" "warning" "would be lost"
		lacks "$output" in-home
	done
	rm ~/in-home
}

@test "a launch without arguments in its profile looks none up" {
	command -v strace > /dev/null || skip "needs strace: not installed"
	strace -f -o trace "$BAILEY" run -p default true "$WORK/elsewhere/one"
	run grep -c elsewhere/one trace
	is "$output" "$(grep -c 'execve.*elsewhere/one' trace)"
	strace -f -o trace "$BAILEY" run -p "$WORK/reader.conf" true "$WORK/elsewhere/one"
	grep -v execve trace | grep -q elsewhere/one
}
