//! A time stamp token: CMS SignedData around a TSTInfo. Parsed, verified, written again in its one canonical form.
//! <https://www.rfc-editor.org/rfc/rfc3161#section-2.4.2>, <https://www.rfc-editor.org/rfc/rfc5652#section-5>

use std::time::Duration;

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use der::{Tag, TagNumber};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm, UnixTime};
use webpki::aws_lc_rs as algorithms;
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::Roots;
use super::node::{INTEGER, Node, OCTETS, OID, SEQUENCE, SET, TIME, context, tlv};

pub(super) const SHA_256: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01";
const SHA_384: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02";
const SHA_512: &[u8] = b"\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03";
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const TST_INFO: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";
const CONTENT_TYPE: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
const MESSAGE_DIGEST: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
/// ESSCertID and ESSCertIDv2: which certificate the signer means.
const SIGNING_CERTIFICATE: [&[u8]; 2] =
    [b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0c", b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f"];
const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
/// A signer that is named by the id of its key: `[0]`, not constructed.
const KEY_ID: Tag = Tag::ContextSpecific { constructed: false, number: TagNumber(0) };
/// id-kp-timeStamping, without tag and length.
const TIME_STAMPING: &[u8] = b"\x2b\x06\x01\x05\x05\x07\x03\x08";

/// A hash with its name, the name of ECDSA over it, and the algorithms that a certificate's key may use with it.
struct Hash {
    oid: &'static [u8],
    algorithm: &'static Algorithm,
    ecdsa: &'static [u8],
    rsa: &'static dyn SignatureVerificationAlgorithm,
    curves: &'static [&'static dyn SignatureVerificationAlgorithm],
}

static HASHES: [Hash; 3] = [
    Hash {
        oid: SHA_256,
        algorithm: &SHA256,
        ecdsa: b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
        rsa: algorithms::RSA_PKCS1_2048_8192_SHA256,
        curves: &[algorithms::ECDSA_P256_SHA256, algorithms::ECDSA_P384_SHA256, algorithms::ECDSA_P521_SHA256],
    },
    Hash {
        oid: SHA_384,
        algorithm: &SHA384,
        ecdsa: b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03",
        rsa: algorithms::RSA_PKCS1_2048_8192_SHA384,
        curves: &[algorithms::ECDSA_P256_SHA384, algorithms::ECDSA_P384_SHA384, algorithms::ECDSA_P521_SHA384],
    },
    Hash {
        oid: SHA_512,
        algorithm: &SHA512,
        ecdsa: b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04",
        rsa: algorithms::RSA_PKCS1_2048_8192_SHA512,
        curves: &[algorithms::ECDSA_P256_SHA512, algorithms::ECDSA_P384_SHA512, algorithms::ECDSA_P521_SHA512],
    },
];

/// What is left of a token once its framing is gone.
pub(super) struct Token {
    info: Vec<u8>,
    hash: &'static Hash,
    signer: Vec<u8>,
    attributes: Vec<u8>,
    signature: Vec<u8>,
    certificates: Vec<CertificateDer<'static>>,
}

/// What a verified token says, and by which certificates.
pub(super) struct Stamped {
    pub(super) at: Timestamp,
    pub(super) nonce: Option<Vec<u8>>,
    pub(super) path: Path,
}

/// The certificates from the signer to below the root, and whether the signer's key is of RSA.
pub(super) struct Path {
    rsa: bool,
    certificates: Vec<Vec<u8>>,
}

