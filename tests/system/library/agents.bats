#!/usr/bin/env bats
# Coding agents as their makers publish them (npm install -g @anthropic-ai/claude-code @openai/codex @google/gemini-cli), without an
# account: they start, say that they have none, and what the model has them do stays in the project.
load ../lib
load ../programs

prepare() {
	home_with_secret
	mkdir project
	cd project || return 1
	unset ANTHROPIC_API_KEY OPENAI_API_KEY GEMINI_API_KEY GOOGLE_API_KEY
}

@test "claude starts, and has no account" {
	need claude
	works claude --version
	has "$output" "Claude Code"
	gives 1 timeout 60 "$BAILEY" run claude -p words
	has "$output" "/login"
	[ ! -e ~/.claude.json ]
	[ ! -e ~/.claude ]
}
@test "what a model has claude do stays in the project" {
	need claude python3
	python3 "$INPUTS/model.py" 'echo made > made; cat ~/.ssh/id_test; ls -A ~; ls -A ~/.ssh; echo "end $((6 * 7))"' > "$WORK/model" 3>&- &
	end_later $!
	eventually 5 test -s "$WORK/model"
	export ANTHROPIC_API_KEY=none ANTHROPIC_BASE_URL
	ANTHROPIC_BASE_URL=http://127.0.0.1:$(head -n 1 "$WORK/model")
	works --with localhost claude -p words --dangerously-skip-permissions
	has "$output" "bailey words"
	has "$(cat "$WORK/model")" "end 42" "No such file"
	lacks "$(cat "$WORK/model")" "the secret key" Downloads
	is "$(cat made)" made
	# Without the sandbox the same command gets the key.
	gives 0 timeout 90 claude -p words --dangerously-skip-permissions
	has "$(cat "$WORK/model")" "the secret key"
	rm -rf ~/.claude ~/.claude.json
}
@test "codex starts, and has no account" {
	need codex
	works codex --version
	has "$output" codex
	gives 1 timeout 60 "$BAILEY" run codex login status
	has "$output" "Not logged in"
	[ ! -e ~/.codex ]
}
@test "gemini starts, and has no account" {
	need gemini
	works gemini --version
	run timeout 60 "$BAILEY" run gemini -p words
	echo "$output"
	[ "$status" -ne 0 ]
	has "$output" "GEMINI_API_KEY"
	[ ! -e ~/.gemini ]
}
