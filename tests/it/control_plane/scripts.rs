//! Scripts, and what is recorded of the requests that they meet.

use std::io::Read;
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use plexctl::testing::{Answer, ControlPlane, Endpoint, Script};
use serde_json::json;

use super::Client;

/// How long a delay lasts that a test tells from none.
const DELAY: Duration = Duration::from_millis(300);

fn whoami_status(control_plane: &ControlPlane) -> Option<u16> {
    Client::of(control_plane).whoami("").map(|answered| answered.status)
}

#[test]
fn plays_scripts_once_in_turn_or_always() {
    let control_plane = ControlPlane::start().unwrap();
    let answer = |status| Script::answer(Answer::bare(status));
    control_plane.on_nth(Endpoint::Whoami, 4, answer(504));
    control_plane.once(Endpoint::Whoami, answer(501));
    control_plane.once(Endpoint::Whoami, answer(502));
    control_plane.once(Endpoint::Revoke, answer(599));
    let statuses = [(); 5].map(|()| whoami_status(&control_plane).unwrap());
    assert_eq!(statuses, [501, 502, 401, 504, 401]);

    control_plane.always(Endpoint::Whoami, answer(503));
    control_plane.once(Endpoint::Whoami, answer(505));
    assert_eq!([(); 3].map(|()| whoami_status(&control_plane).unwrap()), [505, 503, 503]);
    control_plane.always(Endpoint::Whoami, Script::real());
    assert_eq!(whoami_status(&control_plane), Some(401));
    assert_eq!(Client::of(&control_plane).revoke("x", "y").unwrap().status, 599);
}

#[test]
fn scripts_every_endpoint() {
    let control_plane = ControlPlane::start().unwrap();
    let endpoints = [
        (Endpoint::DeviceCode, "POST /v1/auth/device-code"),
        (Endpoint::DeviceToken, "POST /v1/auth/device-token"),
        (Endpoint::IdpBindings, "GET /v1/auth/idp-bindings?scope=platform"),
        (Endpoint::Whoami, "GET /v1/auth/whoami"),
        (Endpoint::SignOut, "DELETE /v1/auth/whoami"),
        (Endpoint::ListTokens, "GET /v1/auth/tokens"),
        (Endpoint::IssueToken, "POST /v1/auth/tokens"),
        (Endpoint::RotateToken, "POST /v1/auth/tokens/0192f0c1-2345-7abc-8def-0123456789ab/rotate"),
        (Endpoint::Revoke, "DELETE /v1/auth/tokens/0192f0c1-2345-7abc-8def-0123456789ab"),
        (Endpoint::Page, "GET /v1/device?user_code=x"),
        (Endpoint::Page, "POST /v1/device"),
    ];
    let mut client = Client::of(&control_plane);
    for (endpoint, request) in endpoints {
        let answer = Answer { status: 299, content_type: "text/x-scripted".to_owned(), body: b"said".to_vec() };
        control_plane.once(endpoint, Script::answer(answer).header("retry-after", "7"));
        let answered = client.ask(request, &[], "").unwrap();
        assert_eq!((answered.status, answered.body.as_str()), (299, "said"), "{request}");
        assert_eq!(answered.header("content-type"), Some("text/x-scripted"));
        assert_eq!(answered.header("retry-after"), Some("7"));
        assert_ne!(client.ask(request, &[], "").unwrap().status, 299, "{request}");
    }
}

#[test]
fn scripted_problems_carry_the_correlation_id_of_their_request() {
    let control_plane = ControlPlane::start().unwrap();
    let mut client = Client::of(&control_plane);
    let problem = || Script::answer(Answer::problem(503, "Busy", "busy", "Try later."));
    control_plane.once(Endpoint::Whoami, problem());
    control_plane.once(Endpoint::Whoami, Script::real());
    for _ in 0..2 {
        let answered = client.whoami("").unwrap();
        answered.problem();
        let id = control_plane.requests().last().unwrap().correlation_id.clone();
        assert_eq!(answered.header("x-correlation-id"), Some(id.as_str()));
    }
    let [first, second] = &control_plane.requests()[..] else { panic!() };
    assert_ne!(first.correlation_id, second.correlation_id);

    control_plane.once(Endpoint::Whoami, problem().header("X-Correlation-Id", "other").without("correlation_id"));
    let answered = client.whoami("").unwrap();
    let ids: Vec<_> = answered.headers.iter().filter(|(name, _)| name == "x-correlation-id").collect();
    assert_eq!(ids, [&("x-correlation-id".to_owned(), "other".to_owned())]);
    assert!(!answered.body.contains("correlation_id"), "{}", answered.body);

    control_plane.once(Endpoint::Whoami, Script::answer(Answer::bare(503)));
    assert_eq!(client.whoami("").unwrap().header("x-correlation-id"), None);
}

