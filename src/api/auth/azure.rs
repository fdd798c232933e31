//! Tokens from `azure_identity`, over our own HTTP client.
//! It keeps tokens until shortly before they expire, and none of an identity service's texts.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::error::ErrorKind;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, Transport, Url};
use azure_identity::{
    AzureCliCredential, AzureDeveloperCliCredential, AzurePipelinesCredential, AzurePipelinesCredentialOptions,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::{SignIn, Tokens};
use crate::api::endpoint::{Base, is_protected};
use crate::api::{Code, Error, Http, Service};
use crate::env::Env;
use crate::text::Secret;

/// A token is renewed this long before it expires.
const MARGIN: SignedDuration = SignedDuration::from_mins(5);

/// How long a sign-in may take, retries and a slow `az` included.
const PATIENCE: Duration = Duration::from_secs(120);

/// `azure_identity` takes only an https authority without a path, so it gets this one, which exists nowhere;
/// [`Login`] sends what is meant for it to the configured endpoint.
const AUTHORITY: &str = "https://login.invalid";

/// Hosts of the sovereign clouds, where a token is for the endpoint's own origin.
const SOVEREIGN: [&str; 8] = [
    "graph.microsoft.us",
    "dod-graph.microsoft.us",
    "management.usgovcloudapi.net",
    "api.loganalytics.us",
    "microsoftgraph.chinacloudapi.cn",
    "management.chinacloudapi.cn",
    "api.loganalytics.azure.cn",
    "graph.microsoft.de",
];

/// What a token for Azure DevOps is for: its resource in Entra, the same for all five hosts.
///
/// <https://learn.microsoft.com/azure/devops/integrate/get-started/authentication/service-principal-managed-identity>
const DEVOPS: &str = "499b84ac-1321-427f-aa17-267ca6975798";

/// The domains of vaults, and what a token for each is for.
const VAULTS: [(&str, &str); 4] = [
    ("vault.azure.net", "https://vault.azure.net"),
    ("managedhsm.azure.net", "https://managedhsm.azure.net"),
    ("vault.usgovcloudapi.net", "https://vault.usgovcloudapi.net"),
    ("vault.azure.cn", "https://vault.azure.cn"),
];

/// Tokens of the sign-in that the environment configures.
pub struct AzureIdentity {
    sign_in: SignIn,
    http: Http,
    env: Env,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    credentials: Vec<Arc<dyn TokenCredential>>,
    tokens: BTreeMap<Service, (Secret, Timestamp)>,
}

impl AzureIdentity {
    /// Chooses the sign-in; see [`SignIn::of`].
    pub fn new(http: &Http, env: &Env) -> AzureIdentity {
        let sign_in = SignIn::of(env, http.settings().managed_identity);
        AzureIdentity { sign_in, http: http.clone(), env: env.clone(), state: Mutex::default() }
    }

    async fn sign_in(&self, state: &mut State, scope: &str) -> Result<AccessToken, Error> {
        if state.credentials.is_empty() {
            state.credentials = self.credentials()?;
        }
        let mut last = Error::NoToken { how: self.sign_in.name(), code: None };
        for credential in &state.credentials {
            match tokio::time::timeout(PATIENCE, credential.get_token(&[scope], None)).await {
                Ok(Ok(token)) => return Ok(token),
                Ok(Err(error)) => last = self.failed(&error),
                Err(_) => last = Error::NoToken { how: self.sign_in.name(), code: Code::parse("timeout") },
            }
        }
        Err(last)
    }

    fn credentials(&self) -> Result<Vec<Arc<dyn TokenCredential>>, Error> {
        let credential = match self.sign_in {
            SignIn::Token => return Ok(Vec::new()),
            SignIn::WorkloadIdentity => self.workload_identity(),
            SignIn::ClientSecret => self.client_secret(),
            SignIn::AzurePipelines => self.azure_pipelines(),
            SignIn::ManagedIdentity => self.managed_identity(),
            SignIn::DeveloperTools => return self.developer_tools(),
        };
        credential.map(|credential| vec![credential])
    }

    fn workload_identity(&self) -> Result<Arc<dyn TokenCredential>, Error> {
        let options = WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions { client_options: self.options() },
            client_id: Some(self.variable(super::CLIENT_ID)?.to_owned()),
            tenant_id: Some(self.variable(super::TENANT_ID)?.to_owned()),
            token_file_path: Some(PathBuf::from(self.variable(super::FEDERATED_TOKEN_FILE)?)),
        };
        Ok(WorkloadIdentityCredential::new(Some(options)).map_err(|error| self.failed(&error))?)
    }

    fn client_secret(&self) -> Result<Arc<dyn TokenCredential>, Error> {
        let (tenant, client) = (self.variable(super::TENANT_ID)?, self.variable(super::CLIENT_ID)?.to_owned());
        let secret = self.variable(super::CLIENT_SECRET)?.to_owned().into();
        let options = ClientSecretCredentialOptions { client_options: self.options() };
        Ok(ClientSecretCredential::new(tenant, client, secret, Some(options)).map_err(|error| self.failed(&error))?)
    }

    fn azure_pipelines(&self) -> Result<Arc<dyn TokenCredential>, Error> {
        let options = AzurePipelinesCredentialOptions {
            credential_options: ClientAssertionCredentialOptions { client_options: self.options() },
        };
        let credential = AzurePipelinesCredential::new(
            self.variable(super::PIPELINES_TENANT_ID)?.to_owned(),
            self.variable(super::PIPELINES_CLIENT_ID)?.to_owned(),
            self.variable(super::PIPELINES_CONNECTION)?,
            self.variable(super::PIPELINES_TOKEN)?.to_owned(),
            Some(options),
        );
        Ok(credential.map_err(|error| self.failed(&error))?)
    }

    fn managed_identity(&self) -> Result<Arc<dyn TokenCredential>, Error> {
        let user_assigned_id = self.env.variable(super::CLIENT_ID).map(|id| UserAssignedId::ClientId(id.to_owned()));
        let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options: self.options() };
        Ok(ManagedIdentityCredential::new(Some(options)).map_err(|error| self.failed(&error))?)
    }

    fn developer_tools(&self) -> Result<Vec<Arc<dyn TokenCredential>>, Error> {
        let az = AzureCliCredential::new(None).map_err(|error| self.failed(&error))?;
        let azd = AzureDeveloperCliCredential::new(None).map_err(|error| self.failed(&error))?;
        Ok(vec![az, azd])
    }

    fn options(&self) -> ClientOptions {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = AUTHORITY.to_owned();
        let login = Login { client: self.http.client().clone(), base: self.http.login().clone() };
        ClientOptions {
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            transport: Some(Transport::new(Arc::new(login))),
            ..ClientOptions::default()
        }
    }

    fn variable(&self, name: &'static str) -> Result<&str, Error> {
        self.env.variable(name).ok_or(Error::NoVariable { how: self.sign_in.name(), name })
    }

    /// Keeps the number that Entra publishes for the error, and nothing of its text.
    fn failed(&self, error: &azure_core::Error) -> Error {
        let inner = error.downcast_ref::<azure_core::Error>().unwrap_or(error);
        let code = match inner.kind() {
            ErrorKind::HttpResponse { error_code: Some(codes), .. } => codes.split(',').next(),
            _ => None,
        };
        let number = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
        let code = number.and_then(|number| Code::parse(&format!("AADSTS{number}")));
        Error::NoToken { how: self.sign_in.name(), code }
    }
}

