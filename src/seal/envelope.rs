//! DSSE: a payload and the signatures over it. <https://github.com/secure-systems-lab/dsse/blob/master/envelope.md>

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Error, Signer};
use crate::report::json;

/// The type of the payload: an in-toto statement.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A payload with the signatures over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The statement, as it was signed.
    pub payload: Vec<u8>,
    /// The signatures, oldest first.
    pub signatures: Vec<Signature>,
}

/// One signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The id of the key: SHA-256 of its SubjectPublicKeyInfo.
    pub key: String,
    /// The bytes; ECDSA in DER.
    pub bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    payload: String,
    payload_type: String,
    signatures: Vec<WrittenSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSignature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// A payload that nobody has signed yet.
    pub fn new(payload: Vec<u8>) -> Envelope {
        Envelope { payload, signatures: Vec::new() }
    }

    /// What a signature is over: the payload and its type, each behind its length.
    pub fn pre_authentication_encoding(&self) -> Vec<u8> {
        let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), self.payload.len());
        [head.as_bytes(), &self.payload].concat()
    }

    /// Adds the signature of `signer`.
    ///
    /// # Errors
    /// When the key or its vault does not sign.
    pub async fn sign(&mut self, signer: &Signer) -> Result<(), Error> {
        let bytes = signer.sign(&self.pre_authentication_encoding()).await?;
        self.signatures.push(Signature { key: signer.public().id(), bytes });
        Ok(())
    }

    /// The text of the file.
    ///
    /// # Errors
    /// Never for an envelope that could be made.
    pub fn to_json(&self) -> std::io::Result<String> {
        let one = |signature: &Signature| WrittenSignature {
            keyid: signature.key.clone(),
            sig: STANDARD.encode(&signature.bytes),
        };
        json::to_string(&Written {
            payload: STANDARD.encode(&self.payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: self.signatures.iter().map(one).collect(),
        })
    }

    /// Reads a file. It has to be written exactly as [`Envelope::to_json`] writes it: no byte of it may be free.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Envelope, &'static str> {
        let written: Written = serde_json::from_slice(bytes).map_err(|_| "it is no DSSE envelope")?;
        if written.payload_type != PAYLOAD_TYPE {
            return Err("its payload is no in-toto statement");
        }
        let decode = |text: &str| STANDARD.decode(text).map_err(|_| "it holds broken base64");
        let one = |signature: WrittenSignature| Ok(Signature { bytes: decode(&signature.sig)?, key: signature.keyid });
        let signatures = written.signatures.into_iter().map(one).collect::<Result<_, &'static str>>()?;
        let envelope = Envelope { payload: decode(&written.payload)?, signatures };
        match envelope.to_json() {
            Ok(text) if text.as_bytes() == bytes => Ok(envelope),
            _ => Err("it is not written as leaver writes it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_the_published_encoding() {
        let envelope = Envelope::new(b"hello world".to_vec());
        let encoded = String::from_utf8(envelope.pre_authentication_encoding()).unwrap();
        assert_eq!(encoded, "DSSEv1 28 application/vnd.in-toto+json 11 hello world");
    }

    #[test]
    fn no_byte_of_an_envelope_is_free() {
        let mut envelope = Envelope::new(b"{}".to_vec());
        envelope.signatures.push(Signature { key: "ab".to_owned(), bytes: vec![1, 2, 3, 4] });
        let text = envelope.to_json().unwrap();
        assert_eq!(Envelope::parse(text.as_bytes()), Ok(envelope.clone()));
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut flipped = text.clone().into_bytes();
                flipped[at] ^= 1 << bit;
                assert_ne!(Envelope::parse(&flipped), Ok(envelope.clone()), "{at} {bit}");
            }
        }
        assert!(Envelope::parse(b"[]").is_err());
        assert!(Envelope::parse(text.replace('}', ",\"x\":1}").as_bytes()).is_err());
    }
}
