//! What was written to show or to test something: keys that everybody has, and what lies in the folders of tests and
//! documentation. It is kept and counted, below what opens something: a real token lies in a test now and then.

use std::path::Path;

use super::examine::Found;
use crate::token::Confidence;

/// Names of folders for tests, samples and documentation.
const FOLDERS: &[&str] = &[
    "test",
    "tests",
    "testing",
    "testdata",
    "testutil",
    "testutils",
    "testlib",
    "unittest",
    "unittests",
    "fixture",
    "fixtures",
    "spec",
    "specs",
    "mock",
    "mocks",
    "mockdata",
    "e2e",
    "integration",
    "example",
    "examples",
    "sample",
    "samples",
    "demo",
    "demos",
    "doc",
    "docs",
    "documentation",
    "testcases",
    "cypress",
    "playwright",
    "benchmark",
    "benchmarks",
    "bench",
    "fuzz",
    "stories",
];

/// Kinds that only say where something stands or what it looks like; those that are left need a form that nobody writes by chance.
const WEAK: &[&str] = &[
    "private-key",
    "putty-key",
    "ssh2-key",
    "jwk-key",
    "url-password",
    "connection-password",
    "url-password-raw",
    "url-user",
    "jwt",
    "azure-sas",
    "azure-connection-key",
    "slack-webhook",
    "aws-access-key",
    "aws-session-key",
    "google-api-key",
    "bearer",
    "environment-secret",
    "argument-secret",
    "kubernetes-secret",
    "netrc-secret",
    "token-as-user-name",
    "cached-sign-in",
    "docker-secret",
    "clickup",
    "octopus",
    "fly",
    "age-secret-key",
    "slack-app",
    "slack-bot",
    "slack-user",
    "slack-session",
    "slack-refresh",
    "slack-legacy",
    "slack-workspace",
];

/// Lowers what stands in a file for tests, by its path below what is scanned. The stores of tools are what they are anywhere.
pub(super) fn lower(found: &mut [Found], path: &Path, place: &str, announced: impl Fn(&str) -> bool) {
    if !matches!(place, "file" | "script" | "manifest" | "compose" | "pipeline" | "environment") || !is_of_tests(path) {
        return;
    }
    let is_weak = |found: &&mut Found| WEAK.contains(&found.kind.as_str()) || announced(&found.kind);
    found.iter_mut().filter(is_weak).for_each(|found| found.confidence = Confidence::Low);
}

/// Whether a file is for tests, samples or documentation, by the folders it lies in and by its own name.
fn is_of_tests(path: &Path) -> bool {
    let lower = |part: &std::ffi::OsStr| part.to_string_lossy().to_lowercase();
    let is_folder = |name: &str| name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| FOLDERS.contains(&word));
    let folders = path.parent().into_iter().flat_map(Path::iter).any(|part| is_folder(&lower(part)));
    let camel = path.file_stem().is_some_and(|stem| {
        let stem = stem.to_string_lossy();
        ["Test", "Tests", "TestCase", "Spec"].iter().any(|end| stem.ends_with(end))
    });
    folders || camel || path.file_name().is_some_and(|name| is_test(&lower(name)))
}

/// `x_test.go`, `x.spec.ts`, `test_x.py`, `XTests.java`, `README.md`, `CHANGELOG.rst`
fn is_test(name: &str) -> bool {
    let words = |c: char| !c.is_ascii_alphanumeric();
    let says =
        |word: &str| matches!(word, "test" | "tests" | "spec" | "example" | "sample" | "fixture" | "conftest" | "mock");
    let documents = [".md", ".rst", ".adoc", ".mdx"].iter().any(|end| name.ends_with(end));
    documents || name.split(words).any(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_documents_are_known_by_their_paths() {
        for path in [
            "tests/data/key.pem",
            "src/__tests__/a.js",
            "pkg/a/a_test.go",
            "src/a.spec.ts",
            "test_a.py",
            "src/FooTest.java",
            "docs/guide.txt",
            "README.md",
            "spec/fixtures/x.yml",
            "a/test-data/x",
            "examples/x/config.py",
        ] {
            assert!(is_of_tests(Path::new(path)), "{path}");
        }
        for path in ["src/main.go", "config/app.yml", "latest/a.txt", "home/alice/.netrc", "contest/x", "protest.c"] {
            assert!(!is_of_tests(Path::new(path)), "{path}");
        }
    }
}
