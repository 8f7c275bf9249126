#!/bin/sh
# Installs what a task needs and is not there yet; says what it would need when it cannot install it.
#
#   tests/deps.sh [--list] TASK...     TASK: build check lint bench fuzz vm programs library screenshots
#
# `programs` are the real programs that the shipped profiles are tried with, and `library` the large ones of them (some 6 GB), for
# `make check-programs`; their tests are skipped when one is absent, so a failure to install them is told but is no error.
set -eu

list=no
[ "${1:-}" != --list ] || {
	list=yes
	shift
}
[ $# -gt 0 ] || {
	echo "usage: tests/deps.sh [--list] build|check|lint|bench|fuzz|vm|programs|library|screenshots..." >&2
	exit 2
}

if command -v apt-get > /dev/null; then
	system=debian
elif command -v dnf > /dev/null; then
	system=fedora
elif command -v pacman > /dev/null; then
	system=arch
else
	system=other
fi

# packages TASK: names as this system has them.
packages() {
	case $system/$1 in
	debian/build) echo gcc make pkg-config libc6-dev libconfig-dev libseccomp-dev libcap-dev libsystemd-dev libarchive-dev libnl-3-dev libnl-route-3-dev ;;
	debian/check)
		echo bash zsh fish bats python3 expect tmux less vim htop mandoc procps util-linux passwd iproute2 busybox-static mmdebstrap uidmap passt nftables openssl \
			dbus-daemon dbus-bin xdg-dbus-proxy gzip bzip2 xz-utils zstd
		[ "$(dpkg --print-architecture)" != amd64 ] || echo gcc-multilib
		;;
	debian/lint) echo clang-format clang-tidy cppcheck shellcheck mandoc ;;
	debian/bench) echo bubblewrap firejail firejail-profiles python3 passwd util-linux ;;
	debian/fuzz) echo clang libclang-rt-dev ;;
	debian/screenshots) echo xvfb xauth xterm xdotool imagemagick evince ghostscript fonts-dejavu-core util-linux passwd ;;
	debian/vm) echo qemu-system-x86 mmdebstrap e2fsprogs busybox-static uidmap util-linux ;;
	debian/programs)
		echo firefox-esr chromium libreoffice-writer evince mpv vlc-bin vlc-plugin-base gimp inkscape thunderbird \
			transmission-cli curl wget git python3 nodejs gcc make tar unzip zip p7zip-full xz-utils ffmpeg imagemagick \
			pandoc ghostscript poppler-utils xvfb x11-utils xauth xdotool xinput xserver-xephyr xwayland weston socat xdg-desktop-portal \
			desktop-file-utils libglib2.0-bin libgtk-3-bin xdg-utils shared-mime-info libnotify-bin python3-gi \
			gnome-calculator gnome-characters audacity apparmor \
			lynx w3m links2 newsboat neomutt weechat-headless flac lame mediainfo sox libsox-fmt-all yt-dlp aria2 lftp rsync qpdf \
			tesseract-ocr libimage-exiftool-perl optipng jpegoptim graphviz gnuplot-nox perl ruby php-cli lua5.4 xsltproc \
			sqlite3 gdb cargo golang-go vim gnumeric abiword nginx-light redis-server dnsmasq-base darktable keepassxc \
			zathura zathura-pdf-poppler xpdf feh geeqie geany mousepad meld xterm hexchat pidgin claws-mail audacious \
			qbittorrent dino-im \
			screen cmus irssi nethack-console fortune-mod fortunes-min cowsay mplayer lighttpd webfs gnuchess mupdf
		;;
	debian/library)
		echo rawtherapee emacs-gtk default-jdk-headless openscad freecad binwalk handbrake handbrake-cli calibre pandoc krita scribus blender \
			wine wine64 minetest minetest-server ffmpeg imagemagick ghostscript epiphany-browser falkon qutebrowser okular atril foliate \
			celluloid totem gstreamer1.0-plugins-good gstreamer1.0-libav rhythmbox shotwell kdenlive obs-studio filezilla evolution gajim \
			telegram-desktop supertuxkart xboard xvfb x11-utils xauth dbus-daemon xdg-dbus-proxy
		;;
	fedora/build) echo gcc make pkgconf-pkg-config glibc-devel libconfig-devel libseccomp-devel libcap-devel systemd-devel libarchive-devel libnl3-devel ;;
	fedora/check) echo bash zsh fish bats python3 expect tmux less vim-enhanced htop mandoc procps-ng util-linux shadow-utils iproute passt nftables openssl dbus-daemon dbus-tools xdg-dbus-proxy gzip bzip2 xz zstd ;;
	fedora/lint) echo clang-tools-extra cppcheck ShellCheck mandoc ;;
	fedora/bench) echo bubblewrap firejail glibc-static python3 ;;
	fedora/fuzz) echo clang compiler-rt ;;
	arch/build) echo gcc make pkgconf libconfig libseccomp libcap systemd-libs libarchive libnl ;;
	arch/check) echo bash zsh fish bats python expect tmux less vim htop mandoc procps-ng util-linux shadow iproute2 passt nftables openssl dbus xdg-dbus-proxy gzip bzip2 xz zstd ;;
	arch/lint) echo clang cppcheck shellcheck mandoc ;;
	arch/bench) echo bubblewrap firejail python ;;
	arch/fuzz) echo clang compiler-rt ;;
	*/programs | */library | */vm | */screenshots) ;; # the virtual machine is one of Debian
	other/build) echo "a C compiler, make, pkg-config, and the development files of libconfig, libseccomp, libcap, libarchive, libnl and (where systemd runs) libsystemd" ;;
	other/check) echo "bash, zsh, fish, bats, python3, expect, tmux, less, mandoc, procps, util-linux, iproute2, gzip, bzip2, xz, zstd" ;;
	other/lint) echo "clang-format, clang-tidy, cppcheck, shellcheck, mandoc" ;;
	other/bench) echo "bubblewrap, firejail, python3, a static libc" ;;
	other/fuzz) echo "clang with its compiler-rt" ;;
	*)
		echo "tests/deps.sh: $1 is none of build check lint bench fuzz vm programs library screenshots" >&2
		exit 2
		;;
	esac
}

