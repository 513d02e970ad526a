//! A soak: sessions begin, are asked about and end for as long as one likes, while the server, the file and the operator
//! misbehave at random. In the end every token that is live is one that was told of.
//!
//! ```console
//! $ PLEXCTL_SOAK_MINUTES=30 cargo test --test it shared::soak -- --ignored --nocapture
//! ```

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use plexctl::testing::{Answer, ControlPlane, Decision, Endpoint, Minting, Script};
use rustix::process::{Pid, Signal, kill_process};

use crate::login::LOGIN;
use crate::support::blocked_stderr::BlockedStderr;
use crate::support::dice::{Dice, seed};
use crate::support::is_heard;
use crate::support::sandbox::{Run, Sandbox, TEMP_NAME, start};
use crate::support::tls::{Authority, leaf};

/// The profiles that are logged in to, two of which share a beginning with those that are put aside.
const PROFILES: [&str; 3] = ["default", "a", "a-replaced"];

/// How many sandboxes there are at a time. Most of their time they wait.
const WORKERS: usize = 6;

/// How many rounds a sandbox and its control plane live for.
const ROUNDS: usize = 12;

/// What all lives came to.
#[derive(Debug, Default)]
struct Tally {
    lives: usize,
    rounds: usize,
    runs: usize,
    minted: usize,
    faults: usize,
    signals: usize,
    /// Runs whose standard error was blocked.
    unread: usize,
    /// Live at the end of a life, when all that stood in the file was logged out.
    told: usize,
    /// The same, but neither told of nor stored.
    forgotten: usize,
}

/// A control plane, and an operator's machine.
struct Life {
    control_plane: Arc<ControlPlane>,
    sandbox: Sandbox,
    dice: Dice,
    tally: Tally,
    signals: Vec<Signal>,
    /// The config file as the last run found it.
    found: Arc<Mutex<Vec<u8>>>,
    history: History,
}

/// What was done in a life, which is shown if it fails.
#[derive(Default)]
struct History(Vec<String>);

impl Drop for History {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = writeln!(io::stderr(), "{}", self.0.join("\n"));
        }
    }
}

