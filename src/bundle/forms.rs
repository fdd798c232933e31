//! Derives every file of a bundle again that says the same in another form, and compares: a digest tells that nothing
//! changed since, not that it was ever true.

use std::path::Path;

use super::digest::read;
use super::list::{Listing, limit, list};
use super::seals::Seals;
use super::{MANIFEST, Outcome, RENDERER, REPORTS, State, TEST_RESULT, renderer};
use crate::report::{Format, Report};
use crate::seal;
use crate::text::visible;

const NAME: &str = "forms";

/// Whether pages and statements say what `report` says.
pub fn forms(directory: &Path, report: &Report) -> Outcome {
    let listing = match list(directory) {
        Ok(listing) => listing,
        Err(error) => return Outcome::new(NAME, State::Failed, visible(&error.to_string())),
    };
    let mut faults = pages(directory, report);
    faults.extend(statements(directory, &listing, report));
    Outcome::unless(NAME, &faults, "pages and statements say what the report says")
}

fn pages(directory: &Path, report: &Report) -> Vec<String> {
    let content = |name: &str| read(&directory.join(name), limit(name).unwrap_or_default());
    let written = content(MANIFEST).unwrap_or_default();
    match renderer(&written) {
        Some(RENDERER) => {}
        Some(other) => return vec![format!("cannot compare: the pages were rendered by {other}, this is {RENDERER}")],
        None => return vec![format!("cannot compare: {MANIFEST} does not say what rendered the pages")],
    }
    let differs = |(name, format): &&(&str, Format)| {
        let mut again = Vec::new();
        format.write(report, &mut again).is_err() || content(name).ok() != Some(again)
    };
    REPORTS.iter().filter(differs).map(|(name, _)| format!("{name} is not what the report says")).collect()
}

fn statements(directory: &Path, listing: &Listing, report: &Report) -> Vec<String> {
    let Some(Ok(seals)) = Seals::read(directory, listing) else { return Vec::new() };
    let mut faults = Vec::new();
    let configuration = seals.audit.configuration.as_ref().map(|digest| digest.sha256.as_str());
    if seals.audit != seal::audit(report, configuration, seals.audit.timestamped) {
        faults.push("the attestation is not about what the report says".to_owned());
    }
    if seals.result != seal::test_result(report) {
        faults.push(format!("{TEST_RESULT} is not what the report says"));
    }
    faults
}
