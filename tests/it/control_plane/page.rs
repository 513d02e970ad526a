//! The approval page.

use std::net::TcpStream;

use plexctl::testing::ControlPlane;
use serde_json::{Value, json};

use super::{Answered, Client, DOMAIN};

/// A login that waits for approval, and a client to view the page with.
struct Waiting {
    control_plane: ControlPlane,
    client: Client<TcpStream>,
    login: Value,
}

impl Waiting {
    fn new() -> Self {
        let control_plane = ControlPlane::start().unwrap();
        let mut client = Client::of(&control_plane);
        let login = client.begin();
        Self { control_plane, client, login }
    }

    fn code(&self) -> String {
        self.login["user_code"].as_str().unwrap().to_owned()
    }

    fn show(&mut self, query: &str) -> Page {
        Page::of(self.client.ask(&format!("GET /v1/device{query}"), &[], ""))
    }

    fn submit(&mut self, form: &str) -> Page {
        let fields = [("Content-Type", "application/x-www-form-urlencoded")];
        Page::of(self.client.ask("POST /v1/device", &fields, form))
    }
}

struct Page {
    status: u16,
    heading: String,
    html: String,
}

impl Page {
    /// Reads a page and checks what must hold for every page.
    fn of(answered: Option<Answered>) -> Self {
        let answered = answered.unwrap();
        assert_eq!(answered.header("content-type"), Some("text/html; charset=utf-8"));
        for (name, value) in
            [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-content-type-options", "nosniff")]
        {
            assert_eq!(answered.header(name), Some(value));
        }
        let html = answered.body;
        let nonce = between(&html, "<style nonce=\"", "\">").to_owned();
        assert_eq!(nonce.len(), 32);
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        let given = answered.headers.iter().find(|(name, _)| name == "content-security-policy").unwrap();
        assert_eq!(given.1, policy);

        let heading = between(&html, "<h1>", "</h1>").to_owned();
        assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"), "{html}");
        assert!(between(&html, "<title>", "</title>").starts_with(&heading), "{html}");
        assert_eq!(html.matches("<h1>").count(), 1);
        for forbidden in ["<script", "javascript:", " style=", "@import", "url(", "src="] {
            assert!(!html.contains(forbidden), "{forbidden} in {html}");
        }
        for (index, _) in html.match_indices("href=\"") {
            assert!(html[index..].starts_with("href=\"data:,\""), "{html}");
        }
        for (index, _) in html.match_indices("<input id=\"") {
            let id = between(&html[index..], "\"", "\"");
            assert!(html.contains(&format!("<label for=\"{id}\">")), "{html}");
        }
        Self { status: answered.status, heading, html }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[test]
fn shows_code_domain_and_binding() {
    let mut waiting = Waiting::new();
    let code = waiting.code();
    let page = waiting.show(&format!("?user_code={code}"));
    assert_eq!((page.status, page.heading.as_str()), (200, "Approve this login?"));
    assert!(page.html.contains(&format!("<p class=\"code\">{code}</p>")), "{}", page.html);
    for shown in [DOMAIN, super::BINDING, "Approve</button>", "Deny</button>"] {
        assert!(page.html.contains(shown), "{shown} in {}", page.html);
    }
    assert_eq!(waiting.control_plane.open_codes(), [code], "looking at the page decides nothing");
}

#[test]
fn accepts_code_in_any_spelling() {
    let mut waiting = Waiting::new();
    let code = waiting.code();
    let form = waiting.show("");
    assert_eq!((form.status, form.heading.as_str()), (200, "Log in with a code"));
    assert_eq!(waiting.show("?user_code=").heading, "Log in with a code");

    let plain = code.replace('-', "");
    let spellings = [code.to_lowercase(), plain.clone(), format!("+{}%20-+{}%09", &plain[..3], &plain[3..])];
    for typed in spellings {
        let page = waiting.show(&format!("?other=1&user_code={typed}"));
        assert_eq!((page.status, page.heading.as_str()), (200, "Approve this login?"), "{typed}");
        assert!(page.html.contains(&code), "{typed}");
    }
}

#[test]
fn approves_and_denies() {
    for (decision, heading, poll) in [("approve", "Approved", 200), ("deny", "Denied", 400)] {
        let mut waiting = Waiting::new();
        let page = waiting.submit(&format!("user_code={}&decision={decision}", waiting.code()));
        assert_eq!((page.status, page.heading.as_str()), (200, heading));
        assert!(page.html.contains("You can close this page."));
        let answered = waiting.client.poll(&waiting.login).unwrap();
        assert_eq!(answered.status, poll);
        assert_eq!(waiting.control_plane.live_tokens().len(), usize::from(decision == "approve"));
    }
}

#[test]
fn explains_unknown_expired_and_used_codes() {
    let mut waiting = Waiting::new();
    let used = waiting.code();
    assert!(waiting.control_plane.approve(&used));
    let expired = waiting.client.begin()["user_code"].as_str().unwrap().to_owned();
    assert!(waiting.control_plane.expire(&expired));
    let expected = [
        ("nonsense".to_owned(), 404, "Unknown code"),
        ("%FF%00".to_owned(), 404, "Unknown code"),
        ("%3Cscript%3E".to_owned(), 404, "Unknown code"),
        (expired, 410, "Expired code"),
        (used, 410, "Used code"),
    ];
    for (code, status, heading) in expected {
        let shown = waiting.show(&format!("?user_code={code}"));
        let submitted = waiting.submit(&format!("user_code={code}&decision=deny"));
        for page in [shown, submitted] {
            assert_eq!((page.status, page.heading.as_str()), (status, heading), "{code}");
        }
    }
    assert_eq!(waiting.client.poll(&waiting.login).unwrap().status, 200, "nothing was denied afterwards");
}

#[test]
fn form_without_decision_decides_nothing() {
    let mut waiting = Waiting::new();
    for form in ["", "user_code=CODE", "user_code=CODE&decision=Approve", "decision=approve"] {
        let page = waiting.submit(&form.replace("CODE", &waiting.code()));
        assert!([400, 404].contains(&page.status), "{form}: {}", page.status);
    }
    assert_eq!(waiting.control_plane.open_codes(), [waiting.code()]);
}

#[test]
fn escapes_text_chosen_by_client() {
    let mut waiting = Waiting::new();
    let alias = "<script>&\"'\u{202e}\u{1b}</dd>";
    let body = json!({ "domain_id": DOMAIN, "idp_binding_alias": alias });
    waiting.login = waiting.client.post("/v1/auth/device-code", &body).unwrap().json();
    let page = waiting.show(&format!("?user_code={}", waiting.code()));
    let shown = between(&page.html, "binding</dt><dd>", "</dd>\n");
    assert_eq!(shown, r"&lt;script&gt;&amp;&quot;&#39;\u{202e}\u{1b}&lt;/dd&gt;");
}
