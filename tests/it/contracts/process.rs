//! The promises of what replaces a process, held against the adapter and the fake.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use plexctl::adapters::process::SystemProcess;
use plexctl::ports::{ProcessReplacer, ReplaceError};
use plexctl::testing::RecordingProcess;
use plexctl::testing::contract::{ReplacedProcess, ReplacerUnderTest, a_replacer_keeps_its_promises, program};
use tempfile::TempDir;

/// The variable with the directory of the command, in the environment of the process that is replaced.
const ROLE: &str = "PLEXCTL_REPLACED_PROCESS";

/// This process, with a directory for the command and what it leaves there.
struct SystemUnderTest {
    process: SystemProcess,
    directory: TempDir,
}

impl ReplacerUnderTest for SystemUnderTest {
    fn failing(error: &ReplaceError) -> Self {
        let directory = tempfile::tempdir().unwrap();
        if matches!(error, ReplaceError::NotExecutable { .. }) {
            // A shell would run it.
            write_command(directory.path(), &format!(": > {}/arguments\n", directory.path().display()));
        }
        let process = SystemProcess::new([("PATH".into(), directory.path().into())]);
        Self { process, directory }
    }

    fn replacer(&self) -> &dyn ProcessReplacer {
        &self.process
    }

    fn has_run(&self) -> bool {
        self.directory.path().join("arguments").exists()
    }

    fn replaced() -> Option<ReplacedProcess> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let script = "#!/bin/sh\n/bin/cat /proc/$$/cmdline > $DIRECTORY/arguments\n/bin/cat /proc/$$/environ > $DIRECTORY/environment\n";
        write_command(path, &script.replace("$DIRECTORY", path.to_str().unwrap()));
        let inherited: [(&str, &OsStr); 3] = [
            ("PATH", path.as_os_str()),
            (ROLE, OsStr::new("1")),
            ("PLEXSPHERE_SERVER", OsStr::new("https://old.example")),
        ];
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "contracts::process::replaced_child_process", "--ignored"]);
        let output = command.env_clear().envs(inherited).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        // The interpreter and the path of the script come first.
        let arguments = parts(&path.join("arguments"))?.into_iter().skip(2).collect();
        let environment = parts(&path.join("environment"))?.into_iter().map(|variable| {
            let at = variable.as_bytes().iter().position(|byte| *byte == b'=').unwrap();
            let (name, value) = variable.as_bytes().split_at(at);
            (OsStr::from_bytes(name).to_owned(), OsStr::from_bytes(&value[1..]).to_owned())
        });
        let inherited = inherited.map(|(name, value)| (name.into(), value.into()));
        Some(ReplacedProcess { arguments, environment: environment.collect(), inherited: BTreeMap::from(inherited) })
    }
}

fn write_command(directory: &Path, text: &str) {
    fs::write(directory.join("command"), text).unwrap();
    fs::set_permissions(directory.join("command"), Permissions::from_mode(0o755)).unwrap();
}

/// The texts in a file, each of which ends in a NUL.
fn parts(file: &Path) -> Option<Vec<OsString>> {
    let bytes = fs::read(file).ok()?;
    let bytes = bytes.strip_suffix(b"\0").unwrap_or(&bytes);
    Some(bytes.split(|byte| *byte == 0).map(|part| OsStr::from_bytes(part).to_owned()).collect())
}

#[test]
fn system_process_keeps_contract() {
    a_replacer_keeps_its_promises::<SystemUnderTest>();
}

#[test]
#[ignore = "the test above starts it as a process of its own"]
fn replaced_child_process() {
    if env::var_os(ROLE).is_some() {
        let result = SystemProcess::new(env::vars_os()).replace(&program());
        panic!("the call returned: {result:?}");
    }
}

#[test]
fn recording_process_keeps_contract() {
    a_replacer_keeps_its_promises::<RecordingProcess>();
}
