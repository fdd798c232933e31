//! Which GitHub account is whose: by single sign-on, else by what the flag or the configuration says; with its number,
//! since a login can be given up and taken by somebody else. Two sources that disagree are refused, never weighed.

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
use crate::text::Untrusted;

/// The GitHub account of one person.
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
    let login = best.and_then(|link| link.login.clone());
    let others = links.iter().filter_map(|link| link.login.clone()).filter(|other| Some(other) != login.as_ref());
    Known { person: person.id.clone(), aliases: others.collect(), number: best.and_then(|link| link.number), login }
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
                asked.links.extend(told.links);
            }
            Err(error) => asked.gaps.push(cause(&error)),
        }
    }
    if let Some(slug) = enterprise.filter(|_| asked.links.is_empty()) {
        match provider::of_enterprise(api, &slug, &names).await {
            Ok(told) if told.provider == Some(true) => {
                github.organizations.iter_mut().for_each(|organization| organization.saml = Some(true));
                asked.links.extend(told.links);
            }
            Ok(_) => {}
            Err(error) => asked.gaps.push(cause(&error)),
        }
    }
    if asked.links.is_empty() {
        provisioned(api, tally, github, person, &mut asked).await;
    }
    hinted(api, person, &mut asked).await;
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
    /// What single sign-on says of somebody whom SCIM knows.
    fn provisioned(&mut self, of: &str, names: &[String], told: Result<provider::Told, Failure>) {
        match told {
            Ok(told) if told.links.is_empty() => {
                let shown = names.first().map_or("", String::as_str);
                let what = format!("{of} provisions {shown} over SCIM, and GitHub does not show the account");
                self.gaps.push(Cause::new(GapKind::Unresolved, what).needing("--github with the login"));
            }
            Ok(told) => {
                self.links.extend(told.links.into_iter().map(|link| Link { source: "scim".to_owned(), ..link }));
            }
            Err(error) => self.gaps.push(cause(&error)),
        }
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
