//! The client below the ports: sends the one request of a call and hands on the head of its response.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::debug;

use super::super::connect::proxy::{Proxy, ProxySettings, Route};
use super::super::connect::trust_store::TrustSettings;
use super::super::failure::{CallFailure, Cause, Phase};
use super::super::sent_secrets::SentSecrets;
use super::call::Call;
use super::connection::{Connection, Sent};
use super::deadline::Deadline;
use super::idle_connection::IdleConnection;
use super::response::Response;
use super::transport::Transport;
use crate::domain::server_url::{Scheme, ServerUrl};

/// How long a connection may have been idle to carry a request that changes something. Servers close idle connections
/// after some seconds. One that does so just as the request arrives leaves open whether it was carried out.
const IDLE_LIMIT: Duration = Duration::from_secs(1);

/// Speaks HTTP/1.1 with control planes, with TLS 1.2 or 1.3 to `https` servers.
///
/// It is a [`TokenRevoker`](crate::ports::token_revoker::TokenRevoker), a
/// [`PrincipalReader`](crate::ports::principal_reader::PrincipalReader), a
/// [`TokenIssuer`](crate::ports::token_issuer::TokenIssuer) and a
/// [`TokenDirectory`](crate::ports::token_directory::TokenDirectory). Connecting is bounded by 10 seconds from the resolved name on,
/// a whole call by 30. It needs a tokio runtime with its I/O and time drivers.
pub struct ControlPlaneClient {
    proxy: ProxySettings,
    transport: Transport,
    idle: IdleConnection,
    /// The origins for which the operator was warned that tokens travel unencrypted.
    plaintext_origins: Mutex<HashSet<String>>,
    pub(crate) sent_secrets: SentSecrets,
    /// Warns the operator.
    pub(crate) warn: Box<dyn Fn(&str) + Send + Sync>,
}

impl ControlPlaneClient {
    /// Creates a client from its settings and a function that shows a warning. The warning about unencrypted tokens is
    /// given once for each origin.
    pub fn new(proxy: ProxySettings, trust: TrustSettings, warn: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let (idle, plaintext_origins, sent_secrets) = Default::default();
        Self { proxy, transport: Transport::new(trust), idle, plaintext_origins, sent_secrets, warn: Box::new(warn) }
    }

