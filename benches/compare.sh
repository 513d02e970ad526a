#!/usr/bin/env bash
# Compares whole processes side by side; see usage below.
set -euo pipefail

usage() {
    cat <<'USAGE'
usage: benches/compare.sh [--rounds N] [--also PLEXCTL] [--chart FILE.svg]

Compares `plexctl logout` with others that do the same: static programs that do the least that the work can be done
with, a Go client, and curl, which sends the request only and touches no file; and `plexctl whoami` and `plexctl login`
with what they can be measured by. All run in turns, in an order that changes from round to round, over http, over
https, and without a session: against a server on loopback, and against one behind a network that takes 1 and then 10
milliseconds for each way. Prints medians, what is spent around the round trips, ratios with their limits, and what stands
behind them: round trips, instructions, peak memory, system calls, threads, size.

  --rounds N        how often each contestant runs (default 60; the large files run a sixth of that)
  --also PLEXCTL    lets another plexctl binary take part, such as one of an earlier commit
  --chart FILE      draws the ratios, each as a part of its limit

Needs cargo, bash and awk. gcc, go, curl, jq, valgrind, strace and GNU time take part where they are there; what is
missing is said. The delayed network needs root, python3, ip and /dev/net/tun; it consists of two network namespaces.
Nothing but them and loopback sees traffic. Configs lie in memory (/dev/shm) where that is possible: a disk adds the
same time to everybody's fsync and so hides differences; TMPDIR is the second choice. Where it may, the race runs with
real-time priority.
USAGE
}

rounds=60
also=
chart=
while (($# > 0)); do
    case $1 in
        --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
        --also) also=$(realpath "${2:?--also needs a path}"); shift 2 ;;
        --chart) chart=$(realpath "${2:?--chart needs a path}"); shift 2 ;;
        --help | -h) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done

cd "$(dirname "$0")/.."
sources=benches/compare
target=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/plexctl-compare.XXXXXX")
near=plexctl-near-$$
far=plexctl-far-$$
pids=()
stop() {
    ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || true
    for namespace in "$near" "$far"; do
        [[ ! -e /run/netns/$namespace ]] || ip netns del "$namespace" || true
        rm -rf "/etc/netns/$namespace"
    done
    rm -rf "$work"
}
trap stop EXIT
trap "exit 130" INT TERM

missing=()
have() { command -v "$1" >/dev/null || { missing+=("$1: $2"); return 1; }; }

# --- build -----------------------------------------------------------------------------------------------------------

# Everybody is copied into one directory at once: the same bytes run slower in an older page cache.
mkdir "$work/bin"
cargo build --quiet --release --example rig
cp "$target/examples/rig" "$work/rig"
cargo rustc --quiet --release --example floor -- -C target-feature=+crt-static
# By itself and last: built together with the rig, the binary would carry the feature `control-plane`.
cargo build --quiet --release --bin plexctl

tls_floor=$work/bin/tls-floor
nothing=$work/bin/true
plexctl=$work/bin/plexctl
cp "$target/examples/floor" "$tls_floor"
cp -L "$(type -P true)" "$nothing"
cp "$target/plexctl" "$plexctl"
if [[ $also ]]; then
    cp "$also" "$work/bin/also"
    also=$work/bin/also
fi
floor=
if have gcc 'no C floor'; then
    if gcc -O2 -static -o "$work/bin/floor" "$sources/floor.c"; then
        floor=$work/bin/floor
    else
        missing+=('static libc: no C floor')
    fi
fi
client=
if have go 'no Go client'; then
    GO111MODULE=off GOCACHE=$work/go-cache HOME=$work go build -o "$work/bin/client" "$sources/client.go"
    client=$work/bin/client
    rm -rf "$work/go-cache"
fi
curl=
if have curl 'no curl'; then
    curl=$work/bin/curl
    cp -L "$(command -v curl)" "$curl"
fi
jq=
if have jq 'no jq'; then
    jq=$work/bin/jq
    cp -L "$(command -v jq)" "$jq"
fi
real_time=()
if chrt --fifo 10 true 2>/dev/null; then real_time=(chrt --fifo 10); else missing+=('chrt: no real-time priority'); fi

# --- servers and configs ---------------------------------------------------------------------------------------------

