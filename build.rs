//! Tells the build which commit it is made from, and when that commit was made.
//!
//! Without a git checkout of its own (a packaged crate, a vendored copy) the binary says `unknown`.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if Path::new(".git").exists() {
        if let Some(log) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
            println!("cargo::rerun-if-changed={log}");
        }
        pass_on("PLEXCTL_COMMIT", git(&["rev-parse", "HEAD"]));
        pass_on("PLEXCTL_DATE", git(&["show", "--no-patch", "--format=%cI", "HEAD"]));
    }
}

fn pass_on(variable: &str, value: Option<String>) {
    if let Some(value) = value {
        println!("cargo::rustc-env={variable}={value}");
    }
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
