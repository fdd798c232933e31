//! The dossier of one human: which Entra user is meant, under which names, and when they left.
//! It refuses to guess: two candidates are an error that lists both. It writes no evidence.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::api::{Error, Pages, Paging, ReadApi};
use crate::model::{Cause, GapKind};
use crate::source::entra::routes::{Routes, literal};
use crate::source::entra::wire::User;
use crate::text::{Untrusted, guid, is_same};

/// The permission that shows when an employee leaves. Without it the date is null, without any error.
pub const LEAVE_DATE_PERMISSION: &str = "User-LifeCycleInfo.Read.All, or --last-day";

/// How the command line names a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// An Entra object id.
    ObjectId(String),
    /// A user principal name or mail address, old ones too.
    Address(String),
    /// An employee id.
    EmployeeId(String),
}

impl Query {
    /// Reads what was typed.
    ///
    /// # Errors
    /// The text when it is none of the three kinds.
    pub fn parse(text: &str) -> Result<Query, String> {
        let text = text.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if let Some(id) = guid(text) {
            Ok(Query::ObjectId(id))
        } else if text.contains('@')
            && !text.starts_with('@')
            && !text.ends_with('@')
            && !text.contains(char::is_whitespace)
        {
            Ok(Query::Address(text.to_owned()))
        } else if (1..=16).contains(&text.len())
            && text.chars().all(plain)
            && text.contains(|c: char| c.is_ascii_digit())
        {
            Ok(Query::EmployeeId(text.to_owned()))
        } else {
            Err(text.to_owned())
        }
    }

    fn text(&self) -> &str {
        match self {
            Query::ObjectId(text) | Query::Address(text) | Query::EmployeeId(text) => text,
        }
    }
}

/// When somebody left or leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastDay {
    /// The day, in the organisation's time zone.
    pub date: Date,
    /// The instant at which it is over.
    pub ends_at: Timestamp,
    /// `flag`, `configuration` or `employeeLeaveDateTime`.
    pub source: &'static str,
}

impl LastDay {
    /// The whole day counts, up to midnight in `zone`.
    pub fn of_date(date: Date, zone: &TimeZone, source: &'static str) -> Option<LastDay> {
        let next = date.checked_add(1.day()).ok()?;
        let ends_at = next.to_zoned(zone.clone()).ok()?.timestamp();
        Some(LastDay { date, ends_at, source })
    }

    /// The day of an instant. `employeeLeaveDateTime` is an instant; exactly midnight UTC is how a plain date gets stored there.
    pub fn of_instant(at: Timestamp, zone: &TimeZone) -> Option<LastDay> {
        let source = "employeeLeaveDateTime";
        let utc = at.to_zoned(TimeZone::UTC);
        if utc.time() == jiff::civil::Time::midnight() {
            return LastDay::of_date(utc.date(), zone, source);
        }
        Some(LastDay { date: at.to_zoned(zone.clone()).date(), ends_at: at, source })
    }
}

/// What the flag and the configuration say of a person.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// From `--last-day`.
    pub flag: Option<Date>,
    /// From `[people]`.
    pub configured: Option<Date>,
    /// GitHub logins and where each comes from: `flag` or `configuration`.
    pub github: Vec<(String, &'static str)>,
    /// Other names from `[people]`.
    pub aliases: Vec<String>,
}

/// One human, found.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// `entra:user/<object id>`.
    pub id: String,
    /// The Entra object id.
    pub object_id: String,
    /// What was typed.
    pub asked: String,
    /// The user as Graph has it.
    pub user: User,
    /// In the recycle bin.
    pub deleted: bool,
    /// The last day, if anybody knows it.
    pub last_day: Option<LastDay>,
    /// The hints used.
    pub hints: Hints,
    /// Look-ups that failed although somebody was found: a second holder of the name cannot be excluded.
    pub open: Vec<Cause>,
}

impl Dossier {
    /// The dossier of a user who was found by other means than a query.
    pub fn of_user(user: User, deleted: bool, asked: &str, hints: Hints, last_day: Option<LastDay>) -> Option<Dossier> {
        let object_id = user.id.as_ref().map(|id| id.raw().to_ascii_lowercase()).filter(|id| is_guid(id))?;
        let id = format!("entra:user/{object_id}");
        Some(Dossier { id, object_id, asked: asked.to_owned(), user, deleted, last_day, hints, open: Vec::new() })
    }

    /// The UPN as it was before a deletion put the object id in front of it.
    pub fn upn(&self) -> Option<Untrusted> {
        self.user.user_principal_name.as_ref().map(|upn| unmangled(upn.raw(), &self.object_id).into())
    }

