//! A plexsphere control plane on loopback, to try plexctl, curl and a browser with.
//!
//! `serve` mints a session token for each profile, writes or prints a config file with them, and serves the API and the
//! approval page until Ctrl-C. `approve` submits that page's form from the command line. `check` shows who a token
//! belongs to. It reads the token from standard input, because other users can see the arguments of a process.

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
use plexctl::testing::{Answer, BindingSettings, ControlPlane};

/// The ids in the printed login command. The control plane accepts any.
const DOMAIN_ID: &str = "0192f0c1-d0d0-7000-8000-000000000001";
const BINDING_PREFIX: &str = "0192f0c1-b1b1-7000-8000-";

/// Serve a plexsphere control plane on loopback to try plexctl with
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Mint a session token for each profile, write or print a config file, and serve until Ctrl-C
    Serve {
        /// Port on 127.0.0.1; 0 selects a free one
        #[arg(long, default_value_t = 8080)]
        port: u16,

        /// Profile to mint a token for; the first one is the default profile
        #[arg(long = "profile", value_name = "NAME", default_value = "default")]
        profiles: Vec<String>,

        /// Alias of an IdP binding that exists; without it, every binding exists
        #[arg(long = "binding", value_name = "ALIAS")]
        bindings: Vec<String>,

        /// Respond to every revocation with this status, and revoke nothing
        #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(u16).range(200..=999))]
        answer: Option<u16>,

        /// Seconds between two polls of a login
        #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u64).range(1..=60))]
        interval: u64,

        /// Lifetime of tokens in seconds
        #[arg(long, value_name = "SECONDS", default_value = "43200", value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
        token_lifetime: u64,

        /// Write the config file to FILE with mode 0600 instead of printing it; never overwrites a file
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,

        /// Print only the config file, or nothing with --config
        #[arg(long)]
        quiet: bool,
    },
    /// Approve a login by its code; fails if the code cannot be decided
    Approve {
        /// Port on 127.0.0.1
        #[arg(long, default_value_t = 8080)]
        port: u16,

        /// Deny the login instead
        #[arg(long)]
        deny: bool,

        /// Code that `plexctl login` shows
        user_code: String,
    },
    /// Show who the token on standard input belongs to; fails if it is not accepted
    Check {
        /// Port on 127.0.0.1
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
}

fn main() -> ExitCode {
    run(Arguments::parse().command).unwrap_or_else(|message| {
        // If stderr is closed, there is nowhere to report it.
        let _ = writeln!(io::stderr(), "error: {message}");
        ExitCode::FAILURE
    })
}

