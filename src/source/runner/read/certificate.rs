//! The one thing that a client certificate is read for: to whom it was issued. It verifies nothing.

use crate::token;

/// `2.5.4.3`, the common name.
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;

/// The common name of the subject of a certificate in PEM.
pub(super) fn common_name(pem: &[u8]) -> Option<String> {
    let pem = std::str::from_utf8(pem).ok()?;
    let body = pem.split_once("-----BEGIN CERTIFICATE-----")?.1.split_once("-----END")?.0;
    let der = token::base64(body.split_whitespace().collect::<String>().as_bytes())?;
    let (_, certificate, _) = value(&der)?;
    let (_, mut fields, _) = value(certificate)?;
    if fields.first() == Some(&VERSION) {
        fields = value(fields)?.2;
    }
    // Serial number, signature algorithm, issuer, validity: the subject is the next one.
    for _ in 0..4 {
        fields = value(fields)?.2;
    }
    let (tag, subject, _) = value(fields)?;
    let at = subject.windows(COMMON_NAME.len()).position(|window| window == COMMON_NAME).filter(|_| tag == SEQUENCE)?;
    let (_, name, _) = value(&subject[at + COMMON_NAME.len()..])?;
    String::from_utf8(name.to_vec()).ok().filter(|name| !name.is_empty())
}

/// Tag and content of the first value in DER, and what follows it.
fn value(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7F => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use proptest::prelude::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len();
        let header =
            if length < 128 { vec![tag, length as u8] } else { vec![tag, 0x82, (length >> 8) as u8, length as u8] };
        [header, content.to_vec()].concat()
    }

    fn name(common: &str) -> Vec<u8> {
        let attribute = [COMMON_NAME.to_vec(), der(0x0C, common.as_bytes())].concat();
        der(SEQUENCE, &der(0x31, &der(SEQUENCE, &attribute)))
    }

    #[test]
    fn the_subject_is_read_and_not_the_issuer() {
        for version in [Vec::new(), der(VERSION, &der(2, &[2]))] {
            let fields = [
                version,
                der(2, &[7]),
                der(SEQUENCE, &[0; 200]),
                name("the-ca"),
                der(SEQUENCE, &[]),
                name("alice@contoso.com"),
            ];
            let certificate = der(SEQUENCE, &der(SEQUENCE, &fields.concat()));
            let body = base64::prelude::BASE64_STANDARD.encode(certificate);
            let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
            assert_eq!(common_name(pem.as_bytes()).as_deref(), Some("alice@contoso.com"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let body = base64::prelude::BASE64_STANDARD.encode(&bytes);
            common_name(format!("-----BEGIN CERTIFICATE-----{body}-----END").as_bytes());
        }
    }
}
