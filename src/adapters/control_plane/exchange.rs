//! One exchange with a server: a connection to it, one request, and its answer as far as the call wants it.

use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, PROXY_AUTHORIZATION, RETRY_AFTER, USER_AGENT,
};
use hyper::{Method, Request, Response};
use tokio::time::Instant;

use super::ControlPlaneClient;
use super::body::Body;
use super::connection::{Connection, Sent};
use super::failure::{Answered, CallFailure, Cause, Peer, Phase, ProxyName};
use super::problem::ProblemDetails;
use super::proxy::{Proxy, Route};
use super::transport::{self, Deadline};
use crate::domain::server_url::{Scheme, ServerUrl};

/// How long a whole call may take, where nothing else is said.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(30);

/// How long the body of an answer is waited for that is not what was asked for.
pub(super) const ERROR_BODY_LIMIT: Duration = Duration::from_secs(2);

/// What a call asks of a server.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// The path below the server's base path.
    pub(super) path: String,
    /// The credential for `Authorization` (RFC 6750, section 2.1).
    pub(super) bearer: Option<&'a str>,
    /// A JSON document to send.
    pub(super) body: Option<Vec<u8>>,
    /// The media types that the call understands.
    pub(super) accept: &'static str,
    /// How long all of it may take, the look-up of the name and the answer's body included.
    pub(super) limit: Duration,
    /// Whether the call may take the connection that was kept, and leaves its own one to be kept for the next.
    pub(super) keeps_connection: bool,
}

/// The head of an answer, with the body still on its way.
pub(super) struct Answer<'a> {
    client: &'a ControlPlaneClient,
    server: &'a ServerUrl,
    response: Response<Incoming>,
    /// What the body comes on, until it has come to its end.
    connection: Option<Connection>,
    deadline: Deadline,
    keeps_connection: bool,
    /// The proxy that could read the request and answer it itself.
    pub(super) proxy: Option<ProxyName>,
}

impl ControlPlaneClient {
    /// Sends the one request of a call and waits for the head of its answer.
    ///
    /// What could not be sent on a connection that was kept is sent on a new one. What may have been received is never
    /// sent again.
    pub(super) async fn call<'a>(&'a self, server: &'a ServerUrl, call: Call<'_>) -> Result<Answer<'a>, CallFailure> {
        let deadline = Deadline::in_time(call.limit);
        if server.scheme() == Scheme::Http && !server.is_loopback() && self.exposed.is_new(server) {
            self.warn(&format!("the token travels unencrypted to {}", server.origin()));
        }
        let route = self.proxy.route(server).map_err(|cause| CallFailure {
            phase: Phase::ProxySetting,
            peer: Peer::Server(server.origin()),
            cause,
        })?;
        let failed = |cause| CallFailure { phase: Phase::Answer, peer: route.peer(server, Phase::Answer), cause };
        if let Some(bearer) = call.bearer {
            self.carried.add(bearer);
        }
        let keeps_connection = call.keeps_connection;
        let request = call.into_request(server, &route).map_err(|error| failed(Cause::System(error.to_string())))?;

        let kept = if keeps_connection { self.kept.take(server) } else { None };
        let mut sent = match kept {
            Some(connection) => deadline.bound(connection.send(request)).await.map_err(failed)?,
            None => Sent::Not(request),
        };
        if let Sent::Not(request) = sent {
            let stream = transport::connect(server, &route, &self.trust, deadline).await?;
            let connection = Connection::over(stream).await.map_err(failed)?;
            sent = deadline.bound(connection.send(request)).await.map_err(failed)?;
        }
        match sent {
            Sent::Answered(connection, response) => Ok(Answer {
                client: self,
                server,
                response,
                connection: Some(connection),
                deadline,
                keeps_connection,
                proxy: route.reader(server).map(Proxy::name),
            }),
            Sent::Not(_) => Err(failed(Cause::Closed)),
        }
    }

    /// Tells the operator something that is no failure.
    pub(super) fn warn(&self, warning: &str) {
        (self.warn)(warning);
    }
}

