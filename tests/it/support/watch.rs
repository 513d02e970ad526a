//! The watch over the tokens: whatever a run did, no token that may be live is forgotten.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Weak};

use plexctl::testing::{ControlPlane, RecordedRequest};

use super::leak_hunt;

/// What is said wherever a poll may have brought a token that did not arrive.
const ANSWER_LOST: &str = "a token may have been issued that nobody holds";

/// The control planes that runs meet, and the live tokens of theirs that an operator was told of.
#[derive(Default)]
pub struct Watch {
    control_planes: RefCell<Vec<Weak<ControlPlane>>>,
    told: RefCell<Vec<String>>,
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

    /// Fails if a token is live that stands in no TOML file below the directory, and whose id no operator was told,
    /// unless one was told that an answer was lost.
    pub fn assert_no_token_is_forgotten(&self, directory: &Path, stderr: &str) {
        let files = toml_below(directory);
        for control_plane in self.control_planes.borrow().iter().filter_map(Weak::upgrade) {
            for token in control_plane.live_tokens() {
                if files.iter().any(|text| text.contains(&token.text)) {
                    continue;
                }
                let mut told = self.told.borrow_mut();
                if stderr.contains(&token.id) || stderr.contains(ANSWER_LOST) {
                    told.push(token.id.clone());
                }
                assert!(told.contains(&token.id), "token {} is live and forgotten: {stderr}", token.id);
            }
        }
    }
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
        } else if path.extension().is_some_and(|extension| extension == "toml") {
            texts.extend(fs::read_to_string(&path));
        }
    }
    texts
}
