//! Many processes at one file: writers take turns, no update is lost, and a reader never meets half a file. Those that log
//! in stand in [`logins`].
//!
//! `PLEXCTL_ROUNDS` raises the number of rounds; each is one of a hundred processes.

mod logins;

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use plexctl::testing::ControlPlane;
use toml::de::DeTable;

use crate::support::bystander::BYSTANDER;
use crate::support::sandbox::{Run, Sandbox, start};

const PROCESSES: usize = 100;

fn rounds() -> usize {
    env::var("PLEXCTL_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap())
}

/// Starts a logout of a profile, without waiting for it.
fn start_logout(sandbox: &Sandbox, profile: &str) -> Child {
    start(&mut sandbox.command(["logout", "--profile", profile]))
}

/// Waits until all have ended, and only then hunts for leaks: one that still runs may have its temporary file there.
fn ends(sandbox: &Sandbox, children: Vec<Child>) -> Vec<Run> {
    let outputs: Vec<Output> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    outputs.iter().map(|output| sandbox.judge(output)).collect()
}

/// Keeps all writers waiting until every process has got its answer, so that they meet at the lock.
fn gather(sandbox: &Sandbox, control_plane: &ControlPlane, start: impl FnOnce() -> Vec<Child>) -> Vec<Child> {
    let _gate = sandbox.lock_directory();
    let children = start();
    let gathered = Instant::now() + Duration::from_secs(4);
    while control_plane.requests().len() < children.len() && Instant::now() < gathered {
        thread::sleep(Duration::from_millis(5));
    }
    children
}

fn cleared(profile: &str) -> Run {
    Run::new(0, format!("Logged out. Cleared profile \"{profile}\".\n"), "")
}

/// Tells a writer whose turn did not come in time, as happens on a machine that has too much else to do.
fn came_too_late(run: &Run) -> bool {
    run.exit == 1 && run.stderr.contains(": another program has held the lock on its directory for 10 seconds\n")
}

fn profile_of(control_plane: &ControlPlane, name: &str) -> String {
    format!("[profiles.{name}]\nserver = \"{}\"\ntoken = \"{}\"\n", control_plane.url(), control_plane.mint("dev"))
}

/// The names of the profiles in a config, which has to be whole.
fn profiles_in(text: &str) -> BTreeSet<String> {
    let document = DeTable::parse(text).expect("a reader met half a file");
    let profiles = document.get_ref().get("profiles").expect("the bystander is there").get_ref();
    profiles.as_table().unwrap().keys().map(|name| name.get_ref().to_string()).collect()
}

/// Somebody who reads the config over and over, as every other command does.
struct Reader {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Reader {
    fn start(path: PathBuf) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut reads = 0;
            while !stopped.load(Ordering::Relaxed) {
                let profiles = profiles_in(&fs::read_to_string(&path).unwrap());
                assert!(profiles.contains("bystander"), "{profiles:?}");
                reads += 1;
                thread::sleep(Duration::from_millis(1));
            }
            reads
        });
        Self { stop, thread }
    }

    /// Says how often it has read.
    fn finish(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// Writes a profile as a well-behaved login does: locked, and by replacing the file.
fn log_in(config: &Path, profile: &str) {
    let directory = File::open(config.parent().unwrap()).unwrap();
    directory.lock().unwrap();
    let text = fs::read_to_string(config).unwrap() + profile;
    let temp = config.with_file_name("login.tmp");
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temp).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.sync_all().unwrap();
    fs::rename(temp, config).unwrap();
}

#[test]
fn concurrent_logouts_and_logins_lose_no_update() {
    const LOGINS: usize = 10;
    let (mut removals, mut reruns, mut lost, mut logins, mut reads) = (0, 0, 0, 0, 0);
    for _ in 0..rounds() {
        let control_plane = Arc::new(ControlPlane::start().unwrap());
        let mut sandbox = Sandbox::new();
        sandbox.watch(&control_plane);
        let mut config = BYSTANDER.to_owned();
        for number in 0..PROCESSES {
            config += &profile_of(&control_plane, &format!("p{number}"));
        }
        sandbox.write_config(config);

        let reader = Reader::start(sandbox.config());
        let names: Vec<String> = (0..PROCESSES).map(|number| format!("p{number}")).collect();
        let children =
            gather(&sandbox, &control_plane, || names.iter().map(|name| start_logout(&sandbox, name)).collect());
        let mut added = String::new();
        for number in 0..LOGINS {
            let profile = format!("[profiles.new{number}]\nnote = \"logged in\"\n");
            log_in(&sandbox.config(), &profile);
            added += &profile;
            logins += 1;
            thread::sleep(Duration::from_millis(5));
        }
        let mut requests = PROCESSES;
        for (name, mut run) in names.iter().zip(ends(&sandbox, children)) {
            if came_too_late(&run) {
                run = sandbox.run(["logout", "--profile", name]);
                requests += 1;
                reruns += 1;
            }
            assert_eq!(run, cleared(name));
            removals += 1;
        }
        reads += reader.finish();

        let left = profiles_in(&sandbox.config_text());
        lost += left.iter().filter(|name| name.starts_with('p')).count();
        lost += LOGINS - left.iter().filter(|name| name.starts_with("new")).count();
        assert_eq!(lost, 0, "lost updates; left: {left:?}");
        assert_eq!(sandbox.config_text(), format!("{BYSTANDER}{added}"));
        assert_eq!(sandbox.config_state().mode, 0o600);
        assert_eq!(sandbox.neighbours(), [""; 0]);
        assert_eq!(control_plane.requests().len(), requests);
    }
    println!("{removals} concurrent removals among {logins} logins, lost updates: {lost}; {reads} reads, all whole");
    println!("{reruns} of them waited too long for their turn, and a second run cleared them");
    assert!(reads > 0);
}

