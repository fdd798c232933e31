//! A key in Azure Key Vault: it signs a digest there and never leaves. Only one pinned version of it is used.
//! <https://learn.microsoft.com/en-us/rest/api/keyvault/keys/sign/sign>

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{Error, Kind, PublicKey};
use crate::api::{Ask, ReadApi, ReadPost};

const VERSION: &str = "?api-version=7.4";

/// A key in a vault.
pub struct VaultKey {
    api: ReadApi,
    path: String,
    public: PublicKey,
}

#[derive(Deserialize)]
struct Bundle {
    key: Jwk,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    key_ops: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
struct Attributes {
    enabled: Option<bool>,
}

#[derive(Deserialize)]
struct Signed {
    value: String,
}

/// The origin of the vault and the path of the key. The version has to be there: a report has to say which key signed it.
pub(super) fn address(url: &Url) -> Result<(String, String), Error> {
    let parts: Vec<&str> = url.path().trim_end_matches('/').rsplit('/').collect();
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match parts.as_slice() {
        [version, name, "keys", ..] if plain(version) && plain(name) => {
            Ok((url.origin().ascii_serialization(), format!("/keys/{name}/{version}")))
        }
        _ => Err(Error::VaultAddress(url.as_str().into())),
    }
}

impl VaultKey {
    pub(super) async fn open(api: ReadApi, path: String) -> Result<VaultKey, Error> {
        let failed = |source| Error::Vault { what: "show the key", source: Box::new(source) };
        let answer = api.get(&ask(&path, "")).await.map_err(failed)?;
        let bundle: Bundle = answer.json().map_err(failed)?;
        let public = public(&bundle)?;
        Ok(VaultKey { api, path, public })
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |source| Error::Vault { what: "sign", source: Box::new(source) };
        let digest = URL_SAFE_NO_PAD.encode(digest(&SHA256, message));
        let body = json!({ "alg": "ES256", "value": digest });
        let answer = self.api.post(ReadPost::VaultSign, &ask(&self.path, "/sign"), &body).await.map_err(failed)?;
        let signed: Signed = answer.json().map_err(failed)?;
        let raw = URL_SAFE_NO_PAD.decode(signed.value).map_err(|_| Error::VaultKey("its signature is malformed"))?;
        let signature = der(&raw).ok_or(Error::VaultKey("its signature is malformed"))?;
        match self.public.verifies(message, &signature) {
            true => Ok(signature),
            false => Err(Error::VaultKey("its signature does not verify")),
        }
    }
}

fn ask(path: &str, verb: &str) -> Ask {
    Ask { path: format!("{path}{verb}{VERSION}"), headers: Vec::new() }
}

fn public(bundle: &Bundle) -> Result<PublicKey, Error> {
    let Bundle { key, attributes } = bundle;
    if attributes.enabled == Some(false) {
        return Err(Error::VaultKey("this version is disabled"));
    }
    if !matches!(key.kty.as_str(), "EC" | "EC-HSM") || key.crv.as_deref() != Some("P-256") {
        return Err(Error::VaultKey("it is no elliptic key on P-256"));
    }
    if key.key_ops.as_ref().is_some_and(|allowed| !allowed.iter().any(|one| one == "sign")) {
        return Err(Error::VaultKey("it may not sign"));
    }
    let malformed = || Error::VaultKey("its public half is malformed");
    let part = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok().filter(|bytes| bytes.len() == 32);
    let (x, y) = part(&key.x).zip(part(&key.y)).ok_or_else(malformed)?;
    PublicKey::from_raw(Kind::P256, &[&[4], x.as_slice(), &y].concat()).map_err(|_| malformed())
}

/// A signature as the vault gives it, r and s of 32 bytes, as DER has it.
fn der(raw: &[u8]) -> Option<Vec<u8>> {
    let (r, s) = (raw.len() == 64).then(|| raw.split_at(32))?;
    let body = [integer(r), integer(s)].concat();
    Some([&[0x30, u8::try_from(body.len()).ok()?], body.as_slice()].concat())
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    let digits = &bytes[start..];
    // A leading bit would make it negative.
    let sign: &[u8] = if digits[0] & 0x80 != 0 { &[0] } else { &[] };
    [&[2, (sign.len() + digits.len()) as u8], sign, digits].concat()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_raw_signature_becomes_the_same_one_in_der() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public = PublicKey::from_raw(Kind::P256, pair.public_key().as_ref()).unwrap();
        for message in 0..200u8 {
            let raw = pair.sign(&SystemRandom::new(), &[message]).unwrap();
            assert!(public.verifies(&[message], &der(raw.as_ref()).unwrap()), "{message}");
        }
    }

    proptest! {
        #[test]
        fn integers_are_the_shortest_and_never_negative(bytes in prop::collection::vec(any::<u8>(), 32)) {
            use pkcs8::der::{Decode, asn1::UintRef};
            let text = integer(&bytes);
            let read = UintRef::from_der(&text).unwrap();
            let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(31);
            prop_assert_eq!(read.as_bytes(), &bytes[start..]);
        }
    }

    #[test]
    fn only_an_address_with_a_version_is_taken() {
        let of = |text: &str| address(&Url::parse(text).unwrap());
        let (origin, path) = of("https://v.vault.azure.net/keys/leaver/0123abc").unwrap();
        assert_eq!((origin.as_str(), path.as_str()), ("https://v.vault.azure.net", "/keys/leaver/0123abc"));
        for bad in ["/keys/leaver", "/keys/leaver/", "/secrets/leaver/1", "/keys/a%2fb/1", "/"] {
            assert!(of(&format!("https://v.vault.azure.net{bad}")).is_err(), "{bad}");
        }
    }
}
