# Succeeds if the words before the cursor, without their options, are exactly these.
function __fish_plexctl_at
    set -l expected $argv
    set -l words (commandline -opc)
    set -e words[1]
    argparse (__fish_plexctl_global_optspecs) -- $words 2>/dev/null
    and test "$argv" = "$expected"
end

# Succeeds behind `exec --`.
function __fish_plexctl_runs_command
    set -l words (commandline -opc)
    contains -- -- $words
    and __fish_plexctl_using_subcommand exec
end

# Completes what stands behind `exec --` as a command line of its own.
function __fish_plexctl_complete_command
    set -l words (commandline -opc)
    set -l dashes (contains -i -- -- $words)
    set -l command (string escape -- $words[(math $dashes + 1)..])
    complete -C "$command "(commandline -ct)
end

# Prints the names of the stored profiles.
function __fish_plexctl_profiles
    for name in (command plexctl profiles --output json 2>/dev/null </dev/null | string replace -rf '^ *"name": "(.*)",$' '$1')
        # `%b` reads the escapes of JSON. fish takes a tab for the end of a name, and so cannot complete one with it.
        set name (printf '%b' $name | string collect)
        string match -qr '[[:cntrl:]]' -- $name
        or printf '%s\n' $name
    end
end

# Without files, but where an option takes one.
complete -c plexctl -f
complete -c plexctl -n __fish_plexctl_runs_command -a "(__fish_plexctl_complete_command)"