impl Call<'_> {
    /// Builds the one request. Through a proxy for plain http it names the server in absolute form (RFC 9112, section
    /// 3.2.2); everywhere else the connection itself leads to the server.
    fn into_request(self, server: &ServerUrl, route: &Route) -> hyper::http::Result<Request<Full<Bytes>>> {
        let path = format!("{}{}", server.base_path(), self.path);
        let authority = server.origin().split_off(format!("{}://", server.scheme()).len());
        let mut request = Request::builder().method(self.method).header(HOST, &authority);
        if let Some(bearer) = self.bearer {
            let mut authorization = HeaderValue::try_from(format!("Bearer {bearer}"))?;
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

impl Answer<'_> {
    /// The number in the status line.
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Tells whether the answer says of its body that it is JSON: `application/json`, or a type that ends in `+json`
    /// (RFC 6839, section 3.1).
    pub(super) fn is_json(&self) -> bool {
        self.media_type().is_some_and(|media_type| {
            media_type == "application/json" || media_type.contains('/') && media_type.ends_with("+json")
        })
    }

    /// The media type of the body, in lower case and without parameters (RFC 9110, section 8.3.1).
    fn media_type(&self) -> Option<String> {
        let value = self.response.headers().get(CONTENT_TYPE)?.to_str().ok()?;
        Some(value.split(';').next()?.trim().to_ascii_lowercase())
    }

    /// Reads the body, within a limit that counts from now. Where it came to its end, its connection may be kept.
    pub(super) async fn body(&mut self, limit: Duration) -> Body {
        let deadline = self.deadline.at.min(Instant::now() + limit);
        let body = Body::read(self.response.body_mut(), deadline).await;
        if body.is_complete
            && self.keeps_connection
            && let Some(connection) = self.connection.take()
        {
            self.client.kept.put(self.server, connection);
        }
        body
    }

    /// Makes an error of an answer, with its problem details as far as they may be shown: nowhere a token that the client
    /// has sent.
    pub(super) async fn into_error(mut self) -> Answered {
        let body = if self.is_problem() { self.body(ERROR_BODY_LIMIT).await } else { Body::default() };
        self.answered(&body, &[])
    }

    /// The same, of an answer whose body is read already, and without these secrets either.
    pub(super) fn answered(self, body: &Body, secrets: &[&str]) -> Answered {
        let parse = |secrets: &[&str]| ProblemDetails::parse(&body.bytes, secrets);
        let problem = if self.is_problem() { self.client.carried.with(secrets, parse) } else { None };
        let status = self.response.status();
        Answered { status: status.as_u16(), reason: status.canonical_reason(), problem, proxy: self.proxy }
    }

    /// The code of the problem details as it was sent. It is to be compared, and not to be shown.
    pub(super) fn problem_code(&self, body: &Body) -> Option<String> {
        if self.is_problem() { ProblemDetails::code_in(&body.bytes) } else { None }
    }

    /// The value of `Retry-After` (RFC 9110, section 10.2.3).
    pub(super) fn retry_after(&self) -> Option<&str> {
        self.response.headers().get(RETRY_AFTER)?.to_str().ok()
    }

    fn is_problem(&self) -> bool {
        self.media_type().is_some_and(|media_type| media_type == "application/problem+json")
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};
    use std::thread;

    use tokio::time::sleep;

    use super::super::{ProxySettings, TrustSettings};
    use super::*;

    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

    /// A server on loopback, and what came to it: each request with the number of its connection.
    struct Server {
        url: ServerUrl,
        requests: Arc<Mutex<Vec<(usize, String)>>>,
    }

    impl Server {
        /// Plays a script on each connection, which is given its number from 0 on.
        fn playing(script: impl Fn(&mut Visit) + Send + Sync + 'static) -> Self {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let url = ServerUrl::parse(format!("http://{}/base", listener.local_addr().unwrap())).unwrap();
            let requests = Arc::default();
            let (script, record) = (Arc::new(script), Arc::clone(&requests));
            thread::spawn(move || {
                for (number, stream) in listener.incoming().enumerate() {
                    let stream = BufReader::new(stream.unwrap());
                    let (script, requests) = (Arc::clone(&script), Arc::clone(&record));
                    thread::spawn(move || script(&mut Visit { number, stream, requests }));
                }
            });
            Self { url, requests }
        }

        /// Gives this answer to every request.
        fn answering(answer: impl Into<String>) -> Self {
            let answer = answer.into();
            Self::playing(move |visit| while visit.answers(&answer) {})
        }

        /// On which connection each request came.
        fn connections(&self) -> Vec<usize> {
            self.requests.lock().unwrap().iter().map(|(connection, _)| *connection).collect()
        }

        fn request(&self, number: usize) -> String {
            self.requests.lock().unwrap()[number].1.clone()
        }
    }

    /// One connection, as a script sees it.
    struct Visit {
        number: usize,
        stream: BufReader<TcpStream>,
        requests: Arc<Mutex<Vec<(usize, String)>>>,
    }

    impl Visit {
        /// Reads a request to its end, and tells whether there was one.
        fn reads(&mut self) -> bool {
            let (mut request, mut length) = (String::new(), 0);
            while !request.ends_with("\r\n\r\n") {
                let start = request.len();
                if self.stream.read_line(&mut request).unwrap_or_default() == 0 {
                    return false;
                }
                if let Some(value) = request[start..].strip_prefix("content-length: ") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            self.stream.read_exact(&mut body).unwrap();
            request.push_str(&String::from_utf8(body).unwrap());
            self.requests.lock().unwrap().push((self.number, request));
            true
        }

        fn says(&mut self, answer: &str) {
            let _ = self.stream.get_mut().write_all(answer.as_bytes());
        }

        fn answers(&mut self, answer: &str) -> bool {
            let has_read = self.reads();
            if has_read {
                self.says(answer);
            }
            has_read
        }
    }

    fn client() -> ControlPlaneClient {
        ControlPlaneClient::new(ProxySettings::default(), TrustSettings::default(), |_| {})
    }

    /// A call that shares a connection with its like.
    fn polling() -> Call<'static> {
        Call {
            method: Method::POST,
            path: "/poll".to_owned(),
            bearer: None,
            body: Some(b"{\"a\":1}".to_vec()),
            accept: "application/json",
            limit: Duration::from_secs(10),
            keeps_connection: true,
        }
    }

    /// The status and the body that a call comes to.
    async fn asked(client: &ControlPlaneClient, server: &Server, call: Call<'_>) -> Result<(u16, String), CallFailure> {
        let mut answer = client.call(&server.url, call).await?;
        let body = answer.body(CALL_LIMIT).await;
        let text = String::from_utf8(body.bytes).unwrap();
        Ok((answer.status(), if body.is_complete { text } else { text + " …" }))
    }

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
    }

    /// The status and the body of [`OK`].
    fn ok() -> (u16, String) {
        (200, "{}".to_owned())
    }

    #[test]
    fn a_call_sends_what_it_says_and_no_more() {
        let server = Server::answering(OK);
        let get = Call {
            method: Method::GET,
            path: "/who".to_owned(),
            bearer: Some("any.b64+token/~=="),
            body: None,
            accept: "a/b",
            ..polling()
        };
        run(async {
            assert_eq!(asked(&client(), &server, polling()).await, Ok(ok()));
            assert_eq!(asked(&client(), &server, get).await, Ok(ok()));
        });
        let (host, agent) = (server.url.origin(), concat!("user-agent: plexctl/", env!("CARGO_PKG_VERSION"), "\r\n"));
        let host = host.trim_start_matches("http://");
        assert_eq!(
            server.request(0),
            format!(
                "POST /base/poll HTTP/1.1\r\nhost: {host}\r\naccept: application/json\r\n{agent}content-type: \
                 application/json\r\ncontent-length: 7\r\n\r\n{{\"a\":1}}"
            )
        );
        assert_eq!(
            server.request(1),
            format!(
                "GET /base/who HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer any.b64+token/~==\r\naccept: a/b\r\n\
                 {agent}\r\n"
            )
        );
    }

    #[test]
    fn calls_that_keep_their_connection_share_one_with_each_other_alone() {
        let (server, other) = (Server::answering(OK), Server::answering(OK));
        let client = client();
        run(async {
            for _ in 0..3 {
                assert_eq!(asked(&client, &server, polling()).await, Ok(ok()));
            }
            // A call that keeps none does without, and takes none away.
            assert_eq!(asked(&client, &server, Call { keeps_connection: false, ..polling() }).await, Ok(ok()));
            assert_eq!(asked(&client, &server, polling()).await, Ok(ok()));
            // There is room for one.
            assert_eq!(asked(&client, &other, polling()).await, Ok(ok()));
            assert_eq!(asked(&client, &server, polling()).await, Ok(ok()));
        });
        assert_eq!(server.connections(), [0, 0, 0, 1, 0, 2]);
        assert_eq!(other.connections(), [0]);
    }

    #[test]
    fn an_error_that_is_read_to_its_end_leaves_its_connection_to_the_next_call() {
        let problem = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: 17\r\n\r\n\
                       {\"code\":\"s3cret\"}";
        let server = Server::answering(problem);
        let client = client();
        run(async {
            for _ in 0..2 {
                let call = Call { bearer: Some("s3cret"), ..polling() };
                let answered = client.call(&server.url, call).await.unwrap().into_error().await;
                assert_eq!((answered.status, answered.reason, &answered.proxy), (400, Some("Bad Request"), &None));
                assert_eq!(answered.problem.unwrap().code.as_deref(), Some("[redacted]"));
            }
        });
        assert_eq!(server.connections(), [0, 0]);
    }

    #[test]
    fn no_answer_shows_a_token_that_an_earlier_call_has_sent() {
        let problem = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/problem+json\r\n\
                       Content-Length: 33\r\n\r\n{\"code\":\"f1rst\",\"detail\":\"0ther\"}";
        let server = Server::answering(problem);
        let client = client();
        run(async {
            for (bearer, code, detail) in [
                ("0ther", "f1rst", "[redacted]"),
                ("f1rst", "[redacted]", "[redacted]"),
                ("else", "[redacted]", "[redacted]"),
            ] {
                let call = Call { bearer: Some(bearer), ..polling() };
                let shown = client.call(&server.url, call).await.unwrap().into_error().await.problem.unwrap();
                assert_eq!((shown.code.as_deref(), shown.detail.as_deref()), (Some(code), Some(detail)), "{bearer}");
            }
        });
    }

    #[test]
    fn a_connection_that_ended_before_the_request_is_replaced() {
        type Script = fn(&mut Visit);
        let scripts: [(&str, Script); 4] = [
            ("closed", |visit| _ = visit.answers(OK)),
            ("announced", |visit| while visit.answers(&OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")) {}),
            ("chatting", |visit| {
                visit.answers(OK);
                visit.says("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
                visit.reads();
            }),
            ("to the end of the connection", |visit| _ = visit.answers("HTTP/1.1 200 OK\r\n\r\n{}")),
        ];
        for (case, script) in scripts {
            let server = Server::playing(script);
            let client = client();
            run(async {
                assert_eq!(asked(&client, &server, polling()).await, Ok(ok()), "{case}");
                sleep(Duration::from_millis(100)).await;
                assert_eq!(asked(&client, &server, polling()).await, Ok(ok()), "{case}");
            });
            assert_eq!(server.connections(), [0, 1], "{case}");
        }
    }

    #[test]
    fn an_end_that_nobody_noticed_is_found_before_the_request() {
        let server = Server::playing(|visit| _ = visit.answers(OK));
        let client = client();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for round in 0..50 {
            assert_eq!(runtime.block_on(asked(&client, &server, polling())), Ok(ok()), "{round}");
            // The runtime does not run meanwhile.
            thread::sleep(Duration::from_millis(20));
        }
        assert!(server.connections().into_iter().eq(0..50));
    }

    #[test]
    fn what_may_have_been_received_is_not_sent_again() {
        let server = Server::playing(|visit| {
            visit.answers(OK);
            visit.reads();
        });
        let client = client();
        let failure = run(async {
            assert_eq!(asked(&client, &server, polling()).await, Ok(ok()));
            asked(&client, &server, polling()).await.unwrap_err()
        });
        assert_eq!((failure.phase, failure.cause), (Phase::Answer, Cause::Closed));
        assert_eq!(server.connections(), [0, 0]);
    }

    #[test]
    fn a_connection_whose_answer_is_not_read_to_its_end_is_not_kept() {
        let server = Server::answering(OK);
        let client = client();
        run(async {
            drop(client.call(&server.url, polling()).await.unwrap());
            assert_eq!(asked(&client, &server, polling()).await, Ok(ok()));
        });
        assert_eq!(server.connections(), [0, 1]);

        let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{");
        run(async {
            for _ in 0..2 {
                let call = Call { limit: Duration::from_millis(200), ..polling() };
                assert_eq!(asked(&client, &server, call).await, Ok((200, "{ …".to_owned())));
            }
        });
        assert_eq!(server.connections(), [0, 1]);
    }

    #[test]
    fn an_unencrypted_way_to_another_host_is_warned_of_once_whatever_is_asked_there() {
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&warnings);
        let client = ControlPlaneClient::new(ProxySettings::default(), TrustSettings::default(), move |warning| {
            record.lock().unwrap().push(warning.to_owned());
        });
        let server = Server::answering(OK);
        // The address is none of loopback, but leads there.
        let elsewhere = |server: &Server| server.url.as_given().replace("127.0.0.1", "0.0.0.0");
        let other = ServerUrl::parse(elsewhere(&Server::answering(OK))).unwrap();
        let elsewhere = ServerUrl::parse(elsewhere(&server)).unwrap();
        run(async {
            client.call(&server.url, Call { bearer: Some("token"), ..polling() }).await.unwrap();
            assert_eq!(*warnings.lock().unwrap(), [""; 0]);
            client.call(&elsewhere, polling()).await.unwrap();
            client.call(&elsewhere, Call { bearer: Some("token"), ..polling() }).await.unwrap();
            client.call(&other, polling()).await.unwrap();
            client.call(&elsewhere, polling()).await.unwrap();
        });
        let warning = |server: &ServerUrl| format!("the token travels unencrypted to {}", server.origin());
        assert_eq!(*warnings.lock().unwrap(), [warning(&elsewhere), warning(&other)]);
    }

    #[test]
    fn the_limit_of_a_call_counts_for_all_of_it() {
        let second = Duration::from_secs(1);
        let call = || Call { limit: second, ..polling() };
        let silent = Server::answering("HTTP/1.1 200 OK\r\nContent-Le");
        let failure = run(asked(&client(), &silent, call())).unwrap_err();
        assert_eq!((failure.phase, failure.cause), (Phase::Answer, Cause::TimedOut(second)));

        let hanging = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{");
        let started = Instant::now();
        assert_eq!(run(asked(&client(), &hanging, call())), Ok((200, "{ …".to_owned())));
        assert!(started.elapsed() >= second && started.elapsed() < 10 * second, "{:?}", started.elapsed());
    }

    #[test]
    fn a_body_is_read_whole_up_to_64_kib() {
        for (length, is_whole) in [(64 * 1024, true), (64 * 1024 + 1, false)] {
            let text = "x".repeat(length);
            let server = Server::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{text}"));
            let (_, body) = run(asked(&client(), &server, polling())).unwrap();
            assert_eq!(body == text, is_whole, "{length}");
        }
    }
}
