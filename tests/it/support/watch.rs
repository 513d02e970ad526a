//! The watch over the tokens: whatever a run did, no token that may be live is forgotten.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, Weak};

use plexctl::testing::{ControlPlane, LiveToken, Minting, RecordedRequest};

use super::leak_hunt;

/// What is said wherever a poll may have brought a token that did not arrive.
const ANSWER_LOST: &str = "a token may have been issued that is stored nowhere";

/// The control planes that runs meet, and the live tokens of theirs that an operator was told of.
#[derive(Default)]
pub struct Watch {
    control_planes: RefCell<Vec<Weak<ControlPlane>>>,
    told: RefCell<Vec<String>>,
    /// What the operator read of runs that others made during the last one.
    overheard: Arc<Mutex<String>>,
    /// What stood in the TOML files when the last run began.
    before: RefCell<Vec<String>>,
}

impl Watch {
    pub fn add(&self, control_plane: &Arc<ControlPlane>) {
        self.control_planes.borrow_mut().push(Arc::downgrade(control_plane));
    }

    /// The secrets that went to and fro: of every token that is live or was presented, and every device code.
    pub fn secrets(&self) -> Vec<String> {
        let control_planes = self.control_planes.borrow();
        let running = control_planes.iter().filter_map(Weak::upgrade);
        running
            .flat_map(|control_plane| {
                let requests = control_plane.requests();
                let live = control_plane.live_tokens().into_iter().map(|live| live.text);
                let presented =
                    requests.iter().filter_map(|request| request.header("authorization").map(str::to_owned));
                let mut secrets: Vec<_> =
                    live.chain(presented).flat_map(|token| leak_hunt::secrets_in(token.as_bytes())).collect();
                secrets.extend(requests.iter().filter_map(device_code));
                secrets
            })
            .collect()
    }

    /// Where runs that others make during one add what they tell.
    pub fn overheard(&self) -> Arc<Mutex<String>> {
        Arc::clone(&self.overheard)
    }

    /// Tells whether an operator was told of a token that was live then.
    pub fn is_told_of(&self, id: &str) -> bool {
        self.told.borrow().iter().any(|told| told == id)
    }

    /// Remembers what a run that begins now finds.
    pub fn run_begins(&self, directory: &Path) {
        if !self.control_planes.borrow().is_empty() {
            *self.before.borrow_mut() = toml_below(directory);
        }
    }

    /// Fails if a token is live that a poll minted or that the run found, that stands in no TOML file below the
    /// directory, and whose id no operator was told as that of a live one, unless one was told that an answer was lost.
    /// What a run that succeeded has told the server to revoke is the server's.
    pub fn assert_no_token_is_forgotten(&self, directory: &Path, has_succeeded: bool, stderr: &str) {
        if self.control_planes.borrow().is_empty() {
            return;
        }
        let stderr = &(stderr.to_owned() + &std::mem::take(&mut *self.overheard.lock().unwrap()));
        let (files, before) = (toml_below(directory), self.before.borrow());
        for control_plane in self.control_planes.borrow().iter().filter_map(Weak::upgrade) {
            for token in control_plane.live_tokens() {
                let is_in = |files: &[String]| files.iter().any(|text| text.contains(&token.text));
                let is_of_poll = matches!(token.minting, Minting::Poll { .. });
                let is_revoked = has_succeeded && is_told_to_revoke(&control_plane, &token);
                if is_in(&files) || !(is_of_poll || is_in(&before)) {
                    continue;
                }
                let mut told = self.told.borrow_mut();
                if tells_of(stderr, &token.id) || stderr.contains(ANSWER_LOST) {
                    told.push(token.id.clone());
                }
                assert!(is_revoked || told.contains(&token.id), "token {} is live and forgotten: {stderr}", token.id);
            }
        }
    }
}

/// Tells whether a text names a token without saying that it is dead, which would be a lie.
fn tells_of(text: &str, id: &str) -> bool {
    let says_dead = |line: &str| ["is revoked", "has been revoked", "is dead"].iter().any(|words| line.contains(words));
    text.lines().any(|line| line.contains(id) && !says_dead(line))
}

fn is_told_to_revoke(control_plane: &ControlPlane, token: &LiveToken) -> bool {
    let target = format!("/v1/auth/tokens/{}", token.id);
    control_plane.requests().iter().any(|request| request.method == "DELETE" && request.target.ends_with(&target))
}

fn device_code(request: &RecordedRequest) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
    body.get("device_code")?.as_str().filter(|code| code.len() >= 8).map(str::to_owned)
}

fn toml_below(directory: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            texts.extend(toml_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "toml")
            && fs::metadata(&path).is_ok_and(|metadata| metadata.is_file())
        {
            texts.extend(fs::read_to_string(&path));
        }
    }
    texts
}
