//! The hints that lead here, followed to their end in a shell: nothing is live then but what the config file holds.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use plexctl::testing::{Answer, ControlPlane, Endpoint, Script};

use crate::login::LOGIN;
use crate::support::bystander::BYSTANDER;
use crate::support::sandbox::{Run, Sandbox};
use crate::support::shell::typed;
use crate::support::signed_in::id_of;

/// An operator who does what hints say.
struct Operator {
    server: Arc<ControlPlane>,
    sandbox: Sandbox,
}

impl Operator {
    fn new() -> Self {
        let server = ControlPlane::start().unwrap();
        server.configure(|settings| settings.interval = Duration::from_secs(1));
        let server = Arc::new(server);
        let mut sandbox = Sandbox::new();
        sandbox.watch(&server);
        sandbox.write_config(BYSTANDER);
        Self { server, sandbox }
    }

    fn log_in(&self) -> Run {
        self.server.approve_next();
        self.sandbox.run([&LOGIN[..], &["--server", &self.server.url()]].concat())
    }

    /// Logs in, as a hint asks for, which succeeds.
    fn is_logged_in(&self) {
        let run = self.log_in();
        assert_eq!(run.exit, 0, "{run:?}");
    }

    /// Types a command of a hint, which succeeds.
    fn follow(&self, command: &str) -> Run {
        let run = self.sandbox.observe(&mut typed(&self.sandbox, "sh", command));
        assert_eq!(run.exit, 0, "{command}: {run:?}");
        run
    }

    /// Types the only command of a run's hint.
    fn follow_only_command(&self, run: &Run) -> Run {
        let hint = hint_of(run);
        let [command] = commands_in(&hint)[..] else { panic!("{hint}") };
        self.follow(command)
    }

    fn holds(&self, token: &str) -> bool {
        self.sandbox.config_text().contains(token)
    }

    /// The ids of the live tokens that the config file does not hold.
    fn homeless(&self) -> Vec<String> {
        let live = self.server.live_tokens().into_iter();
        live.filter(|token| !self.holds(&token.text)).map(|token| token.id).collect()
    }
}

/// The last hint of a run.
fn hint_of(run: &Run) -> String {
    run.stderr
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("hint: "))
        .unwrap_or_else(|| panic!("{run:?}"))
        .to_owned()
}

/// The commands that a hint names between backticks.
fn commands_in(hint: &str) -> Vec<&str> {
    hint.split('`').skip(1).step_by(2).collect()
}

/// The ids of the rows of a list that have no profile.
fn ids_without_profile(table: &str) -> Vec<&str> {
    let rows = table.lines().skip(1).map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.filter(|cells| cells.last() == Some(&"-")).map(|cells| cells[0]).collect()
}

#[test]
fn token_of_a_lost_poll_is_listed_and_ended() {
    let operator = Operator::new();
    operator.server.once(Endpoint::DeviceToken, Script::real().lost());
    let run = operator.log_in();
    assert_eq!((run.exit, operator.homeless().len()), (1, 1), "{run:?}");

    operator.is_logged_in();
    let listed = operator.follow_only_command(&run).stdout;
    let [id] = ids_without_profile(&listed)[..] else { panic!("{listed}") };
    operator.follow(&format!("plexctl identity-tokens delete --id {id}"));
    assert_eq!(operator.homeless(), [""; 0]);
}

#[test]
fn token_that_was_not_stored_is_ended_by_its_id() {
    let operator = Operator::new();
    let file = operator.sandbox.config();
    let expose = move || fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    operator.server.once(Endpoint::DeviceToken, Script::real().running(expose));
    operator.server.answer_revocations_with(Answer::bare(503));
    let run = operator.log_in();
    assert_eq!((run.exit, operator.homeless().len()), (1, 1), "{run:?}");
    operator.server.answer_revocations_with(None);
    fs::set_permissions(operator.sandbox.config(), Permissions::from_mode(0o600)).unwrap();

    operator.is_logged_in();
    operator.follow_only_command(&run);
    assert_eq!(operator.homeless(), [""; 0]);
}

#[test]
fn token_of_a_forgotten_profile_is_ended_by_its_id() {
    for format in ["text", "json"] {
        let operator = Operator::new();
        operator.is_logged_in();
        let run = operator.sandbox.run(["profiles", "forget", "--yes", "default", "--output", format]);
        assert_eq!((run.exit, operator.homeless().len()), (0, 1), "{run:?}");

        operator.is_logged_in();
        operator.follow_only_command(&run);
        assert_eq!(operator.homeless(), [""; 0]);
    }
}

/// The credential that may not end itself is ended by that of somebody else.
#[test]
fn token_that_a_logout_may_not_revoke_is_ended_by_another() {
    let operator = Operator::new();
    operator.is_logged_in();
    operator.server.answer_revocations_with(Answer::bare(403));
    let run = operator.sandbox.run(["logout"]);
    assert_eq!(run.exit, 4, "{run:?}");
    operator.server.answer_revocations_with(None);
    let hint = hint_of(&run);
    let [delete, log_out] = commands_in(&hint)[..] else { panic!("{hint}") };

    let somebody = operator.server.mint("dev");
    let mut command = typed(&operator.sandbox, "sh", delete);
    command.env("PLEXSPHERE_TOKEN", &somebody).env("PLEXSPHERE_URL", operator.server.url());
    assert_eq!(operator.sandbox.observe(&mut command).exit, 0);
    operator.follow(log_out);
    assert_eq!((operator.homeless(), operator.holds("[profiles.default]")), (vec![id_of(&somebody)], false));
}
