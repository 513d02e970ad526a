//! A server that says exactly the bytes of a script, whatever it is asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What the server does with one connection, after it was accepted.
pub type Script = Box<dyn Fn(&mut TcpStream) + Send>;

/// A loopback server. Every connection is played the script; what clients sent is recorded.
pub struct ScriptedServer {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
    stop: Arc<Mutex<bool>>,
}

impl ScriptedServer {
    /// Reads a request's head, sends the bytes, and closes.
    pub fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(Box::new(move |stream| {
            // A client may hang up before it has read all.
            let _ = stream.write_all(&answer);
        }))
    }

    /// Reads a request's head, then plays the script.
    pub fn start(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(Mutex::new(false));
        let (recorded, stopped) = (Arc::clone(&requests), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if *stopped.lock().unwrap() {
                    return;
                }
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
                let head = read_head(&mut stream);
                recorded.lock().unwrap().push(head);
                script(&mut stream);
            }
        });
        Self { port, requests, thread: Some(thread), stop }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        *self.stop.lock().unwrap() = true;
        // Wakes the thread, which is waiting for the next connection.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Reads up to the empty line that ends a request's head, or to the end of what the client sends.
pub fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}
