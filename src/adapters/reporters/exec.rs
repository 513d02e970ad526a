//! The warning of `exec`, which has no result of its own: the command writes that.

use super::{Note, Render};
use crate::ports::reporter::ExpiredSession;

impl Render for ExpiredSession {
    fn warnings(&self) -> Vec<Note> {
        let Self { profile, expired_at } = self;
        vec![Note::warning(&format!("the token of profile \"{profile}\" expired at {expired_at}"))]
    }
}
