//! A time stamping authority on loopback with keys and certificates of its own, and every way of being wrong.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;

const ECDSA: &[u8] = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
const SHA_256: &[u8] = b"\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00";
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
const TST_INFO: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04";
const CONTENT_TYPE: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03";
const MESSAGE_DIGEST: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04";
const SIGNING_CERTIFICATE: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f";
const CA: &[u8] = b"\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff";
const TIME_STAMPING: &[u8] =
    b"\x30\x16\x06\x03\x55\x1d\x25\x01\x01\xff\x04\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x08";
const SERVER_AUTH: &[u8] =
    b"\x30\x16\x06\x03\x55\x1d\x25\x01\x01\xff\x04\x0c\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01";

/// How an authority answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Right,
    /// With parts that no signature covers: its root, an unsigned attribute, a text in the status.
    Chatty,
    Refusing,
    OtherNonce,
    OtherMessage,
    OtherPurpose,
    Expired,
    BrokenSignature,
    Garbage,
    ServerError,
}

/// An authority.
pub(super) struct Authority {
    root: Vec<u8>,
    leaf: Vec<u8>,
    key: EcdsaKeyPair,
    mood: Mood,
}

impl Authority {
    pub(super) fn new(mood: Mood) -> Authority {
        let pair = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let (top, key) = (pair(), pair());
        let purpose = if mood == Mood::OtherPurpose { SERVER_AUTH } else { TIME_STAMPING };
        let root = certificate("root", "root", 1, &top, &top, CA);
        let leaf = certificate("authority", "root", 2, &key, &top, purpose);
        Authority { root, leaf, key, mood }
    }

    /// The root as a PEM file.
    pub(super) fn root(&self) -> String {
        let text = base64::engine::general_purpose::STANDARD.encode(&self.root);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    }

    /// Serves until the test ends; returns the address.
    pub(super) fn serve(self: Arc<Authority>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/stamp", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let request = body(&mut stream);
                let answer = self.answer(&request);
                let status = if self.mood == Mood::ServerError { "503 Busy" } else { "200 OK" };
                let length = answer.len();
                write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n").unwrap();
                stream.write_all(&answer).unwrap();
            }
        });
        address
    }

    /// The answer to a request.
    pub(super) fn answer(&self, request: &[u8]) -> Vec<u8> {
        let at = request.windows(2).position(|window| window == b"\x04\x20").unwrap() + 2;
        let (imprint, rest) = request[at..].split_at(32);
        let nonce = &rest[..2 + usize::from(rest[1])];
        match self.mood {
            Mood::Garbage => b"<html>busy</html>".to_vec(),
            Mood::Refusing => tlv(0x30, &[&tlv(0x30, &[&[2, 1, 2]])]),
            Mood::Chatty => {
                let status = tlv(0x30, &[&[2, 1, 1], &tlv(0x30, &[&tlv(0x0c, &[b"Operation Okay"])])]);
                tlv(0x30, &[&status, &self.token(imprint, nonce)])
            }
            _ => tlv(0x30, &[&tlv(0x30, &[&[2, 1, 0]]), &self.token(imprint, nonce)]),
        }
    }

    fn token(&self, imprint: &[u8], nonce: &[u8]) -> Vec<u8> {
        let info = self.info(imprint, nonce);
        let attribute = |name: &[u8], value: &[u8]| tlv(0x30, &[name, &tlv(0x31, &[value])]);
        let digested = |bytes: &[u8]| tlv(4, &[digest(&SHA256, bytes).as_ref()]);
        let attributes = [
            attribute(CONTENT_TYPE, TST_INFO),
            attribute(MESSAGE_DIGEST, &digested(&info)),
            attribute(SIGNING_CERTIFICATE, &tlv(0x30, &[&tlv(0x30, &[&tlv(0x30, &[&digested(&self.leaf)])])])),
        ]
        .concat();
        let mut signature = self.key.sign(&SystemRandom::new(), &tlv(0x31, &[&attributes])).unwrap().as_ref().to_vec();
        if self.mood == Mood::BrokenSignature {
            *signature.last_mut().unwrap() ^= 1;
        }
        let name = tlv(0x30, &[&named("root"), &[2, 1, 2]]);
        let unsigned = tlv(0xa1, &[&attribute(MESSAGE_DIGEST, &digested(b"nobody reads this"))]);
        let chatty = self.mood == Mood::Chatty;
        let signer = tlv(
            0x30,
            &[
                &[2, 1, 1],
                &name,
                SHA_256,
                &tlv(0xa0, &[&attributes]),
                ECDSA,
                &tlv(4, &[&signature]),
                if chatty { &unsigned } else { &[] },
            ],
        );
        let certificates = tlv(0xa0, &[&self.leaf, if chatty { &self.root } else { &[] }]);
        let content = tlv(0x30, &[TST_INFO, &tlv(0xa0, &[&tlv(4, &[&info])])]);
        let parts: [&[u8]; 5] = [&[2, 1, 3], &tlv(0x31, &[SHA_256]), &content, &certificates, &tlv(0x31, &[&signer])];
        tlv(0x30, &[SIGNED_DATA, &tlv(0xa0, &[&tlv(0x30, &parts)])])
    }

    fn info(&self, imprint: &[u8], nonce: &[u8]) -> Vec<u8> {
        let other = digest(&SHA256, b"something else");
        let imprint = if self.mood == Mood::OtherMessage { other.as_ref() } else { imprint };
        let nonce = if self.mood == Mood::OtherNonce { &[2, 1, 7] } else { nonce };
        let time: &[u8] = if self.mood == Mood::Expired { b"20400101000000Z" } else { b"20260525060000.25Z" };
        tlv(
            0x30,
            &[
                &[2, 1, 1],
                b"\x06\x03\x2a\x03\x04",
                &tlv(0x30, &[SHA_256, &tlv(4, &[imprint])]),
                &[2, 1, 5],
                &tlv(0x18, &[time]),
                &tlv(0x30, &[&[2, 1, 1]]),
                nonce,
            ],
        )
    }
}

