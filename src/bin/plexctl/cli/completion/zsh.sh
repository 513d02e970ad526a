
# Completes the name of a stored profile.
_plexctl_profiles() {
    local line
    local -a names
    for line in "${(@f)$(command plexctl profiles --output json 2>/dev/null </dev/null)}"; do
        if [[ $line == *'"name": "'*'",' ]]; then
            line=${${line#*'"name": "'}%'",'}
            # `g` reads the escapes of JSON, but for that of a quote.
            names+=("${(g::)${line//\\\"/\"}}")
        fi
    done
    local expl
    _wanted profiles expl profile compadd -a names
}
