#!/usr/bin/env bats
# Shipped profiles of large programs with windows: the window is there, with what the program was started with in its title, and goes
# with the sandbox.  There is no session bus and no XDG_RUNTIME_DIR.
load ../lib
load ../display
load ../programs

# Some of them make their tables at the first start, for half a minute where other tests run beside it.
export PATIENCE=120

prepare() {
	home_with_secret
	mkdir -p ~/Pictures ~/Documents ~/Videos ~/Music
	display
}

# spaces PROCESS: in how many pid namespaces, one in the other, it is; filters PROCESS: how many filters of system calls it has.
spaces() { sed -n 's/^NSpid:\t//p' "/proc/$1/status" | wc -w; }
filters() { sed -n 's/^Seccomp_filters:\t//p' "/proc/$1/status"; }
a_page() { cp "$INPUTS/page.html" ~/Downloads/page.html; }
a_film() { ffmpeg -y -v error -f lavfi -i testsrc=duration=5:size=160x120 -f lavfi -i sine=duration=5 "$1"; }
a_book() { printf '# Title\n\nbailey words\n' | pandoc -f markdown -o "$1" --metadata title="bailey book"; }
a_document() { gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile="$1" "$INPUTS/page.ps"; }

@test "epiphany" {
	need epiphany
	session_bus
	a_page
	opens "bailey page" epiphany "file://$HOME/Downloads/page.html"
}
@test "epiphany keeps its inner sandbox" {
	need epiphany
	session_bus
	a_page
	local page main
	"$BAILEY" run epiphany "file://$HOME/Downloads/page.html" > window.log 2>&1 3>&- &
	end_later $!
	eventually 40 has_window "bailey page"
	# Nothing more can be read of it from here.
	page=$(pgrep -u "$(id -u)" -x WebKitWebProces)
	main=$(processes_with epiphany | head -n 1)
	[ "$(spaces "$page")" -gt "$(spaces "$main")" ]
	[ "$(spaces "$main")" -gt 1 ]
	[ "$(filters "$page")" -gt "$(filters "$main")" ]
	[ "$(filters "$main")" -ge 1 ]
}
@test "falkon" {
	need falkon
	a_page
	opens "bailey page" falkon "file://$HOME/Downloads/page.html"
}
@test "qutebrowser" {
	need qutebrowser
	a_page
	# Else the first start shows pages of its own.
	mkdir -p ~/.local/share/qutebrowser
	printf '[general]\nquickstart-done = 1\nsession-warning-shown = 1\nqt5-warning-shown = 1\n' > ~/.local/share/qutebrowser/state
	opens "bailey page" qutebrowser ~/Downloads/page.html
}
@test "okular" {
	need okular gs
	a_document page.pdf
	opens page.pdf okular page.pdf
}
@test "atril" {
	need atril gs
	session_bus
	a_document page.pdf
	opens page.pdf atril page.pdf
}
@test "foliate" {
	need foliate pandoc
	session_bus
	a_book book.epub
	opens "bailey book" foliate book.epub
}
@test "calibre's reader and library" {
	need ebook-viewer calibre pandoc
	a_book book.epub
	opens "bailey book" ebook-viewer book.epub
	opens "calibre" calibre
}
@test "celluloid, totem" {
	need celluloid totem ffmpeg
	a_film film.mp4
	opens film celluloid film.mp4
	opens film totem film.mp4
}
@test "rhythmbox" {
	need rhythmbox
	opens Rhythmbox rhythmbox
}
@test "shotwell" {
	need shotwell
	opens Shotwell shotwell
}
@test "rawtherapee" {
	need rawtherapee
	opens RawTherapee rawtherapee
}
@test "krita" {
	need krita convert
	convert -size 40x30 xc:red PNG24:red.png
	opens red.png krita --nosplash red.png
}
@test "kdenlive" {
	need kdenlive
	session_bus
	opens Kdenlive kdenlive
}
@test "obs" {
	need obs
	opens OBS obs
}
@test "scribus" {
	need scribus
	opens Scribus scribus -ns
}
@test "blender" {
	need blender
	opens Blender blender --factory-startup -noaudio
}
@test "handbrake" {
	need ghb
	opens HandBrake ghb
}
@test "freecad" {
	need freecad
	opens FreeCAD freecad
}
@test "emacs" {
	need emacs
	echo one > one.txt
	opens one.txt emacs one.txt
}
@test "filezilla" {
	need filezilla
	opens FileZilla filezilla
}
@test "evolution" {
	need evolution
	session_bus "org.gnome.evolution.dataserver.*"
	opens Evolution evolution
}
@test "gajim" {
	need gajim
	opens Gajim gajim
}
@test "telegram" {
	need telegram-desktop
	opens Telegram telegram-desktop
}
@test "supertuxkart" {
	need supertuxkart
	opens SuperTuxKart supertuxkart --windowed --screensize=640x480
}
@test "minetest" {
	need minetest
	opens Minetest minetest
}
@test "xboard" {
	need xboard
	opens xboard xboard -ncp
}
@test "wine" {
	need wine
	opens "Wine configuration" wine winecfg
}
