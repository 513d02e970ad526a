//! The rig of `compare.sh`: a control plane that revokes, issues and accepts whatever it is asked to, over http and https,
//! and a stopwatch that runs whole processes in turns.
//!
//! Both are here because a shell is too coarse for them: its forks cost as much as what is measured.

use std::cmp::Ordering;
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::{IpAddr, TcpListener};
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
        ["serve", authority, address] => serve(Path::new(authority), address.parse()?),
        ["race", rounds, plan] => race(rounds.parse()?, &fs::read_to_string(plan)?),
        _ => Err("usage: rig serve AUTHORITY.pem ADDRESS | rig race ROUNDS PLAN".into()),
    }
}

/// Writes the certificate of a new authority to a file and the two server URLs to standard output, then serves until
/// standard input ends, and so no longer than whoever started it.
fn serve(authority: &Path, address: IpAddr) -> Result<()> {
    let config = Arc::new(tls_config(authority, address)?);
    let http = TcpListener::bind((address, 0))?;
    let https = TcpListener::bind((address, 0))?;
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

/// What `compare.sh` calls the server where a name stands for it.
const NAME: &str = "plexsphere.test";

/// A certificate for an address and a name, as a chain of two: the shape that a client meets everywhere.
fn tls_config(authority: &Path, address: IpAddr) -> Result<ServerConfig> {
    let mut root = CertificateParams::new(Vec::new())?;
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    // Of another name than the leaf, which would else pass for its own issuer.
    root.distinguished_name.push(DnType::CommonName, "plexctl comparison authority");
    let root_key = KeyPair::generate()?;
    let root_certificate = root.self_signed(&root_key)?;
    fs::write(authority, root_certificate.pem())?;

    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(vec![address.to_string(), NAME.to_owned()])?;
    let certificate = leaf.signed_by(&key, &Issuer::new(root, root_key))?;
    let provider = rustls::crypto::ring::default_provider().into();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    Ok(ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key)?)
}

/// Answers one request after the other until the client closes.
fn answer(mut stream: impl Read + Write) -> Result<()> {
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        received.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&received).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split_once("\r\ncontent-length: ").and_then(|(_, rest)| rest.lines().next());
        if length.is_some_and(|length| length.parse().is_ok_and(|length: usize| body.len() < length)) {
            continue;
        }
        stream.write_all(response(head).as_bytes())?;
        stream.flush()?;
        received.clear();
    }
}

/// What the control plane says to a request. Whoever asks for something else, or without a bearer token where one has to
/// be, gets no success.
fn response(head: &str) -> String {
    let has_token = head.contains("authorization: bearer psk_");
    let (target, _) = head.split_once(" http/1.1\r\n").unwrap_or_default();
    let json = |body: &str| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    };
    match target {
        "post /v1/auth/device-code" => json(
            r#"{"device_code":"d","user_code":"ABCD-EFGH","verification_uri":"https://plexsphere.test/v1/device","expires_in":600,"interval":1}"#,
        ),
        "post /v1/auth/device-token" => json(
            r#"{"access_token":"psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_q0w9e8r7t6y5u4i3o2p1a0s9d8f7g6h5","token_type":"Bearer","expires_in":86400}"#,
        ),
        "get /v1/auth/whoami" if has_token => json(r#"{"principal_type":"user","subject":"operator"}"#),
        _ if target.starts_with("delete /v1/auth/tokens/") && has_token => "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
        _ => "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_owned(),
    }
}

/// One line of the plan: fields with tabs between them.
///
/// `name  pristine-config  config  cut|kept|grown  KEY=VALUE…  program  argument…`; `-` for a config stands for none.
struct Contestant<'a> {
    line: usize,
    name: &'a str,
    config: Option<(&'a Path, &'a Path)>,
    /// What the work does to the config's size.
    change: Ordering,
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
    let change = match outcome {
        "cut" => Ordering::Less,
        "grown" => Ordering::Greater,
        _ => Ordering::Equal,
    };
    Ok(Contestant { line, name, config, change, command, times: Vec::new() })
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
        if !status.success() || size_after.cmp(&size_before) != self.change {
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
