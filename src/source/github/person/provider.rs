//! The accounts that single sign-on of an organisation or an enterprise links to a name.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Link;
use crate::api::{Error as Failure, Found, Query, ReadApi};
use crate::source::github::{place, wire};
use crate::text::Untrusted;

const ORGANIZATION: Query = Query::new(
    "OrganizationIdentity",
    "query OrganizationIdentity($place: String!, $name: String!) {
       organization(login: $place) { samlIdentityProvider { externalIdentities(first: 10, userName: $name) { nodes {
         samlIdentity { nameId username emails { value } } scimIdentity { username emails { value } }
         user { login databaseId }
       } } } }
     }",
);

const ENTERPRISE: Query = Query::new(
    "EnterpriseIdentity",
    "query EnterpriseIdentity($place: String!, $name: String!) {
       enterprise(slug: $place) { ownerInfo { samlIdentityProvider { externalIdentities(first: 10, userName: $name) { nodes {
         samlIdentity { nameId username emails { value } } scimIdentity { username emails { value } }
         user { login databaseId }
       } } } } }
     }",
);

/// What a provider says of a person.
pub(super) struct Told {
    pub(super) links: Vec<Link>,
    /// Whether there is a provider at all; `None`: not even that is shown.
    pub(super) provider: Option<bool>,
}

/// The accounts that an organisation links to the first of these names that it knows.
pub(super) async fn of_organization(api: &ReadApi, login: &str, names: &[String]) -> Result<Told, Failure> {
    told::<OfOrganization>(api, ORGANIZATION, login, names).await
}

/// The same of an enterprise.
pub(super) async fn of_enterprise(api: &ReadApi, slug: &str, names: &[String]) -> Result<Told, Failure> {
    told::<OfEnterprise>(api, ENTERPRISE, slug, names).await
}

async fn told<H: Holder + DeserializeOwned>(
    api: &ReadApi,
    query: Query,
    of: &str,
    names: &[String],
) -> Result<Told, Failure> {
    let mut told = Told { links: Vec::new(), provider: None };
    for name in names {
        let found: Found<H> = place::query(api, query, &json!({ "place": of, "name": name })).await?;
        let shown = found.problems.is_empty();
        let Some(held) = found.data.held() else { return Ok(Told { provider: None, ..told }) };
        let Some(known) = held.saml_identity_provider else {
            return Ok(Told { provider: shown.then_some(false), ..told });
        };
        told.provider = Some(true);
        told.links.extend(known.external_identities.nodes.into_iter().flatten().filter_map(|one| one.link(name)));
        if !told.links.is_empty() {
            break;
        }
    }
    Ok(told)
}

/// One identity that a provider keeps.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct External {
    saml_identity: Option<Names>,
    scim_identity: Option<Names>,
    user: Option<wire::Account>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Names {
    name_id: Option<Untrusted>,
    username: Option<Untrusted>,
    emails: Option<Vec<Mail>>,
}

#[derive(Debug, Deserialize)]
struct Mail {
    value: Option<Untrusted>,
}

impl Names {
    fn is(&self, name: &str) -> bool {
        let mails = self.emails.iter().flatten().filter_map(|mail| mail.value.as_ref());
        self.name_id.iter().chain(&self.username).chain(mails).any(|known| known.raw().eq_ignore_ascii_case(name))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WithProvider {
    saml_identity_provider: Option<Provider>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    external_identities: Identities,
}

#[derive(Debug, Deserialize)]
struct Identities {
    nodes: Vec<Option<External>>,
}

#[derive(Debug, Deserialize)]
struct OfOrganization {
    organization: Option<WithProvider>,
}

#[derive(Debug, Deserialize)]
struct OfEnterprise {
    enterprise: Option<WithOwners>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WithOwners {
    owner_info: Option<WithProvider>,
}

/// An answer that may hold a provider. `None`: not shown.
trait Holder {
    fn held(self) -> Option<WithProvider>;
}

impl Holder for OfOrganization {
    fn held(self) -> Option<WithProvider> {
        self.organization
    }
}

impl Holder for OfEnterprise {
    fn held(self) -> Option<WithProvider> {
        self.enterprise?.owner_info
    }
}

impl External {
    /// The account, if the identity really is of that name and was ever linked.
    fn link(self, name: &str) -> Option<Link> {
        let is = |names: &Option<Names>| names.as_ref().is_some_and(|names| names.is(name));
        let source = match (is(&self.saml_identity), is(&self.scim_identity)) {
            (true, _) => "saml",
            (false, true) => "scim",
            (false, false) => return None,
        };
        let user = self.user?;
        let login = user.login.map(|login| login.raw().to_owned());
        Some(Link { login, number: user.id.map(|id| id.0), source: source.to_owned(), grade: "A" })
    }
}
