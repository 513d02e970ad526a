//! The token issuer: `POST /v1/auth/device-code`, `POST /v1/auth/device-token`, and what their answers mean.

use std::time::Duration;

use async_trait::async_trait;
use hyper::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::ControlPlaneClient;
use super::failure::CallFailure;
use super::http::Body;
use super::http::{CALL_LIMIT, Call, ERROR_BODY_LIMIT};
use super::json::{JsonError, JsonObject};
use super::problem::ProblemDetails;
use super::sent_secrets::SentSecrets;
use super::unexpected_response::UnexpectedResponse;
#[cfg(fuzzing)]
use super::unexpected_response::wait_in;
use crate::domain::bearer_token::BearerToken;
use crate::domain::device_authorization::{AuthorizationFields, DeviceAuthorization, DeviceCode};
use crate::domain::identifier::Identifier;
use crate::domain::idp_binding::{BindingAlias, IdpBinding};
use crate::domain::issued_token::IssuedToken;
use crate::domain::server_url::ServerUrl;
use crate::ports::call_error::CallError;
use crate::ports::request_error::RequestError;
use crate::ports::token_issuer::{AuthorizationRequest, BindingChoice, PollFailure, PollResponse, TokenIssuer};

/// How long the list of bindings may take. It is only for a hint.
const BINDINGS_LIMIT: Duration = Duration::from_secs(2);

/// How many bindings a hint can show.
const MAX_BINDINGS: usize = 5;

/// The longest label and host of a binding, in characters.
const MAX_LABEL_LENGTH: usize = 60;

/// How long a server may ask to wait before the next poll. A longer wait counts as a mistake.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

#[async_trait]
impl TokenIssuer for ControlPlaneClient {
    async fn begin(
        &self,
        server: &ServerUrl,
        request: &AuthorizationRequest,
    ) -> Result<DeviceAuthorization, RequestError> {
        // Built as JSON values, so that no text of the operator can leave its string.
        let mut body = json!({ "domain_id": request.domain_id.to_string() });
        match &request.idp_binding {
            Some(IdpBinding::Id(id)) => body["idp_binding_id"] = id.to_string().into(),
            Some(IdpBinding::Alias(alias)) => body["idp_binding_alias"] = alias.as_str().into(),
            None => {}
        }
        let mut answer = self.call(server, posting("/v1/auth/device-code", &body)).await?;
        if answer.status() != 200 {
            return Err(error_of(answer.into_error().await));
        }
        let body = answer.body(CALL_LIMIT).await;
        let authorization = authorization_in(&body, server).map_err(|source| RequestError::Unusable { source })?;
        // Before anything of the next response is shown: a server may quote the code.
        self.sent_secrets.add(authorization.device_code().expose_secret());
        Ok(authorization)
    }

    async fn bindings(&self, server: &ServerUrl, domain_id: Identifier) -> Vec<BindingChoice> {
        let path = format!("/v1/auth/idp-bindings?domain_id={domain_id}");
        let call = Call { limit: BINDINGS_LIMIT, ..login_call(Method::GET, path) };
        match self.call(server, call).await {
            // The list only makes a hint better, so its own failure is never told.
            Ok(mut response) if response.status() == 200 => {
                bindings_in(&response.body(BINDINGS_LIMIT).await, &self.sent_secrets)
            }
            _ => Vec::new(),
        }
    }

    async fn poll(&self, server: &ServerUrl, code: &DeviceCode) -> PollResponse {
        self.sent_secrets.add(code.expose_secret());
        let body = json!({ "device_code": code.expose_secret() });
        let mut answer = match self.call(server, posting("/v1/auth/device-token", &body)).await {
            Ok(answer) => answer,
            Err(failure) => return failure.into(),
        };
        // A success may hold the token, and gets all the time there is.
        let body = answer.body(if answer.status() == 200 { CALL_LIMIT } else { ERROR_BODY_LIMIT }).await;
        let response = poll_response(answer.unexpected(&body), &body);
        if let PollResponse::Issued(issued) = &response {
            self.sent_secrets.add(issued.token.expose_secret());
        }
        response
    }
}

/// The calls of a login share a connection, since there may be many.
fn login_call(method: Method, path: impl Into<String>) -> Call<'static> {
    let accept = "application/json, application/problem+json";
    Call { accept, keeps_connection: true, ..Call::new(method, path) }
}

