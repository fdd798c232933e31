//! The part of OData `$filter` that Microsoft Graph documents: parsed, checked against what a collection can be
//! filtered by, and applied. What is not understood is an error, never "everything".

mod parse;

use jiff::Timestamp;
use serde_json::Value;

/// How a property is compared, hence how its literals are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Quoted.
    Text,
    /// Not quoted.
    Guid,
    /// Not quoted.
    Date,
    /// `true` or `false`.
    Bool,
    /// A number, as `x/$count` is.
    Number,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter(Expr);

#[derive(Debug, Clone, PartialEq)]
enum Expr {
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Compare { path: Path, op: Op, value: Literal },
    Starts { path: Path, text: Literal },
    Ends { path: Path, text: Literal },
    In { path: Path, values: Vec<Literal> },
    Any { path: Path, inner: Box<Expr> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Eq,
    Ne,
    Ge,
    Gt,
    Le,
    Lt,
}

/// A property path; `outer` is the collection that an `any(…)` around it ranges over.
#[derive(Debug, Clone, PartialEq)]
struct Path {
    outer: Option<String>,
    parts: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
struct Literal {
    text: String,
    quoted: bool,
}

impl Filter {
    /// Parses a filter and holds it against the properties that can be filtered by.
    pub(super) fn parse(text: &str, allowed: &[(&str, Kind)]) -> Result<Filter, String> {
        let expr = parse::expression(text)?;
        expr.check(allowed)?;
        Ok(Filter(expr))
    }

    /// Whether Graph answers it only with `ConsistencyLevel: eventual` and `$count=true`.
    pub(super) fn is_advanced(&self) -> bool {
        self.0.any(&|expr| match expr {
            Expr::Not(_) | Expr::Ends { .. } | Expr::Compare { op: Op::Ne, .. } => true,
            Expr::Compare { path, .. } => path.parts.last().is_some_and(|part| part == "$count"),
            _ => false,
        })
    }

    pub(super) fn mentions(&self, property: &str) -> bool {
        self.0.any(&|expr| expr.path().is_some_and(|path| path.full().split('/').next() == Some(property)))
    }

    /// The text that a property must equal, when the filter says that and nothing else.
    pub(super) fn sole_equality(&self, property: &str) -> Option<&str> {
        match &self.0 {
            Expr::Compare { path, op: Op::Eq, value } if path.full() == property => Some(&value.text),
            _ => None,
        }
    }

    /// Whether a row stays. `count` tells how many objects a relation of the row has.
    pub(super) fn keeps(&self, row: &Value, count: &dyn Fn(&str) -> usize) -> bool {
        self.0.holds(row, count)
    }
}

impl Expr {
    fn path(&self) -> Option<&Path> {
        match self {
            Expr::Compare { path, .. } | Expr::Starts { path, .. } | Expr::Ends { path, .. } => Some(path),
            Expr::In { path, .. } | Expr::Any { path, .. } => Some(path),
            Expr::And(..) | Expr::Or(..) | Expr::Not(_) => None,
        }
    }

    fn literals(&self) -> &[Literal] {
        match self {
            Expr::Compare { value, .. } => std::slice::from_ref(value),
            Expr::Starts { text, .. } | Expr::Ends { text, .. } => std::slice::from_ref(text),
            Expr::In { values, .. } => values,
            _ => &[],
        }
    }

    fn any(&self, is: &dyn Fn(&Expr) -> bool) -> bool {
        is(self)
            || match self {
                Expr::And(left, right) | Expr::Or(left, right) => left.any(is) || right.any(is),
                Expr::Not(inner) | Expr::Any { inner, .. } => inner.any(is),
                _ => false,
            }
    }

    fn check(&self, allowed: &[(&str, Kind)]) -> Result<(), String> {
        match self {
            Expr::And(left, right) | Expr::Or(left, right) => left.check(allowed).and_then(|()| right.check(allowed)),
            Expr::Not(inner) | Expr::Any { inner, .. } => inner.check(allowed),
            Expr::Compare { path, .. }
            | Expr::Starts { path, .. }
            | Expr::Ends { path, .. }
            | Expr::In { path, .. } => {
                let path = path.full();
                let kind = allowed.iter().find(|(name, _)| *name == path).map(|(_, kind)| *kind);
                let kind = kind.ok_or_else(|| format!("Unsupported or invalid query filter clause for '{path}'."))?;
                match self.literals().iter().find(|literal| !literal.fits(kind)) {
                    Some(literal) => Err(format!("'{}' does not have the type of '{path}'.", literal.text)),
                    None => Ok(()),
                }
            }
        }
    }

