//! Standard streams that nobody reads, that are full or closed, and the signals that end a run.

use std::io::pipe;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::sandbox::{Run, Sandbox, no_session_but, start};
use crate::support::scripted_server::{ScriptedServer, read_to_hangup};
use crate::support::shell::in_shell;
use crate::support::trial::{NO_CONTENT, Outcome, Subject, Trial, assert_took, timed};
use crate::support::{ending_signals, skip, system_words};

const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\n\r\n";
const FORBIDDEN: &str = "HTTP/1.1 403 Forbidden\r\n\r\n";
const SERVER_ERROR: &str = "HTTP/1.1 500 Internal Server Error\r\n\r\n";

const FORMATS: [&str; 3] = ["text", "json", "yaml"];

#[test]
fn closed_stdout_is_no_failure() {
    for format in FORMATS {
        for redirections in [">&-", "<&- >&-"] {
            let server = ScriptedServer::answering(NO_CONTENT);
            let trial = Trial::against(&server.url());
            let run = trial.sandbox.observe(&mut redirected(&trial, format, redirections));
            assert_eq!(trial.outcome(run, &server.finish()), cleared_without_summary(), "{format} {redirections}");
        }

        let server = ScriptedServer::answering(NO_CONTENT);
        let trial = Trial::against(&server.url());
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let child = trial.command().args(["--output", format]).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let run = trial.sandbox.observe_child(child);
        assert_eq!(trial.outcome(run, &server.finish()), cleared_without_summary(), "{format} to a closed pipe");
    }
}

#[test]
fn full_stdout_fails_after_clearing() {
    for format in FORMATS {
        let server = ScriptedServer::answering(NO_CONTENT);
        let trial = Trial::against(&server.url());
        let run = trial.sandbox.observe(&mut redirected(&trial, format, ">/dev/full"));
        let outcome = trial.outcome(run, &server.finish());
        let cause = system_words(Errno::NOSPC);
        let error = format!("error: logged out, but the summary could not be written: {cause}\n");
        assert_eq!(outcome, Outcome { run: Run::new(1, "", error), ..Outcome::cleared() }, "{format}");
    }
}

#[test]
fn unwritable_stderr_changes_nothing() {
    let answers = [
        (NO_CONTENT, Outcome::cleared()),
        (NOT_FOUND, Outcome::cleared_with_warning(404)),
        (FORBIDDEN, Outcome::refused(Subject::Logout, "403 Forbidden")),
        (SERVER_ERROR, Outcome::unconfirmed(Subject::Logout, "500 Internal Server Error")),
    ];
    for (answer, mut expected) in answers {
        expected.run.stderr.clear();
        for redirections in ["2>&-", "2>/dev/full"] {
            let server = ScriptedServer::answering(answer);
            let trial = Trial::against(&server.url());
            let run = trial.sandbox.observe(&mut redirected(&trial, "text", redirections));
            assert_eq!(trial.outcome(run, &server.finish()), expected, "{redirections} {answer}");
        }

        let server = ScriptedServer::answering(answer);
        let trial = Trial::against(&server.url());
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let child = trial.command().stdout(Stdio::piped()).stderr(writer).spawn().unwrap();
        let run = trial.sandbox.observe_child(child);
        assert_eq!(trial.outcome(run, &server.finish()), expected, "a closed pipe: {answer}");
    }
}

#[test]
fn missing_streams_keep_exit_code_right() {
    let answers = [
        (NO_CONTENT, cleared_without_summary()),
        (SERVER_ERROR, Outcome::unconfirmed(Subject::Logout, "500 Internal Server Error")),
    ];
    for (answer, mut expected) in answers {
        expected.run.stderr.clear();
        let server = ScriptedServer::answering(answer);
        let trial = Trial::against(&server.url());
        let run = trial.sandbox.observe(&mut redirected(&trial, "text", "<&- >&- 2>&-"));
        assert_eq!(trial.outcome(run, &server.finish()), expected, "{answer}");
    }
}

