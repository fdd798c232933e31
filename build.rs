//! Rebuilds when a check is added: embedding a folder does not notice new files by itself.
fn main() {
    println!("cargo::rerun-if-changed=checks");
}
