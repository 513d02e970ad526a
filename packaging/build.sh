#!/usr/bin/env bash
# Builds a Debian package and a tarball in target/packaging, each with the release binary, man pages, completions,
# licences and the changelog; and SHA256SUMS of all packages there. The argument is the Debian name of the architecture,
# amd64 or arm64 (default: this machine's). The Debian package needs cargo-deb (`cargo install cargo-deb --locked`); without
# it only the tarball is built. Set DEBEMAIL if you publish the package.
set -euo pipefail
cd "$(dirname "$0")/.."
source packaging/target.sh "${1-}"
version=$(sed -n '0,/^version = /s/^version = "\(.*\)"/\1/p' Cargo.toml)
out=target/packaging
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git show --no-patch --format=%ct HEAD)}
export SOURCE_DATE_EPOCH

packaging/binary.sh "$out" "$architecture"
plexctl=$out/$triple/release/plexctl

rm -rf "$out/man" "$out/completions" "$out/debian"
mkdir -p "$out/man" "$out/completions" "$out/debian"
# Native builds, because this machine may not be able to run the packaged binary.
native() { cargo run --quiet --locked "$@"; }
native --example man_pages "$out/man"
gzip --best --no-name --keep "$out"/man/*.1
native -- completion bash >"$out/completions/plexctl.bash"
native -- completion zsh >"$out/completions/_plexctl"
native -- completion fish >"$out/completions/plexctl.fish"
native -- completion powershell >"$out/completions/plexctl.ps1"

name=plexctl-$version-linux-$architecture
rm -rf "${out:?}/$name"
mkdir -p "$out/$name"/{man,completions}
install -m 755 "$plexctl" "$out/$name"
install -m 644 README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$out/$name"
install -m 644 "$out"/man/*.1 "$out/$name/man"
install -m 644 "$out"/completions/* "$out/$name/completions"
tar --create --gzip --file "$out/$name.tar.gz" --directory "$out" --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@$SOURCE_DATE_EPOCH" "$name"
rm -r "${out:?}/$name"

# check_machine BINARY: reads the binary of a package, and checks that it is one for the architecture.
check_machine() {
    if ! readelf --file-header "$1" | grep "Machine:.*$machine$" >/dev/null; then
        echo "the package for $architecture contains a binary for another architecture" >&2
        exit 1
    fi
}
check=$(mktemp)
trap 'rm "$check"' EXIT
tar --extract --gzip --to-stdout --file "$out/$name.tar.gz" "$name/plexctl" >"$check"
check_machine "$check"

if command -v cargo-deb >/dev/null; then
    cat >"$out/debian/changelog" <<CHANGELOG
plexctl ($version-1) unstable; urgency=medium

  * See CHANGELOG.md for what is new.

 -- The plexctl developers <${DEBEMAIL:-plexctl@example.org}>  $(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")
CHANGELOG
    gzip --best --no-name --stdout CHANGELOG.md >"$out/debian/changelog.gz"
    {
        cat LICENSE-MIT
        printf '\n%s\n' "Or, at your choice, the Apache License 2.0: see /usr/share/common-licenses/Apache-2.0."
    } >"$out/debian/licence"
    CARGO_TARGET_DIR=$out cargo deb --quiet --no-build --no-strip --target "$triple" --output "$out" \
        --maintainer "The plexctl developers <${DEBEMAIL:-plexctl@example.org}>"
    dpkg-deb --fsys-tarfile "$out/plexctl_$version-1_$architecture.deb" |
        tar --extract --to-stdout ./usr/bin/plexctl >"$check"
    check_machine "$check"
else
    echo "SKIPPED: the Debian package (cargo install cargo-deb --locked)" >&2
fi
(cd "$out" && shopt -s nullglob && sha256sum plexctl-"$version"-*.tar.gz plexctl_"$version"-1_*.deb | tee SHA256SUMS)
