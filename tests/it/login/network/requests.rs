//! The requests of a login over the wire: what is sent, on how many connections, and what is made of what comes back.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plexctl::adapters::control_plane::{ControlPlaneClient, ProxySettings, ProxyVariable, TrustSettings};
use plexctl::domain::bearer_token::BearerToken;
use plexctl::domain::device_authorization::DeviceAuthorization;
use plexctl::domain::identifier::Identifier;
use plexctl::domain::idp_binding::IdpBinding;
use plexctl::domain::server_url::ServerUrl;
use plexctl::ports::RequestError;
use plexctl::ports::principal_reader::PrincipalReader;
use plexctl::ports::token_issuer::{AuthorizationRequest, PollFailure, PollResponse, TokenIssuer};
use plexctl::testing::{Answer, ControlPlane, Decision, Endpoint, RecordedRequest, Script};
use tokio::runtime::Runtime;

use crate::support::scripted_server::ScriptedServer;
use crate::support::tls::{Authority, leaf};

const DOMAIN: &str = "0192f0c1-0000-7000-8000-00000000000d";
const BINDING: &str = "0192f0c1-0000-7000-8000-00000000000b";

/// A client and its control plane, which lets itself be polled at any pace.
struct Calls {
    runtime: Runtime,
    client: ControlPlaneClient,
    control_plane: ControlPlane,
    server: ServerUrl,
}

impl Calls {
    fn over(control_plane: ControlPlane, trust: TrustSettings) -> Self {
        control_plane.configure(|settings| settings.interval = Duration::ZERO);
        let server = ServerUrl::parse(control_plane.url()).unwrap();
        let client = ControlPlaneClient::new(ProxySettings::default(), trust, |warning| panic!("{warning}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, client, control_plane, server }
    }

    fn new() -> Self {
        Self::over(ControlPlane::start().unwrap(), TrustSettings::default())
    }

    /// Answers the polls by these scripts, in order, and then as ever.
    fn with_polls<const N: usize>(scripts: [Script; N]) -> Self {
        let calls = Self::new();
        for (number, script) in (1..).zip(scripts) {
            calls.control_plane.on_nth(Endpoint::DeviceToken, number, script);
        }
        calls
    }

    fn begin(&self) -> DeviceAuthorization {
        self.runtime.block_on(self.client.begin(&self.server, &request())).unwrap()
    }

    fn poll(&self, login: &DeviceAuthorization) -> PollResponse {
        self.runtime.block_on(self.client.poll(&self.server, login.device_code()))
    }

    /// Lets the end of a connection arrive.
    fn rest(&self) {
        self.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(100)).await });
    }

    /// Begins a login and polls once for its token.
    fn first_poll(&self) -> PollResponse {
        self.poll(&self.begin())
    }

    /// The number of the connection that each request came on.
    fn connections(&self) -> Vec<usize> {
        self.control_plane.requests().iter().map(|request| request.connection).collect()
    }
}

fn request() -> AuthorizationRequest {
    let id = |text| Identifier::parse(text).unwrap();
    AuthorizationRequest { domain_id: id(DOMAIN), idp_binding: Some(IdpBinding::Id(id(BINDING))) }
}

fn issued(answer: PollResponse) -> String {
    let PollResponse::Issued(issued) = answer else { panic!("{answer:?}") };
    issued.token.expose_secret().to_owned()
}

fn failed(answer: PollResponse) -> PollFailure {
    let PollResponse::Failed(failure) = answer else { panic!("{answer:?}") };
    failure
}

/// What a poll says whose connection ended before its response.
const CLOSED: &str = "the connection was closed before a response";

fn cause(failure: &PollFailure) -> String {
    failure.source.to_string()
}

