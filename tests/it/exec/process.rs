//! The process of the program: it is the one that plexctl had, and plexctl leaves no trace in it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::exec_shell;
use crate::shared::terminal::Terminal;
use crate::support::sandbox::{Run, Sandbox, start};
use crate::support::shell::in_shell;
use crate::support::signed_in::SignedIn;
use crate::support::unprivileged::Unprivileged;

/// How long anything may take that another process does next.
const LIMIT: Duration = Duration::from_secs(20);

fn wait_until(what: &str, mut is_done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_done() {
        assert!(started.elapsed() < LIMIT, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn exit_code_and_signal_are_those_of_the_program() {
    let signed_in = SignedIn::new();
    let run = |script: &str| signed_in.sandbox.observe(&mut exec_shell(&signed_in.sandbox, &[], script, &[]));
    for code in [0, 1, 2, 3, 4, 42, 126, 127, 255] {
        assert_eq!(run(&format!("exit {code}")), Run::new(code, "", ""));
    }
    for (signal, number) in [("TERM", 15), ("KILL", 9), ("INT", 2), ("PIPE", 13)] {
        if signal != "INT" || crate::support::is_heard(Signal::INT) {
            assert_eq!(run(&format!("kill -{signal} $$; sleep 20")), Run::new(-number, "", ""), "{signal}");
        }
    }
    assert_eq!(run("cat; echo out; echo err >&2"), Run::new(0, "out\n", "err\n"));
}

#[test]
fn program_is_searched_in_path() {
    let signed_in = SignedIn::new();
    let directory = signed_in.sandbox.path().join("bin");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("tool"), "#!/bin/sh\necho \"tool $1\"\n").unwrap();
    fs::set_permissions(directory.join("tool"), fs::Permissions::from_mode(0o700)).unwrap();
    let run = |command: &str, path: &str| {
        let mut command = signed_in.sandbox.command(["exec", "--", command, "x"]);
        signed_in.sandbox.observe(command.env("PATH", path))
    };
    let path = format!("/nowhere:{}", directory.display());
    assert_eq!(run("tool", &path), Run::new(0, "tool x\n", ""));
    assert_eq!(run("bin/tool", ""), Run::new(0, "tool x\n", ""));
    assert_eq!(run("./bin/tool", "/nowhere"), Run::new(0, "tool x\n", ""));
    assert_eq!(run(directory.join("tool").to_str().unwrap(), "/nowhere"), Run::new(0, "tool x\n", ""));
}

/// The sandbox looks for the token in what the program prints.
#[test]
fn token_is_in_no_argument_of_the_program() {
    let signed_in = SignedIn::new();
    let mut command = exec_shell(&signed_in.sandbox, &[], "tr '\\0' ' ' < /proc/$$/cmdline", &[OsStr::new("a b")]);
    let run = signed_in.sandbox.observe(&mut command);
    assert_eq!(run, Run::new(0, "/bin/sh -c tr '\\0' ' ' < /proc/$$/cmdline sh a b ", ""));
}

/// Runs a shell script behind `exec` or without it, with some surroundings of its own.
fn with_and_without_exec(sandbox: &Sandbox, surroundings: &str, script: &str) -> [Run; 2] {
    let through = sandbox.command(["exec", "--", "/bin/sh", "-c", script]);
    let mut direct = Command::new("/bin/sh");
    sandbox.furnish(direct.args(["-c", script]));
    [through, direct].map(|command| {
        let mut shell = in_shell(&format!("{surroundings}; exec \"$0\" \"$@\""), &command);
        sandbox.observe(shell.env("PATH", "/usr/bin:/bin"))
    })
}

#[test]
fn program_inherits_the_descriptors_of_the_caller_and_no_others() {
    let signed_in = SignedIn::new();
    let list = "for fd in /proc/$$/fd/*; do echo \"${fd##*/}\"; done";
    let [through, direct] = with_and_without_exec(&signed_in.sandbox, "exec 7</dev/null", list);
    assert_eq!(through, direct);
    assert!(through.exit == 0 && through.stdout.contains("\n7\n"), "{through:?}");
}

#[test]
fn program_inherits_signals_limits_and_umask_of_the_caller() {
    let signed_in = SignedIn::new();
    let script = "grep -e ^SigBlk -e ^SigIgn /proc/self/status; umask; ulimit -c; ulimit -n; ulimit -s";
    let surroundings = "trap '' INT USR1 XFSZ; umask 031";
    let [through, direct] = with_and_without_exec(&signed_in.sandbox, surroundings, script);
    assert_eq!(through, direct);
    assert_eq!((through.exit, through.stdout.lines().count()), (0, 6), "{through:?}");
}

/// Core dumps are forbidden to plexctl alone. Of a process that may dump none, the files in `/proc` are root's.
#[test]
fn program_can_dump_its_core_as_before() {
    let Some(unprivileged) = Unprivileged::new("whether a program can dump its core") else { return };
    let signed_in = SignedIn::new();
    let sandbox = &signed_in.sandbox;
    let like = sandbox.command(["exec", "--", "/bin/sh", "-c", "stat -c %u /proc/$$/environ; id -u"]);
    let run = sandbox.observe(&mut unprivileged.run_after("", sandbox, &like));
    let owners: Vec<_> = run.stdout.lines().collect();
    assert_eq!((run.exit, owners.len(), owners[0] == owners[1]), (0, 2, true), "{run:?}");
}

#[test]
fn program_reads_from_the_terminal() {
    let signed_in = SignedIn::new();
    let terminal = Terminal::open();
    let script = "test -t 0 && test -t 1 && test -t 2 && printf 'name? ' && read -r name && echo \"<$name>\"";
    let mut command = exec_shell(&signed_in.sandbox, &[], script, &[]);
    command.stdin(terminal.slave()).stdout(terminal.slave()).stderr(terminal.slave());
    let child = command.spawn().unwrap();
    drop(command);
    let mut operator = File::from(terminal.into_operators_end());
    let mut screen = Vec::new();
    let mut buffer = [0; 256];
    let read_until = |operator: &mut File, screen: &mut Vec<u8>, buffer: &mut [u8; 256], text: &str| {
        wait_until(text, || {
            let length = operator.read(buffer).unwrap_or(0);
            screen.extend_from_slice(&buffer[..length]);
            String::from_utf8_lossy(screen).contains(text)
        });
    };
    read_until(&mut operator, &mut screen, &mut buffer, "name? ");
    operator.write_all(b"an operator\n").unwrap();
    read_until(&mut operator, &mut screen, &mut buffer, "<an operator>");
    assert_eq!(signed_in.sandbox.observe_child(child), Run::new(0, "", ""));
}

/// A shell that controls jobs stops and continues the process that it started.
#[test]
fn program_is_the_process_that_the_caller_stops_and_continues() {
    let signed_in = SignedIn::new();
    let sandbox: &Sandbox = &signed_in.sandbox;
    let script = "trap 'echo continued > continued' CONT; echo $$ > started; while :; do sleep 0.02; done";
    let child = start(exec_shell(sandbox, &[], script, &[]).stdin(Stdio::null()));
    let noted = |name: &str| fs::read_to_string(sandbox.path().join(name)).unwrap_or_default();
    wait_until("the program starts", || noted("started").ends_with('\n'));
    assert_eq!(noted("started").trim(), child.id().to_string());

    let pid = Pid::from_child(&child);
    let state = || {
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
        stat.rsplit(") ").next().unwrap().chars().next()
    };
    kill_process(pid, Signal::STOP).unwrap();
    wait_until("the program stops", || state() == Some('T'));
    kill_process(pid, Signal::CONT).unwrap();
    wait_until("the program continues", || noted("continued") == "continued\n");
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(sandbox.observe_child(child), Run::new(-15, "", ""));
}
