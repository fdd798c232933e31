//! Federated credentials of managed identities, with a subject or with an expression in its place.
//!
//! Both are rows of one list. The expression is in preview: versions of the interface that do not know it may leave such a
//! row out, or show it without either. So the list is asked for in a version that knows it, and that the others show none
//! proves nothing. Resource Manager sends the same code for a kind of resource and for a version that it does not know;
//! neither is ever taken for "there are none".

use futures_util::{StreamExt, stream};

use super::identities::Names;
use super::wire::Credential;
use super::{AT_ONCE, list, of, path, scope};
use crate::api::{Error as Failure, ReadApi};
use crate::evidence::{Error, Rows};
use crate::model::{Cause, GapKind};
use crate::source::Collector;
use crate::source::federated::{Holder, Sent};
use crate::text::Untrusted;

const TABLE: &str = "federated_credential";

/// The versions that show an expression, the newest first.
///
/// <https://github.com/Azure/azure-rest-api-specs/tree/main/specification/msi>
const SHOWING: [&str; 2] = ["2025-05-31-preview", "2025-01-31-preview"];

/// The version for clouds that have neither.
const PLAIN: &str = "2024-11-30";

/// What came of an identity's list, and whether it would show an expression.
struct Listed<'a> {
    id: &'a str,
    name: Option<&'a Untrusted>,
    found: Vec<Credential>,
    ended: Result<(), Failure>,
    unseen: Option<Failure>,
}

pub(super) async fn collect(azure: &Collector, identities: &Names) -> Result<(), Error> {
    azure
        .dataset(&[TABLE], &scope("federated credentials of managed identities"), async |api, rows| {
            for listed in lists(api, identities).await {
                keep(rows, listed)?;
            }
            Ok(())
        })
        .await
        .map(drop)
}

/// In the order of the identities, whatever the order of the answers.
async fn lists<'a>(api: &ReadApi, identities: &'a Names) -> Vec<Listed<'a>> {
    let one = async |(id, name): (&'a String, &'a Option<Untrusted>)| listed(api, id, name.as_ref()).await;
    stream::iter(identities).map(one).buffered(AT_ONCE).collect().await
}

async fn listed<'a>(api: &ReadApi, id: &'a str, name: Option<&'a Untrusted>) -> Listed<'a> {
    let mut unseen = None;
    for version in SHOWING {
        match ask(api, id, version).await {
            (found, Err(error)) if found.is_empty() && is_refused(&error) => unseen = unseen.or(Some(error)),
            (found, ended) => return Listed { id, name, found, ended, unseen: None },
        }
    }
    let (found, ended) = ask(api, id, PLAIN).await;
    Listed { id, name, found, ended, unseen }
}

async fn ask(api: &ReadApi, id: &str, version: &str) -> (Vec<Credential>, Result<(), Failure>) {
    list(api, &format!("{}/federatedIdentityCredentials?api-version={version}", path(id))).await
}

/// Whether another version may be answered.
fn is_refused(error: &Failure) -> bool {
    matches!(error, Failure::NotFound(_) | Failure::Refused(_))
}

fn keep(rows: &mut Rows, listed: Listed<'_>) -> Result<(), Error> {
    let Listed { id, name, found, ended, unseen } = listed;
    let holder = Holder { object: id.to_owned(), kind: "managed-identity", name: name.cloned() };
    for credential in found {
        let sent = sent(credential);
        if sent.is_hidden() {
            rows.gap(TABLE, Cause::new(GapKind::Truncated, "a credential shows neither subject nor expression"));
        }
        rows.insert(&sent.row(&holder))?;
    }
    let what = format!("identity {}", name.map_or(id, Untrusted::raw));
    match (ended, unseen) {
        (Err(error), _) => rows.gap(TABLE, of(&what, &error)),
        (Ok(()), Some(error)) => rows.gap(TABLE, flexible_unseen(&what, &error)),
        (Ok(()), None) => {}
    }
    Ok(())
}

/// An identity may hold credentials that this version does not list: that is not the same as having none.
fn flexible_unseen(what: &str, error: &Failure) -> Cause {
    let detail = format!("{what}: flexible credentials show in a preview version only, and that was refused: {error}");
    Cause::new(GapKind::NotExposed, detail).needing("look at the identity's federated credentials in the portal")
}

fn sent(credential: Credential) -> Sent {
    let properties = credential.properties.unwrap_or_default();
    Sent {
        id: credential.id.raw().to_ascii_lowercase().into(),
        name: credential.name,
        issuer: properties.issuer,
        subject: properties.subject,
        expression: properties.claims_matching_expression.and_then(|expression| expression.value),
        audiences: properties.audiences,
    }
}
