//! The promises of the ports to the control plane, held against the client and every fake.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use plexctl::adapters::control_plane::{ControlPlaneClient, ProxySettings, ProxyVariable, TrustSettings};
use plexctl::domain::IdpBinding;
use plexctl::domain::bearer_token::BearerToken;
use plexctl::domain::server_url::ServerUrl;
use plexctl::ports::TokenDirectory;
use plexctl::ports::principal_reader::PrincipalReader;
use plexctl::ports::token_issuer::{PollResponse, TokenIssuer};
use plexctl::ports::token_revoker::TokenRevoker;
use plexctl::testing::contract::{
    BeginCase, BindingsCase, DirectoryCase, DirectoryUnderTest, IssuerUnderTest, PollCase, ReadCase, ReaderUnderTest,
    RevokeCase, RevokerUnderTest, SECRET, ServerFailure, ServerUnderTest, a_directory_keeps_its_promises,
    a_reader_keeps_its_promises, a_revoker_keeps_its_promises, an_issuer_keeps_its_promises, authorization_request,
    device_authorization, listed_bindings, listed_tokens, session_token,
};
use plexctl::testing::{
    Answer, ControlPlane, Endpoint, Script, ScriptedIssuer, ScriptedPoll, ScriptedPrincipalReader, ScriptedRevoker,
    ScriptedTokenDirectory,
};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time;

use super::runtime;

/// The client of the control plane with a server that responds by a script.
struct HttpUnderTest {
    client: ControlPlaneClient,
    control_plane: ControlPlane,
    /// Where the server redirects to.
    elsewhere: ControlPlane,
    server: ServerUrl,
    /// The task that stops the clock, where the server never responds.
    pause: Option<JoinHandle<()>>,
}

impl HttpUnderTest {
    fn responding(endpoint: Endpoint, script: Script) -> Self {
        let (control_plane, elsewhere) = (ControlPlane::start().unwrap(), ControlPlane::start().unwrap());
        control_plane.always(endpoint, script);
        let server = url(&control_plane);
        Self { client: client(ProxySettings::default()), control_plane, elsewhere, server, pause: None }
    }

    fn failing(endpoints: &[Endpoint], failure: ServerFailure) -> Self {
        let mut under_test = Self::responding(endpoints[0], Script::real());
        // The beginning of a login sends nothing secret that could come back.
        let echo = if endpoints == [Endpoint::DeviceCode] { "a_code" } else { SECRET };
        let script = match failure {
            ServerFailure::ServerError => problem(500, echo, echo),
            ServerFailure::Redirected => problem(307, echo, echo).header("location", &under_test.elsewhere.url()),
            ServerFailure::ProxyError => {
                let proxy = ProxyVariable { name: "HTTP_PROXY".to_owned(), value: under_test.control_plane.url() };
                under_test.client = client(ProxySettings { http_proxy: Some(proxy), ..ProxySettings::default() });
                under_test.server = ServerUrl::parse("http://plexsphere.example").unwrap();
                Script::answer(Answer { body: echo.into(), ..Answer::bare(401) })
            }
            ServerFailure::Unanswered => Script::hang_up(),
            ServerFailure::Silent => {
                let arrived = Arc::new(Notify::new());
                let hook = Arc::clone(&arrived);
                under_test.pause = Some(tokio::spawn(async move {
                    arrived.notified().await;
                    // From now on the clock of the client jumps to its next limit.
                    time::pause();
                }));
                Script::real().running(move || hook.notify_one()).after(Duration::from_secs(3600))
            }
            ServerFailure::Unreached => {
                under_test.server = ServerUrl::parse("http://127.0.0.1:1").unwrap();
                Script::real()
            }
        };
        for endpoint in endpoints {
            under_test.control_plane.always(*endpoint, script.clone());
        }
        under_test
    }
}

impl Drop for HttpUnderTest {
    fn drop(&mut self) {
        if let Some(pause) = &self.pause {
            if pause.is_finished() {
                time::resume();
            }
            pause.abort();
        }
    }
}

fn client(proxies: ProxySettings) -> ControlPlaneClient {
    ControlPlaneClient::new(proxies, TrustSettings::default(), |_| {})
}

fn url(control_plane: &ControlPlane) -> ServerUrl {
    ServerUrl::parse(control_plane.url()).unwrap()
}

fn problem(status: u16, text: &str, code: &str) -> Script {
    Script::answer(Answer::problem(status, text, code, text))
}