    fn holds(&self, row: &Value, count: &dyn Fn(&str) -> usize) -> bool {
        match self {
            Expr::And(left, right) => left.holds(row, count) && right.holds(row, count),
            Expr::Or(left, right) => left.holds(row, count) || right.holds(row, count),
            Expr::Not(inner) => !inner.holds(row, count),
            Expr::Compare { path, op, value } => match path.parts.as_slice() {
                [relation, last] if last == "$count" => {
                    op.accepts(value.text.parse::<usize>().ok().map(|wanted| count(relation).cmp(&wanted)))
                }
                _ => op.compare(path.of(row), value),
            },
            Expr::Starts { path, text } => path.text_of(row).is_some_and(|have| have.starts_with(&text.folded())),
            Expr::Ends { path, text } => path.text_of(row).is_some_and(|have| have.ends_with(&text.folded())),
            Expr::In { path, values } => values.iter().any(|value| Op::Eq.compare(path.of(row), value)),
            Expr::Any { path, inner } => path
                .of(row)
                .and_then(Value::as_array)
                .is_some_and(|items| items.iter().any(|item| inner.holds(item, count))),
        }
    }
}

impl Op {
    fn compare(self, have: Option<&Value>, wanted: &Literal) -> bool {
        let have = have.filter(|value| !value.is_null());
        let is_null = !wanted.quoted && wanted.text == "null";
        match (have, is_null) {
            (None, true) => matches!(self, Op::Eq),
            (None, false) | (Some(_), true) => matches!(self, Op::Ne),
            (Some(have), false) => self.accepts(wanted.order(have)),
        }
    }

    fn accepts(self, order: Option<std::cmp::Ordering>) -> bool {
        order.is_some_and(|order| match self {
            Op::Eq => order.is_eq(),
            Op::Ne => order.is_ne(),
            Op::Ge => order.is_ge(),
            Op::Gt => order.is_gt(),
            Op::Le => order.is_le(),
            Op::Lt => order.is_lt(),
        })
    }
}

impl Path {
    fn full(&self) -> String {
        let outer = self.outer.iter();
        outer.chain(&self.parts).map(String::as_str).collect::<Vec<_>>().join("/")
    }

    /// Keys are compared without case: audit records mix `type` and `Type`.
    fn of<'a>(&self, row: &'a Value) -> Option<&'a Value> {
        self.parts.iter().try_fold(row, |value, part| {
            value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(part)).map(|(_, value)| value)
        })
    }

    fn text_of(&self, row: &Value) -> Option<String> {
        self.of(row).and_then(Value::as_str).map(str::to_lowercase)
    }
}

impl Literal {
    fn fits(&self, kind: Kind) -> bool {
        match kind {
            _ if !self.quoted && self.text == "null" => true,
            Kind::Text => self.quoted,
            Kind::Guid => !self.quoted,
            Kind::Date => !self.quoted && self.instant().is_some(),
            Kind::Bool => !self.quoted && matches!(self.text.as_str(), "true" | "false"),
            Kind::Number => !self.quoted && self.text.parse::<usize>().is_ok(),
        }
    }

    fn folded(&self) -> String {
        self.text.to_lowercase()
    }

    fn instant(&self) -> Option<Timestamp> {
        self.text.parse().ok().or_else(|| format!("{}T00:00:00Z", self.text).parse().ok())
    }

