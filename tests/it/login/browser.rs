//! A login as an operator with a browser goes through it: a real one presses the buttons of the approval page, and the
//! launcher hands the link to the one that the operator named.
//!
//! The browser is a headless Chromium, driven over `WebDriver` (W3C) by a few calls of JSON. Where it or its driver is
//! not installed, that is said.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use plexctl::testing::{ControlPlane, Endpoint, Script};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Login;
use crate::shared::terminal::at_a_terminal;
use crate::support::program::{Program, find, free_port};
use crate::support::sandbox::{Run, Sandbox};
use crate::support::shell::in_shell;

const DOMAIN: &str = "0192f0c1-0000-7000-8000-00000000000d";
const BINDING: &str = "0192f0c1-0000-7000-8000-00000000000b";

/// Runs a command as it is.
const EXEC: &str = "exec \"$0\" \"$@\"";

/// How long anything may take that the browser or the login does next.
const PATIENCE: Duration = Duration::from_secs(30);

/// The key of an element's handle (`WebDriver`, section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// No sandbox, since tests may run as root; and nothing of what a browser does by itself on the network.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// A browser with a home of its own. It ends with this value.
struct Browser {
    driver: Program,
    session: String,
    home: TempDir,
}

impl Browser {
    /// Starts the browser if there is one.
    fn start() -> Option<Self> {
        let what = "the approval in a real browser";
        let (chromium, chromedriver) = (find(what, "chromium")?, find(what, "chromedriver")?);
        let (home, port) = (tempfile::tempdir().unwrap(), free_port());
        let mut command = Command::new(chromedriver);
        command.arg(format!("--port={port}")).process_group(0);
        command.env_clear().env("HOME", home.path()).env("PATH", "/usr/bin:/bin");
        let mut browser = Self { driver: Program::on_port(port, &mut command), session: String::new(), home };

        let mut arguments = FLAGS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", browser.home.path().join("profile").display()));
        let options = json!({ "binary": chromium, "args": arguments });
        let capabilities = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let begun = ask(port, "POST", "/session", &capabilities).unwrap();
        begun["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        Some(browser)
    }

    fn open(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/click"), &json!({}));
    }

    fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/value"), &json!({ "text": text }));
    }

    /// Waits until the page has a title that starts so.
    fn await_title(&self, start: &str) {
        let is_there = || {
            let title =
                ask(self.driver.port, "GET", &format!("/session/{}/title", self.session), &Value::Null).unwrap();
            title.as_str().unwrap().starts_with(start)
        };
        wait_until(&format!("a page {start:?}"), is_there);
    }

    fn element(&self, selector: &str) -> String {
        let found = self.post("element", &json!({ "using": "css selector", "value": selector }));
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        ask(self.driver.port, "POST", &format!("/session/{}/{command}", self.session), body).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = ask(self.driver.port, "DELETE", &format!("/session/{}", self.session), &Value::Null);
        // What the driver has started and not ended is in its group.
        let group = Pid::from_raw(self.driver.id().try_into().unwrap()).unwrap();
        let _ = kill_process_group(group, Signal::KILL);
    }
}

/// Sends one command to the driver, and gives the value that it answers.
fn ask(port: u16, method: &str, path: &str, body: &Value) -> Result<Value, String> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    let exchange = || {
        let mut stream = BufReader::new(TcpStream::connect((Ipv4Addr::LOCALHOST, port))?);
        stream.get_ref().set_read_timeout(Some(PATIENCE))?;
        write!(
            stream.get_mut(),
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )?;
        let head: Vec<String> =
            stream.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let field = |line: &String| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok();
        let mut answer = vec![0; head.iter().find_map(field).unwrap_or_default()];
        stream.read_exact(&mut answer)?;
        Ok((head, answer))
    };
    let failed = |why: &dyn Display| format!("{method} {path}: {why}");
    let (head, answer) = exchange().map_err(|error: io::Error| failed(&error))?;
    let answer: Value = serde_json::from_slice(&answer).map_err(|error| failed(&error))?;
    match head.first() {
        Some(status) if status.starts_with("HTTP/1.1 200 ") => Ok(answer["value"].clone()),
        _ => Err(failed(&answer)),
    }
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what} does not come");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A login that waits for its approval, and what it has said so far.
struct Waiting {
    control_plane: ControlPlane,
    sandbox: Sandbox,
    child: Option<Child>,
    instructions: String,
}

