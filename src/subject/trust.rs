//! One federated credential: whose tokens it accepts. Answers yes, no, or why that is not known.

use std::collections::{BTreeMap, BTreeSet};

use super::control::{Account, Control, Reachable};
use super::expression::{Clause, Expression, NotUnderstood, Operator};
use super::github::{self, GitHub};
use super::glob::Glob;
use super::grammar::Subject;
use super::issuer::Issuer;
use super::mint::{self, Found};
use super::piece::ASSIGNED;

/// The longest subject that the service stores; nobody searches for a witness to more.
const LONGEST: usize = 600;

/// What a federated credential accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    issuer: Issuer,
    condition: Condition,
}

/// The condition on the tokens of that issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The subject must be this, character for character.
    Subject(String),
    /// A flexible expression.
    Expression(Expression),
    /// A flexible expression that could not be read.
    NotUnderstood {
        /// The expression as it came.
        text: String,
        /// Why not.
        reason: NotUnderstood,
    },
    /// Neither is shown: version 1.0 of the service hides flexible credentials.
    Hidden,
}

/// A token, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Token {
    /// The `sub` claim.
    pub subject: String,
    /// Other claims. One that is absent here is not known, which is not the same as not there.
    pub claims: BTreeMap<String, String>,
}

/// Whether a token is accepted, or whether somebody can obtain one that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// It is.
    Yes(T),
    /// It is certain that it is not.
    No,
    /// It cannot be told.
    Unknown(Doubt),
}

/// Why it cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Doubt {
    /// The expression is not understood: review it by hand.
    #[error("the expression is not understood: {0}")]
    NotUnderstood(#[from] NotUnderstood),
    /// The credential shows neither subject nor expression.
    #[error("the credential shows neither a subject nor an expression; only the beta interface shows flexible ones")]
    Hidden,
    /// Nobody knows what subjects this issuer writes.
    #[error("the issuer is not one whose subjects are known")]
    UnknownIssuer,
    /// The subject has no known form.
    #[error("the subject has no form that this issuer is known to write")]
    NotRecognised,
    /// Some account there satisfies it, and whether the person holds that one is not known.
    #[error("an account at this issuer satisfies it, and whose that is, is not known")]
    UnknownAccount,
    /// The token is not known well enough.
    #[error("the condition looks at a claim whose value is not known")]
    UnknownClaim,
    /// It depends on a number that the service assigns, on an enterprise, or on whether a workflow is public.
    #[error("it depends on an assigned number, an enterprise, or whether another account's workflow is public")]
    Unsettled,
}

impl Trust {
    /// A credential as the service lists it. Empty texts count as absent.
    pub fn new(issuer: &str, subject: Option<&str>, expression: Option<&str>) -> Trust {
        let filled = |text: Option<&str>| text.filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let condition = match (filled(expression), filled(subject)) {
            (Some(expression), _) => Condition::flexible(expression),
            (None, Some(subject)) => Condition::Subject(subject),
            (None, None) => Condition::Hidden,
        };
        Trust { issuer: Issuer::classify(issuer), condition }
    }

    /// Who issues the tokens.
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// The condition, taken apart.
    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// The subject, or what an expression says of it; a pattern's parts may hold wildcards.
    pub fn subject(&self) -> Option<Subject> {
        match &self.condition {
            Condition::Subject(subject) => Some(Subject::parse(&self.issuer, subject)),
            Condition::Expression(expression) => {
                let clause = expression.clauses().iter().find(|clause| clause.claim == "sub")?;
                Some(match clause.operator {
                    Operator::Eq => Subject::parse(&self.issuer, &clause.comparand),
                    Operator::Matches => Subject::parse_pattern(&self.issuer, &clause.comparand),
                })
            }
            Condition::NotUnderstood { .. } | Condition::Hidden => None,
        }
    }

    /// Whether this token is accepted. Case counts, as it does for the service.
    pub fn accepts(&self, token: &Token) -> Answer<()> {
        let clauses = match self.clauses() {
            Ok(clauses) => clauses,
            Err(doubt) => return Answer::Unknown(doubt),
        };
        let mut answer = Answer::Yes(());
        for clause in clauses {
            match token.claim(&clause.claim) {
                Some(value) if clause.accepts(value) => {}
                Some(_) => return Answer::No,
                None => answer = Answer::Unknown(Doubt::UnknownClaim),
            }
        }
        answer
    }