/// A success with this JSON text, of which so many bytes do not arrive.
fn json(text: &str, missing: usize) -> Script {
    let length = text.len() + missing;
    Script::raw(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{text}"))
}

impl ServerUnderTest for HttpUnderTest {
    fn server(&self) -> ServerUrl {
        self.server.clone()
    }

    fn requested(&self) -> Vec<ServerUrl> {
        let here = self.control_plane.requests().into_iter().map(|_| self.server.clone());
        here.chain(self.elsewhere.requests().into_iter().map(|_| url(&self.elsewhere))).collect()
    }
}

impl RevokerUnderTest for HttpUnderTest {
    fn for_case(case: RevokeCase) -> Self {
        let script = match case {
            RevokeCase::Revoked => Script::answer(Answer::bare(204)),
            RevokeCase::AlreadyGone => problem(401, SECRET, SECRET),
            RevokeCase::Refused => problem(403, SECRET, SECRET),
            RevokeCase::Failing(failure) => return Self::failing(&[Endpoint::Revoke], failure),
        };
        Self::responding(Endpoint::Revoke, script)
    }

    fn revoker(&self) -> &dyn TokenRevoker {
        &self.client
    }
}

impl ReaderUnderTest for HttpUnderTest {
    fn for_case(case: ReadCase) -> Self {
        let script = match case {
            ReadCase::Named => json(&format!(r#"{{"principal_type":"{SECRET}","subject":"somebody"}}"#), 0),
            ReadCase::NotAccepted => problem(401, SECRET, SECRET),
            ReadCase::Refused => problem(403, SECRET, SECRET),
            ReadCase::Failing(failure) => return Self::failing(&[Endpoint::Whoami], failure),
        };
        Self::responding(Endpoint::Whoami, script)
    }

    fn reader(&self) -> &dyn PrincipalReader {
        &self.client
    }
}

impl DirectoryUnderTest for HttpUnderTest {
    fn for_case(case: DirectoryCase) -> Self {
        let (list, revocation) = match case {
            DirectoryCase::Done => (token_list(0), Script::answer(Answer::bare(204))),
            DirectoryCase::Cut => (token_list(1), problem(500, SECRET, SECRET)),
            DirectoryCase::NotAccepted => (problem(401, SECRET, SECRET), problem(401, SECRET, SECRET)),
            DirectoryCase::Refused => (problem(403, SECRET, SECRET), problem(403, SECRET, SECRET)),
            DirectoryCase::NoSuchToken => (problem(404, SECRET, SECRET), problem(404, SECRET, SECRET)),
            DirectoryCase::Failing(failure) => {
                return Self::failing(&[Endpoint::ListTokens, Endpoint::Revoke], failure);
            }
        };
        let under_test = Self::responding(Endpoint::ListTokens, list);
        under_test.control_plane.always(Endpoint::Revoke, revocation);
        under_test
    }

    fn directory(&self) -> &dyn TokenDirectory {
        &self.client
    }
}

/// The list of the contract, without this many bytes at its end.
fn token_list(missing: usize) -> Script {
    let tokens = listed_tokens().into_iter().map(|token| {
        let [id, prefix, created, expires] =
            [Some(token.id), token.env_prefix, token.created_at, token.expires_at].map(Option::unwrap);
        format!(
            r#"{{"id":"{id}","env_prefix":"{prefix}","created_at":"{created}","expires_at":"{expires}","x":"{SECRET}"}}"#
        )
    });
    let list = format!("[{}]", tokens.collect::<Vec<_>>().join(","));
    json(&list[..list.len() - missing], missing)
}

impl IssuerUnderTest for HttpUnderTest {
    fn for_begin(case: BeginCase) -> Self {
        let begun = Script::real().with("device_code", &format!("\"{SECRET}\""));
        let script = match case {
            BeginCase::Begun => begun,
            BeginCase::Unusable => begun.with("user_code", &format!("\"{SECRET}\\n\"")),
            BeginCase::Rejected => problem(404, "a text", "a_code"),
            BeginCase::Refused => problem(403, "a text", "a_code"),
            BeginCase::Failing(failure) => return Self::failing(&[Endpoint::DeviceCode], failure),
        };
        Self::responding(Endpoint::DeviceCode, script)
    }

    fn for_poll(case: PollCase) -> Self {
        let token = session_token(1);
        let issued = |token_type: &str, missing| {
            json(&format!(r#"{{"access_token":"{token}","token_type":"{token_type}","expires_in":3600}}"#), missing)
        };
        let script = match case {
            PollCase::Issued => issued("Bearer", 0),
            PollCase::IssuedCut => issued("Bearer", 1),
            PollCase::SeveralTokens => {
                json(&format!(r#"{{"access_token":"{SECRET}","access_token":"{token}","token_type":"Bearer"}}"#), 0)
            }
            PollCase::Unusable => issued(SECRET, 0),
            PollCase::Pending => problem(400, SECRET, "authorization_pending"),
            PollCase::SlowDown => problem(400, SECRET, "slow_down"),
            PollCase::Denied => problem(400, SECRET, "access_denied"),
            PollCase::Expired => problem(400, SECRET, "expired_token"),
            PollCase::Rejected => problem(400, SECRET, "invalid_grant"),
            PollCase::Refused => problem(403, SECRET, SECRET),
            PollCase::Busy => problem(429, SECRET, SECRET).header("retry-after", "7"),
            PollCase::OutOfService => problem(503, SECRET, SECRET),
            PollCase::Failing(failure) => return Self::failing(&[Endpoint::DeviceToken], failure),
        };
        Self::responding(Endpoint::DeviceToken, script)
    }

    fn for_bindings(case: BindingsCase) -> Self {
        let bindings = listed_bindings().into_iter().map(|choice| {
            let IdpBinding::Alias(alias) = choice.binding else { panic!("{choice:?} has no alias") };
            let (alias, label, host) = (alias.as_str(), choice.label, choice.issuer_host);
            format!(r#"{{"alias":"{alias}","label":"{label}","issuer_host":"{host}","x":"{SECRET}"}}"#)
        });
        let list = format!("[{}]", bindings.collect::<Vec<_>>().join(","));
        let script = match case {
            BindingsCase::Listed => json(&list, 0),
            // A list in a failure counts for nothing.
            BindingsCase::Failing(ServerFailure::ServerError) => {
                Script::answer(Answer { body: list.into(), ..Answer::bare(500) })
            }
            BindingsCase::Failing(failure) => return Self::failing(&[Endpoint::IdpBindings], failure),
        };
        Self::responding(Endpoint::IdpBindings, script)
    }

    fn issuer(&self) -> &dyn TokenIssuer {
        &self.client
    }
}

#[test]
fn client_keeps_token_revoker_contract() {
    runtime().block_on(a_revoker_keeps_its_promises::<HttpUnderTest>());
}

#[test]
fn client_keeps_principal_reader_contract() {
    runtime().block_on(a_reader_keeps_its_promises::<HttpUnderTest>());
}

#[test]
fn client_keeps_token_directory_contract() {
    runtime().block_on(a_directory_keeps_its_promises::<HttpUnderTest>());
}

#[test]
fn client_keeps_token_issuer_contract() {
    runtime().block_on(an_issuer_keeps_its_promises::<HttpUnderTest>());
}

#[test]
fn scripted_revoker_keeps_contract() {
    runtime().block_on(a_revoker_keeps_its_promises::<ScriptedRevoker>());
}

#[test]
fn scripted_principal_reader_keeps_contract() {
    runtime().block_on(a_reader_keeps_its_promises::<ScriptedPrincipalReader>());
}

#[test]
fn scripted_token_directory_keeps_contract() {
    runtime().block_on(a_directory_keeps_its_promises::<ScriptedTokenDirectory>());
}

#[test]
fn scripted_issuer_keeps_contract() {
    runtime().block_on(an_issuer_keeps_its_promises::<ScriptedIssuer>());
}

#[test]
fn scripted_issuer_delays_and_numbers_polls() {
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&numbers);
    let script = [ScriptedPoll::AnswersLate(PollResponse::Pending), ScriptedPoll::NeverAnswers];
    let issuer = ScriptedIssuer::new(Ok(device_authorization()), script)
        .on_poll(move |number| noted.lock().unwrap().push(number));
    let (server, code) = (issuer.server(), device_authorization().device_code().clone());
    let mut late = issuer.poll(&server, &code);
    assert!(look(&mut late).is_pending());
    assert!(matches!(look(&mut late), Poll::Ready(PollResponse::Pending)));
    let mut never = issuer.poll(&server, &code);
    assert!(look(&mut never).is_pending() && look(&mut never).is_pending());
    assert_eq!(*numbers.lock().unwrap(), [1, 2]);
    assert_eq!(issuer.polls()[1].code, code);
    let begun = runtime().block_on(issuer.begin(&server, &authorization_request()));
    assert!(begun.is_ok() && issuer.beginnings()[0].request == authorization_request());
}

#[test]
fn scripted_principal_reader_can_stay_silent() {
    let reader = ScriptedPrincipalReader::silent();
    let (server, token) = (reader.server(), BearerToken::parse(session_token(1)).unwrap());
    let mut reading = reader.read(&server, &token);
    assert!(look(&mut reading).is_pending() && look(&mut reading).is_pending());
    assert_eq!((&reader.calls()[0].server, &reader.calls()[0].token), (&server, &token));
}

/// Looks once whether a future is done.
fn look<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
