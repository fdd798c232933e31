//! Reads a query back: the table, the window, the callers and the hours that are left out. A line that is not of ours
//! makes the whole query unreadable.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

use crate::source::logs::kql::Template;

/// A span of time without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) template: Template,
    pub(super) table: String,
    pub(super) window: Option<Window>,
    /// Columns, and the values of which one has to be in them.
    pub(super) callers: Vec<(String, Vec<String>)>,
    pub(super) without: Vec<Busy>,
    /// Whose records of a table of Entra or Azure.
    pub(super) whose: Option<String>,
}

/// Hours of a caller that are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Busy {
    pub(super) principal: String,
    pub(super) caller_name: String,
    pub(super) window: Window,
}

static LITERAL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#""((?:\\.|[^"\\])*)""#).ok());
static CALLERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"column_ifexists\("(\w+)", (?:""|\w+\(null\))\)\)? in~ \(((?:"(?:\\.|[^"\\])*"(?:, )?)+)\)(?: or |$)"#)
        .ok()
});
static WINDOW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^\| where TimeGenerated >= datetime\(([^)]+)\) and TimeGenerated < datetime\(([^)]+)\)$").ok()
});
static BUSY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let text = r#"("(?:\\.|[^"\\])*")"#;
    let at = r"datetime\(([^)]+)\)";
    Regex::new(&format!(
        r"^\| where status == 403 or not\(principal =~ {text} and caller_name =~ {text} and at >= {at} and at < {at}\)$"
    ))
    .ok()
});

static WHOSE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\| where whose in~ \(("(?:\\.|[^"\\])*")\)(?: and .*)?$"#).ok());

impl Asked {
    pub(super) fn read(text: &str) -> Option<Asked> {
        let (first, rest) = text.split_once('\n')?;
        let name = first.strip_prefix("// leaver: ")?;
        let template = Template::ALL.into_iter().find(|template| template.name() == name)?;
        let mut lines = rest.lines().filter(|line| !line.starts_with("//") && !line.trim().is_empty());
        let table = lines.next()?.to_owned();
        let mut asked = Asked { template, table, window: None, callers: Vec::new(), without: Vec::new(), whose: None };
        lines.try_for_each(|line| asked.line(line))?;
        Some(asked)
    }

    fn line(&mut self, line: &str) -> Option<()> {
        if let Some(found) = WINDOW.as_ref()?.captures(line) {
            self.window = Some(Window::of(&found[1], &found[2])?);
        } else if let Some(found) = BUSY.as_ref()?.captures(line) {
            let window = Window::of(&found[3], &found[4])?;
            self.without.push(Busy { principal: decoded(&found[1])?, caller_name: decoded(&found[2])?, window });
        } else if let Some(found) = WHOSE.as_ref()?.captures(line) {
            self.whose = Some(decoded(&found[1])?);
        } else if let Some(condition) = line.strip_prefix("| where ") {
            self.callers = callers(condition)?;
        } else {
            // The rest is ours up to its first placeholder, and what it computes is known by the name of the query.
            let is_ours =
                |own: &str| own.split("{{").next().is_some_and(|start| start.len() > 4 && line.starts_with(start));
            self.template.text().lines().any(is_ours).then_some(())?;
        }
        Some(())
    }
}

fn callers(condition: &str) -> Option<Vec<(String, Vec<String>)>> {
    let (mut all, mut read) = (Vec::new(), 0);
    for found in CALLERS.as_ref()?.captures_iter(condition) {
        let values: Option<Vec<String>> =
            LITERAL.as_ref()?.find_iter(&found[2]).map(|text| decoded(text.as_str())).collect();
        all.push((found[1].to_owned(), values?));
        let before = condition[read..found.get(0)?.start()].trim_start_matches("tostring(");
        read = found.get(0)?.end();
        before.is_empty().then_some(())?;
    }
    (read == condition.len() && !all.is_empty() || condition == "false").then_some(all)
}

/// The value of a literal.
fn decoded(literal: &str) -> Option<String> {
    let (mut units, mut rest) = (Vec::new(), literal.strip_prefix('"')?.strip_suffix('"')?.chars());
    while let Some(c) = rest.next() {
        match c {
            '\\' => match rest.next()? {
                'u' => units.push(u16::from_str_radix(&rest.by_ref().take(4).collect::<String>(), 16).ok()?),
                c => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
            },
            c => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
        }
    }
    String::from_utf16(&units).ok()
}

impl Window {
    fn of(from: &str, until: &str) -> Option<Window> {
        Some(Window { from: from.parse().ok()?, until: until.parse().ok()? })
    }

    /// `start/end`, as an address has it.
    pub(super) fn read(span: &str) -> Option<Window> {
        let (from, until) = span.split_once('/')?;
        Window::of(from, until)
    }

    pub(super) fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_is_not_understood() {
        let good = "// leaver: calls\n// x\nT\n\n| where column_ifexists(\"a\", \"\") in~ (\"x\\\"\", \"y\") or tostring(column_ifexists(\"b\", guid(null))) in~ (\"z\")\n";
        let asked = Asked::read(good).unwrap();
        assert_eq!(asked.callers, [("a".into(), vec!["x\"".into(), "y".into()]), ("b".into(), vec!["z".into()])]);
        for bad in
            ["| take 5", "| where true", "| where column_ifexists(\"a\", \"\") in~ (\"x\") or true", "| project x"]
        {
            assert_eq!(Asked::read(&format!("// leaver: calls\nT\n{bad}\n")), None, "{bad}");
        }
        assert_eq!(Asked::read("T | getschema"), None);
    }
}
