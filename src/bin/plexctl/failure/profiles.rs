//! Why what was asked of the stored profiles failed, in words.

use std::path::PathBuf;

use plexctl::domain::profile::Profile;
use plexctl::domain::session::ProfileName;
use plexctl::domain::shown_server::ShownServer;
use plexctl::ports::chain::chain;
use plexctl::ports::store_error::StoreError;
use plexctl::use_cases::profiles::ProfilesError;

use super::again::Again;
use super::listed;

/// A failed `plexctl profiles`, with what its words need beside the error.
#[derive(Debug)]
pub struct ProfilesFailure {
    /// What failed.
    pub error: ProfilesError,
    /// The command that was typed.
    pub again: Again,
    /// The profile that was typed.
    pub selected: Option<ProfileName>,
    /// The config file.
    pub config: PathBuf,
}

impl ProfilesFailure {
    /// The failure in words, and what to do about it.
    pub fn words(&self) -> (String, Option<String>) {
        let again = &self.again;
        match &self.error {
            ProfilesError::Unconfirmed { profile } => (
                format!("profile \"{profile}\" is kept: forgetting it would not revoke its token"),
                Some(format!("if its server is gone for good, run {}", again.but_with("--yes"))),
            ),
            ProfilesError::NoSuchProfile { profile, place, present } if present.is_empty() => {
                (format!("{place} has no profile \"{profile}\", and no other"), None)
            }
            ProfilesError::NoSuchProfile { profile, place, present } => {
                (format!("{place} has no profile \"{profile}\", it has {}", listed(present)), None)
            }
            ProfilesError::Store(error) => self.store_words(error, None),
            ProfilesError::Forget { profile, source } => self.store_words(source, Some(profile)),
            ProfilesError::Report(error) => {
                (format!("what was asked for is done, but could not be told: {}", chain(&*error.source)), None)
            }
        }
    }

    fn store_words(&self, error: &StoreError, forgotten: Option<&Profile>) -> (String, Option<String>) {
        let again = &self.again;
        match error {
            StoreError::Exposed { place, source } => {
                (format!("{place} is refused: {}", chain(&**source)), Some(again.once_private(&self.config)))
            }
            StoreError::Unusable { place, source } => (
                format!("{place} cannot be used: {}", chain(&**source)),
                Some(format!("nothing was changed; mend the cause and run {again} again")),
            ),
            StoreError::NotDurable { place, source } => (
                format!(
                    "{place} was changed, but the change may not survive a power cut: {}{}",
                    chain(&**source),
                    forgotten.map(still_live).unwrap_or_default()
                ),
                Some(format!("should it be undone after a power cut, run {again} again")),
            ),
            error => (chain(error), Some(format!("once the cause is gone, run {again} again"))),
        }
    }
}

/// What a forgotten profile held.
fn still_live(profile: &Profile) -> String {
    let at = profile.shown_server().as_ref().and_then(ShownServer::origin_or_text);
    let at = at.map(|server| format!(" at {server}")).unwrap_or_default();
    match (&profile.token, profile.token_id()) {
        (None, _) => String::new(),
        (Some(_), Some(id)) => format!("; token {id} may still be live{at}"),
        (Some(_), None) => format!("; a token without an id may still be live{at}"),
    }
}

#[cfg(test)]
mod tests {
    use plexctl::domain::profile::ProfileToken;

    use super::*;

    #[test]
    fn what_may_still_be_live_is_told_with_its_server_where_that_has_a_name() {
        for (server, expected) in [
            (None, "; a token without an id may still be live"),
            (Some(""), "; a token without an id may still be live"),
            (Some("https://user@H/base"), "; a token without an id may still be live at https://h"),
            (Some("junk"), "; a token without an id may still be live at junk"),
        ] {
            let held = Profile {
                server: server.map(str::to_owned),
                token: ProfileToken::new("jwt"),
                ..Profile::new(ProfileName::new("x").unwrap())
            };
            assert_eq!(still_live(&held), expected, "{server:?}");
        }
    }
}
