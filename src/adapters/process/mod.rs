//! The process itself: another program runs in its place.

use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;
use nix::unistd::execve;
use signal_hook::consts::signal::SIGPIPE;
use signal_hook::flag;

use crate::ports::process_replacer::{ProcessReplacer, Program, ReplaceError};

/// Where a command is searched for if `PATH` is not set, as in glibc.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// The process that plexctl runs in.
///
/// The search for the command is that of execvp(3). `std::process::Command::exec` is not used, because it *is* execvp: in
/// glibc that hands a file that the kernel cannot execute to `/bin/sh`, so a script without `#!`, or a program for
/// another machine, would be read as shell commands.
pub struct SystemProcess {
    environment: Vec<(OsString, OsString)>,
}

impl SystemProcess {
    /// Takes the environment that the next program inherits.
    pub fn new(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self { environment: environment.into_iter().collect() }
    }

    /// The files that may be meant, in the order in which they are tried.
    fn candidates(&self, command: &OsStr) -> Vec<PathBuf> {
        if command.as_bytes().contains(&b'/') {
            return vec![command.into()];
        }
        let path = self.environment.iter().find(|(name, _)| name == "PATH");
        let path = path.map_or(OsStr::new(DEFAULT_PATH), |(_, directories)| directories);
        let directories = path.as_bytes().split(|byte| *byte == b':').map(OsStr::from_bytes);
        // An empty directory is the current one.
        let directories = directories.map(|directory| if directory.is_empty() { OsStr::new(".") } else { directory });
        directories.map(|directory| Path::new(directory).join(command)).collect()
    }

    /// The environment of the program, as `NAME=VALUE`.
    fn environment_of(&self, program: &Program) -> Result<Vec<CString>, ReplaceError> {
        // An inherited variable of the same name would come first, and most programs read the first.
        let is_set = |name: &OsStr| program.variables.iter().any(|(set, _)| name == *set);
        let inherited = self.environment.iter().filter(|(name, _)| !is_set(name));
        let inherited = inherited.map(|(name, value)| (name.as_os_str(), value.as_os_str()));
        let set = program.variables.iter().map(|(name, value)| (OsStr::new(name), OsStr::new(value)));
        let assignment = |(name, value): (&OsStr, &OsStr)| {
            let mut assignment = name.to_owned();
            assignment.push("=");
            assignment.push(value);
            c_string(assignment)
        };
        inherited.chain(set).map(assignment).collect()
    }
}

impl ProcessReplacer for SystemProcess {
    fn replace(&self, program: &Program) -> Result<(), ReplaceError> {
        let arguments: Vec<_> = [&program.command]
            .into_iter()
            .chain(&program.arguments)
            .map(|argument| c_string(argument.clone()))
            .collect::<Result<_, _>>()?;
        let environment = self.environment_of(program)?;
        // Prepared before the signal is touched, so that an invalid argument leaves the process as it was.
        let candidates = self.candidates(&program.command);
        // Rust ignores SIGPIPE, and an ignored signal stays ignored in the next program, a caught one does not.
        let _ = flag::register(SIGPIPE, Arc::default());

        let mut error = not_found(&program.command);
        for candidate in candidates {
            let Err(errno) = execve(&c_string(candidate.clone().into_os_string())?, &arguments, &environment);
            match errno {
                // ENOENT for a file that exists is about the interpreter in its first line.
                Errno::ENOENT | Errno::ENOTDIR if !candidate.exists() => {}
                // The next directory may have one that can be executed.
                Errno::EACCES => error = not_executable(errno),
                _ => return Err(not_executable(errno)),
            }
        }
        Err(error)
    }
}

/// No part of a program can hold a NUL, since the kernel ends each of them there.
fn c_string(text: OsString) -> Result<CString, ReplaceError> {
    let reason = "an argument or a variable contains a NUL";
    CString::new(text.into_vec()).map_err(|_| ReplaceError::NotExecutable { reason: reason.to_owned() })
}

fn not_found(command: &OsStr) -> ReplaceError {
    let is_path = command.as_bytes().contains(&b'/');
    let reason = if is_path { "the file does not exist" } else { "it is in no directory of PATH" };
    ReplaceError::NotFound { reason: reason.to_owned() }
}

