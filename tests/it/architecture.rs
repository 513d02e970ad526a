//! The arrows between the layers, held against the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// What each folder may import from the crate besides itself. The first row that a file is below counts.
const IMPORTS: [(&str, &[&str]); 21] = [
    ("src/domain/", &[]),
    ("src/ports/", &["domain"]),
    (
        "src/use_cases/login/",
        &[
            "domain",
            "ports",
            "use_cases::exit_status",
            "use_cases::failure_kind",
            "use_cases::logout",
            "use_cases::server",
        ],
    ),
    ("src/use_cases/", &["domain", "ports"]),
    ("src/adapters/browser/", &["domain", "ports"]),
    ("src/adapters/control_plane/connect/", &["domain", "ports", "adapters::control_plane::failure"]),
    (
        "src/adapters/control_plane/http/",
        &[
            "domain",
            "adapters::control_plane::connect",
            "adapters::control_plane::failure",
            "adapters::control_plane::problem",
            "adapters::control_plane::sent_secrets",
            "adapters::control_plane::unexpected_response",
        ],
    ),
    ("src/adapters/control_plane/", &["domain", "ports"]),
    ("src/adapters/process/", &["ports"]),
    ("src/adapters/reporters/", &["domain", "ports"]),
    ("src/adapters/timer/", &["domain", "ports"]),
    ("src/adapters/toml_store/document/", &["domain", "ports"]),
    ("src/adapters/toml_store/edit/", &["domain", "adapters::toml_store::document"]),
    ("src/adapters/toml_store/file/", &[]),
    ("src/adapters/toml_store/", &["domain", "ports"]),
    // The list of the adapters.
    ("src/adapters/", &[]),
    ("src/testing/contract/", &["domain", "ports", "testing"]),
    ("src/testing/control_plane/", &["domain", "testing::lock"]),
    ("src/testing/", &["domain", "ports"]),
    ("src/fuzzing.rs", &["use_cases", "adapters"]),
    // The crate's root.
    ("src/", &[]),
];

/// Crates whose types are details of an adapter or of the binary, never of the domain or a port.
const TECHNICAL_CRATES: [&str; 23] = [
    "clap",
    "http",
    "http_body_util",
    "httparse",
    "hyper",
    "hyper_rustls",
    "hyper_util",
    "nix",
    "open",
    "qrcode",
    "rustix",
    "rustls",
    "rustls_native_certs",
    "serde",
    "serde_json",
    "serde_saphyr",
    "signal_hook",
    "tokio",
    "tokio_rustls",
    "toml",
    "toml_datetime",
    "toml_parser",
    "toml_writer",
];

/// Names that only the binary may use outside tests.
const BINARY_ONLY: [&str; 9] =
    ["std::env", "{env,", "env::var", "env::args", "process::exit", "io::stdout", "io::stderr", "print!(", "println!("];

#[test]
fn imports_follow_the_arrows() {
    let mut imports = 0;
    for (path, text) in library_sources() {
        let (folder, below) = IMPORTS.iter().find(|(folder, _)| path.starts_with(folder)).unwrap();
        let itself = folder.trim_start_matches("src/").trim_end_matches('/').replace('/', "::");
        for import in crate_paths(&path, &text) {
            imports += 1;
            let is_itself = !itself.is_empty() && is_below(&import, &itself);
            assert!(is_itself || below.iter().any(|layer| is_below(&import, layer)), "{path} imports {import}");
        }
    }
    assert!(imports > 50, "the check has lost sight of the imports: {imports}");
}

/// A file that several others need stands below them all, so that a folder can be read from the bottom up.
#[test]
fn no_two_files_of_one_folder_import_each_other() {
    assert_eq!(circles(library_sources()), [""; 0], "these are parts of circles");
    assert_eq!(circles(binary_sources()), [""; 0], "these are parts of circles");
}

/// The files and folders that import each other, directly or through others.
fn circles(sources: Vec<(String, String)>) -> Vec<String> {
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources {
        // A `mod.rs` is the folder's face: it stands above its files, and speaks for the folder beside others.
        let module = module_of(&path);
        for import in crate_paths(&path, &text) {
            // The entry of the first folder at which the two paths part.
            let (mut own, mut other) = (module.split("::"), import.split("::"));
            let mut folder = Vec::new();
            while let (Some(here), Some(there)) = (own.next(), other.next()) {
                if here != there {
                    let entry = |name| format!("{}::{name}", folder.join("::"));
                    imports.entry(entry(here)).or_default().insert(entry(there));
                    break;
                }
                folder.push(here);
            }
        }
    }
    let mut circles = Vec::new();
    for start in imports.keys() {
        let (mut reached, mut pending) = (BTreeSet::new(), vec![start]);
        while let Some(entry) = pending.pop() {
            for next in imports.get(entry).into_iter().flatten().filter(|next| reached.insert(*next)) {
                pending.push(next);
            }
        }
        if reached.contains(start) {
            circles.push(start.clone());
        }
    }
    circles
}

#[test]
fn inner_layers_name_no_technical_crate() {
    for (path, text) in library_sources() {
        if ["src/domain/", "src/ports/", "src/use_cases/"].iter().any(|folder| path.starts_with(folder)) {
            for name in TECHNICAL_CRATES {
                assert!(!names_crate(&text, name), "{path} names {name}");
            }
        }
    }
}

