//! The paths of version 0.1 still lead to what they named, and ports that were written against it still compile.

use std::sync::Mutex;

#[allow(unused_imports, reason = "that they exist is what is tested")]
mod paths {
    use plexctl::adapters::browser::{BrowserSettings, SystemBrowser};
    use plexctl::adapters::control_plane::{ControlPlaneClient, ProxySettings, ProxyVariable, TrustSettings};
    use plexctl::adapters::reporters::{JsonReporter, ProgressReporter, QrCode, TextReporter, YamlReporter};
    use plexctl::adapters::timer::SystemTimer;
    use plexctl::adapters::toml_store::{Absence, GuardedTokenFile, TomlStore};
    use plexctl::domain::bearer_token::{BearerToken, BearerTokenError};
    use plexctl::domain::device_authorization::{AuthorizationFields, DeviceAuthorization, DeviceCode};
    use plexctl::domain::identifier::{Identifier, NotAnIdentifier};
    use plexctl::domain::issued_token::{IssuedToken, TokenFacts};
    use plexctl::domain::new_session::NewSession;
    use plexctl::domain::page_url::PageUrl;
    use plexctl::domain::principal::Principal;
    use plexctl::domain::printable::{escape_unprintable, is_unprintable};
    use plexctl::domain::replaced_name::replaced_names;
    use plexctl::domain::server_url::{Host, Scheme, ServerUrl, ServerUrlError};
    use plexctl::domain::session::{EmptyProfileName, ProfileName, Selection, Session};
    use plexctl::domain::shown_server::ShownServer;
    use plexctl::domain::stored_token::StoredToken;
    use plexctl::domain::timestamp::Timestamp;
    use plexctl::domain::token::{SessionToken, TokenError, TokenId};
    use plexctl::ports::browser::{Browser, NotShown};
    use plexctl::ports::cause::Cause;
    use plexctl::ports::credential_store::{Clearing, CredentialStore, StoreError};
    use plexctl::ports::login_outcome::{Fate, Instructions, LoginOutcome, LoginProgress, Replaced, ReplacedToken};
    use plexctl::ports::principal_reader::{PrincipalReader, ReadError};
    use plexctl::ports::profile_book::{BookError, DefaultSetting, Forgetting, HeldToken, ListedProfile, ProfileList};
    use plexctl::ports::reporter::{
        CredentialSource, FailureReport, Leaves, LogoutOutcome, ProfilesOutcome, ReportError, Reporter, WhoamiOutcome,
    };
    use plexctl::ports::session_keeper::{KeepError, Saving};
    use plexctl::ports::timer::{Stake, Timer};
    use plexctl::ports::token_file::TokenFile;
    use plexctl::ports::token_issuer::{AuthorizationRequest, BeginError, PollAnswer, PollFailure, TokenIssuer};
    use plexctl::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};
    use plexctl::ports::{BoxError, async_trait};
    use plexctl::use_cases::ending::Ending;
    use plexctl::use_cases::login::{
        LoginError, LoginPorts, LoginRequest, LoginUseCase, NotIssued, NotRevoked, StoredLogin,
    };
    use plexctl::use_cases::logout::{LogoutError, LogoutRequest, LogoutUseCase, SessionFacts};
    use plexctl::use_cases::profiles::{ProfilesError, ProfilesRequest, ProfilesUseCase};
    use plexctl::use_cases::server::{ServerError, ServerSetting};
    use plexctl::use_cases::whoami::{WhoamiError, WhoamiRequest, WhoamiUseCase};
}

use plexctl::domain::server_url::ServerUrl;
use plexctl::domain::session::{ProfileName, Selection, Session};
use plexctl::domain::token::SessionToken;
use plexctl::ports::async_trait;
use plexctl::ports::credential_store::{Clearing, CredentialStore, StoreError};
use plexctl::ports::reporter::{LogoutOutcome, ReportError, Reporter};
use plexctl::ports::token_revoker::{Revocation, RevokeError, TokenRevoker};
use plexctl::use_cases::logout::{LogoutError, LogoutRequest, LogoutUseCase};

struct OneSession(Mutex<Option<Session>>);

impl CredentialStore for OneSession {
    fn find(&self, selection: &Selection) -> Result<Option<Session>, StoreError> {
        let held =
            self.0.lock().map_err(|_| StoreError::Unusable { place: "memory".into(), source: "poisoned".into() })?;
        Ok(held.clone().filter(|session| match selection {
            Selection::Default => true,
            Selection::Named(profile) => session.profile == *profile,
        }))
    }

    fn rehearse_clear(&self, _: &Session) -> Result<(), StoreError> {
        Ok(())
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        let mut held = self.0.lock().unwrap();
        if held.as_ref().is_some_and(|held| held.token.id() != session.token.id()) {
            return Ok(Clearing::Replaced);
        }
        *held = None;
        Ok(Clearing::Cleared)
    }
}

/// Answers with a system's error first, then with one of its own, and then revokes.
struct Hesitant(Mutex<u8>);

#[async_trait]
impl TokenRevoker for Hesitant {
    async fn revoke(&self, _: &ServerUrl, token: &SessionToken) -> Result<Revocation, RevokeError> {
        let mut calls = self.0.lock().unwrap();
        *calls += 1;
        match *calls {
            1 => Err(RevokeError::Unreached { source: std::io::Error::other("no network").into() }),
            2 => Err(RevokeError::Refused { source: format!("no, {}", token.id()).into() }),
            _ => Ok(Revocation::Revoked),
        }
    }
}

struct Outcomes(Vec<LogoutOutcome>);

impl Reporter for Outcomes {
    fn report(&mut self, outcome: &LogoutOutcome) -> Result<(), ReportError> {
        self.0.push(outcome.clone());
        Ok(())
    }
}

#[test]
fn ports_of_version_0_1_log_out() {
    let session = Session {
        profile: ProfileName::new("dev").unwrap(),
        token: SessionToken::parse("psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret").unwrap(),
        server: Some("https://plexsphere.example".to_owned()),
    };
    let (store, revoker) = (OneSession(Mutex::new(Some(session.clone()))), Hesitant(Mutex::new(0)));
    let mut reporter = Outcomes(Vec::new());
    let request = LogoutRequest { selection: Selection::Default, server_flag: None, server_fallback: None };
    let mut log_out = || pollster::block_on(LogoutUseCase::new(&store, &revoker, &mut reporter).execute(&request));

    for words in ["no network", "no, 0192f0c1-2345-7abc-8def-0123456789ab"] {
        match log_out().unwrap_err() {
            LogoutError::Revoke { source, .. } => assert_eq!(source.to_string(), words),
            other => panic!("{other:?}"),
        }
    }
    let outcome = log_out().unwrap();
    assert_eq!(
        outcome,
        LogoutOutcome::LoggedOut {
            profile: session.profile,
            server: ServerUrl::parse("https://plexsphere.example").unwrap(),
            revocation: Revocation::Revoked,
            clearing: Clearing::Cleared,
        }
    );
    assert_eq!(reporter.0, [outcome]);
    assert_eq!(store.find(&Selection::Default).unwrap(), None);
}
