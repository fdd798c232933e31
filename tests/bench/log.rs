//! The import of an exported log, timed. `tests/bench/offline.sh` runs it beside `rg` and DuckDB on the same file:
//!
//! - `generate FILE ROWS CALLERS` writes the same NDJSON file every time, 90 days in the order of time;
//! - `callers FILE COUNT` prints the ids of so many of its callers;
//! - `import FILE IDS` imports it for the callers in the file IDS and prints seconds, records and peak memory.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use leaver::config::LogColumns;
use leaver::evidence::{Callers, Writer};
use leaver::source::logs::import::{Imported, Input, Request, Window, import};

const DAYS: u64 = 90;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The object id of the caller of this number.
fn caller(number: u64) -> String {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{:08x}-{:04x}-4bbb-8ccc-{:012x}", mixed >> 32, mixed & 0xffff, mixed.rotate_left(24) >> 16)
}

/// One line of 380 bytes or so, as a data export writes it.
fn line(text: &mut String, row: u64, rows: u64, callers: u64, random: &mut fastrand::Rng) -> std::fmt::Result {
    let second = row * DAYS * 86_400 / rows;
    let at = jiff::Timestamp::from_second(1_772_323_200 + i64::try_from(second).unwrap_or(0)).unwrap_or_default();
    let number = random.u64(..callers);
    text.clear();
    write!(text, r#"{{"TimeGenerated":"{}.{:07}Z","#, at.strftime("%Y-%m-%dT%H:%M:%S"), random.u32(..10_000_000))?;
    write!(text, r#""caller_oid":"{}","caller_upn":"user{number}@contoso.example","#, caller(number))?;
    write!(text, r#""mcp_server":"files","tool_name":"read_file","scope_used":"mcp.tools.read","#)?;
    let (team, project, document) = (random.u8(..40), random.u8(..30), random.u32(..100_000));
    write!(text, r#""resource_accessed":"/team{team}/p{project}/{document}.md","latency_ms":{},"#, random.u16(1..900))?;
    let status = if random.u8(..100) == 0 { 403 } else { 200 };
    write!(text, r#""response_status":{status},"apim_request_id":"{:032x}","#, random.u128(..))?;
    let item = random.u128(..);
    writeln!(
        text,
        r#""_ItemId":"{:08x}-{:04x}-11ef-9d3a-{:012x}"}}"#,
        item >> 96,
        item >> 80 & 0xffff,
        item & 0xffff_ffff_ffff
    )
}

fn generate(path: &Path, rows: u64, callers: u64) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let (mut text, mut random) = (String::new(), fastrand::Rng::with_seed(6));
    for row in 0..rows {
        line(&mut text, row, rows, callers, &mut random)?;
        out.write_all(text.as_bytes())?;
    }
    Ok(out.flush()?)
}

fn run(path: PathBuf, ids: &Path, threads: usize) -> Result<Imported> {
    let ids = std::fs::read_to_string(ids)?;
    let folder = tempfile::tempdir()?;
    let writer = Writer::create(folder.path(), &[])?;
    let request = Request {
        inputs: &[Input::Path(path)],
        callers: &Callers { principals: ids.split_whitespace().map(Into::into).collect(), names: Vec::new() },
        columns: &LogColumns::default(),
        table: None,
        window: Window { from: "2026-03-01T00:00:00Z".parse()?, until: "2026-05-30T00:00:00Z".parse()? },
        zone: None,
        threads,
        seed: 1,
        progress: &|_, _| {},
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let imported = runtime.block_on(import(&writer, request))?;
    writer.seal(None)?;
    Ok(imported)
}

/// Peak memory in MB, where the system tells it.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()).map_or(f64::NAN, |kb| kb / 1e3)
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let mut out = std::io::stdout();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["generate", path, rows, callers] => generate(Path::new(path), rows.parse()?, callers.parse()?)?,
        ["callers", count] => (0..count.parse()?).try_for_each(|number| writeln!(out, "{}", caller(number)))?,
        ["import", path, ids, rest @ ..] => {
            let threads = rest.iter().find_map(|word| word.parse().ok()).unwrap_or(0);
            let start = Instant::now();
            let imported = run(path.into(), Path::new(ids), threads)?;
            let (seconds, records) = (start.elapsed().as_secs_f64(), imported.records);
            writeln!(out, "{seconds:.3} s, {records} records, peak {:.0} MB", peak())?;
        }
        // `cargo bench` without words: small enough for everybody.
        _ => {
            let folder = tempfile::tempdir()?;
            let (log, ids) = (folder.path().join("log.ndjson"), folder.path().join("ids"));
            generate(&log, 500_000, 5_000)?;
            std::fs::write(&ids, caller(1))?;
            let start = Instant::now();
            let imported = run(log, &ids, 0)?;
            writeln!(
                out,
                "{:.3} s for {} MB, {} records",
                start.elapsed().as_secs_f64(),
                imported.bytes / 1_000_000,
                imported.records
            )?;
        }
    }
    Ok(())
}