    /// Every name and address that the directory and the configuration know of the person.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let upn = self.user.user_principal_name.as_ref().map(|upn| unmangled(upn.raw(), &self.object_id));
        let mails = self.user.mail.iter().chain(self.user.other_mails.iter().flatten()).map(Untrusted::raw);
        let proxies = self.user.proxy_addresses.iter().flatten().filter_map(|proxy| smtp(proxy.raw()));
        upn.into_iter().chain(mails).chain(proxies).chain(self.hints.aliases.iter().map(String::as_str))
    }

    /// Whether the account did not exist before `at`, so that nothing that it did can be older. Unknown is "it may have".
    pub fn is_newer_than(&self, at: Timestamp) -> bool {
        self.user.created_date_time.is_some_and(|created| created >= at)
    }

    /// Whether the last day is still to come at `now`.
    pub fn rehearsal(&self, now: Timestamp) -> bool {
        self.last_day.as_ref().is_some_and(|day| day.ends_at > now)
    }
}

/// Why a person could not be found.
#[derive(Debug)]
pub enum Unresolved {
    /// More than one user fits.
    Ambiguous(Vec<Candidate>),
    /// Nobody fits; the places that were looked in.
    Nobody(Vec<&'static str>),
    /// Looking failed.
    Api(Error),
    /// Graph answered with something that is not the user asked for.
    Inconsistent(String),
}

impl From<Error> for Unresolved {
    fn from(error: Error) -> Unresolved {
        Unresolved::Api(error)
    }
}

/// One of several users who fit.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Object id.
    pub object_id: String,
    /// UPN.
    pub upn: Option<Untrusted>,
    /// Display name.
    pub name: Option<Untrusted>,
    /// In the recycle bin.
    pub deleted: bool,
}

/// Finds the one user that `query` means, live or deleted; `hints` says what flags and configuration know of that user.
///
/// # Errors
/// Nobody, more than one, or no answer: never a guess.
pub async fn resolve(
    api: &ReadApi,
    routes: &Routes,
    query: &Query,
    hints: &(dyn Fn(&User) -> Hints + Sync),
    zone: &TimeZone,
) -> Result<Dossier, Unresolved> {
    look_up(api, routes, query).await?.only(query, hints, zone)
}

/// Every user that `query` means.
///
/// # Errors
/// When Graph does not answer, or answers with somebody else.
pub async fn look_up(api: &ReadApi, routes: &Routes, query: &Query) -> Result<Found, Unresolved> {
    let mut found = Found::default();
    match query {
        Query::ObjectId(id) => {
            found.add(single(api, &routes.user(id)).await?, false);
            if found.users.is_empty() {
                found.add(single(api, &routes.deleted_user(id)).await?, true);
            }
            let is_asked = |user: &User| user.id.as_ref().is_some_and(|found| is_same(found.raw(), id));
            if !found.users.iter().all(|(user, _)| is_asked(user)) {
                return Err(Unresolved::Inconsistent(id.clone()));
            }
        }
        Query::Address(address) => by_address(api, routes, address, &mut found).await?,
        Query::EmployeeId(id) => {
            let filter = format!("employeeId eq {}", literal(id));
            let fits = |user: &User| user.employee_id.as_ref().is_some_and(|have| have.raw() == id);
            list(api.pages(routes.users(&filter), Paging::OData), &fits, false, &mut found).await;
            list(api.pages(routes.deleted_users(), Paging::OData), &fits, true, &mut found).await;
        }
    }
    Ok(found)
}

/// Every name that a person may have had; Graph's filters are checked again here, since a wrong person is worse than none.
async fn by_address(api: &ReadApi, routes: &Routes, address: &str, found: &mut Found) -> Result<(), Unresolved> {
    if let Some(user) = single(api, &routes.user(address)).await? {
        if !answers_to(&user, address) {
            return Err(Unresolved::Inconsistent(address.to_owned()));
        }
        found.add(Some(user), false);
    }
    let quoted = literal(address);
    let primary = literal(&format!("smtp:{address}"));
    let fits = |user: &User| answers_to(user, address);
    for filter in [
        format!("mail eq {quoted}"),
        format!("otherMails/any(x:x eq {quoted})"),
        format!("proxyAddresses/any(p:p eq {primary})"),
    ] {
        list(api.pages(routes.users(&filter), Paging::OData), &fits, false, found).await;
    }
    list(api.pages(routes.deleted_users(), Paging::OData), &fits, true, found).await;
    Ok(())
}