    /// Whether somebody can obtain a token that is accepted, with such a token as the witness.
    pub fn reachable_by(&self, control: Control<'_>) -> Answer<Token> {
        let clauses = match self.clauses() {
            Ok(clauses) => clauses,
            Err(doubt) => return Answer::Unknown(doubt),
        };
        if clauses.iter().any(|clause| clause.glob().steps().len() > LONGEST) {
            return Answer::Unknown(Doubt::NotUnderstood(NotUnderstood::TooLong));
        }
        if self.issuer == Issuer::Other {
            return Answer::Unknown(Doubt::UnknownIssuer);
        }
        if clauses.iter().any(|clause| clause.claim == "sub" && !self.is_recognised(clause)) {
            return Answer::Unknown(Doubt::NotRecognised);
        }
        if clauses.iter().filter_map(|clause| self.spelt_owner(clause)).any(|owner| !control.holds(owner)) {
            return Answer::No;
        }
        match control.reachable(&self.issuer) {
            Some(reachable) => self.witness(&clauses, control, &reachable),
            None if control == Control::Anyone => Answer::No,
            None => Answer::Unknown(Doubt::UnknownAccount),
        }
    }

    fn clauses(&self) -> Result<Vec<Clause>, Doubt> {
        match &self.condition {
            Condition::Subject(subject) => Ok(vec![Clause::new("sub", Operator::Eq, subject)]),
            Condition::Expression(expression) => Ok(expression.clauses().to_vec()),
            Condition::NotUnderstood { reason, .. } => Err(Doubt::NotUnderstood(*reason)),
            Condition::Hidden => Err(Doubt::Hidden),
        }
    }

    /// An owner without any wildcard is nobody else, so most credentials need no search at all.
    fn spelt_owner<'a>(&self, clause: &'a Clause) -> Option<&'a str> {
        let names = clause.comparand.strip_prefix("repo:").filter(|_| clause.claim == "sub")?;
        let (owner, rest) = names.split_at(names.find(['/', '@', '*', '?'])?);
        (matches!(self.issuer, Issuer::GitHub(_)) && rest.starts_with(['/', '@'])).then_some(owner)
    }

    /// A pattern is recognised by the key that it begins with, as far as it spells one out.
    fn is_recognised(&self, clause: &Clause) -> bool {
        let text = clause.comparand.as_str();
        if clause.operator == Operator::Eq {
            return !matches!(Subject::parse(&self.issuer, text), Subject::Unknown(_));
        }
        let key = &text[..text.find([':', '*', '?']).unwrap_or(text.len())];
        let spelt = text[key.len()..].starts_with(':');
        match &self.issuer {
            Issuer::GitHub(_) => !spelt || github::is_claim(key),
            Issuer::GitLab { .. } => !spelt || matches!(key, "project_path" | "project_id"),
            Issuer::Terraform => !spelt || key == "organization",
            _ => true,
        }
    }

    fn witness(&self, clauses: &[Clause], control: Control<'_>, reachable: &Reachable) -> Answer<Token> {
        let anything = Glob::pattern("*");
        let glob = clauses.iter().find(|clause| clause.claim == "sub").map_or(&anything, Clause::glob);
        // What is doubtful includes all that is certain, so the common case, nothing, needs one search.
        if mint::find(glob, &reachable.doubtful) == Found::Nothing || self.claims_exclude(clauses, control) {
            return Answer::No;
        }
        for grammar in [&reachable.usual, &reachable.custom] {
            let Some(subject) = mint::find(glob, grammar).text() else { continue };
            match self.settle(&subject, clauses, control) {
                Answer::Unknown(Doubt::Unsettled) => {}
                answer => return answer,
            }
            if let Some(token) = self.agreeing(&subject, clauses, control) {
                return Answer::Yes(token);
            }
        }
        Answer::Unknown(Doubt::Unsettled)
    }

    /// The token of this subject, with every other claim that the condition looks at.
    fn settle(&self, subject: &str, clauses: &[Clause], control: Control<'_>) -> Answer<Token> {
        let mut token = Token { claims: self.derived(subject), subject: subject.to_owned() };
        let mut settled = true;
        for clause in clauses.iter().filter(|clause| clause.claim != "sub") {
            match self.complete(&mut token, clause, control) {
                Answer::Yes(()) => {}
                Answer::No => return Answer::No,
                Answer::Unknown(Doubt::Unsettled) => settled = false,
                Answer::Unknown(doubt) => return Answer::Unknown(doubt),
            }
        }
        let token = token.numbered();
        match self.accepts(&token) {
            Answer::Yes(()) if settled && self.is_mintable(&token.subject) => Answer::Yes(token),
            _ => Answer::Unknown(Doubt::Unsettled),
        }
    }

    /// The search names a new account anew in each place; a token names one throughout.
    fn agreeing(&self, subject: &str, clauses: &[Clause], control: Control<'_>) -> Option<Token> {
        if control != Control::Anyone || self.is_mintable(subject) {
            return None;
        }
        let spelt =
            |name: &str| clauses.iter().any(|clause| clause.comparand.split(['/', ':', '@']).any(|part| part == name));
        let parts: Vec<&str> = subject.split(':').collect();
        let named =
            parts.windows(2).filter(|pair| matches!(pair[0], "repo" | "repository" | "repository_owner" | "actor"));
        let names: BTreeSet<&str> =
            named.filter_map(|pair| pair[1].split(['/', '@']).next()).filter(|name| !spelt(name)).collect();
        names.into_iter().find_map(|name| {
            let account = Account { login: name.to_owned(), id: None };
            let control = Control::Person(&account);
            match self.witness(clauses, control, &*control.reachable(&self.issuer)?) {
                Answer::Yes(token) => Some(token),
                _ => None,
            }
        })
    }

    /// Whether another claim rules this control out, whatever the subject.
    fn claims_exclude(&self, clauses: &[Clause], control: Control<'_>) -> bool {
        let mut others = clauses.iter().filter(|clause| clause.claim != "sub");
        others.any(|clause| self.complete(&mut Token::default(), clause, control) == Answer::No)
    }

    /// Gives the token a value for one more claim, unless its subject already fixes one.
    fn complete(&self, token: &mut Token, clause: &Clause, control: Control<'_>) -> Answer<()> {
        let Some([certain, doubtful]) = control.claim(&self.issuer, &clause.claim) else {
            return Answer::Unknown(Doubt::UnknownClaim);
        };
        let sure = mint::find(clause.glob(), &certain).text();
        if sure.is_none() && mint::find(clause.glob(), &doubtful) == Found::Nothing {
            return Answer::No;
        }
        match (token.claims.get(&clause.claim), sure) {
            (Some(value), _) if clause.accepts(value) => Answer::Yes(()),
            (None, Some(value)) => {
                token.claims.insert(clause.claim.clone(), value);
                Answer::Yes(())
            }
            _ => Answer::Unknown(Doubt::Unsettled),
        }
    }

    /// The claims that a subject implies, save numbers that are not known yet.
    fn derived(&self, subject: &str) -> BTreeMap<String, String> {
        let mut token = Token::of(&self.issuer, &subject.replace(ASSIGNED, "0"));
        let assigned = |name: &str| subject.contains(ASSIGNED) && name.ends_with("_id");
        token.claims.retain(|name, _| !assigned(name));
        token.claims
    }

    /// The search knows the shape of names; the grammar also knows the rules that span a whole name.
    fn is_mintable(&self, subject: &str) -> bool {
        !matches!(Subject::parse(&self.issuer, subject), Subject::Unknown(_))
    }
}

