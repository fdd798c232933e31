//! Bundles from writing to verifying: every byte counts, every way to fail has its own answer, nothing is lost on the way.

mod archive;
mod authority;
mod bundle;
mod keys;
mod schema;
mod time;
mod vault;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use leaver::api::Retry;
use leaver::bundle::{Outcome, State, Trust, Verification};
use leaver::config::{Config, Key};
use leaver::env::{Console, Env};
use leaver::error::{Error, Exit};
use leaver::evidence::{Scope, Writer, row};
use leaver::run::{self, Delivery, verify};
use leaver::seal::{self, Kind, LocalKey, PublicKey};
use tempfile::TempDir;

const NOW: &str = "2026-05-25T06:00:00Z";

/// Output that a test can read.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A folder with a key, evidence and a configuration.
struct Place {
    folder: TempDir,
    config: Config,
    variables: BTreeMap<String, String>,
    out: Shared,
}

impl Place {
    /// With a key in `key.pem` and `key.pub`, and evidence of one person in `evidence.db`.
    async fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let tiny = std::time::Duration::from_millis(1);
        let retry = Retry { attempts: 2, base: tiny, longest: tiny, ..Retry::default() };
        let config = Config { retry, ..Config::default() };
        let mut place = Place { folder, config, variables: BTreeMap::new(), out: Shared::default() };
        place.variables.insert("TMPDIR".to_owned(), place.path("").display().to_string());
        verify::new_key(Kind::P256, &place.path("key.pem"), false, &place.env()).unwrap();
        place.config.signing.key = Some(Key::File(place.path("key.pem")));
        evidence(&place.path("evidence.db")).await;
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn env(&self) -> Env {
        let now: Timestamp = NOW.parse().unwrap();
        Env {
            now,
            clock: Arc::new(move || now),
            seed: 1,
            variables: Arc::new(self.variables.clone()),
            console: Console::new(self.out.clone(), self.out.clone()),
        }
    }

    /// What was printed since the last time.
    fn printed(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.out.0.lock().unwrap())).unwrap()
    }

    /// Judges the evidence into a bundle.
    async fn bundle(&self, name: &str) -> Result<Exit, Error> {
        self.bundle_with(name, false).await
    }

    async fn bundle_with(&self, name: &str, force: bool) -> Result<Exit, Error> {
        let delivery = Delivery { bundle: Some(self.path(name)), force, ..Delivery::default() };
        run::check(&self.path("evidence.db"), &self.config, &delivery, &self.env()).await
    }

    fn trust(&self) -> Trust {
        Trust { keys: vec![PublicKey::read(&self.path("key.pub")).unwrap()], ..Trust::default() }
    }

    fn verify(&self, name: &str) -> Verification {
        leaver::bundle::verify(&self.path(name), &self.trust()).unwrap()
    }

    fn key(&self) -> LocalKey {
        LocalKey::read(&self.path("key.pem"), false, || None).unwrap()
    }

    /// The names of everything in the folder that is no key and no evidence.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with("key.") && name != "evidence.db").collect();
        names.sort();
        names
    }
}

/// Evidence of one person, in which most tables were never collected.
async fn evidence(path: &Path) {
    let meta = [("now", NOW.to_owned()), ("mode", "audit".to_owned()), ("tenant", "Contoso".to_owned())];
    let writer = Writer::create(path.parent().unwrap(), &meta).unwrap();
    let scope = Scope { name: "contoso".into(), person: None, needs: "User.Read.All".into() };
    let filled = writer.dataset(&["person"], &scope, async |rows| {
        rows.insert(&row::Person { id: "entra:user/1".into(), object_id: "1".into(), ..row::Person::default() })?;
        rows.tally().count(1, NOW.parse().unwrap());
        Ok(())
    });
    filled.await.unwrap();
    drop(writer.seal(Some(path)).unwrap());
}

/// The outcome of one check.
fn of<'a>(found: &'a Verification, name: &str) -> &'a Outcome {
    found.outcomes.iter().find(|outcome| outcome.name == name).unwrap()
}

fn failed(found: &Verification) -> Vec<&'static str> {
    let failed = found.outcomes.iter().filter(|outcome| outcome.state == State::Failed);
    failed.map(|outcome| outcome.name).collect()
}

/// Signs the files of a bundle anew, with whatever they hold now.
async fn reseal(place: &Place, name: &str) {
    use leaver::bundle::{ATTESTATION, MANIFEST, TEST_RESULT};
    let folder = place.path(name);
    let mut digests = BTreeMap::new();
    for file in ["report.json", "report.html", "report.md", "evidence.db"] {
        digests.insert(file.to_owned(), seal::sha256(&std::fs::read(folder.join(file)).unwrap()));
    }
    let lines: String = digests.iter().map(|(name, sha256)| format!("{sha256}  {name}\n")).collect();
    let manifest = format!("# rendered by leaver {}\n{lines}", env!("CARGO_PKG_VERSION"));
    std::fs::write(folder.join(MANIFEST), &manifest).unwrap();
    digests.insert(MANIFEST.to_owned(), seal::sha256(manifest.as_bytes()));
    let report = serde_json::from_slice(&std::fs::read(folder.join("report.json")).unwrap()).unwrap();
    let audit = serde_json::to_value(seal::audit(&report, None, false)).unwrap();
    attest(place, &folder.join(ATTESTATION), &seal::Statement::new(&digests, seal::PREDICATE, audit)).await;
    let result = seal::Statement::new(&digests, seal::TEST_RESULT, seal::test_result(&report));
    attest(place, &folder.join(TEST_RESULT), &result).await;
}

async fn attest(place: &Place, path: &Path, statement: &seal::Statement) {
    let mut envelope = seal::Envelope::new(serde_json::to_vec(statement).unwrap());
    envelope.sign(&seal::Signer::Local(place.key())).await.unwrap();
    std::fs::write(path, envelope.to_json().unwrap()).unwrap();
}
