//! Which GitHub account is whose: by single sign-on, else by what the flag or the configuration says; with its number,
//! since a login can be given up and taken by somebody else. Two sources that disagree are refused, never weighed.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::place::{cause, encoded, one};
use super::{GitHub, Organization, wire};
use crate::api::{Error as Failure, Found, Query, ReadApi};
use crate::evidence::row::Identity;
use crate::evidence::{Error, Rows, Scope, Stop, Tally, Writer};
use crate::model::{Cause, GapKind};
use crate::person::Dossier;
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

/// The GitHub account of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// `entra:user/<oid>`.
    pub person: String,
    /// The login as it is written now.
    pub login: Option<String>,
    /// The number of the account.
    pub number: Option<u64>,
}

impl Known {
    /// Whether it is this account: by number where both have one.
    pub(super) fn is(&self, account: &wire::Account) -> bool {
        match (self.number, account.id) {
            (Some(ours), Some(theirs)) => ours == theirs.0,
            _ => {
                matches!((&self.login, &account.login), (Some(ours), Some(theirs)) if ours.eq_ignore_ascii_case(theirs.raw()))
            }
        }
    }
}

/// An account, and who says that it is this person's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    login: Option<String>,
    number: Option<u64>,
    source: String,
    grade: &'static str,
}

/// Two sources that name different accounts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{one} and {other} name different GitHub accounts")]
pub struct Conflict {
    /// One of them, with its account.
    pub one: String,
    /// The other.
    pub other: String,
}

/// Finds the account of a person and writes it down.
///
/// # Errors
/// Only what the evidence file itself refuses; the inner error when two sources disagree.
pub async fn identify(github: &mut GitHub, person: &Dossier) -> Result<Result<Known, Conflict>, Error> {
    let Some(first) = github.organizations.first() else { return Ok(Ok(nobody(person))) };
    let collector = first.github.clone();
    let (mut links, mut conflict) = (Vec::new(), None);
    collector
        .dataset(&["identity"], &scope(person), async |api, rows| {
            let asked = linked(api, rows.tally(), github, person).await;
            links = asked.links;
            conflict = disagree(&links);
            for link in &links {
                rows.insert(&row(person, link))?;
            }
            asked.gaps.into_iter().for_each(|gap| rows.gap("identity", gap));
            if links.iter().all(|link| link.number.is_none()) {
                rows.gap("identity", unknown());
            }
            Ok(())
        })
        .await?;
    Ok(match conflict {
        Some(conflict) => Err(conflict),
        None => Ok(chosen(person, &links)),
    })
}

/// Writes down what the flag or the configuration says, when GitHub cannot be asked.
///
/// # Errors
/// Only what the evidence file itself refuses.
pub async fn without_sign_in(out: &Writer, person: &Dossier) -> Result<Known, Error> {
    let link = person.hints.github.as_ref().map(|(login, source)| Link {
        login: Some(login.clone()),
        number: None,
        source: (*source).to_owned(),
        grade: "D",
    });
    let fill = async |rows: &mut Rows| {
        match &link {
            Some(link) => rows.insert(&row(person, link))?,
            None => return Err(Stop::Gap(unknown())),
        }
        Ok(())
    };
    out.dataset(&["identity"], &scope(person), fill).await?;
    Ok(chosen(person, link.as_slice()))
}

fn nobody(person: &Dossier) -> Known {
    Known { person: person.id.clone(), ..Known::default() }
}

fn chosen(person: &Dossier, links: &[Link]) -> Known {
    let best = links.iter().find(|link| link.number.is_some()).or(links.first());
    Known {
        person: person.id.clone(),
        login: best.and_then(|link| link.login.clone()),
        number: best.and_then(|link| link.number),
    }
}

pub(super) fn unknown() -> Cause {
    Cause::new(GapKind::Unresolved, "the GitHub login is not known")
        .needing("--github LOGIN, or github = \"LOGIN\" under [people]")
}

fn scope(person: &Dossier) -> Scope {
    let name = person.upn().unwrap_or_else(|| person.object_id.as_str().into());
    Scope {
        name: format!("GitHub login of {}", name.raw()).into(),
        person: Some(person.id.clone()),
        needs: "members=read".to_owned(),
    }
}

fn row(person: &Dossier, link: &Link) -> Identity {
    Identity {
        person: person.id.clone(),
        kind: "github".to_owned(),
        id: link.number.map(|number| format!("github:user/{number}").into()),
        name: link.login.as_deref().map(Untrusted::from),
        source: Some(link.source.clone()),
        grade: Some(link.grade.to_owned()),
    }
}

