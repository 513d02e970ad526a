//! Two futures, of which the first that is done decides.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// What the future that won brought.
pub(super) enum Either<A, B> {
    First(A),
    Second(B),
}

/// Waits for either of two futures. Where both are done the first wins, so the second is not even begun where the first
/// is done from the start.
pub(super) async fn select<A: Future, B: Future>(first: A, second: B) -> Either<A::Output, B::Output> {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        // Callers put the interruption first where it has to win, and the response where that has to.
        if let Poll::Ready(output) = first.as_mut().poll(context) {
            return Poll::Ready(Either::First(output));
        }
        second.as_mut().poll(context).map(Either::Second)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};
    use std::task::{Context, Waker};

    use super::*;

    fn winner(first: impl Future<Output = u8>, second: impl Future<Output = u8>) -> Poll<&'static str> {
        pin!(select(first, second)).poll(&mut Context::from_waker(Waker::noop())).map(|won| match won {
            Either::First(1) => "first",
            Either::Second(2) => "second",
            Either::First(_) | Either::Second(_) => "neither",
        })
    }

    #[test]
    fn first_done_wins() {
        assert_eq!(winner(ready(1), pending()), Poll::Ready("first"));
        assert_eq!(winner(pending(), ready(2)), Poll::Ready("second"));
        assert_eq!(winner(ready(1), ready(2)), Poll::Ready("first"));
        assert_eq!(winner(pending(), pending()), Poll::Pending);
    }

    #[test]
    fn does_not_begin_the_second_needlessly() {
        let begun = poll_fn(|_| panic!("it was begun"));
        assert_eq!(winner(ready(1), begun), Poll::Ready("first"));
    }
}
