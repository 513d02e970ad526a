//! An HTTP/1.1 connection: one request at a time, and the head of its answer.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::rt::{Read, Write};
use hyper::{Request, Response};
use tokio::task::{self, JoinSet};

use super::super::connect::tls;
use super::super::failure::Cause;
use super::lenient_stream::{LenientStream, MAX_HEAD, MAX_HEADERS};

/// A connection on which nothing is under way.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// Whether anything has arrived since it was last set to false.
    has_received: Arc<AtomicBool>,
    /// The task that the connection lives in, which the set aborts when it is dropped.
    _driver: JoinSet<hyper::Result<()>>,
}

/// What became of a request.
pub(super) enum Sent {
    /// The head of its response, and the connection that the body comes on.
    Answered(Connection, Response<Incoming>),
    /// The connection had ended before, so the request was not sent.
    Not(Request<Full<Bytes>>),
    /// The connection ended without a byte of a response, but the request may have been received.
    Unanswered(Cause),
}

impl Connection {
    /// Speaks HTTP over a stream.
    pub(super) async fn over(stream: impl Read + Write + Unpin + Send + 'static) -> Result<Self, Cause> {
        // Whatever headers come are taken, as far as they fit.
        let mut client = Builder::new();
        // The default of 100 header lines and the strict names would lose a 204 that a proxy has decorated.
        client.max_buf_size(MAX_HEAD).max_headers(MAX_HEADERS).ignore_invalid_headers_in_responses(true);
        let stream = LenientStream::new(stream);
        let has_received = stream.has_received();
        let (sender, connection) = client.handshake(stream).await.map_err(|error| cause_of(&error))?;
        let mut driver = JoinSet::new();
        driver.spawn(connection.with_upgrades());
        Ok(Self { sender, has_received, _driver: driver })
    }

    /// Sends a request and waits for the head of its response. After an error a part of it has arrived.
    pub(super) async fn send(mut self, request: Request<Full<Bytes>>) -> Result<Sent, Cause> {
        // The connection's task has a turn, in which it finds out whether the other side has closed.
        task::yield_now().await;
        if self.sender.ready().await.is_err() {
            return Ok(Sent::Not(request));
        }
        // Reset after the turn above: bytes that came before the request belong to no response.
        self.has_received.store(false, Ordering::Relaxed);
        let mut error = match self.sender.try_send_request(request).await {
            Ok(response) => return Ok(Sent::Answered(self, response)),
            Err(error) => error,
        };
        match error.take_message() {
            Some(request) => Ok(Sent::Not(request)),
            // A part of a response has arrived, so the server may have acted on the request.
            None if self.has_received.load(Ordering::Relaxed) => Err(cause_of(error.error())),
            None => Ok(Sent::Unanswered(cause_of(error.error()))),
        }
    }
}

/// Translates what the library says of an exchange.
fn cause_of(error: &hyper::Error) -> Cause {
    if let Some(error) = error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        // The stream below can hand its own cause through the library in an I/O error alone.
        let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<Cause>());
        return cause.cloned().unwrap_or_else(|| tls::cause_of_io(error));
    }
    if error.is_parse() { Cause::NotHttp } else { Cause::Closed }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::rt::ReadBufCursor;

    use super::*;

    /// A connection that nothing can be written to any more, with what has come on it before it broke.
    struct Broken(&'static [u8]);

    impl Read for Broken {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            mut buffer: ReadBufCursor<'_>,
        ) -> Poll<io::Result<()>> {
            if self.0.is_empty() {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            buffer.put_slice(std::mem::take(&mut self.0));
            Poll::Ready(Ok(()))
        }
    }

    impl Write for Broken {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    /// The status of the answer to a request, or why there is none.
    fn asked(stream: Broken) -> Result<u16, Cause> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            match Connection::over(stream).await?.send(Request::new(Full::default())).await? {
                Sent::Answered(_, response) => Ok(response.status().as_u16()),
                Sent::Not(_) => panic!("it was not sent"),
                Sent::Unanswered(cause) => Err(cause),
            }
        })
    }

    #[test]
    fn response_counts_after_a_failed_write() {
        assert_eq!(asked(Broken(b"HTTP/1.1 204 No Content\r\n\r\n")), Ok(204));
        assert_eq!(asked(Broken(b"HTTP/1.1 20")), Err(Cause::Closed));
        assert_eq!(asked(Broken(b"")), Err(Cause::Closed));
    }
}
