//! A scan of a large tree beside its peers, on one machine in one run: `rg` with the same patterns, and Kingfisher, where
//! they are installed. `cargo bench --bench scan`; it writes 1 GiB into the temporary directory and removes it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use leaver::env::{Console, Env};
use leaver::source::runner::{Key, Options, scan};
use leaver::text::Secret;
use leaver::token::kinds;

const FILES: usize = 50_000;
const FILE_BYTES: usize = 22_000;
const ROUNDS: usize = 3;

/// Lines as source code, logs and configuration have them; a digest and an address here and there.
fn plant(root: &Path) -> std::io::Result<()> {
    let words = [
        "let",
        "value",
        "https://example.org/a/b",
        "fn",
        "return",
        "TOKEN=${TOKEN}",
        "error:",
        "{",
        "}",
        "password",
        "sha256",
    ];
    let mut random = fastrand::Rng::with_seed(1);
    for file in 0..FILES {
        let folder = root.join(format!("{}", file / 500));
        std::fs::create_dir_all(&folder)?;
        let mut text = String::with_capacity(FILE_BYTES + 100);
        while text.len() < FILE_BYTES {
            match random.u32(..200) {
                0 => text += &format!("{:032x}{:032x}", random.u128(..), random.u128(..)),
                1..=12 => text.push('\n'),
                _ => text += words[random.usize(..words.len())],
            }
            text.push(' ');
        }
        std::fs::write(folder.join(format!("{file}.txt")), text)?;
    }
    Ok(())
}

fn timed(mut run: impl FnMut() -> bool) -> Option<Duration> {
    let mut best: Option<Duration> = None;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        run().then_some(())?;
        best = Some(best.map_or(start.elapsed(), |best| best.min(start.elapsed())));
    }
    best
}

fn program(name: &str, arguments: &[&str], root: &Path) -> Option<Duration> {
    timed(|| {
        let mut command = Command::new(name);
        command.args(arguments).arg(root).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.code().is_some())
    })
}

fn ours(root: &Path) -> Option<Duration> {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let console = Console::new(std::io::sink(), std::io::sink());
    let env = Env { now, clock: Arc::new(move || now), seed: 1, variables: Arc::default(), console };
    let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
    timed(|| {
        let Ok(key) = Key::from_setting(&Secret::new(&"k".repeat(40))) else { return false };
        let options = Options {
            paths: vec![root.to_owned()],
            processes: None,
            output: None,
            host: Some("bench".into()),
            key,
            kinds: kinds().clone(),
            issuers: None,
            threads: 0,
        };
        runtime.block_on(scan(&options, &env)).is_ok()
    })
}

fn main() -> std::io::Result<()> {
    let root = tempfile::tempdir()?;
    plant(root.path())?;
    let reported = kinds().iter().filter(|kind| !kind.is_only_surroundings());
    let patterns: Vec<String> =
        reported.map(|kind| kind.pattern().replace("(?P<secret>", "(?:").replace("(?s-u:.*?)", "[^-]*?")).collect();
    let all = patterns.join("|");
    let results = [
        ("leaver", ours(root.path())),
        ("rg", program("rg", &["-uuu", "-a", "-n", "--no-unicode", "-e", &all], root.path())),
        ("kingfisher", program("kingfisher", &["scan", "--no-validate", "--quiet"], root.path())),
    ];
    let mut out = std::io::stdout();
    for (name, time) in results {
        match time {
            Some(time) => writeln!(out, "{name:>12} {:6.2} s", time.as_secs_f64())?,
            None => writeln!(out, "{name:>12} not installed")?,
        }
    }
    Ok(())
}
