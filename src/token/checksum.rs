//! Checksums that issuers build into their tokens. Pure arithmetic; every vector is in the tests.
//!
//! GitHub and npm: CRC-32 in base 62. Microsoft: Marvin32 with a published seed per kind
//! (<https://github.com/microsoft/security-utilities>).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE66: &[u8; 66] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";
const ENTRA_SEED: u64 = 0x4161_6450_7764_3030;
const CASK_SEED: u64 = 0x4465_6661_756c_7430;
const DEVOPS_SEEDS: [u32; 2] = [0xE0B9_692D, 0x1019_F92E];

/// The six characters at the end of `body` in GitHub's and npm's tokens.
pub fn crc_base62(body: &[u8]) -> [u8; 6] {
    let mut rest = crc32fast::hash(body);
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// `prefix_` + 30 characters + checksum; a longer token of the same family carries none.
pub(super) fn github(token: &[u8]) -> Option<bool> {
    (token.len() == 40).then(|| crc_base62(&token[4..34]) == token[34..])
}

/// The CRC-32 of all before it, in hexadecimal.
pub(super) fn atlassian(token: &[u8]) -> Option<bool> {
    let (body, sum) = token.split_at_checked(token.len().checked_sub(8)?)?;
    Some(hex(sum) == Some(crc32fast::hash(body)))
}

/// The CRC-32 of all before the last underscore, in hexadecimal, lowest byte first.
pub(super) fn grafana(token: &[u8]) -> Option<bool> {
    let (body, sum) = token.split_at_checked(37)?;
    Some(hex(sum.get(1..)?).map(u32::swap_bytes) == Some(crc32fast::hash(body)))
}

/// The last three characters of a `8Q~` secret; the older `7Q~` has none.
pub(super) fn entra(token: &[u8]) -> Option<bool> {
    if token.get(3) != Some(&b'8') || token.len() != 40 {
        return None;
    }
    Some(entra_sum(&token[..37]) == token[37..])
}

/// The three characters that end an Entra client secret with this beginning.
pub fn entra_sum(body: &[u8]) -> [u8; 3] {
    let digits = digits(marvin32(body, ENTRA_SEED), BASE66);
    [digits[0], digits[1], digits[2]]
}

/// The last four characters of a Common Annotated Security Key; one that is not such a key carries none.
pub(super) fn cask(token: &[u8]) -> Option<bool> {
    (token.get(52..58) == Some(b"JQQJ99")).then_some(())?;
    let (body, sum) = token.split_at_checked(80)?;
    Some(cask_sum(body)? == sum)
}

/// The four characters that end a Common Annotated Security Key with this beginning.
pub fn cask_sum(body: &[u8]) -> Option<[u8; 4]> {
    let sum = marvin32(&BASE64_STANDARD.decode(body).ok()?, CASK_SEED);
    let mut padded = digits(sum.swap_bytes(), BASE62);
    padded.resize(6, b'0');
    Some([padded[0], padded[1], padded[2], padded[3]])
}

/// The last four of the decoded bytes.
pub(super) fn azure_storage(token: &[u8]) -> Option<bool> {
    let bytes = BASE64_STANDARD.decode(token).ok()?;
    let (body, sum) = bytes.split_last_chunk::<4>()?;
    Some(marvin32(body, CASK_SEED) == u32::from_le_bytes(*sum))
}

/// Four bytes of the 32 hold the CRC-32 of the others, with one seed for people and one for applications.
pub(super) fn azure_devops_legacy(token: &[u8]) -> Option<bool> {
    let bytes = base32(token)?;
    Some(DEVOPS_SEEDS.contains(&(azure_devops_sum(&bytes) ^ azure_devops_mark(&bytes))))
}

/// The CRC-32 over the bytes of an old Azure DevOps token that are not its checksum.
pub fn azure_devops_sum(bytes: &[u8; 32]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    for part in [&bytes[0..2], &bytes[3..7], &bytes[9..22], &bytes[23..32]] {
        crc.update(part);
    }
    crc.finalize()
}

fn azure_devops_mark(bytes: &[u8; 32]) -> u32 {
    u32::from_le_bytes([bytes[22], bytes[8], bytes[7], bytes[2]])
}

fn base32(text: &[u8]) -> Option<[u8; 32]> {
    let (mut bytes, mut filled, mut buffer, mut bits) = ([0u8; 32], 0, 0u32, 0);
    for &character in text {
        let value = match character {
            b'a'..=b'z' => character - b'a',
            b'2'..=b'7' => character - b'2' + 26,
            _ => return None,
        };
        buffer = (buffer << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            *bytes.get_mut(filled)? = (buffer >> bits) as u8;
            filled += 1;
            buffer &= (1 << bits) - 1;
        }
    }
    (filled == 32).then_some(bytes)
}

fn hex(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A number in any base, highest digit first, at least three digits.
fn digits(mut number: u32, alphabet: &[u8]) -> Vec<u8> {
    let base = alphabet.len() as u32;
    let mut digits = Vec::with_capacity(6);
    while number > 0 || digits.len() < 3 {
        digits.push(alphabet[(number % base) as usize]);
        number /= base;
    }
    digits.reverse();
    digits
}

/// Marvin32, the two halves folded into one.
fn marvin32(data: &[u8], seed: u64) -> u32 {
    let (mut low, mut high) = (seed as u32, (seed >> 32) as u32);
    let mut mix = |value: u32| {
        low = low.wrapping_add(value);
        high ^= low;
        low = low.rotate_left(20).wrapping_add(high);
        high = high.rotate_left(9) ^ low;
        low = low.rotate_left(27).wrapping_add(high);
        high = high.rotate_left(19);
        low ^ high
    };
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        mix(u32::from_le_bytes(*word));
    }
    let mut last = [0; 4];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    mix(u32::from_le_bytes(last));
    mix(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_checksum_vectors_hold() {
        assert_eq!(crc_base62(&[b'A'; 30]), *b"0uCPlr");
        assert_eq!(entra_sum(format!("zzz8Q~{}", "z".repeat(31)).as_bytes()), *b"blP");
        let cask = format!("{}JQQJ99AE{}AZDO", "H".repeat(52), "A".repeat(16));
        assert_eq!(cask_sum(cask.as_bytes()), Some(*b"riK5"));
        let storage = format!("{}+ASt5mnCaw==", "a".repeat(76));
        assert_eq!(azure_storage(storage.as_bytes()), Some(true));
        assert_eq!(azure_storage(storage.replace("aw==", "bw==").as_bytes()), Some(false));
        let user = ["aaatoaqdaqc3cyiga4eascqlbq", "gq4dyqcejhaeyuculbogazdinq"].concat();
        let application = ["aaa4oaqdaqcrd4iga4eascqlbq", "gq4dyqcejhgeyuculbogazdinq"].concat();
        assert_eq!(azure_devops_legacy(user.as_bytes()), Some(true));
        assert_eq!(azure_devops_legacy(application.as_bytes()), Some(true));
        assert_eq!(azure_devops_legacy("a".repeat(52).as_bytes()), Some(false));
    }

    #[test]
    fn marvin_agrees_with_its_published_vector() {
        assert_eq!(marvin32(b"abc", 0xd53c_d9ce_cd08_93b7), 0x4927_69bf ^ 0x22c7_4339);
    }
}
