#!/usr/bin/env bats
# Shipped profiles of programs with windows: the window is there, with what the program was started with in its title, and goes with
# the sandbox.  There is no session bus and no XDG_RUNTIME_DIR.
load lib
load display
load programs

prepare() {
	PATH=$PATH:/usr/sbin:/usr/games
	need userns
	mkdir -p ~/.ssh ~/Downloads ~/Pictures ~/Documents
	display
}

@test "zathura, xpdf show a document" {
	need zathura xpdf gs
	gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=page.pdf "$INPUTS/page.ps"
	opens page.pdf zathura page.pdf
	opens page.pdf xpdf page.pdf
}
@test "feh and geeqie show a picture" {
	need feh geeqie convert
	convert -size 200x100 xc:blue blue.png
	opens blue.png feh blue.png
	opens blue.png geeqie blue.png
}
@test "geany, mousepad, meld" {
	need geany mousepad meld
	echo one > one.txt
	echo two > two.txt
	opens one.txt geany one.txt
	opens one.txt mousepad one.txt
	opens Meld meld one.txt two.txt
}
@test "gnumeric and abiword" {
	need gnumeric abiword
	echo 1,2 > t.csv
	echo words > t.txt
	opens t.csv gnumeric t.csv
	opens t.txt abiword t.txt
}
@test "xterm works in a home of its own" {
	need xterm
	"$BAILEY" run xterm -T "bailey words" -e sh -c 'ls -A ~ > seen; sleep 60' > log 2>&1 3>&- &
	end_later $!
	eventually 20 has_window "bailey words"
	eventually 5 test -e seen
	lacks "$(cat seen)" Downloads .ssh
}
@test "keepassxc" {
	need keepassxc
	opens KeePassXC keepassxc
}
@test "hexchat and pidgin" {
	need hexchat pidgin
	opens HexChat hexchat
	opens "Buddy List" pidgin
}
@test "claws-mail" {
	need claws-mail
	opens "Claws Mail" claws-mail
}
@test "audacious" {
	need audacious
	opens Audacious audacious
}
@test "qbittorrent" {
	need qbittorrent
	opens qBittorrent qbittorrent
}
@test "darktable" {
	need darktable
	opens darktable darktable --library :memory:
}
@test "dino" {
	need dino-im
	opens Dino dino-im
}
@test "mupdf shows a document" {
	need mupdf gs
	gs -q -dBATCH -dNOPAUSE -sDEVICE=pdfwrite -sOutputFile=page.pdf "$INPUTS/page.ps"
	opens page.pdf mupdf page.pdf
}
@test "audacity" {
	need audacity
	opens Audacity audacity
}
