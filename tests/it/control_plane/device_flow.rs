//! The device flow.

use std::io::BufReader;
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use plexctl::domain::token::SessionToken;
use plexctl::testing::{ControlPlane, Decision, LiveToken, Minting};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use super::{Client, DOMAIN};
use crate::support::tls::{Identity, leaf};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn issues_code_with_page_links_and_terms() {
    let control_plane = ControlPlane::start().unwrap();
    let mut client = Client::of(&control_plane);
    let login = client.begin();
    let (page, code) = (format!("{}/v1/device", control_plane.url()), text(&login["user_code"]));
    assert!(text(&login["device_code"]).len() >= 32);
    assert_eq!(login["verification_uri"], page);
    assert_eq!(login["verification_uri_complete"], format!("{page}?user_code={code}"));
    assert_eq!((&login["expires_in"], &login["interval"]), (&json!(600), &json!(5)));
    assert_eq!(control_plane.open_codes(), [code]);

    control_plane.configure(|settings| {
        settings.expires_in = Duration::from_secs(30);
        settings.interval = Duration::from_secs(2);
        settings.verification_uri = Some("https://elsewhere.invalid/approve".to_owned());
    });
    let login = client.begin();
    assert_eq!((&login["expires_in"], &login["interval"]), (&json!(30), &json!(2)));
    assert_eq!(login["verification_uri"], "https://elsewhere.invalid/approve");
}

#[test]
fn rejects_invalid_device_code_requests() {
    let control_plane = ControlPlane::start().unwrap();
    let mut client = Client::of(&control_plane);
    let id = DOMAIN;
    for body in [
        json!([]),
        json!({}),
        json!({ "client_id": "plexctl" }),
        json!({ "idp_binding_id": id }),
        json!({ "idp_binding_alias": "github" }),
        json!({ "domain_id": "not-a-uuid", "idp_binding_id": id }),
        json!({ "domain_id": 1 }),
        json!({ "domain_id": id, "idp_binding_id": "" }),
        json!({ "domain_id": id, "idp_binding_id": id, "idp_binding_alias": "github" }),
        json!({ "domain_id": id, "idp_binding_alias": "x".repeat(4097) }),
        json!({ "domain_id": id, "client_id": "x".repeat(4097) }),
    ] {
        let answered = client.post("/v1/auth/device-code", &body).unwrap();
        assert_eq!((answered.status, answered.problem().as_str()), (400, "invalid_body"), "{body}");
    }
    for body in ["", "{", "{\"domain_id\":"] {
        let fields = [("Content-Type", "application/json")];
        assert_eq!(client.ask("POST /v1/auth/device-code", &fields, body).unwrap().problem(), "invalid_body");
    }
    let good = json!({ "domain_id": id }).to_string();
    for fields in [&[][..], &[("Content-Type", "text/plain")], &[("Content-Type", "application/jsonp")]] {
        assert_eq!(client.ask("POST /v1/auth/device-code", fields, &good).unwrap().problem(), "invalid_body");
    }
    assert_eq!(control_plane.open_codes(), [""; 0]);

    for body in [json!({ "domain_id": id, "idp_binding_alias": "x".repeat(4096) }), json!({ "domain_id": id })] {
        assert_eq!(client.post("/v1/auth/device-code", &body).unwrap().status, 200);
    }
    let fields = [("Content-Type", "Application/JSON; charset=utf-8")];
    assert_eq!(client.ask("POST /v1/auth/device-code", &fields, &good).unwrap().status, 200);
}

#[test]
fn rejects_unknown_domain() {
    let control_plane = ControlPlane::start().unwrap();
    let mut client = Client::of(&control_plane);
    control_plane.configure(|settings| settings.domain_id = Some(DOMAIN.to_ascii_uppercase()));
    client.begin();
    let unknown = json!({ "domain_id": super::BINDING });
    let answered = client.post("/v1/auth/device-code", &unknown).unwrap();
    assert_eq!((answered.status, answered.problem().as_str()), (404, "idp_binding_not_found"));
}

#[test]
fn mints_token_once_at_first_poll_after_approval() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.configure(|settings| settings.interval = Duration::from_millis(1));
    let mut client = Client::of(&control_plane);
    let login = client.begin();
    for _ in 0..2 {
        thread::sleep(Duration::from_millis(2));
        let answered = client.poll(&login).unwrap();
        assert_eq!((answered.status, answered.problem().as_str()), (400, "authorization_pending"));
    }
    assert!(control_plane.approve(text(&login["user_code"])));
    assert_eq!(control_plane.live_tokens(), []);

    let answered = client.poll(&login).unwrap();
    assert_eq!(answered.header("cache-control"), Some("no-store"));
    let grant = answered.json();
    assert_eq!((&grant["token_type"], &grant["expires_in"]), (&json!("Bearer"), &json!(12 * 60 * 60)));
    let token = text(&grant["access_token"]);
    let [live] = &control_plane.live_tokens()[..] else { panic!("{:?}", control_plane.live_tokens()) };
    let expected = LiveToken {
        text: token.to_owned(),
        id: SessionToken::parse(token).unwrap().id().to_string(),
        minting: Minting::Poll { user_code: text(&login["user_code"]).to_owned() },
    };
    assert_eq!(*live, expected);

    assert_eq!(client.poll(&login).unwrap().problem(), "invalid_grant");
    assert_eq!(control_plane.live_tokens().len(), 1);
    assert!(!control_plane.approve(text(&login["user_code"])));
}

