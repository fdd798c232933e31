//! The list of a scan for programs: JSON, SARIF, a table. All of it, whatever a terminal shows.

use std::io;
use std::path::Path;

use csv::{QuoteStyle, Terminator, WriterBuilder};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json as object};

use super::{Format, Written};
use crate::report::json;
use crate::source::runner::{self, Credential, Lies, Whose};
use crate::text::{Untrusted, escape};

/// What the JSON calls itself.
pub(super) const SCHEMA: &str = "leaver.scan/1";
const SARIF: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What stands for itself in the path of a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

pub(super) fn text(scan: &Written<'_>, format: Format) -> io::Result<String> {
    match format {
        Format::Json => json::to_string(&document(scan)),
        Format::Sarif => json::to_string(&log(scan)),
        Format::Csv => table(scan),
    }
}

fn raw(text: Option<&Untrusted>) -> Option<&str> {
    text.map(Untrusted::raw)
}

fn document(scan: &Written<'_>) -> Value {
    let (summary, left) = (scan.summary, &scan.summary.left);
    let unread = left.unread.iter().map(|(why, (count, examples))| {
        let examples: Vec<String> = examples.iter().map(|path| shown(path)).collect();
        object!({ "why": runner::reason(*why), "count": count, "examples": examples })
    });
    let counts = |all: &mut dyn Iterator<Item = (&str, u64)>| -> Vec<Value> {
        all.map(|(what, count)| object!({ "what": what, "count": count })).collect()
    };
    object!({
        "schema": SCHEMA,
        "tool": { "name": "leaver", "version": env!("CARGO_PKG_VERSION") },
        "scanned_at": scan.now,
        "paths": scan.options.paths.iter().map(|path| shown(path)).collect::<Vec<_>>(),
        "fingerprint_key": scan.options.key.id(),
        "files": summary.files,
        "bytes": summary.bytes,
        "complete": summary.is_complete(),
        "not_looked_at": unread.collect::<Vec<_>>(),
        "left_out": counts(&mut left.skipped.iter().map(|(what, count)| (*what, *count))),
        "not_listed": counts(&mut summary.taken.iter().map(|(why, count)| (*why, *count as u64))),
        "personal": summary.personal(),
        "credentials": summary.credentials.iter().map(credential).collect::<Vec<_>>(),
    })
}

fn shown(path: &Path) -> String {
    crate::token::scrub(&path.display().to_string()).into_owned()
}

fn credential(one: &Credential) -> Value {
    let owner = one.owner.as_ref().map(|owner| {
        object!({ "kind": owner.kind, "id": raw(owner.id.as_ref()), "name": raw(owner.name.as_ref()),
                "source": owner.source, "grade": owner.grade })
    });
    let place = |place: &Lies| object!({ "path": place.path.raw(), "line": place.line, "what": place.what, "runner": raw(place.runner.as_ref()) });
    object!({
        "fingerprint": one.fingerprint,
        "kind": one.kind,
        "title": one.title,
        "state": one.state(),
        "personal": one.is_personal(),
        "holder": one.holder,
        "confidence": one.confidence,
        "verified": one.verified,
        "owner": owner,
        "names": one.names,
        "created_at": one.created_at,
        "expires_at": one.expires_at,
        "issuer_says": one.issuer_says,
        "places": one.places.iter().map(place).collect::<Vec<_>>(),
    })
}

const HEADER: [&str; 14] = [
    "state",
    "kind",
    "title",
    "holder",
    "owner",
    "owner_kind",
    "owner_source",
    "grade",
    "confidence",
    "name",
    "path",
    "line",
    "expires_at",
    "fingerprint",
];