#[test]
fn concurrent_commands_of_all_kinds_lose_no_update() {
    const EACH: usize = 25;
    for _ in 0..rounds().div_ceil(3) {
        let control_plane = ControlPlane::start().unwrap();
        let mut sandbox = Sandbox::new();
        let kinds = ["logout", "forget", "use", "asked"];
        let names = |kind: &str| (0..EACH).map(|number| format!("{kind}{number}")).collect::<Vec<_>>();
        let profiles: Vec<String> =
            kinds.iter().flat_map(|kind| names(kind)).map(|name| profile_of(&control_plane, &name)).collect();
        sandbox.write_config(format!("default = \"use0\" # mine\n{BYSTANDER}{}", profiles.concat()));
        let left: String = profiles[2 * EACH..].concat();

        let line = |kind: &str, name: &str| {
            let line = match kind {
                "logout" => vec!["logout", "--profile", name],
                "forget" => vec!["profiles", "forget", name, "--yes"],
                "use" => vec!["profiles", "use", name],
                "asked" => vec!["whoami", "--profile", name],
                other => panic!("{other}"),
            };
            line.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let lines: Vec<(&str, String)> =
            (0..EACH).flat_map(|number| kinds.map(|kind| (kind, format!("{kind}{number}")))).collect();
        let reader = Reader::start(sandbox.config());
        let mut children = Vec::new();
        let mut lists = Vec::new();
        {
            let _gate = sandbox.lock_directory();
            for (kind, name) in &lines {
                children.push(start(&mut sandbox.command(line(kind, name))));
                if *kind == "use" {
                    lists.push(start(&mut sandbox.command(["profiles", "--output", "json"])));
                }
            }
            let gathered = Instant::now() + Duration::from_secs(4);
            while control_plane.requests().len() < 2 * EACH && Instant::now() < gathered {
                thread::sleep(Duration::from_millis(5));
            }
        }
        let ended = ends(&sandbox, children);
        for listed in ends(&sandbox, lists) {
            assert_eq!((listed.exit, listed.stderr.as_str()), (0, ""), "{listed:?}");
            let list: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
            assert_eq!(list["profiles"][0]["name"], "bystander");
            assert!(list["profiles"].as_array().unwrap().len() > 2 * EACH, "{listed:?}");
        }
        for ((kind, name), mut run) in lines.iter().zip(ended) {
            if came_too_late(&run) {
                run = sandbox.run(line(kind, name));
            }
            assert_eq!(run.exit, 0, "{kind} {name}: {run:?}");
        }
        assert!(reader.finish() > 0);

        let text = sandbox.config_text();
        let (first, rest) = text.split_once('\n').unwrap();
        let default = first.strip_prefix("default = \"use").and_then(|rest| rest.strip_suffix("\" # mine"));
        assert!(default.is_some_and(|number| number.parse::<usize>().is_ok_and(|number| number < EACH)), "{first}");
        assert_eq!(rest, format!("{BYSTANDER}{left}"));
        assert_eq!((sandbox.config_state().mode, sandbox.neighbours()), (0o600, vec![]));
        assert_eq!(control_plane.live_tokens().len(), 3 * EACH);
    }
}

#[test]
fn concurrent_logouts_of_one_profile_clear_it_once() {
    let mut runs = 0;
    for _ in 0..rounds().div_ceil(3) {
        let control_plane = Arc::new(ControlPlane::start().unwrap());
        let mut sandbox = Sandbox::new();
        sandbox.watch(&control_plane);
        let profile = profile_of(&control_plane, "shared");
        sandbox.write_config(format!("default = \"shared\"\n{BYSTANDER}{profile}"));

        let reader = Reader::start(sandbox.config());
        let children =
            gather(&sandbox, &control_plane, || (0..PROCESSES).map(|_| start_logout(&sandbox, "shared")).collect());
        let nothing_left = Run::new(0, "", "No active session; nothing to do.\n");
        let ends = ends(&sandbox, children);
        reader.finish();

        let cleared_by = ends.iter().filter(|run| **run == cleared("shared")).count();
        let late = ends.iter().filter(|run| **run == nothing_left).count();
        let too_late = ends.iter().filter(|run| came_too_late(run)).count();
        assert_eq!(cleared_by + late + too_late, PROCESSES, "{ends:?}");
        assert!(cleared_by >= 1);
        assert_eq!(control_plane.requests().len(), cleared_by + too_late);
        assert_eq!(sandbox.config_text(), BYSTANDER);
        assert_eq!(sandbox.neighbours(), [""; 0]);
        runs += cleared_by;
    }
    println!("{runs} logouts that met at one profile, all of them told that it is cleared");
}
