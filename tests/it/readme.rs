//! The pages show what is tested, and say it in plain words.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plexctl::testing::ControlPlane;
use serde_json::Value;

use crate::login::LOGIN;
use crate::support::bystander::config;
use crate::support::plain_words::first_riddle;
use crate::support::sandbox::Sandbox;
use crate::support::signed_in::id_of;

#[test]
fn harness_page_shows_built_examples() {
    let page = include_str!("../../docs/harness.md");
    for program in [include_str!("../../examples/failed_logout.rs"), include_str!("../../examples/database_store.rs")] {
        assert!(page.contains(&format!("```rust\n{program}```\n")), "{program}");
    }
}

/// The files below a directory of the project.
fn files_below(directory: &str) -> Vec<PathBuf> {
    let mut pending = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)];
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.push(path);
        }
    }
    files
}

/// The documentation in a source file and the texts in its string literals, without the names in its code.
fn prose_of(source: &str) -> String {
    let lines = source.lines().map(|line| match line.trim_start() {
        comment if comment.starts_with("///") || comment.starts_with("//!") => {
            comment.trim_start_matches(['/', '!']).to_owned()
        }
        comment if comment.starts_with("//") => String::new(),
        code => code.split('"').skip(1).step_by(2).collect::<Vec<_>>().join(" "),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn pages_and_sources_use_plain_words() {
    let pages = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "demo.sh", "docs", "packaging"];
    let mut texts = 0;
    for path in pages.iter().flat_map(|page| files_below(page)) {
        texts += 1;
        let text = fs::read_to_string(&path).unwrap();
        // The user that owns nothing is called so.
        assert_eq!(first_riddle(&text.replace("`nobody`", "")), None, "{}", path.display());
    }
    let sources = files_below("src").into_iter().chain(files_below("examples"));
    for path in sources.filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        texts += 1;
        assert_eq!(first_riddle(&prose_of(&fs::read_to_string(&path).unwrap())), None, "{}", path.display());
    }
    assert!(texts > 150, "{texts}");
}

#[test]
fn riddles_are_found_across_line_ends() {
    assert_eq!(first_riddle("A token goes\nwithout an id."), Some("goes without"));
    assert_eq!(first_riddle("Nobody was asked."), Some("nobody"));
    assert_eq!(first_riddle("You are told its id: anybody knows."), None);
    assert_eq!(
        prose_of("let nobody = 1; // x\n    /// In vain.\n    f(\"it has no place\");"),
        "\n In vain.\nit has no place"
    );
}

/// The JSON of the reference below a heading.
fn example(heading: &str) -> Value {
    let page = include_str!("../../docs/reference.md");
    let (_, below) = page.split_once(&format!("\n### {heading}\n")).unwrap_or_else(|| panic!("{heading}"));
    let (_, json) = below.split_once("```json\n").unwrap();
    serde_json::from_str(json.split_once("```").unwrap().0).unwrap_or_else(|error| panic!("{heading}: {error}"))
}

/// The paths of all keys in a value; those of an array are those of its first element.
fn keys(value: &Value) -> BTreeSet<String> {
    let below = |name: &str, value: &Value| {
        let paths = keys(value).into_iter().map(|path| format!("{name}.{path}")).collect::<Vec<_>>();
        [vec![name.to_owned()], paths].concat()
    };
    match value {
        Value::Object(members) => members.iter().flat_map(|(name, value)| below(name, value)).collect(),
        Value::Array(elements) => elements.first().map(keys).unwrap_or_default(),
        _ => BTreeSet::new(),
    }
}

/// Each object of the reference has the keys of what a run prints. Keys that may be absent stand in the page only.
#[test]
fn reference_shows_the_keys_of_every_object() {
    let server = ControlPlane::start().unwrap();
    server.configure(|settings| settings.interval = Duration::from_secs(1));
    let old = server.mint("dev");
    let mut sandbox = Sandbox::new();
    sandbox.write_config(config(&server.url(), &old));
    let url = server.url();
    let run = |arguments: &[&str]| -> Value {
        server.approve_next();
        let run = sandbox.run([arguments, &["--output", "json"]].concat());
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {run:?}"))
    };
    let id = id_of(&server.mint("dev"));
    let may_be_absent = ["principal_scope", "acr", "amr", "last_used_at", "rotated_at"];
    for (heading, arguments) in [
        ("login", &[&LOGIN[..], &["--server", &url]].concat()[..]),
        ("whoami", &["whoami"]),
        ("profiles", &["profiles"]),
        ("identity-tokens list", &["identity-tokens", "list"]),
        ("identity-tokens delete", &["identity-tokens", "delete", "--id", &id]),
        ("Failures", &["identity-tokens", "delete", "--id", &id]),
        ("profiles use", &["profiles", "use", "default"]),
        ("logout", &["logout"]),
        ("profiles forget", &["profiles", "forget", "bystander", "--yes"]),
    ] {
        let is_certain = |key: &String| !may_be_absent.iter().any(|absent| key.ends_with(absent));
        let [shown, printed] = [example(heading), run(arguments)].map(|value| keys(&value));
        assert_eq!(
            shown.iter().filter(|key| is_certain(key)).collect::<Vec<_>>(),
            printed.iter().filter(|key| is_certain(key)).collect::<Vec<_>>(),
            "{heading}"
        );
    }
}