#[async_trait]
impl Tokens for AzureIdentity {
    async fn token(&self, service: Service, fresh: bool) -> Result<Secret, Error> {
        let scope =
            scope(service, self.http.base(service)).ok_or(Error::NoToken { how: self.sign_in.name(), code: None })?;
        // One token is good for all hosts of Azure DevOps.
        let service = if service.is_devops() { Service::DevOps } else { service };
        let mut state = self.state.lock().await;
        if fresh {
            // The credentials cache as well, and have no way to be told to forget.
            state.credentials.clear();
            state.tokens.remove(&service);
        }
        let now = (self.env.clock)();
        if let Some((token, expires)) = state.tokens.get(&service)
            && expires.duration_since(now) > MARGIN
        {
            return Ok(token.clone());
        }
        let access = self.sign_in(&mut state, &scope).await?;
        let token = Secret::new(access.token.secret());
        let expires = Timestamp::from_second(access.expires_on.unix_timestamp()).unwrap_or(now);
        state.tokens.insert(service, (token.clone(), expires));
        Ok(token)
    }
}

/// What a token for `service` has to be good for.
fn scope(service: Service, base: &Base) -> Option<String> {
    let public = match service {
        Service::Graph => "https://graph.microsoft.com",
        Service::Arm => "https://management.azure.com",
        Service::Logs => "https://api.loganalytics.io",
        Service::Vault => vault(&base.host()),
        Service::Storage => "https://storage.azure.com",
        Service::GitHub => return None,
        _ => DEVOPS,
    };
    let own = base.secure_origin().filter(|_| SOVEREIGN.contains(&base.host().as_str()));
    Some(format!("{}/.default", own.as_deref().unwrap_or(public)))
}

