//! The stage of a login: a config, a control plane that approves, and what both have to look like afterwards.
//!
//! Whatever happens to a run, every token that the control plane holds live stands in the config, or its id was told,
//! or that an answer was lost. Only a run that is killed between the poll that mints the token and the rename that
//! stores it may leave one that is nowhere.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use plexctl::testing::{ControlPlane, LiveToken, Minting};
use tempfile::TempDir;

use super::bystander::BYSTANDER;
use super::leak_hunt;
use super::stage::{Ending, Point, Run, Stage, has_temp, plexctl};
use super::trace::{Call, calls};

const DOMAIN: &str = "0192f0c1-0000-7000-8000-00000000000a";
const BINDING: &str = "0192f0c1-0000-7000-8000-00000000000b";

/// What is said wherever a poll may have brought a token that did not arrive.
const ANSWER_LOST: &str = "a token may have been issued that is stored nowhere";

/// How long the control plane may take to mint a token, once it was sent the poll for it.
const MINTING: Duration = Duration::from_secs(1);

pub struct LoginStage {
    directory: TempDir,
    control_plane: ControlPlane,
    /// The session that the profile holds before, if it does.
    old: Option<LiveToken>,
    inode: Option<u64>,
}

/// What became of the config.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Config {
    Untouched,
    /// The new session is stored, and the old one, if there was one, beside it.
    Stored,
    /// The new session is stored, and the old one is cleared.
    Replaced,
}

impl LoginStage {
    /// A first login, without a config and a directory for it.
    pub fn first() -> Self {
        let control_plane = ControlPlane::start().unwrap();
        control_plane.configure(|settings| settings.interval = Duration::from_secs(1));
        control_plane.approve_next();
        Self { directory: tempfile::tempdir().unwrap(), control_plane, old: None, inode: None }
    }

    /// A login into a profile that holds a session of the same server.
    pub fn replacing() -> Self {
        let mut stage = Self::first();
        let _ = stage.control_plane.mint("dev");
        stage.old = stage.control_plane.live_tokens().pop();
        fs::create_dir(stage.config().parent().unwrap()).unwrap();
        fs::write(stage.config(), stage.contents()).unwrap();
        fs::set_permissions(stage.config(), fs::Permissions::from_mode(0o600)).unwrap();
        stage.inode = Some(fs::metadata(stage.config()).unwrap().ino());
        stage
    }

    /// What the config holds before.
    fn contents(&self) -> String {
        let Some(old) = &self.old else { return String::new() };
        let profile =
            format!("[profiles.work]\nserver = \"{}\"\ntoken = \"{}\" # mine\n", self.control_plane.url(), old.text);
        format!("default = \"work\"\n{BYSTANDER}{profile}")
    }

    /// What the config holds afterwards, with this token.
    fn stored(&self, new: &str) -> String {
        let url = self.control_plane.url();
        let remembered = format!("expires_at = [TIME]\ndomain_id = \"{DOMAIN}\"\nidp_binding_id = \"{BINDING}\"\n");
        match &self.old {
            None => {
                format!("default = \"work\"\n\n[profiles.work]\nserver = \"{url}\"\ntoken = \"{new}\"\n{remembered}")
            }
            Some(old) => self.contents().replace(&old.text, new) + &remembered,
        }
    }

    /// What is put aside for the old session.
    fn put_aside(&self) -> String {
        let url = self.control_plane.url();
        self.old.as_ref().map_or_else(String::new, |LiveToken { text, id, .. }| {
            format!("\n[profiles.work-replaced-{id}]\nserver = \"{url}\"\ntoken = \"{text}\"\n")
        })
    }

    /// Tells what became of the config; what is none of it is torn.
    fn outcome(&self) -> Result<Config, String> {
        let Ok(metadata) = fs::metadata(self.config()) else {
            return if self.old.is_none() { Ok(Config::Untouched) } else { Err("the config is gone".to_owned()) };
        };
        if metadata.mode() & 0o7777 != 0o600 {
            return Err(format!("the config's mode became {:04o}", metadata.mode() & 0o7777));
        }
        let text = self.text();
        if self.old.is_some() && text == self.contents() && Some(metadata.ino()) == self.inode {
            return Ok(Config::Untouched);
        }
        let text = without_expiry(&text);
        let mut minted = self.control_plane.live_tokens().into_iter().filter(is_of_poll).map(|live| live.text);
        let stored = minted.find_map(|new| match self.stored(&new) {
            stored if text == stored.clone() + &self.put_aside() => Some(Config::Stored),
            stored if text == stored => Some(Config::Replaced),
            _ => None,
        });
        stored.ok_or_else(|| format!("the config is neither old nor new: {text:?}"))
    }

