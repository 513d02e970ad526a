//! What the pages show is what is tested.

#[test]
fn the_page_for_harnesses_shows_the_example_as_it_is_built() {
    let page = include_str!("../../docs/harness.md");
    let program = include_str!("../../examples/kept.rs");
    assert!(page.contains(&format!("```rust\n{program}```\n")));
}
