//! Who we are to each service: the tokens, and which sign-in the environment configures.
//! A token leaves this module only inside a `Secret`.

mod azure;
mod claims;
mod devops;
mod github;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

pub use self::azure::AzureIdentity;
pub use self::claims::Claims;
pub use self::github::{AppKey, GitHubSignIn, KeyError, TokenKind};
use super::{Error, Http, Service};
use crate::env::Env;
use crate::text::Secret;

const TOKEN: &str = "LEAVER_AZURE_TOKEN";
const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const TENANT_ID: &str = "AZURE_TENANT_ID";
const PIPELINES_OIDC: &str = "SYSTEM_OIDCREQUESTURI";
const PIPELINES_CONNECTION: &str = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";
const PIPELINES_CLIENT_ID: &str = "AZURESUBSCRIPTION_CLIENT_ID";
const PIPELINES_TENANT_ID: &str = "AZURESUBSCRIPTION_TENANT_ID";
const PIPELINES_TOKEN: &str = "SYSTEM_ACCESSTOKEN";
const MANAGED_IDENTITY: [&str; 2] = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"];

/// Gives the bearer token for a service.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// The token that `service` takes; with `fresh`, one that was not given before, if the sign-in can get one.
    ///
    /// # Errors
    /// When there is none: [`Error::NoToken`], [`Error::NoVariable`].
    async fn token(&self, service: Service, fresh: bool) -> Result<Secret, Error>;

    /// The word before the token in the header of a request to `service`.
    fn scheme(&self, _service: Service) -> &'static str {
        "Bearer"
    }
}

/// One token for all services of Microsoft.
#[derive(Clone)]
pub struct Fixed {
    token: Secret,
    /// When it ends, by its own word, and the clock that tells the time.
    expires: Option<(Timestamp, Clock)>,
}

type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

impl fmt::Debug for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fixed(***)")
    }
}

impl Fixed {
    /// Always `token`.
    pub fn new(token: Secret) -> Fixed {
        Fixed { token, expires: None }
    }

    /// `token` until it says that it has expired.
    pub fn until_it_expires(token: Secret, env: &Env) -> Fixed {
        let expires_at = Claims::of(&token).and_then(|claims| claims.expires_at);
        Fixed { token, expires: expires_at.map(|at| (at, Arc::clone(&env.clock))) }
    }
}

#[async_trait]
impl Tokens for Fixed {
    async fn token(&self, service: Service, _fresh: bool) -> Result<Secret, Error> {
        if let Some((at, clock)) = &self.expires
            && clock() >= *at
        {
            return Err(Error::Expired { how: SignIn::Token.name(), at: *at });
        }
        match service {
            Service::GitHub => Err(Error::NoToken { how: SignIn::Token.name(), code: None }),
            _ => Ok(self.token.clone()),
        }
    }
}

/// A way to sign in to Microsoft Entra. The environment chooses one; no other is tried when it fails,
/// because a run as somebody else would see something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignIn {
    /// `LEAVER_AZURE_TOKEN`.
    Token,
    /// `AZURE_FEDERATED_TOKEN_FILE`, as on AKS.
    WorkloadIdentity,
    /// `AZURE_CLIENT_SECRET`.
    ClientSecret,
    /// The service connection of an Azure Pipelines task.
    AzurePipelines,
    /// `IDENTITY_ENDPOINT` or `MSI_ENDPOINT`, or the setting.
    ManagedIdentity,
    /// Nothing is configured: whoever is signed in with `az`, else with `azd`.
    DeveloperTools,
}

impl SignIn {
    /// The sign-in that a run with this environment uses; `managed_identity` is the setting that asks for one.
    pub fn of(env: &Env, managed_identity: bool) -> SignIn {
        let set = |name: &&str| env.variable(name).is_some();
        if set(&TOKEN) {
            SignIn::Token
        } else if set(&FEDERATED_TOKEN_FILE) {
            SignIn::WorkloadIdentity
        } else if set(&CLIENT_SECRET) {
            SignIn::ClientSecret
        } else if [PIPELINES_OIDC, PIPELINES_CONNECTION].iter().all(set) {
            SignIn::AzurePipelines
        } else if managed_identity || MANAGED_IDENTITY.iter().any(set) {
            SignIn::ManagedIdentity
        } else {
            SignIn::DeveloperTools
        }
    }

    fn name(self) -> &'static str {
        match self {
            SignIn::Token => "the token in LEAVER_AZURE_TOKEN",
            SignIn::WorkloadIdentity => "workload identity",
            SignIn::ClientSecret => "the client secret in AZURE_CLIENT_SECRET",
            SignIn::AzurePipelines => "the Azure Pipelines service connection",
            SignIn::ManagedIdentity => "managed identity",
            SignIn::DeveloperTools => "Azure CLI, then Azure Developer CLI",
        }
    }
}

impl fmt::Display for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The tokens of the sign-in that the environment configures. Nothing is asked before the first token is needed.
pub fn tokens(http: &Http, env: &Env) -> Arc<dyn Tokens> {
    let entra: Arc<dyn Tokens> = match env.variable(TOKEN) {
        Some(token) => Arc::new(Fixed::until_it_expires(Secret::new(token), env)),
        None => Arc::new(AzureIdentity::new(http, env)),
    };
    devops::with_personal(entra, env)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tests::env_with;

    #[test]
    fn the_environment_chooses_the_sign_in() {
        let of = |pairs: &[(&str, &str)]| SignIn::of(&env_with(pairs), false);
        assert_eq!(of(&[]), SignIn::DeveloperTools);
        assert_eq!(of(&[(CLIENT_SECRET, "")]), SignIn::DeveloperTools);
        assert_eq!(of(&[("MSI_ENDPOINT", "x")]), SignIn::ManagedIdentity);
        assert_eq!(of(&[(PIPELINES_OIDC, "x")]), SignIn::DeveloperTools);
        assert_eq!(
            of(&[(PIPELINES_OIDC, "x"), (PIPELINES_CONNECTION, "x"), ("IDENTITY_ENDPOINT", "x")]),
            SignIn::AzurePipelines
        );
        assert_eq!(
            of(&[(CLIENT_SECRET, "x"), (PIPELINES_OIDC, "x"), (PIPELINES_CONNECTION, "x")]),
            SignIn::ClientSecret
        );
        assert_eq!(of(&[(FEDERATED_TOKEN_FILE, "x"), (CLIENT_SECRET, "x")]), SignIn::WorkloadIdentity);
        assert_eq!(of(&[(TOKEN, "x"), (FEDERATED_TOKEN_FILE, "x")]), SignIn::Token);
        assert_eq!(SignIn::of(&env_with(&[]), true), SignIn::ManagedIdentity);
    }

    #[tokio::test]
    async fn a_microsoft_token_never_goes_to_github() {
        let fixed = Fixed::new(Secret::new("canary"));
        assert_eq!(fixed.token(Service::Arm, false).await.unwrap().expose(), "canary");
        let error = fixed.token(Service::GitHub, false).await.unwrap_err();
        assert!(!format!("{error} {error:?} {fixed:?}").contains("canary"));
    }
}