# serve AUTHORITY ADDRESS COMMAND… : starts a server behind COMMAND and sets `http` and `https`.
serve() {
    local authority=$1 address=$2
    shift 2
    mkfifo "$authority.urls" "$authority.life"
    "$@" ${real_time[@]+"${real_time[@]}"} "$work/rig" serve "$authority" "$address" \
        <"$authority.life" >"$authority.urls" &
    pids+=($!)
    # Held open for as long as this script runs.
    exec {life}>"$authority.life"
    { read -r http && read -r https; } <"$authority.urls"
}

# A config of N profiles at a server, in toml or json, whose default is the one in the middle; with `none`, no default.
config() {
    local format=$1 count=$2 place=$3 server=$4 default=${5:-}
    awk -v format="$format" -v n="$count" -v server="$server" -v default_="$default" '
        function token(i) { return sprintf("psk_dev_0192f0c1-2345-7abc-8def-%012x_q0w9e8r7t6y5u4i3o2p1a0s9d8f7g6h5", i) }
        BEGIN {
            pointer = default_ == "none" ? "" : "p" int(n / 2)
            if (format == "toml") {
                if (pointer != "") printf "default = \"%s\"\n", pointer
                for (i = 0; i < n; i++) printf "\n[profiles.p%d]\nserver = \"%s\"\ntoken = \"%s\"\n", i, server, token(i)
            } else {
                printf "{\n"
                if (pointer != "") printf "  \"default\": \"%s\",\n", pointer
                printf "  \"profiles\": {"
                for (i = 0; i < n; i++) printf "%s\n    \"p%d\": {\n      \"server\": \"%s\",\n      \"token\": \"%s\"\n    }", \
                    (i ? "," : ""), i, server, token(i)
                printf "\n  }\n}\n"
            }
        }' >"$work/$format-$count-$place${default:+-$default}"
}

request=(-sS -o /dev/null -X DELETE -H 'Authorization: Bearer psk_dev_x')
path=/v1/auth/tokens/0192f0c1-2345-7abc-8def-000000000005
asked=(--domain-id 0192f0c1-2345-7abc-8def-000000000001 --idp-binding-id 0192f0c1-2345-7abc-8def-000000000002)

# contestant NAME PRISTINE-CONFIG cut|kept|grown COMMAND… : one line of a plan. `@` stands for the config that it works on.
contestant() {
    local name=$1 pristine=$2 outcome=$3 config=- field
    shift 3
    if [[ $pristine != - ]]; then
        # Each has a directory of its own, as a config has.
        mkdir -p "$work/home/$name"
        config=$work/home/$name/config
        pristine=$work/$pristine
    fi
    printf '%s\t%s\t%s\t%s' "$name" "$pristine" "$config" "$outcome"
    for field in "$@"; do printf '\t%s' "${field/@/$config}"; done
    printf '\n'
}

# contestants PLACE AUTHORITY : those who talk to the server that `http` and `https` lead to, with PLACE after their names
# and those of the configs that are made here.
contestants() {
    local place=$1 bundle=$2.bundle authority=$2 binary
    # No system trusts the authority of the server, so everybody gets the system's own bundle with it as one more.
    cat ${roots:+"$roots"} "$authority" >"$bundle"
    for format in toml json; do
        config "$format" 10 "http$place" "$http"
        config "$format" 10 "https$place" "$https"
    done
    for binary in plexctl also; do
        [[ ${!binary} ]] || continue
        contestant "$binary-http$place" "toml-10-http$place" cut PLEXCTL_CONFIG=@ "${!binary}" logout
        contestant "$binary-https$place" "toml-10-https$place" cut PLEXCTL_CONFIG=@ SSL_CERT_FILE="$bundle" "${!binary}" logout
    done
    contestant "whoami-https$place" "toml-10-https$place" kept PLEXCTL_CONFIG=@ SSL_CERT_FILE="$bundle" "$plexctl" whoami
    if [[ $floor ]]; then contestant "floor-http$place" "toml-10-http$place" cut "$floor" @; fi
    contestant "tls-floor-https$place" "toml-10-https$place" cut "$tls_floor" @ "$authority"
    if [[ $client ]]; then
        contestant "go-http$place" "json-10-http$place" cut "$client" @
        # Go reads the system's directory of certificates even if a bundle is named, unless it is told another one.
        contestant "go-https$place" "json-10-https$place" cut SSL_CERT_FILE="$bundle" "$client" @
        contestant "go-https-bundle$place" "json-10-https$place" cut SSL_CERT_FILE="$bundle" \
            SSL_CERT_DIR="$work/no-directory" "$client" @
    fi
    if [[ $curl ]]; then
        contestant "curl-http$place" - kept "$curl" "${request[@]}" "$http$path"
        contestant "curl-https$place" - kept SSL_CERT_FILE="$bundle" "$curl" "${request[@]}" "$https$path"
    fi
}

