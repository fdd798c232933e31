//! Where a report goes: `--format FORMAT=PATH`, and files that are either whole or not there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Report, csv, html, json, junit, markdown, ocsf, oscal, sarif, terminal};
use crate::env::Console;
use crate::error::Error;
use crate::partial;
use crate::text::{Untrusted, nearest};

/// A way to write a report, besides the one for people at a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The versioned JSON.
    Json,
    /// One page for people, complete in itself.
    Html,
    /// For a ticket.
    Markdown,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// OCSF Compliance Findings, one JSON object a line, for a SIEM.
    Ocsf,
    /// OSCAL assessment results, for compliance tools.
    Oscal,
    /// JUnit XML, for a pipeline.
    Junit,
    /// For a spreadsheet.
    Csv,
    /// The same with the mark by which spreadsheets know UTF-8.
    CsvBom,
}

impl Format {
    /// Every format, with its name on the command line.
    pub const ALL: &[(&str, Format)] = &[
        ("json", Format::Json),
        ("html", Format::Html),
        ("md", Format::Markdown),
        ("sarif", Format::Sarif),
        ("ocsf", Format::Ocsf),
        ("oscal", Format::Oscal),
        ("junit", Format::Junit),
        ("csv", Format::Csv),
        ("csv-bom", Format::CsvBom),
    ];

    /// Writes a report in this format. The same report gives the same bytes.
    ///
    /// # Errors
    /// When `out` refuses.
    pub fn write(self, report: &Report, out: &mut impl Write) -> io::Result<()> {
        match self {
            Format::Json => json::write(report, out),
            Format::Html => out.write_all(html::render(report).as_bytes()),
            Format::Markdown => out.write_all(markdown::render(report).as_bytes()),
            Format::Sarif => json::write(&sarif::log(report), out),
            Format::Ocsf => ocsf::write(report, out),
            Format::Oscal => json::write(&oscal::document(report), out),
            Format::Junit => junit::write(report, out),
            Format::Csv => csv::write(report, out),
            Format::CsvBom => {
                out.write_all("\u{feff}".as_bytes())?;
                csv::write(report, out)
            }
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Format, Error> {
        let names = || Format::ALL.iter().map(|(name, _)| *name);
        if let Some((_, format)) = Format::ALL.iter().find(|(name, _)| *name == text) {
            return Ok(*format);
        }
        let meant = nearest(text, names()).map(|near| format!("did you mean {near}? "));
        let hint = format!("{}known formats: {}", meant.unwrap_or_default(), names().collect::<Vec<_>>().join(", "));
        Err(Error::usage(format!("unknown format {text}"), hint))
    }
}

/// Where one rendering of a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `-`.
    Stdout,
    /// A file.
    File(PathBuf),
}

/// One `--format FORMAT=PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How.
    pub format: Format,
    /// Where.
    pub target: Target,
    /// Whether personal data is left out.
    pub redacted: bool,
}

impl FromStr for Output {
    type Err = Error;

    fn from_str(text: &str) -> Result<Output, Error> {
        let (format, path) = text.split_once('=').unwrap_or((text, ""));
        let format = format.parse()?;
        if let Some(second) = second(path) {
            return Err(Error::usage(format!("{text} names two outputs"), format!("give --format again for {second}")));
        }
        let target = match path {
            "" => return Err(Error::usage(format!("{text} does not say where to write"), HOW)),
            "-" => Target::Stdout,
            path => Target::File(plain(path.as_ref())?.to_owned()),
        };
        Ok(Output { format, target, redacted: false })
    }
}

const HOW: &str = "write --format json=report.json, or --format json=- for stdout";

/// A further output that somebody put behind a comma, a semicolon or a blank: `a.json,html=b.html`, `-,html`.
fn second(path: &str) -> Option<&str> {
    let named = |part: &&str| Format::ALL.iter().any(|(name, _)| part.split('=').next() == Some(*name));
    path.split([',', ';', ' ', '\t', '\n']).skip(1).find(named)
}