fn not_executable(errno: Errno) -> ReplaceError {
    let reason = match errno {
        Errno::EACCES | Errno::EPERM => "permission denied",
        Errno::ENOEXEC => "it is neither a program for this machine nor a script that starts with #!",
        Errno::ENOENT | Errno::ENOTDIR => "the interpreter that it names does not exist",
        Errno::E2BIG => "its arguments and the environment are too long",
        Errno::ETXTBSY => "another process is writing to it",
        Errno::ELOOP => "its path has too many symbolic links",
        Errno::ENAMETOOLONG => "its path is too long",
        Errno::ENOMEM | Errno::EAGAIN | Errno::EMFILE | Errno::ENFILE => "the system lacks the resources",
        Errno::EIO => "it cannot be read",
        _ => "the system cannot execute it",
    };
    ReplaceError::NotExecutable { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::fs::{self, File, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn process(path: &Path) -> SystemProcess {
        SystemProcess::new([("PATH".into(), path.into())])
    }

    fn program(command: &str) -> Program {
        Program { command: command.into(), arguments: Vec::new(), variables: vec![("TOKEN", "new".to_owned())] }
    }

    /// Why a command was not run, with the exit code that shells use for it.
    fn refusal(process: &SystemProcess, command: &str) -> (u8, String) {
        match process.replace(&program(command)).unwrap_err() {
            ReplaceError::NotFound { reason } => (127, reason),
            ReplaceError::NotExecutable { reason } => (126, reason),
        }
    }

    #[test]
    fn says_why_a_command_cannot_run() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, contents: &str, mode| {
            fs::write(directory.path().join(name), contents).unwrap();
            fs::set_permissions(directory.path().join(name), Permissions::from_mode(mode)).unwrap();
        };
        write("bare", "exit 0\n", 0o755);
        write("empty", "", 0o755);
        write("foreign", "\u{7f}ELF of another machine", 0o755);
        write("plain", "#!/bin/sh\n", 0o644);
        write("orphan", "#!/nowhere/interpreter\n", 0o755);
        fs::create_dir(directory.path().join("directory")).unwrap();
        let process = process(directory.path());

        let no_format = "it is neither a program for this machine nor a script that starts with #!";
        for (name, code, reason) in [
            ("bare", 126, no_format),
            ("empty", 126, no_format),
            ("foreign", 126, no_format),
            ("plain", 126, "permission denied"),
            ("directory", 126, "permission denied"),
            ("orphan", 126, "the interpreter that it names does not exist"),
            ("missing", 127, "it is in no directory of PATH"),
        ] {
            assert_eq!(refusal(&process, name), (code, reason.to_owned()), "{name}");
        }
        let at = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        assert_eq!(refusal(&process, &at("bare")), (126, no_format.to_owned()));
        assert_eq!(refusal(&process, &at("missing")), (127, "the file does not exist".to_owned()));
        assert_eq!(refusal(&process, &at("plain/below")), (127, "the file does not exist".to_owned()));

        symlink("loop", directory.path().join("loop")).unwrap();
        let is_written = File::options().append(true).open(directory.path().join("bare")).unwrap();
        assert_eq!(refusal(&process, "bare").1, "another process is writing to it");
        drop(is_written);
        assert_eq!(refusal(&process, &at("loop")).1, "its path has too many symbolic links");
        assert_eq!(refusal(&process, &at(&"x".repeat(256))).1, "its path is too long");
        // Cannot be provoked in every place where the tests run.
        for (errno, expected) in [(Errno::EMFILE, "the system lacks the resources"), (Errno::EIO, "it cannot be read")]
        {
            assert_eq!(not_executable(errno), ReplaceError::NotExecutable { reason: expected.to_owned() });
        }
    }

    #[test]
    fn looks_behind_a_file_without_the_permission() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let process = process(Path::new(&env::join_paths([first.path(), second.path()]).unwrap()));
        fs::write(first.path().join("command"), "").unwrap();
        fs::set_permissions(first.path().join("command"), Permissions::from_mode(0o644)).unwrap();
        assert_eq!(refusal(&process, "command"), (126, "permission denied".to_owned()));

        fs::write(second.path().join("command"), "#!/nowhere/interpreter\n").unwrap();
        fs::set_permissions(second.path().join("command"), Permissions::from_mode(0o755)).unwrap();
        assert_eq!(refusal(&process, "command"), (126, "the interpreter that it names does not exist".to_owned()));
    }

    #[test]
    fn searches_the_directories_of_path() {
        let candidates = |path: Option<&str>, command: &str| {
            let environment = path.map(|path| (OsString::from("PATH"), OsString::from(path)));
            SystemProcess::new(environment).candidates(OsStr::new(command))
        };
        let paths = |texts: &[&str]| texts.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(candidates(Some("/a::/b"), "x"), paths(&["/a/x", "./x", "/b/x"]));
        assert_eq!(candidates(Some(""), "x"), paths(&["./x"]));
        assert_eq!(candidates(None, "x"), paths(&["/bin/x", "/usr/bin/x"]));
        assert_eq!(candidates(Some("/a"), "./x"), paths(&["./x"]));
    }

    #[test]
    fn overwrites_variables_and_keeps_all_others() {
        let inherited = [("A", "1"), ("TOKEN", "old"), ("B", ""), ("TOKEN", "older")];
        let process = SystemProcess::new(inherited.map(|(name, value)| (name.into(), value.into())));
        let environment = process.environment_of(&program("x")).unwrap();
        assert_eq!(environment, [c"A=1", c"B=", c"TOKEN=new"].map(CString::from));
    }
}
