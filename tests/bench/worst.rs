//! What a megabyte takes that was written so that it takes long: `cargo bench --bench worst [-- WORD]`. It fails where one takes
//! more than a second.

#![expect(clippy::print_stdout, reason = "a bench says what it measured")]

use std::path::Path;
use std::time::Instant;

use leaver::source::runner::{self, Key};
use leaver::text::Secret;
use leaver::token::kinds;

mod worst_files;

const MEGABYTE: usize = 1_000_000;
const MOST: f64 = 1.0;

fn main() {
    let word = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let key = Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap_or_else(|_| std::process::exit(2));
    let mut all: Vec<(f64, String)> = Vec::new();
    for (path, make) in worst_files::all().filter(|(path, _)| path.contains(&word)) {
        let text = make(MEGABYTE);
        let start = Instant::now();
        runner::look("h", &Path::new("/h/home/al").join(path), text.as_bytes(), kinds(), &key);
        let took = start.elapsed().as_secs_f64() * MEGABYTE as f64 / text.len() as f64;
        let begins: String = text.chars().take(100).collect();
        all.push((took, format!("{path}  {begins:?}")));
    }
    all.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (took, what) in all.iter().take(20) {
        println!("{took:8.3} s/MB  {what}");
    }
    let slow = all.iter().filter(|(took, _)| *took > MOST).count();
    println!("{} files, {slow} of them slower than {MOST} s/MB", all.len());
    std::process::exit(i32::from(slow > 0));
}
