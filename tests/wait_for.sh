# Sourced by scripts that start a server.

# wait_for PATTERN FILE: waits until a line of the file matches, and fails with its contents after a minute.
wait_for() {
    for _ in $(seq 600); do
        if grep -q "$1" "$2" 2>/dev/null; then return; fi
        sleep 0.1
    done
    cat "$2" >&2
    return 1
}
