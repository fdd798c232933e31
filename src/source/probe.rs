//! Calls servers directly, as somebody who found their address would: one MCP `initialize` each, without a token. Off unless the
//! command line asks for it, and only addresses that the inventory itself names.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, redirect};
use serde_json::{Value, json};
use url::Url;

use crate::evidence::row::posture::Probe;
use crate::evidence::{Error, Exchange, Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind};

const PATIENCE: Duration = Duration::from_secs(10);

/// The largest answer that is looked at.
const LARGEST: usize = 64 * 1024;

/// How servers are called.
pub struct Prober<'a> {
    /// Where the answers go.
    pub out: &'a Writer,
    /// Where everything is sent instead, for a test.
    pub instead: Option<&'a Url>,
    /// The moment of the run.
    pub now: Timestamp,
}

impl Prober<'_> {
    /// Calls every server that the evidence holds with an address.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub async fn collect(&self) -> Result<(), Error> {
        let servers = self
            .out
            .pairs("SELECT id, address FROM mcp_workload WHERE is_server = 1 AND address IS NOT NULL ORDER BY id")?;
        let scope = Scope { name: "servers".into(), person: None, needs: "a way to the server's address".to_owned() };
        let fill = async |rows: &mut Rows| {
            let client = client().ok_or_else(|| Stop::Gap(Cause::new(GapKind::Failed, "no TLS or no trust store")))?;
            for (workload, address) in servers {
                let Some((address, url)) = address.and_then(|address| Some((address.clone(), self.url(&address)?)))
                else {
                    continue;
                };
                let outcome = self.call(&client, url).await?;
                rows.insert(&Probe { workload, address: address.into(), outcome: outcome.to_owned() })?;
            }
            Ok(())
        };
        self.out.dataset(&["probe"], &scope, fill).await.map(drop)
    }

    fn url(&self, address: &str) -> Option<Url> {
        let host = address.split('/').next()?;
        match self.instead {
            Some(base) => base.join(&format!("{}/{host}/mcp", base.path().trim_end_matches('/'))).ok(),
            None => Url::parse(&format!("https://{host}/mcp")).ok(),
        }
    }

    async fn call(&self, client: &Client, url: Url) -> Result<&'static str, Error> {
        let shown = url.to_string();
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "leaver", "version": env!("CARGO_PKG_VERSION") } } });
        let sent = client
            .post(url)
            .header("Accept", "application/json, text/event-stream")
            .header("Content-Type", "application/json")
            .body(body.to_string())
            .send()
            .await;
        let (status, outcome) = match sent {
            Ok(answer) => {
                let status = answer.status();
                (Some(status.as_u16()), said(status.as_u16(), &text(answer).await))
            }
            Err(_) => (None, "silent"),
        };
        let exchange = Exchange {
            source: "probe",
            method: "POST",
            url: shown,
            status,
            attempts: 1,
            body_sha256: None,
            bytes: None,
            at: self.now,
        };
        self.out.request(&exchange)?;
        Ok(outcome)
    }
}

fn client() -> Option<Client> {
    let builder =
        Client::builder().user_agent(concat!("leaver/", env!("CARGO_PKG_VERSION"))).redirect(redirect::Policy::none());
    builder.timeout(PATIENCE).tls_backend_rustls().build().ok()
}

async fn text(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        bytes.extend_from_slice(&chunk);
        // A stream of events may never end.
        if bytes.len() > LARGEST || String::from_utf8_lossy(&bytes).contains("protocolVersion") {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the server let somebody in whom it does not know.
fn said(status: u16, body: &str) -> &'static str {
    let plain = serde_json::from_str::<Value>(body).is_ok_and(|body| body.get("result").is_some());
    match status {
        200..=299 if plain || body.contains("protocolVersion") => "answered",
        401 | 403 => "refused",
        _ => "silent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_result_is_an_answer_and_only_a_refusal_refuses() {
        assert_eq!(said(200, r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}"#), "answered");
        assert_eq!(
            said(200, "event: message\ndata: {\"result\":{\"protocolVersion\":\"2025-06-18\"}}\n\n"),
            "answered"
        );
        for (status, body, outcome) in [
            (401, "", "refused"),
            (403, "{}", "refused"),
            (200, "<html>", "silent"),
            (404, "", "silent"),
            (500, "", "silent"),
            (302, "", "silent"),
        ] {
            assert_eq!(said(status, body), outcome, "{status}");
        }
    }
}
