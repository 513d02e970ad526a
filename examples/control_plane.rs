//! A plexsphere control plane on loopback, to try plexctl, curl and a browser against.
//!
//! `serve` mints a session token for each profile, writes or prints a ready config file, and serves until Ctrl-C: the
//! API, and the page on which a login is approved. `approve` sends that page's form from the command line. `check` asks
//! who a token belongs to; the token comes from standard input, so that it stays out of the arguments.

use std::env;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{self, Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::{Parser, Subcommand};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use plexctl::testing::{Answer, ControlPlane};

/// What the printed line logs in to. Any domain and any binding would do.
const DOMAIN_ID: &str = "0192f0c1-d0d0-7000-8000-000000000001";
const BINDING_ID: &str = "0192f0c1-b1b1-7000-8000-000000000001";

/// Serves a small plexsphere control plane on loopback, for trials of plexctl
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Mint a session token for each profile, write or print a config file with them, and serve until Ctrl-C
    Serve {
        /// Port on 127.0.0.1; 0 takes a free one
        #[arg(long, default_value_t = 8080)]
        port: u16,

        /// Profile to mint a token for; the first one becomes the default
        #[arg(long = "profile", value_name = "NAME", default_value = "default")]
        profiles: Vec<String>,

        /// Answer every attempt to revoke with this status instead, and revoke nothing
        #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(u16).range(200..=999))]
        answer: Option<u16>,

        /// Seconds that a login waits between two polls
        #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u64).range(1..=60))]
        interval: u64,

        /// Write the config file here, with mode 0600, instead of printing it; the file must not exist
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,

        /// Print the config file alone, or nothing with --config
        #[arg(long)]
        quiet: bool,
    },
    /// Approve a login by its code, through the form of the approval page; fails if the code is not open
    Approve {
        /// Port on 127.0.0.1
        #[arg(long, default_value_t = 8080)]
        port: u16,

        /// Deny it instead
        #[arg(long)]
        deny: bool,

        /// The code that plexctl login shows
        user_code: String,
    },
    /// Ask who the token on standard input belongs to; fails if it is not accepted
    Check {
        /// Port on 127.0.0.1
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
}

fn main() -> ExitCode {
    run(Arguments::parse().command).unwrap_or_else(|message| {
        // Without a standard error there is nobody to tell.
        let _ = writeln!(io::stderr(), "error: {message}");
        ExitCode::FAILURE
    })
}

fn run(command: Command) -> Result<ExitCode, String> {
    match command {
        Command::Serve { port, profiles, answer, interval, config, quiet } => {
            let control_plane = ControlPlane::start_on(port).map_err(|error| cannot_listen(port, &error))?;
            control_plane.answer_revocations_with(answer.map(answer_with));
            control_plane.configure(|settings| settings.interval = Duration::from_secs(interval));
            let contents = config_for(&control_plane, &profiles);
            if let Some(file) = &config {
                write_config(file, &contents)?;
            }
            let text = match (&config, quiet) {
                (Some(_), true) => String::new(),
                (None, true) => contents,
                (Some(file), false) => introduction(&control_plane, "", &quoted(&absolute(file))),
                (None, false) => {
                    let config = format!(" A config file for it:\n\n{contents}\nSave it with mode 0600.");
                    introduction(&control_plane, &config, "that-file")
                }
            };
            print(&text)?;
            loop {
                thread::park();
            }
        }
        Command::Approve { port, deny, user_code } => {
            let decision = if deny { "deny" } else { "approve" };
            let code = utf8_percent_encode(&user_code, NON_ALPHANUMERIC);
            let fields = "Content-Type: application/x-www-form-urlencoded\r\n";
            let answer = ask(port, "POST /v1/device", fields, &format!("user_code={code}&decision={decision}"))?;
            let heading = answer.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>"));
            let (heading, _) = heading.ok_or("the server answered without the page")?;
            print(&format!("{heading}\n"))?;
            Ok(verdict(&answer))
        }
        Command::Check { port } => {
            let token = io::stdin().lock().lines().next().unwrap_or_else(|| Ok(String::new()));
            let token = token.map_err(|error| format!("the token cannot be read: {}", reason(&error)))?;
            let fields = format!("Authorization: Bearer {}\r\n", token.trim());
            let answer = ask(port, "GET /v1/auth/whoami", &fields, "")?;
            print(&format!("{}\n", answer.replace("\r\n", "\n").trim_end()))?;
            Ok(verdict(&answer))
        }
    }
}

fn answer_with(status: u16) -> Answer {
    Answer::problem(status, "Scripted Answer", "scripted", "This control plane was told to answer so.")
}

/// A config file with a freshly minted token for each profile.
fn config_for(control_plane: &ControlPlane, profiles: &[String]) -> String {
    // A JSON string is a TOML basic string as well.
    let names: Vec<String> = profiles.iter().map(|name| serde_json::Value::from(name.as_str()).to_string()).collect();
    let mut config = format!("default = {}\n", names[0]);
    for name in names {
        let (url, token) = (control_plane.url(), control_plane.mint("dev"));
        let _ = write!(config, "\n[profiles.{name}]\nserver = \"{url}\"\ntoken = \"{token}\"\n");
    }
    config
}

fn write_config(file: &Path, contents: &str) -> Result<(), String> {
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    written.and_then(|mut opened| opened.write_all(contents.as_bytes())).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("{} exists and is left as it is; name another file", file.display()),
        _ => format!("{} cannot be written: {}", file.display(), reason(&error)),
    })
}

/// What can be done with a control plane, in lines to paste; `file` is the config as a shell takes it.
fn introduction(control_plane: &ControlPlane, config: &str, file: &str) -> String {
    let (url, port) = (control_plane.url(), control_plane.address().port());
    let program = quoted(&env::current_exe().unwrap_or_else(|_| "control_plane".into()));
    let login = format!("login --server {url} --domain-id {DOMAIN_ID} --idp-binding-id {BINDING_ID}");
    format!(
        "Serving on {url} until Ctrl-C.{config}\n\n\
         End a session:\n  PLEXCTL_CONFIG={file} plexctl logout\n\
         Begin one:\n  PLEXCTL_CONFIG={file} plexctl {login}\n\
         Approve it on the page that login names, or here by its code:\n  {program} approve --port {port} CODE\n\
         Is a token still accepted?\n  {program} check --port {port} < file-with-the-token\n"
    )
}

/// A path as a POSIX shell takes it.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    if path.chars().all(is_plain) { path.into_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

fn absolute(file: &Path) -> PathBuf {
    path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

/// Sends one request to the control plane on a port, and gives the whole answer.
fn ask(port: u16, request: &str, fields: &str, body: &str) -> Result<String, String> {
    let length = body.len();
    let request = format!(
        "{request} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}Content-Length: {length}\r\nConnection: \
         close\r\n\r\n{body}"
    );
    let exchange = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    exchange().map_err(|error: io::Error| match error.kind() {
        ErrorKind::ConnectionRefused => format!("nothing listens on port {port} of 127.0.0.1; start `serve` first"),
        _ => format!("port {port} of 127.0.0.1 gave no answer: {}", reason(&error)),
    })
}

fn verdict(answer: &str) -> ExitCode {
    if answer.starts_with("HTTP/1.1 200 ") { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn cannot_listen(port: u16, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => format!("port {port} of 127.0.0.1 is taken; --port 0 takes a free one"),
        _ => format!("port {port} of 127.0.0.1 cannot be had: {}; --port 0 takes a free one", reason(error)),
    }
}

/// What went wrong, without the number that the system has for it.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn print(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| format!("standard output cannot be written: {}", reason(&error)))
}
