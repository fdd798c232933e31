//! Federated credentials of managed identities, the plain kind and the flexible one, which is in preview.

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

const PLAIN: &str = "federatedIdentityCredentials?api-version=2024-11-30";

/// Only reading one by name is documented; the list is tried all the same.
///
/// <https://github.com/Azure/azure-rest-api-specs/tree/main/specification/msi>
const FLEXIBLE: &str = "flexibleFederatedIdentityCredentials?api-version=2025-05-31-preview";

/// The code by which Resource Manager says that there is no such kind of resource, so that there can be none of it.
const NO_SUCH_KIND: &str = "InvalidResourceType";

type Listed<'a> = (&'a str, Option<&'a Untrusted>, (Vec<Credential>, Result<(), Failure>));

pub(super) async fn collect(azure: &Collector, identities: &Names) -> Result<(), Error> {
    azure
        .dataset(&[TABLE], &scope("federated credentials of managed identities"), async |api, rows| {
            for listed in lists(api, identities.iter(), PLAIN).await {
                keep(rows, listed, of)?;
            }
            Ok(())
        })
        .await?;
    azure
        .dataset(&[TABLE], &scope("flexible credentials of managed identities"), async |api, rows| {
            // The first answer tells whether there is such a list at all.
            let first = lists(api, identities.iter().take(1), FLEXIBLE).await;
            let rest = match first.first() {
                Some((.., (_, Err(error)))) if is_absent(error) => Vec::new(),
                _ => lists(api, identities.iter().skip(1), FLEXIBLE).await,
            };
            for listed in first.into_iter().chain(rest) {
                if !matches!(&listed.2.1, Err(error) if error.code() == Some(NO_SUCH_KIND)) {
                    keep(rows, listed, unlisted)?;
                }
            }
            Ok(())
        })
        .await
        .map(drop)
}

/// In the order of the identities, whatever the order of the answers.
async fn lists<'a>(
    api: &ReadApi,
    identities: impl Iterator<Item = (&'a String, &'a Option<Untrusted>)>,
    kind: &str,
) -> Vec<Listed<'a>> {
    let one = async |(id, name): (&'a String, &'a Option<Untrusted>)| {
        (id.as_str(), name.as_ref(), list(api, &format!("{}/{kind}", path(id))).await)
    };
    stream::iter(identities).map(one).buffered(AT_ONCE).collect().await
}

fn is_absent(error: &Failure) -> bool {
    matches!(error, Failure::NotFound(_) | Failure::Refused(_))
}

/// An identity may hold credentials of a kind that cannot be listed: that is not the same as having none.
fn unlisted(what: &str, error: &Failure) -> Cause {
    match is_absent(error) {
        true => Cause::new(
            GapKind::NotExposed,
            format!("Azure lists no flexible credentials of managed identities: {error}"),
        ),
        false => of(what, error),
    }
}

fn keep(
    rows: &mut Rows,
    (id, name, (found, ended)): Listed<'_>,
    why: impl Fn(&str, &Failure) -> Cause,
) -> Result<(), Error> {
    let holder = Holder { object: id.to_owned(), kind: "managed-identity", name: name.cloned() };
    for credential in found {
        let sent = sent(credential);
        if sent.is_hidden() {
            rows.gap(TABLE, Cause::new(GapKind::Truncated, "a credential shows neither subject nor expression"));
        }
        rows.insert(&sent.row(&holder))?;
    }
    if let Err(error) = ended {
        rows.gap(TABLE, why(&format!("identity {}", name.map_or(id, Untrusted::raw)), &error));
    }
    Ok(())
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