    /// How a value of a row stands to this one; nothing when they cannot be compared.
    fn order(&self, have: &Value) -> Option<std::cmp::Ordering> {
        match have {
            Value::String(have) if self.quoted => Some(have.to_lowercase().cmp(&self.folded())),
            Value::String(have) => match (have.parse::<Timestamp>().ok(), self.instant()) {
                (Some(have), Some(wanted)) => Some(have.cmp(&wanted)),
                _ => Some(have.to_lowercase().cmp(&self.folded())),
            },
            Value::Bool(have) => Some(have.cmp(&self.text.parse().ok()?)),
            Value::Number(have) => Some(have.as_i64()?.cmp(&self.text.parse().ok()?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ALLOWED: &[(&str, Kind)] = &[
        ("mail", Kind::Text),
        ("otherMails", Kind::Text),
        ("at", Kind::Date),
        ("enabled", Kind::Bool),
        ("resourceId", Kind::Guid),
        ("owners/$count", Kind::Number),
        ("by/user/id", Kind::Text),
        ("targets/id", Kind::Text),
    ];

    fn keeps(filter: &str) -> bool {
        let row = json!({
            "mail": "O'Brien@contoso.example", "otherMails": ["a@x", "b@x"], "at": "2026-05-01T10:00:00.5Z",
            "enabled": true, "resourceId": "0e000000-0000-4000-8000-000000000001", "none": null,
            "by": {"user": {"id": "u1"}, "app": null}, "targets": [{"Id": "t1"}, {"id": "t2"}],
        });
        Filter::parse(filter, ALLOWED).unwrap().keeps(&row, &|_| 2)
    }

    #[test]
    fn the_documented_forms() {
        assert!(keeps("mail eq 'o''brien@CONTOSO.example'"));
        assert!(keeps("startswith(mail,'o''b')") && keeps("startsWith(mail, 'O')"));
        assert!(!keeps("startswith(mail,'b')") && keeps("endswith(mail,'.example')"));
        assert!(keeps("otherMails/any(x:x eq 'B@x')") && !keeps("otherMails/any(x: x eq 'c@x')"));
        assert!(keeps("targets/any(t:t/id eq 't1')") && keeps("targets/any(t: startswith(t/id,'t'))"));
        assert!(keeps("at ge 2026-05-01T10:00:00Z and at le 2026-05-01T11:00:00Z"));
        assert!(keeps("at ge 2026-05-01") && !keeps("at lt 2026-05-01"));
        assert!(keeps("by/user/id eq 'u1' and (enabled eq false or enabled eq true)"));
        assert!(keeps("not(owners/$count eq 0)") && keeps("not (enabled eq false)"));
        assert!(keeps("resourceId eq 0e000000-0000-4000-8000-000000000001"));
        assert!(keeps("mail in ('a', 'o''brien@contoso.example')") && !keeps("mail eq null"));
        assert!(!keeps("mail eq 'x' and mail eq 'y' or enabled eq false"));
    }

    #[test]
    fn what_is_not_understood_is_an_error() {
        for filter in [
            "",
            "mail",
            "mail eq",
            "mail eq x",
            "mail eq 'x",
            "mail like 'x'",
            "mail eq 'x' and",
            "(mail eq 'x'",
            "mail eq 'x')",
            "foo eq 'x'",
            "enabled eq 'true'",
            "at ge '2026-05-01'",
            "at ge yesterday",
            "resourceId eq '0e000000-0000-4000-8000-000000000001'",
            "otherMails/any(x:y eq 'a')",
            "otherMails/all(x:x eq 'a')",
            "contains(mail,'x')",
        ] {
            assert!(Filter::parse(filter, ALLOWED).is_err(), "{filter}");
        }
        let deep = format!("{}mail eq 'x'{}", "(".repeat(5000), ")".repeat(5000));
        assert!(Filter::parse(&deep, ALLOWED).is_err());
    }

    #[test]
    fn advanced_queries_are_recognised() {
        let advanced = |filter| Filter::parse(filter, ALLOWED).unwrap().is_advanced();
        assert!(advanced("mail ne 'x'") && advanced("endswith(mail,'x')") && advanced("owners/$count eq 0"));
        assert!(!advanced("mail eq 'x' and startswith(mail,'x')"));
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in ".{0,60}") {
            let _ = Filter::parse(&text, ALLOWED);
        }

        #[test]
        fn a_quoted_literal_matches_exactly_its_text(mail in "[ -~]{0,20}", other in "[ -~]{0,20}") {
            let filter = Filter::parse(&format!("mail eq '{}'", mail.replace('\'', "''")), ALLOWED).unwrap();
            let keeps = |mail: &str| filter.keeps(&json!({ "mail": mail }), &|_| 0);
            prop_assert!(keeps(&mail));
            prop_assert_eq!(keeps(&other), mail.eq_ignore_ascii_case(&other));
        }
    }
}
