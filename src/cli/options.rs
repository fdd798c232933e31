//! The options of the verbs, in groups that several verbs share, and what they mean for a run. No verb, no logic.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use crate::error::Error;
use crate::report::Output;
use crate::run::scan::Request;
use crate::run::scanned;
use crate::run::{Delivery, Intake, Subject};
use crate::source::github::Depth;

#[derive(Debug, Args)]
pub(super) struct PersonArgs {
    /// User principal name, mail address (old ones too), object id or employee id.
    #[arg(value_name = "PERSON")]
    person: String,
    /// The GitHub login of the person.
    #[arg(long, value_name = "LOGIN")]
    github: Option<String>,
    /// The last day at work, such as 2026-05-01. A day to come makes the run a rehearsal.
    #[arg(long, value_name = "DATE", value_parser = last_day)]
    last_day: Option<Date>,
    /// How much of GitHub is read: every repository, or only what the audit log and one inventory point to. Quick can find,
    /// but never clear.
    #[arg(long, value_enum, default_value_t, value_name = "DEPTH")]
    depth: Depth,
}

#[derive(Debug, Args)]
pub(super) struct DeliveryArgs {
    /// Writes a report besides the one on the terminal, such as html=report.html; json=- writes to stdout instead.
    /// Formats: json, html, md, sarif, ocsf, oscal, junit, csv, csv-bom. Repeatable.
    #[arg(long = "format", value_name = "FORMAT=PATH", value_parser = output)]
    formats: Vec<Output>,
    /// As --format, without personal data: pseudonyms instead, and the digest of the original. Repeatable.
    #[arg(long = "redact", value_name = "FORMAT=PATH", value_parser = output)]
    redacted: Vec<Output>,
    /// Writes report, evidence and what proves them to this directory, signed with [signing] key and archived in [archive].
    #[arg(long, value_name = "DIR")]
    pub(super) bundle: Option<PathBuf>,
    /// Signs with a key that others can read or write all the same.
    #[arg(long, requires = "bundle")]
    insecure_key: bool,
    /// Replaces what is there already: files, and a bundle as a whole.
    #[arg(long)]
    pub(super) force: bool,
    /// What named owners answer for until a day: TOML with [[waiver]] tables, as `leaver waive` writes them.
    #[arg(long, value_name = "FILE")]
    waivers: Option<PathBuf>,
    /// An earlier report, or its bundle: what is new since, still open, fixed, back again. Without it the last report in
    /// [archive] counts.
    #[arg(long, value_name = "BUNDLE|REPORT")]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    folders: CheckArgs,
}

/// What is read besides the services.
#[derive(Debug, Args)]
pub(super) struct Files {
    /// Evidence of a runner host, made by `leaver scan -o`. Repeatable.
    #[arg(long = "include", value_name = "FILE")]
    include: Vec<PathBuf>,
    /// An exported log of the gateway: NDJSON, JSON or CSV, plain or .gz, a folder of such files, or the container of a data
    /// export, az://CONTAINER/FOLDER, in the account of [logs] or AZURE_STORAGE_ACCOUNT. Repeatable.
    #[arg(long = "log", value_name = "FILE|DIR|URL")]
    logs: Vec<PathBuf>,
    /// An exported or streamed audit log of GitHub: JSON or one object a line, plain or .gz, or a folder of such files. It stands for
    /// the log where GitHub does not give that to programs, and adds what is older. Repeatable.
    #[arg(long = "github-audit", value_name = "FILE|DIR")]
    github_audit: Vec<PathBuf>,
}

impl Files {
    pub(super) fn keeping(self, evidence: Option<PathBuf>, force: bool) -> Intake {
        let Files { include, logs, github_audit } = self;
        Intake { include, logs, github_audit, keep: evidence, force }
    }
}

