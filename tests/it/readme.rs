//! The pages show what is tested, and say it in plain words.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::plain_words::first_riddle;

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

/// The comments of a source file and the texts in its string literals, without the names in its code.
fn prose_of(source: &str) -> String {
    let lines = source.lines().map(|line| match line.trim_start() {
        comment if comment.starts_with("//") => comment.trim_start_matches(['/', '!']).to_owned(),
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
