//! What the pages show is what is tested.

#[test]
fn harness_page_shows_built_example() {
    let page = include_str!("../../docs/harness.md");
    let program = include_str!("../../examples/kept.rs");
    assert!(page.contains(&format!("```rust\n{program}```\n")));
}