    fn text(&self) -> String {
        fs::read_to_string(self.config()).unwrap_or_default()
    }

    /// The live tokens that stand nowhere, and that nobody was told of.
    fn forgotten(&self, run: &Run) -> Vec<LiveToken> {
        let text = self.text();
        let is_kept = |live: &LiveToken| {
            let is_told_lost = is_of_poll(live) && run.stderr.contains(ANSWER_LOST);
            text.contains(&live.text) || run.stderr.contains(&live.id) || is_told_lost
        };
        self.control_plane.live_tokens().into_iter().filter(|live| !is_kept(live)).collect()
    }

    /// How many requests went to an endpoint.
    fn requests_to(&self, target: &str) -> usize {
        self.control_plane.requests().iter().filter(|request| request.target == target).count()
    }

    fn log_in(&self) -> Vec<String> {
        let url = self.control_plane.url();
        ["login", "--domain-id", DOMAIN, "--idp-binding-id", BINDING, "--profile-name", "work", "--server", &url]
            .map(str::to_owned)
            .to_vec()
    }
}

impl Stage for LoginStage {
    fn config(&self) -> PathBuf {
        self.directory.path().join("config/plexctl.toml")
    }

    /// Without the thread that waits for signals: strace would count its calls too.
    fn run(&self, options: &[&str]) -> Run {
        plexctl(&self.log_in(), &self.config()).traced(options, &self.directory.path().join("trace"))
    }

