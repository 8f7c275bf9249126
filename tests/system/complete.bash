# What bash offers for a line, cursor at its end: the words that completion puts in place of the last piece, one a line.
# Usage: bash complete.bash LINE PIECE...    the pieces are the line as readline splits it (also at = and :)
set -u
# shellcheck source=/dev/null
source "${0%/tests/*}/completions/bailey.bash"
COMP_LINE=$1
COMP_POINT=${#1}
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
compopt() { :; } # only inside of readline
_bailey
printf '%s\n' "${COMPREPLY[@]}"
