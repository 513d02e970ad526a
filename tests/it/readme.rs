//! What the README shows is what is tested.

#[test]
fn the_readme_shows_the_outside_program_as_it_is_built() {
    let readme = include_str!("../../README.md");
    let program = include_str!("../outside/src/main.rs");
    assert!(readme.contains(&format!("```rust\n{program}```\n")));
}
