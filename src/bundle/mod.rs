//! The bundle: a directory with one report in every form, its evidence, and what proves them. It is written whole or not
//! at all, and read without trusting a name or a size in it. What a signature is, is the business of [`crate::seal`].

mod digest;
mod draft;
mod forms;
mod list;
mod receipt;
mod rejudge;
mod seals;
mod sign;
mod verify;

pub use self::draft::Draft;
pub use self::forms::forms;
pub use self::receipt::{RECEIPT, RECEIPT_PREDICATE, REMEDIATION};
pub use self::rejudge::rejudge;
pub use self::sign::Signable;
pub use self::verify::{Outcome, State, Trust, Verification, is_one, verify};

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::model::Exit;
use crate::report::Format;
use crate::text::{Untrusted, visible};

/// The report in every form that a bundle holds.
const REPORTS: &[(&str, Format)] =
    &[(REPORT, Format::Json), ("report.html", Format::Html), ("report.md", Format::Markdown)];

/// The report for machines.
pub const REPORT: &str = "report.json";
/// What was seen.
pub const EVIDENCE: &str = "evidence.db";
/// The digests of reports and evidence, as `sha256sum --check` reads them.
pub const MANIFEST: &str = "manifest";
/// The signed statement about all of these.
pub const ATTESTATION: &str = "attestation.dsse.json";
/// The same in-toto statement for verifiers that know no leaver.
pub const TEST_RESULT: &str = "test-result.dsse.json";
/// The timestamp of the first signature.
pub const TIMESTAMP: &str = "attestation.tsr";

/// What proves the other files, and so is not in the manifest itself.
const SEALS: [&str; 3] = [ATTESTATION, TEST_RESULT, TIMESTAMP];

/// SHA-256 in hexadecimal by name.
pub type Digests = BTreeMap<String, String>;

/// Why a bundle cannot be written or read at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is something already.
    #[error("{} is there already", .0.terminal())]
    Taken(Untrusted),
    /// What is there is no bundle, so it is not replaced.
    #[error("{} holds something else than a bundle", .0.terminal())]
    NotABundle(Untrusted),
    /// Neither a report nor anything that proves one.
    #[error("{} is no bundle: it has no report.json, no manifest and no attestation", .0.terminal())]
    NoBundle(Untrusted),
    /// The file system refused.
    #[error("bundle {}: {}", .path.terminal(), visible(&.source.to_string()))]
    File {
        /// The file or directory.
        path: Untrusted,
        /// What the system said.
        source: io::Error,
    },
    /// What is there cannot be sealed again.
    #[error("bundle {}: {what}", .path.terminal())]
    Broken {
        /// The bundle.
        path: Untrusted,
        /// What is wrong with it.
        what: String,
    },
}

impl Error {
    pub(crate) fn file(path: &Path, source: io::Error) -> Error {
        Error::File { path: named(path), source }
    }

    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Error::Taken(_) => "choose another name, or give --force to replace the bundle there as a whole",
            Error::NotABundle(_) => "choose another name; only a bundle is ever replaced",
            Error::NoBundle(_) => "give the directory that --bundle made",
            Error::File { .. } => "check the path, the permissions and the free space",
            Error::Broken { .. } => "`leaver verify` tells what is wrong; take another copy of the bundle",
        }
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> Exit {
        match self {
            Error::Taken(_) | Error::NotABundle(_) => Exit::Usage,
            Error::File { .. } => Exit::Failed,
            Error::Broken { .. } | Error::NoBundle(_) => Exit::Unverified,
        }
    }
}

fn named(path: &Path) -> Untrusted {
    path.display().to_string().into()
}

/// The program that renders the pages of a bundle, as its manifest names it.
const RENDERER: &str = concat!("leaver ", env!("CARGO_PKG_VERSION"));

/// What stands before it. `sha256sum --check` passes over such a line.
const RENDERED_BY: &str = "# rendered by ";

/// The program that rendered the pages, and the digests as `sha256sum` writes them.
fn manifest(renderer: &str, digests: &Digests) -> String {
    let lines: String = digests.iter().map(|(name, sha256)| format!("{sha256}  {name}\n")).collect();
    format!("{RENDERED_BY}{renderer}\n{lines}")
}

/// The program that rendered the pages, as a manifest says it.
fn renderer(manifest: &[u8]) -> Option<&str> {
    let first = manifest.strip_prefix(RENDERED_BY.as_bytes())?.split(|byte| *byte == b'\n').next()?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b" .+-".contains(byte);
    std::str::from_utf8(first).ok().filter(|text| text.len() <= 64 && text.bytes().all(|byte| plain(&byte)))
}
