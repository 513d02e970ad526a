#!/usr/bin/env bash
# Compares whole processes side by side; see usage below.
set -euo pipefail

usage() {
    cat <<'USAGE'
usage: benches/compare.sh [--rounds N] [--also PLEXCTL]

Compares `plexctl logout` with others that do the same: a static C program that does the least that the work can be
done with, a Go client, and curl, which sends the request only and touches no file. All run in turns, in an order that changes from round to round, against a server
on loopback, over http, over https, and without a session. Prints medians, ratios against the bars, and what stands
behind them: instructions, peak memory, system calls, threads, size.

  --rounds N        how often each contestant runs (default 60; the large files run a sixth of that)
  --also PLEXCTL    lets another plexctl binary take part, such as one of an earlier commit

Needs cargo, bash and awk. gcc, go, curl, jq, valgrind, strace and GNU time take part where they are there; what is
missing is said. Only loopback sees traffic. Configs lie in memory (/dev/shm) where that is possible: a disk adds the
same time to everybody's fsync and so hides differences; TMPDIR is the second choice.
USAGE
}

rounds=60
also=
while (($# > 0)); do
    case $1 in
        --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
        --also) also=$(realpath "${2:?--also needs a path}"); shift 2 ;;
        --help | -h) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done

cd "$(dirname "$0")/.."
sources=benches/compare
target=${CARGO_TARGET_DIR:-target}/release
work=$(mktemp -d "$([[ -w /dev/shm ]] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/plexctl-compare.XXXXXX")
server_pid=
stop() {
    [[ -z $server_pid ]] || kill "$server_pid" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT
trap "exit 130" INT TERM

missing=()
have() { command -v "$1" >/dev/null || { missing+=("$1: $2"); return 1; }; }

# --- build -----------------------------------------------------------------------------------------------------------

cargo build --quiet --release --example rig
cp "$target/examples/rig" "$work/rig"
# By itself and last: built together with the rig, the binary would carry the feature `control-plane`.
cargo build --quiet --release --bin plexctl
cp "$target/plexctl" "$work/plexctl"
plexctl=$work/plexctl

floor=
if have gcc 'no C floor'; then
    if gcc -O2 -static -o "$work/floor" "$sources/floor.c"; then
        floor=$work/floor
    else
        missing+=('static libc: no C floor')
    fi
fi
client=
if have go 'no Go client'; then
    GO111MODULE=off GOCACHE=$work/go-cache HOME=$work go build -o "$work/client" "$sources/client.go"
    client=$work/client
    rm -rf "$work/go-cache"
fi
curl=$(have curl 'no curl' && command -v curl) || true
jq=$(have jq 'no jq' && command -v jq) || true

# --- server and configs ----------------------------------------------------------------------------------------------

coproc SERVER { exec "$work/rig" serve "$work/authority.pem"; }
server_pid=$SERVER_PID
read -r http <&"${SERVER[0]}"
read -r https <&"${SERVER[0]}"

# No system trusts the authority of the test server, so everybody gets the system's own bundle with it as one more.
roots=
for candidate in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
    [[ -z $roots && -r $candidate ]] && roots=$candidate
done
cat ${roots:+"$roots"} "$work/authority.pem" >"$work/bundle.pem"
root_count=$(grep -c 'BEGIN CERTIFICATE' "$work/bundle.pem")
mkdir "$work/no-directory"

# A config of N profiles at a server, in toml or json, whose default is the one in the middle; with `none`, no default.
config() {
    local format=$1 count=$2 server=$3 default=${4:-}
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
        }' >"$work/$format-$count-${server%%:*}${default:+-$default}"
}
for format in toml json; do
    config "$format" 10 "$http"
    config "$format" 10 "$https"
    config "$format" 10 "$http" none
    config "$format" 100000 "$http"
done
config toml 1000 "$http"

request=(-sS -o /dev/null -X DELETE -H 'Authorization: Bearer psk_dev_x')
path=/v1/auth/tokens/0192f0c1-2345-7abc-8def-000000000005

# contestant NAME PRISTINE-CONFIG cut|kept COMMAND… : one line of a plan. `@` stands for the config that it works on.
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

