//! Who left: the list of HR and the directory, merged by immutable id into one list of people with all their sources.
//! Somebody who is found nowhere, or in two places, stays on it as a person about whom nothing can be proven.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::list::Listed;
use crate::person::{Dossier, Hints, LastDay, addresses};
use crate::source::entra::wire::User;
use crate::text::Untrusted;

/// Who says that somebody left, with the day that it gives and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::run) struct Said {
    pub(in crate::run) source: &'static str,
    pub(in crate::run) date: Option<Date>,
    pub(in crate::run) detail: Option<String>,
}

/// Somebody on the list whom the directory does not know, or knows twice.
#[derive(Debug, Clone)]
pub(in crate::run) struct Lost {
    pub(in crate::run) id: String,
    pub(in crate::run) listed: Listed,
    pub(in crate::run) why: String,
}

/// Everybody, by id.
#[derive(Debug, Default)]
pub(in crate::run) struct Leavers {
    pub(in crate::run) found: Vec<Dossier>,
    pub(in crate::run) lost: Vec<Lost>,
    pub(in crate::run) said: BTreeMap<String, BTreeSet<Said>>,
}

/// The directory, by everything that a list may call somebody.
pub(super) struct Directory {
    users: Vec<(User, bool)>,
    by_id: BTreeMap<String, usize>,
    by_address: BTreeMap<String, BTreeSet<usize>>,
    by_employee: BTreeMap<String, BTreeSet<usize>>,
}

impl Directory {
    pub(super) fn new(users: Vec<(User, bool)>) -> Directory {
        let mut directory = Directory {
            users: Vec::new(),
            by_id: BTreeMap::new(),
            by_address: BTreeMap::new(),
            by_employee: BTreeMap::new(),
        };
        for (user, deleted) in users {
            let Some(id) = user.id.as_ref().map(|id| id.raw().to_ascii_lowercase()) else { continue };
            // Live users come first; one that was just restored is in both lists.
            if directory.by_id.contains_key(&id) {
                continue;
            }
            let at = directory.users.len();
            directory.by_id.insert(id, at);
            for address in addresses(&user) {
                directory.by_address.entry(address).or_default().insert(at);
            }
            if let Some(employee) = &user.employee_id {
                directory.by_employee.entry(employee.raw().to_owned()).or_default().insert(at);
            }
            directory.users.push((user, deleted));
        }
        directory
    }

    /// The one user whom everything on the line fits.
    fn find(&self, listed: &Listed) -> Result<usize, String> {
        let mut fits: Option<BTreeSet<usize>> = None;
        let mut narrow = |found: BTreeSet<usize>| {
            fits = Some(match fits.take() {
                Some(before) => before.intersection(&found).copied().collect(),
                None => found,
            });
        };
        if let Some(id) = &listed.object_id {
            narrow(self.by_id.get(id).copied().into_iter().collect());
        }
        if let Some(upn) = &listed.upn {
            narrow(self.by_address.get(&upn.to_lowercase()).cloned().unwrap_or_default());
        }
        if let Some(employee) = &listed.employee_id {
            narrow(self.by_employee.get(employee).cloned().unwrap_or_default());
        }
        let fits = fits.unwrap_or_default();
        match (fits.len(), fits.first()) {
            (1, Some(at)) => Ok(*at),
            (0, _) => Err("neither the directory nor its recycle bin has a user whom all of this fits".to_owned()),
            (more, _) => Err(format!("{more} users of the directory fit")),
        }
    }
}

impl Leavers {
    /// Takes everybody on the list.
    pub(super) fn listed(&mut self, list: &[Listed], directory: &Directory, zone: &TimeZone) {
        for listed in list {
            let said = Said { source: "list", date: listed.last_day, detail: Some(format!("line {}", listed.line)) };
            let id = match directory.find(listed) {
                Ok(at) => self.found(directory, at, Some(listed), zone),
                Err(why) => self.lost(listed, why),
            };
            self.said.entry(id).or_default().insert(said);
        }
    }