#[test]
fn edits_fields_of_real_answers() {
    let control_plane = ControlPlane::start().unwrap();
    let mut client = Client::of(&control_plane);
    let script = Script::real().with("interval", "-1e999").with("verification_uri", "\"javascript:0\"");
    control_plane.once(Endpoint::DeviceCode, script.without("expires_in").with("extra", "[{}]"));
    let body = json!({ "domain_id": super::DOMAIN });
    let answered = client.post("/v1/auth/device-code", &body).unwrap();
    let changed =
        ["\"interval\":-1e999", "\"verification_uri\":\"javascript:0\"", "\"extra\":[{}]", "\"device_code\":"];
    assert!(changed.iter().all(|member| answered.body.contains(member)), "{}", answered.body);
    assert!(!answered.body.contains("expires_in"), "{}", answered.body);
    assert_eq!(control_plane.open_codes().len(), 1, "the code is issued anyway");
}

#[test]
fn raw_bytes_and_hang_up_skip_the_operation() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.approve_next();
    let login = Client::of(&control_plane).begin();
    control_plane.once(Endpoint::DeviceToken, Script::raw("HTTP/9 what?"));
    control_plane.once(Endpoint::DeviceToken, Script::hang_up());
    for expected in ["HTTP/9 what?", ""] {
        let mut client = Client::of(&control_plane);
        client.send(
            "POST /v1/auth/device-token",
            &[("Content-Type", "application/json")],
            &json!({ "device_code": login["device_code"] }).to_string(),
        );
        let mut answer = String::new();
        client.0.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, expected);
    }
    assert_eq!(control_plane.live_tokens(), []);
    assert_eq!(Client::of(&control_plane).poll(&login).unwrap().status, 200);
}

#[test]
fn lost_poll_response_still_mints() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.approve_next();
    control_plane.once(Endpoint::DeviceToken, Script::real().lost());
    let mut client = Client::of(&control_plane);
    let login = client.begin();
    assert!(client.poll(&login).is_none());
    assert_eq!(control_plane.live_tokens().len(), 1);
    assert_eq!(Client::of(&control_plane).poll(&login).unwrap().problem(), "invalid_grant");
}

#[test]
fn rewrites_response_bytes() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.approve_next();
    let cut = |mut answer: Vec<u8>| {
        answer.truncate(answer.len() - 1);
        answer
    };
    control_plane.once(Endpoint::DeviceToken, Script::real().rewritten(cut));
    let mut client = Client::of(&control_plane);
    let login = client.begin();
    let answered = client.poll(&login).unwrap();
    let length: usize = answered.header("content-length").unwrap().parse().unwrap();
    assert_eq!((answered.status, answered.body.len()), (200, length - 1));
    let token = &control_plane.live_tokens()[0].text;
    assert!(answered.body.contains(token) && !answered.body.ends_with('}'), "{}", answered.body);
    assert!(client.receive().is_none(), "the connection is closed");
}

#[test]
fn delay_applies_after_the_operation() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.approve_next();
    control_plane.once(Endpoint::DeviceToken, Script::real().after(DELAY));
    let mut client = Client::of(&control_plane);
    let login = client.begin();
    let started = Instant::now();
    thread::scope(|scope| {
        let poll = scope.spawn(|| client.poll(&login).unwrap().status);
        wait_until(|| control_plane.live_tokens().len() == 1);
        assert!(!poll.is_finished());
        assert_eq!(whoami_status(&control_plane), Some(401), "others are served meanwhile");
        assert!(started.elapsed() < DELAY);
        assert_eq!(poll.join().unwrap(), 200);
    });
    assert!(started.elapsed() >= DELAY);
}

