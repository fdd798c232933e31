//! Which GitHub accounts are whose: by single sign-on, by provisioning, and by what the flag and the configuration say; each
//! with its number, since a login can be given up and taken by somebody else. A person may have several, and all of them
//! are looked into. Only a contradiction about who somebody is ends a run: a login that is said to be theirs, and that
//! single sign-on links to somebody else.

mod provider;
mod scim;

use std::sync::Arc;

use super::place::{cause, encoded, one};
use super::{GitHub, wire};
use crate::api::{Error as Failure, ReadApi};
use crate::evidence::row::Identity;
use crate::evidence::{Error, Rows, Scope, Stop, Tally, Writer};
use crate::model::{Cause, GapKind};
use crate::person::Dossier;
use crate::text::{Untrusted, is_same};

/// One GitHub account of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// `entra:user/<oid>`.
    pub person: String,
    /// The login as it is written now.
    pub login: Option<String>,
    /// The number of the account.
    pub number: Option<u64>,
    /// Further logins that a source names: of old, as a rule.
    pub aliases: Vec<String>,
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

/// A login that is said to be the person's, and that single sign-on links to a name that is not known as theirs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the GitHub account {} of the {said} belongs to {} by single sign-on of {}", .login.terminal(), .whose.terminal(), .of.terminal())]
pub struct Conflict {
    /// The login.
    pub login: Untrusted,
    /// Who says that it is theirs: `flag` or `configuration`.
    pub said: &'static str,
    /// The name that it is linked to.
    pub whose: Untrusted,
    /// The organisation or enterprise that links it.
    pub of: Untrusted,
}

