//! The report as JUnit XML, so that a pipeline shows it: a suite per step, a test per check. A check that is unknown is
//! an error, never a test that passed or was skipped.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::gaps::title;
use super::words::{count, failed, signer, undecided, verdict_word, worst};
use super::{Check, Report, Step};
use crate::model::{Status, Verdict};
use crate::text::escape::xml;

type Xml<'o, W> = Writer<&'o mut W>;

/// Writes the document.
///
/// # Errors
/// When `out` refuses.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(&mut *out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    // The schema knows no sum of what was skipped over all suites.
    let suites =
        with_sums(writer.create_element("testsuites").with_attribute(("name", "leaver")), &sums(report.checks())[..3]);
    suites.write_inner_content(|writer| report.steps.iter().try_for_each(|step| suite(writer, report, step)))?;
    writeln!(out)
}

fn suite<W: Write>(writer: &mut Xml<'_, W>, report: &Report, step: &Step) -> io::Result<()> {
    let started = report.run.now.trim_end_matches('Z').to_owned();
    let named = writer.create_element("testsuite").with_attribute(("name", xml(&step.title).as_str()));
    let timed = named.with_attribute(("timestamp", xml(&started).as_str())).with_attribute(("time", "0"));
    with_sums(timed, &sums(step.checks.iter())).write_inner_content(|writer| {
        properties(writer, report)?;
        step.checks.iter().try_for_each(|check| case(writer, check))
    })?;
    Ok(())
}

fn properties<W: Write>(writer: &mut Xml<'_, W>, report: &Report) -> io::Result<()> {
    let mut all = vec![
        ("verdict", report.verdict.to_string()),
        ("evidence.sha256", report.evidence.sha256.clone()),
        ("checks.sha256", report.checks.sha256.clone()),
        ("signed_by", signer(report).to_owned()),
    ];
    all.extend(report.redacted.as_ref().map(|redacted| ("redacted.original.sha256", redacted.original.sha256.clone())));
    writer.create_element("properties").write_inner_content(|writer| {
        all.iter().try_for_each(|(name, value)| {
            let property = writer.create_element("property").with_attribute(("name", *name));
            property.with_attribute(("value", xml(value).as_str())).write_empty().map(drop)
        })
    })?;
    Ok(())
}

fn case<W: Write>(writer: &mut Xml<'_, W>, check: &Check) -> io::Result<()> {
    let class = check.id.split('/').next().unwrap_or_default();
    let named = writer
        .create_element("testcase")
        .with_attribute(("name", xml(&format!("{}: {}", check.id, check.title.raw())).as_str()));
    let element = named.with_attribute(("classname", xml(class).as_str())).with_attribute(("time", "0"));
    element.write_inner_content(|writer| match check.verdict {
        Verdict::Pass => {
            text(writer, "system-out", &format!("{} objects seen in {}", check.examined, check.tables.join(", ")))
        }
        Verdict::Fail => outcome(writer, "failure", &worst(check).to_string(), &found(check)),
        Verdict::Unknown => outcome(writer, "error", "unknown", &open(check)),
        Verdict::Waived | Verdict::NotApplicable => {
            let message = verdict_word(check.verdict);
            writer.create_element("skipped").with_attribute(("message", message)).write_empty().map(drop)
        }
    })?;
    Ok(())
}

fn outcome<W: Write>(writer: &mut Xml<'_, W>, name: &str, kind: &str, lines: &[String]) -> io::Result<()> {
    let message = lines.first().map(String::as_str).unwrap_or_default();
    let element = writer.create_element(name).with_attribute(("type", kind)).with_attribute(("message", message));
    element.write_text_content(BytesText::new(&lines.join("\n")))?;
    Ok(())
}

fn text<W: Write>(writer: &mut Xml<'_, W>, name: &str, content: &str) -> io::Result<()> {
    writer.create_element(name).write_text_content(BytesText::new(&xml(content))).map(drop)
}

/// What was found, then what might be hidden besides, then what to do.
fn found(check: &Check) -> Vec<String> {
    let summary = format!("{} found: {}", count(check, Status::Fail), check.title.xml());
    let each = failed(check)
        .into_iter()
        .map(|finding| xml(&format!("- [{}] {} ({})", finding.severity, finding.reason.raw(), finding.subject.raw())));
    let mut lines: Vec<String> = [summary].into_iter().chain(each).collect();
    lines.push(format!("What to do: {}", check.fix.xml()));
    lines.extend(missing(check));
    lines
}

fn open(check: &Check) -> Vec<String> {
    let summary = format!("could not be checked: {}", check.title.xml());
    [summary].into_iter().chain(missing(check)).collect()
}

fn missing(check: &Check) -> impl Iterator<Item = String> {
    let undecided = undecided(check).into_iter().map(|finding| {
        xml(&format!("- the evidence does not tell: {} ({})", finding.reason.raw(), finding.subject.raw()))
    });
    let gaps = check.gaps.iter().filter(|gap| gap.waiver.is_none()).map(|gap| {
        let title = title(gap.kind, gap.needs.as_deref());
        xml(&format!("- not seen: {} of {}: {title}. What to do: {}", gap.dataset, gap.scope.raw(), gap.hint))
    });
    undecided.chain(gaps)
}

/// Tests, failures, errors, skipped.
fn sums<'a>(checks: impl Iterator<Item = &'a Check>) -> [(&'static str, usize); 4] {
    let mut sums = [("tests", 0), ("failures", 0), ("errors", 0), ("skipped", 0)];
    for check in checks {
        sums[0].1 += 1;
        match check.verdict {
            Verdict::Pass => {}
            Verdict::Fail => sums[1].1 += 1,
            Verdict::Unknown => sums[2].1 += 1,
            Verdict::Waived | Verdict::NotApplicable => sums[3].1 += 1,
        }
    }
    sums
}

fn with_sums<'w, W: Write>(
    element: quick_xml::writer::ElementWriter<'w, W>,
    sums: &[(&'static str, usize)],
) -> quick_xml::writer::ElementWriter<'w, W> {
    sums.iter().fold(element, |element, (name, sum)| element.with_attribute((*name, sum.to_string().as_str())))
}