/// The name of a file that is written. One that begins with `-` is an option that slipped, or meant for stdout.
///
/// # Errors
/// When no file should be called so.
pub fn plain(path: &Path) -> Result<&Path, Error> {
    let name = path.as_os_str().to_string_lossy();
    let refused = |what: &str, hint: String| Err(Error::usage(format!("{name:?} {what}"), hint));
    match name.as_ref() {
        "" => refused("names no file", "give the name of a file".to_owned()),
        "-" => refused("is no file, and this cannot go to stdout", "give the name of a file".to_owned()),
        odd if odd.starts_with('-') => {
            refused("looks like an option", format!("write ./{odd} if the file is called so"))
        }
        odd if odd.chars().any(char::is_control) => {
            refused("holds a control character", "give another name".to_owned())
        }
        _ => Ok(path),
    }
}

/// Whether a file may be written there: there is none, an empty one, or one that is to be replaced.
///
/// # Errors
/// When there is a file with something in it.
pub fn may_write(path: &Path, force: bool) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(there) if !force && there.len() > 0 && !there.is_dir() => {
            let hint = "choose another name, or give --force to replace it";
            Err(Error::usage(format!("{} is there already", path.display()), hint))
        }
        _ => Ok(()),
    }
}

/// Whether a JSON report stands there: the next one may take its place, since evidence tells the same again at any time.
fn is_report(path: &Path) -> bool {
    const BEGINNING: &[u8] = b"{\"schema\":\"leaver.report/1\"";
    let mut start = Vec::new();
    let read = crate::file::open_here(path).and_then(|file| io::Read::take(file, 256).read_to_end(&mut start));
    start.retain(|byte| !byte.is_ascii_whitespace());
    read.is_ok() && start.starts_with(BEGINNING)
}

/// What is wrong with the outputs, told before anything is collected.
///
/// # Errors
/// When two have one target, or a file is there already that may not be replaced.
pub fn examine(outputs: &[Output], force: bool) -> Result<(), Error> {
    for (at, output) in outputs.iter().enumerate() {
        if outputs[..at].iter().any(|other| other.target == output.target) {
            return Err(Error::usage("two formats go to the same place", HOW));
        }
        if let Target::File(path) = &output.target {
            reachable(path).map_err(|source| Error::Output { target: path.display().to_string().into(), source })?;
            may_write(path, force || is_report(path))?;
        }
    }
    Ok(())
}

/// Whether there is a directory to write to, and nothing in the way that is no file.
fn reachable(path: &Path) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there and is no file"));
    }
    match path.parent().filter(|parent| *parent != Path::new("")).map(fs::metadata) {
        Some(Ok(parent)) if !parent.is_dir() => Err(io::ErrorKind::NotADirectory.into()),
        Some(Err(error)) => Err(error),
        _ => Ok(()),
    }
}

/// Writes every output; the report for people goes to stdout unless one of them takes it. It comes whatever becomes of
/// the others, and each of them comes whatever becomes of the one before it.
///
/// # Errors
/// The first of those that could not be written. A file is then as it was before.
pub fn emit(report: &Report, outputs: &[Output], force: bool, console: &Console) -> Result<(), Error> {
    let examined = examine(outputs, force);
    let mut without = None;
    if outputs.iter().any(|output| output.redacted) {
        let failed = |source| Error::Output { target: "the redacted report".into(), source };
        without = Some(report.redacted().map_err(failed));
    }
    let mut failed = Vec::new();
    for output in outputs.iter().filter(|_| examined.is_ok()) {
        let report = match (output.redacted, &without) {
            (true, Some(Ok(without))) => without,
            // Never the report with everything in it instead.
            (true, _) => continue,
            (false, _) => report,
        };
        failed.extend(write(report, output, force, console).err());
    }
    let taken = examined.is_ok() && outputs.iter().any(|output| output.target == Target::Stdout);
    if !taken {
        let shown = terminal::Shown { width: console.width, color: console.color, details: console.details };
        failed.extend(console.print(&terminal::show(report, shown)).map_err(stdout_error).err());
    }
    examined?;
    without.transpose()?;
    first(failed, console)
}

fn write(report: &Report, output: &Output, force: bool, console: &Console) -> Result<(), Error> {
    match &output.target {
        Target::File(path) => {
            create_file(path, force || is_report(path), |out| output.format.write(report, out))?;
            console.note(&format!("wrote {}", crate::text::visible(&path.display().to_string())));
            Ok(())
        }
        Target::Stdout => {
            let mut text = Vec::new();
            let written = output.format.write(report, &mut text);
            let text = written.and_then(|()| String::from_utf8(text).map_err(io::Error::other));
            text.and_then(|text| console.print(&text)).map_err(stdout_error)
        }
    }
}

