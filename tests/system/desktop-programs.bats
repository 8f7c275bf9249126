#!/usr/bin/env bats
# Each shipped profile of a program with windows, with the real program: without a display as far as it goes, then on an X server
# made for the test. There is no session bus and no XDG_RUNTIME_DIR.
load lib
load display
load programs

prepare() {
	need userns
	mkdir -p ~/.ssh ~/Downloads
	echo "the secret key" > ~/.ssh/id_test
	cp "$INPUTS/page.html" ~/Downloads/page.html
}

# point FILE X Y: the size and the colour of that point.
point() { python3 "$INPUTS/png.py" "$@"; }

# rendered PNG WIDTHxHEIGHT: a picture of page.html of that size.
rendered() { is "$(point "$1" 300 250)" "$2 #00aa00"; }

filters() { sed -n 's/^Seccomp_filters:\t//p' "/proc/$1/status"; }

@test "firefox renders a page into a granted directory" {
	need firefox-esr
	works firefox-esr --headless --screenshot ~/Downloads/page.png "file://$HOME/Downloads/page.html"
	rendered ~/Downloads/page.png 1366x768
	# Where it keeps its settings depends on its version.
	[ -e ~/.mozilla/firefox/profiles.ini ] || [ -e ~/.config/mozilla/firefox/profiles.ini ]
}

@test "firefox renders a file that the command line names, wherever it lies" {
	need firefox-esr
	cp "$INPUTS/page.html" "$WORK/a page.html"
	works firefox-esr --headless --screenshot ~/Downloads/page.png "file://$WORK/a%20page.html"
	rendered ~/Downloads/page.png 1366x768
}

@test "firefox cannot render a file of the home that is not granted" {
	need firefox-esr
	cp "$INPUTS/page.html" "$WORK/page.html"
	rm -f ~/Downloads/page.png
	# What the command line names is granted; what that file leads to is not.
	echo "<iframe src='file://$WORK/page.html' style='width:1300px;height:700px'></iframe>" > named.html
	run timeout 90 "$BAILEY" run firefox-esr --headless --screenshot ~/Downloads/page.png "file://$WORK/named.html"
	if [ -e ~/Downloads/page.png ]; then
		lacks "$(point ~/Downloads/page.png 300 250)" "#00aa00"
	fi
}

@test "firefox keeps its inner sandbox" {
	need firefox-esr
	"$BAILEY" run firefox-esr --headless "file://$HOME/Downloads/page.html" > firefox.log 2>&1 3>&- &
	end_later $!
	eventually 30 are_there firefox-esr -contentproc
	sleep 2
	local main content most=0
	for main in $(processes_with firefox-esr --headless); do
		[[ $(tr '\0' ' ' < "/proc/$main/cmdline") != *-contentproc* ]] && break
	done
	for content in $(processes_with firefox-esr -contentproc); do
		[ "$(filters "$content")" -le "$most" ] || most=$(filters "$content")
	done
	[ "$most" -gt "$(filters "$main")" ]
	[ "$(filters "$main")" -ge 1 ]
}

@test "chromium renders a page into a granted directory, scripts included" {
	need chromium
	works chromium --headless --screenshot="$HOME/Downloads/page.png" --window-size=800,600 "file://$HOME/Downloads/page.html"
	is "$(point ~/Downloads/page.png 300 250 | cut -d' ' -f2)" "#00aa00"
	works chromium --headless --dump-dom "file://$HOME/Downloads/page.html"
	has "$output" "sum 42"
}

@test "chromium cannot read a file of the home that is not granted" {
	need chromium
	cp "$INPUTS/page.html" "$WORK/page.html"
	gives 0 timeout 90 "$BAILEY" run chromium --headless --dump-dom "file://$WORK/page.html"
	has "$output" "sum 42"
	# What the command line names is granted; what that file leads to is not.
	echo "<meta http-equiv=refresh content='0;url=file://$WORK/page.html'>" > named.html
	run timeout 90 "$BAILEY" run chromium --headless --dump-dom "file://$WORK/named.html"
	lacks "$output" "sum 42"
}

@test "chromium keeps its inner sandbox" {
	need chromium
	"$BAILEY" run chromium --headless --remote-debugging-port=0 "file://$HOME/Downloads/page.html" > chromium.log 2>&1 3>&- &
	end_later $!
	eventually 30 are_there chromium --type=renderer
	local browser renderer
	renderer=$(processes_with chromium --type=renderer | head -n 1)
	for browser in $(processes_with chromium --headless); do
		[[ $(tr '\0' ' ' < "/proc/$browser/cmdline") != *--type=* ]] && break
	done
	[[ $(tr '\0' ' ' < "/proc/$browser/cmdline") != *--no-sandbox* ]]
	[ "$(readlink "/proc/$renderer/ns/user")" != "$(readlink "/proc/$browser/ns/user")" ]
	[ "$(readlink "/proc/$browser/ns/user")" != "$(readlink /proc/self/ns/user)" ]
	[ "$(filters "$renderer")" -gt "$(filters "$browser")" ]
	[ "$(filters "$browser")" -ge 1 ]
}

