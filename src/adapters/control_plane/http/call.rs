//! What a call sends.

use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::{Method, Request};

use super::super::connect::proxy::Route;
use crate::domain::server_url::ServerUrl;

/// How long a whole call may take, where nothing else is said.
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(30);

/// One request to a server.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// The path below the server's base path.
    pub(crate) path: String,
    /// The credential for `Authorization` (RFC 6750, section 2.1).
    pub(crate) bearer: Option<&'a str>,
    /// A JSON document to send.
    pub(crate) body: Option<Vec<u8>>,
    /// The media types that the call understands.
    pub(crate) accept: &'static str,
    /// How long the whole call may take, including the name look-up and the body of the response.
    pub(crate) limit: Duration,
    /// Whether the call may use the idle connection, and leaves its own one to the next call.
    pub(crate) keeps_connection: bool,
}

impl Call<'_> {
    /// A request without a body or a credential, on a connection of its own.
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            bearer: None,
            body: None,
            accept: "application/problem+json, application/json",
            limit: CALL_LIMIT,
            keeps_connection: false,
        }
    }

    /// Builds the request. Through a proxy for plain http it names the server in absolute form (RFC 9112, section
    /// 3.2.2); everywhere else the connection itself leads to the server.
    pub(crate) fn into_request(self, server: &ServerUrl, route: &Route) -> hyper::http::Result<Request<Full<Bytes>>> {
        let path = format!("{}{}", server.base_path(), self.path);
        // The origin without its scheme: the Host header has no default port (RFC 9110, section 7.2).
        let authority = server.origin().split_off(format!("{}://", server.scheme()).len());
        let mut request = Request::builder().method(self.method).header(HOST, &authority);
        if let Some(bearer) = self.bearer {
            let mut authorization = HeaderValue::try_from(format!("Bearer {bearer}"))?;
            // Keeps it out of `Debug`.
            authorization.set_sensitive(true);
            request = request.header(AUTHORIZATION, authorization);
        }
        request =
            request.header(ACCEPT, self.accept).header(USER_AGENT, concat!("plexctl/", env!("CARGO_PKG_VERSION")));
        if self.body.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request = match route.reader(server) {
            None => request.uri(path),
            Some(proxy) => {
                if let Some(credentials) = &proxy.authorization {
                    request = request.header(PROXY_AUTHORIZATION, credentials);
                }
                request.uri(format!("{}{path}", server.origin()))
            }
        };
        request.body(self.body.unwrap_or_default().into())
    }
}