impl Life {
    fn begin(mut dice: Dice) -> Self {
        let mut sandbox = Sandbox::new();
        let control_plane = if dice.is_one_in(3) {
            let authority = Authority::named("an authority");
            let (certificate, key) = authority.certify(&leaf()).der();
            sandbox.write(&sandbox.path().join("authority.toml"), &authority.pem);
            ControlPlane::start_with_tls(vec![certificate], key).unwrap()
        } else {
            ControlPlane::start().unwrap()
        };
        control_plane.configure(|settings| {
            settings.interval = Duration::from_secs(1);
            settings.expires_in = Duration::from_secs(8);
        });
        let control_plane = Arc::new(control_plane);
        sandbox.watch(&control_plane);
        let signals = [Signal::INT, Signal::TERM, Signal::HUP].into_iter().filter(|signal| is_heard(*signal)).collect();
        Self {
            control_plane,
            sandbox,
            dice,
            tally: Tally { lives: 1, ..Tally::default() },
            signals,
            found: Arc::default(),
            history: History::default(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        *self.found.lock().unwrap() = fs::read(self.sandbox.config()).unwrap_or_default();
        let mut command = self.sandbox.command(arguments);
        command.env("SSL_CERT_FILE", "authority.toml");
        command
    }

    fn round(&mut self) {
        self.tally.rounds += 1;
        for _ in 0..self.dice.below(3) {
            self.plan_a_fault();
        }
        let profile = self.dice.pick(&PROFILES);
        match self.dice.below(16) {
            0..8 => self.log_in(profile),
            8 | 9 => drop(self.run(&mut self.command(&["whoami", "--profile", profile]))),
            10 | 11 => self.act(&["logout", "--profile", profile], Duration::from_millis(100)),
            12 => self.act(&["profiles", "forget", "--yes", profile], Duration::from_millis(8)),
            13 => drop(self.run(&mut self.command(&["exec", "--profile", profile, "--", "/bin/true"]))),
            14 => self.act(&["identity-tokens", "list", "--profile", profile], Duration::from_millis(100)),
            _ => self.delete_a_token(profile),
        }
        self.mend();
    }

    fn plan_a_fault(&mut self) {
        self.tally.faults += 1;
        let bare = |status| Script::answer(Answer::bare(status));
        let problem = |status, code| Script::answer(Answer::problem(status, "Title", code, "Detail."));
        let config = self.sandbox.config();
        let (late, wide) = (self.dice.time_below(Duration::from_secs(3)), config.clone());
        let (annotated, edited, found) = (config.clone(), config.clone(), Arc::clone(&self.found));
        let putting_back = Script::real().running(move || save(&edited, &found.lock().unwrap()));
        let forgotten = self.dice.pick(&PROFILES);
        let forget = Mutex::new(self.command(&["profiles", "forget", "--yes", forgotten]));
        let overheard = self.sandbox.overheard();
        let forgetting = Script::real().running(move || run_beside(&mut forget.lock().unwrap(), &overheard));
        let cut = |mut answer: Vec<u8>| {
            answer.truncate(answer.len() * 2 / 3);
            answer
        };
        let faults = [
            (Endpoint::Connection, Script::hang_up()),
            (Endpoint::DeviceCode, bare(503)),
            (Endpoint::DeviceCode, Script::hang_up()),
            (Endpoint::DeviceCode, Script::real().with("user_code", "17")),
            (Endpoint::DeviceToken, bare(503)),
            (Endpoint::DeviceToken, problem(429, "busy").header("retry-after", "1")),
            (Endpoint::DeviceToken, problem(400, "access_denied")),
            (Endpoint::DeviceToken, problem(403, "no_scope")),
            (Endpoint::DeviceToken, Script::hang_up()),
            (Endpoint::DeviceToken, Script::real().lost()),
            (Endpoint::DeviceToken, Script::real().rewritten(cut)),
            (Endpoint::DeviceToken, Script::real().with("token_type", "17")),
            (Endpoint::DeviceToken, Script::real().after(late)),
            (Endpoint::DeviceToken, Script::real().running(move || widen(&wide))),
            (Endpoint::DeviceToken, Script::real().running(move || spoil(&config))),
            (Endpoint::DeviceToken, forgetting.clone()),
            (Endpoint::DeviceToken, Script::real().running(move || annotate(&annotated))),
            (Endpoint::Whoami, forgetting.clone()),
            (Endpoint::Whoami, putting_back.clone()),
            (Endpoint::Whoami, bare(500)),
            (Endpoint::Whoami, bare(401)),
            (Endpoint::Whoami, problem(403, "no_scope")),
            (Endpoint::Whoami, Script::real().lost()),
            (Endpoint::Whoami, Script::real().after(late)),
            (Endpoint::Whoami, Script::real().with("domain_id", "\"0192f0c1-0000-7000-8000-0000000000ff\"")),
            (Endpoint::ListTokens, bare(503)),
            (Endpoint::ListTokens, Script::hang_up()),
            (Endpoint::Revoke, forgetting),
            (Endpoint::Revoke, putting_back),
            (Endpoint::Revoke, bare(503)),
            (Endpoint::Revoke, problem(403, "no_scope")),
            (Endpoint::Revoke, Script::hang_up()),
            (Endpoint::Revoke, Script::real().lost()),
            (Endpoint::Revoke, Script::real().after(late)),
        ];
        let number = self.dice.below(faults.len());
        let (endpoint, script) = faults[number].clone();
        self.history.0.push(format!("fault {number} of {endpoint:?}"));
        self.control_plane.once(endpoint, script);
    }

    fn log_in(&mut self, profile: &str) {
        match self.dice.below(10) {
            0 => self.control_plane.decide_next(Decision::Deny, 1),
            1..3 => self.control_plane.decide_next(Decision::Approve, 2),
            _ => self.control_plane.approve_next(),
        }
        let url = self.control_plane.url();
        // Without the ids it goes by those that the profile remembers, if it does.
        let words: &[&str] = if self.dice.is_one_in(4) { &LOGIN[..1] } else { &LOGIN };
        self.act(&[words, &["--server", &url, "--profile-name", profile]].concat(), Duration::from_millis(2500));
    }

    /// Runs a command, at times with a signal within this time, or while nobody reads what it says.
    fn act(&mut self, arguments: &[&str], within: Duration) {
        self.history.0.push(arguments.join(" "));
        let mut command = self.command(arguments);
        match self.dice.below(8) {
            0 | 1 if !self.signals.is_empty() => self.run_with_signals(&mut command, within),
            2 => self.run_unread(&mut command),
            _ => drop(self.run(&mut command)),
        }
    }

    /// Revokes any live token by its id.
    fn delete_a_token(&mut self, profile: &str) {
        let live = self.control_plane.live_tokens();
        if !live.is_empty() {
            let id = &live[self.dice.below(live.len())].id;
            let delete = ["identity-tokens", "delete", "--id", id, "--profile", profile];
            self.act(&delete, Duration::from_millis(100));
        }
    }

    /// Runs a command that meets one or two signals within a time, at times while nobody reads what it says.
    fn run_with_signals(&mut self, command: &mut Command, within: Duration) {
        let child = start(command);
        let mut blocked = self.dice.is_one_in(3).then(|| BlockedStderr::of(&child));
        for number in 0..=usize::from(self.dice.is_one_in(3)) {
            if let Some(blocked) = blocked.take_if(|_| number == 1) {
                // A second signal ends the process at once, so its last words need a reader.
                blocked.unblock();
            }
            self.tally.signals += 1;
            let (wait, signal) = (self.dice.time_below(within), self.dice.pick(&self.signals));
            self.history.0.push(format!("{signal:?} after {wait:?}, blocked: {}", blocked.is_some()));
            thread::sleep(wait);
            // It has not been waited for, so this is nobody else.
            let _ = kill_process(Pid::from_child(&child), signal);
        }
        if let Some(blocked) = blocked {
            thread::sleep(self.dice.time_below(Duration::from_secs(2)));
            blocked.unblock();
        }
        let run = self.sandbox.observe_child(child);
        self.judge(&run);
    }

    /// Runs a command while nobody reads what it says for some time.
    fn run_unread(&mut self, command: &mut Command) {
        self.tally.unread += 1;
        let child = start(command);
        let blocked = BlockedStderr::of(&child);
        thread::sleep(self.dice.time_below(Duration::from_secs(4)));
        blocked.unblock();
        let run = self.sandbox.observe_child(child);
        self.judge(&run);
    }

    fn run(&mut self, command: &mut Command) -> Run {
        let run = self.sandbox.observe(command);
        self.judge(&run);
        run
    }

    /// That no token is forgotten was held already.
    fn judge(&mut self, run: &Run) {
        self.tally.runs += 1;
        self.history.0.push(format!("{:?}", Run { stderr: run.stderr.trim().to_owned(), ..run.clone() }));
        let is_of_signal = self.signals.iter().any(|signal| run.exit == -signal.as_raw());
        assert!(matches!(run.exit, 0..=4) || is_of_signal, "{run:?}");
    }

    /// Makes the file usable again, and removes what a killed run may have left beside it.
    fn mend(&self) {
        let config = self.sandbox.config();
        let _ = fs::remove_file(config.with_file_name(TEMP_NAME));
        if let Ok(text) = fs::read_to_string(&config) {
            fs::set_permissions(&config, Permissions::from_mode(0o600)).unwrap();
            if let Some(start) = text.find(RUBBISH) {
                fs::write(&config, &text[..start]).unwrap();
            }
        }
    }

    /// Logs out of all that is stored, and looks what is live then.
    fn end(mut self) -> Tally {
        let names = |life: &mut Self| {
            let listed = life.run(&mut life.command(&["profiles", "--output", "json"])).stdout;
            let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
            let profiles = listed["profiles"].as_array().unwrap().iter();
            profiles.map(|profile| profile["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        // What is still planned may fail some of it once more.
        for _ in 0..200 {
            let Some(name) = names(&mut self).pop() else { break };
            self.run(&mut self.command(&["logout", "--profile", &name]));
        }
        assert_eq!(names(&mut self), [""; 0]);
        let live = self.control_plane.live_tokens();
        self.tally.told = live.len();
        self.tally.forgotten = live.iter().filter(|token| !self.sandbox.is_told_of(&token.id)).count();
        assert!(live.iter().all(|token| matches!(token.minting, Minting::Poll { .. })));
        let revoked = self.control_plane.requests().into_iter().filter(|request| request.method == "DELETE");
        let mut minted: BTreeSet<_> =
            revoked.filter_map(|request| request.target.rsplit('/').next().map(str::to_owned)).collect();
        minted.extend(live.into_iter().map(|token| token.id));
        self.tally.minted = minted.len();
        self.tally
    }
}

/// What another program leaves in a file when it stops in the middle.
const RUBBISH: &str = "\n[rubbish";

fn spoil(config: &Path) {
    if let Ok(mut file) = OpenOptions::new().append(true).open(config) {
        let _ = file.write_all(RUBBISH.as_bytes());
    }
}

/// Saves what an editor has open.
fn save(config: &Path, text: &[u8]) {
    let edited = config.with_extension("toml~");
    fs::write(&edited, text).unwrap();
    fs::set_permissions(&edited, Permissions::from_mode(0o600)).unwrap();
    fs::rename(edited, config).unwrap();
}

/// Adds a comment, as an editor does that reads the file and saves it at once.
fn annotate(config: &Path) {
    let text = fs::read(config).unwrap_or_default();
    save(config, &[&text[..], b"# a remark\n"].concat());
}

/// Runs a command that belongs to nobody who is watched, but to the same operator.
fn run_beside(command: &mut Command, overheard: &Mutex<String>) {
    // Locked before the file changes, so that nobody looks at the file without knowing what was told.
    let mut overheard = overheard.lock().unwrap();
    let output = command.output().unwrap();
    *overheard += &String::from_utf8_lossy(&output.stderr);
}

fn widen(config: &Path) {
    let _ = fs::set_permissions(config, Permissions::from_mode(0o644));
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.lives += other.lives;
        self.rounds += other.rounds;
        self.runs += other.runs;
        self.minted += other.minted;
        self.faults += other.faults;
        self.signals += other.signals;
        self.unread += other.unread;
        self.told += other.told;
        self.forgotten += other.forgotten;
    }
}

/// Lives one life after the other, side by side, until the time is over.
fn soak(seed: u64, time: Duration) -> Tally {
    let end = Instant::now() + time;
    let (tally, numbers) = (Mutex::new(Tally::default()), Mutex::new(0..));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while Instant::now() < end {
                    let number = numbers.lock().unwrap().next().unwrap();
                    let mut life = Life::begin(Dice::of_case(seed, number));
                    for _ in 0..ROUNDS {
                        life.round();
                    }
                    let lived = life.end();
                    tally.lock().unwrap().add(&lived);
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

#[test]
#[ignore = "takes half an hour, or PLEXCTL_SOAK_MINUTES"]
fn soak_forgets_no_token() {
    let minutes = env::var("PLEXCTL_SOAK_MINUTES").map_or(30, |minutes| minutes.parse().unwrap());
    let seed = seed();
    println!("PLEXCTL_SEED={seed}");
    let tally = soak(seed, Duration::from_secs(minutes * 60));
    println!("{tally:?}");
    assert!(tally.minted > 0 && tally.faults > 0);
    assert_eq!(tally.forgotten, 0);
}
