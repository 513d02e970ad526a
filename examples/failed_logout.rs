//! The server does not respond: the logout fails and keeps the credential.

use plexctl::domain::{ProfileName, Selection, Session, SessionToken};
use plexctl::ports::RequestError;
use plexctl::testing::{InMemoryStore, RecordingReporter, ScriptedRevoker};
use plexctl::use_cases::{LogoutError, LogoutRequest, LogoutUseCase};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let session = Session {
        profile: ProfileName::new("default")?,
        token: SessionToken::parse("psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_secret")?,
        server: Some("https://plexsphere.example".to_owned()),
    };
    let store = InMemoryStore::new().with_default_session(session.clone());
    let revoker = ScriptedRevoker::new([Err(RequestError::Unanswered { source: "connection reset".into() })]);
    let mut reporter = RecordingReporter::new();

    let request = LogoutRequest { selection: Selection::Default, server_flag: None, server_fallback: None };
    let result = tokio::runtime::Builder::new_current_thread()
        .build()?
        .block_on(LogoutUseCase::new(&store, &revoker, &mut reporter).execute(&request));

    assert!(matches!(result, Err(LogoutError::Revoke { .. })));
    assert!(store.holds(&session), "a token that may still be live is kept");
    assert_eq!(revoker.calls().len(), 1);
    assert!(reporter.outcomes().is_empty());
    Ok(())
}
