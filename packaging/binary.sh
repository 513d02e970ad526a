#!/usr/bin/env bash
# Builds the release binary reproducibly: equal sources make equal bytes, wherever they and cargo's files are. Prints its
# checksum. Arguments: the target directory (default: target/packaging), and the Debian name of the architecture
# (default: this machine's). The build date is SOURCE_DATE_EPOCH, or else the date of the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:-target/packaging}
source packaging/target.sh "${2-}"

if [ "$triple" != "$host" ]; then
    linker=CARGO_TARGET_$(tr a-z- A-Z_ <<<"$triple")_LINKER
    export "$linker=${!linker:-${triple%%-*}-linux-gnu-gcc}"
    # Debian packages the standard library of another architecture for its own compiler only.
    if [ ! -d "$(rustc --print target-libdir --target "$triple")" ] && [ -d "/usr/lib/rustlib/$triple" ]; then
        export RUSTC=/usr/bin/rustc
    fi
fi

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
    cargo build --quiet --locked --release --bin plexctl --target "$triple" --target-dir "$directory"
sha256sum "$directory/$triple/release/plexctl"