# A login waits a second before its one poll, so fewer rounds have to do.
login() {
    contestant "login-https$1" "toml-10-https$1" grown PLEXCTL_CONFIG=@ SSL_CERT_FILE="$2.bundle" \
        "$plexctl" login --profile new --server "$https" "${asked[@]}"
}

roots=
for candidate in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    [[ -z $roots && -r $candidate ]] && roots=$candidate
done
mkdir "$work/no-directory"

serve "$work/authority.pem" 127.0.0.1
for format in toml json; do
    config "$format" 10 http "$http" none
    config "$format" 100000 http "$http"
done
config toml 1000 http "$http"
{
    contestants '' "$work/authority.pem"
    contestant plexctl-none toml-10-http-none kept PLEXCTL_CONFIG=@ "$plexctl" logout
    if [[ $also ]]; then contestant also-none toml-10-http-none kept PLEXCTL_CONFIG=@ "$also" logout; fi
    contestant profiles-none toml-10-http-none kept PLEXCTL_CONFIG=@ "$plexctl" profiles
    contestant true-none - kept "$nothing"
    if [[ $floor ]]; then contestant floor-none toml-10-http-none kept "$floor" @; fi
    if [[ $client ]]; then contestant go-none json-10-http-none kept "$client" @; fi
} >"$work/plan"
root_count=$(grep -c 'BEGIN CERTIFICATE' "$work/authority.pem.bundle")
{
    login '' "$work/authority.pem"
    contestant plexctl-10 toml-10-http cut PLEXCTL_CONFIG=@ "$plexctl" logout
    contestant plexctl-1000 toml-1000-http cut PLEXCTL_CONFIG=@ "$plexctl" logout
    contestant plexctl-100000 toml-100000-http cut PLEXCTL_CONFIG=@ "$plexctl" logout
    if [[ $also ]]; then
        contestant also-1000 toml-1000-http cut PLEXCTL_CONFIG=@ "$also" logout
        contestant also-100000 toml-100000-http cut PLEXCTL_CONFIG=@ "$also" logout
    fi
    if [[ $floor ]]; then contestant floor-100000 toml-100000-http cut "$floor" @; fi
    if [[ $client ]]; then contestant go-100000 json-100000-http cut "$client" @; fi
    # jq rewrites nothing by itself; the summary needs no more than the time to read, delete and print.
    if [[ $jq ]]; then
        contestant jq-100000 json-100000-http kept "$jq" 'del(.profiles[.default]) | del(.default)' @
    fi
} >"$work/plan-of-scale"

# --- the delayed network ---------------------------------------------------------------------------------------------

# end NAMESPACE DEVICE NUMBER : gives one end of the network its addresses.
end() {
    ip -n "$1" link set lo up && ip -n "$1" addr add "10.77.0.$3/24" dev "$2" &&
        ip -n "$1" addr add "fd77::$3/64" dev "$2" nodad && ip -n "$1" link set "$2" up
}

# network : makes it, with the server at its far end, and sets `http` and `https`. Each step says whether it worked, since
# a shell does not end a function by itself whose result is asked for.
network() {
    ip netns add "$near" && ip netns add "$far" || return
    # Whoever runs in the near one finds these in /etc: a name with an address where packets get lost, and a live one.
    mkdir -p "/etc/netns/$near"
    printf 'fd77::2 plexsphere.test\n10.77.0.2 plexsphere.test\n' >"/etc/netns/$near/hosts"
    printf 'multi on\n' >"/etc/netns/$near/host.conf"
    printf 'hosts: files\n' >"/etc/netns/$near/nsswitch.conf"
    mkfifo "$work/delays" "$work/answers"
    ${real_time[@]+"${real_time[@]}"} python3 "$sources/delay.py" "$near" "$far" "$work/packets" \
        <"$work/delays" >"$work/answers" &
    pids+=($!)
    exec {delays}>"$work/delays" {answers}<"$work/answers"
    read -r <&"$answers" || return
    end "$near" near0 1 && end "$far" far0 2 || return
    serve "$work/far.pem" 10.77.0.2 ip netns exec "$far"
}

