//! The domain and the binding: given, remembered, missing, or chosen from a list.

use std::fs;

use plexctl::testing::{Answer, BindingSettings, Decision, Endpoint, Script};

use super::{BINDING, DOMAIN, Login};
use crate::support::sandbox::Run;

const OTHER_DOMAIN: &str = "0192f0c1-0000-7000-8000-00000000000c";

impl Login {
    /// Runs a login with nothing but these words, in an environment with these variables.
    fn run_bare(&self, words: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = self.sandbox.command(["login"]);
        command.args(words).envs(variables.iter().copied());
        self.labelled(&self.sandbox.observe(&mut command))
    }

    /// What the last login asked for.
    fn asked_for(&self) -> String {
        let requests = self.server.requests();
        let code = requests.iter().rev().find(|request| request.target.ends_with("/v1/auth/device-code")).unwrap();
        String::from_utf8(code.body.clone()).unwrap()
    }

    fn approve_more(&self, logins: usize) {
        for _ in 0..logins {
            self.server.decide_next(Decision::Approve, 1);
        }
    }
}

#[test]
fn second_login_needs_no_flags() {
    let login = Login::new();
    login.approve_more(3);
    let url = login.server.url();
    let words = ["--server", &url, "--domain-id", DOMAIN, "--idp-binding-alias", "google"];
    assert_eq!(login.run_bare(&words, &[]).exit, 0);
    let expected = format!(r#"{{"domain_id":"{DOMAIN}","idp_binding_alias":"google"}}"#);
    assert_eq!(login.asked_for(), expected);
    assert_eq!(login.run_bare(&[], &[]).exit, 0);
    assert_eq!(login.asked_for(), expected);

    // Another domain drops the binding.
    assert_eq!(login.run_bare(&["--domain-id", OTHER_DOMAIN], &[]).exit, 0);
    assert_eq!(login.asked_for(), format!(r#"{{"domain_id":"{OTHER_DOMAIN}"}}"#));
    let stored = login.sandbox.config_text();
    assert!(stored.contains(OTHER_DOMAIN) && !stored.contains("idp_binding"), "{stored}");
}

#[test]
fn flags_come_before_variables_and_variables_before_the_profile() {
    let login = Login::new();
    login.approve_more(3);
    let url = login.server.url();
    let variables =
        [("PLEXSPHERE_URL", url.as_str()), ("PLEXCTL_DOMAIN_ID", DOMAIN), ("PLEXCTL_IDP_BINDING_ID", BINDING)];
    assert_eq!(login.run_bare(&[], &variables).exit, 0);
    assert_eq!(login.asked_for(), format!(r#"{{"domain_id":"{DOMAIN}","idp_binding_id":"{BINDING}"}}"#));
    assert_eq!(login.run_bare(&["--idp-binding-alias", "a"], &variables).exit, 0);
    assert_eq!(login.asked_for(), format!(r#"{{"domain_id":"{DOMAIN}","idp_binding_alias":"a"}}"#));
    let domain = DOMAIN.to_uppercase();
    assert_eq!(login.run_bare(&["--idp-binding-id", &BINDING.to_uppercase(), "--domain-id", &domain], &[]).exit, 0);
    assert_eq!(login.asked_for(), format!(r#"{{"domain_id":"{DOMAIN}","idp_binding_id":"{BINDING}"}}"#));
}

#[test]
fn names_all_that_is_missing_at_once() {
    let login = Login::new();
    let domain =
        "your administrator knows the domain, and `plexctl domain list` of plexsphere's own tool lists the domains";
    for format in ["text", "json"] {
        let run = login.run_bare(&["--output", format], &[]);
        let expected = format!(
            "error: cannot log in: the domain and the server are missing\nhint: add --server URL and --domain-id UUID: \
             {domain}\n"
        );
        assert_eq!(run, Run::new(2, "", expected));
        let run = login.run_bare(&["--output", format, "--server", &login.server.url()], &[]);
        let expected = format!("error: cannot log in: the domain is missing\nhint: add --domain-id UUID: {domain}\n");
        assert_eq!(run, Run::new(2, "", expected));
    }
    let run = login.run_bare(&[], &[("PLEXCTL_DOMAIN_ID", "x")]);
    assert!(run.exit == 2 && run.stderr.starts_with("error: PLEXCTL_DOMAIN_ID: it is not a UUID"), "{run:?}");
    let run = login.run_bare(&[], &[("PLEXCTL_DOMAIN_ID", DOMAIN), ("PLEXCTL_IDP_BINDING_ID", "x")]);
    assert!(run.exit == 2 && run.stderr.starts_with("error: PLEXCTL_IDP_BINDING_ID: it is not a UUID"), "{run:?}");
    let long = "a".repeat(129);
    for words in [
        &["--idp-binding-id", BINDING, "--idp-binding-alias", "a"][..],
        &["--idp-binding-alias", ""],
        &["--idp-binding-alias", "a b"],
        &["--idp-binding-alias", "zo\u{eb}"],
        &["--idp-binding-alias", &long],
    ] {
        let run = login.run_bare(words, &[("PLEXCTL_DOMAIN_ID", DOMAIN)]);
        assert!(run.exit == 2 && run.stdout.is_empty() && run.stderr.contains("Usage: plexctl login"), "{run:?}");
    }
    assert_eq!(login.asked(), [""; 0]);
    assert!(!login.sandbox.config().exists());
}

#[test]
fn invalid_remembered_values_are_absent() {
    let login = Login::new();
    let url = login.server.url();
    let text = format!(
        "default = \"default\"\n[profiles.default]\nserver = \"{url}\"\ndomain_id = 7\nidp_binding_id = \"x\"\n"
    );
    fs::write(login.sandbox.config(), text).unwrap();
    fs::set_permissions(login.sandbox.config(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let run = login.run_bare(&[], &[]);
    assert!(run.exit == 2 && run.stderr.starts_with("error: cannot log in: the domain is missing\n"), "{run:?}");
}

fn binding(alias: Option<&str>, label: &str, issuer_host: &str, is_primary: bool) -> BindingSettings {
    BindingSettings {
        id: BINDING.to_owned(),
        alias: alias.map(str::to_owned),
        label: label.to_owned(),
        issuer_host: issuer_host.to_owned(),
        is_primary,
        is_platform_scoped: false,
    }
}

#[test]
fn refused_code_without_a_binding_lists_the_choices() {
    let login = Login::new();
    login.server.configure(|settings| {
        settings.idp_bindings = vec![
            binding(Some("google"), "Google", "accounts.google.com", false),
            binding(None, "Azure\u{1b} AD", "login.microsoftonline.com", false),
        ];
    });
    let url = login.server.url();
    let run = login.run_bare(&["--server", &url, "--domain-id", DOMAIN], &[]);
    let hint = format!(
        "\nhint: choose a binding: --idp-binding-alias google (Google, accounts.google.com), --idp-binding-id {BINDING} \
         (Azure AD, login.microsoftonline.com)\n"
    );
    assert!(run.exit == 1 && run.stderr.ends_with(&hint), "{run:?}");
    assert_eq!(login.asked(), ["code".to_owned(), format!("GET /v1/auth/idp-bindings?domain_id={DOMAIN}")]);
    assert_eq!(login.server.requests()[1].header("authorization"), None);

    // Whatever goes wrong with the list changes nothing else.
    login.server.once(Endpoint::IdpBindings, Script::answer(Answer::bare(500)));
    let run = login.run_bare(&["--server", &url, "--domain-id", DOMAIN], &[]);
    assert!(run.exit == 1 && run.stderr.ends_with("\nhint: check --domain-id and --idp-binding-id\n"), "{run:?}");

    // A binding that was named is not asked for.
    let before = login.asked().len();
    let run = login.run_bare(&["--server", &url, "--domain-id", DOMAIN, "--idp-binding-alias", "other"], &[]);
    assert!(run.exit == 1 && run.stderr.ends_with("\nhint: check --domain-id and --idp-binding-id\n"), "{run:?}");
    assert_eq!(login.asked().len(), before + 1);
}

#[test]
fn listed_bindings_show_no_proxy_credentials() {
    let login = Login::new();
    login.server.configure(|settings| {
        settings.idp_bindings = vec![
            binding(Some("google"), "Basic YWxpY2U6cEBzcw==", "alice:p@ss", false),
            binding(None, "Azure AD", "p@ss", false),
        ];
    });
    let proxy = login.server.url().replace("http://", "http://alice:p%40ss@");
    let words = ["--server", "http://plexsphere.example", "--domain-id", DOMAIN];
    let run = login.run_bare(&words, &[("HTTP_PROXY", &proxy)]);
    let hint = format!(
        "\nhint: choose a binding: --idp-binding-alias google (Basic [redacted], [redacted]), --idp-binding-id {BINDING} \
         (Azure AD, [redacted])\n"
    );
    assert!(run.exit == 1 && run.stderr.ends_with(&hint), "{run:?}");
}

#[test]
fn server_without_problem_details_is_doubted() {
    let login = Login::new();
    login.server.once(Endpoint::DeviceCode, Script::raw("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"));
    let run = login.run_bare(&["--server", &login.server.url(), "--domain-id", DOMAIN], &[]);
    assert!(
        run.exit == 1 && run.stderr.ends_with("\nhint: check --server: [ORIGIN] may not be a plexsphere server\n"),
        "{run:?}"
    );
}
