//! A scan in short, and as a table for a terminal. It holds nothing that is not in the evidence.

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};

use super::listing::{Credential, clean};
use super::walk::{Left, Unread};
use crate::evidence::row::{McpServer, Runner};
use crate::text::Untrusted;

/// How many rows a terminal gets; the evidence and the other formats have all.
const ROWS: usize = 100;

/// A scan in short.
#[derive(Debug, Default, Clone)]
pub struct Summary {
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// What was left out.
    pub left: Left,
    /// What was found, in the order in which it is shown.
    pub credentials: Vec<Credential>,
    /// How many were taken out of the list because somebody answers for them, or knew them before, by reason.
    pub taken: BTreeMap<&'static str, usize>,
    runners: Vec<[String; 5]>,
    servers: Vec<[String; 4]>,
}

impl Summary {
    /// Whether everything could be read.
    pub fn is_complete(&self) -> bool {
        self.left.unread.is_empty()
    }

    /// Those that may belong to a person.
    pub fn personal(&self) -> usize {
        self.credentials.iter().filter(|one| one.is_personal()).count()
    }

    /// Those that are surely or probably such.
    pub fn sure(&self) -> usize {
        self.credentials.iter().filter(|one| one.is_sure()).count()
    }

    /// Takes credentials out of the list, and says how many and why.
    pub fn take(&mut self, why: &'static str, taken: impl Fn(&Credential) -> bool) {
        let before = self.credentials.len();
        self.credentials.retain(|one| !taken(one));
        *self.taken.entry(why).or_default() += before - self.credentials.len();
    }

    pub(super) fn fill(&mut self, credentials: Vec<Credential>, servers: &[McpServer], runners: &[Runner]) {
        let text = |text: &Option<Untrusted>| text.as_ref().map(Untrusted::terminal).unwrap_or_default();
        self.credentials = credentials;
        self.servers = servers
            .iter()
            .filter(|row| row.literals > 0 || row.reaches.is_some())
            .map(|row| {
                [row.client.clone(), clean(&row.name).terminal(), text(&row.reaches), clean(&row.path).terminal()]
            })
            .collect();
        self.runners = runners
            .iter()
            .map(|row| [row.kind.clone(), text(&row.name), text(&row.server), text(&row.service_user), missed(row)])
            .collect();
    }

    /// The scan as text of at most `width` columns; without one no line is broken.
    pub fn render(&self, width: Option<u16>) -> String {
        let sure: Vec<[String; 5]> = self.credentials.iter().filter(|one| one.is_sure()).map(line).collect();
        let mut out = String::new();
        out += &table(width, ["RUNNER", "NAME", "SERVER", "RUNS AS", "NOT SCANNED"], &self.runners);
        out += &table(width, ["CREDENTIAL", "HOLDER", "OWNER", "GRADE", "PLACE"], &sure);
        out += &table(width, ["MCP CLIENT", "SERVER", "REACHES", "PLACE"], &self.servers);
        out += &self.counts();
        for (why, count) in self.taken.iter().filter(|(_, count)| **count > 0) {
            out += &format!("not shown: {count} {why}\n");
        }
        for (why, (count, _)) in &self.left.unread {
            out += &format!("not looked at: {count} {}\n", reason(*why));
        }
        for (sort, count) in &self.left.skipped {
            if *sort == super::members::HISTORY {
                out += &format!("the history of {count} checkouts was not looked at, only the files in them\n");
                continue;
            }
            out += &format!("left out: {count} {sort}\n");
        }
        out
    }

    fn counts(&self) -> String {
        let (sure, doubtful) = (self.sure(), self.credentials.len() - self.sure());
        let mut out = format!("{sure} credentials in {} files ({} MB)", self.files, self.bytes / 1_000_000);
        out += &format!(", {} of them personal", self.personal());
        if doubtful > 0 {
            out += &format!(", {doubtful} doubtful ones in the evidence only");
        }
        out.push('\n');
        out
    }
}

/// One credential: what it is, whose, and where it lies first.
fn line(one: &Credential) -> [String; 5] {
    let name = |owner: &super::listing::Holder| owner.name.as_ref().or(owner.id.as_ref()).map(Untrusted::terminal);
    let owner = one.owner.as_ref().and_then(name).unwrap_or_default();
    let place = one.places.first().map_or(String::new(), |first| {
        let line = first.line.map_or(String::new(), |line| format!(":{line}"));
        let more = one.places.len() - 1;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{line}{more}", first.path.terminal())
    });
    let holder = if one.is_expired { format!("{}, expired", one.holder) } else { one.holder.clone() };
    [one.kind.clone(), holder, owner, one.owner.as_ref().map(|owner| owner.grade.clone()).unwrap_or_default(), place]
}

/// What an audit needs of a runner and this scan did not cover.
fn missed(row: &Runner) -> String {
    let parts = [
        ("root", row.saw_root),
        ("work folder", row.saw_work),
        ("home", row.saw_home),
        ("environment", row.saw_environment),
    ];
    let missed: Vec<&str> = parts.iter().filter(|(_, saw)| *saw != Some(true)).map(|(what, _)| *what).collect();
    missed.join(", ")
}

/// Why something was not looked at, after its count.
pub fn reason(why: Unread) -> &'static str {
    match why {
        Unread::Denied => "without permission",
        Unread::Missing => "that do not exist",
        Unread::TooLarge => "beyond the size that is read",
        Unread::Malformed => "by their format, which is broken",
        Unread::Packed => "that are packed, and were not read as a whole",
        Unread::Linked => "behind links that lead out of the scanned paths",
        Unread::Outside => "that are named by what was read, and lie outside of the scanned paths",
        Unread::Failed => "that the system could not read",
    }
}

fn table<const N: usize>(width: Option<u16>, header: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.set_header(header);
    // What is piped is read by programs: all of it.
    let shown = if width.is_some() { ROWS.min(rows.len()) } else { rows.len() };
    table.add_rows(&rows[..shown]);
    let more = rows.len() - shown;
    let more = if more > 0 { format!("and {more} more: --format csv has all of them\n") } else { String::new() };
    format!("{table}\n{more}\n")
}
