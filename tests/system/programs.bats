#!/usr/bin/env bats
# Each shipped profile of a command-line program, with the real program: it does its work on files in the current directory, and
# what the profile keeps away stays away.
load lib
load programs

@test "default: computes, sees no file and no network" {
	echo content > file
	gives 0 "$BAILEY" run -p default sh -c 'echo $((6 * 7)); ls -A ~; test ! -e '"$WORK"
	is "$output" 42
	gives 0 "$BAILEY" run -p default --rw . sh -c "cat $WORK/file"
	is "$output" content
	gives 0 "$BAILEY" run -p default --with here sh -c 'cat file; echo changed > file'
	is "$output" content
	is "$(cat file)" changed
}

@test "shell: nothing remains" {
	gives 0 "$BAILEY" run sh -c 'echo x > ~/made && echo x > /tmp/bailey-made && cat ~/made'
	is "$output" x
	[ ! -e ~/made ]
	[ ! -e /tmp/bailey-made ]
}

@test "agent: changes the project, sees the tools, not the home" {
	need git gcc
	git init -q .
	echo 'int main(void) { return 7; }' > main.c
	gives 0 "$BAILEY" run -p agent sh -c 'gcc -o main main.c; ./main; echo "status $?"; git status --short; ls -A ~'
	has "$output" "status 7" "?? main.c"
	lacks "$output" Downloads .ssh
	[ -x main ]
}

@test "agent: what git runs outside later stays as it is" {
	need git
	git init -q .
	mkdir -p .git/hooks
	cp .git/config "$WORK/config.before"
	run "$BAILEY" run -p agent sh -c 'echo "echo caught" > .git/hooks/pre-commit; git config core.fsmonitor ./caught; true'
	[ ! -e .git/hooks/pre-commit ]
	cmp .git/config "$WORK/config.before"
	gives 0 "$BAILEY" run -p agent --with git-config sh -c 'echo "echo mine" > .git/hooks/pre-commit'
	[ -e .git/hooks/pre-commit ]
}

@test "agent: an account by option, with what is kept beside it" {
	rm -rf ~/.claude
	gives 1 "$BAILEY" run -p agent sh -c 'test -e ~/.claude'
	gives 0 "$BAILEY" run -p agent --with claude sh -c 'cd "$CLAUDE_CONFIG_DIR" && echo mine > new && mv new settings'
	is "$(cat ~/.claude/settings)" mine
	gives 1 "$BAILEY" run -p agent cat "$HOME/.claude/settings"
	rm -rf ~/.claude
}

@test "agent: commits" {
	need git
	git init -q .
	git config user.email a@example.org
	git config user.name A
	gives 0 "$BAILEY" run -p agent sh -c 'echo text > text && git add text && git commit -q -m first'
	is "$(git log --format=%s)" first
}

@test "tar, gzip, xz, zstd" {
	need tar gzip xz zstd
	local kind
	mkdir in
	seq 1000 > in/numbers
	for kind in gzip xz zstd; do
		works tar "--$kind" -cf "a.$kind" in
		mkdir "out.$kind"
		works tar -C "out.$kind" -xf "a.$kind"
		cmp in/numbers "out.$kind/in/numbers"
	done
}

@test "zip and unzip" {
	need zip unzip
	seq 1000 > numbers
	works zip -q a.zip numbers
	type_of a.zip Zip
	mv numbers before
	works unzip -q a.zip
	cmp before numbers
}

@test "7z" {
	need 7z
	seq 1000 > numbers
	works 7z a a.7z numbers
	type_of a.7z 7-zip
	mv numbers before
	works 7z x a.7z
	cmp before numbers
}

@test "an archive cannot be unpacked over the home's files" {
	need tar
	mkdir -p t
	echo caught > t/x
	tar -P --transform "s,^t/x,$HOME/.profile-caught," -cf a.tar t/x
	run "$BAILEY" run tar -P -xf a.tar
	[ ! -e ~/.profile-caught ]
	tar -P -xf a.tar
	[ -e ~/.profile-caught ]
	rm ~/.profile-caught
}

@test "make and gcc" {
	need make gcc
	printf 'int main(void) { return 42; }\n' > answer.c
	printf 'answer: answer.c\n\tgcc -O2 -o $@ $<\n' > Makefile
	works make
	gives 42 ./answer
	works gcc -c -o answer.o answer.c
	type_of answer.o "ELF 64-bit"
}

@test "g++, ar, ld" {
	need g++ ar
	printf '#include <iostream>\nint main() { std::cout << "words\\n"; }\n' > words.cc
	works g++ -o words words.cc
	gives 0 ./words
	is "$output" words
	printf 'int f(void) { return 1; }\n' > f.c
	works gcc -c f.c
	works ar rcs libf.a f.o
	type_of libf.a "ar archive"
}

@test "leak checks and tracers by option only" {
	need gcc
	echo 'int main(void) { return 0; }' > main.c
	works gcc -fsanitize=address -o main main.c
	gives 1 "$BAILEY" run -p build ./main
	gives 0 "$BAILEY" run -p build --with debug ./main
}

@test "clang" {
	need clang
	printf 'int main(void) { return 42; }\n' > answer.c
	works clang -o answer answer.c
	gives 42 ./answer
}

