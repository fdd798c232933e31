//! A scan of a large tree beside its peers, on one machine in one run: `rg` with the same patterns, and Kingfisher, where
//! they are installed. `cargo bench --bench scan [-- DIRECTORY]`; the directory keeps the tree, else a temporary one holds it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use leaver::token::kinds;

mod tree;

const ROUNDS: usize = 7;
/// A program that has used so much is left out of further rounds.
const SHARE: Duration = Duration::from_secs(40);
/// After so much nothing new begins.
const WHOLE: Duration = Duration::from_secs(110);
/// What runs longer is ended.
const LONGEST: Duration = Duration::from_secs(50);

/// What a program needed in one round.
struct Run {
    wall: f64,
    processor: f64,
    /// The most memory, in MB.
    memory: u64,
    /// Else it needs more than that.
    ended: bool,
}

struct Program {
    name: &'static str,
    command: PathBuf,
    arguments: Vec<String>,
}

impl Program {
    fn run(&self, root: &Path) -> Option<Run> {
        let (before, start) = (processor_of_children()?, Instant::now());
        let mut child = Command::new(&self.command)
            .args(&self.arguments)
            .arg(root)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (memory, ended) = peak(&mut child)?;
        let wall = start.elapsed().as_secs_f64();
        Some(Run { wall, processor: processor_of_children()? - before, memory, ended })
    }
}

/// Waits for the end, and says whether it came by itself; what the kernel notes as the peak is gone with the process, so it is read again and again.
fn peak(child: &mut Child) -> Option<(u64, bool)> {
    let start = Instant::now();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().ok()?.is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib: u64 = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
        peak = peak.max(kib / 1000);
        if start.elapsed() > LONGEST {
            child.kill().and_then(|()| child.wait()).ok()?;
            return Some((peak, false));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Some((peak, true))
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
            name: "kingfisher",
            command: "kingfisher".into(),
            arguments: text(&["scan", "--no-validate", "--no-update-check", "--quiet"]),
        },
        Program {
            name: "rg",
            command: "rg".into(),
            arguments: text(&["-uuu", "-a", "-n", "--no-unicode", "-e", &patterns.join("|")]),
        },
    ]
}

fn main() -> std::io::Result<()> {
    let scratch = tempfile::tempdir()?;
    let kept = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let root = kept.map_or_else(|| scratch.path().join("tree"), PathBuf::from);
    tree::plant(&root)?;
    let programs = programs(scratch.path());
    let mut runs: Vec<Vec<Option<Run>>> = programs.iter().map(|_| Vec::new()).collect();
    let mut used = vec![Duration::ZERO; programs.len()];
    let end = Instant::now() + WHOLE;
    // The first run warms the cache. Then one after the other in every round, so that what else the machine does hits all alike.
    programs[0].run(&root);
    for _ in 0..ROUNDS {
        for (at, program) in programs.iter().enumerate() {
            let start = Instant::now();
            let begins = used[at] < SHARE && start < end;
            runs[at].push(begins.then(|| program.run(&root)).flatten());
            used[at] += start.elapsed();
        }
    }
    report(&programs, &runs)
}

fn report(programs: &[Program], runs: &[Vec<Option<Run>>]) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    for (program, own) in programs.iter().zip(runs) {
        let all: Vec<&Run> = own.iter().flatten().collect();
        let [wall, processor] =
            [|run: &&Run| run.wall, |run: &&Run| run.processor].map(|of| sorted(all.iter().map(of)));
        let (Some(wall), Some(processor)) = (wall.first(), processor.first()) else {
            writeln!(out, "{:>12} is not installed", program.name)?;
            continue;
        };
        let memory = all.iter().map(|run| run.memory).max().unwrap_or_default();
        let more = if all.iter().all(|run| run.ended) { "" } else { " more than" };
        write!(out, "{:>12}{more} {wall:7.2} s, {processor:7.2} s of processors, {memory:5} MB", program.name)?;
        let rounds = || own.iter().zip(&runs[0]).filter_map(|(one, ours)| Some((one.as_ref()?, ours.as_ref()?)));
        let wall = sorted(rounds().map(|(one, ours)| one.wall / ours.wall));
        let processor = sorted(rounds().map(|(one, ours)| one.processor / ours.processor));
        if let (Some(least), Some(middle)) = (wall.first(), wall.get(wall.len() / 2)) {
            write!(out, "; times leaver: {least:.2} at least, {middle:.2} in the middle")?;
        }
        let middle = processor.get(processor.len() / 2).copied().unwrap_or_default();
        writeln!(out, ", {middle:.2} of processors, {} rounds", wall.len())?;
    }
    Ok(())
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}
