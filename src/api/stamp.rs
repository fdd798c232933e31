//! One request to a time stamping authority: no sign-in, no redirect, a small binary answer.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use url::Url;

use super::{Error, Http, Reply};

/// Largest answer that is read, in bytes.
const LIMIT: usize = 256 << 10;

impl Http {
    /// Sends the request for a timestamp (RFC 3161) once. What comes back is not trusted before it is verified.
    ///
    /// # Errors
    /// When there is no answer, or another status than 200.
    pub async fn timestamp(&self, url: &Url, request: Vec<u8>) -> Result<Vec<u8>, Error> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let unreachable = |why| Error::Unreachable { host: host.clone(), why };
        let request = self.client().post(url.clone()).body(request);
        let request = request.header(CONTENT_TYPE, "application/timestamp-query");
        let request = request.header(ACCEPT, "application/timestamp-reply");
        let mut response = request.send().await.map_err(|_| unreachable("no connection"))?;
        if response.status().as_u16() != 200 {
            return Err(Error::Refused(Reply::new(&host, response.status().as_u16(), b"")));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| unreachable("the answer broke off"))? {
            if body.len() + chunk.len() > LIMIT {
                return Err(Error::TooLarge { host, limit: LIMIT as u64 });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}
