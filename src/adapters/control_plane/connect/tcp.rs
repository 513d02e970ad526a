//! TCP: the addresses of a name, and the first of them that takes a connection.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use log::debug;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::failure::{Cause, system_words};
use crate::domain::server_url::{Host, ServerUrl};

/// How long an address has before the next one is tried beside it. RFC 8305, section 8, allows 100 ms to 2 s.
const ATTEMPT_DELAY: Duration = Duration::from_millis(200);

/// Asks the system for the addresses of a peer.
///
/// The system cannot be interrupted, so it runs on a detached thread. The runtime's own threads for
/// such work would hold its end up for as long as the system takes, and it panics where it cannot start one.
pub(crate) async fn resolve(peer: &ServerUrl) -> Result<Vec<SocketAddr>, Cause> {
    let name = match peer.host() {
        Host::Ip(address) => return Ok(vec![SocketAddr::new(*address, peer.port())]),
        Host::Name(name) => (name.clone(), peer.port()),
    };
    let (sender, answer) = oneshot::channel();
    let thread = thread::Builder::new().name("resolver".to_owned());
    let started = thread.spawn(move || {
        // The receiver is gone once the deadline has passed.
        let _ = sender.send(name.to_socket_addrs().map(Vec::from_iter));
    });
    started.map_err(|error| Cause::of_io(&error))?;
    // The channel closes without an answer only if the thread panicked.
    let addresses: Vec<SocketAddr> =
        answer.await.unwrap_or_else(|error| Err(io::Error::other(error))).map_err(|error| cause_of(&error))?;
    for address in &addresses {
        debug!("{} has the address {}", peer.host(), address.ip());
    }
    Ok(addresses)
}

