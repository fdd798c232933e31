//! The accounts that single sign-on of an organisation or an enterprise links to a name.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Link;
use crate::api::{Error as Failure, Found, Query, ReadApi};
use crate::model::{Cause, GapKind};
use crate::source::github::{place, wire};
use crate::text::{Untrusted, is_same};

const ORGANIZATION: Query = Query::new(
    "OrganizationIdentity",
    "query OrganizationIdentity($place: String!, $name: String!) {
       organization(login: $place) { samlIdentityProvider { externalIdentities(first: 100, userName: $name) { pageInfo { hasNextPage } nodes {
         samlIdentity { nameId username emails { value } } scimIdentity { username emails { value } }
         user { login databaseId }
       } } } }
     }",
);

const ENTERPRISE: Query = Query::new(
    "EnterpriseIdentity",
    "query EnterpriseIdentity($place: String!, $name: String!) {
       enterprise(slug: $place) { ownerInfo { samlIdentityProvider { externalIdentities(first: 100, userName: $name) { pageInfo { hasNextPage } nodes {
         samlIdentity { nameId username emails { value } } scimIdentity { username emails { value } }
         user { login databaseId }
       } } } } }
     }",
);

const BY_LOGIN: Query = Query::new(
    "OrganizationIdentityByLogin",
    "query OrganizationIdentityByLogin($place: String!, $login: String!) {
       organization(login: $place) { samlIdentityProvider { externalIdentities(first: 100, login: $login) { nodes {
         samlIdentity { nameId username emails { value } } scimIdentity { username emails { value } }
         user { login databaseId }
       } } } }
     }",
);

/// What a provider says of a person.
pub(super) struct Told {
    pub(super) links: Vec<Link>,
    /// That there are more identities of one name than an answer holds.
    pub(super) cut: Option<Cause>,
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
    let mut told = Told { links: Vec::new(), cut: None, provider: None };
    for name in names {
        let found: Found<H> = place::query(api, query, &json!({ "place": of, "name": name })).await?;
        let shown = found.problems.is_empty();
        let Some(held) = found.data.held() else { return Ok(Told { provider: None, ..told }) };
        let Some(known) = held.saml_identity_provider else {
            return Ok(Told { provider: shown.then_some(false), ..told });
        };
        told.provider = Some(true);
        let found = known.external_identities;
        if found.page_info.is_some_and(|page| page.has_next_page) {
            told.cut = Some(Cause::new(GapKind::Truncated, format!("{of} links more than 100 identities to {name}")));
        }
        told.links.extend(found.nodes.into_iter().flatten().filter_map(|one| one.link(name)));
    }
    Ok(told)
}

/// The names that single sign-on of an organisation links to an account.
pub(super) async fn names_of(api: &ReadApi, organization: &str, login: &str) -> Result<Vec<String>, Failure> {
    let variables = json!({ "place": organization, "login": login });
    let found: Found<OfOrganization> = place::query(api, BY_LOGIN, &variables).await?;
    let nodes =
        found.data.held().and_then(|held| held.saml_identity_provider).map(|known| known.external_identities.nodes);
    let named = nodes.into_iter().flatten().flatten().filter(|one| one.is_of(login));
    Ok(named.flat_map(External::names).collect())
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
    fn all(&self) -> impl Iterator<Item = &str> {
        let mails = self.emails.iter().flatten().filter_map(|mail| mail.value.as_ref());
        self.name_id.iter().chain(&self.username).chain(mails).map(Untrusted::raw)
    }

    fn is(&self, name: &str) -> bool {
        self.all().any(|known| is_same(known, name))
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
#[serde(rename_all = "camelCase")]
struct Identities {
    nodes: Vec<Option<External>>,
    page_info: Option<PageInfo>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
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
    fn is_of(&self, login: &str) -> bool {
        let user = self.user.as_ref().and_then(|user| user.login.as_ref());
        user.is_some_and(|known| is_same(known.raw(), login))
    }

    fn names(self) -> Vec<String> {
        let of = |names: &Option<Names>| names.iter().flat_map(Names::all).map(str::to_owned).collect::<Vec<_>>();
        [of(&self.saml_identity), of(&self.scim_identity)].concat()
    }

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
