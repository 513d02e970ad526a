//! The programs that open a link: how they are named, and how they are started so that none of them does harm.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::domain::page_url::PageUrl;
use crate::ports::browser::NotShown;

/// How long a program is watched. One that still runs then is taken to show the page: it may be the browser itself.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often it is looked after meanwhile.
const GLANCE: Duration = Duration::from_millis(10);

/// A program that may open a link.
pub(super) struct Launcher {
    command: Command,
    /// Whether the operator named it. Of the others it is only tried whether they are there.
    is_named: bool,
}

/// The programs of a list of commands between colons. Each command is split into words as a shell would do it, before the
/// address is put in as one word.
pub(super) fn named(list: &str, page: &PageUrl) -> Vec<Launcher> {
    let entries = list.split(':').filter(|entry| !entry.trim().is_empty());
    entries.map(|entry| Launcher { command: command(entry, page), is_named: true }).collect()
}

/// What has no words is the name of a program.
fn command(entry: &str, page: &PageUrl) -> Command {
    let words = shlex::split(entry).unwrap_or_default();
    let (program, arguments) = words.split_first().map_or((entry, &[][..]), |(program, rest)| (program, rest));
    let mut command = Command::new(program);
    command.args(arguments.iter().map(|argument| argument.replace("%s", page.as_str())));
    if !arguments.iter().any(|argument| argument.contains("%s")) {
        command.arg(page.as_str());
    }
    command
}

impl Launcher {
    /// A program that the system may have.
    pub(super) fn of_system(command: Command) -> Self {
        Self { command, is_named: false }
    }

    /// Starts the program with nothing to read from or write to, in a process group of its own, so that no signal from
    /// the terminal ends it, and watches it for a while. A child that outlives that is not waited for.
    ///
    /// # Errors
    ///
    /// Why the page is not shown; nothing if the program is one that the system does not have.
    pub(super) fn launch(&mut self, withheld: &[String]) -> Result<(), Option<NotShown>> {
        for variable in withheld {
            self.command.env_remove(variable);
        }
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        match watch(&mut self.command) {
            Ok(true) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_named => Err(None),
            Ok(false) | Err(_) => {
                let browser = self.command.get_program().to_string_lossy().into_owned();
                Err(Some(NotShown::Failed { browser }))
            }
        }
    }
}

/// Tells whether a program has succeeded or still runs.
fn watch(command: &mut Command) -> io::Result<bool> {
    let mut child = command.spawn()?;
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        thread::sleep(GLANCE);
    }
    Ok(true)
}