#[test]
fn only_the_binary_touches_the_process() {
    for (path, text) in library_sources() {
        for name in BINARY_ONLY {
            assert!(!text.contains(name), "{path} uses {name}");
        }
    }
}

#[test]
fn adapter_signatures_show_no_technical_type() {
    let mut signatures = 0;
    for (path, text) in library_sources().into_iter().filter(|(path, _)| path.starts_with("src/adapters/")) {
        let imported: Vec<String> = TECHNICAL_CRATES.iter().flat_map(|name| imported_names(&text, name)).collect();
        for line in text.lines().map(str::trim).filter(|line| line.starts_with("pub ") && !line.starts_with("pub use"))
        {
            signatures += 1;
            let words = line.split(|character: char| !character.is_alphanumeric() && character != '_');
            for word in words {
                let is_technical = TECHNICAL_CRATES.contains(&word) || imported.iter().any(|name| name == word);
                assert!(!is_technical, "{path}: {line}");
            }
        }
    }
    assert!(signatures > 10, "the check has lost sight of the signatures: {signatures}");
}

#[test]
fn use_cases_are_short_and_flat() {
    for (file, function) in [
        ("logout.rs", "pub async fn execute"),
        ("logout.rs", "async fn end("),
        ("login/mod.rs", "pub async fn execute"),
    ] {
        let code = code_of(&root().join("src/use_cases").join(file));
        let body = code.split_once(function).unwrap().1.split_once("\n    }\n").unwrap().0;
        let lines = body.lines().filter(|line| !line.trim().is_empty()).count();
        assert!((4..=40).contains(&lines), "{function} of {file} has {lines} lines");
        assert!(!body.contains("match "), "{function} of {file} decides by early returns");
    }
}

#[test]
fn fuzz_doors_are_exports_alone() {
    let doors = code_of(&root().join("src/fuzzing.rs"));
    let statements: Vec<_> = doors.split(';').map(str::trim).filter(|statement| !statement.is_empty()).collect();
    assert!(statements.len() > 2 && statements.iter().all(|statement| statement.starts_with("pub use crate::")));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The library's files by their path from the root, without their tests and comments.
fn library_sources() -> Vec<(String, String)> {
    sources_below("src")
}

/// The sources of the binary, with their paths as if its folder was `src`.
fn binary_sources() -> Vec<(String, String)> {
    let sources = sources_below("src/bin/plexctl").into_iter();
    sources.map(|(path, text)| (path.replace("src/bin/plexctl/", "src/"), text)).collect()
}

fn sources_below(folder: &str) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    let mut pending = vec![root().join(folder)];
    while let Some(path) = pending.pop() {
        if path == root().join("src/bin") || path.ends_with("tests") {
            continue;
        }
        if path.is_dir() {
            pending.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            sources.push((relative(&path), code_of(&path)));
        }
    }
    sources
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()
}

fn code_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every path into the crate that a file names, `super` resolved.
fn crate_paths(file: &str, text: &str) -> Vec<String> {
    let module = module_of(file);
    let mut paths = Vec::new();
    for (keyword, base) in [("crate::", String::new()), ("super::", parent(&module)), ("self::", module)] {
        for (index, _) in text.match_indices(keyword) {
            let is_path_start =
                !text[..index].ends_with(|character: char| character.is_alphanumeric() || character == ':');
            if is_path_start {
                let mut base = base.clone();
                let mut rest = &text[index + keyword.len()..];
                while let Some(above) = rest.strip_prefix("super::") {
                    base = parent(&base);
                    rest = above;
                }
                let end = rest.find(|character: char| !character.is_alphanumeric() && !"_:".contains(character));
                let (path, behind) = rest.split_at(end.unwrap_or(rest.len()));
                let path = path.trim_end_matches(':');
                let path = if base.is_empty() { path.to_owned() } else { format!("{base}::{path}") };
                let path = path.trim_end_matches("::");
                match behind.strip_prefix('{').and_then(|group| group.split_once('}')) {
                    // Of nested groups the first names are enough: they tell the file.
                    Some((group, _)) if text[..index].ends_with("use ") => {
                        let names = group.split(',').map(|name| format!("{path}::{}", name.trim()));
                        paths.extend(names.map(|name| name.trim_start_matches("::").to_owned()));
                    }
                    _ => paths.push(path.to_owned()),
                }
            }
        }
    }
    paths
}

/// The module that a file is.
fn module_of(file: &str) -> String {
    let module = file.trim_start_matches("src/").trim_end_matches(".rs").replace('/', "::");
    module.strip_suffix("::mod").map_or(module.clone(), str::to_owned)
}

fn parent(module: &str) -> String {
    module.rsplit_once("::").map_or_else(String::new, |(parent, _)| parent.to_owned())
}

fn is_below(path: &str, layer: &str) -> bool {
    path.strip_prefix(layer).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn names_crate(text: &str, name: &str) -> bool {
    text.match_indices(&format!("{name}::"))
        .any(|(index, _)| !text[..index].ends_with(|character: char| character.is_alphanumeric() || character == '_'))
}

/// The names that a file imports from a crate.
fn imported_names(text: &str, name: &str) -> Vec<String> {
    let prefix = format!("use {name}");
    let imports = text.split(';').filter_map(|statement| statement.trim().strip_prefix(&prefix));
    let names = imports.flat_map(|rest| rest.split(|character: char| !character.is_alphanumeric() && character != '_'));
    names.filter(|name| name.starts_with(char::is_uppercase)).map(str::to_owned).collect()
}
