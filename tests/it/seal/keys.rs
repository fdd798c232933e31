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
        (pem(&label("EC "), b"\x30\x00"), "damaged"),
        (pem(&label("RSA "), b"\x30\x00"), "type RSA"),
        (pem(&label("OPENSSH "), b"\x30\x00"), "container of OpenSSH"),
        (pem(&label(""), b"\x30\x00"), "damaged"),
        ("hello".to_owned(), "no PEM file"),
        (fs::read_to_string(place.path("key.pub")).unwrap(), "PUBLIC KEY"),
    ] {
        fs::write(place.path("key.bad"), text).unwrap();
        fs::set_permissions(place.path("key.bad"), fs::Permissions::from_mode(0o600)).unwrap();
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

#[tokio::test]
async fn the_public_half_never_takes_the_name_of_the_private_one() {
    let place = Place::new().await;
    let refused = verify::new_key(Kind::P256, &place.path("x.pub"), false, &place.env()).unwrap_err();
    assert_eq!(refused.exit_code(), Exit::Usage);
    fs::write(place.path("y.pub"), "taken").unwrap();
    assert!(verify::new_key(Kind::P256, &place.path("y.pem"), false, &place.env()).is_err());
    assert!(!place.path("x.pub").exists() && !place.path("y.pem").exists());
}

#[tokio::test]
async fn a_key_that_others_can_use_is_refused_unless_that_is_said_to_be_fine() {
    let place = Place::new().await;
    let path = place.path("key.pem");
    let set = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    set(&path, 0o660);
    let refused = place.bundle("b").await.unwrap_err();
    assert!(refused.to_string().contains("others can write the key"), "{refused}");
    assert!(refused.hint().unwrap().contains("--insecure-key"));
    let delivery =
        leaver::run::Delivery { bundle: Some(place.path("b")), insecure_key: true, ..leaver::run::Delivery::default() };
    leaver::run::check(&place.path("evidence.db"), &place.config, &delivery, &place.env()).await.unwrap();
    // What its folder hides is read by nobody else.
    set(&path, 0o644);
    set(&place.path(""), 0o700);
    place.bundle("c").await.unwrap();
    set(&place.path(""), 0o755);
    let open = place.bundle("d").await;
    let temporary = std::env::temp_dir();
    let passable = |folder: &std::path::Path| fs::metadata(folder).unwrap().permissions().mode() & 0o011 != 0;
    if temporary.canonicalize().unwrap().ancestors().all(passable) {
        assert!(open.unwrap_err().to_string().contains("others can read the key"));
    }
}