#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    /// Files and directories, such as / or the home of the runner.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Also reads the environment of running runners and agents.
    #[arg(long = "proc")]
    processes: bool,
    /// Keeps the evidence in this file, for `leaver audit --include`.
    #[arg(short = 'o', long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// Replaces files that are there.
    #[arg(long)]
    force: bool,
    /// Leaves out what fits this pattern, such as node_modules or '**/*.min.js': it counts as not looked at. Repeatable.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// How the list is written: json, sarif, csv; with =PATH to a file, without to stdout. Repeatable.
    #[arg(long = "format", value_name = "FORMAT[=PATH]")]
    formats: Vec<scanned::Output>,
    /// A file that names what somebody answers for: patterns of paths, fingerprints, kinds. It is counted, not listed.
    #[arg(long, value_name = "FILE")]
    ignore: Option<PathBuf>,
    /// The JSON list of an earlier scan with the same key: only what is new is listed.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// What makes the scan end with 3.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t)]
    fail_on: scanned::FailOn,
    /// What the host is called in evidence; without it, what it calls itself.
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The paths are the pod template or the root of the image that ephemeral runners with this label start from.
    #[arg(long, value_name = "LABEL")]
    image_of: Option<String>,
    /// The key file of the fingerprints; without it LEAVER_FINGERPRINT_KEY, or a file in the home that is made once.
    #[arg(long, value_name = "FILE")]
    fingerprint_key: Option<PathBuf>,
    /// Asks the issuer of each token, and nobody else, whose it is. This sends each token to its issuer.
    #[arg(long)]
    identify: bool,
    #[command(flatten)]
    folders: CheckArgs,
}

impl From<ScanArgs> for Request {
    fn from(args: ScanArgs) -> Request {
        Request {
            paths: args.paths,
            processes: args.processes,
            keep: args.evidence,
            force: args.force,
            host: args.host,
            image_of: args.image_of,
            key_file: args.fingerprint_key,
            identify: args.identify,
            checks: args.folders.checks,
            exclude: args.exclude,
            outputs: args.formats,
            ignore: args.ignore,
            baseline: args.baseline,
            fail_on: args.fail_on,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// A folder with private checks, laid out like the built-in ones, and private kinds of token in its tokens.toml. Repeatable.
    #[arg(long = "checks", value_name = "DIR")]
    pub(super) checks: Vec<PathBuf>,
}

impl From<PersonArgs> for Subject {
    fn from(args: PersonArgs) -> Subject {
        Subject { person: args.person, github: args.github, last_day: args.last_day, depth: args.depth }
    }
}

impl From<DeliveryArgs> for Delivery {
    fn from(args: DeliveryArgs) -> Delivery {
        let redacted = args.redacted.into_iter().map(|output| Output { redacted: true, ..output });
        let outputs = args.formats.into_iter().chain(redacted).collect();
        Delivery {
            checks: args.folders.checks,
            outputs,
            bundle: args.bundle,
            force: args.force,
            insecure_key: args.insecure_key,
            waivers: args.waivers,
            baseline: args.baseline,
        }
    }
}

/// A day, with the year first. Other orders are not guessed: the third of April and the fourth of March look alike.
fn last_day(text: &str) -> Result<Date, String> {
    let strict = |text: &str| Date::strptime("%Y-%m-%d", text).ok().filter(|date| date.to_string() == text);
    if let Some(date) = strict(text) {
        return Ok(date);
    }
    let parts: Vec<&str> = text.split(['.', '/', '-']).collect();
    let meant = match parts.as_slice() {
        [day, month, year] if text.contains('.') && year.len() == 4 => strict(&format!("{year}-{month:0>2}-{day:0>2}")),
        [year, month, day] if year.len() == 4 => strict(&format!("{year}-{month:0>2}-{day:0>2}")),
        _ => None,
    };
    Err(match meant {
        Some(date) => format!("the year comes first: write {date}"),
        None => "a day is written as year, month and day, such as 2026-05-01".to_owned(),
    })
}

/// The parser of the command line shows the error alone, so the hint goes into it.
fn output(text: &str) -> Result<Output, String> {
    let told = |error: Error| error.hint().map_or(error.to_string(), |hint| format!("{error}; {hint}"));
    text.parse().map_err(told)
}
