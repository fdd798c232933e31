//! Queries in Kusto's language: the templates of `checks/4-activity` and what may be put into them.
//! Foreign text gets into a query as a string literal only, through [`Kql::text`]; nothing here sends anything.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::model::stamp;

/// A piece of a query that cannot mean anything else than what it was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kql(String);

impl Kql {
    /// Our own words.
    pub fn of(words: &'static str) -> Kql {
        Kql(words.to_owned())
    }

    /// A string literal whose value is `text`. `None` for a text with a NUL or a line break, which is no name of anybody.
    ///
    /// Whatever is not a letter, a digit or plain punctuation is written as its number, so that no lexer can take it for
    /// the end of a line or of the literal.
    pub fn text(text: &str) -> Option<Kql> {
        let mut out = String::with_capacity(text.len() + 2);
        out.push('"');
        for c in text.chars() {
            match c {
                '\0' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => return None,
                '\\' | '"' => out.extend(['\\', c]),
                ' '..='~' => out.push(c),
                _ if c.is_alphanumeric() && u32::from(c) <= 0xFFFF => out.push(c),
                _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04X}"))),
            }
        }
        out.push('"');
        Some(Kql(out))
    }

    /// The name of a table. There is no safe way to quote one, so it has to need no quotes.
    pub fn table(name: &str) -> Option<Kql> {
        is_name(name).then(|| Kql(name.to_owned()))
    }

    /// An instant.
    pub fn instant(at: Timestamp) -> Kql {
        Kql(format!("datetime({})", stamp(at)))
    }

    /// A whole number.
    pub fn number(number: i64) -> Kql {
        Kql(number.to_string())
    }

    /// `name(first, second, …)`
    pub fn call(name: &'static str, arguments: &[Kql]) -> Kql {
        Kql(format!("{name}({})", joined(arguments, ", ")))
    }

    /// `left operator right`
    pub fn binary(left: &Kql, operator: &'static str, right: &Kql) -> Kql {
        Kql(format!("{} {operator} {}", left.0, right.0))
    }

    /// `(first, second, …)`
    pub fn list(values: &[Kql]) -> Kql {
        Kql(format!("({})", joined(values, ", ")))
    }

    /// `first or second or …`; `false` without any.
    pub fn any(conditions: &[Kql]) -> Kql {
        if conditions.is_empty() { Kql::of("false") } else { Kql(joined(conditions, " or ")) }
    }

    /// `first and second and …`
    pub fn all(conditions: &[Kql]) -> Kql {
        Kql(joined(conditions, " and "))
    }

    /// One line for each.
    pub fn lines(lines: &[Kql]) -> Kql {
        Kql(joined(lines, "\n"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn joined(parts: &[Kql], separator: &str) -> String {
    parts.iter().map(Kql::as_str).collect::<Vec<_>>().join(separator)
}

/// Whether a table or column of that name needs no quotes.
pub fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The queries that are asked, readable in `checks/4-activity/*.kql`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// Which columns there are.
    Schema,
    /// First and last record of any caller.
    Bounds,
    /// The hours with any record.
    HourlyActivity,
    /// When callers were last seen.
    LastActivity,
    /// Calls, counted by the hour.
    CallsByHour,
    /// Single calls.
    Calls,
    /// What one account changed in the directory, from a workspace.
    KeptAudits,
    /// Sign-ins of one account, from a workspace.
    KeptSignIns,
    /// What was changed about managed identities, from a workspace.
    KeptActivity,
}

impl Template {
    /// All of them.
    pub const ALL: [Template; 9] = [
        Template::Schema,
        Template::Bounds,
        Template::HourlyActivity,
        Template::LastActivity,
        Template::CallsByHour,
        Template::Calls,
        Template::KeptAudits,
        Template::KeptSignIns,
        Template::KeptActivity,
    ];

    /// Those that ask the tables of Entra and Azure, not that of the gateway.
    pub const KEPT: [Template; 3] = [Template::KeptAudits, Template::KeptSignIns, Template::KeptActivity];

    /// The name of its file.
    pub fn name(self) -> &'static str {
        match self {
            Template::Schema => "schema",
            Template::Bounds => "bounds",
            Template::HourlyActivity => "hourly-activity",
            Template::LastActivity => "last-activity",
            Template::CallsByHour => "calls-by-hour",
            Template::Calls => "calls",
            Template::KeptAudits => "kept-audits",
            Template::KeptSignIns => "kept-sign-ins",
            Template::KeptActivity => "kept-activity",
        }
    }

    /// Its text, with `{{placeholders}}`.
    pub fn text(self) -> &'static str {
        match self {
            Template::Schema => include_str!("../../../checks/4-activity/schema.kql"),
            Template::Bounds => include_str!("../../../checks/4-activity/bounds.kql"),
            Template::HourlyActivity => include_str!("../../../checks/4-activity/hourly-activity.kql"),
            Template::LastActivity => include_str!("../../../checks/4-activity/last-activity.kql"),
            Template::CallsByHour => include_str!("../../../checks/4-activity/calls-by-hour.kql"),
            Template::Calls => include_str!("../../../checks/4-activity/calls.kql"),
            Template::KeptAudits => include_str!("../../../checks/4-activity/kept-audits.kql"),
            Template::KeptSignIns => include_str!("../../../checks/4-activity/kept-sign-ins.kql"),
            Template::KeptActivity => include_str!("../../../checks/4-activity/kept-activity.kql"),
        }
    }

    /// The query with a piece for each of its placeholders; `value` gives nothing for one that stays empty.
    pub fn fill(self, value: impl Fn(&str) -> Option<Kql>) -> Query {
        let mut parts = self.text().split("{{");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (placeholder, rest) = part.split_once("}}").unwrap_or_default();
            text.push_str(value(placeholder).as_ref().map_or("", Kql::as_str));
            text.push_str(rest);
        }
        Query { template: self, text }
    }
}

