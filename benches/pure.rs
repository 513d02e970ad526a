//! Benchmarks of the parts that do no network: the token rule, the document cut, the reporters.
//!
//! Run them with `cargo bench --bench pure`. Whole processes are compared by `benches/compare.sh`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to measure")]

use std::fmt::Write as _;
use std::io;
use std::os::unix::fs::OpenOptionsExt;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use plexctl::adapters::reporters::{JsonReporter, TextReporter, YamlReporter};
use plexctl::adapters::toml_store::TomlStore;
use plexctl::domain::server_url::ServerUrl;
use plexctl::domain::session::{ProfileName, Selection};
use plexctl::domain::token::SessionToken;
use plexctl::ports::credential_store::{Clearing, CredentialStore};
use plexctl::ports::reporter::{LogoutOutcome, Reporter};
use plexctl::ports::token_revoker::Revocation;
use tempfile::TempDir;

// Memory per profile is one of the questions.
#[global_allocator]
static ALLOCATOR: divan::AllocProfiler = divan::AllocProfiler::system();

const TOKEN: &str = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_q0w9e8r7t6y5u4i3o2p1";
const BASE32_TOKEN: &str = "psk_dev_agjpbqjdiv5lzdppaerukz4jvm_q0w9e8r7t6y5u4i3o2p1";

fn main() {
    divan::main();
}

#[divan::bench(args = [TOKEN, BASE32_TOKEN, "eyJhbGciOiJFZERTQSJ9.e30.c2ln"])]
fn token(text: &str) -> bool {
    SessionToken::parse(black_box(text)).is_ok()
}

/// From the open file to the text without the profile, which the store makes for its rehearsal.
#[divan::bench(args = [10, 1_000, 100_000], max_time = 5)]
fn find_and_cut(bencher: Bencher<'_, '_>, profiles: usize) {
    let (_directory, store) = store(profiles);
    bencher.counter(ItemsCount::new(profiles)).bench_local(|| {
        let session = store.find(&Selection::Default).unwrap().unwrap();
        store.rehearse_clear(&session).unwrap();
    });
}

/// The same without a session to cut: what opening, reading and parsing cost.
#[divan::bench(args = [10, 1_000, 100_000], max_time = 5)]
fn find_nothing(bencher: Bencher<'_, '_>, profiles: usize) {
    let (_directory, store) = store(profiles);
    let selection = Selection::Named(ProfileName::new("no such profile").unwrap());
    bencher.counter(ItemsCount::new(profiles)).bench_local(|| store.find(&selection).unwrap());
}

#[divan::bench]
fn text(bencher: Bencher<'_, '_>) {
    report(bencher, || TextReporter::new(io::sink(), io::sink()));
}

#[divan::bench]
fn json(bencher: Bencher<'_, '_>) {
    report(bencher, || JsonReporter::new(io::sink(), io::sink()));
}

#[divan::bench]
fn yaml(bencher: Bencher<'_, '_>) {
    report(bencher, || YamlReporter::new(io::sink(), io::sink()));
}

fn report<R: Reporter>(bencher: Bencher<'_, '_>, reporter: impl Fn() -> R) {
    let outcome = LogoutOutcome::LoggedOut {
        profile: ProfileName::new("staging").unwrap(),
        server: ServerUrl::parse("https://plexsphere.example").unwrap(),
        revocation: Revocation::Revoked,
        clearing: Clearing::Cleared,
    };
    bencher.bench_local(|| reporter().report(black_box(&outcome)).unwrap());
}

/// A store over a file of many profiles, whose default is the one in the middle.
fn store(profiles: usize) -> (TempDir, TomlStore) {
    let mut text = format!("default = \"p{}\"\n", profiles / 2);
    for profile in 0..profiles {
        let _ = write!(text, "\n[profiles.p{profile}]\nserver = \"https://plexsphere.example\"\ntoken = \"{TOKEN}\"\n");
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).unwrap();
    io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    (directory, TomlStore::new(path))
}
