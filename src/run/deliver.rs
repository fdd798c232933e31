//! Brings a report to where it belongs: into a bundle, signed, timestamped, archived, and to the outputs.
//! Whatever fails on that way, the report itself is kept, says what it is, and the exit code tells.

use std::path::PathBuf;

use super::{Delivery, settings};
use crate::api::Http;
use crate::archive::Archive;
use crate::bundle::{ATTESTATION, Digests, Draft, TEST_RESULT, TIMESTAMP};
use crate::config::{Config, TimestampUrl};
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::evidence::Evidence;
use crate::report::{Place, Report, emit};
use crate::seal::timestamp::{self, Roots};
use crate::seal::{self, Envelope, Signer, Statement};
use crate::text::Untrusted;

/// What a bundle takes besides the report. Made before anything is collected, so that a wrong passphrase shows at once.
pub(super) struct Sealing {
    target: PathBuf,
    force: bool,
    signer: Option<Signer>,
    authority: Option<Authority>,
    archive: Option<Archive>,
    configuration: Option<String>,
}

/// Who stamps the time.
struct Authority {
    http: Http,
    url: TimestampUrl,
    roots: Roots,
    seed: u64,
}

impl Sealing {
    /// What `--bundle` asks for; `None` without it.
    pub(super) async fn open(delivery: &Delivery, config: &Config, env: &Env) -> Result<Option<Sealing>, Error> {
        let Some(target) = &delivery.bundle else { return Ok(None) };
        Draft::may_write(target, delivery.force)?;
        let signer = match &config.signing.key {
            Some(key) => Some(Signer::open(key, settings::of(config), env).await?),
            None => None,
        };
        let archive = match &config.archive.url {
            Some(_) => Some(Archive::open(&config.archive, settings::of(config), env)?),
            None => None,
        };
        Ok(Some(Sealing {
            target: target.clone(),
            force: delivery.force,
            authority: if signer.is_some() { Authority::open(config, env)? } else { None },
            signer,
            archive,
            configuration: config.sha256.clone(),
        }))
    }

    /// Writes the bundle. Returns the report as it is in there, and what could not be done.
    async fn carry_out(&self, mut report: Report, evidence: &Evidence) -> Result<(Report, Vec<String>), Error> {
        let mut undone = Vec::new();
        report.signed_by = self.signer.as_ref().map(|signer| signer.public().id());
        report.archive = self.place(&report, &mut undone).await;
        let draft = Draft::create(&self.target, self.force)?;
        let digests = draft.fill(&report, evidence)?;
        if let Some(signer) = &self.signer
            && let Err(error) = self.seal(&draft, signer, &report, &digests, &mut undone).await?
        {
            undone.push(format!("not signed: {error}"));
            (report.signed_by, report.archive) = (None, None);
            draft.fill(&report, evidence)?;
        }
        draft.commit()?;
        if let (Some(archive), Some(place)) = (&self.archive, &report.archive)
            && let Err(error) = archive.put(place, &self.target).await
        {
            undone.push(format!("not archived: {error}"));
        }
        Ok((report, undone))
    }

    async fn place(&self, report: &Report, undone: &mut Vec<String>) -> Option<Place> {
        let organization = report.run.tenant.as_ref().map_or("", Untrusted::raw);
        match self.archive.as_ref()?.next(organization).await {
            Ok(place) => Some(place),
            Err(error) => {
                undone.push(format!("not archived: {error}"));
                None
            }
        }
    }

