//! The body of an answer, as far as its limits allow.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Bytes};
use serde::de::IgnoredAny;
use tokio::time::Instant;

use super::deadline::{extend_if_late, wait_until};

/// How much of a body is read, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// The byte order mark, which is ignored before JSON (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How long the end of a body is waited for that is a whole JSON object already. It may be a token, which nothing is to
/// keep from where it is stored.
const END_LIMIT: Duration = Duration::from_secs(2);

/// What was read of a body.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Body {
    /// At most 64 KiB, without a byte order mark.
    pub(crate) bytes: Vec<u8>,
    /// Whether that is all of it: it did not break off, nor run into a limit.
    pub(crate) is_complete: bool,
}

impl Body {
    /// Reads what arrives before the deadline and within the limit; the rest is left to the closing connection.
    pub(crate) async fn read(body: &mut (impl HttpBody<Data = Bytes> + Unpin), mut deadline: Instant) -> Self {
        let mut bytes = Vec::new();
        while bytes.len() < MAX_BODY {
            deadline = extend_if_late(deadline);
            if is_object(&bytes) {
                deadline = deadline.min(Instant::now() + END_LIMIT);
            }
            match wait_until(deadline, body.frame()).await {
                Some(Some(Ok(frame))) => {
                    bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
                    if bytes.starts_with(BYTE_ORDER_MARK) {
                        bytes.drain(..BYTE_ORDER_MARK.len());
                    }
                }
                Some(None) => return Self { bytes, is_complete: true },
                Some(Some(Err(_))) | None => return Self { bytes, is_complete: false },
            }
        }
        // The last frame may have crossed the limit: what was cut off was part of the body.
        let is_complete = bytes.len() == MAX_BODY && body.is_end_stream();
        bytes.truncate(MAX_BODY);
        Self { bytes, is_complete }
    }

    /// Tells whether the server has sent an empty body, to its end.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_complete && self.bytes.is_empty()
    }
}

fn is_object(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii();
    bytes.starts_with(b"{") && bytes.ends_with(b"}") && serde_json::from_slice::<IgnoredAny>(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use hyper::body::{Frame, SizeHint};

    use super::*;

    /// A body of so many frames of one size, and what comes then.
    struct Frames {
        left: usize,
        size: usize,
        then: Then,
    }

    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Then {
        Ends,
        Hangs,
        BreaksOff,
    }

    impl HttpBody for Frames {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
            match (self.left.checked_sub(1), self.then) {
                (Some(left), _) => self.left = left,
                (None, Then::Ends) => return Poll::Ready(None),
                (None, Then::Hangs) => return Poll::Pending,
                (None, Then::BreaksOff) => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
            }
            Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'x'; self.size])))))
        }

        fn is_end_stream(&self) -> bool {
            self.left == 0 && self.then == Then::Ends
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::default()
        }
    }

    /// How many bytes are read of a body, whether they are all, and whether that took until the deadline.
    fn read(left: usize, size: usize, then: Then) -> (usize, bool, bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let deadline = Instant::now() + Duration::from_millis(200);
            let body = Body::read(&mut Frames { left, size, then }, deadline).await;
            (body.bytes.len(), body.is_complete, Instant::now() >= deadline)
        })
    }

    #[test]
    fn reads_to_the_end_the_limit_or_the_deadline() {
        assert_eq!(read(3, 1000, Then::Ends), (3000, true, false));
        assert_eq!(read(3, 1000, Then::Hangs), (3000, false, true));
        assert_eq!(read(3, 1000, Then::BreaksOff), (3000, false, false));
        assert_eq!(read(64, 1024, Then::Ends), (64 * 1024, true, false));
        for then in [Then::Ends, Then::Hangs, Then::BreaksOff] {
            assert_eq!(read(66, 1000, then), (64 * 1024, false, false));
            assert_eq!(read(1, 1024 * 1024, then), (64 * 1024, false, false));
        }
        assert_eq!(read(1, 64 * 1024, Then::Hangs), (64 * 1024, false, false));
    }

    #[test]
    fn complete_object_waits_two_seconds_for_the_end() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for (text, is_whole) in [("{\"a\": {}}\n", true), ("\u{feff}{}", true), ("{\"a\": {}", false), ("[{}]", false)]
        {
            let (began, limit) = (std::time::Instant::now(), Duration::from_secs(3));
            let frames = Frames { left: 1, size: 0, then: Then::Hangs };
            let body = runtime.block_on(async {
                let mut body = frames.map_frame(|_| Frame::data(Bytes::from(text)));
                Body::read(&mut body, Instant::now() + limit).await
            });
            let read = text.trim_start_matches('\u{feff}').as_bytes();
            assert_eq!((body.bytes.as_slice(), body.is_complete), (read, false));
            assert_eq!(began.elapsed() < limit, is_whole, "{text}");
        }
    }

    #[test]
    fn an_empty_body_is_one_that_came_to_its_end() {
        let body = |bytes: &[u8], is_complete| Body { bytes: bytes.to_vec(), is_complete };
        assert!(body(b"", true).is_empty());
        assert!(!body(b"", false).is_empty());
        assert!(!body(b" ", true).is_empty());
    }
}