/// A token for a vault is for the cloud that the vault is in. A vault's own challenge is not asked: whoever answers in its
/// place could name any audience there.
fn vault(host: &str) -> &'static str {
    let inside = |(domain, _): &&(&str, &str)| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    VAULTS.iter().find(inside).map_or("https://vault.azure.net", |(_, audience)| audience)
}

/// Sends what `azure_identity` sends: to the configured login endpoint, or where a managed identity is served.
struct Login {
    client: reqwest::Client,
    base: Base,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

impl Login {
    fn target(&self, url: &Url) -> azure_core::Result<Url> {
        let refused =
            || azure_core::Error::with_message(ErrorKind::Credential, "a sign-in to this address is not sent");
        if url.origin().ascii_serialization() == AUTHORITY {
            let path = &url[url::Position::BeforePath..];
            return self.base.join(path).map_err(|_| refused());
        }
        if is_protected(url) || is_link_local(url) { Ok(url.clone()) } else { Err(refused()) }
    }
}

#[async_trait]
impl HttpClient for Login {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut request = request.clone();
        *request.url_mut() = self.target(request.url())?;
        self.client.execute_request(&request).await
    }
}

/// Azure serves managed identities over plain http on link-local addresses of the machine itself.
fn is_link_local(url: &Url) -> bool {
    matches!(url.host(), Some(url::Host::Ipv4(address)) if address.is_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_the_cloud_that_is_asked() {
        let scope = |service, url| scope(service, &Base::new("graph", url).unwrap());
        assert_eq!(scope(Service::Graph, "https://graph.microsoft.us").unwrap(), "https://graph.microsoft.us/.default");
        assert_eq!(scope(Service::Graph, "http://127.0.0.1:1/g").unwrap(), "https://graph.microsoft.com/.default");
        assert_eq!(
            scope(Service::Arm, "https://management.azure.com").unwrap(),
            "https://management.azure.com/.default"
        );
        let logs = scope(Service::Logs, "https://api.loganalytics.azure.com");
        assert_eq!(logs.unwrap(), "https://api.loganalytics.io/.default");
        assert_eq!(scope(Service::GitHub, "https://api.github.com"), None);
        assert_eq!(
            scope(Service::DevOpsAudit, "https://auditservice.dev.azure.com").unwrap(),
            format!("{DEVOPS}/.default")
        );
        for (url, audience) in [
            ("https://v.vault.azure.net", "https://vault.azure.net"),
            ("https://v.vault.azure.cn", "https://vault.azure.cn"),
            ("https://evilvault.azure.cn", "https://vault.azure.net"),
        ] {
            assert_eq!(scope(Service::Vault, url).unwrap(), format!("{audience}/.default"));
        }
    }

    #[test]
    fn a_sign_in_goes_only_to_login_and_to_this_machine() {
        let base = Base::new("login", "http://127.0.0.1:9/prefix").unwrap();
        let login = Login { client: reqwest::Client::new(), base };
        let target = |url: &str| login.target(&Url::parse(url).unwrap()).map(String::from);
        assert_eq!(
            target("https://login.invalid/t/oauth2/v2.0/token").unwrap(),
            "http://127.0.0.1:9/prefix/t/oauth2/v2.0/token"
        );
        assert!(target("http://169.254.169.254/metadata/identity/oauth2/token").is_ok());
        assert!(target("https://vstoken.dev.azure.com/x").is_ok());
        assert!(target("http://login.microsoftonline.com/t/oauth2/v2.0/token").is_err());
    }
}