    /// Sends the one request of a call and waits for the head of its response.
    ///
    /// A request that could not be sent on the idle connection is sent on a new one. One that may have been received is
    /// sent again only if it was a GET and the idle connection ended without a byte of a response.
    pub(crate) async fn call<'a>(&'a self, server: &'a ServerUrl, call: Call<'_>) -> Result<Response<'a>, CallFailure> {
        let (began, deadline) = (Instant::now(), Deadline::within(call.limit));
        let route = self.proxy.route(server)?;
        // Not before there is a way to the server: a warning about a request that is never sent would be untrue.
        if server.scheme() == Scheme::Http && !server.is_loopback() {
            let is_new = self.plaintext_origins.lock().unwrap_or_else(PoisonError::into_inner).insert(server.origin());
            if is_new {
                (self.warn)(&format!("the token travels unencrypted to {}", server.origin()));
            }
        }
        let failed = |cause| route.failure(server, Phase::Answer, cause);
        // Before anything is sent: whatever comes back can hold it.
        if let Some(bearer) = call.bearer {
            self.sent_secrets.add(bearer);
        }
        if let Route::Proxy(Proxy { authorization: Some(value), .. }) = &route {
            self.sent_secrets.add_basic(value.to_str().unwrap_or_default());
        }
        let idle = call.keeps_connection.then_some(&self.idle);
        debug!("{} {}{}{}", call.method, server.origin(), server.base_path(), call.path);
        // A request that only reads may be sent again, so a connection that may have ended meanwhile will do for it.
        let is_repeatable = call.method.is_safe();
        let idle_limit = if is_repeatable { Duration::MAX } else { IDLE_LIMIT };
        let request = call.into_request(server, &route).map_err(|error| failed(Cause::System(error.to_string())))?;

        let mut sent = match idle.and_then(|idle| idle.take(server, idle_limit)) {
            None => Sent::Not(request),
            Some(connection) => {
                debug!("using the connection of the request before");
                match deadline.bound(connection.send(request.clone())).await.map_err(failed)? {
                    Sent::Unanswered(_) if is_repeatable => Sent::Not(request),
                    sent => sent,
                }
            }
        };
        if let Sent::Not(request) = sent {
            // The same deadline: a stale connection gives the call no extra time.
            let stream = self.transport.connect(server, &route, deadline).await?;
            let connection = Connection::over(stream).await.map_err(failed)?;
            sent = deadline.bound(connection.send(request)).await.map_err(failed)?;
        }
        match sent {
            Sent::Answered(connection, inner) => {
                debug!(
                    "response from {}: {} after {} ms",
                    server.origin(),
                    inner.status(),
                    began.elapsed().as_millis()
                );
                Ok(Response {
                    inner,
                    connection: Some(connection),
                    idle,
                    server,
                    deadline: deadline.at,
                    sent_secrets: &self.sent_secrets,
                    proxy: route.reader(server).map(Proxy::name),
                })
            }
            Sent::Unanswered(cause) => Err(failed(cause)),
            // A connection that ends right after the handshake has not taken the request.
            Sent::Not(_) => Err(failed(Cause::Closed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::sync::{Arc, Mutex};
    use std::thread;

    use hyper::Method;
    use tokio::time::sleep;

    use super::super::call::CALL_LIMIT;
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

    /// The status and the body of a call.
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
    fn only_keeping_calls_share_a_connection() {
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
    fn fully_read_error_keeps_the_connection() {
        let problem = "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: 17\r\n\r\n\
                       {\"code\":\"s3cret\"}";
        let server = Server::answering(problem);
        let client = client();
        run(async {
            for _ in 0..2 {
                let call = Call { bearer: Some("s3cret"), ..polling() };
                let answered = client.call(&server.url, call).await.unwrap().into_error().await;
                assert_eq!((answered.status, &answered.proxy), (400, &None));
                assert_eq!(answered.problem.unwrap().code.as_deref(), Some("[redacted]"));
            }
        });
        assert_eq!(server.connections(), [0, 0]);
    }

    #[test]
    fn masks_tokens_of_earlier_calls() {
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
    fn finds_closed_connection_before_the_request() {
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

    /// A request that reads alone.
    fn reading() -> Call<'static> {
        Call { method: Method::GET, path: "/who".to_owned(), body: None, ..polling() }
    }

    /// A server that drops idle connections after some seconds may do so just as the request arrives.
    #[test]
    fn posts_on_no_connection_idle_for_a_second() {
        let server = Server::answering(OK);
        let client = client();
        run(async {
            assert_eq!(asked(&client, &server, polling()).await, Ok(ok()));
            sleep(Duration::from_millis(500)).await;
            assert_eq!(asked(&client, &server, polling()).await, Ok(ok()));
            sleep(Duration::from_millis(1000)).await;
            assert_eq!(asked(&client, &server, polling()).await, Ok(ok()));
            sleep(Duration::from_millis(1000)).await;
            assert_eq!(asked(&client, &server, reading()).await, Ok(ok()));
        });
        assert_eq!(server.connections(), [0, 0, 1, 1]);
    }

    #[test]
    fn repeats_an_unanswered_get_on_a_reused_connection() {
        for (partial, connections) in [("", &[0, 0, 1][..]), ("HTTP/1.1 20", &[0, 0])] {
            let server = Server::playing(move |visit| {
                visit.answers(OK);
                if visit.reads() {
                    visit.says(partial);
                }
            });
            let client = client();
            let second = run(async {
                assert_eq!(asked(&client, &server, reading()).await, Ok(ok()));
                asked(&client, &server, reading()).await
            });
            assert_eq!(second.is_ok(), partial.is_empty(), "{partial}");
            assert_eq!(server.connections(), connections, "{partial}");
        }
    }

    #[test]
    fn repeats_no_get_on_a_new_connection() {
        let server = Server::playing(|visit| _ = visit.reads());
        let failure = run(asked(&client(), &server, reading())).unwrap_err();
        assert_eq!((failure.phase, failure.cause), (Phase::Answer, Cause::Closed));
        assert_eq!(server.connections(), [0]);
    }

    /// A process that was stopped finds its deadline passed and the response in the socket.
    #[test]
    fn takes_a_response_that_arrived_while_the_process_was_stopped() {
        let server = Server::playing(|visit| {
            visit.reads();
            thread::sleep(Duration::from_millis(100));
            visit.says(OK);
        });
        let call = Call { limit: Duration::from_millis(300), ..polling() };
        let client = client();
        let result = run(async {
            tokio::spawn(async {
                sleep(Duration::from_millis(50)).await;
                // The runtime has one thread, so nothing runs meanwhile.
                thread::sleep(Duration::from_millis(1000));
            });
            asked(&client, &server, call).await
        });
        assert_eq!(result, Ok(ok()));
    }

    #[test]
    fn unread_response_ends_the_connection() {
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
    fn warns_once_of_plain_http_to_another_host() {
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
            // Another spelling of the same origin.
            let spelled = elsewhere.as_given().replace("http:", "HTTP:").replace("/base", "/other/");
            client.call(&ServerUrl::parse(spelled).unwrap(), polling()).await.unwrap();
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
