//! No file takes long to be looked at, whatever it repeats: eight times the bytes may take a few times eight times as long, not
//! sixty-four times.

use std::path::Path;
use std::time::Instant;

use leaver::source::runner::{self, Key};
use leaver::text::Secret;
use leaver::token::kinds;

#[path = "../bench/worst_files.rs"]
mod worst_files;

const SMALL: usize = 6_000;
const FACTOR: usize = 8;

/// What eight times as many bytes may take, so many times as long.
const MOST: f64 = 28.0;

/// What takes no time cannot be compared.
const LEAST: f64 = 0.012;

fn seconds(key: &Key, path: &Path, text: &str) -> f64 {
    let start = Instant::now();
    runner::look("h", path, text.as_bytes(), kinds(), key);
    start.elapsed().as_secs_f64()
}

/// Why a file is too slow, if it is. What else the machine does must not count, so the best of several is taken.
fn slow(key: &Key, path: &str, make: &dyn Fn(usize) -> String) -> Option<String> {
    let path = Path::new("/h/home/al").join(path);
    let (few, many) = (make(SMALL), make(FACTOR * SMALL));
    let mut large = seconds(key, &path, &many);
    if large <= MOST * LEAST {
        return None;
    }
    let small = (0..3).map(|_| seconds(key, &path, &few)).fold(f64::MAX, f64::min).max(LEAST);
    for _ in 0..3 {
        if large <= MOST * small {
            return None;
        }
        large = large.min(seconds(key, &path, &many));
    }
    let begins: String = few.chars().take(80).collect();
    Some(format!("{}: {begins:?}: {small:.3} s, then {large:.3} s", path.display()))
}

fn all(every: usize) -> Vec<String> {
    let key = Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap();
    let files = worst_files::all().enumerate();
    // The first ones are of no other kind.
    let some = files.filter(|(at, _)| *at < 8 || at % every == 0);
    some.filter_map(|(_, (path, make))| slow(&key, path, &*make)).collect()
}

#[test]
fn no_reader_takes_long_for_some_of_the_worst_files() {
    let slow = all(23);
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
#[ignore = "takes minutes"]
fn no_reader_takes_long_for_any_of_the_worst_files() {
    let slow = all(1);
    assert!(slow.is_empty(), "{slow:#?}");
}