fn certificate(
    subject: &str,
    issuer: &str,
    number: u8,
    key: &EcdsaKeyPair,
    signer: &EcdsaKeyPair,
    extension: &[u8],
) -> Vec<u8> {
    let public: PublicKeyX509Der<'_> = key.public_key().as_der().unwrap();
    let validity = tlv(0x30, &[&tlv(0x17, &[b"250101000000Z"]), &tlv(0x17, &[b"350101000000Z"])]);
    let body = tlv(
        0x30,
        &[
            b"\xa0\x03\x02\x01\x02",
            &[2, 1, number],
            ECDSA,
            &named(issuer),
            &validity,
            &named(subject),
            public.as_ref(),
            &tlv(0xa3, &[&tlv(0x30, &[extension])]),
        ],
    );
    let signature = signer.sign(&SystemRandom::new(), &body).unwrap();
    tlv(0x30, &[&body, ECDSA, &tlv(3, &[&[0], signature.as_ref()])])
}

fn named(name: &str) -> Vec<u8> {
    tlv(0x30, &[&tlv(0x31, &[&tlv(0x30, &[b"\x06\x03\x55\x04\x03", &tlv(0x0c, &[name.as_bytes()])])])])
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = match content.len() {
        short @ 0..128 => vec![short as u8],
        middle @ 128..256 => vec![0x81, middle as u8],
        long => vec![0x82, (long >> 8) as u8, long as u8],
    };
    [&[tag], length.as_slice(), &content].concat()
}

fn body(stream: &mut impl Read) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let n = stream.read(&mut buffer).unwrap();
        all.extend_from_slice(&buffer[..n]);
        let Some(at) = all.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&all[..at]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>();
        if all.len() >= at + 4 + length.clone().unwrap() {
            return all[at + 4..].to_vec();
        }
    }
}
