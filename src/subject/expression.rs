//! The language of flexible federated credentials: `claims['sub'] matches 'repo:o/r:*' and claims['x'] eq 'y'`.
//! It reads what the documentation prints, typographic quotes included, and says so when it cannot: never "no match".
//!
//! <https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials>

use super::glob::Glob;

/// The longest text that is read; the service accepts far less.
const LIMIT: usize = 4096;

/// All clauses must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    clauses: Vec<Clause>,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The claim looked up, such as `sub`.
    pub claim: String,
    /// How it is compared.
    pub operator: Operator,
    /// What it is compared with, as written.
    pub comparand: String,
    glob: Glob,
}

/// The two operators of language version 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// Equal, character for character.
    Eq,
    /// Equal but for `*` and `?`.
    Matches,
}

/// Why an expression could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NotUnderstood {
    /// Longer than any expression that the service accepts.
    #[error("the expression is longer than the service accepts")]
    TooLong,
    /// No `claims['…']` where one must stand.
    #[error("a claim look-up is missing")]
    Lookup,
    /// Neither `eq` nor `matches`.
    #[error("the operator is neither `eq` nor `matches`")]
    Operator,
    /// A quote that does not close, or quotes inside quotes.
    #[error("the quotes of a value do not pair")]
    Quotes,
    /// Something other than `and` between two clauses.
    #[error("clauses are joined by something other than `and`")]
    Join,
    /// A value that looks like a regular expression, which `matches` is not.
    #[error("a value looks like a regular expression")]
    RegularExpression,
    /// A value that is empty, or holds a placeholder that nobody filled in.
    #[error("a value is empty")]
    Empty,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first thing that is not understood. The caller must treat that as unknown.
    pub fn parse(text: &str) -> Result<Expression, NotUnderstood> {
        if text.len() > LIMIT {
            return Err(NotUnderstood::TooLong);
        }
        let plain = plain_quotes(text);
        let mut rest = unwrap(&plain);
        let mut clauses = Vec::new();
        loop {
            let (clause, after) = clause(rest)?;
            clauses.push(clause);
            match joined(after)? {
                Some(next) => rest = next,
                None => return Ok(Expression { clauses }),
            }
        }
    }

    /// Whether a text is meant as an expression rather than as a plain subject.
    pub fn is_meant(text: &str) -> bool {
        plain_quotes(text).trim_start_matches([' ', '\t', '\r', '\n', '"']).starts_with("claims[")
    }

    /// The clauses, in the order written.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }
}

impl Clause {
    /// Whether a claim of this value satisfies the clause.
    pub fn accepts(&self, value: &str) -> bool {
        self.glob.matches(value)
    }

    pub(super) fn new(claim: &str, operator: Operator, comparand: &str) -> Clause {
        let glob = match operator {
            Operator::Eq => Glob::literal(comparand),
            Operator::Matches => Glob::pattern(comparand),
        };
        Clause { claim: claim.to_owned(), operator, comparand: comparand.to_owned(), glob }
    }

    pub(super) fn glob(&self) -> &Glob {
        &self.glob
    }
}

/// Word processors and the vendor's own page print curly quotes.
fn plain_quotes(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{2018}' | '\u{2019}' => '\'',
            '\u{201C}' | '\u{201D}' => '"',
            c => c,
        })
        .collect()
}

/// Without double quotes around the whole, and the full stop that the documentation's example carries.
fn unwrap(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(text).trim();
    match text.strip_suffix('.') {
        Some(without) if without.ends_with('\'') => without,
        _ => text,
    }
}

fn clause(text: &str) -> Result<(Clause, &str), NotUnderstood> {
    let (claim, rest) = lookup(text.trim_start()).ok_or(NotUnderstood::Lookup)?;
    let (word, rest) = rest.trim_start().split_once(char::is_whitespace).ok_or(NotUnderstood::Operator)?;
    let operator = match word {
        "eq" => Operator::Eq,
        "matches" => Operator::Matches,
        _ => return Err(NotUnderstood::Operator),
    };
    let (comparand, rest) = comparand(rest.trim_start())?;
    if comparand.is_empty() {
        return Err(NotUnderstood::Empty);
    }
    if operator == Operator::Matches && looks_regular(comparand) {
        return Err(NotUnderstood::RegularExpression);
    }
    Ok((Clause::new(claim, operator, comparand), rest))
}

fn lookup(text: &str) -> Option<(&str, &str)> {
    let (claim, rest) = text.strip_prefix("claims['")?.split_once("']")?;
    let named = !claim.is_empty() && claim.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    (named && rest.starts_with(char::is_whitespace)).then_some((claim, rest))
}