fn run(command: Command) -> Result<ExitCode, String> {
    match command {
        Command::Serve { port, profiles, bindings, answer, interval, token_lifetime, config, quiet } => {
            let control_plane = ControlPlane::start_on(port).map_err(|error| cannot_listen(port, &error))?;
            control_plane.answer_revocations_with(answer.map(response_with));
            control_plane.configure(|settings| {
                settings.interval = Duration::from_secs(interval);
                settings.token_lifetime = Duration::from_secs(token_lifetime);
                settings.idp_bindings = (1..).zip(&bindings).map(|(number, alias)| binding(number, alias)).collect();
            });
            let contents = config_for(&control_plane, &profiles);
            if let Some(file) = &config {
                write_config(file, &contents)?;
            }
            let text = match (&config, quiet) {
                (Some(_), true) => String::new(),
                (None, true) => contents,
                (Some(file), false) => introduction(&control_plane, "", &quoted(&absolute(file))),
                (None, false) => {
                    let config = format!("\n\nConfig file (save it with mode 0600):\n\n{}", contents.trim_end());
                    introduction(&control_plane, &config, "config-file")
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
            let response = send(port, "POST /v1/device", fields, &format!("user_code={code}&decision={decision}"))?;
            let heading = response.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>"));
            let (heading, _) = heading.ok_or("the response is not the approval page")?;
            print(&format!("{heading}\n"))?;
            Ok(exit_code(&response))
        }
        Command::Check { port } => {
            let token = io::stdin().lock().lines().next().unwrap_or_else(|| Ok(String::new()));
            let token = token.map_err(|error| format!("cannot read the token: {}", reason(&error)))?;
            let fields = format!("Authorization: Bearer {}\r\n", token.trim());
            let response = send(port, "GET /v1/auth/whoami", &fields, "")?;
            print(&format!("{}\n", response.replace("\r\n", "\n").trim_end()))?;
            Ok(exit_code(&response))
        }
    }
}

/// The binding with an alias. The first one has the id that the printed login command uses.
fn binding(number: u16, alias: &str) -> BindingSettings {
    BindingSettings {
        id: format!("{BINDING_PREFIX}{number:012x}"),
        alias: Some(alias.to_owned()),
        label: alias.to_owned(),
        issuer_host: format!("{alias}.example"),
        is_primary: false,
        is_platform_scoped: false,
    }
}

fn response_with(status: u16) -> Answer {
    Answer::problem(status, "Scripted Response", "scripted", "This control plane was started with --answer.")
}

/// A config file with a new token for each profile.
fn config_for(control_plane: &ControlPlane, profiles: &[String]) -> String {
    // A JSON string is also a TOML basic string.
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
        ErrorKind::AlreadyExists => format!("cannot write {}: the file already exists", file.display()),
        _ => format!("cannot write {}: {}", file.display(), reason(&error)),
    })
}

/// Commands to try with a control plane. `file` is the config file, quoted for a shell.
fn introduction(control_plane: &ControlPlane, config: &str, file: &str) -> String {
    let (url, port) = (control_plane.url(), control_plane.address().port());
    let program = quoted(&env::current_exe().unwrap_or_else(|_| "control_plane".into()));
    let login = format!("login --server {url} --domain-id {DOMAIN_ID} --idp-binding-id {BINDING_PREFIX}{:012x}", 1);
    format!(
        "Serving on {url} until Ctrl-C.{config}\n\n\
         Log out:\n  PLEXCTL_CONFIG={file} plexctl logout\n\
         Log in:\n  PLEXCTL_CONFIG={file} plexctl {login}\n\
         Approve the login in a browser, or by its code:\n  {program} approve --port {port} CODE\n\
         Check a token:\n  {program} check --port {port} < token-file\n"
    )
}

/// A path, quoted for a POSIX shell.
fn quoted(path: &Path) -> String {
    let path = path.to_string_lossy();
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    if path.chars().all(is_plain) { path.into_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

fn absolute(file: &Path) -> PathBuf {
    path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

/// Sends a request to the control plane on a port, and returns the whole response.
fn send(port: u16, request: &str, fields: &str, body: &str) -> Result<String, String> {
    let length = body.len();
    let request = format!(
        "{request} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{fields}Content-Length: {length}\r\nConnection: \
         close\r\n\r\n{body}"
    );
    let exchange = || {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.write_all(request.as_bytes())?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        Ok(response)
    };
    exchange().map_err(|error: io::Error| match error.kind() {
        ErrorKind::ConnectionRefused => format!("cannot connect to 127.0.0.1:{port}: run `serve` first"),
        _ => format!("no response from 127.0.0.1:{port}: {}", reason(&error)),
    })
}

fn exit_code(response: &str) -> ExitCode {
    if response.starts_with("HTTP/1.1 200 ") { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn cannot_listen(port: u16, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => format!("cannot listen on 127.0.0.1:{port}: the port is in use (try --port 0)"),
        _ => format!("cannot listen on 127.0.0.1:{port}: {} (try --port 0)", reason(error)),
    }
}

/// The cause of an I/O error, without its number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

fn print(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.map_err(|error| format!("cannot write to stdout: {}", reason(&error)))
}
