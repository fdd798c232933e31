//! Who can send a write: reads the imports of every source file.

use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

#[test]
fn no_other_module_can_send_a_write() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&source, &mut found);
    for path in found.iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
        let inside = path.strip_prefix(&source).unwrap();
        let name = inside.to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(path).unwrap();
        let transport = name == "api/once.rs";
        if !name.starts_with("action/") {
            assert!(!text.contains("WriteApi"), "{name} names the client that writes");
            let permit = ["action::Permit", "&Permit"].iter().any(|way| text.contains(way));
            assert!(transport || !permit, "{name} names the permit to write");
            assert!(!text.contains(".once("), "{name} sends a write");
        }
        // The permit has one maker.
        assert!(
            name == "action/write.rs" || !text.contains(" Permit(") && !text.contains("&Permit("),
            "{name} makes a permit"
        );
        let methods = ["Method::DELETE", "Method::PATCH", "Method::PUT"];
        let writes = methods.iter().any(|method| text.contains(method));
        assert!(!writes, "{name} names a method that writes");
    }
}