impl Token {
    /// Takes a ContentInfo apart.
    pub(super) fn parse(bytes: &[u8]) -> Result<Token, String> {
        let malformed = || "the token is malformed".to_owned();
        let [kind, content] = fixed(&Node::parse(bytes)?)?;
        let [data] = fixed(&content)?;
        if kind.whole != SIGNED_DATA || data.tag != SEQUENCE {
            return Err(malformed());
        }
        let parts = data.children()?;
        let [kind, content] = fixed(parts.get(2).ok_or_else(malformed)?)?;
        let [info] = fixed(&content)?;
        if kind.whole != TST_INFO || info.tag != OCTETS {
            return Err(malformed());
        }
        let certificates = parts.iter().find(|part| part.tag == context(0));
        let certificates = certificates.map(Node::children).transpose()?.unwrap_or_default();
        let [signer] = fixed(parts.last().filter(|part| part.tag == SET).ok_or_else(malformed)?)?;
        let signer = signer.children()?;
        let [_, name, hash, attributes, _, signature, ..] = signer.as_slice() else { return Err(malformed()) };
        if attributes.tag != context(0) || signature.tag != OCTETS {
            return Err(malformed());
        }
        Ok(Token {
            info: info.content.to_owned(),
            hash: self::hash(hash)?,
            signer: name.whole.to_owned(),
            attributes: attributes.content.to_owned(),
            signature: signature.content.to_owned(),
            certificates: certificates.iter().map(|one| CertificateDer::from(one.whole.to_owned())).collect(),
        })
    }

    /// Whether one of the roots stands for this being a timestamp of `message`, and when it was made.
    pub(super) fn verify(&self, message: &[u8], roots: &Roots) -> Result<Stamped, String> {
        let (at, nonce) = self.stamp(message)?;
        self.check_attributes()?;
        let path = self.path(at, roots)?;
        Ok(Stamped { at, nonce, path })
    }

    /// Time and nonce of the TSTInfo, which has to be about `message`.
    fn stamp(&self, message: &[u8]) -> Result<(Timestamp, Option<Vec<u8>>), String> {
        let malformed = || "the time in it is malformed".to_owned();
        let parts = Node::parse(&self.info)?.children()?;
        let [_, _, imprint, _, time, rest @ ..] = parts.as_slice() else { return Err(malformed()) };
        let [algorithm, hashed] = fixed(imprint)?;
        if digest(hash(&algorithm)?.algorithm, message).as_ref() != hashed.content {
            return Err("it is a timestamp of something else".to_owned());
        }
        let text = std::str::from_utf8(time.content).map_err(|_| malformed())?;
        let whole = text.strip_suffix('Z').filter(|_| time.tag == TIME).and_then(|text| text.split('.').next());
        let at = DateTime::strptime("%Y%m%d%H%M%S", whole.ok_or_else(malformed)?).map_err(|_| malformed())?;
        let at = at.to_zoned(TimeZone::UTC).map_err(|_| malformed())?.timestamp();
        let nonce = rest.iter().find(|part| part.tag == INTEGER).map(|nonce| nonce.content.to_owned());
        Ok((at, nonce))
    }