fn disagree(links: &[Link]) -> Option<Conflict> {
    let shown = |link: &Link| {
        let number = link.number.map_or_else(String::new, |number| format!(", number {number}"));
        format!("{} ({}{number})", link.source, link.login.as_deref().unwrap_or("no login"))
    };
    let mut numbered = links.iter().filter(|link| link.number.is_some());
    let one = numbered.next()?;
    let other = numbered.find(|other| other.number != one.number)?;
    Some(Conflict { one: shown(one), other: shown(other) })
}

/// What was found, and what could not be asked.
#[derive(Default)]
struct Asked {
    links: Vec<Link>,
    gaps: Vec<Cause>,
}

async fn linked(api: &ReadApi, tally: &Arc<Tally>, github: &mut GitHub, person: &Dossier) -> Asked {
    let mut asked = Asked::default();
    let enterprise = github.enterprise.clone();
    for organization in &mut github.organizations {
        // Each organisation is asked as whoever may read it.
        let own = organization.github.api.counting(tally);
        by_organization(&own, organization, person, enterprise.is_some(), &mut asked).await;
    }
    if let Some(slug) = enterprise.filter(|_| asked.links.is_empty()) {
        match by_provider::<OfEnterprise>(api, ENTERPRISE, &slug, person).await {
            Ok((links, Some(true))) => {
                github.organizations.iter_mut().for_each(|organization| organization.saml = Some(true));
                asked.links.extend(links);
            }
            Ok(_) => {}
            Err(error) => asked.gaps.push(cause(&error)),
        }
    }
    hinted(api, person, &mut asked).await;
    // What a refused question could have told is told by another source.
    if asked.links.iter().any(|link| link.number.is_some()) {
        asked.gaps.clear();
    }
    asked
}

async fn by_organization(
    api: &ReadApi,
    organization: &mut Organization,
    person: &Dossier,
    enterprise: bool,
    asked: &mut Asked,
) {
    match by_provider::<OfOrganization>(api, ORGANIZATION, &organization.name, person).await {
        Ok((links, provider)) => {
            // Without a provider of its own an organisation may still have that of its enterprise.
            let small =
                organization.plan.as_ref().is_some_and(|plan| !plan.raw().to_lowercase().contains("enterprise"));
            organization.saml = match provider {
                Some(true) => Some(true),
                Some(false) if small && !enterprise => Some(false),
                _ => None,
            };
            asked.links.extend(links);
        }
        Err(error) => asked.gaps.push(cause(&error)),
    }
}

/// The login of the flag or the configuration; only GitHub knows its number.
async fn hinted(api: &ReadApi, person: &Dossier, asked: &mut Asked) {
    let Some((login, source)) = &person.hints.github else { return };
    if asked.links.iter().any(|link| link.login.as_ref().is_some_and(|known| known.eq_ignore_ascii_case(login))) {
        return;
    }
    let mut link = Link { login: Some(login.clone()), number: None, source: (*source).to_owned(), grade: "D" };
    match one::<wire::Account>(api, &format!("/users/{}", encoded(login))).await {
        Ok(account) => {
            link.number = account.id.map(|id| id.0);
            link.login = account.login.map(|login| login.raw().to_owned()).or(link.login);
        }
        // Another source knows who this is now: the login of old is kept as a name.
        Err(error) if error.is_not_found() && !asked.links.is_empty() => {}
        Err(error) if error.is_not_found() => asked.gaps.push(
            Cause::new(GapKind::Unresolved, format!("GitHub shows no account {login}: renamed, deleted, or managed"))
                .needing("--github with the login of today"),
        ),
        Err(error) => asked.gaps.push(cause(&error)),
    }
    asked.links.push(link);
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

/// The accounts of a person, and whether there is a provider; nothing: not even that is shown.
async fn by_provider<H: Holder + serde::de::DeserializeOwned>(
    api: &ReadApi,
    query: Query,
    place: &str,
    person: &Dossier,
) -> Result<(Vec<Link>, Option<bool>), Failure> {
    let (mut links, mut provider) = (Vec::new(), None);
    for name in names(person) {
        let found: Found<H> = super::place::query(api, query, &json!({ "place": place, "name": name })).await?;
        let shown = found.problems.is_empty();
        let Some(held) = found.data.held() else { return Ok((links, None)) };
        let Some(known) = held.saml_identity_provider else { return Ok((links, shown.then_some(false))) };
        provider = Some(true);
        links.extend(known.external_identities.nodes.into_iter().flatten().filter_map(|one| one.link(&name)));
        if !links.is_empty() {
            break;
        }
    }
    Ok((links, provider))
}

/// What the provider may know them by: the directory name first.
fn names(person: &Dossier) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in person.upn().into_iter().chain(person.user.mail.clone()) {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name.raw())) {
            names.push(name.raw().to_owned());
        }
    }
    names
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
