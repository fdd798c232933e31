//! RFC 3161 timestamps: asked for, kept in one canonical form, verified against a pinned root.
//! Whatever a signature does not cover is fixed by that form, so that no byte of `attestation.tsr` is free.

mod node;
mod token;

use std::path::Path;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use self::node::{INTEGER, Node, OCTETS, SEQUENCE, tlv};
use self::token::{SHA_256, Token};
use super::{Error, KeyFault};
use crate::file;
use aws_lc_rs::digest::{SHA256, digest};

/// The certificates that timestamps are trusted by.
#[derive(Debug, Clone)]
pub struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    /// Reads the certificates of a PEM file.
    ///
    /// # Errors
    /// When it cannot be read, or holds none.
    pub fn read(path: &Path) -> Result<Roots, Error> {
        let name = || path.display().to_string().into();
        let text = file::read(path, file::SMALL).map_err(|source| Error::File { path: name(), source })?;
        let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        match certificates {
            Ok(certificates) if !certificates.is_empty() => Ok(Roots(certificates)),
            _ => Err(Error::Key { path: name(), fault: KeyFault::NotPem }),
        }
    }
}

/// The request for a timestamp of `message`. The nonce ties the answer to it.
pub fn request(message: &[u8], nonce: u64) -> Vec<u8> {
    let algorithm = tlv(SEQUENCE, &[SHA_256, &[5, 0]]);
    let imprint = tlv(SEQUENCE, &[&algorithm, &tlv(OCTETS, &[digest(&SHA256, message).as_ref()])]);
    // certReq: without its certificate nobody could verify the answer years later.
    tlv(SEQUENCE, &[&[2, 1, 1], &imprint, &tlv(INTEGER, &[&positive(nonce)]), &[1, 1, 0xff]])
}

/// The answer of an authority, verified and in canonical form.
///
/// # Errors
/// When it is no timestamp of `message` that one of the roots stands for.
pub fn accept(answer: &[u8], message: &[u8], nonce: u64, roots: &Roots) -> Result<Vec<u8>, String> {
    let token = Token::parse(&token_of(answer)?)?;
    let stamped = token.verify(message, roots)?;
    if stamped.nonce.as_deref() != Some(&positive(nonce)) {
        return Err("it answers another request".to_owned());
    }
    Ok(response(&token.canonical(&stamped.path)))
}

/// When `message` was stamped, by a file that [`accept`] made.
///
/// # Errors
/// Why the file does not prove it.
pub fn verify(file: &[u8], message: &[u8], roots: &Roots) -> Result<Timestamp, String> {
    let token = Token::parse(&token_of(file)?)?;
    let stamped = token.verify(message, roots)?;
    match response(&token.canonical(&stamped.path)) == file {
        true => Ok(stamped.at),
        false => Err("it is not written as leaver writes it".to_owned()),
    }
}

/// The token in a TimeStampResp, if it was granted.
fn token_of(response: &[u8]) -> Result<Vec<u8>, String> {
    let malformed = || "it is no answer to a request for a timestamp".to_owned();
    let parts = Node::parse(response)?.children()?;
    let status = parts.first().ok_or_else(malformed)?.children()?;
    let status = status.first().filter(|status| status.tag == INTEGER).ok_or_else(malformed)?;
    match (status.content, parts.get(1)) {
        ([0 | 1], Some(token)) => Ok(token.whole.to_owned()),
        ([status], _) => Err(format!("the authority refused with status {status}")),
        _ => Err(malformed()),
    }
}

fn response(token: &[u8]) -> Vec<u8> {
    tlv(SEQUENCE, &[&tlv(SEQUENCE, &[&[2, 1, 0]]), token])
}

/// The content of a DER INTEGER.
fn positive(number: u64) -> Vec<u8> {
    let bytes = [&[0], number.to_be_bytes().as_slice()].concat();
    let start = (0..8).find(|at| bytes[*at] != 0 || bytes[at + 1] & 0x80 != 0).unwrap_or(8);
    bytes[start..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_the_shortest_that_is_not_negative() {
        assert_eq!(positive(0), [0]);
        assert_eq!(positive(0x7f), [0x7f]);
        assert_eq!(positive(0x80), [0, 0x80]);
        assert_eq!(positive(u64::MAX), [0, 255, 255, 255, 255, 255, 255, 255, 255]);
        assert_eq!(positive(1 << 56), [1, 0, 0, 0, 0, 0, 0, 0]);
    }
}