#[test]
fn hook_runs_before_the_operation() {
    let control_plane = Arc::new(ControlPlane::start().unwrap());
    let token = control_plane.mint("dev");
    let (server, seen) = (Arc::downgrade(&control_plane), token.clone());
    let hook = move || {
        let server = server.upgrade().unwrap();
        assert_eq!(server.requests().last().unwrap().method, "DELETE", "it is recorded before");
        assert_eq!(Client::of(&server).whoami(&seen).unwrap().status, 200);
    };
    control_plane.once(Endpoint::Revoke, Script::real().running(hook));
    let id = control_plane.live_tokens()[0].id.clone();
    assert_eq!(Client::of(&control_plane).revoke(&id, &token).unwrap().status, 204);
    assert!(!control_plane.is_live(&token));
}

#[test]
fn panicking_hook_closes_the_connection() {
    let control_plane = ControlPlane::start().unwrap();
    let token = control_plane.mint("dev");
    control_plane.once(Endpoint::Revoke, Script::real().running(|| panic!("an assertion of the test")));
    let id = control_plane.live_tokens()[0].id.clone();
    assert!(Client::of(&control_plane).revoke(&id, &token).is_none());
    assert!(control_plane.is_live(&token));
}

#[test]
fn serves_read_request_after_client_hung_up() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.approve_next();
    control_plane.once(Endpoint::DeviceToken, Script::real().running(|| thread::sleep(DELAY)));
    let mut client = Client::of(&control_plane);
    let login = client.begin();
    let body = json!({ "device_code": login["device_code"] }).to_string();
    client.send("POST /v1/auth/device-token", &[("Content-Type", "application/json")], &body);
    wait_until(|| control_plane.requests().len() == 2);
    client.0.get_ref().shutdown(Shutdown::Both).unwrap();
    drop(client);
    wait_until(|| control_plane.live_tokens().len() == 1);
}

#[test]
fn scripts_connections() {
    let control_plane = ControlPlane::start().unwrap();
    let hooks = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&hooks);
    let count = move || {
        counter.fetch_add(1, Ordering::SeqCst);
    };
    control_plane.once(Endpoint::Connection, Script::hang_up().running(count));
    control_plane.once(Endpoint::Connection, Script::raw("SSH-2.0-what"));
    control_plane.once(Endpoint::Connection, Script::answer(Answer::bare(503)));
    control_plane.once(Endpoint::Connection, Script::real().after(DELAY));

    for expected in ["", "SSH-2.0-what", "HTTP/1.1 503 Service Unavailable\r\n"] {
        let mut greeting = String::new();
        Client::of(&control_plane).0.read_to_string(&mut greeting).unwrap();
        assert!(greeting.starts_with(expected) && (!expected.is_empty() || greeting.is_empty()), "{greeting}");
    }
    let started = Instant::now();
    assert_eq!(whoami_status(&control_plane), Some(401));
    assert!(started.elapsed() >= DELAY);
    assert_eq!((control_plane.connections(), control_plane.requests().len()), (4, 1));
    assert_eq!(hooks.load(Ordering::SeqCst), 1);
}

#[test]
fn records_time_and_connection_of_requests() {
    let control_plane = ControlPlane::start().unwrap();
    let started = Instant::now();
    let mut kept = Client::of(&control_plane);
    kept.whoami("");
    thread::sleep(DELAY);
    kept.whoami("");
    Client::of(&control_plane).whoami("");
    let requests = control_plane.requests();
    assert_eq!(requests.iter().map(|request| request.connection).collect::<Vec<_>>(), [1, 1, 2]);
    assert_eq!(control_plane.connections(), 2);
    assert!(requests[0].arrived >= started && requests[2].arrived <= Instant::now());
    assert!(requests[1].arrived - requests[0].arrived >= DELAY);
}

/// Waits for something that has to happen soon.
fn wait_until(has_happened: impl Fn() -> bool) {
    let started = Instant::now();
    while !has_happened() {
        assert!(started.elapsed() < Duration::from_secs(10), "it has not happened");
        thread::sleep(Duration::from_millis(5));
    }
}
