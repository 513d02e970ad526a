    or begin
        set -e cmd[-1]
        argparse -s (__fish_plexctl_global_optspecs) -- $cmd 2>/dev/null
    end
    or return
