//! The control plane of the feature `control-plane`, tested over the wire as any client would use it.

mod bindings;
mod device_flow;
mod example;
mod page;
mod routes;
mod scripts;
mod tokens;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use plexctl::testing::ControlPlane;
use serde_json::{Value, json};

const DOMAIN: &str = "0192f0c1-0000-7000-8000-00000000000d";
const BINDING: &str = "0192f0c1-0000-7000-8000-00000000000b";

/// A persistent connection to a server, with or without TLS.
struct Client<S: Read + Write>(BufReader<S>);

/// A response.
#[derive(Debug)]
struct Answered {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Client<TcpStream> {
    fn of(control_plane: &ControlPlane) -> Self {
        let stream = TcpStream::connect(control_plane.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(BufReader::new(stream))
    }
}

impl<S: Read + Write> Client<S> {
    fn send(&mut self, request: &str, fields: &[(&str, &str)], body: &str) {
        let fields: String = fields.iter().flat_map(|(name, value)| [*name, ": ", *value, "\r\n"]).collect();
        let length = body.len();
        let request = format!("{request} HTTP/1.1\r\nHost: h\r\n{fields}Content-Length: {length}\r\n\r\n{body}");
        let stream = self.0.get_mut();
        stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).unwrap();
    }

    /// Reads one response, or `None` if the server closes the connection instead.
    fn receive(&mut self) -> Option<Answered> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap_or_default() == 0 {
                assert!(lines.is_empty(), "{lines:?}");
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let status = lines[0].strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
        let headers = lines[1..].iter().map(|line| line.split_once(": ").unwrap());
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut answered = Answered { status, headers, body: String::new() };
        let length = answered.header("content-length").map_or(0, |length| length.parse().unwrap());
        self.0.by_ref().take(length).read_to_string(&mut answered.body).unwrap();
        Some(answered)
    }

    fn ask(&mut self, request: &str, fields: &[(&str, &str)], body: &str) -> Option<Answered> {
        self.send(request, fields, body);
        self.receive()
    }

    fn post(&mut self, path: &str, body: &Value) -> Option<Answered> {
        self.ask(&format!("POST {path}"), &[("Content-Type", "application/json")], &body.to_string())
    }

    /// Starts a login.
    fn begin(&mut self) -> Value {
        let body = json!({ "domain_id": DOMAIN, "idp_binding_id": BINDING });
        self.post("/v1/auth/device-code", &body).unwrap().json()
    }

    /// Polls for the token of a login.
    fn poll(&mut self, login: &Value) -> Option<Answered> {
        self.post("/v1/auth/device-token", &json!({ "device_code": login["device_code"] }))
    }

    /// Sends a request without a body with a token.
    fn ask_as(&mut self, token: &str, request: &str) -> Option<Answered> {
        self.ask(request, &[("Authorization", &format!("Bearer {token}"))], "")
    }

    fn whoami(&mut self, token: &str) -> Option<Answered> {
        self.ask_as(token, "GET /v1/auth/whoami")
    }

    fn revoke(&mut self, id: &str, token: &str) -> Option<Answered> {
        self.ask_as(token, &format!("DELETE /v1/auth/tokens/{id}"))
    }
}

impl Answered {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        assert!([200, 201].contains(&self.status), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap()
    }

    /// The code of a complete problem document.
    fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], self.status, "{problem}");
        for key in ["type", "title", "detail", "instance", "correlation_id"] {
            assert!(problem[key].as_str().is_some_and(|text| !text.is_empty()), "{key} of {problem}");
        }
        assert_eq!(problem["correlation_id"].as_str(), self.header("x-correlation-id"), "{self:?}");
        problem["code"].as_str().unwrap().to_owned()
    }
}
