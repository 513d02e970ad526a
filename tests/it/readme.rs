//! The pages show what is tested.

#[test]
fn harness_page_shows_built_examples() {
    let page = include_str!("../../docs/harness.md");
    for program in [include_str!("../../examples/failed_logout.rs"), include_str!("../../examples/database_store.rs")] {
        assert!(page.contains(&format!("```rust\n{program}```\n")), "{program}");
    }
}
