//! Which requests reach an operation.

use std::io::Read;

use plexctl::testing::ControlPlane;

use super::Client;

#[test]
fn rejects_unsupported_methods_with_405() {
    let control_plane = ControlPlane::start().unwrap();
    let mut client = Client::of(&control_plane);
    for (path, allowed) in [
        ("/v1/auth/device-code", "POST"),
        ("/v1/auth/device-token", "POST"),
        ("/v1/auth/idp-bindings", "GET"),
        ("/v1/auth/whoami", "GET, DELETE"),
        ("/v1/auth/tokens", "GET, POST"),
        ("/v1/auth/tokens/x", "DELETE"),
        ("/v1/auth/tokens/x/rotate", "POST"),
        ("/v1/device", "GET, POST"),
    ] {
        for method in ["PUT", "PATCH", "OPTIONS", "TRACE", "BREW", "get"] {
            let answered = client.ask(&format!("{method} {path}"), &[], "").unwrap();
            assert_eq!((answered.status, answered.header("allow")), (405, Some(allowed)), "{method} {path}");
            assert_eq!(answered.problem(), "method_not_allowed");
        }
        let mut head = Client::of(&control_plane);
        head.send(&format!("HEAD {path}"), &[("Connection", "close")], "");
        let mut answer = String::new();
        head.0.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 405 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    }
}

#[test]
fn rejects_unknown_paths_with_404() {
    let control_plane = ControlPlane::start().unwrap();
    let mut client = Client::of(&control_plane);
    for path in ["/", "/v1/auth", "/v1/auth/whoami/", "/v1/auth/tokens/", "/v1/auth/tokens/x/y", "/v1//auth/tokens"] {
        for method in ["GET", "POST", "DELETE"] {
            let answered = client.ask(&format!("{method} {path}"), &[], "").unwrap();
            assert_eq!((answered.status, answered.problem().as_str()), (404, "not_found"), "{method} {path}");
        }
    }
}
