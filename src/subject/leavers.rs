//! All leavers, indexed by login, number and every other name, so that judging a credential costs what its text holds, not
//! how many left. A name counts where it is a whole part of the text, never where a longer one begins alike.

use std::collections::{BTreeMap, HashMap};

use percent_encoding::percent_decode_str;

use super::control::{Account, Control};
use super::github::GitHub;
use super::grammar::{GitLab, Subject};
use super::issuer::Issuer;
use super::login;
use super::trust::{Answer, Condition, Doubt, Token, Trust};
use crate::text::{folded, guid};

/// The accounts and names of everybody who left.
#[derive(Debug, Clone, Default)]
pub struct Leavers {
    accounts: Vec<Account>,
    by_login: HashMap<String, Vec<usize>>,
    by_id: HashMap<String, Vec<usize>>,
    /// Addresses and object ids, which count on from the accounts.
    by_name: HashMap<String, Vec<usize>>,
}

/// What one credential has to do with one leaver, or with everybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Index of the leaver's account, or of their name behind all accounts, as given; nothing: it concerns everybody.
    pub leaver: Option<usize>,
    /// Where the credential names them; nothing: it accepts names that anybody can register, or cannot be told.
    pub named: Option<(Place, Likeness)>,
    /// Whether they can obtain a token that it accepts from what is theirs alone.
    pub reach: Answer<Token>,
}

/// Where a credential names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Owner of the repository.
    Owner,
    /// The account that starts the run.
    Actor,
    /// Owner of the reusable workflow.
    Workflow,
    /// A word in the repository's name.
    Repository,
    /// A word in the branch.
    Branch,
    /// A word in the tag.
    Tag,
    /// A word in the environment.
    Environment,
    /// A word elsewhere, or in a subject that has no known form.
    Text,
}

/// How the name there compares with the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Likeness {
    /// The same login.
    Exact,
    /// The same account to GitHub, which ignores case, but not to Entra, which does not.
    /// Whoever holds the login can change its case, so this is a near miss, not a wall.
    OtherCase,
    /// The same number, with another login or none: the account keeps it when it is renamed.
    SameNumber,
    /// The same login with another number: an account that held the login before or after.
    OtherNumber,
}

impl Place {
    /// The word that evidence and findings use.
    pub fn word(self) -> &'static str {
        match self {
            Place::Owner => "owner",
            Place::Actor => "actor",
            Place::Workflow => "workflow",
            Place::Repository => "repository",
            Place::Branch => "branch",
            Place::Tag => "tag",
            Place::Environment => "environment",
            Place::Text => "text",
        }
    }
}

impl Likeness {
    /// The word that evidence and findings use.
    pub fn word(self) -> &'static str {
        match self {
            Likeness::Exact => "exact",
            Likeness::OtherCase => "other-case",
            Likeness::SameNumber => "same-number",
            Likeness::OtherNumber => "other-number",
        }
    }
}

