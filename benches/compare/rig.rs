//! The rig of `compare.sh`: a control plane on loopback that revokes whatever it is asked to, over http and https, and
//! a stopwatch that runs whole processes in turns.
//!
//! Both are here because a shell is too coarse for them: its forks cost as much as what is measured.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, thread};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", authority] => serve(Path::new(authority)),
        ["race", rounds, plan] => race(rounds.parse()?, &fs::read_to_string(plan)?),
        _ => Err("usage: rig serve AUTHORITY.pem | rig race ROUNDS PLAN".into()),
    }
}

/// Writes the certificate of a new authority to a file and the two server URLs to standard output, then serves until
/// standard input ends, and so no longer than whoever started it.
fn serve(authority: &Path) -> Result<()> {
    let config = Arc::new(tls_config(authority)?);
    let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let https = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "http://{}\nhttps://{}", http.local_addr()?, https.local_addr()?)?;
    stdout.flush()?;

    thread::spawn(move || {
        for stream in http.incoming().flatten() {
            let _ = stream.set_nodelay(true);
            thread::spawn(move || answer(stream));
        }
    });
    thread::spawn(move || {
        for stream in https.incoming().flatten() {
            let _ = stream.set_nodelay(true);
            let config = Arc::clone(&config);
            thread::spawn(move || answer(StreamOwned::new(ServerConnection::new(config)?, stream)));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

/// A certificate for 127.0.0.1, as a chain of two: the shape that a client meets everywhere.
fn tls_config(authority: &Path) -> Result<ServerConfig> {
    let mut root = CertificateParams::new(Vec::new())?;
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Of another name than the leaf, which would else pass for its own issuer.
    root.distinguished_name.push(DnType::CommonName, "plexctl comparison authority");
    let root_key = KeyPair::generate()?;
    let root_certificate = root.self_signed(&root_key)?;
    fs::write(authority, root_certificate.pem())?;

    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
    let certificate = leaf.signed_by(&key, &Issuer::new(root, root_key))?;
    let provider = rustls::crypto::ring::default_provider().into();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok(ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key)?)
}

/// Answers one request after the other until the client closes. Only a revocation with a bearer token is one.
fn answer(mut stream: impl Read + Write) -> Result<()> {
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        head.extend_from_slice(&buffer[..count]);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let is_revocation = text.starts_with("delete /v1/auth/tokens/") && text.contains("authorization: bearer psk_");
        let status = if is_revocation { "204 No Content" } else { "400 Bad Request\r\nContent-Length: 0" };
        stream.write_all(format!("HTTP/1.1 {status}\r\n\r\n").as_bytes())?;
        stream.flush()?;
        head.clear();
    }
}

/// One line of the plan: fields with tabs between them.
///
/// `name  pristine-config  config  cut|kept  KEY=VALUE…  program  argument…`; `-` for a config stands for none.
struct Contestant<'a> {
    line: usize,
    name: &'a str,
    config: Option<(&'a Path, &'a Path)>,
    cuts: bool,
    command: Command,
    times: Vec<Duration>,
}

/// Runs the contestants of a plan in turns and prints, for each, its name with the median and the least of its times
/// in milliseconds. Each run starts from a fresh config, already on disk, and is checked to have done its work.
fn race(rounds: usize, plan: &str) -> Result<()> {
    let mut contestants = plan.lines().enumerate().map(parse).collect::<Result<Vec<_>>>()?;
    // The first round warms the caches and is not counted. Whoever runs after a heavy one finds them cold, so each round
    // has an order of its own.
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..=rounds {
        random.shuffle(&mut contestants);
        for contestant in &mut contestants {
            let time = contestant.run()?;
            if round > 0 {
                contestant.times.push(time);
            }
        }
    }
    contestants.sort_by_key(|contestant| contestant.line);
    let mut stdout = io::stdout().lock();
    for contestant in &mut contestants {
        contestant.times.sort_unstable();
        let times = &contestant.times;
        let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
        let (median, least) = (milliseconds(times[times.len() / 2]), milliseconds(times[0]));
        writeln!(stdout, "{}\t{median:.3}\t{least:.3}", contestant.name)?;
    }
    Ok(())
}

fn parse((line, text): (usize, &str)) -> Result<Contestant<'_>> {
    let mut fields = text.split('\t');
    let mut next = || fields.next().ok_or_else(|| format!("too few fields in the plan: {text}"));
    let (name, pristine, config, outcome) = (next()?, next()?, next()?, next()?);
    let mut environment = Vec::new();
    let mut program = next()?;
    while let Some(variable) = program.split_once('=') {
        environment.push(variable);
        program = next()?;
    }
    let mut command = Command::new(program);
    command.args(fields).env_clear().envs(environment);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let config = (pristine != "-").then(|| (Path::new(pristine), Path::new(config)));
    Ok(Contestant { line, name, config, cuts: outcome == "cut", command, times: Vec::new() })
}

/// A xorshift generator (Marsaglia 2003): the same orders every time.
struct Random(u64);

impl Random {
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            let choices = last as u64 + 1;
            items.swap(last, usize::try_from(self.0 % choices).unwrap_or(last));
        }
    }
}

impl Contestant<'_> {
    fn run(&mut self) -> Result<Duration> {
        let size_before = self.config.map(|(pristine, config)| restore(pristine, config)).transpose()?;
        let start = Instant::now();
        let status = self.command.status()?;
        let time = start.elapsed();
        let size_after = self.config.map(|(_, config)| fs::metadata(config)).transpose()?.map(|file| file.len());
        if !status.success() || (size_after < size_before) != self.cuts {
            return Err(format!("{}: {status}, config of {size_before:?} bytes now {size_after:?}", self.name).into());
        }
        Ok(time)
    }
}

/// Puts a fresh config in place and on disk, so that no contestant's fsync pays for this one.
fn restore(pristine: &Path, config: &Path) -> Result<u64> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(config)?;
    let size = io::copy(&mut File::open(pristine)?, &mut file)?;
    file.sync_all()?;
    File::open(config.parent().unwrap_or(config))?.sync_all()?;
    Ok(size)
}
