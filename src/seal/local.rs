//! Keys in PEM files: PKCS#8, plain or encrypted. Key material is wiped when dropped and never shown.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use pkcs8::der::SecretDocument;
use pkcs8::pkcs5::pbes2;
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, ObjectIdentifier, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::pem::{self, Block};
use super::{Error, KeyFault, Kind, PublicKey};
use crate::file;
use crate::text::{Secret, capped};

/// Rounds of PBKDF2 with SHA-256 for a new key, as OWASP's password storage cheat sheet asks.
const ROUNDS: u32 = 600_000;

const ELLIPTIC: &str = "1.2.840.10045.2.1";
const P256: &str = "1.2.840.10045.3.1.7";
const ED25519: &str = "1.3.101.112";

/// Types of keys that people have, to tell them what they gave.
const OTHERS: [(&str, &str); 6] = [
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.10045.3.1.1", "P-192"),
    ("1.3.132.0.34", "P-384"),
    ("1.3.132.0.35", "P-521"),
    ("1.3.132.0.10", "secp256k1"),
    ("1.3.101.113", "Ed448"),
];

enum Pair {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A signing key from a file.
pub struct LocalKey {
    pair: Pair,
    public: PublicKey,
}

impl LocalKey {
    /// Reads a PEM or DER file. `passphrase` is asked only for an encrypted key.
    ///
    /// # Errors
    /// When the file cannot be read, is no key of a known type, does not open, or can be read or written by others,
    /// unless `insecure` says that this does not matter.
    pub fn read(path: &Path, insecure: bool, passphrase: impl FnOnce() -> Option<Secret>) -> Result<LocalKey, Error> {
        let name = || path.display().to_string().into();
        let failed = |source| Error::File { path: name(), source };
        let of = |fault| Error::Key { path: name(), fault };
        let opened = file::open(path).map_err(failed)?;
        if let Some(what) = exposed(path, &opened.metadata().map_err(failed)?).filter(|_| !insecure) {
            return Err(of(KeyFault::Exposed(what)));
        }
        let bytes = Zeroizing::new(file::content(opened, file::SMALL).map_err(failed)?);
        LocalKey::from_bytes(&bytes, passphrase).map_err(of)
    }

    /// The key in the text of a PEM file.
    ///
    /// # Errors
    /// What it is instead.
    pub fn from_pem(text: &str, passphrase: impl FnOnce() -> Option<Secret>) -> Result<LocalKey, KeyFault> {
        LocalKey::from_bytes(text.as_bytes(), passphrase)
    }

    fn from_bytes(bytes: &[u8], passphrase: impl FnOnce() -> Option<Secret>) -> Result<LocalKey, KeyFault> {
        let blocks = pem::blocks(bytes)?;
        let first = blocks.first().map(|block| block.label.clone()).unwrap_or_default();
        let mut keys =
            blocks.into_iter().filter(|block| block.label.is_empty() || block.label.ends_with("PRIVATE KEY"));
        let Some(block) = keys.next() else { return Err(KeyFault::Label(first)) };
        match keys.count() {
            0 => LocalKey::from_block(&block, passphrase),
            more => Err(KeyFault::Several(more + 1)),
        }
    }

    fn from_block(block: &Block, passphrase: impl FnOnce() -> Option<Secret>) -> Result<LocalKey, KeyFault> {
        if let Some(cipher) = &block.cipher {
            let what = format!("in the container {} with the cipher {}", block.label, capped(cipher, 40));
            let command = "convert it: `openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in OLD -out NEW`";
            return Err(KeyFault::Container { what, command });
        }
        match block.label.as_str() {
            "PRIVATE KEY" => LocalKey::from_pkcs8(&block.der),
            "EC PRIVATE KEY" => LocalKey::from_sec1(&block.der),
            "ENCRYPTED PRIVATE KEY" => LocalKey::from_encrypted(&block.der, passphrase),
            "RSA PRIVATE KEY" => Err(KeyFault::Type("RSA".to_owned())),
            "DSA PRIVATE KEY" => Err(KeyFault::Type("DSA".to_owned())),
            "OPENSSH PRIVATE KEY" => Err(KeyFault::Container {
                what: "in the container of OpenSSH".to_owned(),
                command: "convert it: `ssh-keygen -p -m PKCS8 -f KEY`, or make a key with `leaver key new -o key.pem`",
            }),
            "" => LocalKey::from_der(&block.der, passphrase),
            label => Err(KeyFault::Label(label.to_owned())),
        }
    }

