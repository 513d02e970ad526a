//! A server that says exactly the bytes of a script, whatever it is asked.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What the server does with one connection, after it has read a request's head.
pub type Script = Box<dyn Fn(&mut TcpStream) + Send>;

/// A loopback server. Connections are played the script, one after the other; what clients sent is recorded.
pub struct ScriptedServer {
    port: u16,
    requests: Record,
    thread: Option<JoinHandle<()>>,
    stop: Arc<Mutex<bool>>,
}

/// What a server was sent, one entry for each connection on which anything was.
#[derive(Clone, Default)]
pub struct Record(Arc<Mutex<Vec<String>>>);

impl Record {
    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub fn add(&self, sent: impl AsRef<[u8]>) {
        if !sent.as_ref().is_empty() {
            self.0.lock().unwrap().push(String::from_utf8_lossy(sent.as_ref()).into_owned());
        }
    }
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

    /// Reads a request's head, sends the bytes, and then nothing until the client hangs up.
    pub fn stalling_after(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(Box::new(move |stream| {
            let _ = stream.write_all(&answer);
            read_to_hangup(stream);
        }))
    }

    /// Reads a request's head, then plays the script.
    pub fn start(script: Script) -> Self {
        Self::raw(move |stream, record| {
            let head = read_head(stream);
            record.add(&head);
            if !head.is_empty() {
                script(stream);
            }
        })
    }

    /// Plays a script that reads and records by itself: for servers that speak before they listen, or no HTTP. It has
    /// to end when the client hangs up.
    pub fn raw(script: impl Fn(&mut TcpStream, &Record) + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Record::default();
        let stop = Arc::new(Mutex::new(false));
        let (record, stopped) = (requests.clone(), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if *stopped.lock().unwrap() {
                    return;
                }
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
                script(&mut stream, &record);
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

    pub fn https_url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.requests()
    }

    /// What is recorded of requests, now and later.
    pub fn record(&self) -> Record {
        self.requests.clone()
    }

    /// Serves every connection that was made so far, and takes what was sent on them.
    pub fn finish(self) -> Vec<String> {
        // Connections are served in turn: when this one has ended, so have all before it.
        match TcpStream::connect(("127.0.0.1", self.port)) {
            Ok(mut last) => {
                let _ = last.shutdown(Shutdown::Write);
                read_to_hangup(&mut last);
            }
            // A server that resets its connections may do so before the end of the handshake.
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
        }
        self.requests()
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
pub fn read_head(stream: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Reads until the other side has closed its end, in whatever way, and gives what came.
pub fn read_to_hangup(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    bytes
}
