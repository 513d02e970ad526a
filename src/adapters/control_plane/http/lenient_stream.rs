//! What lies between a connection and the HTTP library: only the status line decides, so an answer must not be lost to
//! what surrounds it.
//!
//! The library gives a connection up where an answer is there before the request, where writing the request fails, and
//! where the head contradicts itself about the length of the body. Here, nothing is read before something was written;
//! a write that fails leaves it to reading to say what became of the connection; and a head whose lengths cannot be used
//! loses them, so that its body ends where the connection does.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};

use httparse::{EMPTY_HEADER, Header, ParserConfig, Status};
use hyper::body::{Buf, Bytes};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};

use super::super::failure::Cause;

/// The most bytes of an answer's head.
pub(super) const MAX_HEAD: usize = 64 * 1024;

/// The most header lines of an answer.
pub(super) const MAX_HEADERS: usize = 256;

/// A connection whose first answer is handled with care. It is kept for another request only after an ordinary answer.
pub(super) struct LenientStream<T> {
    inner: T,
    state: ReadState,
    /// What comes before all that is still unread.
    ready: Bytes,
    has_received: Arc<AtomicBool>,
}

/// How far the exchange has come.
enum ReadState {
    /// Nothing is written yet; this is who waits for an answer.
    Request(Option<Waker>),
    /// A request is on its way, and this is what has come of the head of its answer.
    Head(Vec<u8>),
    /// The head is through, and all that comes is handed on.
    Body,
}

impl<T> LenientStream<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, state: ReadState::Request(None), ready: Bytes::new(), has_received: Arc::default() }
    }

    /// Tells, once the stream belongs to the HTTP library, whether anything has arrived since this was last set to false.
    pub(super) fn has_received(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.has_received)
    }

    /// Takes the connection back, after an answer that has no body.
    pub(super) fn into_inner(self) -> T {
        self.inner
    }
}

impl<T: Read + Unpin> Read for LenientStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if !this.ready.is_empty() {
                let count = this.ready.len().min(buffer.remaining());
                buffer.put_slice(&this.ready[..count]);
                this.ready.advance(count);
                return Poll::Ready(Ok(()));
            }
            match &mut this.state {
                ReadState::Request(waiting) => {
                    // hyper polls for reading before it writes, and takes what it finds then for an unsolicited
                    // response.
                    *waiting = Some(context.waker().clone());
                    return Poll::Pending;
                }
                ReadState::Body if this.has_received.load(Ordering::Relaxed) => {
                    return Pin::new(&mut this.inner).poll_read(context, buffer);
                }
                ReadState::Body => {
                    let mut chunk = [0; 8 * 1024];
                    let mut chunk = ReadBuf::new(&mut chunk);
                    ready!(Pin::new(&mut this.inner).poll_read(context, chunk.unfilled()))?;
                    if chunk.filled().is_empty() {
                        return Poll::Ready(Ok(()));
                    }
                    this.has_received.store(true, Ordering::Relaxed);
                    this.ready = Bytes::copy_from_slice(chunk.filled());
                }
                ReadState::Head(head) => match inspect_head(head) {
                    Head::Incomplete if head.len() < MAX_HEAD => {
                        let mut chunk = [0; 8 * 1024];
                        let mut chunk = ReadBuf::new(&mut chunk);
                        ready!(Pin::new(&mut this.inner).poll_read(context, chunk.unfilled()))?;
                        head.extend_from_slice(chunk.filled());
                        if chunk.filled().is_empty() {
                            // It ends here, which the library finds out by reading on.
                            this.ready = std::mem::take(head).into();
                            this.state = ReadState::Body;
                        } else {
                            this.has_received.store(true, Ordering::Relaxed);
                        }
                    }
                    Head::Incomplete | Head::TooLarge => {
                        return Poll::Ready(Err(io::Error::other(Cause::HeadTooLarge)));
                    }
                    Head::Interim(length) => this.ready = head.drain(..length).collect(),
                    Head::Final(mended) => {
                        this.ready = mended.unwrap_or_else(|| std::mem::take(head)).into();
                        this.state = ReadState::Body;
                    }
                },
            }
        }
    }
}

impl<T: Write + Unpin> Write for LenientStream<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(context, bytes));
        if let ReadState::Request(waiting) = &mut self.state {
            if let Some(waiting) = waiting.take() {
                waiting.wake();
            }
            self.state = ReadState::Head(Vec::new());
        }
        // A server may send its answer and close before it has read everything: reading tells which it was.
        Poll::Ready(Ok(written.unwrap_or(bytes.len())))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let _ = ready!(Pin::new(&mut self.inner).poll_flush(context));
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// What there is of a head.
#[derive(Debug, PartialEq, Eq)]
enum Head {
    Incomplete,
    TooLarge,
    /// So many bytes are an interim answer (RFC 9110, section 15.2).
    Interim(usize),
    /// The head is whole, or nothing that could become one. Where its lengths cannot be used, this is the same without
    /// them, with what came behind it.
    Final(Option<Vec<u8>>),
}