fn posting(path: &str, body: &Value) -> Call<'static> {
    Call { body: Some(body.to_string().into_bytes()), ..login_call(Method::POST, path) }
}

impl From<CallFailure> for PollResponse {
    fn from(failure: CallFailure) -> Self {
        let may_have_issued = failure.may_have_arrived();
        Self::Failed(PollFailure { source: failure.into(), may_have_issued, retry_after: None })
    }
}

/// Tells why no login was begun where the answer is not 200.
fn error_of(answered: UnexpectedResponse) -> RequestError {
    match answered.status {
        // First: a proxy's 404 says nothing about the domain.
        _ if answered.may_be_the_proxys() => RequestError::Unconfirmed { source: answered.into() },
        400 | 404 => RequestError::Rejected { source: answered.into() },
        403 => RequestError::Refused { source: answered.into() },
        // No credential was sent, so a 401 says nothing about one.
        _ => RequestError::Unconfirmed { source: answered.into() },
    }
}

fn authorization_in(body: &Body, server: &ServerUrl) -> Result<DeviceAuthorization, CallError> {
    let fields = JsonObject::parse(body)?;
    let fields = AuthorizationFields {
        device_code: fields.text("device_code")?,
        user_code: fields.text("user_code")?,
        verification_uri: fields.text("verification_uri")?,
        // Only a convenience: the operator can do without it, so nothing that is wrong with it is an error.
        verification_uri_complete: fields.get("verification_uri_complete"),
        expires_in: fields.integer("expires_in")?.ok_or(JsonError::Missing("expires_in"))?,
        interval: fields.integer("interval")?,
    };
    DeviceAuthorization::parse(fields, server).map_err(|error| error.to_string().into())
}

/// The bindings in a list, in its order, which is primary first, with their texts as they may be shown. What is not one is
/// left out.
fn bindings_in(body: &Body, secrets: &SentSecrets) -> Vec<BindingChoice> {
    let elements: Vec<Box<RawValue>> = serde_json::from_slice(&body.bytes).unwrap_or_default();
    elements.iter().filter_map(|element| binding_in(element.get(), secrets)).take(MAX_BINDINGS).collect()
}

fn binding_in(element: &str, secrets: &SentSecrets) -> Option<BindingChoice> {
    let body = Body { bytes: element.as_bytes().to_vec(), is_complete: true };
    let fields = JsonObject::parse(&body).ok()?;
    let text = |name| fields.get::<String>(name);
    let alias = text("alias").and_then(|alias| BindingAlias::parse(&alias).ok()).map(IdpBinding::Alias);
    let binding = alias.or_else(|| Some(IdpBinding::Id(Identifier::parse(&text("id")?).ok()?)))?;
    let shown = |name| secrets.sanitized(&text(name).unwrap_or_default(), MAX_LABEL_LENGTH);
    Some(BindingChoice { binding, label: shown("label"), issuer_host: shown("issuer_host") })
}

/// An object that holds at most one token. Of two equal keys serde refuses the second only where a struct names it.
#[derive(Deserialize)]
struct OneToken {
    #[serde(rename = "access_token")]
    _token: Option<IgnoredAny>,
}

fn token_in(body: &Body) -> Result<IssuedToken, CallError> {
    let fields = JsonObject::parse(body)?;
    // Another token beside the first would be live and unknown.
    let is_only_one = OneToken::deserialize(&mut serde_json::Deserializer::from_slice(&body.bytes)).is_ok();
    if fields.is_followed_by_object || !is_only_one {
        return Err("it holds more than one token".into());
    }
    let token = BearerToken::parse(fields.text("access_token")?);
    let token = token.map_err(|error| format!("access_token: {error}"))?;
    if !fields.text("token_type")?.eq_ignore_ascii_case("Bearer") {
        return Err("token_type: it is not Bearer".into());
    }
    // The token is usable without its lifetime, which only is shown and stored.
    let lifetime = fields.integer("expires_in").ok().flatten().filter(|seconds| *seconds >= 1);
    Ok(IssuedToken { token, lifetime: lifetime.map(|seconds| Duration::from_secs(seconds.unsigned_abs())) })
}