    fn judge(&self, run: &Run) -> Result<Ending, String> {
        let told = format!("exit {:?}, {:?}, {:?}", run.exit, run.stdout, run.stderr);
        let is_killed = run.trace.contains("+++ killed by SIGKILL +++");
        let reach = Reach::of(&run.trace);
        if is_killed && reach == Reach::Polled {
            let begun = Instant::now();
            while self.control_plane.live_tokens().iter().all(|live| !is_of_poll(live)) && begun.elapsed() < MINTING {
                thread::sleep(Duration::from_millis(5));
            }
        }
        let live = self.control_plane.live_tokens();
        for (place, captured) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            let secrets: Vec<_> = live.iter().flat_map(|live| leak_hunt::secrets_in(live.text.as_bytes())).collect();
            if let Some(encoding) = leak_hunt::leak_in(captured.as_bytes(), &secrets) {
                return Err(format!("a token stands in {place}, {encoding}"));
            }
        }
        let config = self.outcome()?;
        let has_temp = has_temp(&self.config())?;
        let forgotten = self.forgotten(run);
        if is_killed {
            return match (forgotten.as_slice(), reach) {
                ([], _) => Ok(Ending::Killed),
                ([one], Reach::Polled) if is_of_poll(one) => Ok(Ending::KilledInPoll),
                ([one], Reach::HasToken) if is_of_poll(one) => Ok(Ending::KilledWithToken),
                _ => Err(format!("a live token was forgotten outside of the window: {told}")),
            };
        }
        if !forgotten.is_empty() {
            return Err(format!("a live token was forgotten: {told}"));
        }
        if has_temp {
            return Err(format!("a temporary file was left: {told}"));
        }
        let error = run.stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
        let is_warned = run.stderr.lines().any(|line| line.starts_with("warning: "));
        let minted = live.iter().filter(|live| is_of_poll(live)).count();
        let ending = if run.exit == Some(0) {
            let is_told = run.stdout.starts_with("Logged in") && run.stdout.ends_with("Saved profile \"work\".\n");
            let is_stored = match (&self.old, config) {
                (None, Config::Stored) => true,
                (Some(_), Config::Replaced) => live.len() == 1,
                (Some(_), Config::Stored) => is_warned,
                _ => false,
            };
            let ending = if is_warned { Ending::SucceededWithWarning } else { Ending::Succeeded };
            (is_told && is_stored && error.is_empty()).then_some(ending)
        } else if run.exit != Some(1) || !run.stdout.is_empty() && !error.contains("logged in, but ") {
            None
        } else if error.starts_with("error: cannot log in") {
            let is_untouched = config == Config::Untouched && self.requests_to("/v1/auth/device-code") == 0;
            is_untouched.then_some(Ending::FailedUnchanged)
        } else if error.contains("could not be stored and may be live") {
            (config == Config::Untouched && minted == 1).then_some(Ending::FailedUnchanged)
        } else if error.contains("logged in, but ") {
            (config != Config::Untouched).then_some(Ending::FailedStored)
        } else if error.starts_with("error: login failed: ") && !error.contains(ANSWER_LOST) {
            (config == Config::Untouched && minted == 0).then_some(Ending::FailedUnchanged)
        } else if error.starts_with("error: login failed: ") {
            (config == Config::Untouched).then_some(Ending::FailedUnchanged)
        } else {
            None
        };
        ending.ok_or_else(|| format!("disagreement: {config:?}, {} live, {told}", live.len()))
    }

    /// Logs out of every profile that is left, undisturbed: what stands in the file can be ended, and nothing else is
    /// left. Where a killed run left no config but a temporary file, another login sweeps it first.
    fn heal(&self) -> Result<(), String> {
        let missing: Vec<_> = {
            let text = self.text();
            self.control_plane.live_tokens().into_iter().filter(|live| !text.contains(&live.text)).collect()
        };
        if has_temp(&self.config())? && !self.config().exists() {
            self.control_plane.approve_next();
            let run = plexctl(&self.log_in(), &self.config()).observed();
            if run.exit != Some(0) {
                return Err(format!("not healed by a login: {run:?}"));
            }
        }
        let replaced = self.old.as_ref().map(|old| format!("work-replaced-{}", old.id));
        for profile in ["work".to_owned()].into_iter().chain(replaced) {
            let arguments = ["logout", "--profile", &profile];
            let run = plexctl(&arguments, &self.config()).observed();
            if run.exit != Some(0) {
                return Err(format!("not healed by a logout: {run:?}"));
            }
        }
        let is_healed = self.control_plane.live_tokens() == missing && !has_temp(&self.config())?;
        let rest = if self.old.is_some() { BYSTANDER } else { "" };
        // A logout does not know of the empty line that set a section off.
        if is_healed && self.text().trim_end() == rest.trim_end() {
            Ok(())
        } else {
            Err(format!("not healed: {:?} with {} live", self.text(), self.control_plane.live_tokens().len()))
        }
    }

    /// A login is as good without what frees or tunes a descriptor, as a logout is, and without the instructions, which
    /// nobody may need. Which directories are missing is asked only to sync what holds them, and one too many does no
    /// harm. Where a path ends in a slash, `realpath` of the C library asks in another way too whether it is a directory.
    /// Whether the config is a mount point is only asked to refuse one early. A new directory that cannot be opened gets its
    /// mode once more, and one that the dry run cannot remove again is there when it is needed. The third response is that
    /// of whoami, which is asked once more on a new connection. A stored session is looked at twice; what only the first
    /// look meets says nothing against it, since the second one sees it.
    fn may_fail_unnoticed(&self, Point { name, call, occurrence, is_of_first_look, .. }: &Point) -> bool {
        if *is_of_first_look {
            return true;
        }
        let is_first = self.old.is_none();
        match name.as_str() {
            "close" | "epoll_ctl" | "fcntl" | "ioctl" | "rmdir" | "setsockopt" => true,
            "write" => call.starts_with("write(2, "),
            "statx" if call.contains("AT_SYMLINK_NOFOLLOW, 0, ") => true,
            "statx" => {
                is_first
                    && !call.contains("NOFOLLOW")
                    && (["/config\"", "/config/\""].iter().any(|end| call.contains(end)) || !call.contains("config"))
            }
            "openat" => is_first && call.contains(", \"config\", "),
            "recvfrom" => *occurrence == 3,
            "readlink" => is_first && call.contains("/config\""),
            _ => false,
        }
    }
}

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    NotPolled,
    /// The poll was sent that mints the token.
    Polled,
    /// Its answer has arrived.
    HasToken,
    /// Write 1 has replaced the config.
    Stored,
}

impl Reach {
    fn of(trace: &str) -> Self {
        let calls = calls(trace);
        let Some(polled) = calls.iter().rposition(|call| call.text.contains("\"POST /v1/auth/device-token ")) else {
            return Self::NotPolled;
        };
        let stores = |call: &Call| call.text.contains(".plexctl-replacement.tmp") && call.result() == Some("0");
        let later = &calls[polled..];
        if later.iter().any(|call| call.name.starts_with("rename") && stores(call)) {
            Self::Stored
        } else if later.iter().any(|call| call.text.contains("\"HTTP/1.1 200 ")) {
            Self::HasToken
        } else {
            Self::Polled
        }
    }
}

fn is_of_poll(token: &LiveToken) -> bool {
    matches!(token.minting, Minting::Poll { .. })
}

/// A text with a label in place of the time at which the session expires.
fn without_expiry(text: &str) -> String {
    let lines = text.split_inclusive('\n');
    lines.map(|line| if line.starts_with("expires_at = ") { "expires_at = [TIME]\n" } else { line }).collect()
}
