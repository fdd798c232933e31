//! Whose a thing is: who made or changed it, against the accounts of the people. Pure.

use std::collections::{HashMap, HashSet};

use super::wire::Who;
use crate::person::Dossier;
use crate::text::Untrusted;

/// One account of one of the people.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    /// `entra:user/<object id>`
    pub(super) person: String,
    pub(super) descriptor: String,
    /// By which things say who made them.
    pub(super) user_id: Option<String>,
    /// By which permissions name it.
    pub(super) legacy: Option<String>,
    /// The name that the organisation knows it by.
    pub(super) name: Option<String>,
}

/// The accounts, and by what they are known.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) accounts: Vec<Account>,
    /// Ids and descriptors, lower case.
    by_id: HashMap<String, String>,
    /// Names of the people that nobody else in the organisation has now, lower case.
    by_name: HashMap<String, String>,
    /// Descriptors of everybody else who is in the organisation now.
    others: HashSet<String>,
}

/// Whose something is, in the columns that say so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Whose {
    pub(super) person: Option<String>,
    pub(super) grade: Option<String>,
    pub(super) actor: Option<Untrusted>,
    pub(super) actor_name: Option<Untrusted>,
}

impl People {
    /// `taken` are the names, `others` the descriptors of accounts that are somebody else's.
    pub(super) fn new(
        accounts: Vec<Account>,
        people: &[Dossier],
        taken: &HashSet<String>,
        others: HashSet<String>,
    ) -> People {
        let mut by_id = HashMap::new();
        for account in &accounts {
            let known = [Some(&account.descriptor), account.user_id.as_ref(), account.legacy.as_ref()];
            by_id.extend(known.into_iter().flatten().map(|id| (id.to_lowercase(), account.person.clone())));
        }
        let names =
            people.iter().flat_map(|person| person.names().map(|name| (name.to_lowercase(), person.id.clone())));
        let by_name = names.filter(|(name, _)| name.contains('@') && !taken.contains(name)).collect();
        People { accounts, by_id, by_name, others }
    }

    /// Whose it is; `grade` where the account is known by its id.
    pub(super) fn whose(&self, who: Option<&Who>, grade: &str) -> Whose {
        let Some(who) = who else { return Whose::default() };
        let ids = [who.id.as_ref(), who.descriptor.as_ref()];
        let own = ids.iter().flatten().find_map(|id| self.by_id.get(&id.raw().to_lowercase()));
        let is_other = || who.descriptor.as_ref().is_some_and(|one| self.others.contains(&one.raw().to_lowercase()));
        let by_name = || {
            let name = who.unique_name.as_ref().filter(|_| !is_other())?;
            self.by_name.get(&name.raw().to_lowercase())
        };
        let (person, grade) = match (own, by_name()) {
            (Some(person), _) => (Some(person.clone()), Some(grade.to_owned())),
            (None, Some(person)) => (Some(person.clone()), Some("D".to_owned())),
            (None, None) => (None, None),
        };
        let said = |text: &Option<Untrusted>| text.clone().filter(|text| !text.raw().trim().is_empty());
        Whose {
            person,
            grade,
            actor: said(&who.id).or_else(|| said(&who.descriptor)),
            actor_name: said(&who.unique_name).or_else(|| said(&who.display_name)),
        }
    }

    /// Of who made something and who changed it last: the one whose it is, and what they did.
    pub(super) fn maker(&self, made: Option<&Who>, changed: Option<&Who>) -> (Whose, &'static str) {
        let (made, changed) = (self.whose(made, "B"), changed.map(|who| self.whose(Some(who), "B")));
        match changed {
            Some(changed) if changed.person.is_some() => (changed, "changed"),
            _ if made.person.is_some() => (made, "made"),
            Some(changed) if changed.actor.is_some() || changed.actor_name.is_some() => (changed, "changed"),
            _ => (made, "made"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who(id: &str, descriptor: &str, name: &str) -> Who {
        let text = |text: &str| (!text.is_empty()).then(|| Untrusted::from(text));
        Who { id: text(id), descriptor: text(descriptor), unique_name: text(name), ..Who::default() }
    }

    fn people() -> People {
        let account = Account {
            person: "p".to_owned(),
            descriptor: "aad.X".to_owned(),
            user_id: Some("id-1".to_owned()),
            ..Account::default()
        };
        let mut people = People::new(vec![account], &[], &HashSet::new(), ["aad.other".to_owned()].into());
        people.by_name.insert("alice@contoso.com".to_owned(), "p".to_owned());
        people
    }

    #[test]
    fn an_account_is_known_by_id_or_descriptor_in_any_letter_case() {
        let people = people();
        for known in [who("ID-1", "", "x@y"), who("", "AAD.x", ""), who("id-2", "aad.x", "")] {
            let whose = people.whose(Some(&known), "B");
            assert_eq!((whose.person.as_deref(), whose.grade.as_deref()), (Some("p"), Some("B")));
        }
        assert_eq!(people.whose(Some(&who("id-2", "", "bob@contoso.com")), "B").person, None);
        assert_eq!(people.whose(None, "B"), Whose::default());
    }

    #[test]
    fn a_name_alone_is_a_lead_and_never_that_of_somebody_who_is_there() {
        let people = people();
        let whose = people.whose(Some(&who("gone", "", "Alice@contoso.com")), "B");
        assert_eq!((whose.person.as_deref(), whose.grade.as_deref()), (Some("p"), Some("D")));
        assert_eq!(people.whose(Some(&who("id-9", "aad.OTHER", "alice@contoso.com")), "B").person, None);
    }

    #[test]
    fn a_change_by_the_person_counts_before_the_making_by_another() {
        let people = people();
        let (bob, own) = (who("id-2", "", "bob@contoso.com"), who("id-1", "", ""));
        assert_eq!(people.maker(Some(&bob), Some(&own)).1, "changed");
        assert_eq!(people.maker(Some(&own), Some(&bob)).1, "made");
        let (whose, deed) = people.maker(Some(&bob), Some(&bob));
        assert_eq!((whose.person, deed), (None, "changed"));
        assert_eq!(people.maker(Some(&bob), None).1, "made");
    }
}