/// Reads the table of answers to a poll. A number that is not in it may stand for anything, an issued token included.
fn poll_response(answered: UnexpectedResponse, body: &Body) -> PollResponse {
    let failed = |answered: UnexpectedResponse, may_have_issued| {
        let retry_after = answered.retry_after.filter(|wait| *wait <= MAX_RETRY_AFTER);
        PollResponse::Failed(PollFailure { source: answered.into(), may_have_issued, retry_after })
    };
    // As it was sent: what is shown of it may be a part.
    let code = answered.problem.as_ref().and_then(|_| ProblemDetails::code_in(&body.bytes));
    match (answered.status, code.as_deref()) {
        (200, _) => token_in(body)
            .map_or_else(|source| PollResponse::NotIssued(RequestError::Unusable { source }), PollResponse::Issued),
        // A token may stand in any text of a success.
        (201..=299, _) => PollResponse::NotIssued(RequestError::Unusable {
            source: UnexpectedResponse { problem: None, correlation_id: None, ..answered }.into(),
        }),
        (300..=399 | 408 | 429, _) => failed(answered, false),
        // With problem details it is the server that says that it did nothing.
        (503, _) if answered.problem.is_some() => failed(answered, false),
        (400..=499, _) if answered.may_be_the_proxys() => failed(answered, false),
        (400, Some("authorization_pending")) => PollResponse::Pending,
        (400, Some("slow_down")) => PollResponse::SlowDown,
        (400, Some("access_denied")) => PollResponse::Denied,
        (400, Some("expired_token")) => PollResponse::Expired,
        (403, _) => PollResponse::NotIssued(RequestError::Refused { source: answered.into() }),
        (400..=499, _) => PollResponse::NotIssued(RequestError::Rejected { source: answered.into() }),
        _ => failed(answered, true),
    }
}

/// Reads the body of a 200 to a request for codes, for its fuzz target.
#[cfg(fuzzing)]
pub fn fuzzed_authorization(
    body: &[u8],
    is_complete: bool,
    server: &ServerUrl,
) -> Result<DeviceAuthorization, CallError> {
    authorization_in(&Body { bytes: body.to_vec(), is_complete }, server)
}

/// Reads the bindings in the body of a 200, for its fuzz target.
#[cfg(fuzzing)]
pub fn fuzzed_bindings(body: &[u8]) -> Vec<BindingChoice> {
    bindings_in(&Body { bytes: body.to_vec(), is_complete: true }, &SentSecrets::default())
}