/// Connects to the addresses of a peer, the next one each time the last has had its time or any has failed, and takes the
/// first connection (RFC 8305, section 5). The first attempt is under way before the result is awaited.
pub(crate) fn connect(addresses: &[SocketAddr]) -> impl Future<Output = Result<TcpStream, Cause>> + use<> {
    let mut waiting = by_turns(addresses).into_iter();
    // Dropping the set aborts the attempts that lost.
    let mut attempts = JoinSet::from_iter(waiting.next().map(attempt));
    let mut first_failure = None;
    async move {
        loop {
            // Without another address to try, only the deadline of the caller ends the wait.
            let delay = if waiting.len() == 0 { Duration::MAX } else { ATTEMPT_DELAY };
            match timeout(delay, attempts.join_next()).await {
                Ok(Some(Ok(Ok(stream)))) => {
                    // What is sent is small, and nothing should hold it back.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                // Mostly that of the address which the system prefers, and the others fail for the same reason.
                Ok(Some(Ok(Err(failure)))) => _ = first_failure.get_or_insert(failure),
                Ok(Some(Err(failure))) => _ = first_failure.get_or_insert(io::Error::other(failure)),
                Ok(None) => return Err(first_failure.map_or(Cause::NameNotFound, |failure| Cause::of_io(&failure))),
                Err(_) => {}
            }
            attempts.extend(waiting.next().map(attempt));
        }
    }
}

async fn attempt(address: SocketAddr) -> io::Result<TcpStream> {
    debug!("connecting to {address}");
    let result = TcpStream::connect(address).await;
    match &result {
        Ok(_) => debug!("connected to {address}"),
        Err(error) => debug!("connecting to {address} failed: {}", system_words(error)),
    }
    result
}

/// Lets the two families take turns, in the system's order, so that one that leads nowhere does not hold up the other
/// (RFC 8305, section 4).
fn by_turns(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first_family = |address: &SocketAddr| address.is_ipv6() == addresses[0].is_ipv6();
    // A stable partition: within a family the order of getaddrinfo (RFC 6724) counts.
    let (first, second): (Vec<_>, Vec<_>) = addresses.iter().copied().partition(is_first_family);
    let longest = first.len().max(second.len());
    (0..longest).flat_map(|index| [first.get(index), second.get(index)]).flatten().copied().collect()
}

/// Translates what the C library says of a name, for which std has no kind.
fn cause_of(error: &io::Error) -> Cause {
    let words = system_words(error);
    let words = words.strip_prefix("failed to lookup address information: ").unwrap_or(&words);
    match words {
        // glibc has two, then come musl and macOS.
        "Name or service not known"
        | "No address associated with hostname"
        | "Name does not resolve"
        | "nodename nor servname provided, or not known" => Cause::NameNotFound,
        _ => Cause::System(words.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Instant;

    use rustix::net::{AddressFamily, SocketType, bind, listen, socket};

    use super::*;

    /// The outcome of trying the addresses, and how long that takes.
    fn connected(addresses: &[SocketAddr]) -> (Result<SocketAddr, Cause>, Duration) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let started = Instant::now();
        let result = runtime.block_on(async { connect(addresses).await });
        (result.map(|stream| stream.peer_addr().unwrap()), started.elapsed())
    }

    fn listening() -> (SocketAddr, TcpListener) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        (listener.local_addr().unwrap(), listener)
    }

    /// An address without a listener, for as long as the connection from it lives.
    fn refusing() -> (SocketAddr, std::net::TcpStream) {
        let (address, _listener) = listening();
        let client = std::net::TcpStream::connect(address).unwrap();
        (client.local_addr().unwrap(), client)
    }

    /// A listener that has no room for another connection, so that packets to it go unanswered, with those that wait.
    fn swallowing() -> (SocketAddr, TcpListener, Vec<std::net::TcpStream>) {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        listen(&socket, 0).unwrap();
        let listener = TcpListener::from(socket);
        let address = listener.local_addr().unwrap();
        let attempt = || std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
        (address, listener, std::iter::from_fn(attempt).collect())
    }

    #[test]
    fn address_families_take_turns() {
        let v4 = |last| SocketAddr::from(([10, 0, 0, last], 1));
        let v6 = |last| SocketAddr::from(([0xfd00, 0, 0, 0, 0, 0, 0, last], 1));
        let cases = [
            (vec![], vec![]),
            (vec![v4(1)], vec![v4(1)]),
            (vec![v6(1), v6(2), v4(3), v4(4)], vec![v6(1), v4(3), v6(2), v4(4)]),
            (vec![v4(1), v4(2), v4(3), v6(4)], vec![v4(1), v6(4), v4(2), v4(3)]),
            (vec![v4(1), v6(2), v6(3), v6(4)], vec![v4(1), v6(2), v6(3), v6(4)]),
        ];
        for (addresses, expected) in cases {
            assert_eq!(by_turns(&addresses), expected, "{addresses:?}");
        }
    }

    #[test]
    fn dead_addresses_cost_only_their_turns() {
        let dead: Vec<_> = (0..5).map(|_| swallowing()).collect();
        let (live, _listener) = listening();
        let mut addresses: Vec<_> = dead.iter().map(|(address, ..)| *address).collect();
        addresses.push(live);
        let (result, took) = connected(&addresses);
        assert_eq!(result, Ok(live));
        // Five turns. Any share of the time for connecting would be longer.
        assert!(took >= 5 * ATTEMPT_DELAY && took < Duration::from_secs(4), "{took:?}");
    }

    #[test]
    fn an_address_that_refuses_hands_over_at_once() {
        let refusing: Vec<_> = (0..20).map(|_| refusing()).collect();
        let (live, _listener) = listening();
        let mut addresses: Vec<_> = refusing.iter().map(|(address, _)| *address).collect();
        assert_eq!(connected(&addresses).0, Err(Cause::Refused));
        addresses.push(live);
        let (result, took) = connected(&addresses);
        assert_eq!(result, Ok(live));
        assert!(took < 10 * ATTEMPT_DELAY, "{took:?}");
    }

    #[test]
    fn a_quick_first_address_is_the_only_one_tried() {
        let ((first, _listening), (second, other)) = (listening(), listening());
        assert_eq!(connected(&[first, second]).0, Ok(first));
        other.set_nonblocking(true).unwrap();
        assert_eq!(other.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    }

    #[test]
    fn a_slow_address_may_still_win_after_its_turn() {
        let ((slow, listener, waiting), (dead, ..)) = (swallowing(), swallowing());
        let making_room = std::thread::spawn(move || {
            std::thread::sleep(2 * ATTEMPT_DELAY);
            for _ in &waiting {
                listener.accept().unwrap();
            }
            // The system asks again a second after it was not answered.
            listener.accept().unwrap();
        });
        assert_eq!(connected(&[slow, dead]).0, Ok(slow));
        making_room.join().unwrap();
    }
}
