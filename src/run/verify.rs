//! `leaver verify`, `leaver sign`, `leaver key new`: proofs without any collecting.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::{output, settings, tuned_checks};
use crate::bundle::{self, Outcome, State, Trust, Verification};
use crate::config::{Config, Key};
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::report::plain;
use crate::seal::timestamp::Roots;
use crate::seal::{self, Kind, PublicKey, Signer};

/// What the command line says of a verification.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The bundle.
    pub bundle: PathBuf,
    /// Public keys that are trusted.
    pub keys: Vec<PathBuf>,
    /// Certificates of time stamping authorities that are trusted.
    pub tsa_root: Option<PathBuf>,
    /// The bundle before this one.
    pub previous: Option<PathBuf>,
    /// Whether a signature of a key that was not given is refused.
    pub strict: bool,
    /// Whether to judge the evidence again.
    pub rejudge: bool,
    /// Folders with further checks.
    pub checks: Vec<PathBuf>,
}

/// Verifies a bundle, offline, and prints one line per check.
///
/// # Errors
/// When a key cannot be read or the directory is not there.
pub fn verify(request: &Request, config: &Config, env: &Env) -> Result<Exit, Error> {
    if !bundle::is_one(&request.bundle) {
        return Err(bundle::Error::NoBundle(shown(&request.bundle)).into());
    }
    let mut trust = trust(&request.keys, request.tsa_root.as_deref())?;
    trust.strict = request.strict;
    let before = request.previous.as_ref().map(|path| bundle::verify(path, &trust)).transpose()?;
    trust.previous = before.as_ref().and_then(|before| before.manifest.clone());
    let mut found = bundle::verify(&request.bundle, &trust)?;
    found.outcomes.extend(before.as_ref().and_then(|before| unbelieved(before, &found)));
    if request.rejudge {
        let checks = tuned_checks(&request.checks, config, env)?;
        if let Some(report) = &found.report {
            let outcomes = [bundle::forms(&request.bundle, report), bundle::rejudge(&request.bundle, report, &checks)];
            found.outcomes.extend(outcomes);
        }
    }
    let verdict = if found.holds() { "verified" } else { "NOT verified" };
    let text = format!("{}{verdict}\n", lines(&found.outcomes));
    env.console.print(&text).map_err(output)?;
    Ok(if found.holds() { Exit::Clean } else { Exit::Unverified })
}

/// Why the bundle before this one is not to be believed, if so.
fn unbelieved(before: &Verification, found: &Verification) -> Option<Outcome> {
    let failed = |detail: String| Some(Outcome { name: "previous", state: State::Failed, detail });
    if let Some(fault) = before.outcomes.iter().find(|outcome| outcome.state == State::Failed) {
        return failed(format!("the bundle before this one does not verify: {}: {}", fault.name, fault.detail));
    }
    let place = |of: &Verification| of.report.as_ref().and_then(|report| report.archive.clone());
    let (there, here) = (place(before)?, place(found)?);
    let number = here.previous.as_ref().map(|named| named.number);
    match there.organization == here.organization && number == Some(there.number) {
        true => None,
        false => failed(format!("the bundle before this one is number {} of {}", there.number, there.organization)),
    }
}

/// One line per check.
pub(super) fn lines(outcomes: &[Outcome]) -> String {
    let line = |Outcome { name, state, detail }: &Outcome| {
        let state = match state {
            State::Ok => "ok",
            State::Failed => "failed",
            State::Absent => "not present",
        };
        format!("{name:<10} {state:<12} {detail}\n")
    };
    outcomes.iter().map(line).collect()
}

/// The keys and roots that the command line names.
pub(super) fn trust(keys: &[PathBuf], tsa_root: Option<&Path>) -> Result<Trust, Error> {
    let keys = keys.iter().map(|path| PublicKey::read(path)).collect::<Result<_, _>>()?;
    Ok(Trust { keys, roots: tsa_root.map(Roots::read).transpose()?, ..Trust::default() })
}