/// Reads the answer to a poll with this code, for its fuzz target.
#[cfg(fuzzing)]
pub fn fuzzed_poll(
    (status, retry_after): (u16, Option<&str>),
    (is_problem, is_proxied): (bool, bool),
    (body, is_complete): (&[u8], bool),
    code: &str,
) -> PollResponse {
    let proxy = super::failure::ProxyName { address: "http://proxy".to_owned(), variable: "HTTP_PROXY".to_owned() };
    let answered = UnexpectedResponse {
        status,
        problem: if is_problem { ProblemDetails::parse(body, &[code].into()) } else { None },
        retry_after: retry_after.and_then(wait_in),
        proxy: is_proxied.then_some(proxy),
        correlation_id: None,
        location: None,
    };
    poll_response(answered, &Body { bytes: body.to_vec(), is_complete })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;
    use std::time::Instant;

    use super::super::failure::Phase;
    use super::super::failure::ProxyName;
    use super::super::{ProxySettings, TrustSettings};
    use super::*;

    const TOKEN: &str = r#"{"access_token":"t0ken","token_type":"Bearer","expires_in":3600}"#;

    const AUTHORIZATION: &str = r#"{"device_code":"d3vice","user_code":"ABCD","verification_uri":"https://h/device",
            "verification_uri_complete":7,"expires_in":600,"interval":null}"#;

    fn body(text: &str, is_complete: bool) -> Body {
        Body { bytes: text.as_bytes().to_vec(), is_complete }
    }

    fn answered(status: u16, has_problem: bool, is_proxied: bool) -> UnexpectedResponse {
        let proxy = ProxyName { address: "http://proxy".to_owned(), variable: "HTTP_PROXY".to_owned() };
        UnexpectedResponse {
            status,
            problem: has_problem.then(ProblemDetails::default),
            proxy: is_proxied.then_some(proxy),
            ..UnexpectedResponse::default()
        }
    }

    /// The meaning of a response with this code in its problem details, or else with this body.
    fn meaning(status: u16, code: Option<&str>, has_problem: bool, is_proxied: bool, body: &Body) -> PollResponse {
        let retry_after = Some(Duration::from_secs(7));
        let answered = UnexpectedResponse { retry_after, ..answered(status, has_problem, is_proxied) };
        let problem =
            code.map(|code| Body { bytes: json!({ "code": code }).to_string().into_bytes(), is_complete: true });
        poll_response(answered, problem.as_ref().unwrap_or(body))
    }

    /// An answer's variant, and whether a token may have been issued.
    fn name(answer: &PollResponse) -> (&'static str, bool) {
        match answer {
            PollResponse::Issued(_) => ("issued", true),
            PollResponse::Pending => ("pending", false),
            PollResponse::SlowDown => ("slow down", false),
            PollResponse::Denied => ("denied", false),
            PollResponse::Expired => ("expired", false),
            PollResponse::NotIssued(RequestError::Rejected { .. }) => ("rejected", false),
            PollResponse::NotIssued(RequestError::Refused { .. }) => ("refused", false),
            PollResponse::NotIssued(RequestError::Unusable { .. }) => ("unusable", true),
            PollResponse::NotIssued(_) => ("no error of a poll", false),
            PollResponse::Failed(failure) => ("failed", failure.may_have_issued),
        }
    }

    #[test]
    fn poll_responses_follow_the_table() {
        let codes = [
            (None, "rejected"),
            (Some("authorization_pending"), "pending"),
            (Some("slow_down"), "slow down"),
            (Some("access_denied"), "denied"),
            (Some("expired_token"), "expired"),
            (Some("invalid_grant"), "rejected"),
            (Some("Access_Denied"), "rejected"),
            (Some("access_denied "), "rejected"),
            (Some(""), "rejected"),
        ];
        let empty = body("", true);
        for status in 100..=999 {
            for (code, word) in codes {
                let expected = match status {
                    400 => (word, false),
                    403 => ("refused", false),
                    408 | 429 | 503 | 300..400 => ("failed", false),
                    401 | 402 | 404..=499 => ("rejected", false),
                    200..300 => ("unusable", true),
                    _ => ("failed", true),
                };
                for is_proxied in [false, true] {
                    assert_eq!(name(&meaning(status, code, true, is_proxied, &empty)), expected, "{status} {code:?}");
                }
            }
            let (without, proxied) =
                (meaning(status, None, false, false, &empty), meaning(status, None, false, true, &empty));
            let with = name(&meaning(status, None, true, false, &empty));
            assert_eq!(name(&without), if status == 503 { ("failed", true) } else { with }, "{status}");
            let expected = if (400..500).contains(&status) { ("failed", false) } else { name(&without) };
            assert_eq!(name(&proxied), expected, "{status}");
            for answer in [without, proxied] {
                if let PollResponse::Failed(failure) = answer {
                    assert_eq!(failure.retry_after, Some(Duration::from_secs(7)), "{status}");
                }
            }
        }
    }

    #[test]
    fn token_counts_once_its_object_is_complete() {
        for is_proxied in [false, true] {
            let long = format!("{TOKEN}{}", " ".repeat(100));
            for (text, is_complete) in [(TOKEN, true), (TOKEN, false), (&long, false), (&format!("{TOKEN}<"), true)] {
                let PollResponse::Issued(issued) = meaning(200, None, false, is_proxied, &body(text, is_complete))
                else {
                    panic!("{text}")
                };
                assert_eq!(issued.token.expose_secret(), "t0ken");
                assert_eq!(issued.lifetime, Some(Duration::from_secs(3600)));
            }
        }
        for status in [201, 202, 204, 206, 299] {
            assert_eq!(name(&meaning(status, None, false, false, &body(TOKEN, true))), ("unusable", true), "{status}");
        }
    }

    #[test]
    fn unusable_success_names_the_fault_without_the_token() {
        let source = |text: &str, is_complete| match meaning(200, None, false, false, &body(text, is_complete)) {
            PollResponse::NotIssued(RequestError::Unusable { source }) => source,
            answer => panic!("{text}: {answer:?}"),
        };
        for cut in 0..TOKEN.len() {
            assert_eq!(source(&TOKEN[..cut], false), JsonError::BrokenOff.into(), "{cut}");
            assert_eq!(source(&TOKEN[..cut], true), JsonError::NoObject.into(), "{cut}");
        }
        assert_eq!(source("<html>t0ken</html>", true), JsonError::NoObject.into());
        let too_long = "a".repeat(4097);
        for (from, to, words) in [
            ("access_token", "other", "access_token: it is missing"),
            ("\"t0ken\"", "7", "access_token: it is not a string"),
            ("t0ken", "", "access_token: it is empty"),
            ("t0ken", &too_long, "access_token: it is longer than 4096 bytes"),
            ("t0ken", "t\\r\\n0ken", "access_token: it has characters that a bearer token cannot have"),
            ("token_type", "other", "token_type: it is missing"),
            ("\"Bearer\"", "true", "token_type: it is not a string"),
            ("Bearer", "DPoP", "token_type: it is not Bearer"),
            ("Bearer", "Bearer ", "token_type: it is not Bearer"),
        ] {
            assert_eq!(source(&TOKEN.replace(from, to), true), words.into(), "{to}");
        }
        let again = |key: &str| TOKEN.replace('{', &format!(r#"{{"{key}":"0ther","#));
        for text in [format!("{TOKEN}{TOKEN}"), again("access_token"), again(r"access\u005ftoken")] {
            assert_eq!(source(&text, true), "it holds more than one token".into(), "{text}");
        }

        let text = Some("t0ken".to_owned());
        let problem = Some(ProblemDetails { detail: text.clone(), ..ProblemDetails::default() });
        let answered = UnexpectedResponse { problem, correlation_id: text, ..answered(201, false, false) };
        let answer = poll_response(answered, &body("", true));
        assert!(
            matches!(answer, PollResponse::NotIssued(RequestError::Unusable { .. }))
                && !format!("{answer:?}").contains("t0ken"),
            "{answer:?}"
        );
    }

    #[test]
    fn an_unusable_lifetime_is_not_known() {
        let lifetime = |value: &str| match meaning(200, None, false, false, &body(&TOKEN.replace("3600", value), true))
        {
            PollResponse::Issued(issued) => issued.lifetime.map(|lifetime| lifetime.as_secs()),
            answer => panic!("{value}: {answer:?}"),
        };
        for value in ["null", "\"60\"", "[60]", "0.5", "0", "-1"] {
            assert_eq!(lifetime(value), None, "{value}");
        }
        assert_eq!((lifetime("1"), lifetime("1e999")), (Some(1), Some(i64::MAX.unsigned_abs())));
        let any_case = TOKEN.replace("Bearer", "bEARER");
        assert_eq!(name(&meaning(200, None, false, false, &body(&any_case, true))).0, "issued");
    }

    #[test]
    fn names_the_unusable_field_of_an_authorization() {
        let server = ServerUrl::parse("https://h").unwrap();
        let parse = |text: &str| authorization_in(&body(text, true), &server);
        let whole = parse(AUTHORIZATION).unwrap();
        assert_eq!((whole.complete_page(), whole.interval().as_secs()), (None, 5));
        for (from, to, words) in [
            ("device_code", "other", "device_code: it is missing"),
            ("\"d3vice\"", "7", "device_code: it is not a string"),
            ("d3vice", "d vice", "device_code: it has invalid characters"),
            ("user_code", "other", "user_code: it is missing"),
            ("verification_uri\"", "other\"", "verification_uri: it is missing"),
            ("https://h/", "http://h/", "verification_uri: it is http, but the server is https"),
            ("expires_in", "other", "expires_in: it is missing"),
            ("600", "\"600\"", "expires_in: it is not an integer"),
            ("600", "0", "expires_in: it is less than 1"),
            ("\"interval\":null", "\"interval\":\"5\"", "interval: it is not an integer"),
        ] {
            assert_eq!(parse(&AUTHORIZATION.replace(from, to)), Err(words.into()), "{to}");
        }
    }

    #[test]
    fn lists_the_bindings_that_can_be_shown() {
        let alias = |text: &str| IdpBinding::Alias(BindingAlias::parse(text).unwrap());
        let id = "0192f0c1-0000-7000-8000-00000000000b";
        let list = format!(
            r#"[{{"id":"{id}","alias":"google","label":"Goo\u001bgle","issuer_host":"accounts.google.com","primary":true}},
               {{"id":"{id}","label":"Azure AD","issuer_host":7}}, {{"id":"no id"}}, 7, {{"id":"{id}","alias":"a b"}}]"#
        );
        let shown = bindings_in(&body(&list, true), &SentSecrets::default());
        let choice = |binding, label: &str, host: &str| BindingChoice {
            binding,
            label: label.to_owned(),
            issuer_host: host.to_owned(),
        };
        let by_id = || IdpBinding::Id(Identifier::parse(id).unwrap());
        assert_eq!(
            shown,
            [
                choice(alias("google"), "Google", "accounts.google.com"),
                choice(by_id(), "Azure AD", ""),
                choice(by_id(), "", "")
            ]
        );
        for text in ["", "{}", "null", "[", r#"{"items":[]}"#, &list[..list.len() - 1]] {
            assert_eq!(bindings_in(&body(text, true), &SentSecrets::default()), [], "{text}");
        }
        let long = format!("[{}]", vec![format!(r#"{{"id":"{id}","label":"{}"}}"#, "ä".repeat(100)); 9].join(","));
        let shown = bindings_in(&body(&long, true), &SentSecrets::default());
        assert_eq!((shown.len(), shown[0].label.chars().count()), (5, 60));
    }

    #[test]
    fn failed_call_may_have_issued_once_sent() {
        use super::super::failure::Cause;
        use crate::domain::server_url::Scheme;
        for phase in
            [Phase::ProxySetting, Phase::NameLookup, Phase::Connection, Phase::Tunnel, Phase::Tls, Phase::Answer]
        {
            let failure = || CallFailure { phase, scheme: Scheme::Https, proxy: None, cause: Cause::Closed };
            let is_sent = phase == Phase::Answer;
            assert_eq!(name(&failure().into()), ("failed", is_sent), "{phase:?}");
            assert_eq!(matches!(RequestError::from(failure()), RequestError::Unanswered { .. }), is_sent, "{phase:?}");
        }
    }

    /// A server that takes one request, sends these parts with a pause before each but the first, and never ends.
    fn serve_slowly(parts: Vec<String>, pause: Duration) -> ServerUrl {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let server = ServerUrl::parse(format!("http://{}", listener.local_addr().unwrap())).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            for (index, part) in parts.iter().enumerate() {
                thread::sleep(if index == 0 { Duration::ZERO } else { pause });
                let _ = stream.write_all(part.as_bytes());
            }
            while stream.read(&mut request).is_ok_and(|count| count > 0) {}
        });
        server
    }

    fn block_on<T>(call: impl AsyncFnOnce(ControlPlaneClient) -> T) -> T {
        let client = ControlPlaneClient::new(ProxySettings::default(), TrustSettings::default(), |_| {});
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(call(client))
    }

    /// The body of an error has less time than one that may hold a token.
    #[test]
    fn waits_for_a_token_that_arrives_slowly() {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", TOKEN.len());
        let (first, rest) = TOKEN.split_at(9);
        let pause = ERROR_BODY_LIMIT + Duration::from_millis(500);
        let server = serve_slowly(vec![format!("{head}{first}"), rest.to_owned()], pause);
        let page = ServerUrl::parse("https://h").unwrap();
        let authorization = authorization_in(&body(AUTHORIZATION, true), &page).unwrap();
        let response = block_on(async |client| client.poll(&server, authorization.device_code()).await);
        assert!(matches!(response, PollResponse::Issued(_)), "{response:?}");
    }

    #[test]
    fn hint_waits_little_for_bindings() {
        let server = serve_slowly(Vec::new(), Duration::ZERO);
        let (domain, started) = (Identifier::parse("0192f0c1-0000-7000-8000-00000000000a").unwrap(), Instant::now());
        assert_eq!(block_on(async |client| client.bindings(&server, domain).await), []);
        assert!(started.elapsed() < CALL_LIMIT / 3, "{:?}", started.elapsed());
    }

    #[test]
    fn only_the_server_itself_rejects_or_refuses() {
        for status in 0..=999 {
            for (has_problem, is_proxied) in [(false, false), (true, false), (true, true), (false, true)] {
                let may_be_the_proxys = is_proxied && !has_problem;
                let is_as_said = match error_of(answered(status, has_problem, is_proxied)) {
                    RequestError::Rejected { .. } => matches!(status, 400 | 404) && !may_be_the_proxys,
                    RequestError::Refused { .. } => status == 403 && !may_be_the_proxys,
                    RequestError::Unconfirmed { .. } => !matches!(status, 400 | 403 | 404) || may_be_the_proxys,
                    _ => false,
                };
                assert!(is_as_said, "{status} {has_problem} {is_proxied}");
            }
        }
    }
}