@test "libreoffice makes a PDF" {
	need libreoffice pdftotext
	echo "bailey words" > text.txt
	works libreoffice --headless --convert-to pdf text.txt
	type_of text.pdf "PDF document"
	has "$(pdftotext text.pdf -)" "bailey words"
	works soffice --headless --convert-to odt text.txt
	type_of text.odt "OpenDocument Text"
	[ -d ~/.config/libreoffice ]
}

@test "gimp changes a picture" {
	need gimp-console convert
	[[ $(gimp-console --version) == *" 2.10."* ]] || skip "the script is for GIMP 2.10, this is $(gimp-console --version)"
	convert -size 40x30 xc:red PNG24:red.png
	works gimp-console -i -d -f -b '(let* ((picture (car (file-png-load RUN-NONINTERACTIVE "red.png" "red.png")))
			(layer (car (gimp-image-get-active-layer picture))))
		(gimp-drawable-invert layer FALSE)
		(file-png-save RUN-NONINTERACTIVE picture layer "cyan.png" "cyan.png" 0 9 0 0 0 0 0)
		(gimp-quit 0))'
	is "$(point cyan.png 5 5)" "40x30 #00ffff"
}

@test "inkscape draws a picture" {
	need inkscape
	cp "$INPUTS/picture.svg" .
	works inkscape --export-type=png --export-filename=picture.png picture.svg
	is "$(point picture.png 5 5)" "64x48 #ff0000"
	works inkscape --export-type=pdf --export-filename=picture.pdf picture.svg
	type_of picture.pdf "PDF document"
}

@test "mpv plays a film" {
	need mpv ffmpeg
	ffmpeg -y -v error -f lavfi -i testsrc=duration=1:size=160x120 -f lavfi -i sine=duration=1 film.mp4
	works mpv --no-config --vo=null --ao=null --untimed film.mp4
	has "$output" "End of file"
}

@test "vlc plays a film" {
	need cvlc ffmpeg
	ffmpeg -y -v error -f lavfi -i testsrc=duration=1:size=160x120 -f lavfi -i sine=duration=1 film.mp4
	works cvlc -v -I dummy --vout=dummy --aout=dummy --play-and-exit film.mp4
	lacks "$output" "unable to open" "cannot open"
}

@test "evince draws a thumbnail" {
	need evince-thumbnailer gs
	gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=page.pdf "$INPUTS/page.ps"
	gives 0 "$BAILEY" run -p evince --rw "$WORK" evince-thumbnailer -s 64 page.pdf page.png
	is "$(point page.png 1 1)" "64x32 #ffffff"
}

@test "thunderbird makes its settings" {
	need thunderbird
	rm -rf ~/.thunderbird
	"$BAILEY" run thunderbird --headless > thunderbird.log 2>&1 3>&- &
	end_later $!
	eventually 40 sh -c 'ls ~/.thunderbird/*/prefs.js > /dev/null 2>&1'
}

@test "windows open: evince" {
	need evince gs
	display
	gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=page.pdf "$INPUTS/page.ps"
	opens page.pdf evince page.pdf
}

@test "windows open: firefox" {
	need firefox-esr
	display
	opens "bailey page" firefox-esr "file://$HOME/Downloads/page.html"
}

@test "windows open: chromium, when it is told the machine's name" {
	need chromium
	display
	opens "bailey page" --with host-name chromium "file://$HOME/Downloads/page.html"
}

@test "windows open: gimp" {
	need gimp convert
	display
	convert -size 40x30 xc:red PNG24:red.png
	opens "GNU Image Manipulation Program" gimp --no-splash red.png
}

@test "windows open: inkscape" {
	need inkscape
	display
	cp "$INPUTS/picture.svg" .
	opens picture.svg inkscape picture.svg
}

@test "windows open: libreoffice" {
	need libreoffice
	display
	echo words > text.txt
	opens text.txt libreoffice --norestore --nologo text.txt
}

@test "windows open: mpv" {
	need mpv ffmpeg
	display
	ffmpeg -y -v error -f lavfi -i testsrc=duration=1:size=160x120 film.mp4
	opens film.mp4 mpv --no-config --ao=null --loop film.mp4
}

@test "windows open: vlc" {
	need vlc
	display
	opens "VLC media player" vlc --no-qt-privacy-ask
}

@test "windows open: thunderbird" {
	need thunderbird
	display
	opens Thunderbird thunderbird
}

@test "windows open: transmission" {
	need transmission-gtk
	display
	opens Transmission transmission-gtk
}

@test "nothing of these programs runs on" {
	need evince gs
	display
	gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=page.pdf "$INPUTS/page.ps"
	opens page.pdf evince page.pdf
	eventually 2 are_gone evince page.pdf
}

@test "on the host's network an X11 program finds the display, unless its abstract socket is closed" {
	local conf
	need landlock
	display
	conf=$(profile x11 <<< 'inherit = [ "common/desktop", "common/internet" ];')
	sed -i 1d "$conf"
	gives 0 "$BAILEY" run -p "$conf" xwininfo -root
	gives 1 "$BAILEY" run -p "$conf" --set network.abstract_sockets=own xwininfo -root
	has "$output" "unable to open display"
	gives 0 "$BAILEY" run -p "$conf" --set network.mode=none xwininfo -root
}
