//! Keys that cannot be used, each with what to do about it. Nothing is written when the key is wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine;
use leaver::config::Key;
use leaver::error::Exit;
use leaver::run::verify;
use leaver::seal::Kind;

use super::Place;

fn pem(label: &str, der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[tokio::test]
async fn a_key_that_cannot_sign_stops_the_run_before_it_starts() {
    let mut place = Place::new().await;
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
    let label = |kind: &str| format!("{kind}PRIVATE KEY");
    for (text, part) in [
        (pem(&label(""), p384.to_pkcs8v1().unwrap().as_ref()), "type P-384"),
        (pem(&label("EC "), b"\x30\x00"), "EC PRIVATE KEY"),
        (pem(&label(""), b"\x30\x00"), "damaged"),
        ("hello".to_owned(), "no PEM file"),
        (fs::read_to_string(place.path("key.pub")).unwrap(), "PUBLIC KEY"),
    ] {
        fs::write(place.path("key.bad"), text).unwrap();
        place.config.signing.key = Some(Key::File(place.path("key.bad")));
        let error = place.bundle("b").await.unwrap_err();
        assert!(error.exit_code() == Exit::Usage && error.to_string().contains(part), "{part}: {error}");
        assert!(error.hint().is_some());
    }
    place.config.signing.key = Some(Key::File(place.path("key.none")));
    assert_eq!(place.bundle("b").await.unwrap_err().exit_code(), Exit::Usage);
    assert_eq!(place.names(), Vec::<String>::new());
}

#[tokio::test]
async fn an_encrypted_key_takes_its_passphrase_from_the_environment() {
    let mut place = Place::new().await;
    let secret = "a-passphrase-of-this-test";
    let refused = verify::new_key(Kind::P256, &place.path("key.e.pem"), true, &place.env()).unwrap_err();
    assert_eq!(refused.exit_code(), Exit::Usage);
    place.variables.insert("LEAVER_KEY_PASSPHRASE".to_owned(), secret.to_owned());
    verify::new_key(Kind::P256, &place.path("key.e.pem"), true, &place.env()).unwrap();
    assert!(fs::read_to_string(place.path("key.e.pem")).unwrap().contains("BEGIN ENCRYPTED"));
    place.config.signing.key = Some(Key::File(place.path("key.e.pem")));
    place.bundle("b").await.unwrap();
    place.variables.insert("LEAVER_KEY_PASSPHRASE".to_owned(), "another".to_owned());
    let wrong = place.bundle("c").await.unwrap_err();
    assert!(wrong.to_string().contains("does not open the key"), "{wrong}");
    place.variables.remove("LEAVER_KEY_PASSPHRASE");
    let none = place.bundle("c").await.unwrap_err();
    assert!(none.to_string().contains("there is no passphrase"), "{none}");
    assert!(!format!("{wrong} {wrong:?} {none:?} {}", place.printed()).contains(secret));
    assert_eq!(place.names(), ["b"]);
}

#[tokio::test]
async fn a_new_key_is_private_and_never_replaces_another() {
    let place = Place::new().await;
    let before = fs::read(place.path("key.pem")).unwrap();
    for kind in [Kind::P256, Kind::Ed25519] {
        let error = verify::new_key(kind, &place.path("key.pem"), false, &place.env()).unwrap_err();
        assert!(error.hint().unwrap().contains("never overwritten"), "{error}");
    }
    assert_eq!(fs::read(place.path("key.pem")).unwrap(), before);
    let mode = |name| fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("key.pem"), 0o600);
    assert_eq!(place.printed().lines().last(), Some(place.key().public().id().as_str()));
}