{
    contestant plexctl-http toml-10-http cut PLEXCTL_CONFIG=@ "$plexctl" logout
    contestant plexctl-https toml-10-https cut PLEXCTL_CONFIG=@ SSL_CERT_FILE="$work/bundle.pem" "$plexctl" logout
    contestant plexctl-none toml-10-http-none kept PLEXCTL_CONFIG=@ "$plexctl" logout
    if [[ $also ]]; then
        contestant also-http toml-10-http cut PLEXCTL_CONFIG=@ "$also" logout
        contestant also-https toml-10-https cut PLEXCTL_CONFIG=@ SSL_CERT_FILE="$work/bundle.pem" "$also" logout
        contestant also-none toml-10-http-none kept PLEXCTL_CONFIG=@ "$also" logout
    fi
    if [[ $floor ]]; then
        contestant floor-http toml-10-http cut "$floor" @
        contestant floor-none toml-10-http-none kept "$floor" @
    fi
    if [[ $client ]]; then
        contestant go-http json-10-http cut "$client" @
        # Go reads the system's directory of certificates even if a bundle is named, unless it is told another one.
        contestant go-https json-10-https cut SSL_CERT_FILE="$work/bundle.pem" "$client" @
        contestant go-https-bundle json-10-https cut SSL_CERT_FILE="$work/bundle.pem" \
            SSL_CERT_DIR="$work/no-directory" "$client" @
        contestant go-none json-10-http-none kept "$client" @
    fi
    if [[ $curl ]]; then
        contestant curl-http - kept "$curl" "${request[@]}" "$http$path"
        contestant curl-https - kept SSL_CERT_FILE="$work/bundle.pem" "$curl" "${request[@]}" "$https$path"
    fi
} >"$work/plan"

{
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

"$work/rig" race "$rounds" "$work/plan" >"$work/times"
"$work/rig" race "$(((rounds + 5) / 6))" "$work/plan-of-scale" >>"$work/times"

printf '\n%-20s %10s %10s\n' 'milliseconds' median least
awk -F'\t' '{ printf "%-20s %10.2f %10.2f\n", $1, $2, $3 }' "$work/times"

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
cat "$work/times" >>"$work/figures"

# --- bars ------------------------------------------------------------------------------------------------------------

# By medians, as the bars are meant; the ratio of the least times shows what is left of it without other load.
printf '\n%-44s %8s %8s %8s %8s\n' 'ratio' medians bar aim least
awk -F'\t' '
    { figure[$1] = $2; least[$1] = $3 }
    function bar(label, value, bar_, aim, of_least) {
        printf "%-44s %8.3f %8.2f %8.2f %8s  %s\n", label, value, bar_, aim, of_least, \
            value <= aim ? "aim met" : value <= bar_ ? "bar met" : "MISSED"
    }
    function against(ours, other, label, bar_, aim) {
        if (figure[other] > 0) bar(label, figure[ours] / figure[other], bar_, aim, sprintf("%.3f", least[ours] / least[other]))
        else printf "%-44s %8s\n", label, "not run"
    }
    END {
        against("plexctl-http", "floor-http", "http, plexctl / C floor", 2.0, 1.5)
        against("plexctl-http", "go-http", "http, plexctl / Go", 0.75, 0.55)
        against("plexctl-http", "curl-http", "http, plexctl / curl", 0.40, 0.30)
        against("plexctl-https", "go-https", "https, plexctl / Go", 0.65, 0.50)
        against("plexctl-https", "curl-https", "https, plexctl / curl", 0.18, 0.12)
        small = figure["plexctl-1000"] - figure["plexctl-10"]
        large = figure["plexctl-100000"] - figure["plexctl-10"]
        # Without what a run costs at any size; with it, large files would look better than they are.
        bar("time per profile, 100,000 / 1,000", large / 99990 / (small / 990), 1.5, 1.2, "")
        if (figure["plexctl-1000-memory"] > 0) {
            small = figure["plexctl-1000-memory"] - figure["plexctl-10-memory"]
            large = figure["plexctl-100000-memory"] - figure["plexctl-10-memory"]
            bar("memory per profile, 100,000 / 1,000", large / 99990 / (small / 990), 1.5, 1.2, "")
        }
        print "\nbeside the bars"
        if (figure["floor-none"] > 0) printf "%-44s %8.3f\n", "no session, plexctl / C floor", figure["plexctl-none"] / figure["floor-none"]
        if (figure["go-none"] > 0) printf "%-44s %8.3f\n", "no session, plexctl / Go", figure["plexctl-none"] / figure["go-none"]
        if (figure["go-https-bundle"] > 0)
            printf "%-44s %8.3f\n", "https, plexctl / Go with the bundle alone", figure["plexctl-https"] / figure["go-https-bundle"]
        if (figure["go-100000"] > 0) printf "%-44s %8.3f\n", "100,000 profiles, plexctl / Go", figure["plexctl-100000"] / figure["go-100000"]
        if (figure["jq-100000"] > 0) printf "%-44s %8.3f\n", "100,000 profiles, plexctl / jq del", figure["plexctl-100000"] / figure["jq-100000"]
    }' "$work/figures"
for absent in ${missing[@]+"${missing[@]}"}; do printf 'MISSING %s\n' "$absent"; done