/// A query that can be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    template: Template,
    text: String,
}

impl Query {
    /// Where it comes from.
    pub fn template(&self) -> Template {
        self.template
    }

    /// What is sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text, in hexadecimal.
    pub fn sha256(&self) -> String {
        Sha256::digest(&self.text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a literal back as Kusto's manual describes it.
    fn decoded(literal: &str) -> Option<String> {
        let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
        let (mut units, mut rest) = (Vec::new(), inner.chars());
        while let Some(c) = rest.next() {
            match c {
                '"' => return None,
                '\\' => match rest.next()? {
                    c @ ('\\' | '"') => units.push(c as u16),
                    'u' => {
                        let digits: String = rest.by_ref().take(4).collect();
                        units.push(u16::from_str_radix(&digits, 16).ok()?);
                    }
                    _ => return None,
                },
                c => units.extend(c.encode_utf16(&mut [0; 2]).iter()),
            }
        }
        String::from_utf16(&units).ok()
    }

    proptest! {
        #[test]
        fn a_literal_holds_exactly_the_text(text in any::<String>()) {
            match Kql::text(&text) {
                Some(literal) => {
                    prop_assert_eq!(decoded(literal.as_str()), Some(text));
                    prop_assert!(!literal.as_str().contains(char::is_control));
                }
                None => {
                    let refused = text.contains(['\0', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
                    prop_assert!(refused);
                }
            }
        }

        #[test]
        fn a_table_needs_no_quotes(text in any::<String>()) {
            if Kql::table(&text).is_some() {
                prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
                prop_assert!(!text.starts_with(|c: char| c.is_ascii_digit()));
            }
        }
    }

    #[test]
    fn ordinary_names_stay_readable() {
        for text in ["alice@contoso.com", "siobhan.o'connor@contoso.com", "jörg@contoso.de", "a b-c_d#EXT#@x"] {
            assert_eq!(Kql::text(text).unwrap().as_str(), format!("\"{text}\""));
        }
        assert_eq!(Kql::text("a\"b\\\u{202e}\t").unwrap().as_str(), r#""a\"b\\\u202E\u0009""#);
        assert_eq!(Kql::text("a\nb"), None);
    }

    #[test]
    fn every_placeholder_is_filled() {
        for template in Template::ALL {
            let query = template.fill(|name| Some(Kql::of(if name == "table" { "T" } else { "x" })));
            assert!(query.text().starts_with(&format!("// leaver: {}\n", template.name())), "{}", query.text());
            assert!(query.text().contains("\nT\n") && !query.text().contains(['{', '}']), "{}", query.text());
        }
    }
}
