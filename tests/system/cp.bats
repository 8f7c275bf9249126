#!/usr/bin/env bats
# bailey cp: files out of a running sandbox and into it, whatever the program does about it.
load lib
load running

prepare() { prepare_web; }

enter() { "$BAILEY" enter web "$@"; }
copy() { timeout 20 "$BAILEY" cp "$@"; }

@test "one file out and in" {
	hold_web -- sleep 1000
	enter sh -c 'head -c 300000 /dev/urandom > /tmp/data; chmod 640 /tmp/data; cat /tmp/data' > ../want
	gives 0 copy web:/tmp/data ../got
	cmp ../want ../got
	is "$(stat -c %a ../got)" 640
	mkdir ../to
	gives 0 copy web:/tmp/data ../to
	gives 0 copy web:/tmp/data ../to/
	cmp ../want ../to/data
	copy web:/tmp/data - > ../stdout
	cmp ../want ../stdout
	# The program's own view and its own directory.
	[ ! -e /tmp/data ]
	enter cp /tmp/data here
	gives 0 copy web:here ../to/relative
	cmp ../want ../to/relative

	gives 0 copy ../want web:/tmp/in
	gives 0 copy ../want web:/tmp
	gives 0 copy ../want web:/tmp/
	copy - web:/tmp/piped < ../want
	is "$(enter sh -c 'cd /tmp; cat in | cksum; cat want | cksum; cat piped | cksum; stat -c %U in' | sort | uniq -c | awk '{ print $1 }' | tr '\n' ' ')" "3 1 "
	[ ! -e /tmp/in ]
	# Over what is there.
	echo short > ../short
	gives 0 copy ../short web:/tmp/in
	is "$(enter cat /tmp/in)" short
	gives 0 copy web:/tmp/in ../want
	is "$(cat ../want)" short
}
@test "what cannot be copied is said" {
	hold_web -- sleep 1000
	gives 125 copy web:/no/such ../x
	has "$output" "cannot open /no/such in the sandbox: No such file or directory"
	gives 125 copy web:/usr ../x
	has "$output" "is a directory" --recursive
	gives 125 copy ../held.out web:/no/such/x
	gives 125 copy /no/such web:/tmp
	gives 125 copy web:/etc/passwd /no/such/x
	gives 125 copy ../held.out web:/usr/x
	gives 2 copy web:/a web:/b
	gives 2 copy a b
	gives 2 copy web: b
	gives 2 copy nobody:/etc/passwd b
	gives 2 copy web:/a
	gives 125 copy -r web:/etc -
	gives 125 copy "$WORK" web:/tmp
	# A path with a slash before the colon is one outside.
	echo x > ../a:b
	gives 0 copy ../a:b web:/tmp/colon
	# The files of the kernel say that they are empty.
	copy web:/proc/self/status - | grep -q NoNewPrivs
}
@test "directories, links, modes and holes" {
	hold_web -- sleep 1000
	enter sh -c 'mkdir -p /tmp/tree/a/b /tmp/tree/empty; cd /tmp/tree; echo 1 > a/one; echo 2 > a/b/two; chmod 755 a/one; chmod 600 a/b/two
ln -s one a/link; ln -s /etc/shadow evil; ln -s .. up; truncate -s 1G hole; printf x >> hole; mkfifo fifo; : > "$(printf "new\nline")"; : > -; i=0
while [ $i -lt 300 ]; do i=$((i+1)); echo $i > a/b/$i; done'
	attempt copy -r web:/tmp/tree ../tree
	is "$status" 1
	is "$output" "bailey: left out: fifo: neither a file nor a directory nor a symlink"
	is "$(readlink ../tree/evil ../tree/up ../tree/a/link | tr '\n' ' ')" "/etc/shadow .. one "
	is "$(stat -c %a ../tree/a/one ../tree/a/b/two | tr '\n' ' ')" "755 600 "
	is "$(ls ../tree/a/b | wc -l)" 301
	is "$(stat -c %s ../tree/hole)" 1073741825
	[ "$(du -k ../tree/hole | cut -f 1)" -lt 1000 ]
	[ -e ../tree/$'new\nline' ]
	# And back, to where it came from: the same.
	mkfifo ../tree/fifo2
	attempt copy -r ../tree web:/tmp/again
	is "$status" 1
	has "$output" fifo2
	gives 0 enter sh -c 'rm /tmp/tree/fifo; cd /tmp; diff -r --no-dereference tree again; find again -name one -perm 755 | grep -q .; du -k again/hole'
	[ "$(cut -f 1 <<< "$output")" -lt 1000 ]
}
@test "nothing outside is reached through what the program makes" {
	mkdir ../outside
	echo secret > ../outside/secret
	hold_web -- sleep 1000
	# Out: links inside lead to what is inside.
	ln -s "$WORK/outside/secret" secret
	gives 125 copy web:secret ../x
	ln -s "$WORK/outside" directory
	gives 125 copy web:directory/secret ../x
	gives 125 copy "web:/proc/1/root$WORK/outside/secret" ../x
	gives 125 copy web:/proc/1/exe ../x
	gives 125 copy web:/proc/self/exe ../x
	[ ! -e ../x ]
	# Where they go to: no link that the program has put there is followed.
	echo mine > file
	ln -s "$WORK/outside/new" target
	gives 125 copy web:file target
	gives 125 copy web:file directory
	gives 125 copy web:file directory/new
	has "$output" "symlink"
	mkdir -p to/tree
	ln -s "$WORK/outside" to/tree/sub
	enter sh -c 'mkdir -p /tmp/tree/sub; echo planted > /tmp/tree/sub/planted; echo planted > /tmp/tree/zz'
	attempt copy -r web:/tmp/tree to
	is "$status" 1
	has "$output" "left out: sub"
	is "$(cat to/tree/zz)" planted
	# In: nor is one read through.
	gives 0 copy secret web:/tmp/link
	is "$(enter readlink /tmp/link)" "$WORK/outside/secret"
	gives 125 copy directory/secret web:/tmp/y
	gives 0 copy -r directory web:/tmp/d
	gives 1 enter test -e /tmp/d/secret
	is "$(ls ../outside)" secret
	is "$(cat ../outside/secret)" secret
}
@test "directories exchanged for links while they are copied" {
	mkdir ../outside
	echo secret > ../outside/secret
	hold_web -- python3 -c 'import os
os.makedirs("real/sub", exist_ok=True)
for i in range(20): open(f"real/sub/{i}", "w").write("inside")
os.symlink("'"$WORK"'/outside", "trap")
while True:
    os.rename("real", "x"); os.rename("trap", "real"); os.rename("real", "trap"); os.rename("x", "real")'
	eventually 10 test -e trap -o -L trap
	local i
	for i in {1..40}; do
		copy -r real web:/tmp/in"$i" > ../said 2>&1 || true
		copy web:/etc/passwd real/sub > ../said 2>&1 || true
		copy web:/etc/passwd real/secret > ../said 2>&1 || true
	done
	is "$(cat ../outside/secret)" secret
	is "$(ls ../outside)" secret
	gives 1 enter grep -rqx secret /tmp
}
@test "a file that grows, a FIFO, and one who stops whatever enters hold nobody up" {
	hold_web -- sh -c 'mkfifo fifo; while :; do head -c 100000 /dev/zero; done >> grows'
	eventually 10 test -p fifo
	gives 0 copy web:grows ../grown
	gives 125 copy web:fifo ../x
	has "$output" "neither a file nor a directory"
	gives 125 copy web:/dev/zero ../x
	gives 125 copy ../grown web:fifo
	kill "$held"
	wait "$held" || true
	: > running
	hold_web -- python3 -c 'import os, signal
while True:
    for p in os.listdir("/proc"):
        if p.isdigit() and int(p) not in (1, os.getpid()): os.kill(int(p), signal.SIGKILL)'
	# Sometimes the copy is faster; never does it wait for ever.
	killed() {
		attempt copy web:running ../x
		[ "$status" -eq 125 ] && [[ $output == *"has killed what opened files there"* ]]
	}
	eventually 15 killed
}
@test "it has the program's rights, and no more" {
	hold_web --ro /etc -- sleep 1000
	attempt copy ../held.out web:/etc/x
	is "$status" 125
	gives 125 copy web:/etc/shadow ../x
	enter sh -c 'echo x > /tmp/mine; chmod 000 /tmp/mine'
	gives 125 copy web:/tmp/mine ../x
	has "$output" "Permission denied"
	kill "$held"
	wait "$held" || true
	hold_web --set process.enter=false -- sleep 1000
	gives 125 copy web:/etc/passwd ../x
	has "$output" process.enter
}
