//! The side of the store that a login sees: what a profile holds, and how a session is stored in it.

use super::document::Document;
use super::edit::{self, Stored};
use super::private_file::OpenError;
use super::revision::{Decision, Revised, RevisionError, check_size};
use super::{ConfigError, TomlStore, dry_run};
use crate::domain::new_session::NewSession;
use crate::domain::replaced_name::replaced_names;
use crate::domain::session::ProfileName;
use crate::domain::stored_token::{ProfileContents, StoredToken};
use crate::ports::session_keeper::{KeepError, Saving, SessionKeeper};

impl SessionKeeper for TomlStore {
    fn look_up(&self, profile: &ProfileName) -> Result<ProfileContents, KeepError> {
        self.try_look_up(profile).map_err(|error| self.not_kept(error))
    }

    fn rehearse_save(&self, session: &NewSession) -> Result<(), KeepError> {
        self.try_rehearse_save(session).map_err(|error| self.not_kept(error))
    }

    fn save(&self, session: &NewSession) -> Result<Saving, KeepError> {
        let saved = self.revise_or_create(|text| {
            let Some((stored, put_aside)) = with_session(text, session)? else { return Ok(Decision::Keep(())) };
            if let Some(name) = &put_aside {
                self.memory().put_aside = Some((name.clone(), stored.gap));
            }
            Ok(Decision::Write(stored.text, put_aside))
        });
        match saved {
            Ok(Revised::Kept(())) => Ok(Saving::Superseded),
            Ok(Revised::Written(put_aside)) => Ok(Saving::Saved { put_aside }),
            Err(RevisionError::Unchanged(error)) => {
                Err(KeepError::NotSaved { place: self.place(error.position()), source: error.into() })
            }
            Err(RevisionError::NotDurable(put_aside, error)) => {
                Err(KeepError::NotDurable { place: self.place(None), put_aside, source: error.into() })
            }
        }
    }
}

impl TomlStore {
    fn try_look_up(&self, profile: &ProfileName) -> Result<ProfileContents, ConfigError> {
        let Some(text) = self.read()? else { return Ok(ProfileContents::default()) };
        let document = Document::parse(&text)?;
        let Some(profile) = document.profile(profile)? else { return Ok(ProfileContents::default()) };
        Ok(ProfileContents {
            server: profile.server.map(|(server, _)| server.to_owned()),
            token: profile.token.and_then(|(token, _)| StoredToken::new(token)),
        })
    }

    fn try_rehearse_save(&self, session: &NewSession) -> Result<(), ConfigError> {
        let text = self.read()?.unwrap_or_default();
        let mut size = 0;
        for expires_at in [Some(session.time), None] {
            let session = NewSession { expires_at, ..session.clone() };
            let (stored, put_aside) = with_session(&text, &session)?.ok_or(ConfigError::Superseded)?;
            check_size(&stored.text)?;
            size = size.max(stored.text.len());
            if let Some(put_aside) = put_aside {
                edit::without_profile_and_gap(Document::parse(&stored.text)?, &put_aside, &stored.gap)?;
            }
        }
        dry_run::check(&self.path, size)
    }

    fn not_kept(&self, error: ConfigError) -> KeepError {
        let place = self.place(error.position());
        match error {
            ConfigError::Open(OpenError::TooWide(_)) => KeepError::Exposed { place, source: error.into() },
            ConfigError::Superseded | ConfigError::Outgrown | ConfigError::Replace(_) => {
                KeepError::Unstorable { place, source: error.into() }
            }
            _ => KeepError::Unusable { place, source: error.into() },
        }
    }
}

/// The text with the session in it, and the profile to which the token moves that its profile holds. `None` means that
/// this is a token which the login did not see.
fn with_session(text: &str, session: &NewSession) -> Result<Option<(Stored, Option<ProfileName>)>, ConfigError> {
    let document = Document::parse(text)?;
    let held = document.profile(&session.profile)?.and_then(|profile| profile.token);
    let held = held.and_then(|(token, _)| StoredToken::new(token));
    let replaced = held.filter(|held| held.expose_secret() != session.token.expose_secret());
    if replaced.is_some() && replaced != session.held_before.token {
        return Ok(None);
    }
    let put_aside = replaced.and_then(|replaced| {
        replaced_names(&session.profile, &replaced, session.time).find(|name| !document.has_entry(name))
    });
    let expires_at = session.expires_at.map(|time| time.to_string());
    let stored = edit::with_session(
        document,
        &edit::NewSession {
            profile: &session.profile,
            server: session.server.as_given(),
            token: session.token.expose_secret(),
            expires_at: expires_at.as_deref(),
            put_aside: put_aside.as_ref(),
        },
    )?;
    Ok(Some((stored, put_aside)))
}