async fn single(api: &ReadApi, ask: &crate::api::Ask) -> Result<Option<User>, Error> {
    match api.get(ask).await {
        Ok(answer) => answer.json().map(Some),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Adds who fits. A list that cannot be read is remembered: it decides nothing alone, but it may hide somebody.
async fn list(mut pages: Pages, fits: &(dyn Fn(&User) -> bool + Sync), deleted: bool, found: &mut Found) {
    loop {
        match pages.next::<User>().await {
            Ok(Some(users)) => users.into_iter().filter(fits).for_each(|user| found.add(Some(user), deleted)),
            Ok(None) => return,
            Err(error) => return found.errors.push(error),
        }
    }
}

/// Who fits a query.
#[derive(Debug, Default)]
pub struct Found {
    /// The users, and whether each is in the recycle bin.
    pub users: Vec<(User, bool)>,
    /// Look-ups that failed: they may hide somebody.
    pub errors: Vec<Error>,
}

impl Found {
    /// Live hits come first, so an id that is in both places counts as live.
    fn add(&mut self, user: Option<User>, deleted: bool) {
        let Some(user) = user.filter(|user| user.id.is_some()) else { return };
        if !self.users.iter().any(|(have, _)| have.id == user.id) {
            self.users.push((user, deleted));
        }
    }

    fn only(
        mut self,
        query: &Query,
        hints: &(dyn Fn(&User) -> Hints + Sync),
        zone: &TimeZone,
    ) -> Result<Dossier, Unresolved> {
        if self.users.len() > 1 {
            return Err(Unresolved::Ambiguous(
                self.users.into_iter().map(|(user, deleted)| candidate(user, deleted)).collect(),
            ));
        }
        let Some((user, deleted)) = self.users.pop() else {
            let nobody = || Unresolved::Nobody(places(query));
            return Err(self.errors.into_iter().next().map_or_else(nobody, Unresolved::Api));
        };
        let Some(object_id) = user.id.as_ref().and_then(|id| guid(id.raw())) else {
            return Err(Unresolved::Inconsistent(query.text().to_owned()));
        };
        let hints = hints(&user);
        let last_day = last_day(&hints, user.employee_leave_date_time, zone);
        let id = format!("entra:user/{object_id}");
        let open = self.errors.iter().map(Error::cause).collect();
        Ok(Dossier { id, object_id, asked: query.text().to_owned(), user, deleted, last_day, hints, open })
    }
}

/// Flag over configuration over directory.
fn last_day(hints: &Hints, leave: Option<Timestamp>, zone: &TimeZone) -> Option<LastDay> {
    let flag = hints.flag.and_then(|date| LastDay::of_date(date, zone, "flag"));
    let configured = || hints.configured.and_then(|date| LastDay::of_date(date, zone, "configuration"));
    flag.or_else(configured).or_else(|| leave.and_then(|at| LastDay::of_instant(at, zone)))
}

/// Why the last day is not known: Graph does not tell a missing permission from an empty field.
pub fn no_last_day() -> Cause {
    Cause::new(GapKind::Unresolved, "employeeLeaveDateTime is empty or hidden").needing(LEAVE_DATE_PERMISSION)
}

fn candidate(user: User, deleted: bool) -> Candidate {
    let object_id = user.id.map(|id| id.raw().to_owned()).unwrap_or_default();
    Candidate { object_id, upn: user.user_principal_name, name: user.display_name, deleted }
}

fn places(query: &Query) -> Vec<&'static str> {
    match query {
        Query::ObjectId(_) => vec!["users by id", "deleted users by id"],
        Query::Address(_) => {
            vec!["userPrincipalName", "mail", "otherMails", "proxyAddresses", "the same of deleted users"]
        }
        Query::EmployeeId(_) => vec!["employeeId", "employeeId of deleted users"],
    }
}

fn answers_to(user: &User, address: &str) -> bool {
    let same = |text: &Untrusted| is_same(text.raw(), address);
    let id = user.id.as_ref().map(Untrusted::raw).unwrap_or_default();
    let upn = user.user_principal_name.as_ref().is_some_and(|upn| is_same(unmangled(upn.raw(), id), address));
    let mails = user.other_mails.iter().flatten().chain(&user.mail).any(same);
    let mut proxies = user.proxy_addresses.iter().flatten().filter_map(|proxy| smtp(proxy.raw()));
    upn || mails || proxies.any(|mail| is_same(mail, address))
}

/// The address in `SMTP:alice@contoso.com`.
fn smtp(proxy: &str) -> Option<&str> {
    proxy.split_once(':').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("smtp")).map(|(_, mail)| mail)
}

/// Every name under which a user can be addressed, lower case.
pub fn addresses(user: &User) -> Vec<String> {
    let id = user.id.as_ref().map(Untrusted::raw).unwrap_or_default();
    let upn = user.user_principal_name.iter().map(|upn| unmangled(upn.raw(), id));
    let mails = user.other_mails.iter().flatten().chain(&user.mail).map(Untrusted::raw);
    let proxies = user.proxy_addresses.iter().flatten().filter_map(|proxy| {
        let (scheme, mail) = proxy.raw().split_once(':')?;
        scheme.eq_ignore_ascii_case("smtp").then_some(mail)
    });
    let mut all: Vec<String> = upn.chain(mails).chain(proxies).map(str::to_lowercase).collect();
    all.sort();
    all.dedup();
    all
}

/// Deleting a user puts its object id, without dashes, in front of its UPN.
fn unmangled<'a>(upn: &'a str, object_id: &str) -> &'a str {
    let id = object_id.replace('-', "");
    match upn.get(..id.len()) {
        Some(prefix) if id.len() == 32 && prefix.eq_ignore_ascii_case(&id) => &upn[id.len()..],
        _ => upn,
    }
}

/// Whether a text looks like an object id.
pub(crate) fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()))
}
