//! Public keys: what a signature is checked with, and the id that a key is known by.

use std::path::Path;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, VerificationAlgorithm};
use pkcs8::LineEnding;
use pkcs8::der::Document;
use rustls::pki_types::CertificateDer;
use webpki::EndEntityCert;

use super::local::name_of;
use super::{Error, KeyFault, pem, sha256};
use crate::file;

/// A type of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// ECDSA on P-256 with SHA-256.
    P256,
    /// Ed25519.
    Ed25519,
}

/// What stands before the key itself in a SubjectPublicKeyInfo (RFC 5480, RFC 8410).
const PREFIXES: [(Kind, &[u8]); 2] = [
    (
        Kind::P256,
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00",
    ),
    (Kind::Ed25519, b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"),
];

impl Kind {
    fn algorithm(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Kind::P256 => &ECDSA_P256_SHA256_ASN1,
            Kind::Ed25519 => &ED25519,
        }
    }

    fn prefix(self) -> &'static [u8] {
        PREFIXES[self as usize].1
    }
}

/// A key to verify with.
#[derive(Debug, Clone)]
pub struct PublicKey {
    kind: Kind,
    spki: Vec<u8>,
    key: ParsedPublicKey,
}

impl PublicKey {
    /// The key in a DER SubjectPublicKeyInfo.
    pub fn from_spki(spki: &[u8]) -> Result<PublicKey, KeyFault> {
        let known = PREFIXES.iter().find_map(|(kind, prefix)| Some((*kind, spki.strip_prefix(*prefix)?)));
        let Some((kind, raw)) = known else {
            let all = pem::identifiers(spki);
            return Err(match all.last().map(String::as_str) {
                Some("1.2.840.10045.3.1.7") => KeyFault::Container {
                    what: "a compressed point".to_owned(),
                    command: "convert it: `openssl ec -pubin -conv_form uncompressed -in OLD -pubout -out NEW`",
                },
                Some(oid) => KeyFault::Type(name_of(oid)),
                None => KeyFault::Damaged,
            });
        };
        let key = ParsedPublicKey::new(kind.algorithm(), raw).map_err(|_| KeyFault::Damaged)?;
        Ok(PublicKey { kind, spki: spki.to_owned(), key })
    }

    /// The key as the algorithm writes it: a point, or 32 bytes.
    pub(super) fn from_raw(kind: Kind, raw: &[u8]) -> Result<PublicKey, KeyFault> {
        PublicKey::from_spki(&[kind.prefix(), raw].concat())
    }

    /// The key in a PEM file that says `PUBLIC KEY`, or of the certificate in it.
    ///
    /// # Errors
    /// What it is instead.
    pub fn from_pem(text: &str) -> Result<PublicKey, KeyFault> {
        PublicKey::from_bytes(text.as_bytes())
    }

    fn from_bytes(bytes: &[u8]) -> Result<PublicKey, KeyFault> {
        let blocks = pem::blocks(bytes)?;
        let Some(block) = blocks.iter().find(|block| ["PUBLIC KEY", "CERTIFICATE", ""].contains(&block.label.as_str()))
        else {
            let label = blocks.first().map(|block| block.label.clone()).unwrap_or_default();
            return match label.as_str() {
                "RSA PUBLIC KEY" => Err(KeyFault::Type("RSA".to_owned())),
                _ => Err(KeyFault::Label(label)),
            };
        };
        let certified = || {
            let certificate = CertificateDer::from(block.der.as_slice());
            let certificate = EndEntityCert::try_from(&certificate).map_err(|_| KeyFault::Damaged)?;
            PublicKey::from_spki(&certificate.subject_public_key_info())
        };
        match block.label.as_str() {
            "CERTIFICATE" => certified(),
            "" => PublicKey::from_spki(&block.der).or_else(|fault| certified().map_err(|_| fault)),
            _ => PublicKey::from_spki(&block.der),
        }
    }

    /// Reads a PEM or DER file.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else.
    pub fn read(path: &Path) -> Result<PublicKey, Error> {
        let name = || path.display().to_string().into();
        let bytes = file::read(path, file::SMALL).map_err(|source| Error::File { path: name(), source })?;
        PublicKey::from_bytes(&bytes).map_err(|fault| Error::Key { path: name(), fault })
    }

    /// As a PEM file.
    ///
    /// # Errors
    /// Never for a key that could be made.
    pub fn to_pem(&self) -> Result<String, KeyFault> {
        let document = Document::try_from(self.spki.as_slice()).map_err(|_| KeyFault::Damaged)?;
        document.to_pem("PUBLIC KEY", LineEnding::LF).map_err(|_| KeyFault::Damaged)
    }

    /// The type.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// SHA-256 of the SubjectPublicKeyInfo, in hexadecimal.
    pub fn id(&self) -> String {
        sha256(&self.spki)
    }

    /// Whether this key made `signature` over `message`. ECDSA signatures are in DER.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}
