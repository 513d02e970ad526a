//! The approval page, on which a person decides about a user code.
//!
//! It needs no scripts and loads nothing. Everything a client chose is escaped, and the content security policy is the
//! second line of defence.

use uuid::Uuid;

use super::State;
use super::answer::{Answer, Reply};
use super::device_flow::{Authorization, CodeError, Decision};
use super::request::RecordedRequest;
use crate::domain::printable::escape_unprintable;

const STYLE: &str = include_str!("page.css");

const CODE_FORM: &str = r#"<form method="get" action="/v1/device">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" required maxlength="64" autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby="user_code_note">
<p class="note" id="user_code_note">Enter the code that the program shows. Case, dashes and blanks do not matter.</p>
<button class="main">Continue</button>
</form>"#;

/// The contents of one page.
struct Page {
    status: u16,
    title: &'static str,
    content: String,
}

impl State {
    /// Serves the page for `GET`, and handles its form for `POST`.
    pub(super) fn answer_page(&mut self, request: &RecordedRequest) -> Reply {
        let page = if request.method == "POST" {
            self.decided_page(request)
        } else {
            match request.query_parameter("user_code").filter(|code| !code.is_empty()) {
                None => Page { status: 200, title: "Log in with a code", content: CODE_FORM.to_owned() },
                Some(code) => match self.open_code(&code, request.arrived) {
                    Ok(authorization) => question(authorization),
                    Err(error) => undecidable(error),
                },
            }
        };
        page.into_reply(&self.url)
    }

    fn decided_page(&mut self, request: &RecordedRequest) -> Page {
        let decision = match request.form_field("decision").as_deref() {
            Some("approve") => Decision::Approve,
            Some("deny") => Decision::Deny,
            _ => {
                let content = "<p>The decision must be <code>approve</code> or <code>deny</code>.</p>".to_owned();
                return Page { status: 400, title: "Missing decision", content };
            }
        };
        let user_code = request.form_field("user_code").unwrap_or_default();
        match (self.decide(&user_code, decision, request.arrived), decision) {
            (Err(error), _) => undecidable(error),
            (Ok(()), Decision::Approve) => Page {
                status: 200,
                title: "Approved",
                content: "<p>The program is logged in within a few seconds. You can close this page.</p>".to_owned(),
            },
            (Ok(()), Decision::Deny) => Page {
                status: 200,
                title: "Denied",
                content: "<p>The program gets no access. You can close this page.</p>".to_owned(),
            },
        }
    }
}

fn question(authorization: &Authorization) -> Page {
    let code = escape(&authorization.user_code);
    let domain = escape(&authorization.domain_id);
    let binding = authorization.binding.as_deref().map_or_else(|| "the default of the domain".to_owned(), escape);
    let content = format!(
        r#"<p>A program wants to log in as you. Check that it shows this code:</p>
<p class="code">{code}</p>
<dl>
<dt>Domain</dt><dd>{domain}</dd>
<dt>Identity provider binding</dt><dd>{binding}</dd>
</dl>
<p>Only approve a login that you started yourself.</p>
<form method="post" action="/v1/device">
<input type="hidden" name="user_code" value="{code}">
<button class="main" name="decision" value="approve">Approve</button>
<button name="decision" value="deny">Deny</button>
</form>"#
    );
    Page { status: 200, title: "Approve this login?", content }
}

/// The page for a code that cannot be decided, with a form for another code where that may help.
fn undecidable(error: CodeError) -> Page {
    let (status, title, advice, form) = match error {
        CodeError::Unknown => (404, "Unknown code", "No login has this code. Check it and try again.", CODE_FORM),
        CodeError::Expired => (410, "Expired code", "This code has expired. Start the login again.", CODE_FORM),
        CodeError::Used => (410, "Used code", "This code was already approved or denied. You can close this page.", ""),
    };
    Page { status, title, content: format!("<p>{advice}</p>\n{form}") }
}

impl Page {
    fn into_reply(self, url: &str) -> Reply {
        let Self { status, title, content } = self;
        let nonce = Uuid::new_v4().simple().to_string();
        let body = format!(
            r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – plexsphere on loopback</title>
<link rel="icon" href="data:,">
<style nonce="{nonce}">
{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
<footer>Test control plane at {url}</footer>
</body>
</html>
"#
        );
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        let headers = [
            ("content-security-policy", policy.as_str()),
            ("x-content-type-options", "nosniff"),
            // The page's URL contains the code.
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
        ];
        Reply {
            answer: Answer { status, content_type: "text/html; charset=utf-8".to_owned(), body: body.into_bytes() },
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        }
    }
}

/// Escapes a text for HTML, between tags and in quoted attributes. Unprintable characters become visible.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in escape_unprintable(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