#[test]
fn early_poll_lengthens_interval() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.configure(|settings| settings.interval = Duration::from_millis(200));
    let mut client = Client::of(&control_plane);
    let login = client.begin();
    assert_eq!(client.poll(&login).unwrap().problem(), "authorization_pending");
    assert_eq!(client.poll(&login).unwrap().problem(), "slow_down");
    thread::sleep(Duration::from_millis(250));
    assert_eq!(client.poll(&login).unwrap().problem(), "slow_down");
    assert!(control_plane.approve(text(&login["user_code"])));
    assert_eq!(client.poll(&login).unwrap().status, 200);
}

#[test]
fn mints_nothing_for_denied_expired_or_unknown_codes() {
    let control_plane = ControlPlane::start().unwrap();
    let mut client = Client::of(&control_plane);
    let [denied, expired, approved] = [(); 3].map(|()| client.begin());
    assert!(control_plane.deny(text(&denied["user_code"])));
    assert!(control_plane.expire(text(&expired["user_code"])));
    assert_eq!(control_plane.open_codes(), [text(&approved["user_code"])]);
    assert!(!control_plane.approve(text(&denied["user_code"])));
    assert!(!control_plane.approve(text(&expired["user_code"])));
    assert!(!control_plane.approve("ABCD-EFGH"));

    for _ in 0..2 {
        assert_eq!(client.poll(&denied).unwrap().problem(), "access_denied");
        assert_eq!(client.poll(&expired).unwrap().problem(), "expired_token");
    }
    assert_eq!(client.poll(&json!({ "device_code": "guessed" })).unwrap().problem(), "invalid_grant");
    for body in [json!({}), json!({ "device_code": 7 }), json!({ "device_code": "x".repeat(4097) })] {
        assert_eq!(client.post("/v1/auth/device-token", &body).unwrap().problem(), "invalid_body", "{body}");
    }
    assert_eq!(control_plane.live_tokens(), []);
}

#[test]
fn approved_code_expires_too() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.configure(|settings| settings.expires_in = Duration::from_millis(300));
    let mut client = Client::of(&control_plane);
    let login = client.begin();
    assert!(control_plane.approve(text(&login["user_code"])));
    thread::sleep(Duration::from_millis(300));
    assert_eq!(client.poll(&login).unwrap().problem(), "expired_token");
}

#[test]
fn applies_planned_decision_at_its_poll() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.configure(|settings| settings.interval = Duration::ZERO);
    control_plane.approve_next();
    control_plane.decide_next(Decision::Deny, 3);
    let mut client = Client::of(&control_plane);
    let [approved, denied, undecided] = [(); 3].map(|()| client.begin());
    assert_eq!(client.poll(&approved).unwrap().status, 200);
    let mut codes = [(); 3].map(|()| client.poll(&denied).unwrap().problem());
    assert_eq!(codes, ["authorization_pending", "authorization_pending", "access_denied"]);
    codes = [(); 3].map(|()| client.poll(&undecided).unwrap().problem());
    assert_eq!(codes, ["authorization_pending"; 3]);
}

#[test]
fn serves_everything_over_tls() {
    let (certificate, key) = Identity::self_signed(&leaf()).der();
    let control_plane = ControlPlane::start_with_tls(vec![certificate.clone()], key).unwrap();
    control_plane.approve_next();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(certificate)).unwrap();
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(control_plane.address()).unwrap();
    let mut client = Client(BufReader::new(StreamOwned::new(connection, stream)));

    let login = client.begin();
    assert!(text(&login["verification_uri"]).starts_with(&format!("https://{}/", control_plane.address())));
    let grant = client.poll(&login).unwrap().json();
    let [live] = &control_plane.live_tokens()[..] else { panic!("{:?}", control_plane.live_tokens()) };
    assert_eq!(grant["access_token"], live.text);
    assert_eq!(client.whoami(&live.text).unwrap().status, 200);
    assert_eq!(client.revoke(&live.id, &live.text).unwrap().status, 204);
    assert_eq!(control_plane.connections(), 1);

    let mut plain = Client::of(&control_plane);
    plain.send("GET /v1/device", &[], "");
    let mut answer = Vec::new();
    std::io::Read::read_to_end(&mut plain.0, &mut answer).unwrap_or_default();
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert_eq!(control_plane.requests().len(), 4);
}

#[test]
fn rejects_invalid_certificate_or_key() {
    let (certificate, key) = Identity::self_signed(&leaf()).der();
    let (_, other_key) = Identity::self_signed(&leaf()).der();
    assert!(ControlPlane::start_with_tls(vec![certificate.clone()], b"no key".to_vec()).is_err());
    assert!(ControlPlane::start_with_tls(vec![b"no certificate".to_vec()], key).is_err());
    assert!(ControlPlane::start_with_tls(vec![certificate], other_key).is_err());
}