/// A name in a credential.
enum Name<'a> {
    /// A whole login, with its number where the credential has it.
    Login(Option<&'a str>, Option<&'a str>),
    /// A text in which a login or an address may stand.
    Words(&'a str),
    /// A text of a form that nobody knows: a number in it may be that of an account too.
    Free(&'a str),
}

type Hits = BTreeMap<(usize, Place), Likeness>;

impl Leavers {
    /// Builds the index.
    pub fn new(accounts: impl IntoIterator<Item = Account>) -> Leavers {
        let mut leavers = Leavers { accounts: accounts.into_iter().collect(), ..Leavers::default() };
        for (index, account) in leavers.accounts.iter().enumerate() {
            leavers.by_login.entry(account.login.to_ascii_lowercase()).or_default().push(index);
            if let Some(id) = &account.id {
                leavers.by_id.entry(id.clone()).or_default().push(index);
            }
        }
        leavers
    }

    /// With the names that they have elsewhere: sign-in names, addresses, object ids.
    #[must_use]
    pub fn called(mut self, names: impl IntoIterator<Item = String>) -> Leavers {
        for (at, name) in names.into_iter().enumerate() {
            self.by_name.entry(spelt(&name)).or_default().push(self.accounts.len() + at);
        }
        self
    }

    /// The accounts, in the order given.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Every leaver whom the credential names, and whether anybody at all can satisfy it.
    pub fn judge(&self, trust: &Trust) -> Vec<Judgement> {
        let mut judgements = Vec::new();
        let mut reach: Option<(usize, Answer<Token>)> = None;
        for ((leaver, place), likeness) in self.hits(trust) {
            let answer = match reach.take() {
                Some((same, answer)) if same == leaver => answer,
                _ => self.reach(trust, leaver),
            };
            reach = Some((leaver, answer.clone()));
            judgements.push(Judgement { leaver: Some(leaver), named: Some((place, likeness)), reach: answer });
        }
        let open = match trust.reachable_by(Control::Anyone) {
            Answer::No if judgements.iter().all(|judgement| !matches!(judgement.reach, Answer::Yes(_))) => {
                self.unnamed(trust)
            }
            open => open,
        };
        if open != Answer::No {
            judgements.push(Judgement { leaver: None, named: None, reach: open });
        }
        judgements
    }

    /// What a name is worth that is no account of GitHub, only whoever issues the tokens knows.
    fn reach(&self, trust: &Trust, leaver: usize) -> Answer<Token> {
        match (self.accounts.get(leaver), trust.issuer()) {
            (Some(account), _) => trust.reachable_by(Control::Person(account)),
            (None, Issuer::GitHub(_)) => trust.reachable_by(Control::Anyone),
            (None, _) => match trust.reachable_by(Control::Anyone) {
                Answer::No => Answer::Unknown(Doubt::UnknownAccount),
                answer => answer,
            },
        }
    }

    /// A credential that names its repository by number alone does not tell whose it is; one that trusts a whole
    /// enterprise, or logins that only old and managed accounts have, does not tell who has such an account.
    fn unnamed(&self, trust: &Trust) -> Answer<Token> {
        if !matches!(trust.issuer(), Issuer::GitHub(_)) {
            return Answer::No;
        }
        let numbers_known = self.accounts.iter().all(|account| account.id.is_some());
        match trust.reachable_by(Control::Somebody { numbers_known }) {
            Answer::Yes(_) => Answer::Unknown(Doubt::UnknownAccount),
            unsettled => unsettled,
        }
    }

    fn hits(&self, trust: &Trust) -> Hits {
        let mut hits = Hits::new();
        let subject = trust.subject();
        match &subject {
            Some(Subject::GitHub(github)) => self.in_github(github, &mut hits),
            Some(Subject::GitLab(gitlab)) => self.in_gitlab(gitlab, &mut hits),
            _ => {}
        }
        match trust.condition() {
            Condition::Subject(text) if !matches!(subject, Some(Subject::GitHub(_) | Subject::GitLab(_))) => {
                self.add(Place::Text, &Name::Free(text), &mut hits);
            }
            Condition::NotUnderstood { text, .. } => self.add(Place::Text, &Name::Free(text), &mut hits),
            Condition::Expression(expression) => {
                for clause in expression.clauses() {
                    match (clause.claim.as_str(), &subject) {
                        ("sub", Some(Subject::GitHub(_) | Subject::GitLab(_))) => {}
                        (claim, _) => self.in_claim(trust.issuer(), claim, &clause.comparand, &mut hits),
                    }
                }
            }
            _ => {}
        }
        hits
    }

    fn in_github(&self, github: &GitHub, hits: &mut Hits) {
        self.add(Place::Owner, &Name::Login(github.owner.as_deref(), github.owner_id.as_deref()), hits);
        self.add(Place::Actor, &Name::Login(github.actor.as_deref(), github.actor_id.as_deref()), hits);
        self.add(Place::Workflow, &Name::Login(github.workflow_owner(), None), hits);
        let words = [
            (Place::Repository, github.repository.as_deref()),
            (Place::Branch, github.branch()),
            (Place::Tag, github.tag()),
            (Place::Environment, github.environment.as_deref()),
        ];
        let other = github.other.values().map(|value| (Place::Text, Some(value.as_str())));
        for (place, text) in words.into_iter().chain(other) {
            self.add(place, &Name::Words(text.unwrap_or_default()), hits);
        }
    }

    /// A GitLab user is not the GitHub user of the same name, so this is a word, not an owner.
    fn in_gitlab(&self, gitlab: &GitLab, hits: &mut Hits) {
        let branch = gitlab.git_ref.as_deref().unwrap_or_default();
        let place = if gitlab.ref_type.as_deref() == Some("tag") { Place::Tag } else { Place::Branch };
        self.add(place, &Name::Words(branch), hits);
        self.add(Place::Text, &Name::Words(gitlab.path.as_deref().unwrap_or_default()), hits);
    }

    fn in_claim(&self, issuer: &Issuer, claim: &str, value: &str, hits: &mut Hits) {
        let (place, name) = match claim {
            "repository_owner" => (Place::Owner, Name::Login(Some(value), None)),
            "repository_owner_id" => (Place::Owner, Name::Login(None, Some(value))),
            "actor" => (Place::Actor, Name::Login(Some(value), None)),
            "actor_id" => (Place::Actor, Name::Login(None, Some(value))),
            "job_workflow_ref" => (Place::Workflow, Name::Login(value.split('/').next(), None)),
            "environment" => (Place::Environment, Name::Words(value)),
            _ if matches!(issuer, Issuer::GitHub(_) | Issuer::GitLab { .. }) => (Place::Text, Name::Words(value)),
            _ => (Place::Text, Name::Free(value)),
        };
        self.add(place, &name, hits);
    }

    fn add(&self, place: Place, name: &Name<'_>, hits: &mut Hits) {
        match name {
            // A wildcard in a login leaves its literal parts as words.
            Name::Login(Some(login), id) if login.contains(['*', '?']) => {
                self.add(place, &Name::Words(login), hits);
                self.add(place, &Name::Login(None, *id), hits);
            }
            Name::Login(login, id) => self.add_login(place, *login, *id, hits),
            Name::Words(text) | Name::Free(text) => {
                let is_free = matches!(name, Name::Free(_));
                let plain = percent_decode_str(text).decode_utf8_lossy();
                for text in [*text, &*plain] {
                    login::words(text).for_each(|word| self.add_login(place, Some(word), None, hits));
                    parts(text).for_each(|part| self.add_part(place, part, is_free, hits));
                }
            }
        }
    }

    fn add_part(&self, place: Place, part: &str, is_free: bool, hits: &mut Hits) {
        for &leaver in self.by_name.get(&spelt(part)).into_iter().flatten() {
            note(hits, leaver, place, Likeness::Exact);
        }
        if is_free && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) {
            self.add_login(place, None, Some(part), hits);
        }
    }

    fn add_login(&self, place: Place, login: Option<&str>, id: Option<&str>, hits: &mut Hits) {
        let by_login = login.and_then(|login| self.by_login.get(&login.to_ascii_lowercase()));
        for &leaver in by_login.into_iter().flatten() {
            let account = &self.accounts[leaver];
            let likeness = match (id, &account.id) {
                (Some(id), Some(known)) if id != known && !id.contains(['*', '?']) => Likeness::OtherNumber,
                _ if login == Some(&account.login) => Likeness::Exact,
                _ => Likeness::OtherCase,
            };
            note(hits, leaver, place, likeness);
        }
        for &leaver in id.and_then(|id| self.by_id.get(id)).into_iter().flatten() {
            let same = login.is_some_and(|login| login.eq_ignore_ascii_case(&self.accounts[leaver].login));
            if !same {
                note(hits, leaver, place, Likeness::SameNumber);
            }
        }
    }
}

/// The parts of a text that could be a whole name: what stands between the marks that no address and no id has.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let parted = |c: char| c.is_whitespace() || ":/\\|,;=&\"`<>()[]{}*?".contains(c);
    // A guest's name holds `#`, and some people's an apostrophe.
    text.split(parted).map(|part| part.trim_matches(['.', '\'', '#', '!']))
}

/// A name as it is looked up: whatever its case and, for an object id, its dress.
fn spelt(name: &str) -> String {
    guid(name).unwrap_or_else(|| folded(name.trim()).into_owned())
}

/// Of two names in one place the closer one counts.
fn note(hits: &mut Hits, leaver: usize, place: Place, likeness: Likeness) {
    hits.entry((leaver, place)).and_modify(|before| *before = likeness.min(*before)).or_insert(likeness);
}
