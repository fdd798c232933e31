//! What was done because of the report of a bundle: plan, signatures and journal in a folder of their own, with a receipt that
//! is signed on its own, since all of it came later.

use std::fs;
use std::path::Path;

use super::digest::{digests, read};
use super::verify::{Outcome, State, Trust};
use crate::seal::{Envelope, Statement};
use crate::text::visible;

/// The folder.
pub const REMEDIATION: &str = "remediation";
/// The signed statement about the other files in it.
pub const RECEIPT: &str = "receipt.dsse.json";
/// The type of that statement.
pub const RECEIPT_PREDICATE: &str = "urn:leaver:attestation:remediation:v1";

const NAME: &str = "done";
const FILES: [&str; 5] =
    ["plan.json", "plan.json.journal", "plan.json.journal.undo", "plan.json.dsse.json", "proof.json"];
const LARGEST: u64 = 16 << 20;

/// Checks the folder; `None`: nothing was done.
pub(super) fn check(directory: &Path, trust: &Trust) -> Option<Outcome> {
    let folder = directory.join(REMEDIATION);
    if !fs::symlink_metadata(&folder).ok()?.is_dir() {
        return None;
    }
    Some(match verified(&folder, trust) {
        Ok(Some(detail)) => Outcome::new(NAME, State::Ok, detail),
        Ok(None) => Outcome::new(NAME, State::Absent, "nobody signed what was done"),
        Err(why) => Outcome::new(NAME, State::Failed, visible(&why)),
    })
}

fn verified(folder: &Path, trust: &Trust) -> Result<Option<String>, String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let plain = entry.metadata().is_ok_and(|kind| kind.is_file());
        match FILES.iter().any(|known| *known == name) && plain {
            true => names.push(name),
            false if name == RECEIPT && plain => {}
            false => return Err(format!("{REMEDIATION}/{name} belongs to no bundle")),
        }
    }
    if !folder.join(RECEIPT).exists() {
        return Ok(None);
    }
    let bytes = read(&folder.join(RECEIPT), LARGEST).map_err(|error| error.to_string())?;
    let envelope = Envelope::parse(&bytes)?;
    let said =
        Statement::parse(&envelope.payload, RECEIPT_PREDICATE)?.digests().ok_or("the receipt names a file twice")?;
    let found = digests(folder, names.iter().map(String::as_str)).map_err(|error| error.to_string())?;
    if said != found {
        return Err("the files are not those of the receipt".to_owned());
    }
    let message = envelope.pre_authentication_encoding();
    let by = envelope.signatures.iter().find(|signature| {
        trust.keys.iter().any(|key| key.id() == signature.key && key.verifies(&message, &signature.bytes))
    });
    match (by, trust.keys.is_empty()) {
        (Some(signature), _) => Ok(Some(format!("plan and journal are those that {} signed", visible(&signature.key)))),
        (None, true) => {
            Ok(Some("plan and journal are those of the receipt; --key tells whether its signature holds".to_owned()))
        }
        (None, false) => Err("no key of --key signed the receipt".to_owned()),
    }
}
