//! A scan in short, and as a table for a terminal. It holds nothing that is not in the evidence.

use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;

use super::walk::{Left, Unread};
use crate::evidence::row::{McpServer, Runner, Sighting};
use crate::text::Untrusted;
use crate::token;

/// How many rows a terminal gets; the evidence has all.
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
    /// Credentials that are surely or probably such.
    pub credentials: usize,
    /// Values under a secret name or with a checksum that does not hold.
    pub doubtful: usize,
    /// Those of them that may belong to a person.
    pub personal: usize,
    runners: Vec<[String; 5]>,
    sightings: Vec<[String; 5]>,
    servers: Vec<[String; 4]>,
}

impl Summary {
    /// Whether everything could be read.
    pub fn is_complete(&self) -> bool {
        self.left.unread.is_empty()
    }

    pub(super) fn fill(&mut self, sightings: &[Sighting], servers: &[McpServer], runners: &[Runner]) {
        let text =
            |text: &Option<crate::text::Untrusted>| text.as_ref().map(|text| text.terminal()).unwrap_or_default();
        self.credentials = sightings.iter().filter(|row| row.confidence != "low").count();
        self.doubtful = sightings.len() - self.credentials;
        let personal = |row: &&Sighting| row.confidence != "low" && matches!(row.holder.as_str(), "person" | "either");
        self.personal = sightings.iter().filter(personal).count();
        let sure = sightings.iter().filter(|row| row.confidence != "low").take(ROWS);
        self.sightings = sure
            .map(|row| {
                let place =
                    format!("{}{}", clean(&row.path), row.line.map_or(String::new(), |line| format!(":{line}")));
                let owner = if row.owner_name.is_some() { text(&row.owner_name) } else { text(&row.owner_id) };
                [row.kind.clone(), row.holder.clone(), owner, row.grade.clone().unwrap_or_default(), place]
            })
            .collect();
        self.servers = servers
            .iter()
            .filter(|row| row.literals > 0 || row.reaches.is_some())
            .take(ROWS)
            .map(|row| [row.client.clone(), clean(&row.name), text(&row.reaches), clean(&row.path)])
            .collect();
        self.runners = runners
            .iter()
            .take(ROWS)
            .map(|row| [row.kind.clone(), text(&row.name), text(&row.server), text(&row.service_user), missed(row)])
            .collect();
    }

    /// What has expired opens nothing any more: it is shown, and is not personal.
    pub(super) fn forget_expired(&mut self, sightings: &[Sighting], now: Timestamp) {
        let personal = |row: &&Sighting| row.confidence != "low" && matches!(row.holder.as_str(), "person" | "either");
        let expired = |row: &&Sighting| row.expires_at.is_some_and(|at| at <= now);
        self.personal -= sightings.iter().filter(personal).filter(expired).count();
    }

    /// The scan as text of at most `width` columns.
    pub fn render(&self, width: u16) -> String {
        let mut out = String::new();
        out += &table(width, ["RUNNER", "NAME", "SERVER", "RUNS AS", "NOT SCANNED"], &self.runners);
        out += &table(width, ["CREDENTIAL", "HOLDER", "OWNER", "GRADE", "PLACE"], &self.sightings);
        out += &table(width, ["MCP CLIENT", "SERVER", "REACHES", "PLACE"], &self.servers);
        out += &format!("{} credentials in {} files ({} MB)", self.credentials, self.files, self.bytes / 1_000_000);
        if self.doubtful > 0 {
            out += &format!(", {} doubtful ones in the evidence only", self.doubtful);
        }
        out.push('\n');
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

/// Paths and names can hold a token themselves.
fn clean(text: &Untrusted) -> String {
    Untrusted::from(token::scrub(text.raw()).into_owned()).terminal()
}

fn reason(why: Unread) -> &'static str {
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

fn table<const N: usize>(width: u16, header: [&str; N], rows: &[[String; N]]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table.set_header(header);
    table.add_rows(rows);
    format!("{table}\n\n")
}
