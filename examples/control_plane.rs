//! A plexsphere control plane on loopback, to try plexctl and curl against.
//!
//! `serve` mints a session token, prints it with a ready config file, and serves until Ctrl-C. `check` asks a running
//! control plane who a token belongs to; the token comes from standard input, so that it stays out of the arguments.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, BufRead, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::{Parser, Subcommand};
use plexctl::testing::{Answer, ControlPlane};

/// Serves a small plexsphere control plane on loopback, for trials of plexctl
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Mint a session token for each profile, print them with a config file, and serve until Ctrl-C
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

        /// Print the config file alone
        #[arg(long)]
        quiet: bool,
    },
    /// Ask who the token on standard input belongs to; fails if it is not accepted
    Check {
        /// Port on 127.0.0.1
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    match Arguments::parse().command {
        Command::Serve { port, profiles, answer, quiet } => {
            let control_plane = ControlPlane::start_on(port)?;
            control_plane.answer_revocations_with(answer.map(answer_with));
            introduce(&control_plane, &profiles, quiet)?;
            loop {
                thread::park();
            }
        }
        Command::Check { port } => {
            let token = io::stdin().lock().lines().next().unwrap_or_else(|| Ok(String::new()))?;
            let answer = who_am_i(port, token.trim())?;
            writeln!(io::stdout(), "{}", answer.replace("\r\n", "\n").trim_end())?;
            let is_accepted = answer.starts_with("HTTP/1.1 200 ");
            Ok(if is_accepted { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn answer_with(status: u16) -> Answer {
    Answer::problem(status, "Scripted Answer", "scripted", "This control plane was told to answer so.")
}

/// Prints a config file with a freshly minted token for each profile, and how to use it.
fn introduce(control_plane: &ControlPlane, profiles: &[String], quiet: bool) -> Result<(), Box<dyn Error>> {
    // A JSON string is a TOML basic string as well.
    let names = profiles.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    let mut config = format!("default = {}\n", names[0]);
    for name in names {
        let (url, token) = (control_plane.url(), control_plane.mint("dev"));
        write!(config, "\n[profiles.{name}]\nserver = \"{url}\"\ntoken = \"{token}\"\n")?;
    }
    let mut stdout = io::stdout().lock();
    if quiet {
        write!(stdout, "{config}")?;
    } else {
        let port = control_plane.address().port();
        writeln!(stdout, "Serving on {} until Ctrl-C. A config file for it:\n\n{config}", control_plane.url())?;
        writeln!(stdout, "Save it with mode 0600, then:\n  PLEXCTL_CONFIG=that-file plexctl logout")?;
        writeln!(stdout, "Is a token still accepted?\n  control_plane check --port {port} < file-with-the-token")?;
    }
    Ok(stdout.flush()?)
}

fn who_am_i(port: u16, token: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "GET /v1/auth/whoami HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\nConnection: \
         close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
