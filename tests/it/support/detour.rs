//! A way to a server on which one connection comes to grief.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;

use super::scripted_server::{read_head, read_to_hangup};

/// What happens to a connection.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It leads to this port.
    LeadsTo(u16),
    /// It is closed at once.
    Closed,
    /// It is reset once a request is read.
    Reset,
    /// Something comes on it as soon as anything was sent, and then it is closed.
    Hears(&'static [u8]),
    /// Nothing comes on it.
    Silence,
    /// It cannot be made, and neither can any after it.
    Refused,
}

/// Leads to a server on this port of loopback, but for the nth connection, counted from 1. Gives the port that it has
/// itself.
pub fn detour(to: u16, nth: usize, fate: Fate) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for number in 1.. {
            let is_last = matches!(fate, Fate::Refused) && number + 1 == nth;
            // It ends with the process of the tests.
            let Ok((stream, _)) = listener.accept() else { return };
            let fate = if number == nth { fate } else { Fate::LeadsTo(to) };
            if is_last {
                drop(listener);
                return meet(stream, fate);
            }
            thread::spawn(move || meet(stream, fate));
        }
    });
    port
}

fn meet(mut stream: TcpStream, fate: Fate) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
    match fate {
        Fate::LeadsTo(port) => relay(&mut stream, port),
        Fate::Closed | Fate::Refused => {}
        Fate::Reset => {
            read_head(&mut stream);
            let _ = set_socket_linger(&stream, Some(Duration::ZERO));
        }
        Fate::Hears(bytes) => {
            let _ = stream.read(&mut [0; 16 * 1024]);
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(Shutdown::Write);
            read_to_hangup(&mut stream);
        }
        Fate::Silence => drop(read_to_hangup(&mut stream)),
    }
}

/// Brings to a port of this machine what a client sends, and back what comes from there.
pub fn relay(client: &mut TcpStream, port: u16) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let upwards = thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    // Either side may hang up first; then the other is told, and both copies end.
    let _ = io::copy(&mut &server, client);
    let _ = client.shutdown(Shutdown::Both);
    upwards.join().unwrap();
}