    fn attribute(&self, names: &[&[u8]]) -> Result<Node<'_>, String> {
        let set = Node { tag: SET, content: &self.attributes, whole: &[] };
        for attribute in set.children()? {
            let [name, values] = fixed(&attribute)?;
            if names.contains(&name.whole) {
                let [value] = fixed(&values)?;
                return Ok(value);
            }
        }
        Err("a signed attribute is missing".to_owned())
    }

    fn check_attributes(&self) -> Result<(), String> {
        let about = self.attribute(&[CONTENT_TYPE])?;
        let hashed = self.attribute(&[MESSAGE_DIGEST])?;
        match about.whole == TST_INFO && hashed.content == digest(self.hash.algorithm, &self.info).as_ref() {
            true => Ok(()),
            false => Err("its signature is about something else".to_owned()),
        }
    }

    /// Finds the certificate whose key signed, and the way from it to a root.
    fn path(&self, at: Timestamp, roots: &Roots) -> Result<Path, String> {
        let message = tlv(SET, &[&self.attributes]);
        let mut last = "none of its certificates made its signature".to_owned();
        for certificate in &self.certificates {
            let Ok(entity) = EndEntityCert::try_from(certificate) else { continue };
            let signs = |algorithm| entity.verify_signature(algorithm, &message, &self.signature).is_ok();
            let rsa = signs(self.hash.rsa);
            if !rsa && !self.hash.curves.iter().any(|curve| signs(*curve)) {
                continue;
            }
            self.names(certificate)?;
            match chain(&entity, &self.certificates, at, roots) {
                Ok(above) => {
                    let mut certificates = vec![certificate.to_vec()];
                    certificates.extend(above);
                    certificates.sort();
                    return Ok(Path { rsa, certificates });
                }
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    /// Whether the token means this certificate: by its issuer and number, or its key id, and by its digest.
    fn names(&self, certificate: &[u8]) -> Result<(), String> {
        let other = || "it names another certificate than the one that signed".to_owned();
        let signer = Node::parse(&self.signer)?;
        let holds = |part: &[u8]| certificate.windows(part.len()).any(|window| window == part);
        let named = match signer.tag {
            SEQUENCE => fixed(&signer).map(|[issuer, number]| holds(issuer.whole) && holds(number.whole))?,
            tag if tag == KEY_ID => !signer.content.is_empty() && holds(signer.content),
            _ => false,
        };
        let mut inner = self.attribute(&SIGNING_CERTIFICATE)?;
        while inner.tag == SEQUENCE {
            let children = inner.children()?;
            let leaf = children.iter().find(|child| child.tag == OCTETS);
            inner = *leaf.or_else(|| children.first()).ok_or_else(other)?;
        }
        let algorithms = [&SHA1_FOR_LEGACY_USE_ONLY, &SHA256, &SHA384, &SHA512];
        let digested = algorithms.iter().any(|algorithm| digest(algorithm, certificate).as_ref() == inner.content);
        if named && digested { Ok(()) } else { Err(other()) }
    }

    /// The one way to write this token: only certificates of the path, nothing unsigned.
    pub(super) fn canonical(&self, path: &Path) -> Vec<u8> {
        let hash = tlv(SEQUENCE, &[self.hash.oid]);
        let info = tlv(context(0), &[&tlv(OCTETS, &[&self.info])]);
        let certificates: Vec<&[u8]> = path.certificates.iter().map(Vec::as_slice).collect();
        let version: &[u8] = if self.signer.first() == Some(&0x30) { &[2, 1, 1] } else { &[2, 1, 3] };
        let signer = tlv(
            SEQUENCE,
            &[
                version,
                &self.signer,
                &hash,
                &tlv(context(0), &[&self.attributes]),
                &tlv(SEQUENCE, &[if path.rsa { RSA } else { self.hash.ecdsa }]),
                &tlv(OCTETS, &[&self.signature]),
            ],
        );
        let data = tlv(
            SEQUENCE,
            &[
                &[2, 1, 3],
                &tlv(SET, &[&hash]),
                &tlv(SEQUENCE, &[TST_INFO, &info]),
                &tlv(context(0), &certificates),
                &tlv(SET, &[&signer]),
            ],
        );
        tlv(SEQUENCE, &[SIGNED_DATA, &tlv(context(0), &[&data])])
    }
}

/// The certificates between the signer and a root, valid at `at` and meant for time stamping.
fn chain(
    entity: &EndEntityCert<'_>,
    certificates: &[CertificateDer<'_>],
    at: Timestamp,
    roots: &Roots,
) -> Result<Vec<Vec<u8>>, String> {
    let anchors: Vec<_> = roots.0.iter().filter_map(|root| anchor_from_trusted_cert(root).ok()).collect();
    let second = u64::try_from(at.as_second()).map_err(|_| "its time is before 1970".to_owned())?;
    let time = UnixTime::since_unix_epoch(Duration::from_secs(second));
    let usage = KeyUsage::required(TIME_STAMPING);
    let path = entity
        .verify_for_usage(webpki::ALL_VERIFICATION_ALGS, &anchors, certificates, time, usage, None, None)
        .map_err(|error| format!("its certificate is not trusted by the given root: {error}"))?;
    Ok(path.intermediate_certificates().map(|one| one.der().to_vec()).collect())
}

fn hash(algorithm: &Node<'_>) -> Result<&'static Hash, String> {
    let name = algorithm.children()?.first().filter(|name| name.tag == OID).map(|name| name.whole);
    let known = HASHES.iter().find(|hash| Some(hash.oid) == name);
    known.ok_or_else(|| "it uses a hash that is not taken".to_owned())
}

fn fixed<'a, const N: usize>(node: &Node<'a>) -> Result<[Node<'a>; N], String> {
    node.children()?.try_into().map_err(|_| "a DER element holds more or less than it has to".to_owned())
}
