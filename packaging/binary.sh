#!/usr/bin/env bash
# Builds the release binary so that equal sources make equal bytes, wherever they and cargo's files are, and prints its
# checksum. Takes the directory for what is built (default: target/packaging), and the time of the build from
# SOURCE_DATE_EPOCH, or else from the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:-target/packaging}

cargo fetch --quiet --locked
home=${CARGO_HOME:-$HOME/.cargo}
# Panics name the path of a crate's sources.
flags="--remap-path-prefix=$PWD=/plexctl"
for sources in "$home"/registry/src/*/; do
    flags+=" --remap-path-prefix=${sources%/}=/crates"
done
if [ -z "${SOURCE_DATE_EPOCH-}" ] && [ -e .git ]; then
    SOURCE_DATE_EPOCH=$(git show --no-patch --format=%ct HEAD)
    export SOURCE_DATE_EPOCH
fi
RUSTFLAGS=$flags CFLAGS="-ffile-prefix-map=$home=/cargo -ffile-prefix-map=$PWD=/plexctl" \
    cargo build --quiet --locked --release --bin plexctl --target-dir "$directory"
sha256sum "$directory/release/plexctl"