    /// Signs and stamps. The inner error is the key's: then nothing of it is in the draft.
    async fn seal(
        &self,
        draft: &Draft,
        signer: &Signer,
        report: &Report,
        digests: &Digests,
        undone: &mut Vec<String>,
    ) -> Result<Result<(), seal::Error>, Error> {
        let mut stamped = None;
        if let Some(authority) = &self.authority {
            let attestation = match attest(report, digests, self.configuration.as_deref(), true, signer).await {
                Ok(attestation) => attestation,
                Err(error) => return Ok(Err(error)),
            };
            match authority.stamp(&attestation).await {
                Ok(token) => stamped = Some((attestation, token)),
                Err(error) => undone.push(error.to_string()),
            }
        }
        let signed = async {
            let attestation = match &stamped {
                Some((attestation, _)) => attestation.clone(),
                None => attest(report, digests, self.configuration.as_deref(), false, signer).await?,
            };
            let result = Statement::new(digests, seal::TEST_RESULT, seal::test_result(report));
            Ok::<_, seal::Error>((attestation, envelope(&result, signer).await?))
        };
        let (attestation, result) = match signed.await {
            Ok(both) => both,
            Err(error) => return Ok(Err(error)),
        };
        let text = |envelope: &Envelope| envelope.to_json().map_err(super::output);
        draft.add(ATTESTATION, text(&attestation)?.as_bytes())?;
        draft.add(TEST_RESULT, text(&result)?.as_bytes())?;
        if let Some((_, token)) = stamped {
            draft.add(TIMESTAMP, &token)?;
        }
        Ok(Ok(()))
    }
}

impl Authority {
    fn open(config: &Config, env: &Env) -> Result<Option<Authority>, Error> {
        let Some(url) = config.signing.timestamp_url.clone() else { return Ok(None) };
        let root = config.signing.timestamp_root.as_deref().ok_or_else(|| {
            let hint = "set [signing] timestamp-root to a PEM file with the root certificate of the authority";
            Error::usage("a timestamp cannot be trusted without a root", hint)
        })?;
        let http = Http::new(settings::of(config)).map_err(|error| super::asked(&error, "how to reach it"))?;
        Ok(Some(Authority { http, url, roots: Roots::read(root)?, seed: env.seed }))
    }

    async fn stamp(&self, attestation: &Envelope) -> Result<Vec<u8>, seal::Error> {
        let failed = seal::Error::Timestamp;
        let signature = attestation.signatures.first().map(|signature| signature.bytes.as_slice()).unwrap_or_default();
        let nonce = fastrand::Rng::with_seed(self.seed).u64(..);
        let request = timestamp::request(signature, nonce);
        let answer = self.http.timestamp(self.url.url(), request).await.map_err(|error| failed(error.to_string()))?;
        timestamp::accept(&answer, signature, nonce, &self.roots).map_err(failed)
    }
}

/// The signed attestation of a report whose files have these digests.
pub(super) async fn attest(
    report: &Report,
    digests: &Digests,
    configuration: Option<&str>,
    timestamped: bool,
    signer: &Signer,
) -> Result<Envelope, seal::Error> {
    let predicate = serde_json::to_value(seal::audit(report, configuration, timestamped));
    let predicate = predicate.map_err(|_| seal::Error::Sign)?;
    envelope(&Statement::new(digests, seal::PREDICATE, predicate), signer).await
}

/// A statement in an envelope with one signature.
pub(super) async fn envelope(statement: &Statement, signer: &Signer) -> Result<Envelope, seal::Error> {
    let mut envelope = Envelope::new(serde_json::to_vec(statement).map_err(|_| seal::Error::Sign)?);
    envelope.sign(signer).await?;
    Ok(envelope)
}

/// Writes the bundle, if one is wanted, then every output.
pub(super) async fn deliver(
    report: Report,
    evidence: &Evidence,
    delivery: &Delivery,
    sealing: Option<Sealing>,
    env: &Env,
) -> Result<Exit, Error> {
    let (report, undone) = match &sealing {
        Some(sealing) => sealing.carry_out(report, evidence).await?,
        None => (report, Vec::new()),
    };
    emit(&report, &delivery.outputs, &env.console)?;
    if let Some(sealing) = &sealing {
        let by = report.signed_by.as_ref().map_or("unsigned".to_owned(), |key| format!("signed by {key}"));
        env.console.note(&format!("{}  {by}", sealing.target.display()));
    }
    match undone.is_empty() {
        true => Ok(report.exit_code()),
        false => Err(Error::Undelivered {
            what: undone.join("; ").into(),
            hint: format!("the verdict is {}; the bundle is kept, `leaver sign` signs it later", report.verdict),
        }),
    }
}
