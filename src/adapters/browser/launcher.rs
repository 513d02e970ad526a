//! The programs that open a link.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::domain::page_url::PageUrl;
use crate::ports::browser::BrowserSkipped;

/// Browsers that run in the terminal, where plexctl waits.
const TEXT_BROWSERS: [&str; 7] = ["w3m", "lynx", "links", "links2", "elinks", "www-browser", "browsh"];

/// Launchers that fall back to one of them where there is no graphical session.
const FALLBACK_LAUNCHERS: [&str; 4] = ["xdg-open", "sensible-browser", "run-mailcap", "see"];

/// The command that opens a page by an entry of the operator's list: the link takes the place of each `%s`, or comes last.
///
/// The entry is split into words as a shell would do it. One that is not valid shell syntax is the name of a program.
///
/// # Errors
///
/// [`BrowserSkipped::TextBrowser`], [`BrowserSkipped::NoScreen`], [`BrowserSkipped::UnsafeLink`].
pub(super) fn named_command(entry: &str, page: &PageUrl, has_screen: bool) -> Result<Command, BrowserSkipped> {
    let mut words = shlex::split(entry).filter(|words| !words.is_empty()).unwrap_or_else(|| vec![entry.to_owned()]);
    let arguments = words.split_off(1);
    let program = words.concat();
    // A path such as /usr/bin/w3m names the same program.
    let name = Path::new(&program).file_name().and_then(OsStr::to_str).unwrap_or_default();
    if TEXT_BROWSERS.contains(&name) {
        return Err(BrowserSkipped::TextBrowser { browser: program });
    }
    if !has_screen && FALLBACK_LAUNCHERS.contains(&name) {
        return Err(BrowserSkipped::NoScreen);
    }
    let link = shell_safe(page.as_str()).ok_or(BrowserSkipped::UnsafeLink)?;
    let mut command = Command::new(&program);
    command.args(arguments.iter().map(|argument| argument.replace("%s", &link)));
    if !arguments.iter().any(|argument| argument.contains("%s")) {
        command.arg(link);
    }
    Ok(command)
}

/// The link without any character that a shell acts on: the server chose it, and the operator's command may be
/// `sh -c 'firefox %s'`. `&` cannot be encoded, because it separates the parameters of the link.
fn shell_safe(link: &str) -> Option<String> {
    // Checked for every command, since it cannot be seen which of them is a shell.
    if link.contains('&') {
        return None;
    }
    let escape = |character: char| match character {
        '!' | '$' | '\'' | '(' | ')' | '*' | ';' | '~' => format!("%{:02X}", u32::from(character)),
        other => other.to_string(),
    };
    Some(link.chars().map(escape).collect())
}

/// Starts a program with nothing to read from or write to, in a process group of its own, so that no signal from the
/// terminal ends it. It gets none of the withheld variables.
///
/// It is not waited for: what a launcher exits with does not tell whether a page is open (`explorer.exe` always exits
/// with 1), and a process whose caller ignores SIGCHLD cannot find out.
pub(super) fn start(command: &mut Command, withheld: &[String]) -> io::Result<()> {
    for variable in withheld {
        command.env_remove(variable);
    }
    // A browser writes warnings for as long as it runs, and Ctrl+C in the terminal goes to its foreground group.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.spawn().map(drop)
}
