# Sourced with the Debian name of an architecture, amd64 or arm64, or nothing for this machine's. Sets `architecture`, and
# as `triple` and `machine` what Rust and readelf call it.

host=$(rustc -vV | sed -n 's/^host: //p')
case ${1:-$host} in
amd64 | x86_64-unknown-linux-gnu)
    architecture=amd64 triple=x86_64-unknown-linux-gnu machine=X86-64
    ;;
arm64 | aarch64-unknown-linux-gnu)
    architecture=arm64 triple=aarch64-unknown-linux-gnu machine=AArch64
    ;;
*)
    echo "unsupported architecture: ${1:-$host} (amd64 and arm64 are supported)" >&2
    exit 2
    ;;
esac