/// A line for every place of every credential.
fn table(scan: &Written<'_>) -> io::Result<String> {
    let mut table =
        WriterBuilder::new().quote_style(QuoteStyle::Always).terminator(Terminator::CRLF).from_writer(Vec::new());
    table.write_record(HEADER)?;
    for one in &scan.summary.credentials {
        for place in &one.places {
            table.write_record(cells(one, place).map(|cell| escape::csv(&cell)))?;
        }
    }
    let bytes = table.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn cells(one: &Credential, place: &Lies) -> [String; 14] {
    let of = |part: fn(&Whose) -> String| one.owner.as_ref().map(part).unwrap_or_default();
    [
        one.state().to_owned(),
        one.kind.clone(),
        one.title.clone().unwrap_or_default(),
        one.holder.clone(),
        of(name),
        of(|owner| owner.kind.clone()),
        of(|owner| owner.source.clone()),
        of(|owner| owner.grade.clone()),
        one.confidence.clone(),
        one.names.iter().cloned().collect::<Vec<_>>().join(" "),
        place.path.raw().to_owned(),
        place.line.map(|line| line.to_string()).unwrap_or_default(),
        one.expires_at.map(|at| at.to_string()).unwrap_or_default(),
        one.fingerprint.clone(),
    ]
}

fn name(owner: &Whose) -> String {
    owner.name.as_ref().or(owner.id.as_ref()).map(|name| name.raw().to_owned()).unwrap_or_default()
}

/// Kinds are rules, credentials are results, what could not be read is a notification.
fn log(scan: &Written<'_>) -> Value {
    let all = &scan.summary.credentials;
    let mut rules: Vec<(&str, &Credential)> = all.iter().map(|one| (one.kind.as_str(), one)).collect();
    rules.sort_by_key(|(kind, _)| *kind);
    rules.dedup_by_key(|(kind, _)| *kind);
    let index = |one: &Credential| rules.iter().position(|(kind, _)| *kind == one.kind);
    let results: Vec<Value> = all.iter().map(|one| result(scan, one, index(one))).collect();
    let unread = scan.summary.left.unread.iter().map(|(why, (count, _))| {
        object!({ "level": "warning", "message": { "text": format!("not looked at: {count} {}", runner::reason(*why)) } })
    });
    let driver = object!({
        "name": "leaver",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules.iter().map(|(_, one)| rule(one)).collect::<Vec<_>>(),
    });
    object!({
        "$schema": SARIF,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "automationDetails": { "id": "leaver/scan" },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "endTimeUtc": scan.now,
                "toolExecutionNotifications": unread.collect::<Vec<_>>(),
            }],
            "results": results,
        }],
    })
}

fn rule(one: &Credential) -> Value {
    let title = one.title.clone().unwrap_or_else(|| one.kind.replace('-', " "));
    object!({
        "id": one.kind,
        "shortDescription": { "text": escape::sarif(&title) },
        "fullDescription": { "text": escape::sarif(&format!("A file holds a credential: {title}.")) },
        "help": { "text": "Whoever reads the file can use it. Revoke it where it was issued, then take it out of the file." },
        "properties": { "tags": ["security"] },
    })
}

fn result(scan: &Written<'_>, one: &Credential, rule: Option<usize>) -> Value {
    let (level, score) = match (one.is_personal(), one.state()) {
        (true, _) => ("error", "8.0"),
        (_, "service" | "job") => ("warning", "5.0"),
        _ => ("note", "2.0"),
    };
    let whose = one.owner.as_ref().map(|owner| format!(" of {}", name(owner))).unwrap_or_default();
    let what = one.title.clone().unwrap_or_else(|| one.kind.replace('-', " "));
    let more = if one.places.len() > 1 { format!(", in {} places", one.places.len()) } else { String::new() };
    object!({
        "ruleId": one.kind,
        "ruleIndex": rule,
        "kind": "fail",
        "level": level,
        "message": { "text": escape::sarif(&format!("{what}{whose} ({}{more})", one.state())) },
        "locations": one.places.iter().map(|place| location(scan, place)).collect::<Vec<_>>(),
        "partialFingerprints": { "leaverCredential/v1": one.fingerprint },
        "properties": { "security-severity": score, "state": one.state(), "confidence": one.confidence,
                        "grade": one.owner.as_ref().map(|owner| owner.grade.clone()) },
    })
}

/// Relative to the scanned folder, as code scanning wants it; else the whole path.
fn location(scan: &Written<'_>, place: &Lies) -> Value {
    let path = place.path.raw();
    let mut roots = scan.options.paths.iter().filter(|root| root.is_dir());
    let inside = roots.find_map(|root| Path::new(path).strip_prefix(root).ok());
    let inside = inside.filter(|inside| !inside.as_os_str().is_empty());
    let encoded = |text: &str| utf8_percent_encode(text, PATH).to_string();
    let uri = match inside.map(Path::to_string_lossy) {
        Some(inside) => encoded(&inside),
        None if path.starts_with('/') => format!("file://{}", encoded(path)),
        None => encoded(path.trim_start_matches("./")),
    };
    object!({ "physicalLocation": {
        "artifactLocation": { "uri": uri },
        "region": { "startLine": place.line.filter(|line| *line > 0).unwrap_or(1) },
    } })
}
