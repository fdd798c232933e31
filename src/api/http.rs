//! The one HTTP client and the settings that all requests share.
//! It checks every endpoint before anything can be sent; it knows no service's rules.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::endpoint::{Base, Bases, Endpoints};
use super::{Error, Retry, Service};

/// How to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where.
    pub endpoints: Endpoints,
    /// Requests in flight per host at most.
    pub in_flight: usize,
    /// When to give up.
    pub retry: Retry,
    /// Largest body that is read, in bytes after decompression.
    pub body_limit: u64,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a service may say nothing at all.
    pub read_timeout: Duration,
    /// How long one answer may take from its first byte to its last, however many bytes come in between.
    pub total_timeout: Duration,
    /// How many percent of the requests that GitHub allows in an hour one run may use.
    pub share: u8,
    /// Sign in with the managed identity of this machine although no variable names one.
    pub managed_identity: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            endpoints: Endpoints::default(),
            in_flight: 8,
            retry: Retry::default(),
            body_limit: 64 << 20,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
            total_timeout: Duration::from_secs(300),
            share: 50,
            managed_identity: false,
        }
    }
}

/// A log query may think for ten minutes before it says anything.
///
/// <https://learn.microsoft.com/azure/azure-monitor/logs/api/timeouts>
const QUERY_TIMEOUT: Duration = Duration::from_secs(630);

/// How many files have to be free to open for the connections of a run, and for what it writes.
const DESCRIPTORS: usize = 64;

const TOO_FEW: &str = "fewer than 64 more files can be opened: raise the limit with `ulimit -n 256`";

/// The HTTP client of a run, shared by requests and sign-in. Cheap to clone.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    patient: reqwest::Client,
    settings: Arc<Settings>,
    bases: Arc<Bases>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Http {
    /// Checks all endpoints and starts the client.
    ///
    /// # Errors
    /// [`Error::Endpoint`] for a URL that must not be used, [`Error::Client`] when there is no trust store.
    pub fn new(settings: Settings) -> Result<Http, Error> {
        let bases = Bases::new(&settings.endpoints)?;
        if settings.in_flight == 0 || settings.in_flight > tokio::sync::Semaphore::MAX_PERMITS {
            return Err(Error::Client("the number of requests in flight is out of range"));
        }
        // Without them a connection is neither refused nor made.
        let spare = (0..DESCRIPTORS).map(|_| crate::file::spare()).collect::<std::io::Result<Vec<_>>>();
        drop(spare.map_err(|_| Error::Client(TOO_FEW))?);
        let longest = settings.total_timeout.max(QUERY_TIMEOUT * 2);
        let patient = client(&settings, settings.read_timeout.max(QUERY_TIMEOUT), longest)?;
        let client = client(&settings, settings.read_timeout, settings.total_timeout)?;
        Ok(Http { client, patient, settings: Arc::new(settings), bases: Arc::new(bases) })
    }

    /// The settings that it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The host that serves `service`, without a port.
    pub fn host(&self, service: Service) -> String {
        let host = self.base(service).host();
        let port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match host.rsplit_once(':') {
            Some((name, text)) if port(text) => name.to_owned(),
            _ => host,
        }
    }

    pub(super) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub(super) fn client_of(&self, service: Service) -> &reqwest::Client {
        if service == Service::Logs { &self.patient } else { &self.client }
    }

    pub(super) fn base(&self, service: Service) -> &Base {
        self.bases.of(service)
    }

    pub(super) fn graphql(&self) -> &Url {
        &self.bases.graphql
    }

    pub(super) fn login(&self) -> &Base {
        &self.bases.login
    }
}

fn client(settings: &Settings, read_timeout: Duration, longest: Duration) -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .user_agent(concat!("leaver/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(settings.connect_timeout)
        .read_timeout(read_timeout)
        .timeout(longest)
        // Bodies are unpacked where they are read: to their last member, and within the limit.
        .gzip(false)
        .tls_backend_rustls()
        .build()
        .map_err(|_| Error::Client("no TLS or no trust store"))
}
