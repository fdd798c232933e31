//! Parses, runs, prints the error and its hint, sets the exit code. No decision is made here.
fn main() {}
