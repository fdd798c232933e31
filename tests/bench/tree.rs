//! A tree as hosts of runners have it: 1 GiB in 50,000 files of packages, sources, logs, documents, bundles and binaries.
//! The same bytes in every run; it holds no credential.

use std::io;
use std::path::Path;

use fastrand::Rng;

/// One sort of file: how many of 1,000, the size of the largest, how its text is made.
struct Sort {
    share: usize,
    largest: usize,
    folder: &'static str,
    name: &'static str,
    line: fn(&mut Rng, &mut Vec<u8>),
}

const FILES: usize = 50_000;

const SORTS: &[Sort] = &[
    Sort { share: 480, largest: 10_000, folder: "app/node_modules", name: "index.js", line: script },
    Sort { share: 120, largest: 3_000, folder: "app/node_modules", name: "package.json", line: document },
    Sort { share: 250, largest: 40_000, folder: "_work/src", name: "lib.rs", line: source },
    Sort { share: 70, largest: 120_000, folder: "_diag", name: "Worker.log", line: log },
    Sort { share: 40, largest: 110_000, folder: "app/locks", name: "package-lock.json", line: lock },
    Sort { share: 20, largest: 220_000, folder: "app/dist", name: "bundle.min.js", line: bundle },
    Sort { share: 20, largest: 420_000, folder: "cache", name: "object.bin", line: binary },
];

const WORDS: &[&str] = &[
    "request",
    "token",
    "password",
    "value",
    "index",
    "error",
    "return",
    "secret",
    "client",
    "self",
    "result",
    "https",
    "config",
    "path",
    "buffer",
    "length",
    "username",
    "authorization",
    "session",
    "handler",
    "module",
    "export",
    "map",
    "object",
    "string",
    "context",
    "default",
    "options",
    "message",
    "callback",
    "response",
    "parse",
    "next",
    "state",
];

/// Writes the tree below `root`, as far as it is not there yet.
pub(crate) fn plant(root: &Path) -> io::Result<()> {
    if root.join("app").is_dir() {
        return Ok(());
    }
    for sort in SORTS {
        for number in 0..FILES * sort.share / 1000 {
            let mut random = Rng::with_seed((sort.largest * FILES + number) as u64);
            let folder = root.join(format!("{}/{}/{number}", sort.folder, number / 200));
            std::fs::create_dir_all(&folder)?;
            let (size, mut text) = (random.usize(sort.largest / 5..sort.largest), Vec::new());
            while text.len() < size {
                (sort.line)(&mut random, &mut text);
            }
            std::fs::write(folder.join(sort.name), text)?;
        }
    }
    Ok(())
}

fn word(random: &mut Rng) -> &'static str {
    WORDS[random.usize(..WORDS.len())]
}

fn add(text: &mut Vec<u8>, line: &str) {
    text.extend_from_slice(line.as_bytes());
}

fn script(random: &mut Rng, text: &mut Vec<u8>) {
    let (a, b, c) = (word(random), word(random), word(random));
    add(
        text,
        &match random.u8(..6) {
            0 => format!("const {a} = require('../{b}/{c}');\n"),
            1 => format!("  if (!{a}.{b}) {{ throw new Error(`missing ${{{c}}}`); }}\n"),
            2 => format!("/** @see https://example.org/{a}/{b}#{c} */\n"),
            3 => format!("  {a}.{b} = function {c}({a}, {b}) {{\n"),
            4 => format!("    return {a}({{ {b}: '{c}', {c}: {} }}, null);\n", random.u16(..)),
            _ => "  }\n\n".to_owned(),
        },
    );
}

fn document(random: &mut Rng, text: &mut Vec<u8>) {
    let (a, b) = (word(random), word(random));
    add(
        text,
        &format!(
            "  \"{a}\": {{ \"{b}\": \"^{}.{}.0\", \"url\": \"git+https://example.org/{a}/{b}.git\" }},\n",
            random.u8(..),
            random.u8(..)
        ),
    );
}

fn source(random: &mut Rng, text: &mut Vec<u8>) {
    let (a, b, c) = (word(random), word(random), word(random));
    add(
        text,
        &match random.u8(..6) {
            0 => format!("/// The {a} of the {b}; see <https://example.org/{c}>.\n"),
            1 => format!("    let {a} = self.{b}.iter().map(|{c}| {c}.len()).sum::<usize>();\n"),
            2 => format!("    #[serde(rename = \"{a}_{b}\")]\n"),
            3 => format!("pub fn {a}_{b}({c}: &str) -> Result<{a}::Error> {{\n"),
            4 => format!("        Some({a}) if {a}.{b}() > 0x{:04x} => {c}::{a}(),\n", random.u16(..)),
            _ => "    }\n}\n\n".to_owned(),
        },
    );
}

fn log(random: &mut Rng, text: &mut Vec<u8>) {
    let (a, b) = (word(random), word(random));
    add(
        text,
        &format!(
            "[2026-05-{:02} 0{}:{:02}:{:02}Z INFO {a}] \u{1b}[36m{b}\u{1b}[0m GET https://example.org/{a}?{b}=*** {} ({:08x}-{:04x}-4{:03x}-a000-{:012x})\n",
            random.u8(1..29),
            random.u8(..10),
            random.u8(..60),
            random.u8(..60),
            random.u16(..),
            random.u32(..),
            random.u16(..),
            random.u16(..4096),
            random.u64(..1 << 48),
        ),
    );
}

fn lock(random: &mut Rng, text: &mut Vec<u8>) {
    let a = word(random);
    let digest: String = (0..86).map(|_| random.alphanumeric()).collect();
    add(
        text,
        &format!(
            "    \"node_modules/{a}\": {{\n      \"version\": \"{}.0.1\",\n      \"resolved\": \"https://registry.example.org/{a}/-/{a}.tgz\",\n      \"integrity\": \"sha512-{digest}==\"\n    }},\n",
            random.u8(..)
        ),
    );
}

fn bundle(random: &mut Rng, text: &mut Vec<u8>) {
    let (a, b) = (word(random), word(random));
    add(
        text,
        &format!(
            "function {}(e,t){{return e.{a}?t.{b}(\"{a}\"):void 0}}var {}={}.{a}||{{}};",
            random.lowercase(),
            random.alphabetic(),
            random.lowercase()
        ),
    );
}

fn binary(random: &mut Rng, text: &mut Vec<u8>) {
    let mut block = [0; 4096];
    random.fill(&mut block);
    // Code repeats itself and has many zeros.
    block[1024..2048].fill(0);
    text.extend_from_slice(&block);
    add(text, word(random));
}
