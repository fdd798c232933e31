//! Who we are to GitHub: an App with its key, or a token of the environment.
//! A key and a token leave this module only as what signs a request.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::Tokens;
use crate::api::{Ask, Error, ReadApi, ReadPost, Service};
use crate::env::Env;
use crate::text::Secret;

/// Where a token is looked for, in this order, as the `gh` command does.
const VARIABLES: [&str; 2] = ["GH_TOKEN", "GITHUB_TOKEN"];

/// GitHub takes no assertion that lives longer than ten minutes; a minute on each side is left to the clocks.
///
/// <https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>
const BEFORE: SignedDuration = SignedDuration::from_mins(1);
const AFTER: SignedDuration = SignedDuration::from_mins(8);

/// A token is renewed this long before it expires.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// The sign-in to GitHub that a run uses.
#[derive(Debug, Clone)]
pub enum GitHubSignIn {
    /// An App; each organisation that has it installed gives a token of its own.
    App {
        /// Its number.
        id: u64,
        /// Its key.
        key: Arc<AppKey>,
    },
    /// A token.
    Token {
        /// The variable that held it.
        variable: &'static str,
        /// The token.
        token: Secret,
    },
}

impl GitHubSignIn {
    /// The App of the configuration, else the token of the environment; `None`: neither is there.
    ///
    /// # Errors
    /// When the key of the App is not usable. A token is not tried then: it would see something else.
    pub fn of(app: Option<(u64, &Path)>, env: &Env) -> Result<Option<GitHubSignIn>, KeyError> {
        if let Some((id, file)) = app {
            return Ok(Some(GitHubSignIn::App { id, key: Arc::new(AppKey::from_file(file)?) }));
        }
        let found = VARIABLES.into_iter().find_map(|variable| Some((variable, env.variable(variable)?)));
        Ok(found.map(|(variable, token)| GitHubSignIn::Token { variable, token: Secret::new(token) }))
    }

    /// What signs requests as the App itself, or as whoever has the token.
    pub fn tokens(&self, env: &Env) -> Arc<dyn Tokens> {
        match self {
            GitHubSignIn::App { id, key } => Arc::new(Assertion { id: *id, key: Arc::clone(key), env: env.clone() }),
            GitHubSignIn::Token { token, .. } => Arc::new(Bearer { token: token.clone() }),
        }
    }

    /// What signs requests as the installation `id` of the App that `app` is signed in as.
    pub fn installation(app: ReadApi, id: u64, env: &Env) -> Arc<dyn Tokens> {
        Arc::new(Installation { app, id, env: env.clone(), kept: Mutex::default() })
    }
}

impl fmt::Display for GitHubSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GitHubSignIn::App { id, .. } => write!(f, "App {id}"),
            GitHubSignIn::Token { variable, token } => write!(f, "{} in {variable}", TokenKind::of(token)),
        }
    }
}

/// What a token is, by its beginning.
///
/// <https://docs.github.com/authentication/keeping-your-account-and-data-secure/about-authentication-to-github>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A classic personal token: it has scopes.
    Classic,
    /// A fine-grained personal token: it has permissions.
    FineGrained,
    /// Of a person, through an OAuth app such as `gh`: it has scopes.
    OAuth,
    /// Of a person, through an App.
    AppUser,
    /// Of an installation, such as the token of a workflow.
    Installation,
    /// None of these.
    Other,
}

impl TokenKind {
    /// Looks only at the beginning.
    pub fn of(token: &Secret) -> TokenKind {
        let kinds = [
            ("ghp_", TokenKind::Classic),
            ("github_pat_", TokenKind::FineGrained),
            ("gho_", TokenKind::OAuth),
            ("ghu_", TokenKind::AppUser),
            ("ghs_", TokenKind::Installation),
        ];
        let is = |prefix: &str| token.expose().starts_with(prefix);
        kinds.into_iter().find(|(prefix, _)| is(prefix)).map_or(TokenKind::Other, |(_, kind)| kind)
    }

    /// Whether what it may do is a list of scopes.
    pub fn has_scopes(self) -> bool {
        matches!(self, TokenKind::Classic | TokenKind::OAuth)
    }
}

impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            TokenKind::Classic => "classic personal token",
            TokenKind::FineGrained => "fine-grained personal token",
            TokenKind::OAuth => "OAuth token",
            TokenKind::AppUser => "App user token",
            TokenKind::Installation => "installation token",
            TokenKind::Other => "token",
        })
    }
}

/// Why the key of an App is not usable.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It holds something else than a private RSA key.
    #[error("{path}: {why}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What it holds instead.
        why: &'static str,
    },
}

/// The private key of an App.
pub struct AppKey {
    pair: RsaKeyPair,
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKey(***)")
    }
}

impl AppKey {
    /// Reads a PEM file as GitHub gives it out.
    ///
    /// # Errors
    /// What it holds instead.
    pub fn from_file(path: &Path) -> Result<AppKey, KeyError> {
        let text = crate::file::read(path, crate::file::SMALL)
            .map_err(|source| KeyError::File { path: path.to_owned(), source })?;
        let text = Secret::new(&String::from_utf8_lossy(&text));
        AppKey::from_pem(&text).map_err(|why| KeyError::Form { path: path.to_owned(), why })
    }

    fn from_pem(text: &Secret) -> Result<AppKey, &'static str> {
        let text = text.expose();
        let pair = match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
            Ok(PrivateKeyDer::Pkcs1(key)) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            Ok(PrivateKeyDer::Pkcs8(key)) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            Ok(_) => return Err("an elliptic curve key, but Apps sign with RSA"),
            Err(_) => return Err(instead(text)),
        };
        Ok(AppKey { pair: pair.map_err(|_| "no RSA key of at least 2048 bits")? })
    }

    /// A claim that we are the App, for a few minutes around `now`.
    fn assertion(&self, id: u64, now: Timestamp) -> Option<Secret> {
        let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims =
            json!({ "iat": (now - BEFORE).as_second(), "exp": (now + AFTER).as_second(), "iss": id.to_string() });
        let signed = format!("{}.{}", encode(json!({ "alg": "RS256", "typ": "JWT" })), encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(Secret::new(&format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// What a file without a readable key looks like.
fn instead(text: &str) -> &'static str {
    const FORMS: [(&str, &str); 5] = [
        ("ENCRYPTED", "an encrypted key; take the file as GitHub gave it out"),
        ("PUBLIC KEY", "a public key; the private key of the App is needed"),
        ("CERTIFICATE", "a certificate; the private key of the App is needed"),
        ("OPENSSH PRIVATE KEY", "a key for SSH; the private key of the App is needed"),
        ("PRIVATE KEY", "a private key that is cut off or changed"),
    ];
    FORMS.iter().find(|(mark, _)| text.contains(mark)).map_or("no key in PEM form", |(_, why)| *why)
}

/// Signs as the App itself: only for asking where it is installed.
struct Assertion {
    id: u64,
    key: Arc<AppKey>,
    env: Env,
}

#[async_trait]
impl Tokens for Assertion {
    async fn token(&self, service: Service, _fresh: bool) -> Result<Secret, Error> {
        let token = (service == Service::GitHub).then(|| self.key.assertion(self.id, (self.env.clock)())).flatten();
        token.ok_or(Error::NoToken { how: "the key of the GitHub App", code: None })
    }
}

/// Always the same token.
struct Bearer {
    token: Secret,
}

#[async_trait]
impl Tokens for Bearer {
    async fn token(&self, service: Service, _fresh: bool) -> Result<Secret, Error> {
        match service {
            Service::GitHub => Ok(self.token.clone()),
            _ => Err(Error::NoToken { how: "a token for GitHub", code: None }),
        }
    }
}

/// Signs as an installation, with a token that lives for an hour.
struct Installation {
    app: ReadApi,
    id: u64,
    env: Env,
    kept: Mutex<Option<(Secret, Timestamp)>>,
}

#[derive(Deserialize)]
struct Issued {
    token: String,
    expires_at: Timestamp,
}

#[async_trait]
impl Tokens for Installation {
    async fn token(&self, service: Service, fresh: bool) -> Result<Secret, Error> {
        if service != Service::GitHub {
            return Err(Error::NoToken { how: "a GitHub App", code: None });
        }
        let mut kept = self.kept.lock().await;
        let now = (self.env.clock)();
        if let Some((token, expires)) = kept.as_ref().filter(|_| !fresh)
            && expires.duration_since(now) > MARGIN
        {
            return Ok(token.clone());
        }
        let ask = Ask { path: format!("/app/installations/{}/access_tokens", self.id), headers: Vec::new() };
        let issued: Issued = self.app.post(ReadPost::InstallationToken, &ask, &json!({})).await?.json()?;
        let token = Secret::new(&issued.token);
        *kept = Some((token.clone(), issued.expires_at));
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;
    use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::api::tests::env_with;

    static PAIR: LazyLock<RsaKeyPair> = LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

    fn pem(label: &str, bytes: &[u8]) -> Secret {
        Secret::new(&format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(bytes)))
    }

    fn pkcs8() -> Vec<u8> {
        AsDer::<Pkcs8V1Der<'_>>::as_der(&*PAIR).unwrap().as_ref().to_vec()
    }

    #[test]
    fn both_forms_of_a_key_sign_what_the_public_key_verifies() {
        // The older form is what the newer one wraps: version, algorithm, and an octet string.
        let pkcs8 = pkcs8();
        let pkcs1 = &pkcs8[26..];
        for pem in [pem("PRIVATE KEY", &pkcs8), pem("RSA PRIVATE KEY", pkcs1)] {
            let token =
                AppKey::from_pem(&pem).unwrap().assertion(7, Timestamp::from_second(1_000_000).unwrap()).unwrap();
            let (signed, signature) = token.expose().rsplit_once('.').unwrap();
            let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, PAIR.public_key().as_ref());
            key.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
            let claims = URL_SAFE_NO_PAD.decode(signed.split('.').nth(1).unwrap()).unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
            assert_eq!(claims, json!({ "iat": 999_940, "exp": 1_000_480, "iss": "7" }));
        }
    }

    #[test]
    fn a_wrong_key_file_says_what_it_holds() {
        let why = |secret: Secret| AppKey::from_pem(&secret).unwrap_err();
        assert!(why(pem("PUBLIC KEY", b"x")).starts_with("a public key"));
        assert!(why(pem("CERTIFICATE", b"x")).starts_with("a certificate"));
        assert!(why(pem("ENCRYPTED PRIVATE KEY", b"x")).starts_with("an encrypted key"));
        assert!(why(pem("OPENSSH PRIVATE KEY", b"x")).starts_with("a key for SSH"));
        assert!(why(pem("EC PRIVATE KEY", b"x")).starts_with("an elliptic curve key"));
        assert!(why(pem("RSA PRIVATE KEY", b"x")).starts_with("no RSA key"));
        assert!(why(Secret::new("-----BEGIN RSA PRIVATE KEY-----\nMIIE")).starts_with("a private key that is cut"));
        assert_eq!(why(Secret::new("hello")), "no key in PEM form");
        assert!(matches!(AppKey::from_file(Path::new("/nowhere.pem")), Err(KeyError::File { .. })));
    }

    #[test]
    fn the_app_comes_first_then_the_variables_in_order() {
        let of = |pairs: &[(&str, &str)]| GitHubSignIn::of(None, &env_with(pairs)).unwrap().map(|all| all.to_string());
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("GITHUB_TOKEN", "ghs_x")]).unwrap(), "installation token in GITHUB_TOKEN");
        assert_eq!(
            of(&[("GITHUB_TOKEN", "ghs_x"), ("GH_TOKEN", "ghp_x")]).unwrap(),
            "classic personal token in GH_TOKEN"
        );
        assert!(GitHubSignIn::of(Some((1, Path::new("/nowhere.pem"))), &env_with(&[("GH_TOKEN", "x")])).is_err());
    }

    #[tokio::test]
    async fn a_token_of_github_goes_nowhere_else() {
        let sign_in = GitHubSignIn::of(None, &env_with(&[("GH_TOKEN", "canary")])).unwrap().unwrap();
        let tokens = sign_in.tokens(&env_with(&[]));
        assert_eq!(tokens.token(Service::GitHub, false).await.unwrap().expose(), "canary");
        for service in [Service::Graph, Service::Arm, Service::Logs] {
            assert!(tokens.token(service, false).await.is_err());
        }
        assert!(!format!("{sign_in:?} {sign_in}").contains("canary"));
    }
}
