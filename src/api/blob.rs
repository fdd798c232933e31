//! Azure Blob Storage: which container a URL names, and as whom it is asked. It moves no bytes; whoever opens it does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::azure::{AzureCredential, MicrosoftAzureBuilder};
use object_store::{CredentialProvider, ObjectStore, RetryConfig};
use url::Url;

use super::{Error, Http, Service, Settings, Tokens, tokens};
use crate::env::Env;
use crate::text::Untrusted;

const KEY: &str = "AZURE_STORAGE_KEY";
const ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT";

/// Why a container cannot be opened. Nothing has been asked yet.
#[derive(Debug, thiserror::Error)]
pub enum NoContainer {
    /// It is not known in which storage account the container is.
    #[error("the storage account is not known")]
    Account,
    /// The settings do not fit together.
    #[error("{}", .0.terminal())]
    Unusable(Untrusted),
}

/// Opens the container of `az://container/…` in a storage account, by default the one in `AZURE_STORAGE_ACCOUNT`. It is
/// asked with `AZURE_STORAGE_KEY` where that is set, else with the sign-in of everything else.
///
/// # Errors
/// When no account is named, or the settings do not fit together.
pub fn container(
    url: &Url,
    account: Option<&str>,
    settings: Settings,
    env: &Env,
) -> Result<Arc<dyn ObjectStore>, NoContainer> {
    let account = account.or_else(|| env.variable(ACCOUNT)).ok_or(NoContainer::Account)?;
    let retry = RetryConfig { max_retries: 4, retry_timeout: Duration::from_secs(60), ..RetryConfig::default() };
    let mut builder = MicrosoftAzureBuilder::new()
        .with_account(account)
        .with_container_name(url.host_str().unwrap_or_default())
        .with_retry(retry);
    if let Some(endpoint) = &settings.endpoints.storage {
        // The configuration takes plain http for loopback addresses only.
        builder = builder.with_endpoint(endpoint.clone()).with_allow_http(endpoint.starts_with("http://"));
    }
    builder = match env.variable(KEY) {
        Some(key) => builder.with_access_key(key),
        None => builder.with_credentials(Arc::new(Credential::new(settings, env)?)),
    };
    Ok(Arc::new(builder.build().map_err(|error| NoContainer::Unusable(error.to_string().into()))?))
}

/// The sign-in of everything else, as the store wants it.
struct Credential(Arc<dyn Tokens>);

impl Credential {
    fn new(settings: Settings, env: &Env) -> Result<Credential, NoContainer> {
        let http = Http::new(settings).map_err(|error| NoContainer::Unusable(error.to_string().into()))?;
        Ok(Credential(tokens(&http, env)))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

#[async_trait]
impl CredentialProvider for Credential {
    type Credential = AzureCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AzureCredential>> {
        let failed = |error: Error| object_store::Error::Unauthenticated {
            path: "the sign-in".to_owned(),
            source: Box::new(error),
        };
        let token = self.0.token(Service::Storage, false).await.map_err(failed)?;
        Ok(Arc::new(AzureCredential::BearerToken(token.expose().to_owned())))
    }
}
