//! The time that a step has.
//!
//! A deadline may pass while the process is stopped, for example by SIGSTOP or a suspended machine. That says nothing
//! about the server, whose response may have been waiting in the socket all the time.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::super::failure::Cause;

/// How much later than due a timer fires only because the process could not run.
const LATE: Duration = Duration::from_millis(500);

/// How long to look for what has arrived in the meantime.
const GRACE: Duration = Duration::from_millis(100);

/// When a step has to be done, and the limit that this comes from.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    limit: Duration,
}

impl Deadline {
    /// A limit that counts from now.
    pub(super) fn within(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    /// The earlier of this deadline and a limit that counts from now.
    pub(super) fn or_within(self, limit: Duration) -> Self {
        let other = Self::within(limit);
        if other.at < self.at { other } else { self }
    }

    /// Runs a step until the deadline has passed.
    pub(super) async fn bound<T>(self, step: impl Future<Output = Result<T, Cause>>) -> Result<T, Cause> {
        wait_until(self.at, step).await.unwrap_or(Err(Cause::TimedOut(self.limit)))
    }
}

/// Waits for a step until its deadline. If the deadline was noticed late, the step gets a moment to take what arrived in
/// the meantime.
pub(super) async fn wait_until<T>(deadline: Instant, step: impl Future<Output = T>) -> Option<T> {
    let mut step = pin!(step);
    match timeout_at(deadline, &mut step).await {
        Ok(output) => Some(output),
        // A timer that fires on time saw the socket empty up to the deadline.
        Err(_) if deadline.elapsed() < LATE => None,
        Err(_) => timeout(GRACE, step).await.ok(),
    }
}

/// The deadline for what follows a step that may have ended late.
pub(super) fn extend_if_late(deadline: Instant) -> Instant {
    if deadline.elapsed() < LATE { deadline } else { Instant::now() + GRACE }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpListener};
    use std::thread;

    use tokio::io::AsyncReadExt;
    use tokio::net::TcpStream;
    use tokio::task;
    use tokio::time::sleep;

    use super::*;

    /// What another task reads from a socket before a deadline of 100 ms. The server sends it after 50 ms, and the whole
    /// runtime is stopped for this long from the start.
    fn read(stopped_for: Duration, sends: bool) -> Option<u8> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            thread::sleep(Duration::from_millis(50));
            if sends {
                stream.write_all(&[7]).unwrap();
            }
            let _ = stream.read(&mut [0]);
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let response = task::spawn(async move { stream.read_u8().await.unwrap() });
            let deadline = Instant::now() + Duration::from_millis(100);
            task::spawn(async move { thread::sleep(stopped_for) });
            wait_until(deadline, response).await.map(Result::unwrap)
        })
    }

    #[test]
    fn takes_what_arrived_while_the_process_was_stopped() {
        assert_eq!(read(Duration::from_secs(1), true), Some(7));
        assert_eq!(read(Duration::from_secs(1), false), None);
    }

    #[test]
    fn ends_at_the_deadline() {
        assert_eq!(read(Duration::ZERO, true), Some(7));
        assert_eq!(read(Duration::ZERO, false), None);
    }

    /// Whether a step that takes half of [`GRACE`] has the time for it.
    fn has_grace(deadline: impl FnOnce(Instant) -> Instant) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async { wait_until(deadline(Instant::now()), sleep(GRACE / 2)).await.is_some() })
    }

    #[test]
    fn only_a_deadline_that_was_noticed_late_gets_grace() {
        let little = Duration::from_millis(1);
        assert!(has_grace(|now| now + GRACE));
        assert!(!has_grace(|now| now + little));
        assert!(!has_grace(|now| now - LATE + little));
        assert!(has_grace(|now| now - LATE));
    }

    #[test]
    fn what_follows_a_late_step_gets_grace() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let now = Instant::now();
            for on_time in [now + GRACE, now, now - LATE + Duration::from_millis(1)] {
                assert_eq!(extend_if_late(on_time), on_time);
            }
            assert_eq!(extend_if_late(now - LATE), now + GRACE);
        });
    }

    #[test]
    fn a_further_limit_only_shortens() {
        let (short, long) = (Duration::from_secs(1), Duration::from_secs(9));
        for (first, then) in [(short, long), (long, short)] {
            let deadline = Deadline::within(first).or_within(then);
            assert_eq!(deadline.limit, short);
            assert!(deadline.at <= Instant::now() + short);
        }
    }
}
