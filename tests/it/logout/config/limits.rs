//! Limits of the process: with fewer descriptors, smaller files or fewer threads than it needs, a run ends as with any
//! other fault, and never in a panic.

use rustix::io::Errno;

use super::{NO_CONTENT, assert_cleared, assert_heals, assert_kept, config, logged_out, not_removed, prepared, system};
use crate::support::sandbox::Sandbox;
use crate::support::scripted_server::ScriptedServer;
use crate::support::shell::in_shell;
use crate::support::unprivileged::Unprivileged;
use crate::support::{has_localhost, system_words};

#[test]
fn few_descriptors_keep_outcome_consistent() {
    if !has_localhost("the number of descriptors") {
        return;
    }
    let mut ends = Vec::new();
    // With fewer than four the loader cannot open the libraries. The name makes the resolver need some too.
    for descriptors in 4..20 {
        let (mut sandbox, server) = prepared();
        sandbox.write_config(config(&server.url().replace("127.0.0.1", "localhost")));
        let before = sandbox.config_state();
        // Whoever started the tests may have left descriptors open.
        let close = "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-";
        let script = format!("{close}; ulimit -n {descriptors}; exec \"$0\" \"$@\"");
        let run = sandbox.observe(&mut in_shell(&script, &sandbox.command(["logout"])));
        let case = format!("{descriptors} descriptors: {run:?}");

        if run.exit == 0 {
            assert_eq!(run, logged_out(), "{case}");
            assert_cleared(&sandbox, &before);
        } else {
            assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{case}");
            // A resolver that cannot open its files knows no name.
            let causes = [system_words(Errno::MFILE), "no such host".to_owned()];
            assert!(causes.iter().any(|cause| run.stderr.contains(cause.as_str())), "{case}");
            let says: &[&str] = match server.requests().len() {
                0 => &["cannot start: ", "cannot log out: ", "was kept, and its session may still be live"],
                _ => &["was revoked on the server, but its profile is still stored"],
            };
            assert!(says.iter().any(|words| run.stderr.contains(words)), "{case}");
            assert_eq!(sandbox.config_state(), before, "{case}");
            assert_heals(&sandbox, &before);
        }
        ends.push(run.exit);
    }
    assert!(ends.is_sorted_by(|left, right| left >= right), "more descriptors can do no harm: {ends:?}");
    // Connecting takes the most, so nothing that comes after the answer meets the limit.
    assert!(ends.starts_with(&[1]) && ends.ends_with(&[0]), "not every end was met: {ends:?}");
}

/// Whether the signal that comes with it is ignored or not, a write beyond the limit is an error of that write.
#[test]
fn file_size_limit_keeps_file() {
    for trap in ["trap '' XFSZ", ":"] {
        let (sandbox, server) = prepared();
        let before = sandbox.config_state();
        let limited = format!("{trap}; ulimit -f 0; exec \"$0\" \"$@\"");
        let run = sandbox.observe(&mut in_shell(&limited, &sandbox.command(["logout"])));
        assert_eq!(run, not_removed("[CONFIG]", &system("writing its replacement", Errno::FBIG)), "{trap}");
        assert_kept(&sandbox, &server, &before);
        assert_heals(&sandbox, &before);
    }
}

#[test]
fn missing_resolver_thread_is_unreachable() {
    let what = "a resolver without a thread";
    let Some(unprivileged) = Unprivileged::new(what).filter(|_| has_localhost(what)) else { return };
    let server = ScriptedServer::answering(NO_CONTENT);
    let mut sandbox = Sandbox::new();
    let url = server.url().replace("127.0.0.1", "localhost");
    sandbox.label(url.as_str(), "[SERVER]");
    sandbox.write_config(config(&url));
    // The shells disagree on the letter.
    let mut command = unprivileged.logout_after("ulimit -u 0 2>/dev/null || ulimit -p 0", &sandbox);
    let before = sandbox.config_state();
    let run = sandbox.observe(&mut command);
    assert_eq!((run.exit, run.stdout.as_str()), (1, ""), "{run:?}");
    assert!(run.stderr.contains("was kept, and its session may still be live"), "{run:?}");
    assert!(run.stderr.contains(&system_words(Errno::AGAIN)), "{run:?}");
    assert_eq!(sandbox.config_state(), before);
    assert_eq!(server.requests(), [""; 0]);
}