fn inspect_head(bytes: &[u8]) -> Head {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Response::new(&mut headers);
    let parsed = ParserConfig::default().ignore_invalid_headers_in_responses(true).parse_response(&mut head, bytes);
    let length = match parsed {
        Ok(Status::Complete(length)) => length,
        Ok(Status::Partial) => return Head::Incomplete,
        Err(httparse::Error::TooManyHeaders) => return Head::TooLarge,
        // hyper's own error says that this is not HTTP.
        Err(_) => return Head::Final(None),
    };
    let (Some(code), Some(version)) = (head.code, head.version) else { return Head::Final(None) };
    // An interim response ends with its head, whatever that says about lengths. 101 is the last one of its connection.
    if (100..200).contains(&code) && code != 101 {
        return Head::Interim(length);
    }
    if has_usable_lengths(version, head.headers) {
        return Head::Final(None);
    }
    let mut mended = format!("HTTP/1.{version} {code:03} {}\r\n", head.reason.unwrap_or_default()).into_bytes();
    for header in head.headers.iter().filter(|header| !is_length(header)) {
        mended.extend_from_slice(&[header.name.as_bytes(), b": ", header.value, b"\r\n"].concat());
    }
    mended.extend_from_slice(b"\r\n");
    mended.extend_from_slice(&bytes[length..]);
    Head::Final(Some(mended))
}

/// Tells whether the headers agree on one way to find the end of the body (RFC 9112, section 6.3).
fn has_usable_lengths(version: u8, headers: &[Header<'_>]) -> bool {
    // HTTP/1.0 has no transfer codings. In 1.1 they override any Content-Length.
    if headers.iter().any(|header| header.name.eq_ignore_ascii_case("transfer-encoding")) {
        return version == 1;
    }
    let lengths: Vec<_> = headers.iter().filter(|header| is_length(header)).map(|header| header.value).collect();
    // Up to 18 digits, which fit in the u64 that hyper parses.
    let is_number = |value: &[u8]| value.iter().all(u8::is_ascii_digit) && (1..19).contains(&value.len());
    lengths.iter().all(|length| is_number(length) && *length == lengths[0])
}

fn is_length(header: &Header<'_>) -> bool {
    ["content-length", "transfer-encoding"].iter().any(|name| header.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(head: &str) -> Option<String> {
        match inspect_head(head.as_bytes()) {
            Head::Final(mended) => mended.map(|mended| String::from_utf8(mended).unwrap()),
            inspected => panic!("{head:?}: {inspected:?}"),
        }
    }

    #[test]
    fn waits_for_the_end_of_a_head() {
        let head = "HTTP/1.1 204 No Content\r\nDate: today\r\n\r\n";
        for length in 0..head.len() {
            assert_eq!(inspect_head(&head.as_bytes()[..length]), Head::Incomplete, "{length}");
        }
        assert_eq!(mended(head), None);
        assert_eq!(inspect_head("HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 20".as_bytes()), Head::Interim(22));
        let many = |count| format!("HTTP/1.1 204 No Content\r\n{}\r\n", "X: 1\r\n".repeat(count));
        assert_eq!(mended(&many(MAX_HEADERS)), None);
        assert_eq!(inspect_head(many(MAX_HEADERS + 1).as_bytes()), Head::TooLarge);
    }

    #[test]
    fn leaves_usable_heads_alone() {
        for rest in [
            "1.1 200 OK\r\n\r\n{}",
            "1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\n{}",
            "1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: junk\r\n\r\n0\r\n\r\n",
            "1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            "1.1 101 Switching Protocols\r\nContent-Length: junk\r\n",
            "3.1 200 OK\r\nContent-Length: junk\r\n\r\n",
        ] {
            let head = format!("HTTP/{rest}");
            let inspected = inspect_head(head.as_bytes());
            assert!(matches!(inspected, Head::Final(None) | Head::Incomplete), "{rest}: {inspected:?}");
        }
    }

    #[test]
    fn drops_only_unusable_lengths_from_a_head() {
        let cases = [
            ("1.1 200 OK", "Content-Length: junk\r\n", ""),
            ("1.1 200 OK", "Content-Length: 2\r\nContent-Length: 3\r\nA: b\r\n", "A: b\r\n"),
            ("1.0 404 ", "a:  b \r\ntransfer-encoding: chunked\r\nContent-Length: 2\r\n", "a: b\r\n"),
            ("1.1 099 Any Reason", "CONTENT-LENGTH: +2\r\n", ""),
            ("1.1 403 Forbidden", "no header\r\nContent-Length: 1, 1\r\nA: \u{e9}\r\n", "A: \u{e9}\r\n"),
        ];
        for (line, headers, left) in cases {
            let head = format!("HTTP/{line}\r\n{headers}\r\nand what follows");
            assert_eq!(mended(&head), Some(format!("HTTP/{line}\r\n{left}\r\nand what follows")), "{head}");
        }
        // What comes before the status line, and how the lines end, means nothing.
        let head = "\r\n\nHTTP/1.1 200 OK\nContent-Length: junk\n\n";
        assert_eq!(mended(head).as_deref(), Some("HTTP/1.1 200 OK\r\n\r\n"));
    }

    /// A connection that records what it is asked for.
    #[derive(Default)]
    struct Recorder(Vec<&'static str>);

    impl Write for Recorder {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            self.0.push("write");
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.0.push("flush");
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.0.push("shutdown");
            Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
        }
    }

    #[test]
    fn hands_on_what_is_written_flushed_and_shut_down() {
        let mut stream = LenientStream::new(Recorder::default());
        let mut context = Context::from_waker(Waker::noop());
        assert!(matches!(Pin::new(&mut stream).poll_write(&mut context, b"GET"), Poll::Ready(Ok(3))));
        assert!(matches!(Pin::new(&mut stream).poll_flush(&mut context), Poll::Ready(Ok(()))));
        assert!(matches!(Pin::new(&mut stream).poll_shutdown(&mut context), Poll::Ready(Err(_))));
        assert_eq!(stream.into_inner().0, ["write", "flush", "shutdown"]);
    }
}
