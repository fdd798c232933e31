//! Keys as openssl and secret stores hand them out: what is unambiguous is read, whatever stands around it; of anything
//! else is told which container or cipher it has, and how to convert it. Key material is wiped when dropped.

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::KeyFault;
use crate::text::capped;

/// Stores drop the padding now and then; it says nothing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One block between BEGIN and END.
pub(super) struct Block {
    pub(super) label: String,
    /// The cipher of a block that is encrypted in the way of before PKCS#8.
    pub(super) cipher: Option<String>,
    pub(super) der: Zeroizing<Vec<u8>>,
}

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// The blocks of a text, or the one that a DER file is.
///
/// # Errors
/// When there is none, or one of them is cut off or no base64.
pub(super) fn blocks(bytes: &[u8]) -> Result<Vec<Block>, KeyFault> {
    if bytes.first() == Some(&0x30) {
        return Ok(vec![Block { label: String::new(), cipher: None, der: Zeroizing::new(bytes.to_vec()) }]);
    }
    let text = Zeroizing::new(String::from_utf8_lossy(bytes).replace("\\r", "").replace("\\n", "\n"));
    let mut blocks = Vec::new();
    let mut rest = text.as_str();
    while let Some((_, after)) = rest.split_once(BEGIN) {
        let (label, after) = after.split_once(DASHES).ok_or(KeyFault::Damaged)?;
        let (body, after) = after.split_once(END).ok_or(KeyFault::CutOff)?;
        blocks.push(block(label.trim(), body)?);
        rest = after;
    }
    match blocks.is_empty() {
        true => Err(KeyFault::NotPem),
        false => Ok(blocks),
    }
}

fn block(label: &str, body: &str) -> Result<Block, KeyFault> {
    let header = |line: &&str| line.contains(':');
    let lines = || body.lines().map(str::trim);
    let cipher = lines().find_map(|line| line.strip_prefix("DEK-Info:")?.trim().split(',').next().map(str::to_owned));
    let encoded = lines().filter(|line| !header(line)).flat_map(str::split_whitespace);
    let encoded = Zeroizing::new(encoded.collect::<String>());
    let der = BASE64.decode(encoded.as_bytes()).map_err(|_| KeyFault::Base64)?;
    Ok(Block { label: capped(label, 40).into_owned(), cipher, der: Zeroizing::new(der) })
}

/// What stands in the outermost sequences of a DER value: the object identifiers, in their order.
pub(super) fn identifiers(der: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    collect(der, 0, &mut found);
    found
}

fn collect(mut der: &[u8], depth: u8, found: &mut Vec<String>) {
    while let Some((tag, content, rest)) = element(der) {
        match tag {
            0x06 => found.extend(identifier(content)),
            // Sequences, and what is tagged by its place.
            0x30 | 0xa0..=0xa3 if depth < 8 => collect(content, depth + 1, found),
            _ => {}
        }
        der = rest;
    }
}

fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn identifier(content: &[u8]) -> Option<String> {
    let (&first, rest) = content.split_first()?;
    let mut text = format!("{}.{}", first / 40, first % 40);
    let mut number: u64 = 0;
    for byte in rest {
        number = number.checked_mul(128)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            text.push_str(&format!(".{number}"));
            number = 0;
        }
    }
    Some(text)
}

/// The schemes, derivations and ciphers that an encrypted PKCS#8 key can be opened with here.
const OPENED: &[&str] = &[
    "1.2.840.113549.1.5.13",
    "1.2.840.113549.1.5.12",
    "1.3.6.1.4.1.11591.4.11",
    "1.2.840.113549.2.8",
    "1.2.840.113549.2.9",
    "1.2.840.113549.2.10",
    "1.2.840.113549.2.11",
    "2.16.840.1.101.3.4.1.2",
    "2.16.840.1.101.3.4.1.22",
    "2.16.840.1.101.3.4.1.42",
];

/// Those that people meet, to tell them what they gave.
const NAMES: &[(&str, &str)] = &[
    ("1.2.840.113549.3.7", "the cipher 3DES"),
    ("1.3.14.3.2.7", "the cipher DES"),
    ("1.2.840.113549.3.2", "the cipher RC2"),
    ("1.2.840.113549.2.7", "HMAC with SHA-1"),
    ("1.2.840.113549.1.5.3", "PBES1, the cipher DES with MD5"),
    ("1.2.840.113549.1.5.6", "PBES1, the cipher RC2 with MD5"),
    ("1.2.840.113549.1.5.10", "PBES1, the cipher DES with SHA-1"),
    ("1.2.840.113549.1.5.11", "PBES1, the cipher RC2 with SHA-1"),
    ("1.2.840.113549.1.12.1.1", "PKCS#12, the cipher RC4 with 128 bits"),
    ("1.2.840.113549.1.12.1.2", "PKCS#12, the cipher RC4 with 40 bits"),
    ("1.2.840.113549.1.12.1.3", "PKCS#12, the cipher 3DES"),
    ("1.2.840.113549.1.12.1.5", "PKCS#12, the cipher RC2 with 128 bits"),
    ("1.2.840.113549.1.12.1.6", "PKCS#12, the cipher RC2 with 40 bits"),
    ("1.2.392.200011.61.1.1.1.2", "the cipher Camellia-128"),
    ("1.2.392.200011.61.1.1.1.4", "the cipher Camellia-256"),
    ("1.2.410.200046.1.1.2", "the cipher ARIA-128"),
    ("1.2.410.200046.1.1.12", "the cipher ARIA-256"),
];

/// What an encrypted PKCS#8 key is encrypted with that is not supported here. PBKDF2 that names no derivation means
/// HMAC with SHA-1.
pub(super) fn unsupported(der: &[u8]) -> Option<String> {
    let all = identifiers(der);
    let known = |oid: &String| {
        NAMES
            .iter()
            .find(|(known, _)| known == oid)
            .map_or_else(|| format!("algorithm {oid}"), |(_, name)| (*name).to_owned())
    };
    if let Some(odd) = all.iter().find(|oid| !OPENED.contains(&oid.as_str())) {
        return Some(known(odd));
    }
    let derives = all.iter().any(|oid| oid == "1.2.840.113549.1.5.12");
    let silent = !all.iter().any(|oid| oid.starts_with("1.2.840.113549.2."));
    (derives && silent).then(|| "HMAC with SHA-1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_block_says_nothing() {
        let label = "PUBLIC KEY";
        let plain = format!("{BEGIN}{label}{DASHES}\nMAMC\nAQE=\n{END}{label}{DASHES}\n");
        let whole = blocks(plain.as_bytes()).unwrap()[0].der.to_vec();
        for odd in [
            plain.replace('\n', "\r\n"),
            format!("\u{feff}{plain}\n\n"),
            format!("Bag Attributes\n    friendlyName: x\n{plain}"),
            plain.replace('\n', " \t\n"),
            plain.replace('\n', "\\n"),
            plain.replace('\n', " "),
            plain.replace('=', ""),
        ] {
            assert_eq!(*blocks(odd.as_bytes()).unwrap()[0].der, whole, "{odd:?}");
        }
        assert_eq!(blocks(b"hello").err(), Some(KeyFault::NotPem));
        assert_eq!(blocks(plain.split("AQE").next().unwrap().as_bytes()).err(), Some(KeyFault::CutOff));
        assert_eq!(blocks(plain.replace("AQE", "!!!").as_bytes()).err(), Some(KeyFault::Base64));
    }
}
