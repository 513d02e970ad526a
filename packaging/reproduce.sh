#!/usr/bin/env bash
# Builds the release binary twice, here and from the packaged crate in another directory with another CARGO_HOME, and
# compares the two byte by byte. The argument is the Debian name of the architecture (default: this machine's).
set -euo pipefail
cd "$(dirname "$0")/.."
source packaging/target.sh "${1-}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git show --no-patch --format=%ct HEAD)}
export SOURCE_DATE_EPOCH
packaging/binary.sh target/packaging "$architecture"

target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
# Nothing is uploaded. Uncommitted changes are packaged too.
cargo package --quiet --locked --no-verify --allow-dirty
version=$(sed -n '0,/^version = /s/^version = "\(.*\)"/\1/p' Cargo.toml)
tar -xzf "$target/package/plexctl-$version.crate" -C "$scratch"
# The other home gets its own copy of the downloads, and unpacks them itself.
home=${CARGO_HOME:-$HOME/.cargo}
mkdir -p "$scratch/home/registry"
cp -r "$home"/registry/{cache,index} "$scratch/home/registry"
for settings in "$home"/config.toml; do
    if [ -e "$settings" ]; then cp "$settings" "$scratch/home"; fi
done
CARGO_HOME=$scratch/home "$scratch/plexctl-$version/packaging/binary.sh" "$scratch/built" "$architecture"

cmp "target/packaging/$triple/release/plexctl" "$scratch/built/$triple/release/plexctl"
echo "Both builds for $architecture are equal."
