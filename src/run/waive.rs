//! Reads the file of waivers, and adds one to it. Whether a waiver fits is for the checks to say.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::bundle::REPORT;
use crate::check::waiver::{Entry, Fault, Waivers};
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::file;
use crate::report::{Report, write_file};
use crate::text::Untrusted;

/// No list of waivers is larger.
const LARGEST: u64 = 16 << 20;

/// A waiver that somebody wants written down.
#[derive(Debug)]
pub struct Request {
    /// The id of a finding, and where its report is.
    pub finding: Option<(String, PathBuf)>,
    /// What could not be looked at, and perhaps the one data set that is meant.
    pub scope: Option<(String, Option<String>)>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day.
    pub until: Date,
    /// The file.
    pub output: PathBuf,
}

/// The waivers of a file; `None` where none is given.
///
/// # Errors
/// When the file cannot be read, or is no list of waivers: with the line.
pub fn read(path: Option<&Path>) -> Result<Option<Waivers>, Error> {
    let Some(path) = path else { return Ok(None) };
    let text = contents(path)?;
    Waivers::parse(&text).map(Some).map_err(|fault| of_fault(path, fault))
}

/// Adds one waiver to the file, which is made if it is not there.
///
/// # Errors
/// When the report has no such finding, or the file cannot be read or written.
pub fn waive(request: &Request, env: &Env) -> Result<Exit, Error> {
    let today = env.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    if request.until < today {
        let hint = format!("give a day to come, such as {}", today.saturating_add(jiff::Span::new().days(90)));
        return Err(Error::usage(format!("{} has passed, so the waiver would never hold", request.until), hint));
    }
    let entry = toml::to_string(&entry(request)?).map_err(|error| Error::usage(error.to_string(), "leave it out"))?;
    let before = match fs::metadata(&request.output) {
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        _ => contents(&request.output)?,
    };
    let gap = if before.is_empty() {
        ""
    } else if before.ends_with('\n') {
        "\n"
    } else {
        "\n\n"
    };
    let text = format!("{before}{gap}[[waiver]]\n{entry}");
    Waivers::parse(&text).map_err(|fault| of_fault(&request.output, fault))?;
    write_file(&request.output, |out| out.write_all(text.as_bytes()))?;
    env.console.note(&format!("wrote {}", request.output.display()));
    Ok(Exit::Clean)
}

fn entry(request: &Request) -> Result<Entry, Error> {
    let mut entry = Entry {
        check: None,
        subject: None,
        dataset: None,
        scope: None,
        person: None,
        owner: request.owner.as_str().into(),
        reason: request.reason.as_str().into(),
        expires: request.until.to_string(),
    };
    if let Some((scope, dataset)) = &request.scope {
        (entry.scope, entry.dataset) = (Some(scope.as_str().into()), dataset.clone());
    }
    if let Some((id, report)) = &request.finding {
        let report = report_of(report)?;
        let mut all = report.checks().flat_map(|check| check.findings.iter().map(move |finding| (check, finding)));
        let (check, finding) = all.find(|(_, finding)| finding.id == *id).ok_or_else(|| {
            let hint = "ids of findings stand in the JSON report; those on the terminal are subjects";
            Error::usage(format!("the report has no finding {}", Untrusted::from(id.as_str()).terminal()), hint)
        })?;
        entry.check = Some(check.id.clone());
        entry.subject = Some(finding.subject.clone());
        entry.person = finding.person.as_deref().map(Untrusted::from);
    }
    Ok(entry)
}

fn report_of(path: &Path) -> Result<Report, Error> {
    let file = if path.is_dir() { path.join(REPORT) } else { path.to_owned() };
    serde_json::from_str(&contents(&file)?).map_err(|_| {
        let hint = "give a report that --format json=FILE wrote, or a bundle";
        Error::usage(format!("{} is no report of leaver", Untrusted::from(file.display().to_string()).terminal()), hint)
    })
}

pub(super) fn contents(path: &Path) -> Result<String, Error> {
    let shown = || Untrusted::from(path.display().to_string()).terminal();
    let refused = |what: String| Error::usage(format!("{}: {what}", shown()), "check the path and its permissions");
    file::read_text(path, LARGEST).map_err(|error| refused(error.to_string()))
}

fn of_fault(path: &Path, Fault { line, message }: Fault) -> Error {
    let hint = "a waiver has check and subject, or scope (and perhaps dataset); and owner, reason, expires";
    let file = Untrusted::from(path.display().to_string());
    Error::Config { file, line, column: 1, message: message.into(), hint: Some(hint.into()) }
}