/// Adds a signature to a bundle that holds, or the first one to an unsigned bundle.
///
/// # Errors
/// When the bundle does not hold, or the key does not sign.
pub async fn sign(
    directory: &Path,
    key: Option<&str>,
    insecure: bool,
    config: &Config,
    env: &Env,
) -> Result<Exit, Error> {
    let key = match key {
        Some(text) => Some(Key::try_from(text.to_owned()).map_err(|why| Error::usage(why, "give --key key.pem"))?),
        None => config.signing.key.clone(),
    };
    let key = key.ok_or_else(|| Error::usage("there is no key to sign with", "give --key, or set [signing] key"))?;
    let signer = Signer::open(&key, insecure, settings::of(config), env).await?;
    if directory.is_file() {
        return sign_plan(directory, &signer, env).await;
    }
    let envelopes = bundle::Signable::open(directory, signer.public())?.sign(&signer).await?;
    for (name, text) in envelopes {
        crate::report::write_file(&directory.join(name), |out| out.write_all(text.as_bytes()))?;
    }
    env.console.note(&format!("{}  signed by {}", directory.display(), signer.public().id()));
    Ok(Exit::Clean)
}

/// Adds a signature to a plan: an approval.
async fn sign_plan(path: &Path, signer: &Signer, env: &Env) -> Result<Exit, Error> {
    let bytes = super::plan::contents(path)?;
    let plan = crate::action::plan::parse(&bytes);
    plan.map_err(|fault| Error::Refused { what: format!("the plan: {fault}").into() })?;
    let envelope = crate::action::sign::signed(path, &bytes, signer).await?;
    let file = crate::action::sign::beside(path);
    crate::report::write_file(&file, |out| out.write_all(envelope.as_bytes()))?;
    env.console.note(&format!("{}  signed by {}", file.display(), signer.public().id()));
    Ok(Exit::Clean)
}

/// A shorter passphrase is found by trying.
const SHORT: usize = 12;

/// Makes a key: `path` for its owner only, and its public half beside it with the extension `pub`.
///
/// # Errors
/// When a file is there already: no key is ever overwritten.
pub fn new_key(kind: Kind, path: &Path, encrypt: bool, env: &Env) -> Result<Exit, Error> {
    let public_path = path.with_extension("pub");
    if public_path == plain(path)? {
        let what = format!("{} is the name of the public half", path.display());
        return Err(Error::usage(what, "give the private half another extension, such as key.pem"));
    }
    if let Some(taken) = [path, &public_path].into_iter().find(|path| path.symlink_metadata().is_ok()) {
        let source = std::io::ErrorKind::AlreadyExists.into();
        return Err(seal::Error::File { path: shown(taken), source }.into());
    }
    let passphrase = match encrypt {
        false => None,
        true => Some(seal::passphrase(env, "Passphrase for the new key: ").ok_or_else(|| {
            Error::usage("there is no passphrase", "set LEAVER_KEY_PASSPHRASE, or run at a terminal to be asked for it")
        })?),
    };
    if let Some(letters) =
        passphrase.as_ref().map(|text| text.expose().chars().count()).filter(|letters| *letters < SHORT)
    {
        env.console.note(&format!(
            "warning: the passphrase has {letters} characters; whoever gets the file can try all short ones: take {SHORT} or more"
        ));
    }
    let (pem, public) = seal::generate(kind, passphrase.as_ref())?;
    let text = public.to_pem().map_err(|fault| seal::Error::Key { path: shown(&public_path), fault })?;
    create(path, 0o600, pem.as_bytes())?;
    create(&public_path, 0o644, text.as_bytes()).inspect_err(|_| {
        // A private half whose public half nobody has is of no use.
        let _ = fs::remove_file(path);
    })?;
    env.console.note(&format!("{} and {}", path.display(), public_path.display()));
    env.console.print(&format!("{}\n", public.id())).map_err(output)?;
    Ok(Exit::Clean)
}

fn create(path: &Path, mode: u32, content: &[u8]) -> Result<(), Error> {
    let failed = |source| seal::Error::File { path: shown(path), source };
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(failed)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(())
}

fn shown(path: &Path) -> crate::text::Untrusted {
    path.display().to_string().into()
}
