# fish completion for bailey(1). bailey itself says what can come next; see src/cli/schema.h for the lines.
# It is always the one on PATH that is asked: a key press must not run ./bailey of some directory.

function __bailey_complete
    set -l words (commandline -opc)
    set -l cur (commandline -ct)
    for line in (command bailey schema --words complete -- $words[2..-1] "$cur" 2>/dev/null)
        set -l parts (string split -m 1 \t -- $line)
        switch $line
            case ':files*'
                string replace -r '^' -- $parts[2] (__fish_complete_path (string sub -s (math 1 + (string length -- "$parts[2]")) -- "$cur"))
            case ':directories*'
                string replace -r '^' -- $parts[2] (__fish_complete_directories (string sub -s (math 1 + (string length -- "$parts[2]")) -- "$cur") '')
            case ':commands'
                __fish_complete_command
            case ':delegate*'
                __fish_complete_subcommand --commandline $words[(math $parts[2] + 2)..-1] "$cur"
            case '*'
                echo $line
        end
    end
end

complete -c bailey -f -a '(__bailey_complete)'
