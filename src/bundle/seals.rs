//! The two signed envelopes of a bundle, read together: both are about the same files and signed by the same keys.

use std::collections::BTreeSet;
use std::path::Path;

use super::digest::read;
use super::list::{Listing, limit};
use super::{ATTESTATION, Digests, TEST_RESULT, TIMESTAMP};
use serde_json::Value;

use crate::seal::{self, Audit, Envelope, PublicKey, Statement};

/// What the seals of a bundle say.
pub(super) struct Seals {
    /// Each with the name of its file.
    pub(super) envelopes: Vec<(&'static str, Envelope)>,
    /// The digests that both statements agree on.
    pub(super) digests: Digests,
    /// What the attestation says.
    pub(super) audit: Audit,
    /// What the statement for other verifiers says.
    pub(super) result: Value,
}

impl Seals {
    /// Reads the envelopes; `None` where there is no attestation.
    pub(super) fn read(directory: &Path, listing: &Listing) -> Option<Result<Seals, String>> {
        listing.has(ATTESTATION).then(|| {
            let (attestation, statement) = envelope(directory, ATTESTATION, seal::PREDICATE)?;
            let (result, other) = envelope(directory, TEST_RESULT, seal::TEST_RESULT)?;
            let digests = statement.digests().filter(|digests| other.digests().as_ref() == Some(digests));
            let digests = digests.ok_or("the two attestations are about different files")?;
            let audit = serde_json::from_value(statement.predicate().clone());
            let audit = audit.map_err(|_| format!("{ATTESTATION} says nothing that this leaver understands"))?;
            let said = other.predicate().clone();
            Ok(Seals {
                result: said,
                envelopes: vec![(ATTESTATION, attestation), (TEST_RESULT, result)],
                digests,
                audit,
            })
        })
    }

    /// The ids of all keys that claim to have signed.
    pub(super) fn signers(&self) -> BTreeSet<&str> {
        let all = self.envelopes.iter().flat_map(|(_, envelope)| &envelope.signatures);
        all.map(|signature| signature.key.as_str()).collect()
    }

    /// The keys that claim to have signed one file and not the other, or that stand there twice.
    pub(super) fn halves(&self) -> Vec<String> {
        let of = |envelope: &Envelope, key: &str| envelope.signatures.iter().filter(|one| one.key == key).count();
        let mut faults = Vec::new();
        for key in self.signers() {
            for (name, envelope) in &self.envelopes {
                match of(envelope, key) {
                    1 => {}
                    0 => faults.push(format!("{} has not signed {name}", short(key))),
                    times => faults.push(format!("{} stands {times} times in {name}", short(key))),
                }
            }
        }
        faults
    }

    /// Every signature that does not hold, by file. A key that was not given is told by [`Seals::strangers`] instead.
    pub(super) fn broken(&self, keys: &[PublicKey]) -> Vec<String> {
        let mut broken = Vec::new();
        for (name, envelope) in &self.envelopes {
            let message = envelope.pre_authentication_encoding();
            if envelope.signatures.is_empty() {
                broken.push(format!("{name} has no signature"));
            }
            for signature in &envelope.signatures {
                let key = keys.iter().find(|key| key.id() == signature.key);
                if key.is_some_and(|key| !key.verifies(&message, &signature.bytes)) {
                    broken.push(format!("the signature of {} in {name}", short(&signature.key)));
                }
            }
        }
        broken
    }

    /// The keys that claim to have signed and were not given.
    pub(super) fn strangers(&self, keys: &[PublicKey]) -> Vec<String> {
        let known: BTreeSet<String> = keys.iter().map(PublicKey::id).collect();
        self.signers().into_iter().filter(|id| !known.contains(*id)).map(short).collect()
    }

    /// The bytes that the timestamp is about: the first signature.
    pub(super) fn stamped(&self) -> Option<&[u8]> {
        let (_, attestation) = self.envelopes.first()?;
        Some(&attestation.signatures.first()?.bytes)
    }

    /// The timestamp file, where there is one.
    pub(super) fn timestamp(directory: &Path, listing: &Listing) -> Option<Result<Vec<u8>, String>> {
        let limit = limit(TIMESTAMP).unwrap_or_default();
        let path = directory.join(TIMESTAMP);
        listing.has(TIMESTAMP).then(|| read(&path, limit).map_err(|error| format!("{TIMESTAMP}: {error}")))
    }
}

fn envelope(directory: &Path, name: &str, predicate: &str) -> Result<(Envelope, Statement), String> {
    let bytes = read(&directory.join(name), limit(name).unwrap_or_default());
    let bytes = bytes.map_err(|error| format!("{name}: {error}"))?;
    let of = |what: &str| format!("{name}: {what}");
    let envelope = Envelope::parse(&bytes).map_err(of)?;
    let statement = Statement::parse(&envelope.payload, predicate).map_err(of)?;
    Ok((envelope, statement))
}

/// An id as a person compares it. Foreign text may stand in its place.
pub(super) fn short(id: &str) -> String {
    crate::text::visible(&crate::text::capped(id, 64))
}
