#!/usr/bin/env bash
# Builds the release binary reproducibly: equal sources make equal bytes, wherever they and cargo's files are. Prints its
# checksum. Arguments: the target directory (default: target/packaging), and the Debian name of the architecture
# (default: this machine's). The build date is SOURCE_DATE_EPOCH, or else the date of the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:-target/packaging}
source packaging/target.sh "${2-}"

cargo fetch --quiet --locked
home=${CARGO_HOME:-$HOME/.cargo}
# Panic messages contain the paths of sources.
flags="--remap-path-prefix=$PWD=/plexctl"
for sources in "$home"/registry/src/*/; do
    flags+=" --remap-path-prefix=${sources%/}=/crates"
done
if [ -z "${SOURCE_DATE_EPOCH-}" ] && [ -e .git ]; then
    SOURCE_DATE_EPOCH=$(git show --no-patch --format=%ct HEAD)
    export SOURCE_DATE_EPOCH
fi
RUSTC=$target_rustc RUSTFLAGS=$flags CFLAGS="-ffile-prefix-map=$home=/cargo -ffile-prefix-map=$PWD=/plexctl" \
    cargo build --quiet --locked --release --bin plexctl --target-dir "$directory" "${cargo_target[@]}"
sha256sum "$directory/$built/plexctl"
