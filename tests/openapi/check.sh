#!/usr/bin/env bash
# Checks the control plane and plexctl against the OpenAPI document of the plexsphere API: a generated client calls every
# operation of the control plane, and a validating proxy between plexctl and the control plane finds nothing wrong.
# Downloads the generator (Python) and the proxy (Node.js), and prints SKIPPED if it cannot.
set -euo pipefail
cd "$(dirname "$0")/../.."
openapi=$PWD/tests/openapi
scratch=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$scratch"' EXIT

cargo build --quiet --locked --features control-plane --bin plexctl --example control_plane
built=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug
control_plane=$built/examples/control_plane

source tests/wait_for.sh

"$control_plane" serve --port 0 --interval 1 --binding google --binding dex --quiet >"$scratch/served.toml" &
wait_for '^token = ' "$scratch/served.toml"
server=$(sed -n 's/^server = "\(.*\)"/\1/p' "$scratch/served.toml")
port=${server##*:}

# The client is generated without checks of its source: nothing but this script uses it.
if python3 -m venv "$scratch/python" && "$scratch/python/bin/pip" install --quiet --disable-pip-version-check \
    openapi-python-client==0.29.1; then
    "$scratch/python/bin/openapi-python-client" generate --path "$openapi/openapi-auth.yaml" --meta none \
        --config <(echo 'post_hooks: []') --output-path "$scratch/client/generated"
    PYTHONPATH=$scratch/client "$scratch/python/bin/python" "$openapi/client.py" "$server" "$port" "$control_plane"
    echo "The generated client accepts every response."
    has_client=true
else
    echo "SKIPPED: the generated client (openapi-python-client cannot be installed here)"
    has_client=false
fi

if ! npm install --silent --no-audit --no-fund --prefix "$scratch/node" @stoplight/prism-cli@5.14.2; then
    echo "SKIPPED: the validating proxy (@stoplight/prism-cli cannot be installed here)"
    exit
fi
# A port that was free a moment ago: the proxy takes none by itself.
proxy_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
proxy=http://127.0.0.1:$proxy_port
"$scratch/node/node_modules/.bin/prism" proxy "$openapi/openapi-auth.yaml" "$server" --errors --port "$proxy_port" \
    >"$scratch/proxy.log" 2>&1 &
wait_for 'Prism is listening' "$scratch/proxy.log"

if "$has_client"; then
    PYTHONPATH=$scratch/client "$scratch/python/bin/python" "$openapi/client.py" "$proxy" "$port" "$control_plane" \
        >/dev/null
fi

export PLEXCTL_CONFIG=$scratch/config.toml
domain=0192f0c1-d0d0-7000-8000-000000000001

# run EXIT_CODE ARGUMENT...: runs plexctl and checks its exit code.
run() {
    local expected=$1 code=0
    shift
    "$built/plexctl" "$@" >"$scratch/out" 2>&1 || code=$?
    if [ "$code" -ne "$expected" ]; then
        echo "plexctl $*: exit code $code instead of $expected" >&2
        cat "$scratch/out" "$scratch/proxy.log" >&2
        exit 1
    fi
}

run 1 login --server "$proxy" --domain-id "$domain" --idp-binding-id "$domain"
"$built/plexctl" login --output json --server "$proxy" --domain-id "$domain" \
    --idp-binding-id 0192f0c1-b1b1-7000-8000-000000000001 2>"$scratch/login" >/dev/null &
login=$!
wait_for '"status":"pending"' "$scratch/login"
"$control_plane" approve --port "$port" "$(sed -n 's/.*"user_code":"\([^"]*\)".*/\1/p' "$scratch/login")"
wait "$login"
run 0 whoami
token=$(sed -n 's/^token = "\(.*\)"/\1/p' "$PLEXCTL_CONFIG")
run 0 logout
PLEXSPHERE_TOKEN=$token run 4 whoami --server "$proxy"

# What the proxy objects to is an error or a warning in its log.
if grep -E '✖|⚠' "$scratch/proxy.log"; then
    echo "the proxy found a violation" >&2
    exit 1
fi
echo "The proxy validated $(grep -c 'Received forward response' "$scratch/proxy.log") exchanges without a finding."
