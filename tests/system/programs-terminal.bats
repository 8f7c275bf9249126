#!/usr/bin/env bats
# Shipped profiles with the real programs, as in programs.bats: what is worked by keys on a terminal, and small servers.
load lib
load programs

@test "bash, dash and fish, on a terminal: nothing of them remains" {
	need bash dash fish tmux
	rm -f ~/.bash_history # of another suite, outside
	works bash -c 'echo $((6 * 7)) > ~/made && cat ~/made'
	is "$output" 42
	works dash -c 'echo $((6 * 7)) > ~/made && cat ~/made'
	is "$output" 42
	works fish -c 'math 6 x 7 > ~/made; cat ~/made'
	is "$output" 42
	on_screen bash
	keys 'echo bailey $((6 * 7)); ls -A ~; exit 7' Enter
	soon_shows 20 "bailey gave 7"
	shows "bailey 42"
	[ ! -e ~/made ]
	[ ! -e ~/.bash_history ]
}

@test "tmux and screen: a second window, and nothing of them runs on" {
	need tmux screen
	on_screen tmux -f /dev/null new-session "echo first in; exec sleep 4242.5"
	soon_shows 20 "first in"
	keys C-b c
	soon_shows 20 "1:"
	keys 'cat ~/.ssh/id_test; echo "second $((6 * 7))"' Enter
	soon_shows 20 "second 42"
	lacks "$(on_it)" "the secret key"
	keys C-b d
	soon_shows 20 "bailey gave 0"
	eventually 5 nobody_is 4242.5
	tmux -S "$WORK/screen" kill-server
	on_screen screen sh -c 'echo "screen $((6 * 7))"; sleep 1000'
	soon_shows 20 "screen 42"
}

@test "cmus keeps a list of music" {
	need cmus tmux sox
	sox -n -r 8000 "$WORK/sound.wav" synth 1 sine 440
	# There is no sound card here.
	echo 'pcm.!default { type null }' > ~/.asoundrc
	mkdir -p ~/.config/cmus
	echo 'set output_plugin=alsa' > ~/.config/cmus/autosave
	on_screen cmus
	# Of MPRIS, for which there is no bus.
	soon_shows 20 "Press <enter>"
	keys Enter
	soon_shows 20 Library
	keys ":add $WORK/sound.wav" Enter
	soon_shows 20 sound
	keys ":save" Enter ":quit" Enter
	soon_shows 10 "bailey gave 0"
	has "$(cat ~/.config/cmus/lib.pl)" "$WORK/sound.wav"
	rm -rf ~/.config/cmus ~/.asoundrc
}

@test "irssi speaks with a server" {
	need irssi tmux
	local port
	port=$(free_port)
	cat > server.py << 'END2'
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
peer = listener.accept()[0]
for line in peer.makefile():
    print(line.strip(), file=open("said", "a"), flush=True)
    if line.startswith("CAP LS"):
        peer.sendall(b":words.example.org CAP * LS :\r\n")
    if line.startswith("USER"):
        peer.sendall(b":words.example.org 001 me :bailey greets\r\n")
    if line.startswith("QUIT"):
        break
END2
	python3 server.py "$port" 3>&- &
	end_later $!
	on_screen irssi -n me -c 127.0.0.1 -p "$port"
	soon_shows 20 "bailey greets"
	keys "/join #words" Enter
	eventually 10 grep -q "^JOIN #words" said
	keys "/save" Enter "/quit" Enter
	soon_shows 10 "bailey gave 0"
	[ -s ~/.irssi/config ]
	rm -rf ~/.irssi
}

@test "nethack keeps a game" {
	need nethack tmux
	mkdir -p ~/.local/share/nethack
	touch ~/.local/share/nethack/perm
	on_screen nethack -u Words -p Tourist -r human
	soon_shows 20 "NetHack, Copyright"
	eventually 20 past_questions "Dlvl:1"
	eventually 20 past_more
	keys S
	soon_shows 10 "Really save?"
	keys y
	soon_shows 10 "bailey gave 0"
	ls ~/.local/share/nethack/save/*Words*
	rm -rf ~/.local/share/nethack
}
# past_questions TEXT: answers what is asked until that is there.
past_questions() {
	shows "$1" || {
		keys Enter
		sleep 0.2
		shows "$1"
	}
}
past_more() {
	! shows "--More--" || {
		keys Enter
		sleep 0.2
		! shows "--More--"
	}
}

@test "fortune and cowsay" {
	need fortune cowsay
	works cowsay bailey words
	has "$output" "< bailey words >"
	works fortune
	[ -n "$output" ]
}

@test "mplayer plays a film" {
	need mplayer ffmpeg
	ffmpeg -y -v error -f lavfi -i testsrc=duration=1:size=160x120 -f lavfi -i sine=duration=1 film.mp4
	works mplayer -noconsolecontrols -vo null -ao null -benchmark film.mp4
	has "$output" "160x120" "Exiting... (End of file)"
	# The current directory is for reading.
	run "$BAILEY" run mplayer -noconsolecontrols -vo png -ao null -frames 2 film.mp4
	[ ! -e 00000001.png ]
}

@test "small web servers" {
	need lighttpd webfsd curl
	local port
	mkdir pages
	echo "bailey words" > pages/index.html
	port=$(free_port)
	printf 'server.document-root = "%s/pages"\nserver.port = %s\nserver.bind = "127.0.0.1"\nindex-file.names = ( "index.html" )\n' "$WORK" "$port" > conf
	"$BAILEY" run lighttpd -D -f "$WORK/conf" > server.log 2>&1 3>&- &
	end_later $!
	eventually 10 curl -sSf -o page "http://127.0.0.1:$port/" || { cat server.log && return 1; }
	is "$(cat page)" "bailey words"
	port=$(free_port)
	"$BAILEY" run webfsd -F -i 127.0.0.1 -p "$port" -r "$WORK/pages" -f index.html > second.log 2>&1 3>&- &
	end_later $!
	eventually 10 curl -sSf -o second "http://127.0.0.1:$port/" || { cat second.log && return 1; }
	is "$(cat second)" "bailey words"
}

@test "gnuchess answers a move" {
	need gnuchess
	printf 'depth 1\ne2e4\nexit\n' > moves
	works gnuchess < moves
	has "$output" "My move is"
}

@test "npm installs what lies here, whose script sees no keys" {
	need npm
	mkdir -p words
	echo '{ "name": "words", "version": "1.0.0", "bin": "words.js", "scripts": { "postinstall": "ls -A ~ > seen; cat ~/.ssh/id_test >> seen || true" } }' > words/package.json
	printf '#!/usr/bin/env node\nconsole.log(6 * 7);\n' > words/words.js
	works --with offline npm install --no-audit --no-fund --install-links ./words
	gives 0 node node_modules/words/words.js
	is "$output" 42
	lacks "$(cat node_modules/words/seen)" "the secret key" Downloads
}
