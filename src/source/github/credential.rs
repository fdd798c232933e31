//! Tokens and keys of people that may use the organisation: fine-grained personal tokens, and what single sign-on lets in.

use super::organization::{ADMINISTRATION, unlicensed};
use super::place::{Place, each, encoded};
use super::{Depth, Organization, Question, wire};
use crate::api::Paging;
use crate::evidence::row::github::{SsoAuthorization, TokenGrant};
use crate::evidence::{Error, Stop};
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

/// GitHub takes this many owners in one question.
const OWNERS: usize = 10;

pub(super) async fn collect(place: &Place<'_>, known: &Organization, question: &Question<'_>) -> Result<(), Error> {
    grants(place, known, question, Grants::GRANTED).await?;
    grants(place, known, question, Grants::REQUESTED).await?;
    authorizations(place, known, question).await
}

/// Tokens that are let in, or that ask to be.
#[derive(Clone, Copy)]
struct Grants {
    what: &'static str,
    path: &'static str,
    kind: &'static str,
    state: &'static str,
    needs: &'static str,
}

impl Grants {
    const GRANTED: Grants = Grants {
        what: "fine-grained personal tokens",
        path: "personal-access-tokens",
        kind: "pat",
        state: "granted",
        needs: "organization_personal_access_tokens=read",
    };
    const REQUESTED: Grants = Grants {
        what: "requests of fine-grained personal tokens",
        path: "personal-access-token-requests",
        kind: "pat-request",
        state: "requested",
        needs: "organization_personal_access_token_requests=read",
    };
}

async fn grants(place: &Place<'_>, known: &Organization, question: &Question<'_>, which: Grants) -> Result<(), Error> {
    place
        .github
        .dataset(&["github_token_grant"], &place.scope(which.what, which.needs), async |api, rows| {
            if !known.is_app {
                return Err(only_for_apps().into());
            }
            for query in owners(question) {
                let path = place.path(&format!("{}?per_page=100{query}", which.path));
                each(api, &path, Paging::Array, |grant: wire::TokenGrant| Ok(rows.insert(&row(place, which, grant))?))
                    .await?;
            }
            if question.depth == Depth::Quick {
                rows.gap("github_token_grant", super::skipped());
            }
            Ok(())
        })
        .await
        .map(drop)
}

/// Everybody's, or in a quick run those of the people alone.
fn owners(question: &Question<'_>) -> Vec<String> {
    if question.depth == Depth::Full {
        return vec![String::new()];
    }
    let logins: Vec<String> = question.logins().into_iter().collect();
    let one = |chunk: &[String]| chunk.iter().map(|login| format!("&owner[]={}", encoded(login))).collect();
    logins.chunks(OWNERS).map(one).collect()
}

fn only_for_apps() -> Cause {
    Cause::new(GapKind::NotConfigured, "GitHub shows fine-grained personal tokens to Apps only")
        .needing("[github] app-id and private-key-file")
}

fn row(place: &Place<'_>, which: Grants, grant: wire::TokenGrant) -> TokenGrant {
    let owner = grant.owner.unwrap_or_default();
    let granted = grant.permissions.map(|groups| super::permissions(&groups.into_values().flatten().collect()));
    TokenGrant {
        id: format!("github:{}/{}/{}", which.kind, place.organization, grant.id.0).into(),
        organization: place.organization(),
        state: which.state.to_owned(),
        token_id: grant.token_id.map(Untrusted::from),
        name: grant.token_name,
        user_id: owner.number(),
        login: owner.login,
        repositories: grant.repository_selection,
        permissions: granted,
        created_at: grant.access_granted_at,
        expires_at: grant.token_expires_at,
        expired: grant.token_expired,
        last_used_at: grant.token_last_used_at,
    }
}

/// Classic personal tokens, SSH keys and tokens of apps: only single sign-on makes GitHub list them.
async fn authorizations(place: &Place<'_>, known: &Organization, question: &Question<'_>) -> Result<(), Error> {
    const NEEDS: &str = "SAML single sign-on of GitHub Enterprise Cloud";
    place
        .github
        .dataset(
            &["github_sso_authorization"],
            &place.scope("authorised credentials", ADMINISTRATION),
            async |api, rows| {
                if known.saml == Some(false) {
                    return Err(Cause::new(
                        GapKind::Unlicensed,
                        "without single sign-on GitHub lists neither classic personal tokens nor SSH keys of members",
                    )
                    .needing(NEEDS)
                    .into());
                }
                let mut read = Ok(());
                for query in logins(question) {
                    let path = place.path(&format!("credential-authorizations?per_page=100{query}"));
                    read = each(api, &path, Paging::Array, |one: wire::Authorization| {
                        Ok::<_, Stop>(rows.insert(&authorization(place, one))?)
                    })
                    .await;
                    if read.is_err() {
                        break;
                    }
                }
                if question.depth == Depth::Quick {
                    rows.gap("github_sso_authorization", super::skipped());
                }
                unlicensed(known, read, NEEDS)
            },
        )
        .await
        .map(drop)
}

fn logins(question: &Question<'_>) -> Vec<String> {
    match question.depth {
        Depth::Full => vec![String::new()],
        Depth::Quick => question.logins().iter().map(|login| format!("&login={}", encoded(login))).collect(),
    }
}

fn authorization(place: &Place<'_>, one: wire::Authorization) -> SsoAuthorization {
    let scopes = |scopes: Vec<Untrusted>| scopes.iter().map(Untrusted::raw).collect::<Vec<_>>().join(" ");
    SsoAuthorization {
        id: place.id(&format!("credential-authorization/{}", one.credential_id.0)),
        organization: place.organization(),
        login: one.login,
        user_id: None,
        kind: one.credential_type,
        name: one.authorized_credential_title.or(one.authorized_credential_note),
        scopes: one.scopes.map(|all| scopes(all).into()),
        fingerprint: one.fingerprint,
        authorized_at: one.credential_authorized_at,
        accessed_at: one.credential_accessed_at,
        expires_at: one.authorized_credential_expires_at,
    }
}