@test "python3: threads, processes, sqlite, a file" {
	need python3
	cat > work.py <<- 'END'
		import multiprocessing, sqlite3, threading
		if __name__ == "__main__":
		    with multiprocessing.Pool(2) as pool:
		        numbers = pool.map(abs, [-1, -2, -3])
		    thread = threading.Thread(target=numbers.append, args=(4,))
		    thread.start()
		    thread.join()
		    base = sqlite3.connect("base.sqlite")
		    base.execute("create table t (n)")
		    base.executemany("insert into t values (?)", [(n,) for n in numbers])
		    base.commit()
		    print(base.execute("select sum(n) from t").fetchone()[0])
	END
	works python3 work.py
	is "$output" 10
	type_of base.sqlite SQLite
}

@test "python3: no network until asked" {
	need python3
	local connect='import socket; socket.create_connection(("127.0.0.1", int(open("port").read())), 2); print("reached")'
	python3 -c 'import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
while True: s.accept()[0].close()' > port &
	end_later $!
	eventually 5 test -s port
	gives 1 "$BAILEY" run python3 -c "$connect"
	works --with internet python3 -c "$connect"
	is "$output" reached
}

@test "node: files, workers" {
	need node
	cat > work.js <<- 'END'
		const { Worker } = require("worker_threads");
		new Worker('require("worker_threads").parentPort.postMessage(6 * 7)', { eval: true }).on("message", (n) => {
		  require("fs").writeFileSync("answer", String(n));
		});
	END
	works node work.js
	is "$(cat answer)" 42
}

@test "npm" {
	need npm
	works npm init -y
	has "$(cat package.json)" '"version": "1.0.0"'
}

@test "git: init, commit, clone, log" {
	need git
	works git init -q repository
	cd repository
	echo text > text
	works git add text
	works git -c user.name=A -c user.email=a@example.org commit -q -m first
	works git log --format=%s
	is "$output" first
	is "$(git log --format=%s)" first
	cd ..
	works git clone -q repository copy
	cmp repository/text copy/text
}

@test "git: keys by option only" {
	need git
	gives 1 "$BAILEY" run -p git cat ~/.ssh/id_test
	gives 0 "$BAILEY" run -p git --with ssh cat ~/.ssh/id_test
	is "$output" "the secret key"
}

@test "curl" {
	need curl python3
	mkdir served
	seq 1000 > served/numbers
	serve served
	works curl -sS -o numbers "$URL/numbers"
	cmp served/numbers numbers
	gives 37 "$BAILEY" run curl -sS "file://$HOME/.ssh/id_test"
}

@test "wget" {
	need wget python3
	mkdir served
	seq 1000 > served/numbers
	serve served
	works wget -q "$URL/numbers"
	cmp served/numbers numbers
}

@test "name look-up works where there is a network" {
	need getent
	gives 0 "$BAILEY" run -p curl getent hosts localhost
	has "$output" localhost
}

@test "ffmpeg and ffprobe" {
	need ffmpeg ffprobe
	works ffmpeg -y -v error -f lavfi -i testsrc=duration=1:size=160x120 -f lavfi -i sine=duration=1 film.mp4
	works ffprobe -v error -show_entries stream=codec_type -of csv=p=0 film.mp4
	has "$output" video audio
	works ffmpeg -y -v error -i film.mp4 -frames:v 1 frame.png
	is "$(python3 "$INPUTS/png.py" frame.png)" 160x120
}

@test "imagemagick" {
	need convert identify
	works convert -size 40x30 xc:blue PNG24:blue.png
	is "$(python3 "$INPUTS/png.py" blue.png 5 5)" "40x30 #0000ff"
	works convert blue.png -resize 20x15 small.jpg
	works identify -format '%wx%h' small.jpg
	is "$output" 20x15
	works convert label:words words.png
	type_of words.png "PNG image"
}

@test "pandoc" {
	need pandoc
	printf '# Title\n\nSome *words*.\n' > text.md
	works pandoc -s -o text.html text.md --metadata title=t
	has "$(cat text.html)" "<em>words</em>"
	works pandoc -o text.docx text.md
	type_of text.docx "Microsoft Word"
}

@test "ghostscript, ps2pdf" {
	need gs ps2pdf pdftotext
	cp "$INPUTS/page.ps" .
	works gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=page.pdf page.ps
	type_of page.pdf "PDF document"
	works ps2pdf page.ps second.pdf
	type_of second.pdf "PDF document"
	works gs -q -dBATCH -dNOPAUSE -sDEVICE=png16m -r72 -sOutputFile=page.png page.ps
	is "$(python3 "$INPUTS/png.py" page.png 1 1)" "200x100 #ffffff"
}

@test "poppler's tools" {
	need gs pdftotext pdftoppm pdfinfo
	gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=page.pdf "$INPUTS/page.ps"
	works pdftotext page.pdf page.txt
	has "$(cat page.txt)" "bailey words"
	works pdftoppm -r 72 -png page.pdf page
	is "$(python3 "$INPUTS/png.py" page-1.png 1 1)" "200x100 #ffffff"
	works pdfinfo page.pdf
	has "$output" "Pages:           1"
}

@test "transmission's tools" {
	need transmission-create transmission-show
	seq 1000 > numbers
	works transmission-create -o numbers.torrent numbers
	works transmission-show numbers.torrent
	has "$output" "Name: numbers"
}

@test "work goes on with an empty environment" {
	need tar
	seq 10 > numbers
	gives 0 env -i HOME="$HOME" PATH=/usr/bin:/bin "$BAILEY" run tar -cf a.tar numbers
	is "$(tar -tf a.tar)" numbers
}
