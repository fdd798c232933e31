//! Who signs: a key in a file, or a key that never leaves its vault.

use std::sync::Arc;

use super::vault::VaultKey;
use super::{Error, LocalKey, PublicKey};
use crate::api::{self, Api, Http, NoLog, Service, Settings};
use crate::config::Key;
use crate::env::Env;
use crate::text::Secret;

const PASSPHRASE: &str = "LEAVER_KEY_PASSPHRASE";

/// Signs messages.
pub enum Signer {
    /// A key in a file.
    Local(LocalKey),
    /// A key in Azure Key Vault.
    Vault(VaultKey),
}

impl Signer {
    /// Opens a key: reads the file, or asks the vault for the public half.
    ///
    /// # Errors
    /// When that does not work, the key cannot sign, or others can read it and `insecure` does not say that this is fine.
    pub async fn open(key: &Key, insecure: bool, mut settings: Settings, env: &Env) -> Result<Signer, Error> {
        match key {
            Key::File(path) => {
                LocalKey::read(path, insecure, || passphrase(env, "Passphrase of the key: ")).map(Signer::Local)
            }
            Key::Vault(url) => {
                let (origin, path) = super::vault::address(url)?;
                settings.endpoints.vault.get_or_insert(origin);
                let failed = |source| Error::Vault { what: "answer", source: Box::new(source) };
                let http = Http::new(settings).map_err(failed)?;
                let api = Api::new(http.clone(), api::tokens(&http, env), Arc::new(NoLog), env);
                VaultKey::open(api.read(Service::Vault), path).await.map(Signer::Vault)
            }
        }
    }

    /// What the signatures are checked with.
    pub fn public(&self) -> &PublicKey {
        match self {
            Signer::Local(key) => key.public(),
            Signer::Vault(key) => key.public(),
        }
    }

    /// Signs; ECDSA in DER.
    ///
    /// # Errors
    /// When the key or its vault does not.
    pub async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        match self {
            Signer::Local(key) => key.sign(message),
            Signer::Vault(key) => key.sign(message).await,
        }
    }
}

/// The passphrase of a key: from the environment, else from the person at the terminal, else none.
pub(crate) fn passphrase(env: &Env, prompt: &str) -> Option<Secret> {
    let given = env.variable(PASSPHRASE).map(Secret::new);
    let asked = || rpassword::prompt_password(prompt).ok().map(|text| Secret::new(&text));
    given.or_else(|| if env.console.interactive { asked() } else { None })
}
