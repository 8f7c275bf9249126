#!/usr/bin/env bats
# Shipped profiles with the real programs, as in programs.bats: readers and mail, sound and pictures, development, servers.
load lib
load programs

# a_page: a web server with a page of bailey's words.
a_page() {
	mkdir served
	echo '<html><title>t</title><body><p>bailey <b>words</b></p></body></html>' > served/page.html
	serve served
}

a_sound() {
	python3 - << 'END2'
import math, struct, wave
with wave.open("sound.wav", "wb") as out:
    out.setnchannels(1)
    out.setsampwidth(2)
    out.setframerate(8000)
    out.writeframes(b"".join(struct.pack("<h", int(9000 * math.sin(n / 3))) for n in range(8000)))
END2
}

a_picture() { convert -size 400x120 xc:white -pointsize 48 -fill black -annotate +20+70 "bailey words" "$1"; }

@test "lynx, w3m, links" {
	local browser
	need lynx w3m links2
	a_page
	for browser in lynx w3m links2; do
		works "$browser" -dump "$URL/page.html"
		has "$output" "bailey words"
	done
}
@test "newsboat fetches a feed" {
	need newsboat
	a_page
	printf '<rss version="2.0"><channel><title>f</title><link>%s</link><description>d</description><item><title>one item</title><guid>1</guid></item></channel></rss>' "$URL" > served/feed
	mkdir -p ~/.newsboat
	echo "$URL/feed" > ~/.newsboat/urls
	works newsboat -x reload print-unread
	has "$output" "1 unread"
	rm -rf ~/.newsboat
}
@test "neomutt shows a mailbox" {
	need neomutt tmux
	printf 'From a@example.org Thu Jan  1 00:00:00 2026\nFrom: a@example.org\nSubject: bailey words\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMessage-Id: <1@example.org>\n\ntext\n\n' > box
	on_screen neomutt -n -F /dev/null -e 'set folder=.' -R -f box
	soon_shows 20 "bailey words"
}
@test "weechat keeps its settings" {
	need weechat-headless
	works weechat-headless --run-command "/set weechat.look.buffer_notify_default none" --run-command "/save" --run-command "/quit"
	grep -q "buffer_notify_default = none" ~/.config/weechat/weechat.conf
	rm -rf ~/.config/weechat ~/.local/share/weechat
}
@test "flac and lame" {
	need flac lame
	a_sound
	works flac -s sound.wav
	type_of sound.flac FLAC
	works flac -s -d -o again.wav sound.flac
	cmp sound.wav again.wav
	works lame --quiet sound.wav sound.mp3
	type_of sound.mp3 "layer III"
	works mediainfo sound.mp3
	has "$output" "MPEG Audio"
}
@test "sox" {
	need sox
	a_sound
	works sox sound.wav -r 16000 faster.wav
	type_of faster.wav "16000 Hz"
}
@test "yt-dlp, aria2, lftp fetch a file" {
	need yt-dlp aria2c lftp
	mkdir served
	ffmpeg -y -v error -f lavfi -i testsrc=duration=1:size=160x120 served/film.mp4
	serve served
	works yt-dlp -q -o film.mp4 "$URL/film.mp4"
	cmp served/film.mp4 film.mp4
	works aria2c -q -o second.mp4 "$URL/film.mp4"
	cmp served/film.mp4 second.mp4
	works lftp -c "get $URL/film.mp4 -o third.mp4"
	cmp served/film.mp4 third.mp4
}
@test "rsync" {
	need rsync
	mkdir -p from/deep
	seq 100 > from/deep/numbers
	works rsync -a from/ to/
	cmp from/deep/numbers to/deep/numbers
	gives 0 "$BAILEY" run -p rsync --with offline sh -c 'cat < /proc/net/dev | wc -l'
	is "$output" 3
}
@test "qpdf" {
	need qpdf gs
	gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=page.pdf "$INPUTS/page.ps"
	works qpdf --linearize page.pdf linear.pdf
	works qpdf --check linear.pdf
	has "$output" "No syntax or stream encoding errors"
}
@test "tesseract reads a picture" {
	need tesseract convert
	a_picture words.png
	works tesseract words.png words
	has "$(cat words.txt)" "bailey words"
}
@test "exiftool, optipng, jpegoptim" {
	need exiftool optipng jpegoptim convert
	a_picture words.png
	a_picture words.jpg
	works exiftool -q -overwrite_original -Comment=mine words.png
	works exiftool -s3 -Comment words.png
	is "$output" mine
	works optipng -quiet -out small.png words.png
	is "$(python3 "$INPUTS/png.py" small.png)" 400x120
	works jpegoptim -q -m50 words.jpg
	type_of words.jpg "JPEG image"
}
@test "graphviz and gnuplot" {
	need dot gnuplot
	works dot -Tsvg -o g.svg <<< 'digraph { a -> b; }'
	has "$(cat g.svg)" "<title>a&#45;&gt;b</title>"
	works gnuplot -e 'set terminal svg; set output "p.svg"; plot x*x title "square"'
	has "$(cat p.svg)" square
}
@test "perl, ruby, php, lua, xsltproc" {
	need perl ruby php lua5.4 xsltproc
	works perl -e 'open(my $f, ">", "p"); print $f 6 * 7'
	is "$(cat p)" 42
	works ruby -e 'File.write("r", 6 * 7)'
	is "$(cat r)" 42
	works php -r 'file_put_contents("h", 6 * 7);'
	is "$(cat h)" 42
	works lua5.4 -e 'io.open("l", "w"):write(6 * 7)'
	is "$(cat l)" 42
	echo '<a>42</a>' > a.xml
	echo '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"><x:output method="text"/><x:template match="/"><x:value-of select="a"/></x:template></x:stylesheet>' > a.xsl
	works xsltproc -o x a.xsl a.xml
	is "$(cat x)" 42
}
@test "sqlite3" {
	need sqlite3
	works sqlite3 base 'create table t (n); insert into t values (42); select n from t'
	is "$output" 42
	type_of base SQLite
}
@test "gdb looks into a program" {
	need gdb gcc
	echo 'int answer = 42; int main(void) { return 0; }' > main.c
	gcc -g -o main main.c
	works gdb -q -batch -nx -ex 'break main' -ex run -ex 'print answer' ./main
	has "$output" '$1 = 42'
}
@test "cargo and go build a program" {
	need cargo go
	mkdir r g
	cd r
	works --with offline cargo init -q --name answer --vcs none
	works --with offline cargo build -q --offline
	gives 0 target/debug/answer
	is "$output" "Hello, world!"
	cd ../g
	printf 'package main\nfunc main() { print("words") }\n' > main.go
	works -p build sh -c 'GOCACHE=/tmp/c GO111MODULE=off go build -o words main.go'
	gives 0 ./words
	is "$output" words
}
@test "vim changes a file, and not its own settings" {
	need vim.basic
	echo before > text
	echo '" mine' > ~/.vimrc
	works vim -es -u NONE +s/before/after/ +wq text
	is "$(cat text)" after
	run "$BAILEY" run vim -es -u NONE '+s/mine/yours/' +wq ~/.vimrc
	is "$(cat ~/.vimrc)" '" mine'
	rm ~/.vimrc
}
@test "gnumeric and abiword convert documents" {
	need ssconvert abiword
	printf '1,2\n3,=A1+B1\n' > t.csv
	works ssconvert t.csv t.xlsx
	type_of t.xlsx "Microsoft"
	works ssconvert t.xlsx again.csv
	has "$(cat again.csv)" "3,3"
	printf '<p>bailey words</p>' > t.html
	works abiword --to=rtf -o t.rtf t.html
	has "$(cat t.rtf)" "bailey words"
}
@test "nginx, from outside" {
	need nginx curl
	local port
	port=$(free_port)
	mkdir pages
	echo "bailey words" > pages/index.html
	cat > conf << END2
daemon off; pid nginx.pid; error_log stderr; events { }
http { access_log off; client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
  server { listen 127.0.0.1:$port; root $WORK/pages; } }
END2
	"$BAILEY" run nginx -p "$WORK" -c "$WORK/conf" > nginx.log 2>&1 3>&- &
	end_later $!
	eventually 10 curl -sSf -o page "http://127.0.0.1:$port/" || { cat nginx.log && return 1; }
	is "$(cat page)" "bailey words"
}
@test "redis, from outside" {
	need redis-server redis-cli
	local port
	port=$(free_port)
	"$BAILEY" run redis-server --port "$port" --bind 127.0.0.1 --dir . > redis.log 2>&1 3>&- &
	end_later $!
	eventually 10 redis-cli -p "$port" ping
	is "$(redis-cli -p "$port" set word bailey)" OK
	works redis-cli -p "$port" get word
	is "$output" bailey
	redis-cli -p "$port" save
	[ -s dump.rdb ]
}
@test "dnsmasq answers" {
	need dnsmasq
	local port
	port=$(free_port udp)
	"$BAILEY" run dnsmasq -k -C /dev/null -R -h --user= --group= --pid-file= -p "$port" --listen-address=127.0.0.1 --bind-interfaces -A /words.example.org/203.0.113.77 > dns.log 2>&1 3>&- &
	end_later $!
	cat > ask.py << 'END2'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(1)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.send(b"\0\1\1\0\0\1\0\0\0\0\0\0\5words\7example\3org\0\0\1\0\1")
sys.exit(0 if s.recv(512)[-4:] == bytes([203, 0, 113, 77]) else 1)
END2
	eventually 10 python3 ask.py "$port" || { cat dns.log && return 1; }
}
@test "darktable exports a picture" {
	need darktable-cli convert
	a_picture words.png
	works darktable-cli words.png out.jpg --core --disable-opencl --library :memory:
	type_of out.jpg "JPEG image"
}
@test "keepassxc keeps a password" {
	need keepassxc-cli
	printf 'pw\npw\n' | timeout 60 "$BAILEY" run keepassxc-cli db-create -p base.kdbx
	printf 'pw\n' | timeout 60 "$BAILEY" run keepassxc-cli add -g base.kdbx entry
	printf 'pw\n' | timeout 60 "$BAILEY" run keepassxc-cli ls base.kdbx > list
	has "$(cat list)" entry
}