/// A value in single quotes, or, as one published example has it, a single word without any.
fn comparand(text: &str) -> Result<(&str, &str), NotUnderstood> {
    if let Some(inner) = text.strip_prefix('\'') {
        let (value, rest) = inner.split_once('\'').ok_or(NotUnderstood::Quotes)?;
        let ends = rest.is_empty() || rest.starts_with(char::is_whitespace);
        return if ends { Ok((value, rest)) } else { Err(NotUnderstood::Quotes) };
    }
    let (value, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
    if value.contains(['\'', '"']) { Err(NotUnderstood::Quotes) } else { Ok((value, rest)) }
}

fn joined(rest: &str) -> Result<Option<&str>, NotUnderstood> {
    let rest = rest.trim();
    if rest.is_empty() {
        return Ok(None);
    }
    match rest.strip_prefix("and") {
        Some(next) if next.starts_with(char::is_whitespace) => Ok(Some(next)),
        _ => Err(NotUnderstood::Join),
    }
}

/// `(a|b)` or `/.*` is accepted when a credential is saved, yet nobody documents what it then matches.
fn looks_regular(value: &str) -> bool {
    let dotted = value.match_indices(".*").any(|(at, _)| at == 0 || value[..at].ends_with(['/', ':', '@']));
    dotted || value.contains(['(', ')', '|', '[', ']', '{', '}', '^', '$', '\\', '+'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_documentation_prints_is_read() {
        let plain = Expression::parse("claims['sub'] matches 'repo:contoso/app:ref:refs/heads/*'").unwrap();
        for same in [
            "claims[‘sub’] matches ‘repo:contoso/app:ref:refs/heads/*’",
            "\"claims['sub'] matches 'repo:contoso/app:ref:refs/heads/*'.\"",
            "“claims[‘sub’] matches ‘repo:contoso/app:ref:refs/heads/*’”",
            "  claims['sub']  matches\t'repo:contoso/app:ref:refs/heads/*' ",
            "claims['sub'] matches repo:contoso/app:ref:refs/heads/*",
        ] {
            assert_eq!(Expression::parse(same).as_ref(), Ok(&plain), "{same}");
            assert!(Expression::is_meant(same));
        }
        let two =
            Expression::parse("claims['sub'] eq 'a and b' and claims['job_workflow_ref'] matches 'o/r /x*'").unwrap();
        let read: Vec<_> = two.clauses().iter().map(|c| (c.claim.as_str(), c.operator, c.comparand.as_str())).collect();
        assert_eq!(read, [("sub", Operator::Eq, "a and b"), ("job_workflow_ref", Operator::Matches, "o/r /x*")]);
    }

    #[test]
    fn everything_else_says_why_not() {
        for (text, reason) in [
            ("", NotUnderstood::Lookup),
            ("sub eq 'a'", NotUnderstood::Lookup),
            ("claims[\"sub\"] eq 'a'", NotUnderstood::Lookup),
            ("claims['sub']eq 'a'", NotUnderstood::Lookup),
            ("claims['sub'] eq 'a' and", NotUnderstood::Join),
            ("claims['sub'] eq 'a' and ", NotUnderstood::Join),
            ("claims['sub'] startswith 'a'", NotUnderstood::Operator),
            ("claims['sub'] EQ 'a'", NotUnderstood::Operator),
            ("claims['sub'] eq", NotUnderstood::Operator),
            ("claims['sub'] eq ''", NotUnderstood::Empty),
            ("claims['sub'] eq 'a", NotUnderstood::Quotes),
            ("claims['sub'] eq 'it''s'", NotUnderstood::Quotes),
            ("claims['sub'] eq 'a' or claims['sub'] eq 'b'", NotUnderstood::Join),
            ("claims['sub'] eq 'a' && claims['sub'] eq 'b'", NotUnderstood::Join),
            ("claims['sub'] matches 'repo:(a|b)/x:*'", NotUnderstood::RegularExpression),
            ("claims['sub'] matches 'repo:a/.*'", NotUnderstood::RegularExpression),
            (&format!("claims['sub'] eq '{}'", "x".repeat(LIMIT)), NotUnderstood::TooLong),
        ] {
            assert_eq!(Expression::parse(text), Err(reason), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            claims in prop::collection::vec(("[a-z_]{1,8}", "[a-z:/*? @.]{1,12}", any::<bool>()), 1..4),
        ) {
            let text: Vec<String> = claims
                .iter()
                .map(|(claim, value, exact)| {
                    format!("claims['{claim}'] {} '{value}'", if *exact { "eq" } else { "matches" })
                })
                .collect();
            let regular = claims.iter().any(|(_, value, exact)| !exact && looks_regular(value));
            match Expression::parse(&text.join(" and ")) {
                Ok(read) => {
                    let clause = |c: &Clause| (c.claim.clone(), c.comparand.clone(), c.operator == Operator::Eq);
                    let read: Vec<_> = read.clauses().iter().map(clause).collect();
                    prop_assert_eq!(read, claims);
                }
                Err(reason) => prop_assert!(regular && reason == NotUnderstood::RegularExpression),
            }
        }
    }
}