/// The first error ends the run; the others are told before it.
fn first(mut failed: Vec<Error>, console: &Console) -> Result<(), Error> {
    if failed.is_empty() {
        return Ok(());
    }
    let first = failed.remove(0);
    failed.iter().for_each(|error| console.complain(&error.render(false)));
    Err(first)
}

/// As [`write_file`], but what is there already stays unless `force` says otherwise.
///
/// # Errors
/// As for [`write_file`], and when there is a file already.
pub fn create_file(
    path: &Path,
    force: bool,
    fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> Result<(), Error> {
    may_write(path, force)?;
    write_file(path, fill)
}

/// Writes a file, readable by its owner only, under a temporary name and gives it its own name when all of it is on disk.
///
/// # Errors
/// [`Error::Output`]; whatever had that name before is then still there, and nothing new.
pub fn write_file(path: &Path, fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> Result<(), Error> {
    replace(path, fill).map_err(|source| Error::Output { target: Untrusted::from(path.display().to_string()), source })
}

fn replace(path: &Path, fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    // A rename would put a file in the place of a device such as /dev/stdout.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is there and is no file"));
    }
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let file = partial::file(directory)?;
    let mut out = BufWriter::new(file.as_file());
    fill(&mut out)?;
    out.flush()?;
    drop(out);
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn stdout_error(source: io::Error) -> Error {
    Error::Output { target: "stdout".into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_names_its_target() {
        let json = |target| Output { format: Format::Json, target, redacted: false };
        assert_eq!("json=-".parse::<Output>().unwrap(), json(Target::Stdout));
        assert_eq!("json=a=b.json".parse::<Output>().unwrap(), json(Target::File("a=b.json".into())));
    }

    #[test]
    fn a_wrong_format_is_told_with_what_was_meant() {
        let refused = |text: &str| text.parse::<Output>().expect_err("must be refused").render(false);
        insta::assert_snapshot!(refused("jsno=x"), @"
        error: unknown format jsno

        hint: did you mean json? known formats: json, html, md, sarif, ocsf, oscal, junit, csv, csv-bom
        ");
        insta::assert_snapshot!(refused("json"), @"
        error: json does not say where to write

        hint: write --format json=report.json, or --format json=- for stdout
        ");
        for two in ["json=-,html=-", "json=a.json,html=b.html", "json=a.json html=b", "json=-,html", "json=a;md=b"] {
            assert!(refused(two).contains("names two outputs"), "{two}");
        }
        assert!(refused("json=--quiet").contains("looks like an option"));
        assert!("json=a,b.json".parse::<Output>().is_ok());
        assert!(refused("zzz\u{1b}=x").contains(r"zzz\u{1b}"));
    }

    #[test]
    fn a_file_is_replaced_only_by_a_whole_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.json");
        write_file(&path, |out| out.write_all(b"old")).unwrap();
        let failed = write_file(&path, |out| {
            out.write_all(&[b'x'; 1 << 16])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert!(matches!(failed, Err(Error::Output { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write_file(&path, |out| out.write_all(b"new")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    /// A superuser may write anywhere; then the file has to be whole instead.
    #[cfg(unix)]
    #[test]
    fn a_read_only_directory_keeps_its_content() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let allow = |mode| fs::set_permissions(directory.path(), fs::Permissions::from_mode(mode)).unwrap();
        let path = directory.path().join("report.json");
        allow(0o555);
        let written = write_file(&path, |out| out.write_all(b"all of it"));
        allow(0o755);
        match written {
            Ok(()) => assert_eq!(fs::read(&path).unwrap(), b"all of it"),
            Err(error) => {
                assert!(error.hint().unwrap().contains("this user may write"), "{error}");
                assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
            }
        }
    }

    #[test]
    fn a_missing_or_impossible_place_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let refused = |path: PathBuf| write_file(&path, |_| Ok(())).expect_err("must be refused").to_string();
        assert!(refused(directory.path().join("no/report.json")).contains("no/report.json"));
        assert!(refused(directory.path().to_owned()).contains("is no file"));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