    /// DER does not say what it is.
    fn from_der(der: &[u8], passphrase: impl FnOnce() -> Option<Secret>) -> Result<LocalKey, KeyFault> {
        match der {
            _ if PrivateKeyInfoRef::try_from(der).is_ok() => LocalKey::from_pkcs8(der),
            _ if EncryptedPrivateKeyInfoRef::try_from(der).is_ok()
                || pem::unsupported(der).is_some_and(|what| what.starts_with('P')) =>
            {
                LocalKey::from_encrypted(der, passphrase)
            }
            _ if pem::identifiers(der).iter().any(|oid| oid.starts_with("1.2.840.113549.1.7.")) => {
                Err(KeyFault::Container {
                    what: "in a PKCS#12 container".to_owned(),
                    command: "convert it: `openssl pkcs12 -in OLD -nocerts -out NEW`",
                })
            }
            _ => LocalKey::from_sec1(der),
        }
    }

    fn from_encrypted(der: &[u8], passphrase: impl FnOnce() -> Option<Secret>) -> Result<LocalKey, KeyFault> {
        if let Some(what) = pem::unsupported(der) {
            return Err(KeyFault::Cipher(what));
        }
        let info = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| KeyFault::Damaged)?;
        let passphrase = passphrase().ok_or(KeyFault::NoPassphrase)?;
        let plain = info.decrypt(passphrase.expose()).map_err(|_| KeyFault::WrongPassphrase)?;
        LocalKey::from_pkcs8(plain.as_bytes())
    }

    /// RFC 5915, which openssl writes for `ecparam -genkey` and `ec`.
    fn from_sec1(der: &[u8]) -> Result<LocalKey, KeyFault> {
        match pem::identifiers(der).first().map(String::as_str) {
            Some(P256) => LocalKey::p256(der),
            Some(other) => Err(KeyFault::Type(name_of(other))),
            None => Err(KeyFault::Damaged),
        }
    }

    fn p256(der: &[u8]) -> Result<LocalKey, KeyFault> {
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, der);
        let pair = pair.map_err(|_| KeyFault::Damaged)?;
        let public = PublicKey::from_raw(Kind::P256, pair.public_key().as_ref()).map_err(|_| KeyFault::Damaged)?;
        Ok(LocalKey { public, pair: Pair::P256(pair) })
    }

    fn from_pkcs8(der: &[u8]) -> Result<LocalKey, KeyFault> {
        match kind(der)? {
            Kind::P256 => LocalKey::p256(der),
            Kind::Ed25519 => {
                let pair = Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyFault::Damaged)?;
                let public = PublicKey::from_raw(Kind::Ed25519, pair.public_key().as_ref());
                Ok(LocalKey { public: public.map_err(|_| KeyFault::Damaged)?, pair: Pair::Ed25519(pair) })
            }
        }
    }

    /// The other half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs; ECDSA in DER.
    ///
    /// # Errors
    /// When the library refuses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = match &self.pair {
            Pair::P256(pair) => pair.sign(&SystemRandom::new(), message).map_err(|_| Error::Sign)?,
            Pair::Ed25519(pair) => pair.try_sign(message).map_err(|_| Error::Sign)?,
        };
        Ok(signature.as_ref().to_owned())
    }
}

fn kind(der: &[u8]) -> Result<Kind, KeyFault> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyFault::Damaged)?;
    let curve = info.algorithm.parameters_oid().ok();
    match (info.algorithm.oid.to_string().as_str(), curve.map(|curve| curve.to_string()).as_deref()) {
        (ELLIPTIC, Some(P256)) => Ok(Kind::P256),
        (ED25519, _) => Ok(Kind::Ed25519),
        _ => Err(KeyFault::Type(called(curve.unwrap_or(info.algorithm.oid)))),
    }
}

fn called(oid: ObjectIdentifier) -> String {
    name_of(&oid.to_string())
}

pub(super) fn name_of(oid: &str) -> String {
    OTHERS.iter().find(|(known, _)| *known == oid).map_or(oid, |(_, name)| *name).to_owned()
}

/// What others can do with the key. A file that its folders hide from others is read by nobody else, whatever its mode.
fn exposed(path: &Path, metadata: &Metadata) -> Option<&'static str> {
    let others = metadata.mode() & 0o077;
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let passable = |folder: &Path| folder.metadata().map_or(true, |folder| folder.mode() & 0o011 != 0);
    match others {
        _ if others & 0o022 != 0 => Some("write"),
        _ if others & 0o044 != 0 && path.ancestors().skip(1).all(passable) => Some("read"),
        _ => None,
    }
}