impl Condition {
    fn flexible(text: String) -> Condition {
        match Expression::parse(&text) {
            Ok(expression) => Condition::Expression(expression),
            Err(reason) => Condition::NotUnderstood { text, reason },
        }
    }
}

impl Token {
    /// The token that carries this subject, with the claims that the subject implies.
    pub fn of(issuer: &Issuer, subject: &str) -> Token {
        let claims = match issuer {
            Issuer::GitHub(_) => GitHub::parse(subject).map(|github| github.claims()).unwrap_or_default(),
            _ => BTreeMap::new(),
        };
        Token { subject: subject.to_owned(), claims }
    }

    fn claim(&self, name: &str) -> Option<&str> {
        if name == "sub" { Some(&self.subject) } else { self.claims.get(name).map(String::as_str) }
    }

    /// With an example in the place of every number that the service will assign.
    fn numbered(mut self) -> Token {
        const EXAMPLE: &str = "999999999";
        self.subject = self.subject.replace(ASSIGNED, EXAMPLE);
        for value in self.claims.values_mut() {
            *value = value.replace(ASSIGNED, EXAMPLE);
        }
        self
    }
}

/// Whether a credential's subject or flexible expression accepts a subject of GitHub; nothing: it cannot be told.
pub fn subject_matches(subject_or_expression: &str, candidate: &str) -> Option<bool> {
    let condition = match Expression::is_meant(subject_or_expression) {
        false => Condition::Subject(subject_or_expression.to_owned()),
        true => Condition::flexible(subject_or_expression.to_owned()),
    };
    let issuer = Issuer::GitHub(super::GitHubHost::Public);
    let token = Token::of(&issuer, candidate);
    match (Trust { issuer, condition }).accepts(&token) {
        Answer::Yes(()) => Some(true),
        Answer::No => Some(false),
        Answer::Unknown(_) => None,
    }
}
