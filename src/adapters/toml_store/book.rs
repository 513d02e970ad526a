//! The side of the store that `profiles` sees: the profiles as a whole.

use super::document::{Document, Listed};
use super::private_file::OpenError;
use super::revision::{Decision, Revised, RevisionError};
use super::{ConfigError, TomlStore, edit};
use crate::domain::session::ProfileName;
use crate::domain::shown_server::ShownServer;
use crate::domain::stored_token::StoredToken;
use crate::ports::profile_book::{
    BookError, DefaultSetting, Forgetting, ForgottenProfile, HeldToken, ListedProfile, MissingProfile, ProfileBook,
    ProfileList,
};

impl ProfileBook for TomlStore {
    fn list(&self) -> Result<ProfileList, BookError> {
        self.try_list().map_err(|error| self.not_changed(error))
    }

    fn set_default(&self, profile: &ProfileName) -> Result<DefaultSetting, BookError> {
        let set = self.revise(|text| {
            let document = Document::parse(text)?;
            if !document.listed().any(|listed| listed.name == *profile) {
                return Ok(Decision::Keep(DefaultSetting::NoSuchProfile(self.missing_profile(&document))));
            }
            if document.pointer().as_ref() == Some(profile) {
                return Ok(Decision::Keep(DefaultSetting::AlreadySet));
            }
            Ok(Decision::Write(edit::with_pointer(document, profile)?, ()))
        });
        match set {
            Ok(Some(Revised::Kept(setting))) => Ok(setting),
            Ok(Some(Revised::Written(()))) => Ok(DefaultSetting::Set),
            Ok(None) => Ok(DefaultSetting::NoSuchProfile(self.nothing())),
            Err(RevisionError::Unchanged(error)) => Err(self.not_changed(error)),
            Err(RevisionError::NotDurable((), error)) => {
                Err(BookError::NotDurable { place: self.place(None), forgotten: None, source: error.into() })
            }
        }
    }

    fn forget(&self, profile: &ProfileName) -> Result<Forgetting, BookError> {
        let forgotten = self.revise(|text| {
            let document = Document::parse(text)?;
            let Some(listed) = document.listed().find(|listed| listed.name == *profile) else {
                return Ok(Decision::Keep(self.missing_profile(&document)));
            };
            let forgotten = ForgottenProfile { server: shown_server(&listed), token: held_token(&listed) };
            Ok(Decision::Write(edit::without_profile(document, profile)?, forgotten))
        });
        match forgotten {
            Ok(Some(Revised::Kept(missing))) => Ok(Forgetting::NoSuchProfile(missing)),
            Ok(Some(Revised::Written(forgotten))) => Ok(Forgetting::Forgotten(forgotten)),
            Ok(None) => Ok(Forgetting::NoSuchProfile(self.nothing())),
            Err(RevisionError::Unchanged(error)) => Err(self.not_changed(error)),
            Err(RevisionError::NotDurable(forgotten, error)) => {
                let forgotten = Some(forgotten);
                Err(BookError::NotDurable { place: self.place(None), forgotten, source: error.into() })
            }
        }
    }
}

impl TomlStore {
    fn try_list(&self) -> Result<ProfileList, ConfigError> {
        let text = self.read()?.unwrap_or_default();
        let document = Document::parse(&text)?;
        let profiles = document.listed().map(|listed| ListedProfile {
            server: shown_server(&listed),
            token: held_token(&listed),
            expires_at: listed.expires_at.map(str::to_owned),
            name: listed.name,
        });
        Ok(ProfileList { place: self.place(None), default: document.pointer(), profiles: profiles.collect() })
    }

    fn missing_profile(&self, document: &Document<'_>) -> MissingProfile {
        MissingProfile { place: self.place(None), present: document.profiles() }
    }

    /// Where there is no file, no profile is there either.
    fn nothing(&self) -> MissingProfile {
        MissingProfile { place: self.place(None), present: Vec::new() }
    }

    fn not_changed(&self, error: ConfigError) -> BookError {
        let place = self.place(error.position());
        match error {
            ConfigError::Open(OpenError::TooWide(_)) => BookError::Exposed { place, source: error.into() },
            ConfigError::Outgrown | ConfigError::Replace(_) => BookError::NotWritten { place, source: error.into() },
            _ => BookError::Unusable { place, source: error.into() },
        }
    }
}

fn shown_server(listed: &Listed<'_>) -> Option<ShownServer> {
    listed.server.map(ShownServer::new)
}

fn held_token(listed: &Listed<'_>) -> Option<HeldToken> {
    let token = StoredToken::new(listed.token?)?;
    Some(token.id().map_or(HeldToken::WithoutId, HeldToken::Session))
}
