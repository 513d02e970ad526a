//! Commands behind a shell that changes their surroundings first: streams, limits and, in a namespace of their own, file
//! systems.

use std::path::Path;
use std::process::{Command, Stdio};

use super::sandbox::Sandbox;

/// The script runs a prepared command as `"$0" "$@"`.
pub fn in_shell(script: &str, command: &Command) -> Command {
    wrap(Command::new("/bin/sh"), script, command)
}

/// The same in a mount namespace, which the script can change at will. What it mounts is seen by nobody else, and is
/// gone when it ends.
pub fn in_namespace(script: &str, command: &Command) -> Command {
    let mut unshare = unshare("--mount");
    unshare.arg("/bin/sh");
    wrap(unshare, script, command)
}

/// The same in a network namespace, in which not even loopback is up.
pub fn without_network(command: &Command) -> Command {
    in_network("exec \"$0\" \"$@\"", command)
}

/// The same with a network that has no route to this address. The program `ip` takes the route away.
pub fn without_route(ip: &Path, address: &str, command: &Command) -> Command {
    in_network(&format!("{} route add unreachable {address}; exec \"$0\" \"$@\"", ip.display()), command)
}

fn in_network(script: &str, command: &Command) -> Command {
    let mut unshare = unshare("--net");
    unshare.arg("/bin/sh");
    wrap(unshare, script, command)
}

/// Tells whether namespaces can be had here, and says loudly what is skipped if not.
pub fn has_namespaces(what: &str) -> bool {
    let mut mounts = unshare("--mount");
    mounts.args(["mount", "-t", "tmpfs", "none", "/mnt"]);
    let can = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let has = can(&mut mounts) && can(unshare("--net").arg("true"));
    if !has {
        super::skip(what, "namespaces cannot be had here");
    }
    has
}

/// A line that an operator types into a shell, in which `plexctl` is the binary.
pub fn typed(sandbox: &Sandbox, shell: &str, line: &str) -> Command {
    let mut command = Command::new(shell);
    sandbox.furnish(command.args(["-c", line]));
    let binaries = Path::new(env!("CARGO_BIN_EXE_plexctl")).parent().unwrap().display();
    command.env("PATH", format!("{binaries}:/usr/bin:/bin"));
    command
}

fn unshare(namespace: &str) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.arg(namespace);
    if !super::runs_as_root() {
        unshare.arg("--map-root-user");
    }
    unshare.arg("--");
    unshare
}

fn wrap(mut shell: Command, script: &str, command: &Command) -> Command {
    shell.args(["-euc", script]).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(directory) = command.get_current_dir() {
        shell.current_dir(directory);
    }
    shell
}
