# Sourced by the scripts beside it with the Debian name of an architecture, such as arm64, or nothing for this machine's.
# Sets `triple`, Rust's name of it, and what cargo needs to build for it.

host=$(rustc -vV | sed -n 's/^host: //p')
case ${1-} in
"") triple=$host ;;
amd64) triple=x86_64-unknown-linux-gnu ;;
arm64) triple=aarch64-unknown-linux-gnu ;;
*)
    echo "unsupported architecture: $1 (amd64 and arm64 are supported)" >&2
    exit 2
    ;;
esac

# Arguments of cargo, and the directory in the target directory that it then builds in.
cargo_target=()
built=release
target_rustc=${RUSTC:-rustc}
if [ "$triple" != "$host" ]; then
    cargo_target=(--target "$triple")
    built=$triple/release
    compiler=${triple%%-*}-linux-gnu-gcc
    variable=CARGO_TARGET_$(tr a-z- A-Z_ <<<"$triple")_LINKER
    export "$variable=${!variable:-$compiler}"
    # Debian packages the standard library of other architectures for its own compiler.
    if [ -z "${RUSTC-}" ] && [ ! -d "$(rustc --print target-libdir --target "$triple")" ] &&
        [ -d "/usr/lib/rustlib/$triple" ]; then
        target_rustc=/usr/bin/rustc
    fi
fi
