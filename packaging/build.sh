#!/usr/bin/env bash
# Makes what can be installed, in target/packaging: a Debian package and a tarball, each with the release binary, man
# pages, completions, licences and the changelog, and their checksums. Needs cargo-deb (`cargo install cargo-deb
# --locked`) for the package, which is left out where it is missing. Set DEBEMAIL to publish the package.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n '0,/^version = /s/^version = "\(.*\)"/\1/p' Cargo.toml)
triple=$(rustc -vV | sed -n 's/^host: //p')
out=target/packaging
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git show --no-patch --format=%ct HEAD)}
export SOURCE_DATE_EPOCH

packaging/binary.sh "$out"
plexctl=$out/release/plexctl

rm -rf "$out/man" "$out/completions" "$out/debian"
mkdir -p "$out/man" "$out/completions" "$out/debian"
cargo run --quiet --locked --example man_pages "$out/man"
gzip --best --no-name --keep "$out"/man/*.1
"$plexctl" completion bash >"$out/completions/plexctl.bash"
"$plexctl" completion zsh >"$out/completions/_plexctl"
"$plexctl" completion fish >"$out/completions/plexctl.fish"
"$plexctl" completion powershell >"$out/completions/plexctl.ps1"

name=plexctl-$version-$triple
rm -rf "${out:?}/$name"
mkdir -p "$out/$name"/{man,completions}
install -m 755 "$plexctl" "$out/$name"
install -m 644 README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$out/$name"
install -m 644 "$out"/man/*.1 "$out/$name/man"
install -m 644 "$out"/completions/* "$out/$name/completions"
tar --create --gzip --file "$out/$name.tar.gz" --directory "$out" --sort=name --owner=0 --group=0 --numeric-owner \
    --mtime="@$SOURCE_DATE_EPOCH" "$name"
rm -r "${out:?}/$name"
packages=("$name.tar.gz")

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
    CARGO_TARGET_DIR=$out cargo deb --quiet --no-build --no-strip --output "$out" \
        --maintainer "The plexctl developers <${DEBEMAIL:-plexctl@example.org}>"
    packages+=("plexctl_$version-1_$(dpkg --print-architecture).deb")
else
    echo "SKIPPED: the Debian package (cargo install cargo-deb --locked)" >&2
fi
(cd "$out" && sha256sum "${packages[@]}" | tee SHA256SUMS)