impl Waiting {
    fn begin() -> Self {
        let (control_plane, sandbox) = (control_plane(), Sandbox::new());
        let said = sandbox.path().join("said");
        let mut command = login(&sandbox, &control_plane);
        command.arg("--no-browser").stdout(Stdio::piped()).stderr(File::create(&said).unwrap());
        let child = command.spawn().unwrap();
        wait_until("the instructions", || read(&said).contains("\nWaiting "));
        let instructions = read(&said);
        Self { control_plane, sandbox, child: Some(child), instructions }
    }

    /// The first address in the instructions that is shown on a line of its own.
    fn link(&self) -> &str {
        self.instructions.lines().find_map(|line| line.strip_prefix("    ")).unwrap()
    }

    fn code(&self) -> &str {
        self.instructions.lines().find_map(|line| line.strip_prefix("Check that it shows this code: ")).unwrap()
    }

    /// Waits for the end of the login, and takes what was said after the instructions as its standard error.
    fn end(&mut self) -> Run {
        let run = self.sandbox.observe_child(self.child.take().unwrap());
        let said = read(&self.sandbox.path().join("said"));
        Run { stderr: said.strip_prefix(&self.instructions).unwrap().to_owned(), ..run }
    }

    fn assert_logs_in(mut self) {
        assert_eq!(self.end(), logged_in());
        let [token] = &self.control_plane.live_tokens()[..] else { panic!("one token should be live") };
        assert!(self.sandbox.config_text().contains(&format!("token = \"{}\"\n", token.text)));
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn control_plane() -> ControlPlane {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.configure(|settings| settings.interval = Duration::from_secs(1));
    control_plane
}

fn login(sandbox: &Sandbox, control_plane: &ControlPlane) -> Command {
    sandbox.command(["login", "--server", &control_plane.url(), "--domain-id", DOMAIN, "--idp-binding-id", BINDING])
}

fn logged_in() -> Run {
    Run::new(0, "Logged in as operator@plexsphere.example. Saved profile \"default\".\n", "")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn browser_approves_login() {
    let Some(browser) = Browser::start() else { return };
    let waiting = Waiting::begin();
    browser.open(waiting.link());
    browser.click("button[value=approve]");
    browser.await_title("Approved");
    waiting.assert_logs_in();
}

#[test]
fn browser_denies_login() {
    let Some(browser) = Browser::start() else { return };
    let mut waiting = Waiting::begin();
    browser.open(waiting.link());
    browser.click("button[value=deny]");
    browser.await_title("Denied");
    assert_eq!(waiting.end(), Run::new(4, "", "error: login failed: the request was denied\n"));
    assert_eq!(waiting.control_plane.live_tokens().len(), 0);
    assert!(!waiting.sandbox.config().exists());
}

#[test]
fn browser_accepts_typed_code() {
    let Some(browser) = Browser::start() else { return };
    let waiting = Waiting::begin();
    browser.open(&format!("{}/v1/device", waiting.control_plane.url()));
    browser.type_into("#user_code", &waiting.code().replace('-', "").to_lowercase());
    browser.click("button.main");
    browser.await_title("Approve this login?");
    browser.click("button[value=approve]");
    browser.await_title("Approved");
    waiting.assert_logs_in();
}

#[test]
fn launched_browser_gets_link_and_no_credential() {
    let (control_plane, mut sandbox) = (control_plane(), Sandbox::new());
    control_plane.approve_next();
    let script = sandbox.path().join("browser.sh");
    sandbox.write(&script, "printf '%s\\n' \"$@\" > arguments\nenv > variables\n");
    let mut command = login(&sandbox, &control_plane);
    command.env("NO_COLOR", "1").env("BROWSER", format!("sh {}", script.display()));
    command.env("PLEXSPHERE_TOKEN", "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret-s3cret");

    let (run, seen) = at_a_terminal(&sandbox, &mut command);
    assert_eq!(run, logged_in());
    assert!(seen.contains("\nOpened your browser.\n"), "{seen}");
    let link = seen.lines().find_map(|line| line.strip_prefix("    ")).unwrap();
    assert!(link.starts_with(&format!("{}/v1/device?user_code=", control_plane.url())), "{link}");
    assert_eq!(read(&sandbox.path().join("arguments")), format!("{link}\n"));
    let variables = read(&sandbox.path().join("variables"));
    assert!(variables.contains("\nHOME=") || variables.starts_with("HOME="), "{variables}");
    for withheld in ["PLEXSPHERE_TOKEN", "BROWSER=", "s3cret"] {
        assert!(!variables.contains(withheld), "{withheld} in {variables}");
    }
}

/// A login whose operator has these browsers and sits at a terminal, and what the terminal shows.
fn with_browsers(login: &Login, browsers: &str, script: &str) -> String {
    let mut command = login.command(&[]);
    command.env("BROWSER", browsers).env("NO_COLOR", "1").env("PATH", "/usr/bin:/bin");
    let (run, seen) = at_a_terminal(&login.sandbox, &mut in_shell(script, &command));
    assert_eq!(run.exit, 0, "{browsers}: {run:?}, {seen}");
    seen
}

/// The server chooses the link, and the operator has a shell read it.
#[test]
fn link_runs_no_command_in_a_shell() {
    for (query, opened) in [
        (";touch$IFS./pwned", Some("%3Btouch%24IFS./pwned")),
        ("$(touch$IFS./pwned)", Some("%24%28touch%24IFS./pwned%29")),
        ("&touch$IFS./pwned", None),
    ] {
        let login = Login::approved();
        let link = format!("{}/v1/device?user_code=ABCD-EFGH", login.server.url());
        let code = Script::real().with("user_code", "\"ABCD-EFGH\"");
        login.server.once(Endpoint::DeviceCode, code.with("verification_uri_complete", &format!("\"{link}{query}\"")));
        let seen = with_browsers(&login, "sh -c 'echo %s >opened'", EXEC);
        let (found, pwned) = (login.sandbox.path().join("opened"), login.sandbox.path().join("pwned"));
        let found = fs::read_to_string(found).ok();
        assert_eq!(found, opened.map(|query| format!("{link}{query}\n")), "{seen}");
        assert!(!pwned.exists(), "{seen}");
        let words = match opened {
            Some(_) => "\nOpened your browser.\n",
            None => "\nBrowser not opened: the link contains `&`, which a command in BROWSER may run.\n",
        };
        assert!(seen.contains(words), "{seen}");
    }
}

/// As `explorer.exe` does, the first browser exits with 1; and a caller that ignores SIGCHLD makes no difference.
#[test]
fn opens_one_browser_whatever_it_exits_with() {
    for script in [EXEC, "trap '' CHLD; exec \"$0\" \"$@\""] {
        let login = Login::approved();
        for (name, text) in [("a.sh", ": >opened-a; exit 1"), ("b.sh", ": >opened-b")] {
            fs::write(login.sandbox.path().join(name), text).unwrap();
        }
        let seen = with_browsers(&login, "plexctl-no-such-program:sh a.sh:sh b.sh", script);
        assert!(seen.contains("\nOpened your browser.\n"), "{seen}");
        let is_opened = |name: &str| login.sandbox.path().join(name).exists();
        assert_eq!((is_opened("opened-a"), is_opened("opened-b")), (true, false), "{seen}");
    }
}
