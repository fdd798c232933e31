//! Adds a signature to a bundle: only to one that is whole, and never to one that says something else than its files.

use std::path::Path;

use super::forms::forms;
use super::list::list;
use super::seals::Seals;
use super::verify::{State, Trust, verify};
use super::{ATTESTATION, Digests, Error, TEST_RESULT, named};
use crate::report::Report;
use crate::seal::{self, Envelope, PublicKey, Signer, Statement};

/// A bundle whose files fit together.
pub struct Signable {
    envelopes: Vec<(&'static str, Envelope)>,
}

impl Signable {
    /// Reads the bundle and checks everything about it but whose signatures it has.
    ///
    /// # Errors
    /// What does not fit.
    pub fn open(directory: &Path, signer: &PublicKey) -> Result<Signable, Error> {
        let broken = |what: String| Error::Broken { path: named(directory), what };
        let found = verify(directory, &Trust { keys: vec![signer.clone()], ..Trust::default() })?;
        let forms = found.report.as_ref().map(|report| forms(directory, report));
        // Whoever else signed is nobody that this command was told of, and neither is who stamped the time.
        let unknown = ["signature", "key", "time"];
        let fault = found
            .outcomes
            .iter()
            .chain(&forms)
            .find(|outcome| outcome.state == State::Failed && !unknown.contains(&outcome.name));
        if let Some(fault) = fault {
            return Err(broken(format!("{}: {}", fault.name, fault.detail)));
        }
        let listing = list(directory).map_err(|source| Error::file(directory, source))?;
        let envelopes = match (Seals::read(directory, &listing), &found.report) {
            (Some(seals), _) => {
                let seals = seals.map_err(broken)?;
                if let Some(fault) = seals.broken(std::slice::from_ref(signer)).into_iter().next() {
                    return Err(broken(fault));
                }
                seals.envelopes
            }
            (None, Some(report)) => {
                let digests = super::digest::digests(directory, listing.subjects());
                unsigned(report, &digests.map_err(|source| Error::file(directory, source))?)
            }
            (None, None) => return Err(broken("it has no report".to_owned())),
        };
        Ok(Signable { envelopes })
    }

    /// Signs: the names of the files to write and their content.
    ///
    /// # Errors
    /// When the key has signed already, or does not sign.
    pub async fn sign(mut self, signer: &Signer) -> Result<Vec<(&'static str, String)>, crate::error::Error> {
        let id = signer.public().id();
        let mut texts = Vec::new();
        for (name, envelope) in &mut self.envelopes {
            // A run that broke off between the two files leaves one of them without this signature.
            if !envelope.signatures.iter().any(|signature| signature.key == id) {
                envelope.sign(signer).await?;
                let failed = |source| crate::error::Error::Output { target: (*name).into(), source };
                texts.push((*name, envelope.to_json().map_err(failed)?));
            }
        }
        match texts.is_empty() {
            true => Err(crate::error::Error::usage("this key has signed the bundle already", "give another --key")),
            false => Ok(texts),
        }
    }
}

/// The statements about a bundle that nobody has signed.
fn unsigned(report: &Report, digests: &Digests) -> Vec<(&'static str, Envelope)> {
    let audit = serde_json::to_value(seal::audit(report, None, false)).unwrap_or_default();
    let statements = [
        (ATTESTATION, Statement::new(digests, seal::PREDICATE, audit)),
        (TEST_RESULT, Statement::new(digests, seal::TEST_RESULT, seal::test_result(report))),
    ];
    let one = |(name, statement)| (name, Envelope::new(serde_json::to_vec(&statement).unwrap_or_default()));
    statements.into_iter().map(one).collect()
}