    /// Takes everybody who left since `since` as the directory tells: deleted, past the leave date, disabled.
    pub(super) fn known(
        &mut self,
        directory: &Directory,
        disabled: &BTreeMap<String, Timestamp>,
        since: Timestamp,
        now: Timestamp,
        zone: &TimeZone,
    ) {
        let within = |at: Option<Timestamp>| at.filter(|at| (since..=now).contains(at));
        for (at, (user, deleted)) in directory.users.iter().enumerate() {
            let id = user.id.as_ref().map(|id| id.raw().to_ascii_lowercase()).unwrap_or_default();
            let off = user.account_enabled == Some(false) && !deleted;
            let ways = [
                ("entra-deleted", within(user.deleted_date_time.filter(|_| *deleted))),
                ("entra-leave-date", within(user.employee_leave_date_time)),
                ("entra-disabled", within(disabled.get(&id).copied().filter(|_| off))),
            ];
            for (source, left) in ways {
                if let Some(left) = left {
                    let id = self.found(directory, at, None, zone);
                    let date = Some(left.to_zoned(zone.clone()).date());
                    self.said.entry(id).or_default().insert(Said { source, date, detail: None });
                }
            }
        }
    }

    fn found(&mut self, directory: &Directory, at: usize, listed: Option<&Listed>, zone: &TimeZone) -> String {
        let Some((user, deleted)) = directory.users.get(at) else { return String::new() };
        let id = user.id.as_ref().map(|id| format!("entra:user/{}", id.raw().to_ascii_lowercase())).unwrap_or_default();
        if self.found.iter().any(|person| person.id == id) {
            return id;
        }
        let day = listed.and_then(|listed| listed.last_day).and_then(|date| LastDay::of_date(date, zone, "list"));
        let leave = || user.employee_leave_date_time.and_then(|at| LastDay::of_instant(at, zone));
        // The day of the deletion is the latest that can be meant; nobody works on in a deleted account.
        let gone = || {
            let at = user.deleted_date_time.filter(|_| *deleted)?;
            LastDay::of_date(at.to_zoned(zone.clone()).date(), zone, "deletedDateTime")
        };
        let hints = Hints {
            flag: listed.and_then(|listed| listed.last_day),
            github: listed.and_then(|listed| listed.github.clone()).map(|login| (login, "list")).into_iter().collect(),
            ..Hints::default()
        };
        let asked = listed.map_or(id.as_str(), |listed| listed.upn.as_deref().unwrap_or(id.as_str())).to_owned();
        let person = Dossier::of_user(user.clone(), *deleted, &asked, hints, day.or_else(leave).or_else(gone));
        self.found.extend(person);
        id
    }

    fn lost(&mut self, listed: &Listed, why: String) -> String {
        let id = match (&listed.object_id, &listed.upn, &listed.employee_id) {
            (Some(id), ..) => format!("entra:user/{id}"),
            (None, Some(upn), _) => format!("list:upn/{}", plain(&upn.to_lowercase())),
            (None, None, employee) => format!("list:employee/{}", plain(employee.as_deref().unwrap_or_default())),
        };
        self.lost.push(Lost { id: id.clone(), listed: listed.clone(), why });
        id
    }
}

/// Ids are printed as they are, so only harmless characters stay in them.
fn plain(text: &str) -> String {
    Untrusted::from(text).terminal().to_string()
}

/// So many days before `now`, unless the command line says since when.
pub(super) fn since(flag: Option<Date>, now: Timestamp, zone: &TimeZone) -> Timestamp {
    let asked = flag.and_then(|date| date.to_zoned(zone.clone()).ok()).map(|at| at.timestamp());
    asked.unwrap_or_else(|| now.checked_sub((90 * 24).hours()).unwrap_or(now))
}
