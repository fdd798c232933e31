//! A scan of a large tree beside its peers, on one machine in one run: `rg` with the same patterns, and Kingfisher, where
//! they are installed. `cargo bench --bench scan [-- DIRECTORY]`; the directory keeps the tree, else a temporary one holds it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use leaver::token::kinds;

mod tree;

/// The fewest rounds that still let a minimum stand out; a slow peer does not delay the others' more than this.
const ROUNDS: usize = 5;
const LONGEST: Duration = Duration::from_secs(140);

/// The least that a program needed in any round.
struct Least {
    wall: f64,
    processor: f64,
    /// The most memory in any round, in MB.
    memory: u64,
}

struct Program {
    name: &'static str,
    command: PathBuf,
    arguments: Vec<String>,
}

impl Program {
    fn run(&self, root: &Path) -> Option<Least> {
        let (before, start) = (processor_of_children()?, Instant::now());
        let mut child = Command::new(&self.command)
            .args(&self.arguments)
            .arg(root)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let memory = peak(&mut child)?;
        let wall = start.elapsed().as_secs_f64();
        Some(Least { wall, processor: processor_of_children()? - before, memory })
    }
}

/// Waits for the end; what the kernel notes as the peak is gone with the process, so it is read again and again.
fn peak(child: &mut Child) -> Option<u64> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().ok()?.is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
        peak = peak.max(kib / 1000);
        std::thread::sleep(Duration::from_millis(5));
    }
    Some(peak)
}

/// Seconds of all processors that ended children used, in user mode and in the kernel; a tick is 10 ms on Linux.
fn processor_of_children() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(13)?.parse::<u64>().ok()? + fields.get(14)?.parse::<u64>().ok()?;
    Some(ticks as f64 / 100.0)
}

fn programs(scratch: &Path) -> Vec<Program> {
    let reported = kinds().iter().filter(|kind| !kind.is_only_surroundings());
    let patterns: Vec<String> =
        reported.map(|kind| kind.pattern().replace("(?P<secret>", "(?:").replace("(?s-u:.*?)", "[^-]*?")).collect();
    let text = |arguments: &[&str]| arguments.iter().map(|one| (*one).to_owned()).collect();
    let evidence = scratch.join("host.evidence.db").display().to_string();
    let key = scratch.join("key").display().to_string();
    vec![
        Program {
            name: "leaver",
            command: env!("CARGO_BIN_EXE_leaver").into(),
            arguments: text(&["scan", "-o", &evidence, "--fingerprint-key", &key]),
        },
        Program {
            name: "rg",
            command: "rg".into(),
            arguments: text(&["-uuu", "-a", "-n", "--no-unicode", "-e", &patterns.join("|")]),
        },
        Program {
            name: "kingfisher",
            command: "kingfisher".into(),
            arguments: text(&["scan", "--no-validate", "--no-update-check", "--quiet"]),
        },
    ]
}

fn main() -> std::io::Result<()> {
    let scratch = tempfile::tempdir()?;
    let kept = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let root = kept.map_or_else(|| scratch.path().join("tree"), PathBuf::from);
    tree::plant(&root)?;
    let programs = programs(scratch.path());
    let mut least: Vec<Option<Least>> = programs.iter().map(|_| None).collect();
    let start = Instant::now();
    // One after the other in every round, so that what else the machine does hits all alike; the first one warms the cache.
    for round in 0..=ROUNDS {
        for (program, least) in programs.iter().zip(&mut least) {
            let Some(now) = program.run(&root).filter(|_| round > 0) else { continue };
            *least = Some(match least.take() {
                None => now,
                Some(before) => Least {
                    wall: before.wall.min(now.wall),
                    processor: before.processor.min(now.processor),
                    memory: before.memory.max(now.memory),
                },
            });
        }
        if round > 0 && start.elapsed() > LONGEST {
            break;
        }
    }
    report(&programs, &least)
}

fn report(programs: &[Program], least: &[Option<Least>]) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    for (program, least) in programs.iter().zip(least) {
        match least {
            Some(Least { wall, processor, memory }) => {
                writeln!(out, "{:>12} {wall:7.2} s, {processor:7.2} s of processors, {memory:5} MB", program.name)?;
            }
            None => writeln!(out, "{:>12} not installed", program.name)?,
        }
    }
    Ok(())
}
