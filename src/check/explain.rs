//! The texts of `leaver explain` and `leaver checks list`: a check in its own words. Everything in them may be printed.

use std::fmt::Write;

use super::place::shown;
use super::{Check, Checks, Entry, Error, cases};

impl Checks {
    /// Everything that one check says of itself, readable.
    ///
    /// # Errors
    /// With the ids that look like it, when there is no such check.
    pub fn explain(&self, id: &str) -> Result<String, Error> {
        let entry = self.find(id)?;
        let Entry { check, tables, file, .. } = entry;
        let mut text = format!("{}\n{}\n\n", check.id, shown(&check.title));
        let mut line = |name: &str, value: &str| {
            // Writing into a String cannot fail.
            let _ = writeln!(text, "{name:<10}{}", lines(value).join("\n          "));
        };
        line("severity", &check.severity.to_string());
        if let Some(proven) = &check.proven {
            line("proven", proven);
        }
        line("why", &check.why);
        line("fix", &check.fix);
        if let Some(action) = &check.action {
            line("action", action);
        }
        if check.unseen {
            line("unseen", "yes: a fail is no ground for a change by `leaver apply`");
        }
        line("monotone", if check.monotone { "yes: more evidence cannot undo a fail" } else { "no" });
        if let Some(table) = &check.applies {
            line("applies", &format!("where {table} has a row"));
        }
        for (framework, controls) in &check.controls {
            line(&format!("{framework} "), &controls.join(", "));
        }
        for (name, value) in &check.params {
            line("param", &format!(":{name} = {value}, from [checks.\"{}\"] {name}", check.id));
        }
        line("reads", &tables.join(", "));
        line("file", file);
        section(&mut text, "query", lines(&check.sql));
        section(&mut text, "cases", cases::outline(entry).iter().map(|case| shown(case)).collect());
        section(&mut text, "how a case is written", syntax(tables));
        Ok(text)
    }

    /// One line per check: id, severity, title.
    pub fn list(&self) -> String {
        let width = self.iter().map(|entry| entry.check.id.len()).max().unwrap_or(0);
        let line =
            |Check { id, severity, title, .. }: &Check| format!("{id:<width$}  {severity:<8}  {}\n", shown(title));
        self.iter().map(|entry| line(&entry.check)).collect()
    }
}

/// The grammar of a case, with a table that this check reads.
fn syntax(tables: &[String]) -> Vec<String> {
    let table = tables.first().map_or("identity", String::as_str);
    [
        "in the second comment of the file, as TOML:",
        "[[case]]",
        "name = \"what it shows\"",
        &format!("{table} = [{{ column = \"value\" }}]    # rows of any table; columns that are left out are NULL"),
        &format!("incomplete = [\"{table}\"]    # tables that count as not read completely; optional"),
        "now = 2026-06-01T00:00:00Z    # the time that the check is told; optional",
        "expect = \"unknown\"    # the verdict, or by subject: { \"id\" = \"fail\" }",
    ]
    .into_iter()
    .map(shown)
    .collect()
}

fn section(text: &mut String, name: &str, lines: Vec<String>) {
    let _ = write!(text, "\n{name}\n");
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

/// The lines of a text as they may be printed, tabs as blanks.
fn lines(text: &str) -> Vec<String> {
    text.trim_end().lines().map(|line| shown(&line.replace('\t', "    "))).collect()
}
