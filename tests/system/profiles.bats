#!/usr/bin/env bats
# What holds for every shipped profile.
load lib

prepare() {
	need userns
	mkdir -p ~/.ssh ~/Downloads
	echo "the secret key" > ~/.ssh/id_test
}

# The names of all profiles that show the machine's own programs (container is for --root), without the parts that profiles inherit.
all_profiles() {
	local file
	for file in "$TREE"/profiles/*.conf; do
		basename "$file" .conf
	done | grep -vx container
}

# The profiles that grant the current directory.
working_profiles() {
	local name
	for name in $(all_profiles); do
		if grep -q -E 'current_directory *= *"(read_write|if_suitable)"' "$TREE/profiles/$name.conf" && ! grep -q 'name = "here"' "$TREE/profiles/$name.conf"; then
			echo "$name"
		fi
	done
}

@test "every profile, part and option is without mistakes" {
	gives 0 "$BAILEY" check --all --strict
	is "$output" "$(find "$TREE/profiles" -name '*.conf' | wc -l) profiles checked: no errors"
}

@test "every program name belongs to one profile" {
	is "$(cat "$TREE"/profiles/*.conf | tr '\n' ' ' | grep -o 'programs *= *\[[^]]*\]' | grep -o '"[^"]*"' | sort | uniq -d)" ""
}

@test "no profile shows the keys in the home, wherever it is started" {
	local name directory
	for directory in "$WORK" "$HOME"; do
		cd "$directory"
		gives 0 cat ~/.ssh/id_test
		for name in $(all_profiles); do
			run "$BAILEY" run -p "$name" sh -c 'echo started; cat ~/.ssh/id_test'
			[[ $output == *started* || ($directory == "$HOME" && $output == *"is not granted as a whole"*) ]] ||
				{ echo "profile $name in $directory" && return 1; }
			lacks "$output" "the secret key" || { echo "profile $name in $directory" && return 1; }
		done
	done
}

@test "no profile shows other programs' data, the session bus or bailey's own files" {
	local name seen file owned=()
	for file in .gnupg/key .mozilla/own .config/mozilla/own .thunderbird/own .config/chromium/own .config/google-chrome/own .config/Signal/own \
		.password-store/own .aws/own .config/bailey/own .local/share/bailey/own .cache/bailey/own; do
		mkdir -p ~/"${file%/*}"
		echo "seen $file" > ~/"$file"
	done
	owned=(firefox:.mozilla/own firefox:.config/mozilla/own thunderbird:.thunderbird/own chromium:.config/chromium/own
		chrome:.config/google-chrome/own signal:.config/Signal/own)
	export XDG_RUNTIME_DIR="$WORK/run"
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$XDG_RUNTIME_DIR/bus"
	cd ~/Downloads
	for name in $(all_profiles); do
		run "$BAILEY" run -p "$name" sh -c 'echo started; cd '"$HOME"' && for f in .gnupg/key .mozilla/own .config/mozilla/own .thunderbird/own .config/chromium/own \
			.config/google-chrome/own .config/Signal/own .password-store/own .aws/own .config/bailey/own .local/share/bailey/own .cache/bailey/own; do
			cat "$f" 2> /dev/null; done; test "$(stat -c %d:%i '"$XDG_RUNTIME_DIR/bus"')" != '"$(stat -c %d:%i "$XDG_RUNTIME_DIR/bus")"' || echo "seen bus"'
		has "$output" started || { echo "profile $name" && return 1; }
		while read -r _ seen; do
			[[ " ${owned[*]} " == *" $name:$seen "* ]] || { echo "profile $name shows $seen" && return 1; }
		done < <(grep '^seen ' <<< "$output")
	done
	rm -rf ~/.gnupg ~/.mozilla ~/.config ~/.thunderbird ~/.password-store ~/.aws ~/.local/share/bailey ~/.cache
}

@test "no profile hides less because the home is the current directory" {
	local name before file
	echo "machine x login y password z" > ~/.netrc
	mkdir -p ~/.mozilla ~/.aws
	echo biscuits > ~/.mozilla/cookies
	echo token > ~/.aws/credentials
	for file in .config/falkon/own .config/filezilla/own .config/hexchat/own .config/obs-studio/own .config/weechat/own .irssi/own .claws-mail/own \
		.local/share/gajim/own .local/share/dino/own .local/share/lftp/own; do
		mkdir -p ~/"${file%/*}"
		echo "account $file" > ~/"$file"
	done
	echo "# start-up" > ~/.bashrc
	before=$(cat ~/.bashrc)
	cd ~
	for name in $(working_profiles); do
		run "$BAILEY" run -p "$name" --rw "$HOME" sh -c 'echo started; cat ~/.netrc ~/.mozilla/cookies ~/.aws/credentials
			cat ~/.*/own ~/.config/*/own ~/.local/share/*/own
			echo "echo caught" >> ~/.bashrc; mkdir -p ~/.config/autostart && echo x > ~/.config/autostart/x.desktop'
		has "$output" started || { echo "profile $name" && return 1; }
		# Its own account.
		output=${output//account .local\/share\/$name\/own/}
		lacks "$output" password biscuits token "account " || { echo "profile $name" && return 1; }
		is "$(cat ~/.bashrc)" "$before" || { echo "profile $name" && return 1; }
		[ ! -e ~/.config/autostart/x.desktop ] || { echo "profile $name: autostart" && return 1; }
	done
	rm -rf ~/.netrc ~/.mozilla ~/.aws ~/.bashrc ~/.config ~/.irssi ~/.claws-mail ~/.local
}

@test "profiles that say 'no network' have none" {
	local name
	for name in $(grep -l '^description.*no network' "$TREE"/profiles/*.conf | grep -v '/container.conf$'); do
		name=$(basename "$name" .conf)
		gives 0 "$BAILEY" run -p "$name" sh -c 'tail -n +3 /proc/net/dev | tr -d " " | cut -d: -f1'
		is "$output" lo || { echo "profile $name" && return 1; }
	done
}

@test "every option of every profile can be switched on" {
	local name option parts=" "
	for name in $(all_profiles); do
		for option in $("$BAILEY" schema --words "options:$name" | cut -f 1); do
			# One that comes from a part is the same in each profile that inherits it.
			grep -q "name = \"$option\"" "$TREE/profiles/$name.conf" || {
				[[ $parts != *" $option "* ]] || continue
				parts+="$option "
			}
			gives 0 "$BAILEY" run -p "$name" --with "$option" true || { echo "$name --with $option" && return 1; }
		done
	done
	rm -rf ~/.claude ~/.codex ~/.gemini ~/.pki
}