has_network=
if [[ $EUID -eq 0 && -c /dev/net/tun ]] && command -v ip python3 >/dev/null && network 2>"$work/stderr"; then
    has_network=yes
    {
        contestants '-net' "$work/far.pem"
        named=https://plexsphere.test:${https##*:}
        config toml 10 dead "$named"
        contestant dead-plexctl toml-10-dead cut PLEXCTL_CONFIG=@ SSL_CERT_FILE="$work/far.pem.bundle" "$plexctl" logout
        if [[ $curl ]]; then
            contestant dead-curl - kept SSL_CERT_FILE="$work/far.pem.bundle" "$curl" "${request[@]}" "$named$path"
        fi
    } >"$work/plan-of-network"
    login '-net' "$work/far.pem" >"$work/plan-of-login"
else
    missing+=("root, python3, ip or /dev/net/tun: no delayed network $(tail -1 "$work/stderr" 2>/dev/null || true)")
fi

# --- race ------------------------------------------------------------------------------------------------------------

printf 'machine: %s, %s cores, %s; configs on %s; %s roots; %s rounds; %s\n' "$(uname -sm)" "$(nproc)" \
    "$(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" "$(stat -f -c %T "$work")" "$root_count" \
    "$rounds" "$(date -u +%F)"
"$plexctl" --version
# How much of the machine others take, in percent: total and idle time of all cores, one second apart.
busy=$({ head -1 /proc/stat; sleep 1; head -1 /proc/stat; } | awk '
    { total = 0; for (i = 2; i <= 9; i++) total += $i; idle = $5 + $6 }
    NR == 1 { first_total = total; first_idle = idle }
    END { printf "%d", 100 - 100 * (idle - first_idle) / (total - first_total) }')
if ((busy > 15)); then
    printf 'BUSY: others take %s%% of the machine; medians of short runs are then the scheduler'"'"'s\n' "$busy"
fi
for absent in ${missing[@]+"${missing[@]}"}; do printf 'MISSING %s\n' "$absent"; done

# race COMMAND… ROUNDS PLAN : runs the contestants behind COMMAND, which itself is not in their time.
race() { "${@:1:$#-2}" ${real_time[@]+"${real_time[@]}"} "$work/rig" race "${@: -2}"; }
few=$(((rounds + 5) / 6))
{
    race env "$rounds" "$work/plan"
    race env "$few" "$work/plan-of-scale"
} >"$work/times"
: >"$work/times-of-network"
if [[ $has_network ]]; then
    for round_trip in 2 20; do
        echo "$((round_trip / 2))" >&"$delays"
        read -r <&"$answers"
        {
            race ip netns exec "$near" "$rounds" "$work/plan-of-network"
            race ip netns exec "$near" "$few" "$work/plan-of-login"
        } | awk -F'\t' -v OFS='\t' -v round_trip="$round_trip" '{ $1 = $1 "-" round_trip; print }' >>"$work/times-of-network"
        {
            printf '\nwhat is spent around the round trips of %s milliseconds over https\n' "$round_trip"
            ip netns exec "$near" ${real_time[@]+"${real_time[@]}"} python3 "$sources/phases.py" \
                "$work/plan-of-network" "$work/packets" "$rounds" {plexctl,also,tls-floor}-https-net
        } >>"$work/phases"
    done
fi

printf '\n%-28s %10s %10s\n' 'milliseconds' median least
awk -F'\t' '{ printf "%-28s %10.2f %10.2f\n", $1, $2, $3 }' "$work/times" "$work/times-of-network"
[[ ! $has_network ]] || cat "$work/phases"

# --- what stands behind it -------------------------------------------------------------------------------------------

# fresh NAME COMMAND… : runs a contestant of the plans once, behind COMMAND, from a fresh config.
fresh() {
    local name=$1 fields
    shift
    mapfile -d $'\t' -t fields < <(awk -F'\t' -v name="$name" '$1 == name' "$work"/plan* | tr -d '\n')
    [[ ${fields[1]} == - ]] || cp "${fields[1]}" "${fields[2]}"
    # Copying leaves the mode of an existing file alone, and the race has created it.
    "$@" env -i "${fields[@]:4}" >/dev/null 2>"$work/stderr"
}

instructions() {
    fresh "$1" valgrind --tool=callgrind --callgrind-out-file=/dev/null --trace-children=yes
    awk '/Collected/ { count = $NF } END { print count }' "$work/stderr"
}

# The first program that is traced is env, up to its execve; what it does for itself is left out.
trace() {
    fresh "$1" strace -f -qq -o "$work/trace"
    awk '{ $1 = "" }
        / execve\(/ { execs++; if (execs == 2) { calls = threads = 0 } }
        / (resumed>|\+\+\+|---)/ { if ($0 ~ /\+\+\+|---/) next; if ($0 ~ /resumed>/) next }
        { calls++ }
        / clone3?\(/ { threads++ }
        END { printf "%d %d\n", calls, threads + 1 }' "$work/trace"
}

memory() { fresh "$1" "$gnu_time" -q -f %M -o "$work/memory"; cat "$work/memory"; }

gnu_time=$(type -P time) || missing+=('GNU time: no peak memory')
with_valgrind=$(have valgrind 'no instruction counts') && with_valgrind=yes || true
with_strace=$(have strace 'no system calls') && with_strace=yes || true

printf '\n%-20s %14s %10s %10s %8s %10s\n' '' instructions 'peak KiB' syscalls threads 'size KiB'
while IFS=$'\t' read -r name _; do
    counted=- peak=- calls=- threads=-
    # Go's scheduler and garbage collector do not count the same twice, and curl is no file of ours.
    if [[ $with_valgrind && $name != go-* && $name != *-100000 ]]; then counted=$(instructions "$name"); fi
    if [[ $gnu_time ]]; then peak=$(memory "$name"); fi
    if [[ $with_strace && $name != *-100000 ]]; then read -r calls threads < <(trace "$name"); fi
    program=$(awk -F'\t' -v name="$name" '$1 == name { for (i = 5; i <= NF; i++) if ($i !~ /=/) { print $i; exit } }' "$work"/plan*)
    size=$(($(stat -L -c %s "$program") / 1024))
    printf '%-20s %14s %10s %10s %8s %10s\n' "$name" "$counted" "$peak" "$calls" "$threads" "$size"
    printf '%s-memory\t%s\n' "$name" "$peak" >>"$work/figures"
done <"$work/times"
cat "$work/times" "$work/times-of-network" >>"$work/figures"

# --- limits ----------------------------------------------------------------------------------------------------------

# By medians, as the limits are meant; the ratio of the least times shows what is left of it without other load.
printf '\n%-52s %8s %8s %8s %8s\n' 'ratio' medians limit aim least
awk -F'\t' -v ratios="$work/ratios" '
    { figure[$1] = $2; least[$1] = $3 }
    function bar(label, value, bar_, aim, of_least) {
        printf "%-52s %8.3f %8.3f %8.3f %8s  %s\n", label, value, bar_, aim, of_least, \
            value <= aim ? "aim met" : value <= bar_ ? "limit met" : "MISSED"
        printf "%s\t%.3f\t%.3f\n", label, value, bar_ >ratios
    }
    function against(ours, other, label, bar_, aim) {
        if (figure[other] > 0) bar(label, figure[ours] / figure[other], bar_, aim, sprintf("%.3f", least[ours] / least[other]))
        else printf "%-52s %8s\n", label, "not run"
    }
    # What 18 ms more for a round trip add, in round trips.
    function round_trips(name, label, expected) {
        if (figure[name "-net-20"] > 0)
            bar("round trips, " label, (figure[name "-net-20"] - figure[name "-net-2"]) / 18, expected + 0.1, expected + 0.03, "")
        else printf "%-52s %8s\n", "round trips, " label, "not run"
    }
    END {
        against("plexctl-https-net-20", "tls-floor-https-net-20", "https, 20 ms, plexctl / static rustls, one root", 1.020, 1.010)
        against("plexctl-https-net-2", "tls-floor-https-net-2", "https, 2 ms, plexctl / static rustls, one root", 1.08, 1.05)
        against("plexctl-https-net-20", "curl-https-net-20", "https, 20 ms, plexctl / curl", 0.88, 0.88)
        against("plexctl-https-net-20", "go-https-net-20", "https, 20 ms, plexctl / Go", 0.88, 0.88)
        against("dead-plexctl-20", "dead-curl-20", "a name with a dead IPv6, 20 ms, plexctl / curl", 1.0, 0.97)
        round_trips("plexctl-http", "http", 2)
        round_trips("plexctl-https", "https", 3)
        round_trips("whoami-https", "whoami, https", 3)
        # The poll has a connection of its own, with a resumed TLS session: two round trips more.
        round_trips("login-https", "login, https, one poll and whoami", 7)
        against("plexctl-http", "floor-http", "http, plexctl / static C", 2.0, 1.5)
        against("plexctl-http", "go-http", "http, plexctl / Go", 0.70, 0.43)
        against("plexctl-http", "curl-http", "http, plexctl / curl", 0.40, 0.17)
        against("plexctl-https", "go-https", "https, plexctl / Go", 0.60, 0.39)
        against("plexctl-https", "curl-https", "https, plexctl / curl", 0.16, 0.085)
        against("profiles-none", "plexctl-none", "profiles / logout without a session", 1.10, 1.0)
        against("plexctl-100000", "jq-100000", "100,000 profiles, plexctl / jq del", 0.75, 0.6)
        small = figure["plexctl-1000"] - figure["plexctl-10"]
        large = figure["plexctl-100000"] - figure["plexctl-10"]
        # Without what a run costs at any size; with it, large files would look better than they are.
        bar("time per profile, 100,000 / 1,000", large / 99990 / (small / 990), 1.4, 1.0, "")
        if (figure["plexctl-1000-memory"] > 0) {
            small = figure["plexctl-1000-memory"] - figure["plexctl-10-memory"]
            large = figure["plexctl-100000-memory"] - figure["plexctl-10-memory"]
            bar("memory per profile, 100,000 / 1,000", large / 99990 / (small / 990), 1.5, 1.2, "")
        }
        print "\nwithout a limit"
        printf "%-52s %8.3f\n", "no session, plexctl / true", figure["plexctl-none"] / figure["true-none"]
        if (figure["floor-none"] > 0) printf "%-52s %8.3f\n", "no session, plexctl / C floor", figure["plexctl-none"] / figure["floor-none"]
        if (figure["go-none"] > 0) printf "%-52s %8.3f\n", "no session, plexctl / Go", figure["plexctl-none"] / figure["go-none"]
        if (figure["go-https-bundle"] > 0)
            printf "%-52s %8.3f\n", "https, plexctl / Go with the bundle alone", figure["plexctl-https"] / figure["go-https-bundle"]
        if (figure["go-100000"] > 0) printf "%-52s %8.3f\n", "100,000 profiles, plexctl / Go", figure["plexctl-100000"] / figure["go-100000"]
        if (figure["curl-https"] > 0) printf "%-52s %8.3f\n", "https, whoami / curl", figure["whoami-https"] / figure["curl-https"]
        printf "%-52s %8.2f\n", "login over https but for the second before its poll, ms", figure["login-https"] - 1000
    }' "$work/figures"

# Each ratio as a part of its limit, which is the dashed line.
if [[ $chart ]]; then
    awk -F'\t' '
        function text(x, y, anchor, class, words) {
            gsub(/&/, "\\&amp;", words); gsub(/</, "\\&lt;", words)
            printf "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" class=\"%s\">%s</text>\n", x, y, anchor, class, words
        }
        { label[NR] = $1; value[NR] = $2; bar[NR] = $3 }
        END {
            left = 370; width = 300; row = 24; height = NR * row + 40
            printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 %d\" role=\"img\">\n", height
            print "<title>What plexctl takes, as a part of what its limits allow</title>"
            print "<style>text { font: 13px sans-serif; fill: #24292f } .value { font-weight: 600 } rect { fill: #0969da }"
            print ".missed { fill: #cf222e } line { stroke: #6e7781; stroke-dasharray: 4 3 }"
            print "@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } rect { fill: #4493f8 } .missed { fill: #f85149 } }</style>"
            for (i = 1; i <= NR; i++) {
                y = 30 + (i - 1) * row; part = value[i] / bar[i]; length_ = width * (part > 1.25 ? 1.25 : part)
                text(left - 10, y + 14, "end", "label", label[i])
                printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"16\"%s/>\n", left, y + 1, length_, (part > 1 ? " class=\"missed\"" : "")
                text(left + length_ + 6, y + 14, "start", "value", value[i])
            }
            printf "<line x1=\"%d\" x2=\"%d\" y1=\"22\" y2=\"%d\"/>\n", left + width, left + width, height - 8
            text(left + width, 16, "middle", "label", "limit")
            print "</svg>"
        }' "$work/ratios" >"$chart"
fi
for absent in ${missing[@]+"${missing[@]}"}; do printf 'MISSING %s\n' "$absent"; done
