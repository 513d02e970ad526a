#!/usr/bin/env bash
# Builds plexctl for arm64 with Debian's compiler and runs it under an emulator: the unit tests, and the life of a session
# against a native control plane. As root, installs the packages that it needs. Prints SKIPPED and succeeds if they cannot
# be installed.
set -euo pipefail
cd "$(dirname "$0")/.."
triple=aarch64-unknown-linux-gnu
scratch=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$scratch"' EXIT

# The standard library for arm64 depends on the C library for arm64, which the emulator then finds by itself. The emulator
# must not get `-L /usr/aarch64-linux-gnu` too: with the dynamic linker of one and the C library of the other, the first
# thread never starts.
packages=(rustc-web libstd-rust-web-dev:arm64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static)
install_packages() {
    dpkg --add-architecture arm64 && apt-get update &&
        apt-get install --yes --no-install-recommends "${packages[@]}"
}
if ! dpkg --status "${packages[@]}" >/dev/null 2>&1 && ! install_packages >"$scratch/apt" 2>&1; then
    tail -n 3 "$scratch/apt"
    echo "SKIPPED: arm64 (not all of ${packages[*]} can be installed here)"
    exit
fi

target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
cargo build --quiet --locked --features control-plane --example control_plane
control_plane=$target/debug/examples/control_plane

export RUSTC=/usr/bin/rustc CARGO_TARGET_DIR=$target/arm64 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
# This compiler is newer than the one of the lints, and must have no warning either.
export RUSTFLAGS="-D warnings"
"$RUSTC" --version
cargo build --quiet --locked --target "$triple" --bin plexctl
binary=$CARGO_TARGET_DIR/$triple/debug/plexctl

# A kernel with pages of 64 KiB loads only segments that are aligned to them.
readelf --program-headers --wide "$binary" >"$scratch/headers"
segments=$(grep --count '^ *LOAD ' "$scratch/headers")
if [ "$segments" -ne "$(grep --count '^ *LOAD .* 0x10000$' "$scratch/headers")" ]; then
    cat "$scratch/headers" >&2
    echo "a segment of the arm64 binary is not aligned to 64 KiB" >&2
    exit 1
fi
echo "$segments segments, all of them aligned to 64 KiB"

skipped=(
    # They start their own binary as another process, which the native kernel cannot execute.
    adapters::timer::tests::a_process_dies_by_the_signal_that_interrupted_it
    adapters::timer::tests::second_signal_ends_a_blocked_process
    adapters::timer::tests::second_signal_ends_the_process
    adapters::timer::tests::what_was_ignored_from_the_start_stays_ignored
    # They start a program that does not exist. The emulator's vfork(2) is a fork, so that posix_spawn(3) does not hear
    # that exec failed.
    adapters::browser::tests::first_started_program_counts_as_opened
    adapters::browser::tests::names_first_program_that_cannot_be_started
    adapters::browser::tests::tries_system_browsers_only_with_a_screen
)
echo "SKIPPED under the emulator:"
printf '    %s\n' "${skipped[@]}"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="timeout --kill-after 10 300 qemu-aarch64-static"
# Generated documents are the same on each architecture: few of them are enough.
PROPTEST_CASES=8 cargo test --quiet --locked --target "$triple" --features control-plane --lib --bins -- \
    --exact "${skipped[@]/#/--skip=}" >"$scratch/tests" 2>&1 || {
    cat "$scratch/tests" >&2
    exit 1
}
grep '^test result' "$scratch/tests"

source tests/wait_for.sh

# run EXIT_CODE ARGUMENT...: runs plexctl and checks its exit code.
run() {
    local expected=$1 code=0
    shift
    timeout --kill-after 10 60 qemu-aarch64-static "$binary" "$@" >"$scratch/stdout" 2>"$scratch/stderr" || code=$?
    if [ "$code" -ne "$expected" ]; then
        echo "plexctl $*: exit code $code instead of $expected" >&2
        cat "$scratch/stdout" "$scratch/stderr" >&2
        exit 1
    fi
    echo "plexctl $*: exit code $code"
}

# log_in EXIT_CODE FLAG...: logs in, and has the approval page decide with these flags.
log_in() {
    local expected=$1
    shift
    run "$expected" login --output json --server "$server" --domain-id "$domain" --idp-binding-alias google &
    local login=$!
    wait_for '"status":"pending"' "$scratch/stderr"
    "$control_plane" approve --port "${server##*:}" "$@" "$(sed -n 's/.*"user_code":"\([^"]*\)".*/\1/p' "$scratch/stderr")"
    wait "$login"
    rm "$scratch/stderr"
}

export PLEXCTL_CONFIG=$scratch/home/config.toml
domain=0192f0c1-d0d0-7000-8000-000000000001
"$control_plane" serve --port 0 --interval 1 --quiet >"$scratch/served" &
wait_for '^token = ' "$scratch/served"
server=$(sed -n 's/^server = "\(.*\)"/\1/p' "$scratch/served")

run 2 whoami
log_in 4 --deny
log_in 0
[ "$(stat --format %a "$PLEXCTL_CONFIG")" = 600 ]
token=$(sed -n 's/^token = "\(.*\)"/\1/p' "$PLEXCTL_CONFIG")
run 0 whoami
grep -q "^user " "$scratch/stdout"
run 0 profiles
run 7 exec -- sh -c 'exit 7'
run 0 exec -- printenv PLEXSPHERE_TOKEN
[ "$(<"$scratch/stdout")" = "$token" ]
run 127 exec -- no-such-command
run 126 exec -- "$scratch"
chmod 644 "$PLEXCTL_CONFIG"
run 3 logout
chmod 600 "$PLEXCTL_CONFIG"
# Flags with another value on arm64: a symlink is followed to the file, and a FIFO or a directory is not read.
ln -s "$PLEXCTL_CONFIG" "$scratch/link"
mkfifo -m 600 "$scratch/fifo"
PLEXCTL_CONFIG=$scratch/fifo run 1 profiles
PLEXCTL_CONFIG=$scratch/home run 1 profiles
PLEXCTL_CONFIG=$scratch/link run 0 logout
[ -L "$scratch/link" ] && ! grep -q '^token' "$PLEXCTL_CONFIG"
printf '%s\n' "$token" | "$control_plane" check --port "${server##*:}" >/dev/null && exit 1
PLEXSPHERE_TOKEN=$token run 4 whoami --server "$server"
run 0 logout
