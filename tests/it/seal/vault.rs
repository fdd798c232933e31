//! Keys in a vault: a loopback vault that challenges, refuses, lies and goes away.

use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leaver::config::Key;
use leaver::error::Exit;
use leaver::seal::PublicKey;
use serde_json::json;

use super::Place;
use crate::api::server::{Reply, Seen, Server};

/// What is wrong with a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Rsa,
    Disabled,
    DisabledForSigning,
    NoSuchVersion,
    OtherSignature,
    NoSignIn,
}

struct Vault {
    /// Signs a digest as it is: the message of a vault is the digest itself.
    pair: EcdsaKeyPair,
    fault: Mutex<Fault>,
}

impl Vault {
    fn answer(&self, seen: &Seen) -> Reply {
        let fault = *self.fault.lock().unwrap();
        let error = |status, code: &str| Reply::json(status, json!({ "error": { "code": code } }).to_string());
        if fault == Fault::NoSignIn || seen.header("authorization") != Some("Bearer vault-token") {
            let challenge = r#"Bearer authorization="https://login.example/t", resource="https://vault.azure.net""#;
            return error(401, "Unauthorized").with("www-authenticate", challenge);
        }
        match (seen.method.as_str(), seen.target.as_str()) {
            ("GET", "/keys/leaver/1?api-version=7.4") => match fault {
                Fault::NoSuchVersion => error(404, "KeyNotFound"),
                Fault::Rsa => {
                    Reply::json(200, json!({ "key": { "kty": "RSA", "n": "AQAB", "e": "AQAB" } }).to_string())
                }
                fault => Reply::json(200, self.public(fault != Fault::Disabled)),
            },
            ("POST", "/keys/leaver/1/sign?api-version=7.4") if fault == Fault::DisabledForSigning => {
                error(403, "Forbidden")
            }
            ("POST", "/keys/leaver/1/sign?api-version=7.4") => self.sign(&seen.body, fault),
            _ => error(404, "NotFound"),
        }
    }

    fn public(&self, enabled: bool) -> String {
        let point = self.pair.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|part| URL_SAFE_NO_PAD.encode(part));
        let key = json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "key_ops": ["sign", "verify"] });
        json!({ "key": key, "attributes": { "enabled": enabled } }).to_string()
    }

    fn sign(&self, body: &str, fault: Fault) -> Reply {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["alg"], "ES256");
        let mut digest = URL_SAFE_NO_PAD.decode(body["value"].as_str().unwrap()).unwrap();
        if fault == Fault::OtherSignature {
            digest[0] ^= 1;
        }
        let digest = aws_lc_rs::digest::Digest::import_less_safe(&digest, &aws_lc_rs::digest::SHA256).unwrap();
        let signature = self.pair.sign_digest(&digest).unwrap();
        Reply::json(200, json!({ "kid": "k", "value": URL_SAFE_NO_PAD.encode(signature.as_ref()) }).to_string())
    }

    fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }
}

async fn place() -> (Place, Arc<Vault>, Server) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    assert_eq!(pair.sign(&SystemRandom::new(), b"").unwrap().as_ref().len(), 64);
    let vault = Arc::new(Vault { pair, fault: Mutex::new(Fault::None) });
    let server = {
        let vault = Arc::clone(&vault);
        Server::start(move |_, seen| vault.answer(seen)).await
    };
    let mut place = Place::new().await;
    place.variables.insert("LEAVER_AZURE_TOKEN".to_owned(), "vault-token".to_owned());
    place.config.signing.key = Some(Key::try_from(format!("{}/keys/leaver/1", server.url())).unwrap());
    (place, vault, server)
}

#[tokio::test]
async fn a_key_in_a_vault_signs_and_never_leaves() {
    let (place, vault, server) = place().await;
    assert_eq!(place.bundle("b").await.unwrap(), Exit::Unknown);
    let prefix =
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
    let public = PublicKey::from_spki(&[prefix, vault.pair.public_key().as_ref()].concat()).unwrap();
    let trust = leaver::bundle::Trust { keys: vec![public], ..Default::default() };
    let found = leaver::bundle::verify(&place.path("b"), &trust).unwrap();
    assert!(found.holds(), "{:?}", found.outcomes);
    let asked: Vec<String> = server.seen().iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect();
    assert_eq!(asked[0], "GET /keys/leaver/1?api-version=7.4");
    assert!(asked[1..].iter().all(|one| one == "POST /keys/leaver/1/sign?api-version=7.4"), "{asked:?}");
}

#[tokio::test]
async fn a_vault_key_that_cannot_be_used_stops_the_run_before_it_starts() {
    let (mut place, vault, _server) = place().await;
    for (fault, exit, part) in [
        (Fault::Rsa, Exit::Usage, "no elliptic key on P-256"),
        (Fault::Disabled, Exit::Usage, "this version is disabled"),
        (Fault::NoSuchVersion, Exit::Failed, "did not show the key"),
        (Fault::NoSignIn, Exit::SignIn, "not signed in"),
    ] {
        vault.fail(fault);
        let error = place.bundle("b").await.unwrap_err();
        assert!(error.exit_code() == exit && error.to_string().contains(part), "{fault:?}: {error}");
        assert!(!format!("{error} {error:?}").contains("vault-token"));
    }
    place.config.signing.key = Some(Key::try_from("http://127.0.0.1:9/keys/leaver/1".to_owned()).unwrap());
    let error = place.bundle("b").await.unwrap_err();
    assert_eq!(error.exit_code(), Exit::Failed, "{error}");
    place.config.signing.key = Some(Key::try_from("https://v.vault.azure.net/keys/leaver".to_owned()).unwrap());
    let error = place.bundle("b").await.unwrap_err();
    assert!(error.exit_code() == Exit::Usage && error.hint().unwrap().contains("VERSION"), "{error}");
    assert_eq!(place.names(), Vec::<String>::new());
}

#[tokio::test]
async fn a_vault_that_fails_when_it_has_to_sign_leaves_an_unsigned_report() {
    let (place, vault, _server) = place().await;
    for (name, fault) in [("b", Fault::DisabledForSigning), ("c", Fault::OtherSignature)] {
        vault.fail(fault);
        let error = place.bundle(name).await.unwrap_err();
        assert_eq!(error.exit_code(), Exit::Undelivered, "{error}");
        assert!(error.to_string().contains("not signed"), "{error}");
        assert!(place.printed().contains("signed by nobody"));
        let found = place.verify(name);
        assert_eq!(super::failed(&found), ["signature", "key"]);
        assert_eq!(found.report.unwrap().signed_by, None);
    }
}
