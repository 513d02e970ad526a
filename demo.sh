#!/usr/bin/env bash
# Shows the life of a session, from login to logout, on a control plane of its own, with the real release binary. Needs
# the Rust toolchain and a C compiler, and no browser: it approves its logins itself. Everything happens on loopback and
# in a temporary directory; exit 0 means that every step came out as it should.
set -euo pipefail
cd "$(dirname "$0")"

if [ "${1-}" = --help ]; then
    sed -n '2,4s/^# //p' "$0"
    exit 0
fi

echo "Building plexctl and its control plane: a minute or two the first time, seconds afterwards ..."
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
cargo build --quiet --locked --example control_plane --features control-plane
# By itself and last, so that it has nothing of the feature.
cargo build --quiet --locked --release --bin plexctl
PATH="$target/release:$target/debug/examples:$PATH"

directory=$(mktemp -d)
processes=()
finish() {
    for process in "${processes[@]}"; do
        kill "$process" 2>/dev/null && wait "$process" || true
    done
    rm -rf "$directory"
}
trap finish EXIT

say() { printf '\n== %s\n' "$*"; }

fail() {
    echo "demo: $*" >&2
    exit 1
}

# Starts a control plane that writes a config file for the profiles it minted tokens for.
serve() {
    local config=$1
    shift
    control_plane serve --port 0 --config "$config" --quiet "$@" &
    processes+=($!)
    for _ in $(seq 100); do
        if grep -q '^token' "$config" 2>/dev/null; then return; fi
        sleep 0.05
    done
    fail "the control plane did not start"
}

# Shows a command, runs it, shows its exit code, and compares that with the expected one.
run() {
    local expected=$1 code=0
    shift
    echo "\$ $*"
    "$@" 2>&1 || code=$?
    echo "[exit $code]"
    [ "$code" -eq "$expected" ] || fail "expected exit $expected"
}

# Shows a config file with the secrets left out.
show() {
    echo "\$ cat $(basename "$1")"
    sed 's/\(psk_[a-z]*_[a-z2-7]*_\)[^"]*/\1.../' "$1"
}

token_of() { sed -n "/^\[profiles.\"\{0,1\}$1\"\{0,1\}\]/,/^token/s/^token = \"\(.*\)\"/\1/p" "$2"; }
port_of() { sed -n 's|^server = "http://127.0.0.1:\([0-9]*\)"|\1|p' "$1" | head -n 1; }

# Asks the control plane whether it still accepts a token.
check() {
    local expected=$1 what=$2 token=$3 port=$4 code=0
    echo "\$ control_plane check < token-of-$what"
    control_plane check --port "$port" <<<"$token" | sed -n -e 1p -e '$p' || code=$?
    echo "[exit $code]"
    [ "$code" -eq "$expected" ] || fail "expected exit $expected"
}

# Logs in, and approves that through the form of the page, by the code that the login shows.
login() {
    local said=$directory/said shown code=0
    echo "\$ plexctl login $* &"
    plexctl login "$@" >"$said" 2>&1 &
    processes+=($!)
    for _ in $(seq 100); do
        if grep -q '^Waiting' "$said"; then break; fi
        sleep 0.05
    done
    cat "$said"
    shown=$(wc -l <"$said")
    run 0 control_plane approve --port "$port" "$(sed -n 's/^Check that it shows this code: //p' "$said")"
    wait $! || code=$?
    echo "\$ wait"
    tail -n "+$((shown + 1))" "$said"
    echo "[exit $code]"
    [ "$code" -eq 0 ] || fail "expected exit 0"
}

config=$directory/config.toml
export PLEXCTL_CONFIG=$config
unset PLEXSPHERE_TOKEN PLEXSPHERE_URL
ids=(--domain-id 0192f0c1-d0d0-7000-8000-000000000001 --idp-binding-id 0192f0c1-b1b1-7000-8000-000000000001)

say "A session begins"
serve "$directory/control-plane.toml" --interval 1
port=$(port_of "$directory/control-plane.toml")
login --server "http://127.0.0.1:$port" "${ids[@]}"
show "$config"
first=$(token_of default "$config")
check 0 default "$first" "$port"

say "Who is that, and what is stored?"
run 0 plexctl whoami
run 0 plexctl profiles

say "Another program uses the session: curl, which never shows the token in an argument"
# The shell that exec runs expands these, and not this one.
# shellcheck disable=SC2016
ask='printf "header = \"Authorization: Bearer %s\"" "$PLEXSPHERE_TOKEN" | curl -fsS --config - "$PLEXSPHERE_URL/v1/auth/whoami"; echo'
run 0 plexctl exec -- sh -c "$ask"
run 0 plexctl identity-tokens list

say "A second login remembers the domain and the binding, and ends the first session"
login
show "$config"
second=$(token_of default "$config")
check 1 the-first-login "$first" "$port"
check 0 the-second-login "$second" "$port"

say "The session ends, told as JSON"
run 0 plexctl logout --output json
show "$config"
check 1 the-second-login "$second" "$port"

say "There is no session left"
run 0 plexctl logout
run 2 plexctl whoami

say "A session expires: \`plexctl login\` alone begins the next one"
serve "$directory/expiring.toml" --interval 1 --token-lifetime 8
port=$(port_of "$directory/expiring.toml")
login --server "http://127.0.0.1:$port" "${ids[@]}"
sleep 9
run 4 plexctl whoami
run 22 plexctl exec -- sh -c "$(sed 's/; echo$//' <<<"$ask")"
login
run 0 plexctl exec -- sh -c "$ask"
run 0 plexctl logout

for answer in 503:1 403:4; do
    status=${answer%:*}
    say "A server that answers $status: the session is kept"
    serve "$directory/$status.toml" --answer "$status"
    export PLEXCTL_CONFIG=$directory/$status.toml
    cp "$PLEXCTL_CONFIG" "$directory/before"
    run "${answer#*:}" plexctl logout
    cmp "$directory/before" "$PLEXCTL_CONFIG" || fail "the config file changed"
    check 0 default "$(token_of default "$PLEXCTL_CONFIG")" "$(port_of "$PLEXCTL_CONFIG")"
done

say "Every step came out as it should."
