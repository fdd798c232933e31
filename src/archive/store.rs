//! Which store an archive lies in, and as whom it is asked.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::azure::{AzureCredential, MicrosoftAzureBuilder};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{CredentialProvider, ObjectStore, RetryConfig};
use url::Url;

use super::{Archive, Error};
use crate::api::{self, Http, Service, Settings, Tokens};
use crate::config;
use crate::env::Env;

const KEY: &str = "AZURE_STORAGE_KEY";
const ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT";

pub(super) fn open(config: &config::Archive, settings: Settings, env: &Env) -> Result<Archive, Error> {
    let url = config.url.as_ref().ok_or(Error::Setting("there is no archive"))?.url();
    match url.scheme() {
        "file" => directory(url, env),
        _ => container(url, config, settings, env),
    }
}

fn directory(url: &Url, env: &Env) -> Result<Archive, Error> {
    let path = url.to_file_path().map_err(|()| Error::Setting("the archive is no local directory"))?;
    let store = LocalFileSystem::new_with_prefix(path)?.with_fsync(true);
    let immutability = "none: whoever may write to the directory may change it";
    Ok(Archive { store: Arc::new(store), prefix: Path::default(), immutability, opened_at: (env.clock)() })
}

fn container(url: &Url, config: &config::Archive, settings: Settings, env: &Env) -> Result<Archive, Error> {
    let account = config.account.as_deref().or_else(|| env.variable(ACCOUNT));
    let account = account.ok_or(Error::Setting("[archive] account is missing"))?;
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
    let store: Arc<dyn ObjectStore> = Arc::new(builder.build()?);
    let prefix = Path::from(url.path());
    let immutability = "unknown: look for an immutability policy of the container";
    Ok(Archive { store, prefix, immutability, opened_at: (env.clock)() })
}

/// The sign-in of everything else, as the store wants it.
struct Credential(Arc<dyn Tokens>);

impl Credential {
    fn new(settings: Settings, env: &Env) -> Result<Credential, Error> {
        let http = Http::new(settings).map_err(|error| Error::Unusable(error.to_string().into()))?;
        Ok(Credential(api::tokens(&http, env)))
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
        let failed = |error: api::Error| object_store::Error::Unauthenticated {
            path: "the sign-in".to_owned(),
            source: Box::new(error),
        };
        let token = self.0.token(Service::Storage, false).await.map_err(failed)?;
        Ok(Arc::new(AzureCredential::BearerToken(token.expose().to_owned())))
    }
}
