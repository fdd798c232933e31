//! Brings a report to where it belongs: into a bundle, signed, timestamped, archived, and to the outputs.
//! Whatever fails on that way, the report itself is kept, says what it is, and the exit code tells.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Delivery, settings};
use crate::api::Http;
use crate::archive::{self, Archive};
use crate::bundle::{ATTESTATION, Digests, Draft, MANIFEST, TEST_RESULT, TIMESTAMP};
use crate::config::{Config, TimestampUrl};
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::evidence::Evidence;
use crate::file;
use crate::report::{self, Place, Report, emit};
use crate::seal::timestamp::{self, Roots};
use crate::seal::{self, Envelope, Signer, Statement};
use crate::text::Untrusted;

/// What a bundle takes besides the report. Made before anything is collected, so that a wrong passphrase shows at once.
pub(super) struct Sealing {
    target: PathBuf,
    force: bool,
    signer: Option<Signer>,
    authority: Option<Authority>,
    archive: Option<Result<Archive, archive::Error>>,
    configuration: Option<String>,
    seed: u64,
}

/// How often the next number is tried when somebody else took the one before.
const ROUNDS: u64 = 50;

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
        report::examine(&delivery.outputs, delivery.force)?;
        let Some(target) = &delivery.bundle else { return Ok(None) };
        report::plain(target)?;
        Draft::may_write(target, delivery.force)?;
        let signer = match &config.signing.key {
            Some(key) => Some(Signer::open(key, delivery.insecure_key, settings::of(config), env).await?),
            None => None,
        };
        let archive = match &config.archive.url {
            // A wrong setting is told at once; a store that is away costs the copy only.
            Some(_) => match Archive::open(&config.archive, settings::of(config), env) {
                Err(error @ archive::Error::Setting(_)) => return Err(error.into()),
                opened => Some(opened),
            },
            None => None,
        };
        Ok(Some(Sealing {
            target: target.clone(),
            force: delivery.force,
            authority: if signer.is_some() { Authority::open(config, env)? } else { None },
            signer,
            archive,
            configuration: config.sha256.clone(),
            seed: env.seed,
        }))
    }

    /// Writes the bundle. Returns the report as it is in there, and what could not be done.
    async fn carry_out(&self, mut report: Report, evidence: &Evidence) -> Result<(Report, Vec<String>), Error> {
        let draft = Draft::create(&self.target, self.force)?;
        let mut rounds = 0;
        let undone = loop {
            let mut undone = Vec::new();
            report.signed_by = self.signer.as_ref().map(|signer| signer.public().id());
            report.archive = self.place(&report, &mut undone).await;
            self.fill(&draft, &mut report, evidence, &mut undone).await?;
            let (Some(Ok(archive)), Some(place)) = (&self.archive, &report.archive) else { break undone };
            match archive.put(place, draft.directory()).await {
                // Somebody was faster: the report has to name theirs as the one before it.
                Err(archive::Error::Taken(_)) if rounds < ROUNDS => rounds += 1,
                Err(error) => {
                    undone.push(format!("not archived: {error}"));
                    break undone;
                }
                Ok(()) => break undone,
            }
            let wait = fastrand::Rng::with_seed(self.seed.wrapping_add(rounds)).u64(10..200);
            tokio::time::sleep(Duration::from_millis(wait * rounds)).await;
        };
        draft.commit()?;
        Ok((report, undone))
    }

    /// Writes the report and what proves it.
    async fn fill(
        &self,
        draft: &Draft,
        report: &mut Report,
        evidence: &Evidence,
        undone: &mut Vec<String>,
    ) -> Result<(), Error> {
        let digests = draft.fill(report, evidence)?;
        let Some(signer) = &self.signer else { return Ok(()) };
        match self.seals(signer, report, &digests, undone).await {
            Ok(files) => files.iter().try_for_each(|(name, content)| draft.add(name, content)),
            Err(error) => {
                undone.push(format!("not signed: {error}"));
                (report.signed_by, report.archive) = (None, None);
                draft.fill(report, evidence).map(drop)
            }
        }
    }

    async fn place(&self, report: &Report, undone: &mut Vec<String>) -> Option<Place> {
        let organization = report.run.tenant.as_ref().map_or("", Untrusted::raw);
        let place = match self.archive.as_ref()? {
            Ok(archive) => archive.next(organization).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match place {
            Ok(place) => Some(place),
            Err(error) => {
                undone.push(format!("not archived: {error}"));
                None
            }
        }
    }

    /// The files that prove the others.
    async fn seals(
        &self,
        signer: &Signer,
        report: &Report,
        digests: &Digests,
        undone: &mut Vec<String>,
    ) -> Result<Vec<(&'static str, Vec<u8>)>, seal::Error> {
        let attest = async |timestamped| {
            let predicate = serde_json::to_value(seal::audit(report, self.configuration.as_deref(), timestamped));
            let predicate = predicate.map_err(|_| seal::Error::Sign)?;
            envelope(&Statement::new(digests, seal::PREDICATE, predicate), signer).await
        };
        let mut stamped = None;
        if let Some(authority) = &self.authority {
            let attestation = attest(true).await?;
            match authority.stamp(&attestation).await {
                Ok(token) => stamped = Some((attestation, Some(token))),
                Err(error) => undone.push(error.to_string()),
            }
        }
        let (attestation, token) = match stamped {
            Some(both) => both,
            None => (attest(false).await?, None),
        };
        let result = Statement::new(digests, seal::TEST_RESULT, seal::test_result(report));
        let result = envelope(&result, signer).await?;
        let mut files = vec![(ATTESTATION, text(&attestation)?), (TEST_RESULT, text(&result)?)];
        files.extend(token.map(|token| (TIMESTAMP, token)));
        Ok(files)
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

/// A statement in an envelope with one signature.
async fn envelope(statement: &Statement, signer: &Signer) -> Result<Envelope, seal::Error> {
    let mut envelope = Envelope::new(serde_json::to_vec(statement).map_err(|_| seal::Error::Sign)?);
    envelope.sign(signer).await?;
    Ok(envelope)
}

fn text(envelope: &Envelope) -> Result<Vec<u8>, seal::Error> {
    envelope.to_json().map(String::into_bytes).map_err(|_| seal::Error::Sign)
}

/// What has to be kept elsewhere, so that it shows when the newest report is gone.
fn head(place: &Place, bundle: &Path) -> String {
    let manifest = file::read_here(&bundle.join(MANIFEST), file::SMALL).unwrap_or_default();
    format!(
        "archived as {}/{:06}; keep its head elsewhere, for leaver archive verify --head {}",
        place.organization,
        place.number,
        seal::sha256(&manifest)
    )
}

/// Writes the bundle, if one is wanted, then every output.
pub(super) async fn deliver(
    report: Report,
    evidence: &Evidence,
    delivery: &Delivery,
    sealing: Option<Sealing>,
    env: &Env,
) -> Result<Exit, Error> {
    let sealed = match &sealing {
        Some(sealing) => sealing.carry_out(report.clone(), evidence).await,
        None => Ok((report.clone(), Vec::new())),
    };
    let (report, undone) = match sealed {
        Ok(sealed) => sealed,
        Err(error) => {
            // The disk is full, or somebody took the name: what was found is told all the same.
            if let Err(other) = emit(&report, &delivery.outputs, delivery.force, &env.console) {
                env.console.complain(&other.render(false));
            }
            return Err(error);
        }
    };
    emit(&report, &delivery.outputs, delivery.force, &env.console)?;
    if let Some(sealing) = &sealing {
        let by = report.signed_by.as_ref().map_or("unsigned".to_owned(), |key| format!("signed by {key}"));
        env.console.note(&format!("{}  {by}", sealing.target.display()));
        if let (Some(place), true) = (&report.archive, undone.is_empty()) {
            env.console.note(&head(place, &sealing.target));
        }
    }
    match undone.is_empty() {
        true => Ok(report.exit_code()),
        false => Err(Error::Undelivered {
            what: undone.join("; ").into(),
            hint: format!(
                "the verdict is {}; the bundle is kept and says what it is; `leaver sign` adds a signature",
                report.verdict
            ),
        }),
    }
}
