//! Keys that everybody has: published with the tests of programs. They are known by a digest of their material; no key is kept.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::structure;

/// By the first half of the digest: where a key was published.
static KEYS: LazyLock<BTreeMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("../../checks/published-keys.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once("  ")).collect()
});

/// Hexadecimal digits of a digest that are kept.
const HALF: usize = 32;

/// Where a value was published, if it is one that everybody has.
pub(crate) fn origin(value: &[u8]) -> Option<&'static str> {
    KEYS.get(digest(value)?.as_str()).copied()
}

/// The beginning of the SHA-256 of a value; of a private key that of its base64, without what stands around it.
fn digest(value: &[u8]) -> Option<String> {
    let material = if value.starts_with(b"-----") { structure::material(value)? } else { value.to_vec() };
    let digits = crate::seal::sha256(&material);
    digits.get(..HALF).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_however_it_is_written() {
        let mut random = fastrand::Rng::with_seed(5);
        let body: String = (0..300).map(|_| random.alphanumeric()).collect();
        let lines: Vec<&str> = (0..300).step_by(60).map(|at| &body[at..at + 60]).collect();
        let pem = |body: &str| format!("-----BEGIN RSA {0} KEY-----{body}-----END RSA {0} KEY-----", "PRIVATE");
        let plain = digest(pem(&format!("\n{}\n", lines.join("\n"))).as_bytes());
        assert_eq!(plain, digest(pem(&format!("\\n{}\\n", lines.join("\\n"))).as_bytes()));
        assert_eq!(plain, digest(pem(&format!("\n  \"{}\"\n", lines.join("\\n\"\n  \""))).as_bytes()));
        assert_ne!(plain, digest(pem(&format!("\nA{}\n", lines.join("\n"))).as_bytes()));
        assert_eq!(origin(pem(&body).as_bytes()), None);
    }

    #[test]
    fn the_table_holds_digests_only() {
        assert!(KEYS.len() > 200);
        let is_digest = |key: &&str| key.len() == HALF && key.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(KEYS.keys().all(is_digest));
        assert!(KEYS.values().all(|origin| !origin.is_empty()));
    }
}
