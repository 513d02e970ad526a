//! The warning of `exec`, which has no result of its own: the command writes that.

use super::{Note, Render, Rendered};
use crate::ports::reporter::ExpiredSession;

impl Render for ExpiredSession {
    type Data<'a> = ();

    fn to_people(&self) -> Rendered<String> {
        Rendered::notes(vec![warning(self)])
    }

    fn to_programs(&self) -> Rendered<()> {
        Rendered::notes(vec![warning(self)])
    }
}

fn warning(ExpiredSession { profile, expired_at }: &ExpiredSession) -> Note {
    Note::warning(&format!("the token of profile \"{profile}\" expired at {expired_at}"))
}
