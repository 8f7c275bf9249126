#!/usr/bin/env bats
# Shipped profiles of large programs, with the real programs, most without a window: each does its work on files, and the file is looked at.
load ../lib
load ../display
load ../programs

point() { python3 "$INPUTS/png.py" "$@"; }
a_film() { ffmpeg -y -v error -f lavfi -i testsrc=duration=2:size=160x120 -f lavfi -i sine=duration=2 "$1"; }

@test "rawtherapee converts a picture" {
	need rawtherapee-cli convert
	convert -size 40x30 xc:red red.tif
	works rawtherapee-cli -o out.png -n -Y -c red.tif
	is "$(point out.png)" 40x30
}
@test "emacs changes a file, and not its own settings" {
	need emacs
	mkdir -p ~/.emacs.d
	echo ';; mine' > ~/.emacs.d/init.el
	echo before > text
	works emacs --batch text --eval '(progn (replace-string "before" "after") (save-buffer))'
	is "$(cat text)" after
	run "$BAILEY" run emacs --batch --eval '(write-region "yours" nil "~/.emacs.d/init.el")'
	is "$(cat ~/.emacs.d/init.el)" ";; mine"
	run "$BAILEY" run emacs --batch --eval '(princ (with-temp-buffer (insert-file-contents "~/.ssh/id_test") (buffer-string)))'
	lacks "$output" "the secret key"
	rm -rf ~/.emacs.d
}
@test "java: compiled, packed and run" {
	need java javac jar
	echo 'public class Words { public static void main(String[] a) throws Exception { java.nio.file.Files.writeString(java.nio.file.Path.of("answer"), "" + 6 * 7); } }' > Words.java
	works java Words.java
	is "$(cat answer)" 42
	rm answer
	works -p java javac Words.java
	works jar cfe words.jar Words Words.class
	works java -jar words.jar
	is "$(cat answer)" 42
	works jshell - <<< 'System.out.println(6 * 7)'
	has "$output" 42
}
@test "openscad makes a body" {
	need openscad
	echo 'cube([1, 2, 3]);' > body.scad
	works openscad -o body.stl body.scad
	is "$(grep -c "facet normal" body.stl)" 12
}
@test "freecad makes a body" {
	need freecadcmd
	echo 'import Part
Part.makeBox(1, 2, 3).exportStep("body.step")' > body.py
	works freecadcmd body.py
	has "$(head -n 1 body.step)" "ISO-10303-21"
}
@test "binwalk finds what is packed" {
	need binwalk
	seq 1000 | gzip > packed.gz
	works binwalk packed.gz
	has "$output" "gzip compressed data"
}
@test "handbrake makes a film of a film" {
	need HandBrakeCLI ffmpeg ffprobe
	a_film film.mp4
	works HandBrakeCLI -i film.mp4 -o second.mkv -e x264 -q 30
	is "$(ffprobe -v error -show_entries stream=codec_name -of csv=p=0 second.mkv | head -n 1)" h264
}
@test "calibre converts a book" {
	need ebook-convert ebook-meta pandoc
	printf '# Title\n\nbailey words\n' | pandoc -f markdown -o book.epub --metadata title=Words
	works ebook-convert book.epub book.txt
	has "$(cat book.txt)" "bailey words"
	works ebook-meta book.epub
	has "$output" Words
}
@test "krita converts a picture" {
	need krita convert
	convert -size 40x30 xc:red PNG24:red.png
	display
	works krita --export --export-filename "$WORK/out.jpg" "$WORK/red.png"
	type_of out.jpg "JPEG image"
}
@test "scribus makes a document" {
	need scribus
	cat > make.py <<- 'END'
		import scribus
		scribus.newDocument(scribus.PAPER_A4, (10, 10, 10, 10), scribus.PORTRAIT, 1, scribus.UNIT_POINTS, scribus.PAGE_1, 0, 1)
		scribus.createRect(20, 20, 200, 100)
		scribus.saveDocAs("made.sla")
		scribus.fileQuit()
	END
	export QT_QPA_PLATFORM=offscreen
	works scribus -g -ns -py make.py
	has "$(head -c 300 made.sla)" SCRIBUS
}
@test "blender draws a picture" {
	need blender
	cat > draw.py <<- 'END'
		import bpy, os
		scene = bpy.context.scene
		scene.render.engine = "CYCLES"
		scene.cycles.samples = 1
		scene.cycles.use_denoising = False
		scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 64, 48, 100
		scene.render.filepath = os.path.join(os.getcwd(), "drawn.png")
		bpy.ops.render.render(write_still=True)
	END
	works blender -b --factory-startup -noaudio -P draw.py
	is "$(point drawn.png)" 64x48
}
@test "wine runs a program of Windows" {
	need wine
	works wine cmd /c "echo bailey words"
	has "$output" "bailey words"
	[ -d ~/.wine/drive_c ]
	works wine cmd /c "echo words> made.txt"
	has "$(cat made.txt)" words
	run "$BAILEY" run wine cmd /c "type Z:\\home\\$(id -un)\\.ssh\\id_test"
	lacks "$output" "the secret key"
	rm -rf ~/.wine
}
@test "minetest's server opens a world" {
	need minetestserver
	local port
	port=$(free_port udp)
	mkdir -p ~/.minetest/worlds/words
	printf 'gameid = minetest\nbackend = sqlite3\nplayer_backend = sqlite3\nauth_backend = sqlite3\n' > ~/.minetest/worlds/words/world.mt
	# The log of the machine's own server is not this one's.
	"$BAILEY" run minetestserver --logfile "" --port "$port" --worldname words > server.log 2>&1 3>&- &
	end_later $!
	eventually 30 grep -q "listening on .*:$port" server.log || { cat server.log && return 1; }
	# As a client begins: the server answers it with a packet of its protocol.
	cat > ask.py <<- 'END'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(2)
		s.connect(("127.0.0.1", int(sys.argv[1])))
		s.send(bytes.fromhex("4f45740300000003ffdc01") + b"\0\0")
		sys.exit(0 if s.recv(512)[:4] == bytes.fromhex("4f457403") else 1)
	END
	eventually 20 python3 ask.py "$port"
	[ -s ~/.minetest/worlds/words/map_meta.txt ]
	rm -rf ~/.minetest
}