fn shares_one_connection(calls: &Calls) {
    calls.control_plane.decide_next(Decision::Approve, 5);
    let login = calls.begin();
    for _ in 0..4 {
        assert!(matches!(calls.poll(&login), PollResponse::Pending));
    }
    let token = issued(calls.poll(&login));
    assert!(calls.control_plane.is_live(&token));
    assert_eq!(calls.connections(), [1; 6]);
    assert_eq!(calls.control_plane.connections(), 1);

    let token = BearerToken::parse(token).unwrap();
    let principal = calls.runtime.block_on(calls.client.read(&calls.server, &token)).unwrap();
    assert_eq!(principal.principal_type, "user");
    assert_eq!(principal.email.as_deref(), Some("operator@plexsphere.example"));
    assert_eq!(principal.amr, Some(vec!["pwd".to_owned(), "otp".to_owned()]));
}

#[test]
fn polls_share_one_connection() {
    shares_one_connection(&Calls::new());
}

#[test]
fn polls_share_one_tls_connection() {
    let authority = Authority::named("an authority");
    let (certificate, key) = authority.certify(&leaf()).der();
    let mut bundle = tempfile::NamedTempFile::new().unwrap();
    bundle.write_all(authority.pem.as_bytes()).unwrap();
    let trust = TrustSettings { file: Some(bundle.path().to_owned()), ..TrustSettings::default() };
    shares_one_connection(&Calls::over(ControlPlane::start_with_tls(vec![certificate], key).unwrap(), trust));
}

