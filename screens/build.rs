//! The screens must have been built: an empty folder would be embedded without a word.

fn main() {
    println!("cargo::rerun-if-changed=dist");
    assert!(
        std::path::Path::new("dist/index.html").exists(),
        "the screens are not built: run `cargo xtask screens` (npm ci and vite build) first"
    );
}
