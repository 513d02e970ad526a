//! The promises of the ports of a login to files and servers, held against every adapter and every fake.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use plexctl::adapters::control_plane::{ControlPlaneClient, ProxySettings, TrustSettings};
use plexctl::domain::bearer_token::BearerToken;
use plexctl::domain::server_url::ServerUrl;
use plexctl::domain::timestamp::Timestamp;
use plexctl::ports::principal_reader::PrincipalReader;
use plexctl::ports::token_issuer::{PollResponse, TokenIssuer};
use plexctl::testing::contract::{
    BeginCase, IssuerUnderTest, PollCase, ReaderUnderTest, Reading, SECRET, a_reader_keeps_its_promises,
    an_issuer_keeps_its_promises, authorization_request, device_authorization, session_token,
};
use plexctl::testing::{Answer, ControlPlane, Endpoint, Script, ScriptedIssuer, ScriptedPoll, ScriptedPrincipalReader};

const SERVER: &str = "https://plexsphere.example";

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The client of the control plane with a server that answers by a script, or that nobody serves.
struct HttpUnderTest {
    client: ControlPlaneClient,
    control_plane: ControlPlane,
    server: ServerUrl,
}

impl HttpUnderTest {
    fn new(server: impl FnOnce(&ControlPlane) -> String) -> Self {
        let client = ControlPlaneClient::new(ProxySettings::default(), TrustSettings::default(), |_| {});
        let control_plane = ControlPlane::start().unwrap();
        let server = ServerUrl::parse(server(&control_plane)).unwrap();
        Self { client, control_plane, server }
    }

    fn answering(endpoint: Endpoint, script: Script) -> Self {
        let under_test = Self::new(ControlPlane::url);
        under_test.control_plane.always(endpoint, script);
        under_test
    }

    fn unreachable() -> Self {
        Self::new(|_| "http://127.0.0.1:1".to_owned())
    }
}

fn json(text: &str) -> Answer {
    Answer { content_type: "application/json".to_owned(), body: text.as_bytes().to_vec(), ..Answer::bare(200) }
}

impl IssuerUnderTest for HttpUnderTest {
    fn beginning(beginning: BeginCase) -> Self {
        let problem = |status| Script::answer(Answer::problem(status, "A title", "a_code", "A detail."));
        let script = match beginning {
            BeginCase::Begun => Script::real(),
            BeginCase::Rejected => problem(404),
            BeginCase::Refused => problem(403),
            BeginCase::Unconfirmed => problem(500),
            BeginCase::Unusable => Script::real()
                .with("device_code", &format!("\"{SECRET}\""))
                .with("user_code", &format!("\"{SECRET}\\n\"")),
            BeginCase::Unreached => return Self::unreachable(),
        };
        Self::answering(Endpoint::DeviceCode, script)
    }

    fn polled(polled: PollCase) -> Self {
        let problem = |status, code| Script::answer(Answer::problem(status, SECRET, code, SECRET));
        let token = |token_type| {
            let token = session_token(1);
            let text = format!(r#"{{"access_token":"{token}","token_type":"{token_type}","expires_in":3600}}"#);
            Script::answer(json(&text))
        };
        let script = match polled {
            PollCase::Issued => token("Bearer"),
            PollCase::Pending => problem(400, "authorization_pending"),
            PollCase::SlowDown => problem(400, "slow_down"),
            PollCase::Denied => problem(400, "access_denied"),
            PollCase::Expired => problem(400, "expired_token"),
            PollCase::Rejected => problem(400, "invalid_grant"),
            PollCase::Refused => problem(403, SECRET),
            PollCase::Unusable => token(SECRET),
            PollCase::ServerError => problem(500, SECRET),
            PollCase::Busy => problem(429, SECRET).header("retry-after", "7"),
            PollCase::Unanswered => Script::hang_up(),
            PollCase::Unreached => return Self::unreachable(),
        };
        Self::answering(Endpoint::DeviceToken, script)
    }

    fn issuer(&self) -> &dyn TokenIssuer {
        &self.client
    }

    fn server(&self) -> ServerUrl {
        self.server.clone()
    }

    fn requests(&self) -> usize {
        self.control_plane.requests().len()
    }
}

#[test]
fn scripted_issuer_keeps_contract() {
    runtime().block_on(an_issuer_keeps_its_promises::<ScriptedIssuer>());
}

#[test]
fn client_keeps_token_issuer_contract() {
    runtime().block_on(an_issuer_keeps_its_promises::<HttpUnderTest>());
}

#[test]
fn scripted_issuer_delays_and_numbers_polls() {
    let numbers = std::sync::Arc::new(Mutex::new(Vec::new()));
    let noted = std::sync::Arc::clone(&numbers);
    let script = [ScriptedPoll::AnswersLate(PollResponse::Pending), ScriptedPoll::NeverAnswers];
    let issuer = ScriptedIssuer::new(Ok(device_authorization()), script)
        .on_poll(move |number| noted.lock().unwrap().push(number));
    let (server, code) = (ServerUrl::parse(SERVER).unwrap(), device_authorization().device_code().clone());
    let mut late = issuer.poll(&server, &code);
    assert!(look(&mut late).is_pending());
    assert!(matches!(look(&mut late), Poll::Ready(PollResponse::Pending)));
    let mut never = issuer.poll(&server, &code);
    assert!(look(&mut never).is_pending() && look(&mut never).is_pending());
    assert_eq!(*numbers.lock().unwrap(), [1, 2]);
    assert_eq!(issuer.polls()[1].code, code);
    let again = runtime().block_on(issuer.begin(&server, &authorization_request()));
    assert!(again.is_ok() && issuer.beginnings()[0].request == authorization_request());
}

/// Looks once whether a future is done.
fn look<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

impl ReaderUnderTest for HttpUnderTest {
    fn meeting(reading: Reading) -> Self {
        let problem = |status| Script::answer(Answer::problem(status, SECRET, SECRET, SECRET));
        let script = match reading {
            Reading::Named => Script::answer(json(&format!(r#"{{"principal_type":"{SECRET}","subject":"somebody"}}"#))),
            Reading::NotAccepted => problem(401),
            Reading::Refused => problem(403),
            Reading::Unusable => problem(500),
            Reading::Unanswered => Script::hang_up(),
            Reading::Unreached => return Self::unreachable(),
        };
        Self::answering(Endpoint::Whoami, script)
    }

    fn reader(&self) -> &dyn PrincipalReader {
        &self.client
    }

    fn server(&self) -> ServerUrl {
        self.server.clone()
    }

    fn token(&self) -> BearerToken {
        BearerToken::parse(session_token(1)).unwrap()
    }

    fn requests(&self) -> usize {
        self.control_plane.requests().len()
    }
}

#[test]
fn scripted_principal_reader_keeps_contract() {
    runtime().block_on(a_reader_keeps_its_promises::<ScriptedPrincipalReader>());
}

#[test]
fn client_keeps_principal_reader_contract() {
    runtime().block_on(a_reader_keeps_its_promises::<HttpUnderTest>());
}

#[test]
fn scripted_principal_reader_can_stay_silent() {
    let reader = ScriptedPrincipalReader::silent();
    let (server, token) = (ReaderUnderTest::server(&reader), ReaderUnderTest::token(&reader));
    let mut reading = reader.read(&server, &token);
    assert!(look(&mut reading).is_pending() && look(&mut reading).is_pending());
    assert_eq!((reader.calls()[0].server.clone(), reader.calls()[0].token.clone()), (server.clone(), token.clone()));
}
