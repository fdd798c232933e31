//! The checkup for a person: in columns, worst last to overlook, each with its next step, and one verdict at the end.

use super::{Checkup, Item, Part, State};
use crate::text::visible;

/// How wide the column of names is at most.
const WIDEST: usize = 48;

pub(super) fn text(checkup: &Checkup, color: bool) -> String {
    let mut text = String::new();
    for part in &checkup.parts {
        of_part(&mut text, part, color);
    }
    let waiting: Vec<_> = checkup.checks.iter().filter(|check| !check.ready).collect();
    if !waiting.is_empty() {
        text.push_str("Checks that would stay unknown\n");
        let width = waiting.iter().map(|check| check.id.len()).max().unwrap_or(0);
        for check in &waiting {
            text.push_str(&format!("  {:<width$}  {}\n", check.id, check.waits_for.join(", ")));
        }
        text.push('\n');
    }
    let word = match checkup.verdict {
        "ready" => painted("READY", "32", color),
        "partly" => painted("PARTLY READY", "1;33", color),
        _ => painted("NOT READY", "1;31", color),
    };
    text.push_str(&format!("{word}  {}\n", checkup.sentence));
    text
}

fn of_part(text: &mut String, part: &Part, color: bool) {
    let who = if part.signed_in.is_empty() { String::new() } else { format!("  {}", visible(&part.signed_in)) };
    text.push_str(&format!("{}{who}\n", painted(part.title, "1", color)));
    let width = part.items.iter().map(|item| item.name.chars().count()).max().unwrap_or(0).min(WIDEST);
    for item in &part.items {
        of_item(text, item, width, color);
    }
    if part.items.is_empty() {
        text.push_str("  not needed by the chosen checks\n");
    }
    text.push('\n');
}

fn of_item(text: &mut String, item: &Item, width: usize, color: bool) {
    let (word, tone) = match item.state {
        State::Ok => ("ok", "32"),
        State::Granted => ("granted", "32"),
        State::MoreThanNeeded => ("more", "1;33"),
        State::Unknown => ("unknown", "1;33"),
        State::Missing => ("missing", "1;31"),
        State::Wrong => ("wrong", "1;31"),
        State::Absent => ("not set", ""),
    };
    let checks = match item.checks {
        0 => String::new(),
        1 => "1 check".to_owned(),
        n => format!("{n} checks"),
    };
    let detail = item.detail.as_deref().map(visible).unwrap_or_default();
    let line = format!("{:<width$}  {checks:<9}  {detail}", visible(&item.name));
    text.push_str(&format!("  {}{} {}\n", painted(word, tone, color), " ".repeat(8 - word.len()), line.trim_end()));
    let settled = matches!(item.state, State::Ok | State::Granted);
    if let Some(next) = item.next.as_deref().filter(|_| !settled) {
        text.push_str(&format!("           next: {}\n", visible(next)));
    }
}

fn painted(word: &str, code: &str, color: bool) -> String {
    if color && !code.is_empty() { format!("\x1b[{code}m{word}\x1b[0m") } else { word.to_owned() }
}