/// Finds the accounts of a person and writes them down. There is always one at least, if only to say that none is known;
/// and what the directory has to say, whose account one of them is.
///
/// # Errors
/// Only what the evidence file itself refuses.
pub async fn identify(github: &mut GitHub, person: &Dossier) -> Result<(Vec<Known>, Option<Conflict>), Error> {
    let Some(first) = github.organizations.first() else { return Ok((chosen(person, &[]), None)) };
    let collector = first.github.clone();
    let (mut links, mut conflict) = (Vec::new(), None);
    collector
        .dataset(&["identity"], &scope(person), async |api, rows| {
            let asked = linked(api, rows.tally(), github, person).await;
            (links, conflict) = (asked.links, asked.conflict);
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
    Ok((chosen(person, &links), conflict))
}

/// Writes down what the flag or the configuration says, when GitHub cannot be asked.
///
/// # Errors
/// Only what the evidence file itself refuses.
pub async fn without_sign_in(out: &Writer, person: &Dossier) -> Result<Vec<Known>, Error> {
    let links: Vec<Link> = person.hints.github.iter().map(|(login, source)| said(login, source)).collect();
    let fill = async |rows: &mut Rows| {
        links.iter().try_for_each(|link| rows.insert(&row(person, link)))?;
        if links.is_empty() { Err(Stop::Gap(unknown())) } else { Ok(()) }
    };
    out.dataset(&["identity"], &scope(person), fill).await?;
    Ok(chosen(person, &links))
}

/// What the flag or the configuration says, before GitHub was asked.
fn said(login: &str, source: &str) -> Link {
    Link { login: Some(login.to_owned()), number: None, source: source.to_owned(), grade: "D" }
}

/// One for each number. A login without one is a name of old where an account is known, else all that is known.
fn chosen(person: &Dossier, links: &[Link]) -> Vec<Known> {
    let new = |link: &Link| Known {
        person: person.id.clone(),
        login: link.login.clone(),
        number: link.number,
        aliases: Vec::new(),
    };
    let mut all: Vec<Known> = Vec::new();
    for link in links.iter().filter(|link| link.number.is_some()) {
        match all.iter_mut().find(|known| known.number == link.number) {
            Some(known) => known.aliases.extend(link.login.clone().filter(|login| Some(login) != known.login.as_ref())),
            None => all.push(new(link)),
        }
    }
    let without: Vec<&Link> = links.iter().filter(|link| link.number.is_none()).collect();
    match all.first_mut() {
        Some(first) => first.aliases.extend(without.into_iter().filter_map(|link| link.login.clone())),
        None => all.extend(without.into_iter().map(new)),
    }
    if all.is_empty() {
        all.push(Known { person: person.id.clone(), ..Known::default() });
    }
    all
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

/// What was found, and what could not be asked.
#[derive(Default)]
struct Asked {
    links: Vec<Link>,
    gaps: Vec<Cause>,
    conflict: Option<Conflict>,
}

async fn linked(api: &ReadApi, tally: &Arc<Tally>, github: &mut GitHub, person: &Dossier) -> Asked {
    let mut asked = Asked::default();
    let names = names(person);
    let enterprise = github.enterprise.clone();
    for organization in &mut github.organizations {
        // Each organisation is asked as whoever may read it.
        let own = organization.github.api.counting(tally);
        match provider::of_organization(&own, &organization.name, &names).await {
            Ok(told) => {
                // Without a provider of its own an organisation may still have that of its enterprise.
                organization.saml = match told.provider {
                    Some(true) => Some(true),
                    Some(false) if organization.is_small() && enterprise.is_none() => Some(false),
                    _ => None,
                };
                asked.add(told.links);
                asked.gaps.extend(told.cut);
            }
            Err(error) => asked.gaps.push(cause(&error)),
        }
    }
    if let Some(slug) = enterprise {
        match provider::of_enterprise(api, &slug, &names).await {
            Ok(told) if told.provider == Some(true) => {
                github.organizations.iter_mut().for_each(|organization| organization.saml = Some(true));
                asked.add(told.links);
                asked.gaps.extend(told.cut);
            }
            Ok(_) => {}
            Err(error) => asked.gaps.push(cause(&error)),
        }
    }
    if asked.links.is_empty() {
        provisioned(api, tally, github, person, &mut asked).await;
    }
    hinted(api, tally, github, person, &mut asked).await;
    // What a refused question could have told is told by another source.
    if asked.links.iter().any(|link| link.number.is_some()) {
        asked.gaps.clear();
    }
    asked
}

/// Whom single sign-on does not know by the names of today it may know by those that were provisioned.
async fn provisioned(api: &ReadApi, tally: &Arc<Tally>, github: &GitHub, person: &Dossier, asked: &mut Asked) {
    let known = names(person);
    for organization in github.organizations.iter().filter(|one| !one.is_small()) {
        let (own, of) = (organization.github.api.counting(tally), &organization.name);
        match scim::names(&own, scim::ORGANIZATION, of, &known, person).await {
            Ok(names) if names.is_empty() => {}
            Ok(names) => asked.provisioned(of, &names, provider::of_organization(&own, of, &names).await),
            Err(cause) => asked.gaps.push(cause),
        }
    }
    if let Some(slug) = github.enterprise.as_ref().filter(|_| asked.links.is_empty()) {
        match scim::names(api, scim::ENTERPRISE, slug, &known, person).await {
            Ok(names) if names.is_empty() => {}
            Ok(names) => asked.provisioned(slug, &names, provider::of_enterprise(api, slug, &names).await),
            Err(cause) => asked.gaps.push(cause),
        }
    }
}

impl Asked {
    /// Each account once: several organisations may link the same one.
    fn add(&mut self, links: Vec<Link>) {
        for link in links {
            if !self.links.iter().any(|known| known.number == link.number && known.login == link.login) {
                self.links.push(link);
            }
        }
    }

    /// What single sign-on says of somebody whom SCIM knows.
    fn provisioned(&mut self, of: &str, names: &[String], told: Result<provider::Told, Failure>) {
        match told {
            Ok(told) if told.links.is_empty() => {
                let shown = names.first().map_or("", String::as_str);
                let what = format!("{of} provisions {shown} over SCIM, and GitHub does not show the account");
                self.gaps.push(Cause::new(GapKind::Unresolved, what).needing("--github with the login"));
            }
            Ok(told) => {
                self.add(told.links.into_iter().map(|link| Link { source: "scim".to_owned(), ..link }).collect());
            }
            Err(error) => self.gaps.push(cause(&error)),
        }
    }
}

/// The logins of the flag and the configuration; only GitHub knows their numbers.
async fn hinted(api: &ReadApi, tally: &Arc<Tally>, github: &GitHub, person: &Dossier, asked: &mut Asked) {
    for (login, source) in &person.hints.github {
        if asked.links.iter().any(|link| link.login.as_deref().is_some_and(|known| is_same(known, login))) {
            continue;
        }
        let mut link = said(login, source);
        match one::<wire::Account>(api, &format!("/users/{}", encoded(login))).await {
            Ok(account) => {
                link.number = account.id.map(|id| id.0);
                link.login = account.login.map(|login| login.raw().to_owned()).or(link.login);
            }
            // Another source knows who this is now: the login of old is kept as a name.
            Err(error) if error.is_not_found() && !asked.links.is_empty() => {}
            Err(error) if error.is_not_found() => asked.gaps.push(
                Cause::new(
                    GapKind::Unresolved,
                    format!("GitHub shows no account {login}: renamed, deleted, or managed"),
                )
                .needing("--github with the login of today"),
            ),
            Err(error) => asked.gaps.push(cause(&error)),
        }
        if link.number.is_some() {
            let other = whose(tally, github, person, &link, source, asked).await;
            asked.conflict = asked.conflict.take().or(other);
        }
        asked.links.push(link);
    }
}

/// To whom single sign-on links an account that is said to be the person's, if to somebody else.
async fn whose(
    tally: &Arc<Tally>,
    github: &GitHub,
    person: &Dossier,
    link: &Link,
    said: &'static str,
    asked: &mut Asked,
) -> Option<Conflict> {
    let login = link.login.as_deref()?;
    for organization in github.organizations.iter().filter(|one| one.saml == Some(true)) {
        let own = organization.github.api.counting(tally);
        let linked = match provider::names_of(&own, &organization.name, login).await {
            Ok(linked) => linked,
            Err(error) => {
                asked.gaps.push(cause(&error));
                continue;
            }
        };
        let is_theirs = |name: &String| person.names().any(|known| is_same(known, name));
        if let Some(whose) = linked.first().filter(|_| !linked.iter().any(is_theirs)) {
            let (login, whose, of) = (login.into(), whose.as_str().into(), organization.name.as_str().into());
            return Some(Conflict { login, said, whose, of });
        }
    }
    None
}

/// What the provider may know them by: the directory name first.
fn names(person: &Dossier) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in person.names() {
        if !names.iter().any(|known| is_same(known, name)) {
            names.push(name.to_owned());
        }
    }
    names
}
