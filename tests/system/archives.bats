#!/usr/bin/env bats
# Archives as root file systems: what is unpacked, what is refused, and what is left when it goes wrong.
load lib

CACHE=.cache/bailey/roots

prepare() {
	need userns busybox python3
	mkdir -p r/usr/bin r/etc r/dev victim
	cp "$(command -v busybox)" r/usr/bin/busybox
	ln -s /usr/bin r/bin
	local tool
	for tool in sh ls cat id stat touch rm echo true; do
		ln -s /bin/busybox "r/usr/bin/$tool"
	done
	echo 'root:x:0:0:the root of r:/root:/bin/sh' > r/etc/passwd
	echo of-the-victim > victim/file
	chmod 755 victim
}
finish() {
	chmod -R u+rwX ~/.cache/bailey/roots 2> /dev/null || true
	rm -rf ~/.cache/bailey/roots
}
archive() { python3 "$SYSTEM/archives.py" make "$1" "$WORK/$1.tar" "$WORK/victim"; }
# What stands in the victim's directory, and whether anybody else may write there.
victim() { (cd victim && stat -c %a . && find . -mindepth 1 -printf '%p %y\n' | sort && cat file); }
# The helper's process.
unpacker() { pgrep -u "$(id -u)" -x bailey-unpack; }
nobody_unpacks() { ! unpacker; }
roots() { find ~/$CACHE -mindepth 1 -maxdepth 1 ! -name .lock -printf '%f\n'; }
tree() { echo ~/$CACHE/*/tree; }
# unpacks NAME: bailey does, though there is no program in it to start.
unpacks() {
	gives 127 "$BAILEY" run --root "$1.tar" none
	has "$output" "unpacking $WORK/$1.tar" "there is no none in"
	is "$(roots | wc -l)" 1
}
# refuses NAME WORDS...: bailey does, in these words, and nothing is left.
refuses() {
	local name=$1
	shift
	gives 125 "$BAILEY" run --root "$name.tar" true
	has "$output" "cannot unpack $WORK/$name.tar" "$@"
	is "$(roots)" ""
}

@test "a shell from a tar archive, plain and compressed; unpacked once" {
	local pair before
	need gzip bzip2 xz zstd
	tar -C r -cf r.tar .
	for pair in gzip:gz bzip2:bz2 xz:xz zstd:zst; do
		"${pair%:*}" -kc r.tar > "r.tar.${pair#*:}"
	done
	for pair in r.tar r.tar.gz r.tar.bz2 r.tar.xz r.tar.zst; do
		gives 0 "$BAILEY" run --root "$pair" sh -c 'cat /etc/passwd; echo changed > /etc/passwd; touch /new'
		has "$output" "unpacking $WORK/$pair, once" "the root of r"
		before=$(find ~/$CACHE -printf '%p %m %s %T@ %C@\n' | sort | sha256sum)
		gives 0 "$BAILEY" run --root "$pair" sh -c 'cat /etc/passwd; ls /'
		lacks "$output" unpacking changed new
		has "$output" "the root of r"
		is "$(find ~/$CACHE -printf '%p %m %s %T@ %C@\n' | sort | sha256sum)" "$before"
	done
	is "$(roots | wc -l)" 5
	# The comparison can tell.
	touch "$(tree | cut -d' ' -f1)/etc/passwd"
	[ "$(find ~/$CACHE -printf '%p %m %s %T@ %C@\n' | sort | sha256sum)" != "$before" ]
}
@test "in a profile; --dry-run and explain tell and do nothing" {
	tar -C r -czf r.tgz .
	printf '%s\n' 'filesystem = {' "  root = \"$WORK/r.tgz\";" '  root_mode = "overlay"; };' > p.conf
	export COLUMNS=200
	gives 0 "$BAILEY" explain ./p.conf
	has "$output" "/ from ~/${WORK##*/}/r.tgz at the next launch, into ~/$CACHE/" "belong to the user"
	gives 0 "$BAILEY" run --dry-run -p ./p.conf sh
	gives 0 "$BAILEY" explain --json ./p.conf
	has "$output" '"there": false'
	[ ! -e ~/$CACHE ]
	gives 0 "$BAILEY" run -p ./p.conf cat /etc/passwd
	has "$output" "the root of r"
	gives 0 "$BAILEY" explain --json ./p.conf
	has "$output" '"there": true'
	gives 127 "$BAILEY" run -p ./p.conf python3
	has "$output" "there is no python3 in $WORK/r.tgz"
}
@test "its tree is never writable: not as root_mode, not by a grant of the cache" {
	tar -C r -cf r.tar .
	gives 2 "$BAILEY" run --root r.tar --set filesystem.root_mode=writable sh
	has "$output" "root_mode" "none may change it"
	gives 0 "$BAILEY" run --root r.tar --set filesystem.root_mode=read_only sh -c 'touch /etc/x || cat /etc/passwd'
	has "$output" "Read-only file system" "the root of r"
	gives 2 "$BAILEY" run --root "$(tree)" --set filesystem.root_mode=writable sh
	has "$output" "never writable" "bailey's own cache"
	gives 0 "$BAILEY" run -p shell --rw ~/.cache sh -c "ls -a ~/.cache; rm -rf ~/.cache/bailey; mkdir -p ~/$CACHE; echo x > ~/$CACHE/x; true"
	[ -e "$(tree)/etc/passwd" ] && [ ! -e ~/$CACHE/x ]
	chmod 777 ~/$CACHE
	gives 2 "$BAILEY" run --root r.tar true
	has "$output" "only the user can write to"
	chmod 700 ~/$CACHE
}
@test "XDG_CACHE_HOME; a changed archive is unpacked again, and the tree of the old one is removed" {
	tar -C r -cf r.tar .
	XDG_CACHE_HOME=$WORK/cache gives 0 "$BAILEY" run --root r.tar true
	[ -d "$(echo cache/bailey/roots/*/tree/etc)" ] && [ ! -e ~/$CACHE ]
	gives 0 "$BAILEY" run --root r.tar sh -c true
	local first
	first=$(roots)
	"$BAILEY" run --root r.tar sh -c 'echo up; exec cat' < <(sleep 60) > log 2>&1 &
	end_later $!
	eventually 5 grep -q up log
	# The same size and time, other content.
	sed -i 's/the root of r/THE ROOT OF R/' r/etc/passwd
	touch -r r.tar stamp
	tar -C r -cf new.tar .
	is "$(stat -c %s new.tar)" "$(stat -c %s r.tar)"
	cat new.tar > r.tar
	touch -r stamp r.tar
	gives 0 "$BAILEY" run --root r.tar cat /etc/passwd
	has "$output" "THE ROOT OF R"
	# A sandbox still uses the old tree.
	has "$(roots)" "$first"
	is "$(roots | wc -l)" 2
	kill $!
	wait $! || true
	touch r.tar
	gives 0 "$BAILEY" run --root r.tar cat /etc/passwd
	is "$(roots | wc -l)" 1
}
@test "hostile archives change nothing outside, where a naive extractor does" {
	local attack before
	before=$(victim)
	for attack in $(python3 "$SYSTEM/archives.py" list); do
		archive "$attack"
		attempt "$BAILEY" run --root "$attack.tar" true
		case $attack in
		over_symlink) is "$status" 127 ;; # the later member replaces the link
		*)
			is "$attack $status" "$attack 125"
			has "$output" "cannot unpack $WORK/$attack.tar: member \""
			;;
		esac
		is "$attack $(victim)" "$attack $before"
		# The same archive, believed.
		python3 "$SYSTEM/archives.py" naive "$attack.tar" "$WORK/naive" || true
		[ "$(victim)" != "$before" ] || {
			echo "$attack does not change anything with a naive extractor either"
			return 1
		}
		rm -rf naive victim
		mkdir -m 755 victim
		echo of-the-victim > victim/file
	done
}
@test "refused in words that name the member" {
	local name words
	while IFS='|' read -r name words; do
		archive "$name"
		refuses "$name" "$words"
	done <<- 'END'
		dotdot|member "../victim/new": its name has ".." in it
		absolute|its name begins with "/"
		through_symlink|member "d/new": its name leads through a symbolic link of the archive
		hard_link_absolute|member "f": the name it is a hard link to begins with "/"
		hard_link_through_symlink|a hard link through a symbolic link
		hard_link_to_nothing|member "f": a hard link to nothing
		hard_link_to_directory|a hard link to nothing
		hard_link_to_itself|a hard link to itself
		file_over_directory|member "d": an earlier member of its name is a directory
		symlink_over_directory|an earlier member of its name is a directory
		directory_over_file|member "d/x": its name leads through something that is no directory
		root_is_a_link|the root of the tree has to be a directory
		long_component|its name is too long
		long_path|its name is too long
		deep|its name is too long
		bomb|member "big": the files are larger together than an archive of this size may unpack to
		escape_sequence|member "../?[31mred??": its name has ".."
		nothing|there is nothing in it
	END
}
@test "devices, FIFOs and set-user-ID bits are not there; told" {
	archive special
	unpacks special
	has "$output" "left out of it: 2 device nodes (dev/zero, ...) and 1 FIFO or socket (run/pipe)"
	is "$(find "$(tree)" -type f -printf '%P\n')" f
	is "$(find "$(tree)" ! -type f ! -type d)" ""
	python3 "$SYSTEM/archives.py" naive special.tar naive || true
	is "$(find naive -type p -printf '%P\n')" run/pipe
	finish
	archive setuid
	unpacks setuid
	is "$(find "$(tree)" -type f -perm /7000)" ""
	is "$(stat -c %a "$(tree)/s" "$(tree)/shared")" $'755\n3775'
	python3 "$SYSTEM/archives.py" naive setuid.tar naive
	is "$(stat -c %a naive/s)" 6755
}
@test "odd but sound archives: members twice, long names, missing parents, holes" {
	archive twice
	unpacks twice
	is "$(cat "$(tree)/f") $(stat -c %a "$(tree)/d")" "last 750"
	finish
	archive long_names
	unpacks long_names
	is "$(find "$(tree)" -type f -exec cat {} +)" long
	is "$(readlink "$(tree)/link" | wc -c)" 3001
	finish
	archive without_parents
	unpacks without_parents
	is "$(stat -c %h "$(tree)/z/h")" 2
	finish
	archive utf8
	unpacks utf8
	is "$(ls "$(tree)")" $'gr\xc3\xbc\xc3\x9f-\xe6\x97\xa5\xe6\x9c\xac'
	finish
	mkdir holes
	truncate -s 5M holes/f
	printf x | dd of=holes/f bs=1 seek=3000000 conv=notrunc 2> /dev/null
	chmod 0 holes
	chmod 700 holes
	tar -S -C holes -cf holes.tar .
	unpacks holes
	cmp holes/f "$(tree)/f"
	[ "$(du -k "$(tree)/f" | cut -f1)" -lt 1000 ]
}
@test "what is no tar archive, cut off, or compressed in another way" {
	local file
	need gzip xz zstd
	head -c 300000 /dev/urandom > r/random
	tar -C r -cf whole.tar .
	: > empty.tar
	head -c 100000 /dev/urandom > noise.tar
	echo '#!/bin/sh' > script.tar
	printf '\004\"M\030dp\271' > lz4.tar
	python3 -c 'import zipfile; zipfile.ZipFile("zip.tar", "w").writestr("a", "b")'
	head -c 200000 whole.tar > cut.tar
	gzip -c whole.tar | head -c 200000 > cut-gz.tar
	xz -c whole.tar | head -c 200000 > cut-xz.tar
	zstd -qc whole.tar | head -c 200000 > cut-zst.tar
	xz -c whole.tar > broken.tar
	printf 'XXXXXXXX' | dd of=broken.tar bs=1 seek=150000 conv=notrunc 2> /dev/null
	echo hello | gzip -c > gz-of-text.tar
	for file in noise script lz4 zip gz-of-text; do
		refuses "$file" "it is no tar archive, plain or compressed by gzip, bzip2, xz, lzma or zstd" "(--root)"
	done
	refuses empty "there is nothing in it"
	for file in cut cut-gz cut-xz cut-zst broken; do
		refuses "$file" "it is cut off or damaged ("
	done
	mkfifo pipe.tar
	gives 2 "$BAILEY" run --root pipe.tar true
	has "$output" "no directory and no file"
	chmod 0 whole.tar
	refuses whole "cannot open it: Permission denied"
}
@test "bounds of bytes and of members" {
	# The helper itself, in the namespaces that bailey makes for it.
	helper() {
		mkdir -p out
		# shellcheck disable=SC2016 # for the inner shell, which is the parent that the helper is told
		attempt sh -c 'unshare -Urmni "$0" $$ unpack "$@"; exit $?' "${BAILEY%/*}/bailey-unpack" "$WORK/out" user "$@"
	}
	archive many
	helper 1000000 41 < many.tar
	is "$status $(ls out | wc -l)" "0 40"
	rm -r out
	helper 1000000 39 < many.tar
	is "$status $(ls out | wc -l)" "1 0"
	has "$output" 'member "n39": there are more files in it'
	archive sizes
	helper 1300000 99 < sizes.tar
	is "$status $(ls out | wc -l)" "0 2"
	rm -r out
	helper 1000000 99 < sizes.tar
	is "$status $(ls out | wc -l)" "1 0"
	has "$output" 'member "b": the files are larger together'
}
@test "a full disk: told, and nothing is left" {
	head -c 5000000 /dev/urandom > r/random
	tar -C r -cf r.tar .
	mkdir small
	gives 125 unshare -Umc --keep-caps sh -c "mount -t tmpfs -o size=3M,mode=700 none small && export XDG_CACHE_HOME=$WORK/small &&
		setpriv --ambient-caps -all --inh-caps -all --bounding-set -all '$BAILEY' run --root r.tar true; s=\$?
		find small -mindepth 1 ! -type d ! -name .lock; find small/bailey/roots -mindepth 1 -type d; df --output=used small | tail -n 1; exit \$s"
	has "$output" "cannot unpack" "No space left on device"
	lacks "$output" small/bailey
	[ "$(echo "$output" | tail -n 1)" -lt 100 ]
}
@test "kill -9 in the middle, ^C in the middle, several at once" {
	local signal pids=() pid i
	need bzip2
	head -c 12000000 /dev/urandom > r/usr/random
	tar -C r -cf - . | bzip2 > r.tar
	for signal in KILL INT TERM; do
		# Not a background job of this shell, which would ignore SIGINT.
		python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])' \
			"$BAILEY" run --root r.tar true &
		pid=$!
		eventually 5 unpacker > /dev/null
		sleep 0.2
		kill -"$signal" "$pid"
		status=0
		wait "$pid" || status=$?
		is "$status" "$((128 + $(kill -l "$signal")))"
		is "$(roots | grep -v '^\.')" ""
		eventually 2 nobody_unpacks
		[ "$signal" = KILL ] || is "$(roots)" ""
	done
	for i in 1 2 3 4; do
		"$BAILEY" run --root r.tar sh -c 'cat /etc/passwd' > "log$i" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	is "$(cat log? | grep -c 'the root of r')" 4
	is "$(cat log? | grep -c 'unpacking')" 1
	is "$(roots | wc -l)" 1
}
@test "while it unpacks, the helper sees and may do nothing else" {
	local pid
	need bzip2
	head -c 12000000 /dev/urandom > r/usr/random
	tar -C r -cf - . | bzip2 > r.tar
	"$BAILEY" run --root r.tar true > log 2>&1 &
	end_later $!
	eventually 5 sh -c "ls ~/$CACHE/.*/tree/usr/random > /dev/null 2>&1"
	pid=$(unpacker)
	kill -STOP "$pid"
	grep -E '^(NoNewPrivs|Seccomp|CapEff|CapInh|CapAmb|Threads):' "/proc/$pid/status" | tr -s '\t ' ' ' > state
	for ns in user mnt net ipc uts; do
		[ "$(readlink "/proc/$pid/ns/$ns" 2> /dev/null)" != "$(readlink "/proc/self/ns/$ns")" ]
	done
	kill -CONT "$pid"
	is "$(sort state)" $'CapAmb: 0000000000000000\nCapEff: 000000000000001b\nCapInh: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2\nThreads: 1'
	wait $!
}
@test "the helper is not there, or lacks its library" {
	tar -C r -cf r.tar .
	mkdir -p copy/build copy/profiles/common
	cp "$BAILEY" "${BAILEY%/*}/bailey-filter" copy/build
	cp "$TREE"/profiles/*.conf copy/profiles
	cp "$TREE"/profiles/common/*.conf copy/profiles/common
	gives 125 copy/build/bailey run --root r.tar true
	has "$output" "cannot run bailey-unpack: No such file" "built with libarchive"
	printf '#!/bin/sh\necho "bailey-unpack: error while loading shared libraries: libarchive.so.13: cannot open" >&2; exit 127\n' > copy/build/bailey-unpack
	chmod 755 copy/build/bailey-unpack
	gives 125 copy/build/bailey run --root r.tar true
	has "$output" "libarchive.so.13" "install libarchive (Debian: libarchive13"
	is "$(roots)" ""
}
@test "mapped: files have the owners that the archive names; the cache has one tree for each" {
	need subuid
	archive owners
	tar -C r -rf owners.tar .
	gives 0 "$BAILEY" run --root owners.tar stat -c '%n %u %g %a' /of-33 /dir-of-100
	has "$output" "/of-33 $(id -u) $(id -g) 640" "/dir-of-100 $(id -u) $(id -g) 700"
	gives 0 "$BAILEY" run --root owners.tar --set identity.user=mapped stat -c '%n %u %g %a' /of-33 /dir-of-100 /dir-of-100/f /link /etc/passwd
	has "$output" "/of-33 33 34 640" "/dir-of-100 100 0 700" "/dir-of-100/f 100 0" "/link 5 5" "/etc/passwd "
	is "$(roots | wc -l)" 2
	gives 0 "$BAILEY" run --root owners.tar --set identity.user=mapped stat -c '%u' /of-33
	is "$output" 33
	# With the archive gone, the next one that unpacks removes both trees.
	rm owners.tar
	tar -C r -cf r.tar .
	gives 0 "$BAILEY" run --root r.tar --set identity.user=mapped true
	is "$(roots | wc -l)" 1
	archive owner_too_large
	gives 125 "$BAILEY" run --root owner_too_large.tar --set identity.user=mapped true
	has "$output" 'member "f": its owner is none of the ids'
	# A tree of other ids is emptied by those ids: bailey.conf(5) says how.
	unshare --map-auto --map-root-user rm -rf ~/$CACHE
	[ ! -e ~/$CACHE ]
}