/// Makes a key: the PEM text of the private half, encrypted where there is a passphrase, and the public half.
///
/// # Errors
/// When the system gives no randomness.
pub fn generate(kind: Kind, passphrase: Option<&Secret>) -> Result<(Zeroizing<String>, PublicKey), Error> {
    let der = match kind {
        // PKCS#8 version 1, which every tool reads.
        Kind::P256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).and_then(|pair| pair.to_pkcs8v1()),
        Kind::Ed25519 => Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1()),
    };
    let der = der.map_err(|_| Error::Sign)?;
    let der = der.as_ref();
    let public = LocalKey::from_pkcs8(der).map_err(|_| Error::Sign)?.public;
    let plain = SecretDocument::try_from(der).map_err(|_| Error::Sign)?;
    let pem = match passphrase {
        None => plain.to_pem("PRIVATE KEY", LineEnding::LF),
        Some(passphrase) => encrypted(&plain, passphrase, ROUNDS)?.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF),
    };
    Ok((pem.map_err(|_| Error::Sign)?, public))
}

fn encrypted(plain: &SecretDocument, passphrase: &Secret, rounds: u32) -> Result<SecretDocument, Error> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    aws_lc_rs::rand::fill(&mut salt).and_then(|()| aws_lc_rs::rand::fill(&mut iv)).map_err(|_| Error::Sign)?;
    let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(rounds, &salt, iv).map_err(|_| Error::Sign)?;
    let info = PrivateKeyInfoRef::try_from(plain.as_bytes()).map_err(|_| Error::Sign)?;
    info.encrypt_with_params(parameters, passphrase.expose()).map_err(|_| Error::Sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Option<Secret> {
        Some(Secret::new(text))
    }

    #[test]
    fn a_key_signs_what_its_other_half_verifies() {
        for kind in [Kind::P256, Kind::Ed25519] {
            let (pem, public) = generate(kind, None).unwrap();
            let key = LocalKey::from_pem(&pem, || None).unwrap();
            assert_eq!(key.public().id(), public.id());
            let signature = key.sign(b"message").unwrap();
            let public = PublicKey::from_pem(&public.to_pem().unwrap()).unwrap();
            assert!(public.verifies(b"message", &signature));
            assert!(!public.verifies(b"massage", &signature));
            for at in 0..signature.len() {
                let mut flipped = signature.clone();
                flipped[at] ^= 1;
                assert!(!public.verifies(b"message", &flipped), "{kind:?} {at}");
            }
        }
    }

    #[test]
    fn an_encrypted_key_opens_with_its_passphrase_only() {
        // The rounds of a real key would take an unoptimised build seconds.
        let (pem, public) = generate(Kind::P256, None).unwrap();
        let (_, plain) = SecretDocument::from_pem(&pem).unwrap();
        let pem = encrypted(&plain, &Secret::new("correct horse"), 1000).unwrap();
        let pem = pem.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).unwrap();
        let open = |with: Option<Secret>| LocalKey::from_pem(&pem, || with).map(|key| key.public().id());
        assert_eq!(open(passphrase("correct horse")), Ok(public.id()));
        assert_eq!(open(passphrase("battery staple")), Err(KeyFault::WrongPassphrase));
        assert_eq!(open(None), Err(KeyFault::NoPassphrase));
    }

    #[test]
    fn another_type_of_key_is_named() {
        let p384 = EcdsaKeyPair::generate(&aws_lc_rs::signature::ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
        let document = SecretDocument::try_from(p384.to_pkcs8v1().unwrap().as_ref()).unwrap();
        let pem = document.to_pem("PRIVATE KEY", LineEnding::LF).unwrap();
        let fault = LocalKey::from_pem(&pem, || None).err().unwrap();
        assert_eq!(fault, KeyFault::Type("P-384".to_owned()));
        let (_, public) = generate(Kind::P256, None).unwrap();
        let fault = LocalKey::from_pem(&public.to_pem().unwrap(), || None).err().unwrap();
        assert_eq!(fault, KeyFault::Label("PUBLIC KEY".to_owned()));
        assert_eq!(LocalKey::from_pem("no key", || None).err(), Some(KeyFault::NotPem));
        assert_eq!(PublicKey::from_pem(&pem).err(), Some(KeyFault::Label("PRIVATE KEY".to_owned())));
    }
}
