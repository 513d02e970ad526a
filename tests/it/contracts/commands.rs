//! The contracts of the ports of `identity-tokens` and `exec`.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use plexctl::adapters::control_plane::{ControlPlaneClient, ProxySettings, TrustSettings};
use plexctl::adapters::process::SystemProcess;
use plexctl::domain::server_url::ServerUrl;
use plexctl::ports::process_replacer::{ProcessReplacer, ReplaceError};
use plexctl::ports::token_directory::TokenDirectory;
use plexctl::testing::contract::{
    DirectoryCase, DirectoryUnderTest, ReplacerUnderTest, SECRET, a_directory_keeps_its_promises,
    a_replacer_keeps_its_promises, listed_tokens,
};
use plexctl::testing::{Answer, ControlPlane, Endpoint, RecordingProcess, Script, ScriptedTokenDirectory};
use tempfile::TempDir;

use super::login::runtime;

struct HttpUnderTest {
    client: ControlPlaneClient,
    control_plane: ControlPlane,
    server: ServerUrl,
}

impl DirectoryUnderTest for HttpUnderTest {
    fn meeting(case: DirectoryCase) -> Self {
        let control_plane = ControlPlane::start().unwrap();
        let client = ControlPlaneClient::new(ProxySettings::default(), TrustSettings::default(), |_| {});
        let mut server = ServerUrl::parse(control_plane.url()).unwrap();
        let problem = |status| Script::answer(Answer::problem(status, SECRET, SECRET, SECRET));
        let (list, revocation) = match case {
            DirectoryCase::Done => (list(0), Script::answer(Answer::bare(204))),
            DirectoryCase::CutList => (list(1), Script::hang_up()),
            DirectoryCase::NotAccepted => (problem(401), problem(401)),
            DirectoryCase::Refused => (problem(403), problem(403)),
            DirectoryCase::NoSuchToken => (problem(404), problem(404)),
            DirectoryCase::Unconfirmed => (problem(500), problem(500)),
            DirectoryCase::Unanswered => (Script::hang_up(), Script::hang_up()),
            DirectoryCase::Unreached => {
                server = ServerUrl::parse("http://127.0.0.1:1").unwrap();
                (Script::real(), Script::real())
            }
        };
        control_plane.always(Endpoint::ListTokens, list);
        control_plane.always(Endpoint::Revoke, revocation);
        Self { client, control_plane, server }
    }

    fn directory(&self) -> &dyn TokenDirectory {
        &self.client
    }

    fn server(&self) -> ServerUrl {
        self.server.clone()
    }

    fn requests(&self) -> usize {
        self.control_plane.requests().len()
    }
}

/// The list of the contract, of which so many bytes never arrive.
fn list(cut: usize) -> Script {
    let tokens = listed_tokens().into_iter().map(|token| {
        let [id, prefix, created, expires] =
            [Some(token.id), token.env_prefix, token.created_at, token.expires_at].map(Option::unwrap);
        format!(
            r#"{{"id":"{id}","env_prefix":"{prefix}","created_at":"{created}","expires_at":"{expires}","x":"{SECRET}"}}"#
        )
    });
    let list = format!("[{}]", tokens.collect::<Vec<_>>().join(","));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", list.len());
    Script::raw(format!("{head}{}", &list[..list.len() - cut]))
}

#[test]
fn scripted_token_directory_keeps_contract() {
    runtime().block_on(a_directory_keeps_its_promises::<ScriptedTokenDirectory>());
}

#[test]
fn client_keeps_token_directory_contract() {
    runtime().block_on(a_directory_keeps_its_promises::<HttpUnderTest>());
}

struct SystemUnderTest {
    process: SystemProcess,
    directory: TempDir,
}

impl ReplacerUnderTest for SystemUnderTest {
    fn failing(error: &ReplaceError) -> Self {
        let directory = tempfile::tempdir().unwrap();
        if matches!(error, ReplaceError::NotExecutable { .. }) {
            fs::write(directory.path().join("command"), "no program").unwrap();
            fs::set_permissions(directory.path().join("command"), Permissions::from_mode(0o755)).unwrap();
        }
        let process = SystemProcess::new([("PATH".into(), directory.path().into())]);
        Self { process, directory }
    }

    fn replacer(&self) -> &dyn ProcessReplacer {
        assert!(self.directory.path().is_dir());
        &self.process
    }
}

#[test]
fn recording_process_keeps_contract() {
    a_replacer_keeps_its_promises::<RecordingProcess>();
}

#[test]
fn system_process_keeps_contract() {
    a_replacer_keeps_its_promises::<SystemUnderTest>();
}
