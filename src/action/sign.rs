//! Signatures of a plan: a DSSE envelope beside it, which several people may sign. Documented in `docs/remediation.md`.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::error::Error;
use crate::file;
use crate::seal::{self, Envelope, PublicKey, Signer, Statement};

/// The type of the statement about a plan.
pub const PREDICATE: &str = "urn:leaver:attestation:plan:v1";

/// The name of the plan in the statement: its file may be moved.
const NAME: &str = "plan.json";

/// No envelope is larger.
const LARGEST: u64 = 1 << 20;

/// Where the envelope of a plan is.
pub fn beside(plan: &Path) -> PathBuf {
    let mut name = plan.as_os_str().to_owned();
    name.push(".dsse.json");
    name.into()
}

/// The envelope with one more signature, as it is written.
///
/// # Errors
/// When what is there is of another plan, the key has signed already, or it does not sign.
pub async fn signed(path: &Path, plan: &[u8], signer: &Signer) -> Result<String, Error> {
    let mut envelope = match read(path)? {
        // A new plan under an old name begins anew.
        Some(envelope) if is_about(&envelope, plan) => envelope,
        _ => Envelope::new(statement(plan)),
    };
    if envelope.signatures.iter().any(|signature| signature.key == signer.public().id()) {
        return Err(Error::usage("this key has signed the plan already", "give another --key"));
    }
    envelope.sign(signer).await?;
    envelope.to_json().map_err(|source| Error::Output { target: beside(path).display().to_string().into(), source })
}

fn statement(plan: &[u8]) -> Vec<u8> {
    let digests = [(NAME.to_owned(), seal::sha256(plan))].into();
    let value: serde_json::Value = serde_json::from_slice(plan).unwrap_or_default();
    let said = json!({ "tenant": value["tenant"], "created_at": value["created_at"], "expires_at": value["expires_at"],
                       "report": value["report"], "changes": value["changes"].as_array().map_or(0, Vec::len) });
    serde_json::to_vec(&Statement::new(&digests, PREDICATE, said)).unwrap_or_default()
}

fn is_about(envelope: &Envelope, plan: &[u8]) -> bool {
    let statement = Statement::parse(&envelope.payload, PREDICATE).ok();
    let digests = statement.and_then(|statement| statement.digests());
    digests.is_some_and(|digests| digests.len() == 1 && digests.get(NAME) == Some(&seal::sha256(plan)))
}

fn read(path: &Path) -> Result<Option<Envelope>, Error> {
    let file = beside(path);
    let bytes = match file::read(&file, LARGEST) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|source| Error::Input { path: file.display().to_string().into(), source })?,
    };
    Envelope::parse(&bytes)
        .map(Some)
        .map_err(|why| Error::Refused { what: format!("{}: {why}", file.display()).into() })
}

/// Checks who signed a plan: `own`, where a key is configured, and at least `approvals` different ones of `approvers`.
///
/// # Errors
/// [`Error::Refused`], with what is missing.
pub fn check(
    path: &Path,
    plan: &[u8],
    own: Option<&PublicKey>,
    approvals: u16,
    approvers: &[PublicKey],
) -> Result<(), Error> {
    if own.is_none() && approvals == 0 {
        return Ok(());
    }
    let refused = |what: String| Err(Error::Refused { what: what.into() });
    let Some(envelope) = read(path)? else {
        return refused(format!("the plan is not signed: {} is not there", beside(path).display()));
    };
    if !is_about(&envelope, plan) {
        return refused("the signature is about another plan, or the plan was changed".to_owned());
    }
    let message = envelope.pre_authentication_encoding();
    let signed = |key: &PublicKey| {
        envelope
            .signatures
            .iter()
            .any(|signature| signature.key == key.id() && key.verifies(&message, &signature.bytes))
    };
    if own.is_some_and(|key| !signed(key)) {
        return refused("the key of [signing] did not sign this plan".to_owned());
    }
    let given: BTreeSet<String> = approvers.iter().chain(own).filter(|key| signed(key)).map(PublicKey::id).collect();
    if given.len() < usize::from(approvals) {
        return refused(format!("{} of {approvals} approvals are there", given.len()));
    }
    Ok(())
}
