//! Programs of the system that a test talks to: servers and proxies that nobody here wrote.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take to listen.
const MAX_START: Duration = Duration::from_secs(20);

/// A program that runs until it is dropped.
pub struct Program {
    child: Child,
    pub port: u16,
}

impl Program {
    /// Runs a server, and waits until it listens on this port of 127.0.0.1.
    pub fn on_port(port: u16, command: &mut Command) -> Self {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut program = Self { child, port };
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(program.child.try_wait().unwrap().is_none(), "{command:?} ended before it listened");
            assert!(started.elapsed() < MAX_START, "{command:?} does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        program
    }

    /// Runs a server that says `ACCEPT` and the address when it listens.
    pub fn that_tells_its_port(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find_map(|line| line.unwrap().strip_prefix("ACCEPT ").map(str::to_owned)).unwrap();
        let port = line.rsplit_once(':').unwrap().1.parse().unwrap();
        // What it says later is taken, so that it is never stopped in the middle of it.
        thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The programs here have their children in the same process, or end with them.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a program is installed; otherwise says loudly what is skipped.
pub fn find(what: &str, program: &str) -> Option<PathBuf> {
    let places = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];
    let found = places.iter().map(|place| Path::new(place).join(program)).find(|path| path.is_file());
    if found.is_none() {
        super::skip(what, &format!("{program} is not installed"));
    }
    found
}

/// A port that nobody listens on now.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