#[test]
fn nothing_to_do_needs_no_streams() {
    for redirections in [">&-", ">/dev/full", "2>&-", "2>/dev/full", "<&- >&- 2>&-"] {
        let trial = Trial::against("http://127.0.0.1:1");
        let mut command = redirected(&trial, "text", redirections);
        let run = trial.sandbox.observe(command.args(["--profile", "missing"]));
        let hint = "hint: [CONFIG] has no profile \"missing\", it has \"default\", \"bystander\"\n";
        let run_there = if redirections.contains('2') { Run::new(0, "", "") } else { no_session_but(hint) };
        let expected = Outcome { run: run_there, ..Outcome::unreached(Subject::Logout, "") };
        assert_eq!(trial.outcome(run, &[]), expected, "{redirections}");
    }
}

/// A closed pipe is no failure.
#[test]
fn unwritable_help_fails() {
    for argument in ["--help", "--version"] {
        let sandbox = Sandbox::new();
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let child = sandbox.command([argument]).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        assert_eq!(sandbox.observe_child(child), Run::new(0, "", ""), "{argument}");

        let mut full = in_shell("exec \"$0\" \"$@\" >/dev/full", &sandbox.command([argument]));
        let error = format!("error: cannot write to standard output: {}\n", system_words(Errno::NOSPC));
        assert_eq!(sandbox.observe(&mut full), Run::new(1, "", error), "{argument}");
    }
}

#[test]
fn signal_while_waiting_keeps_profile() {
    for signal in ending_signals() {
        let unanswered = Unanswered::new();
        let output = unanswered.struck_by(signal, &mut unanswered.command());
        unanswered.assert_died_by(signal, &output);
    }
}

/// A crash could write all that the process knows into a file, or send it to whoever collects crashes.
#[test]
fn crash_leaves_no_core_dump() {
    let dumping = "ulimit -c unlimited; exec \"$0\" \"$@\"";
    let directory = tempfile::tempdir().unwrap();
    let mut control = Command::new("/bin/sh");
    control.args(["-euc", "ulimit -c unlimited; kill -s ABRT $$"]).current_dir(directory.path());
    if !control.status().unwrap().core_dumped() {
        skip("the absence of a core dump", "nothing that crashes here leaves one");
        return;
    }
    let unanswered = Unanswered::new();
    let output = unanswered.struck_by(Signal::ABORT, &mut in_shell(dumping, &unanswered.command()));
    assert!(!output.status.core_dumped());
    unanswered.assert_died_by(Signal::ABORT, &output);
}

/// A session of a server that takes requests and never answers.
struct Unanswered {
    trial: Trial,
    server: ScriptedServer,
    arrival: Receiver<()>,
}

impl Unanswered {
    fn new() -> Self {
        let (arrived, arrival) = mpsc::channel();
        let server = ScriptedServer::start(Box::new(move |stream| {
            arrived.send(()).unwrap();
            read_to_hangup(stream);
        }));
        Self { trial: Trial::against(&server.url()), server, arrival }
    }

    fn command(&self) -> Command {
        self.trial.command()
    }

    /// Runs a prepared logout, and sends it a signal while it waits for the answer.
    fn struck_by(&self, signal: Signal, command: &mut Command) -> Output {
        let child = start(command);
        self.arrival.recv_timeout(Duration::from_secs(10)).unwrap();
        kill_process(Pid::from_child(&child), signal).unwrap();
        let (output, took) = timed(|| child.wait_with_output().unwrap());
        assert_took(&format!("{signal:?}"), took, 0);
        output
    }

    fn assert_died_by(self, signal: Signal, output: &Output) {
        let outcome = self.trial.outcome(self.trial.sandbox.judge(output), &self.server.finish());
        let expected = Outcome { run: Run::new(-signal.as_raw(), "", ""), ..Outcome::unanswered(Subject::Logout, "") };
        assert_eq!(outcome, expected, "{signal:?}");
    }
}

/// The session has ended, and nobody was told.
fn cleared_without_summary() -> Outcome {
    Outcome { run: Run::new(0, "", ""), ..Outcome::cleared() }
}

/// A logout whose standard streams a shell has redirected.
fn redirected(trial: &Trial, format: &str, redirections: &str) -> Command {
    in_shell(&format!("exec \"$0\" \"$@\" {redirections}"), trial.command().args(["--output", format]))
}
