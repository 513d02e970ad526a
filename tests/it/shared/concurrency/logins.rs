//! Logins among all others that write: a hundred processes at one file with fifty profiles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use plexctl::testing::{ControlPlane, LiveToken};

use super::{Reader, came_too_late, ends, gather, profile_of, profiles_in, rounds};
use crate::login::LOGIN;
use crate::support::bystander::BYSTANDER;
use crate::support::sandbox::{Run, Sandbox, start};

/// How many profiles there are in the beginning: the first ones are logged in to anew, then come those that are logged
/// out, those that are forgotten, and those that become the default.
const PROFILES: usize = 50;
const RENEWED: usize = 15;
const LOGGED_OUT: usize = 20;
const FORGOTTEN: usize = 10;

/// How many profiles are added, how many logins meet at one more, and how often the profiles are listed.
const ADDED: usize = 20;
const MEETING: usize = 5;
const LISTS: usize = 20;

/// What one process does, and to which profile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    LogIn,
    MeetAtLogin,
    LogOut,
    Forget,
    Use,
    List,
}

impl Deed {
    fn line(self, profile: &str, server: &str) -> Vec<String> {
        let line = match self {
            Self::LogIn | Self::MeetAtLogin => [&LOGIN[..], &["--server", server, "--profile-name", profile]].concat(),
            Self::LogOut => vec!["logout", "--profile", profile],
            Self::Forget => vec!["profiles", "forget", "--yes", profile],
            Self::Use => vec!["profiles", "use", profile],
            Self::List => vec!["profiles", "--output", "json"],
        };
        line.into_iter().map(str::to_owned).collect()
    }
}

/// A hundred deeds, in an order in which those of a kind are far from each other.
fn deeds() -> Vec<(Deed, String)> {
    let old = |number: usize| format!("p{number}");
    let mut kinds: Vec<Vec<(Deed, String)>> = vec![
        (0..RENEWED).map(|number| (Deed::LogIn, old(number))).collect(),
        (RENEWED..RENEWED + LOGGED_OUT).map(|number| (Deed::LogOut, old(number))).collect(),
        (0..FORGOTTEN).map(|number| (Deed::Forget, old(RENEWED + LOGGED_OUT + number))).collect(),
        (0..10).map(|number| (Deed::Use, old(PROFILES - 1 - number % 5))).collect(),
        (0..ADDED).map(|number| (Deed::LogIn, format!("new{number}"))).collect(),
        (0..MEETING).map(|_| (Deed::MeetAtLogin, "shared".to_owned())).collect(),
        (0..LISTS).map(|_| (Deed::List, String::new())).collect(),
    ];
    let mut deeds = Vec::new();
    while kinds.iter().any(|kind| !kind.is_empty()) {
        deeds.extend(kinds.iter_mut().filter_map(Vec::pop));
    }
    deeds
}

/// Holds that the last of these runs did what it was to do.
fn assert_done(deed: Deed, profile: &str, run: &Run) {
    let was_overtaken = run.stderr.contains("error: profile \"shared\" holds a newer session, which is kept; token ");
    match deed {
        Deed::MeetAtLogin if run.exit == 1 => assert!(was_overtaken, "{run:?}"),
        Deed::List => assert!(run.exit == 0 && run.stdout.contains("\"bystander\""), "{run:?}"),
        _ => assert_eq!(run.exit, 0, "{profile}: {run:?}"),
    }
}

#[test]
fn concurrent_logins_forget_no_token() {
    let (mut reads, mut processes, mut reruns) = (0, 0, 0);
    for _ in 0..rounds().div_ceil(3) {
        let control_plane = Arc::new(ControlPlane::start().unwrap());
        control_plane.configure(|settings| settings.interval = Duration::from_secs(1));
        let mut sandbox = Sandbox::new();
        let stored: Vec<_> = (0..PROFILES).map(|number| profile_of(&control_plane, &format!("p{number}"))).collect();
        sandbox.write_config(format!("default = \"p0\" # mine\n{BYSTANDER}{}", stored.concat()));
        let old = control_plane.live_tokens();

        let (deeds, server) = (deeds(), control_plane.url());
        assert_eq!(deeds.len(), super::PROCESSES);
        for _ in 0..RENEWED + ADDED + MEETING {
            control_plane.approve_next();
        }
        let reader = Reader::start(sandbox.config());
        let children = gather(&sandbox, &control_plane, || {
            deeds.iter().map(|(deed, profile)| start(&mut sandbox.command(deed.line(profile, &server)))).collect()
        });
        processes += children.len();
        let mut told = String::new();
        for ((deed, profile), mut run) in deeds.iter().zip(ends(&sandbox, children)) {
            if came_too_late(&run) {
                told += &run.stderr;
                control_plane.approve_next();
                run = sandbox.run(deed.line(profile, &server));
                reruns += 1;
            }
            assert_done(*deed, profile, &run);
            told += &run.stderr;
        }
        reads += reader.finish();

        let text = sandbox.config_text();
        let names =
            |prefix: &str, numbers: std::ops::Range<usize>| numbers.map(move |n| format!("{prefix}{n}")).collect();
        let expected: [BTreeSet<String>; 4] = [
            names("p", 0..RENEWED),
            names("p", RENEWED + LOGGED_OUT + FORGOTTEN..PROFILES),
            names("new", 0..ADDED),
            ["bystander", "shared"].map(str::to_owned).into(),
        ];
        assert_eq!(profiles_in(&text), expected.into_iter().flatten().collect());
        let default = text.strip_prefix("default = \"p").and_then(|rest| rest.split_once("\" # mine\n"));
        assert!(default.is_some_and(|(number, _)| (45..50).contains(&number.parse().unwrap())), "{text:.60}");
        assert!(text.contains(BYSTANDER));
        assert_eq!((sandbox.config_state().mode, sandbox.neighbours()), (0o600, vec![]));
        assert_accounts_for(&control_plane, &old, &text, &told);
    }
    println!(
        "{processes} processes logged in and out beside each other, lost updates: 0, tokens forgotten: 0; {reads} reads, \
         all whole; {reruns} waited too long for their turn, and a second run did it"
    );
    assert!(reads > 0);
}

/// Holds that every live token stands once in the file, but for those that were forgotten on demand and told of, and that
/// no dead one does.
fn assert_accounts_for(control_plane: &ControlPlane, old: &[LiveToken], text: &str, told: &str) {
    let live = control_plane.live_tokens();
    let mut places = BTreeMap::new();
    for token in &live {
        let is_told = told.contains(&format!("warning: token {} may still be live at ", token.id));
        let count = text.matches(&token.text).count();
        assert_eq!(count, usize::from(!is_told), "token {} of {:?}", token.id, token.minting);
        *places.entry(is_told).or_insert(0) += 1;
    }
    let stored = RENEWED + (PROFILES - RENEWED - LOGGED_OUT - FORGOTTEN) + ADDED + 1;
    assert_eq!(places, [(false, stored), (true, FORGOTTEN)].into());
    for dead in old.iter().filter(|token| !live.contains(token)) {
        assert!(!text.contains(&dead.text), "token {}", dead.id);
    }
}
