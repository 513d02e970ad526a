//! Who the operator is: one request to the server, with the first credential that is given.

use super::credential::{Credential, CredentialRequest};
use super::identity_error::{IdentityError, IdentityRequest};
use crate::ports::principal_reader::PrincipalReader;
use crate::ports::profile_reader::ProfileReader;
use crate::ports::reporter::{Reporter, WhoamiOutcome};
use crate::ports::token_file::TokenFile;

/// What the operator asks for: the credential to ask with decides everything.
pub type WhoamiRequest = CredentialRequest;

/// Why it cannot be told who the operator is. Whatever the variant, nothing was changed.
pub type WhoamiError = IdentityError;

/// Asks the server who the operator is.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use plexctl::domain::Principal;
/// use plexctl::testing::{InMemoryStore, InMemoryTokenFile, RecordingReporter, ScriptedPrincipalReader, session};
/// use plexctl::use_cases::{WhoamiRequest, WhoamiUseCase};
///
/// let store = InMemoryStore::new().with_default_session(session("dev", 1));
/// let principal = Principal {
///     principal_type: "user".to_owned(),
///     subject: "0192f0c1-0000-7000-8000-000000000001".to_owned(),
///     ..Principal::default()
/// };
/// let reader = ScriptedPrincipalReader::new([Ok(principal.clone())]);
/// let (token_file, mut reporter) = (InMemoryTokenFile::new(), RecordingReporter::new());
/// let request = WhoamiRequest::default();
/// let mut whoami = WhoamiUseCase::new(&store, &token_file, &reader, &mut reporter);
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let outcome = runtime.block_on(async {
/// let outcome = whoami.execute(&request).await?;
/// # Ok::<_, plexctl::use_cases::WhoamiError>(outcome) })?;
/// assert_eq!(outcome.principal, principal);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WhoamiUseCase<'a> {
    profiles: &'a dyn ProfileReader,
    token_file: &'a dyn TokenFile,
    reader: &'a dyn PrincipalReader,
    reporter: &'a mut dyn Reporter<WhoamiOutcome>,
}

impl<'a> WhoamiUseCase<'a> {
    /// Wires the use case to its ports.
    pub fn new(
        profiles: &'a dyn ProfileReader,
        token_file: &'a dyn TokenFile,
        reader: &'a dyn PrincipalReader,
        reporter: &'a mut dyn Reporter<WhoamiOutcome>,
    ) -> Self {
        Self { profiles, token_file, reader, reporter }
    }

    /// Takes the first credential that is given, asks its server who it speaks for, then reports.
    ///
    /// # Errors
    ///
    /// - [`WhoamiError::Credential`]: nothing was sent.
    /// - [`WhoamiError::Request`]: the server said no, or did not say who it is.
    /// - [`WhoamiError::Report`]: the server said who it is, but the outcome could not be written.
    pub async fn execute(&mut self, request: &WhoamiRequest) -> Result<WhoamiOutcome, WhoamiError> {
        let credential = request.resolve(self.profiles, self.token_file)?;
        let principal = self
            .reader
            .read(&credential.server, &credential.token)
            .await
            .map_err(|error| IdentityError::new(IdentityRequest::Whoami, &credential, error))?;

        let Credential { source: credential, server, expires_at, .. } = credential;
        let outcome = WhoamiOutcome { principal, server, credential, expires_at };
        self.reporter.report(&outcome).map_err(WhoamiError::Report)?;
        Ok(outcome)
    }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::Mutex;
    use std::task::{Context, Poll, Waker};
    use std::time::{Duration, UNIX_EPOCH};

    use std::path::Path;

    use super::*;
    use crate::domain::bearer_token::{BearerToken, BearerTokenError};
    use crate::domain::principal::Principal;
    use crate::domain::profile::{Profile, ProfileToken};
    use crate::domain::server_url::{ServerUrl, ServerUrlError};
    use crate::domain::session::{ProfileName, Selection};
    use crate::domain::timestamp::Timestamp;
    use crate::ports::principal_reader::MockPrincipalReader;
    use crate::ports::profile_reader::MockProfileReader;
    use crate::ports::reporter::{CredentialSource, MockReporter, ReportError};
    use crate::ports::request_error::RequestError;
    use crate::ports::store_error::StoreError;
    use crate::ports::token_file::MockTokenFile;
    use crate::use_cases::credential::CredentialError;
    use crate::use_cases::exit_status::ExitStatus;
    use crate::use_cases::server::{ServerError, ServerSetting};

    fn expiry() -> Timestamp {
        Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_614_360))
    }

    fn token(text: &str) -> BearerToken {
        BearerToken::parse(text).unwrap()
    }

    fn named(profile: &str) -> Selection {
        Selection::Named(ProfileName::new(profile).unwrap())
    }

    fn principal() -> Principal {
        Principal { principal_type: "user".into(), subject: "0192f0c1".into(), ..Principal::default() }
    }

    fn request() -> WhoamiRequest {
        WhoamiRequest {
            selection: Selection::Default,
            token_file: None,
            token_variable: None,
            server_flag: None,
            server_fallback: None,
        }
    }

    fn stored(server: Option<&str>) -> Profile {
        Profile {
            server: server.map(str::to_owned),
            token: ProfileToken::new("of-dev"),
            expires_at: Some(expiry()),
            ..Profile::new(ProfileName::new("dev").unwrap())
        }
    }

    /// What a run may use. A mock without an expectation panics on any call.
    #[derive(Default)]
    struct World {
        profiles: MockProfileReader,
        token_file: MockTokenFile,
        reader: MockPrincipalReader,
        reporter: MockReporter<WhoamiOutcome>,
    }

    impl World {
        /// A world whose default profile holds a credential for `https://h`.
        fn logged_in() -> Self {
            let mut world = Self::default();
            world.profiles.expect_look_up().once().returning(|_| Ok(Some(stored(Some("https://h")))));
            world
        }

        /// Mocks never wait, so a single poll is the whole run.
        fn execute(&mut self, request: &WhoamiRequest) -> Result<WhoamiOutcome, WhoamiError> {
            let Self { profiles, token_file, reader, reporter } = self;
            let mut use_case = WhoamiUseCase::new(profiles, token_file, reader, reporter);
            match pin!(use_case.execute(request)).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(result) => result,
                Poll::Pending => panic!("a mock waited"),
            }
        }
    }

    /// The words of a row: what is given on the command line and in the environment.
    fn given(words: &str) -> WhoamiRequest {
        let mut request = request();
        for word in words.split_whitespace() {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            match name {
                "--token-file" => request.token_file = Some("/run/token".into()),
                "--profile" => request.selection = named(value),
                "--server" => request.server_flag = Some(value.to_owned()),
                "PLEXSPHERE_URL" => request.server_fallback = Some(value.to_owned()),
                "PLEXSPHERE_TOKEN" => request.token_variable = Some(Ok(token("of-variable"))),
                _ => panic!("{word}"),
            }
        }
        request
    }

    /// A store whose default pointer names `dev`, which stores what these words say, beside `other`, which stores all.
    /// No words at all are no config file.
    fn config(words: &str) -> MockProfileReader {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let look_up = move |selection: &Selection| {
            let profile = |name: &str, server: Option<&str>, token| Profile {
                server: server.map(str::to_owned),
                token: ProfileToken::new(token),
                ..Profile::new(ProfileName::new(name).unwrap())
            };
            match selection {
                _ if words.is_empty() => None,
                Selection::Named(name) if name.as_str() == "other" => {
                    Some(profile("other", Some("https://other"), "of-other"))
                }
                Selection::Named(name) if name.as_str() != "dev" => None,
                Selection::Default | Selection::Named(_) => {
                    let stored = words.iter().find_map(|word| word.strip_prefix("server="));
                    let token = if words.iter().any(|word| word == "token") { "of-dev" } else { "" };
                    Some(profile("dev", stored, token))
                }
            }
        };
        let mut profiles = MockProfileReader::new();
        profiles.expect_look_up().returning(move |selection| Ok(look_up(selection)));
        profiles.expect_why_none().returning(|_| None);
        profiles.expect_place_of().returning(|_, _| "the store".to_owned());
        profiles
    }

    /// Runs the use case and tells in one line which credential went where, or why none went anywhere.
    fn asked(request: &WhoamiRequest, stored: &str) -> String {
        let sent = std::sync::Arc::new(Mutex::new(Vec::new()));
        let mut world = World { profiles: config(stored), ..World::default() };
        world.token_file.expect_read().returning(|path| {
            assert_eq!(path, Path::new("/run/token"));
            Ok(token("of-file"))
        });
        let log = sent.clone();
        world.reader.expect_read().returning(move |server, token| {
            log.lock().unwrap().push(format!("{} -> {}", token.expose_secret(), server.as_given()));
            Ok(principal())
        });
        world.reporter.expect_report().returning(|_| Ok(()));

        let result = world.execute(request);
        let sent = sent.lock().unwrap().join(", ");
        match result {
            Ok(WhoamiOutcome { credential, .. }) => {
                let source = match credential {
                    CredentialSource::Profile(name) => format!("of-{name}"),
                    CredentialSource::Variable => "of-variable".to_owned(),
                    CredentialSource::File(_) => "of-file".to_owned(),
                };
                assert!(sent.starts_with(&format!("{source} -> ")), "{source} is reported, but {sent}");
                sent
            }
            Err(error) => {
                assert_eq!((error.ending(), sent.as_str()), (ExitStatus::Unusable, ""));
                match error {
                    WhoamiError::Credential(CredentialError::None { .. }) => "no credential".to_owned(),
                    WhoamiError::Credential(CredentialError::Server { fault: ServerError::Unknown, .. }) => {
                        "no server".to_owned()
                    }
                    WhoamiError::Credential(CredentialError::Server {
                        fault: ServerError::OtherOrigin { .. }, ..
                    }) => "other origin".to_owned(),
                    WhoamiError::Credential(CredentialError::Server {
                        fault: ServerError::Unusable { setting, .. },
                        ..
                    }) => {
                        format!("unusable: {setting:?}")
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// What is given; what the default profile stores; what comes of it; whether the config is needed.
    const PRECEDENCE: [(&str, &str, &str, bool); 58] = [
        // A token file comes first and goes where the operator says.
        ("--token-file", "", "no server", true),
        ("--token-file", "bare", "no server", true),
        ("--token-file", "token", "no server", true),
        ("--token-file", "server=https://dev", "of-file -> https://dev", true),
        ("--token-file", "server=https://dev token", "of-file -> https://dev", true),
        ("--token-file", "server=junk token", "unusable: Stored", true),
        ("--token-file --server=https://flag", "", "of-file -> https://flag", false),
        ("--token-file --server=https://flag", "server=https://dev token", "of-file -> https://flag", false),
        ("--token-file --server=https://flag", "server=junk", "of-file -> https://flag", false),
        ("--token-file --server=junk", "server=https://dev token", "unusable: Given", false),
        ("--token-file PLEXSPHERE_URL=https://url", "", "of-file -> https://url", false),
        ("--token-file PLEXSPHERE_URL=https://url", "server=https://dev token", "of-file -> https://url", false),
        ("--token-file PLEXSPHERE_URL=junk", "server=https://dev token", "unusable: Fallback", false),
        ("--token-file --server=https://flag PLEXSPHERE_URL=https://url", "", "of-file -> https://flag", false),
        ("--token-file --server=https://flag PLEXSPHERE_URL=junk", "", "of-file -> https://flag", false),
        ("--token-file PLEXSPHERE_TOKEN", "", "no server", true),
        ("--token-file PLEXSPHERE_TOKEN", "server=https://dev token", "of-file -> https://dev", true),
        ("--token-file PLEXSPHERE_TOKEN --server=https://flag", "token", "of-file -> https://flag", false),
        ("--token-file --profile=other", "server=https://dev token", "of-file -> https://other", true),
        ("--token-file --profile=missing", "server=https://dev token", "no server", true),
        ("--token-file --profile=other --server=https://flag", "token", "of-file -> https://flag", false),
        ("--token-file --profile=other PLEXSPHERE_URL=https://url", "token", "of-file -> https://url", false),
        ("--token-file --profile=other PLEXSPHERE_TOKEN", "token", "of-file -> https://other", true),
        // An explicit profile comes next and goes to its own server only, or to none.
        ("--profile=other", "server=https://dev token", "of-other -> https://other", true),
        ("--profile=other PLEXSPHERE_TOKEN", "server=https://dev token", "of-other -> https://other", true),
        ("--profile=other PLEXSPHERE_URL=https://url", "token", "of-other -> https://other", true),
        ("--profile=other PLEXSPHERE_URL=junk", "token", "of-other -> https://other", true),
        ("--profile=other --server=https://OTHER:443/v2", "token", "of-other -> https://other", true),
        ("--profile=other --server=https://flag", "token", "other origin", true),
        ("--profile=other --server=http://other", "token", "other origin", true),
        ("--profile=other --server=https://other:8443", "token", "other origin", true),
        ("--profile=other --server=https://flag PLEXSPHERE_TOKEN", "token", "other origin", true),
        ("--profile=other --server=junk", "token", "unusable: Given", true),
        ("--profile=missing", "server=https://dev token", "no credential", true),
        (
            "--profile=missing PLEXSPHERE_TOKEN PLEXSPHERE_URL=https://url",
            "server=https://dev token",
            "no credential",
            true,
        ),
        ("--profile=dev PLEXSPHERE_TOKEN PLEXSPHERE_URL=https://url", "server=https://dev", "no credential", true),
        ("--profile=dev", "token", "no server", true),
        ("--profile=dev --server=https://flag", "token", "of-dev -> https://flag", true),
        ("--profile=dev PLEXSPHERE_URL=https://url", "token", "of-dev -> https://url", true),
        ("--profile=dev --server=https://flag PLEXSPHERE_URL=https://url", "token", "of-dev -> https://flag", true),
        ("--profile=dev --server=https://flag", "server=junk token", "unusable: Stored", true),
        ("--profile=dev", "", "no credential", true),
        // Then the variable, which goes where the operator says.
        ("PLEXSPHERE_TOKEN", "", "no server", true),
        ("PLEXSPHERE_TOKEN", "token", "no server", true),
        ("PLEXSPHERE_TOKEN", "server=https://dev token", "of-variable -> https://dev", true),
        ("PLEXSPHERE_TOKEN --server=https://flag", "server=https://dev token", "of-variable -> https://flag", false),
        (
            "PLEXSPHERE_TOKEN PLEXSPHERE_URL=https://url",
            "server=https://dev token",
            "of-variable -> https://url",
            false,
        ),
        ("PLEXSPHERE_TOKEN --server=https://flag PLEXSPHERE_URL=https://url", "", "of-variable -> https://flag", false),
        // At last the default profile, as an explicit one.
        ("", "", "no credential", true),
        ("", "bare", "no credential", true),
        ("", "server=https://dev", "no credential", true),
        ("", "token", "no server", true),
        ("", "server=https://dev token", "of-dev -> https://dev", true),
        ("PLEXSPHERE_URL=https://url", "server=https://dev token", "of-dev -> https://dev", true),
        ("PLEXSPHERE_URL=https://url", "token", "of-dev -> https://url", true),
        ("--server=https://flag", "token", "of-dev -> https://flag", true),
        ("--server=https://flag", "server=https://dev token", "other origin", true),
        ("--server=https://dev/v2", "server=https://dev token", "of-dev -> https://dev", true),
    ];

    #[test]
    fn first_given_credential_goes_to_the_listed_server() {
        for (words, stored, expected, needs_profile) in PRECEDENCE {
            let request = given(words);
            assert_eq!(asked(&request, stored), expected, "{words} with {stored}");
            assert_eq!(request.needs_profile(), needs_profile, "{words} with {stored}");
        }
    }

    #[test]
    fn stored_credential_never_leaves_its_origin() {
        let mut runs = 0;
        for file in ["", "--token-file"] {
            for profile in ["", "--profile=dev", "--profile=other", "--profile=missing"] {
                for flag in ["", "--server=https://dev/v2", "--server=https://flag", "--server=junk"] {
                    for fallback in ["", "PLEXSPHERE_URL=https://url", "PLEXSPHERE_URL=junk"] {
                        for variable in ["", "PLEXSPHERE_TOKEN"] {
                            for stored in ["", "bare", "token", "server=https://dev", "server=https://dev token"] {
                                let words = format!("{file} {profile} {flag} {fallback} {variable}");
                                let sent = asked(&given(&words), stored);
                                let is_allowed = match sent.split_once(" -> ") {
                                    Some(("of-dev", server)) if stored.contains("server") => server == "https://dev",
                                    Some(("of-dev", server)) => words.contains(&format!("={server} ")),
                                    Some(("of-other", server)) => server == "https://other",
                                    Some(("of-file", _)) => !file.is_empty(),
                                    Some(("of-variable", _)) => file.is_empty() && profile.is_empty(),
                                    Some(_) => false,
                                    None => true,
                                };
                                assert!(is_allowed, "{words} with {stored}: {sent}");
                                runs += 1;
                            }
                        }
                    }
                }
            }
        }
        assert_eq!(runs, 960);
    }

    #[test]
    fn reports_a_stored_credential_with_its_expiry() {
        let mut world = World::default();
        world
            .profiles
            .expect_look_up()
            .once()
            .withf(|selection| *selection == Selection::Default)
            .returning(|_| Ok(Some(stored(Some("https://h/base")))));
        world
            .reader
            .expect_read()
            .once()
            .withf(|server, token| server.as_given() == "https://h/base" && token.expose_secret() == "of-dev")
            .returning(|_, _| Ok(principal()));
        let expected = WhoamiOutcome {
            principal: principal(),
            server: ServerUrl::parse("https://h/base").unwrap(),
            credential: CredentialSource::Profile(ProfileName::new("dev").unwrap()),
            expires_at: Some(expiry()),
        };
        let reported = expected.clone();
        world.reporter.expect_report().once().withf(move |outcome| *outcome == reported).returning(|_| Ok(()));

        assert_eq!(world.execute(&request()).unwrap(), expected);
    }

    #[test]
    fn nothing_is_opened_that_is_not_needed() {
        let mut world = World::default();
        world.reader.expect_read().once().returning(|_, _| Ok(principal()));
        world.reporter.expect_report().once().returning(|_| Ok(()));

        let outcome = world.execute(&given("PLEXSPHERE_TOKEN --server=https://flag")).unwrap();
        assert_eq!(outcome.expires_at, None);
    }

    #[test]
    fn unused_variable_may_be_unusable() {
        let unusable =
            |words: &str| WhoamiRequest { token_variable: Some(Err(BearerTokenError::Empty)), ..given(words) };
        let error = World::default().execute(&unusable("--server=https://flag")).unwrap_err();
        assert!(
            matches!(error, WhoamiError::Credential(CredentialError::Variable(BearerTokenError::Empty))),
            "{error:?}"
        );
        assert_eq!(error.ending(), ExitStatus::Unusable);

        assert_eq!(asked(&unusable("--token-file --server=https://flag"), ""), "of-file -> https://flag");
        assert_eq!(asked(&unusable("--profile=other"), "token"), "of-other -> https://other");
    }

    #[test]
    fn sends_nothing_if_loading_fails() {
        let place = || "place".to_owned();
        let failures = [
            (StoreError::Exposed { place: place(), source: "0640".into() }, ExitStatus::Exposed),
            (StoreError::Unusable { place: place(), source: "a pipe".into() }, ExitStatus::Failed),
            (StoreError::NotABearerToken { place: place(), source: "empty".into() }, ExitStatus::Unusable),
        ];
        for (failure, ending) in failures {
            let words = failure.to_string();
            let mut world = World::default();
            world.token_file.expect_read().once().return_once(|_| Err(failure));
            let error = world.execute(&given("--token-file --server=https://flag")).unwrap_err();
            assert_eq!(error.ending(), ending, "{words}");
            assert!(
                matches!(error, WhoamiError::Credential(CredentialError::Load(source)) if source.to_string() == words)
            );
        }
        let exposed = || StoreError::Exposed { place: "place".into(), source: "0640".into() };
        let mut world = World::default();
        world.profiles.expect_look_up().once().returning(move |_| Err(exposed()));
        assert_eq!(world.execute(&request()).unwrap_err().ending(), ExitStatus::Exposed);
        let mut world = World::default();
        world.profiles.expect_look_up().once().returning(move |_| Err(exposed()));
        assert_eq!(world.execute(&given("PLEXSPHERE_TOKEN")).unwrap_err().ending(), ExitStatus::Exposed);
    }

    #[test]
    fn missing_credential_names_the_selection() {
        for (words, selection) in [("", Selection::Default), ("--profile=missing", named("missing"))] {
            let mut world = World { profiles: config("server=https://dev"), ..World::default() };
            let error = world.execute(&given(words)).unwrap_err();
            assert!(
                matches!(error, WhoamiError::Credential(CredentialError::None { selection: looked_for, .. }) if looked_for == selection)
            );
        }
    }

    #[test]
    fn names_the_credential_of_an_unclear_server() {
        let of_dev = CredentialSource::Profile(ProfileName::new("dev").unwrap());
        let unusable = |setting, source| ServerError::Unusable { setting, place: None, source };
        let cases = [
            ("", "token", of_dev.clone(), ServerError::Unknown),
            (
                "--server=https://flag",
                "server=https://dev token",
                of_dev,
                ServerError::OtherOrigin { stored: "https://dev".into(), given: "https://flag".into() },
            ),
            (
                "--token-file --server=https://u@h",
                "",
                CredentialSource::File("/run/token".into()),
                unusable(ServerSetting::Given, ServerUrlError::Userinfo),
            ),
            (
                "PLEXSPHERE_TOKEN PLEXSPHERE_URL=https://h:0",
                "",
                CredentialSource::Variable,
                unusable(ServerSetting::Fallback, ServerUrlError::Port),
            ),
        ];
        for (words, stored, expected_credential, expected) in cases {
            let mut world = World { profiles: config(stored), ..World::default() };
            world.token_file.expect_read().returning(|_| Ok(token("of-file")));
            match world.execute(&given(words)).unwrap_err() {
                WhoamiError::Credential(CredentialError::Server { credential, facts, fault: source }) => {
                    assert_eq!(facts.profile.as_ref(), credential.profile(), "{words}");
                    assert_eq!((credential, source), (expected_credential, expected), "{words}");
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn rejection_differs_from_not_knowing() {
        let failures = [
            (RequestError::NotAccepted { source: "401".into() }, ExitStatus::Refused),
            (RequestError::Refused { source: "403".into() }, ExitStatus::Refused),
            (RequestError::Unconfirmed { source: "500".into() }, ExitStatus::Failed),
            (RequestError::Unanswered { source: "reset".into() }, ExitStatus::Failed),
            (RequestError::Unreached { source: "refused".into() }, ExitStatus::Failed),
        ];
        for (failure, ending) in failures {
            let words = failure.to_string();
            let mut world = World::logged_in();
            world.reader.expect_read().once().return_once(|_, _| Err(failure));
            let error = world.execute(&request()).unwrap_err();
            assert_eq!(error.ending(), ending, "{words}");
            match error {
                WhoamiError::Request { credential, server, source, .. } => {
                    assert_eq!(credential, CredentialSource::Profile(ProfileName::new("dev").unwrap()));
                    assert_eq!((server.origin(), source.to_string()), ("https://h".to_owned(), words));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_failed_report_is_told_apart() {
        let mut world = World::logged_in();
        world.reader.expect_read().once().returning(|_, _| Ok(principal()));
        world.reporter.expect_report().once().returning(|_| Err(ReportError { source: "full".into() }));
        let error = world.execute(&request()).unwrap_err();
        assert!(matches!(error, WhoamiError::Report(_)), "{error:?}");
        assert_eq!(error.ending(), ExitStatus::Failed);
    }
}