#[test]
fn requests_match_the_api() {
    let calls = Calls::new();
    let server = ServerUrl::parse(format!("{}/base/", calls.server.as_given())).unwrap();
    let login = calls.begin();
    calls.poll(&login);
    let token = BearerToken::parse("any.b64+token/~==").unwrap();
    calls.runtime.block_on(calls.client.read(&server, &token)).unwrap_err();

    let authority = calls.control_plane.address().to_string();
    let agent = concat!("plexctl/", env!("CARGO_PKG_VERSION"));
    let posted = |path: &str, body: String| {
        let fields = [
            ("host", authority.clone()),
            ("accept", "application/json, application/problem+json".to_owned()),
            ("user-agent", agent.to_owned()),
            ("content-type", "application/json".to_owned()),
            ("content-length", body.len().to_string()),
        ];
        ("POST".to_owned(), path.to_owned(), fields.map(|(name, value)| (name.to_owned(), value)).to_vec(), body)
    };
    let code = login.device_code().expose_secret();
    let asked = [
        ("host", authority.as_str()),
        ("authorization", "Bearer any.b64+token/~=="),
        ("accept", "application/problem+json, application/json"),
        ("user-agent", agent),
    ];
    let asked = asked.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let sent = |request: RecordedRequest| {
        (request.method, request.target, request.headers, String::from_utf8(request.body).unwrap())
    };
    assert_eq!(
        calls.control_plane.requests().into_iter().map(sent).collect::<Vec<_>>(),
        [
            posted("/v1/auth/device-code", format!(r#"{{"domain_id":"{DOMAIN}","idp_binding_id":"{BINDING}"}}"#)),
            posted("/v1/auth/device-token", format!(r#"{{"device_code":"{code}"}}"#)),
            ("GET".to_owned(), "/base/v1/auth/whoami".to_owned(), asked, String::new()),
        ]
    );
}

#[test]
fn device_code_allows_every_visible_character() {
    let code = String::from_utf8((b'!'..=b'~').collect()).unwrap();
    let calls = Calls::new();
    let text = serde_json::Value::from(code.as_str()).to_string();
    calls.control_plane.always(Endpoint::DeviceCode, Script::real().with("device_code", &text));
    let answer = Answer::problem(400, "No", "invalid_grant", &format!("there is no {code}"));
    calls.control_plane.always(Endpoint::DeviceToken, Script::answer(answer));
    let PollResponse::NotIssued(RequestError::Rejected { source }) = calls.first_poll() else { panic!("not rejected") };
    assert!(source.to_string().ends_with(": there is no [redacted]"), "{source}");
    let sent: serde_json::Value = serde_json::from_slice(&calls.control_plane.requests()[1].body).unwrap();
    assert_eq!(sent["device_code"], code);
}

#[test]
fn replaces_closed_idle_connection() {
    let closing = || Script::real().rewritten(|answer| answer);
    for script in [closing(), Script::real().header("connection", "close")] {
        let calls = Calls::with_polls([Script::real(), script]);
        let login = calls.begin();
        for _ in 0..4 {
            assert!(matches!(calls.poll(&login), PollResponse::Pending));
            calls.rest();
        }
        assert_eq!(calls.connections(), [1, 1, 1, 2, 2]);
    }
}

#[test]
fn lost_poll_is_not_repeated() {
    let calls = Calls::with_polls([Script::real().lost()]);
    calls.control_plane.approve_next();
    let login = calls.begin();
    let failure = failed(calls.poll(&login));
    assert_eq!((cause(&failure), failure.may_have_issued), (CLOSED.to_owned(), true));
    assert_eq!(calls.control_plane.live_tokens().len(), 1);
    assert!(matches!(calls.poll(&login), PollResponse::NotIssued(RequestError::Rejected { .. })));
    assert_eq!(calls.connections(), [1, 1, 2]);
}

#[test]
fn invalid_response_is_lost() {
    for (script, expected) in [
        (Script::hang_up(), CLOSED),
        (Script::raw("SSH-2.0-OpenSSH_9.6\r\n"), "the response is not HTTP"),
        (Script::raw("HTTP/1.1 200 OK\r\nContent-Le"), CLOSED),
        (Script::raw([0xff; 100]), "the response is not HTTP"),
    ] {
        let calls = Calls::with_polls([script]);
        let failure = failed(calls.first_poll());
        assert_eq!((cause(&failure).as_str(), failure.may_have_issued, failure.retry_after), (expected, true, None));
        assert_eq!(calls.control_plane.requests().len(), 2);
    }
}

#[test]
fn unreachable_server_issued_nothing() {
    let calls = Calls::new();
    let login = calls.begin();
    let Calls { runtime, client, control_plane, server } = calls;
    drop(control_plane);
    let failure = failed(runtime.block_on(client.poll(&server, login.device_code())));
    assert_eq!((cause(&failure), failure.may_have_issued), ("cannot connect: connection refused".to_owned(), false));
}

#[test]
fn accepts_token_before_broken_end() {
    let longer = |answer: Vec<u8>| {
        let text = String::from_utf8(answer).unwrap();
        text.replacen("content-length: ", "content-length: 9", 1).into_bytes()
    };
    let calls = Calls::with_polls([Script::real().rewritten(longer)]);
    calls.control_plane.approve_next();
    let token = issued(calls.first_poll());
    assert!(calls.control_plane.is_live(&token));

    let calls = Calls::with_polls([Script::real().rewritten(|mut answer| {
        answer.pop();
        answer
    })]);
    calls.control_plane.approve_next();
    assert!(matches!(calls.first_poll(), PollResponse::NotIssued(RequestError::Unusable { .. })));
}

#[test]
fn reads_retry_after() {
    let busy = |status, value: &str| Script::answer(Answer::bare(status)).header("retry-after", value);
    for (status, value, expected, may_have_issued) in [
        (429, "60", Some(60), false),
        (429, "61", None, false),
        (503, "0", Some(0), true),
        (503, "Tue, 24 Nov 2026 13:46:00 GMT", None, true),
        (302, "7", Some(7), false),
        (408, "7", Some(7), false),
    ] {
        let calls = Calls::with_polls([busy(status, value).header("location", "/elsewhere")]);
        let failure = failed(calls.first_poll());
        assert_eq!(failure.retry_after, expected.map(Duration::from_secs), "{status} {value}");
        assert_eq!(failure.may_have_issued, may_have_issued, "{status}");
        assert_eq!(calls.connections(), [1, 1], "{status}");
    }
}

#[test]
fn reads_code_from_problem_details_only() {
    let answer = |code: &str, content_type: &str| {
        Script::answer(Answer { content_type: content_type.to_owned(), ..Answer::problem(400, "No", code, "No.") })
    };
    let name = |script| match Calls::with_polls([script]).first_poll() {
        PollResponse::Denied => "denied",
        PollResponse::NotIssued(RequestError::Rejected { .. }) => "rejected",
        answer => panic!("{answer:?}"),
    };
    assert_eq!(name(answer("access_denied", "Application/Problem+JSON; charset=utf-8")), "denied");
    assert_eq!(name(answer("access_denied", "application/json")), "rejected");
    assert_eq!(name(answer("access_\u{0}denied", "application/problem+json")), "rejected");

    // A code that is part of a meaningful word cannot hide it.
    let calls = Calls::with_polls([answer("access_denied", "application/problem+json")]);
    calls.control_plane.always(Endpoint::DeviceCode, Script::real().with("device_code", "\"denied\""));
    assert!(matches!(calls.first_poll(), PollResponse::Denied));
}

#[test]
fn cancelled_poll_leaves_nothing_running() {
    let calls = Calls::with_polls([Script::real().after(Duration::from_secs(60))]);
    let login = calls.begin();
    let poll = calls.client.poll(&calls.server, login.device_code());
    assert!(calls.runtime.block_on(async { tokio::time::timeout(Duration::from_millis(200), poll).await }).is_err());
    assert!(matches!(calls.poll(&login), PollResponse::Pending | PollResponse::SlowDown));
    assert_eq!(calls.connections(), [1, 1, 2]);
}

#[test]
fn plain_proxy_response_decides_nothing() {
    let calls = Calls::new();
    let login = calls.begin();
    let (token, server) =
        (BearerToken::parse("t0ken").unwrap(), ServerUrl::parse("http://plexsphere.example").unwrap());
    for (fields, is_the_servers) in
        [("Content-Type: text/html", false), ("Content-Type: application/problem+json", true)]
    {
        let asked = |status: &str| {
            let proxy = ScriptedServer::stalling_after(format!(
                "HTTP/1.1 {status}\r\n{fields}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
            ));
            let variable = ProxyVariable { name: "HTTP_PROXY".to_owned(), value: proxy.url() };
            let settings = ProxySettings { http_proxy: Some(variable), ..ProxySettings::default() };
            let warnings = Arc::new(Mutex::new(Vec::new()));
            let record = Arc::clone(&warnings);
            let client = ControlPlaneClient::new(settings, TrustSettings::default(), move |warning| {
                record.lock().unwrap().push(warning.to_owned());
            });
            let results = calls.runtime.block_on(async {
                let begun = client.begin(&server, &request()).await.unwrap_err();
                let polled = client.poll(&server, login.device_code()).await;
                (begun, polled, client.read(&server, &token).await.unwrap_err())
            });
            assert_eq!(*warnings.lock().unwrap(), ["the token travels unencrypted to http://plexsphere.example"]);
            drop(client);
            assert_eq!(proxy.finish().len(), 3, "{status}");
            results
        };
        let (begun, polled, read) = asked("401 Unauthorized");
        assert!(matches!(begun, RequestError::Unconfirmed { .. }), "{begun:?}");
        assert_eq!(
            matches!(polled, PollResponse::NotIssued(RequestError::Rejected { .. })),
            is_the_servers,
            "{polled:?}"
        );
        assert_eq!(matches!(polled, PollResponse::Failed(_)), !is_the_servers, "{polled:?}");
        assert_eq!(matches!(read, RequestError::NotAccepted { .. }), is_the_servers, "{read:?}");
        let (begun, polled, _) = asked("403 Forbidden");
        assert_eq!(matches!(begun, RequestError::Refused { .. }), is_the_servers, "{begun:?}");
        assert_eq!(
            matches!(polled, PollResponse::NotIssued(RequestError::Refused { .. })),
            is_the_servers,
            "{polled:?}"
        );
    }
}
