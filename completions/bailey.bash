# bash completion for bailey(1). bailey itself says what can come next; see src/cli/schema.h for the lines.
# It is always the one on PATH that is asked: a key press must not run ./bailey of some directory.

_bailey()
{
	local rest=${COMP_LINE:0:COMP_POINT} words=() places=() word trimmed i
	COMPREPLY=()

	# Bash splits words at = and : as well; put --set=network.mode=host together again.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		trimmed=${rest#"${rest%%[![:space:]]*}"}
		if ((i == COMP_CWORD)) && [[ $trimmed != "$word"* ]]; then
			word=$trimmed
		fi
		if ((i > 0)) && [[ $trimmed == "$rest" ]]; then
			words[${#words[@]} - 1]+=$word
		else
			words+=("$word")
			places+=("$i")
		fi
		rest=${trimmed#"$word"}
	done

	local cur=${words[${#words[@]} - 1]} tail cut
	tail=$cur
	# What stands before the last of these is not replaced.
	[[ $COMP_WORDBREAKS != *=* ]] || tail=${tail##*=}
	[[ $COMP_WORDBREAKS != *:* ]] || tail=${tail##*:}
	cut=${cur%"$tail"}

	local line before
	while IFS= read -r line; do
		before=${line#*$'\t'}
		case $line in
		:files*) _bailey_paths -f "$before" ;;
		:directories*) _bailey_paths -d "$before" ;;
		:commands) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -c -- "$cur" | sort -u) ;;
		:delegate*) _bailey_delegate "${places[before + 1]}" ;;
		*)
			line=${line%%$'\t'*}
			[[ $line != *= ]] || compopt -o nospace 2> /dev/null
			COMPREPLY+=("${line#"$cut"}")
			;;
		esac
	done < <(command bailey schema --words complete -- "${words[@]:1}" 2> /dev/null)
}

# Uses cur and cut of _bailey.
_bailey_paths()
{
	local path
	compopt -o filenames 2> /dev/null
	while IFS= read -r path; do
		path=$2$path
		COMPREPLY+=("${path#"$cut"}")
	done < <(compgen "$1" -- "${cur#"$2"}")
}

# The rest of the line is another program's, which begins at this word.
_bailey_delegate()
{
	if declare -F _comp_command_offset > /dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset > /dev/null; then
		_command_offset "$1"
	else
		_bailey_paths -f ''
	fi
}

complete -F _bailey bailey
