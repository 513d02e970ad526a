//! Problem details (RFC 9457): the bounded, sanitized part of an error answer that may reach the operator.

use std::fmt;

use serde_json::{Map, Value};

use super::sent_secrets::SentSecrets;
#[cfg(fuzzing)]
use crate::domain::token::SessionToken;

/// How much of each text is shown, in characters.
pub(super) const MAX_TEXT: usize = 300;

/// A problem document's texts, fit for a terminal: at most 300 characters each, none of which could act on it, and
/// without the secrets that the request carried. Empty ones count as missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProblemDetails {
    /// The kind of problem (RFC 9457, section 3.1.3).
    pub(crate) title: Option<String>,
    /// The same for machines, an extension of plexsphere.
    pub(crate) code: Option<String>,
    /// This occurrence of it (RFC 9457, section 3.1.4).
    pub(crate) detail: Option<String>,
    /// The id under which the server logged the request, an extension of plexsphere.
    pub(crate) correlation_id: Option<String>,
}

impl ProblemDetails {
    /// Reads a body of the media type. `None` means that it is no JSON object.
    pub(super) fn parse(body: &[u8], secrets: &SentSecrets) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_slice(body).ok()?;
        let text =
            |member| Some(secrets.sanitized(members.get(member)?.as_str()?, MAX_TEXT)).filter(|text| !text.is_empty());
        Some(Self {
            title: text("title"),
            code: text("code"),
            detail: text("detail"),
            correlation_id: text("correlation_id"),
        })
    }

    /// Reads the code of a body of the media type, as it is.
    pub(super) fn code_in(body: &[u8]) -> Option<String> {
        let members: Map<String, Value> = serde_json::from_slice(body).ok()?;
        members.get("code")?.as_str().map(str::to_owned)
    }
}

/// Writes `title (code): detail`, as far as they are there.
impl fmt::Display for ProblemDetails {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match (self.title.as_deref(), self.code.as_deref()) {
            (Some(title), Some(code)) => Some(format!("{title} ({code})")),
            (title, code) => title.or(code).map(str::to_owned),
        };
        let pieces: Vec<_> = name.as_deref().into_iter().chain(self.detail.as_deref()).collect();
        formatter.write_str(&pieces.join(": "))
    }
}

/// A body's title, code and detail, and the line they make, for the fuzz target.
#[cfg(fuzzing)]
pub fn fuzzed_problem(body: &[u8], token: &SessionToken) -> Option<([Option<String>; 3], String)> {
    let problem = ProblemDetails::parse(body, &[token.expose_secret()].into())?;
    let line = problem.to_string();
    Some(([problem.title, problem.code, problem.detail], line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str) -> Option<String> {
        ProblemDetails::parse(body.as_bytes(), &SentSecrets::default()).map(|problem| problem.to_string())
    }

    #[test]
    fn shows_title_code_and_detail_if_present() {
        let cases = [
            (r#"{"title":"T","code":"c","detail":"D"}"#, "T (c): D"),
            (r#"{"title":"T","detail":"D"}"#, "T: D"),
            (r#"{"title":"T","code":"c"}"#, "T (c)"),
            (r#"{"code":"c"}"#, "c"),
            (r#"{"code":"c","detail":"D"}"#, "c: D"),
            (r#"{"detail":"D"}"#, "D"),
            (r#"{"title":"","code":"","detail":""}"#, ""),
            (r#"{"title":7,"code":["c"],"detail":{"a":1}}"#, ""),
            (r#"{"title":"T","title":"U"}"#, "U"),
            ("{}", ""),
        ];
        for (body, text) in cases {
            assert_eq!(shown(body).as_deref(), Some(text), "{body}");
        }
    }

    #[test]
    fn whatever_is_no_json_object_is_no_problem_document() {
        let deep = format!("{{\"a\":{}}}", "[".repeat(100_000));
        for body in ["", "null", "[]", "\"title\"", "7", "{", "{\"title\":\"T\"", "{\"title\":\"T\"}x", deep.as_str()] {
            assert_eq!(shown(body), None, "{body:.20}");
        }
        assert_eq!(ProblemDetails::parse(b"{\"title\":\"\xff\"}", &SentSecrets::default()), None);
    }

    #[test]
    fn control_and_bidi_characters_are_stripped() {
        let body = "{\"title\":\"a\\u001b[31mb\\r\\n\\u0000\\u009b\\u007f\\u2028c\\u202e\\u2066d\"}";
        assert_eq!(shown(body).as_deref(), Some("a[31mbcd"));
    }
}