absent() {
	case $system in
	debian)
		for package in "$@"; do
			dpkg-query -W -f '${db:Status-Status}\n' "$package" 2> /dev/null | grep -qx installed || echo "$package"
		done
		;;
	fedora)
		for package in "$@"; do
			rpm -q --whatprovides "$package" > /dev/null 2>&1 || echo "$package"
		done
		;;
	arch)
		for package in "$@"; do
			pacman -Qq "$package" > /dev/null 2>&1 || echo "$package"
		done
		;;
	esac
}

# As root directly, else through sudo when that works without a question or there is a terminal to answer on.
privileged() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo > /dev/null && { sudo -n true 2> /dev/null || [ -t 0 ]; }; then
		sudo "$@"
	else
		return 77
	fi
}

install() {
	case $system in
	debian)
		# The lists of a fresh machine are empty or old; a failed update still lets what is in a cache be installed.
		[ -n "${BAILEY_APT_UPDATED:-}" ] || privileged apt-get update -q > /dev/null || return
		privileged env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" > "$log" 2>&1
		;;
	fedora) privileged dnf install -y "$@" > "$log" 2>&1 ;;
	arch) privileged pacman -S --needed --noconfirm "$@" > "$log" 2>&1 ;;
	esac
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
for task in "$@"; do
	# shellcheck disable=SC2046 # lists of words
	if [ $list = yes ]; then
		packages "$task"
		continue
	elif [ "$system" = other ]; then
		[ "$task" = programs ] || [ "$task" = library ] || echo "tests/deps.sh: this system's packages are not known here; $task needs $(packages "$task")" >&2
		continue
	else
		missing=$(absent $(packages "$task"))
	fi
	[ -n "$missing" ] || continue
	missing=$(echo "$missing" | tr '\n' ' ')
	echo "installing for $task: $missing"
	result=0
	# shellcheck disable=SC2086 # a list of words
	install $missing || result=$?
	[ $result -ne 0 ] || continue
	tail -n 20 "$log" >&2
	if [ $result -eq 77 ]; then
		echo "tests/deps.sh: $task needs these packages, and only root (or sudo) can install them: $missing" >&2
	else
		echo "tests/deps.sh: these packages for $task could not be installed: $missing" >&2
	fi
	[ "$task" = programs ] || [ "$task" = library ] || status=1
done
exit $status
