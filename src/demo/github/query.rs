//! The part of GraphQL's grammar that a query uses: variables, fields, aliases, arguments, fragments. Variables are put
//! in while reading. Anything else is refused. No data.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::{Map, Value};

/// One field of a selection.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    /// What it is called in the answer.
    pub(super) key: String,
    pub(super) arguments: BTreeMap<String, Value>,
    pub(super) selection: Vec<Selection>,
}

/// A field, or fields that only a type has.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Selection {
    Field(Field),
    On(Option<String>, Vec<Selection>),
    Spread(String),
}

/// What a document asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Document {
    pub(super) selection: Vec<Selection>,
    /// Named fragments: the type, and what they select.
    pub(super) fragments: BTreeMap<String, (Option<String>, Vec<Selection>)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Literal(Value),
    Mark(char),
    Dots,
}

/// Reads a document with one query.
pub(super) fn parse(text: &str, variables: &Value) -> Result<Document, String> {
    let mut parser = Parser {
        tokens: tokens(text)?.into_iter().peekable(),
        variables: variables.as_object().cloned().unwrap_or_default(),
    };
    let mut document = Document::default();
    while let Some(token) = parser.tokens.peek().cloned() {
        match token {
            Token::Mark('{') => document.selection = parser.selection()?,
            Token::Name(name) if name == "query" => document.selection = parser.operation()?,
            Token::Name(name) if name == "fragment" => {
                parser.tokens.next();
                let name = parser.name()?;
                let on = parser.condition()?;
                document.fragments.insert(name, (on, parser.selection()?));
            }
            other => return Err(format!("{other:?} where a query should begin")),
        }
    }
    Ok(document)
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => string(rest, &mut found)?,
            '.' if rest.starts_with("...") => {
                found.push(Token::Dots);
                3
            }
            '-' | '0'..='9' => {
                let length = rest.find(|c: char| !matches!(c, '-' | '.' | '0'..='9')).unwrap_or(rest.len());
                let number = rest[..length].parse::<i64>().map_err(|_| format!("the number {}", &rest[..length]))?;
                found.push(Token::Literal(number.into()));
                length
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                found.push(Token::Name(rest[..length].to_owned()));
                length
            }
            '{' | '}' | '(' | ')' | '[' | ']' | ':' | '$' | '!' | '=' => {
                found.push(Token::Mark(first));
                1
            }
            other => return Err(format!("the character {other:?}")),
        };
        rest = rest[length..].trim_start_matches(is_blank);
    }
    Ok(found)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == ','
}

fn string(rest: &str, found: &mut Vec<Token>) -> Result<usize, String> {
    let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<String>();
    let text = stream.next().and_then(Result::ok).ok_or("a string without an end")?;
    found.push(Token::Literal(text.into()));
    Ok(stream.byte_offset())
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    variables: Map<String, Value>,
}

impl Parser {
    fn takes(&mut self, mark: char) -> bool {
        self.tokens.next_if_eq(&Token::Mark(mark)).is_some()
    }

    fn expect(&mut self, mark: char) -> Result<(), String> {
        if self.takes(mark) { Ok(()) } else { Err(format!("{:?} instead of {mark:?}", self.tokens.peek())) }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.tokens.next() {
            Some(Token::Name(name)) => Ok(name),
            other => Err(format!("{other:?} instead of a name")),
        }
    }

    fn operation(&mut self) -> Result<Vec<Selection>, String> {
        self.name()?;
        if matches!(self.tokens.peek(), Some(Token::Name(_))) {
            self.name()?;
        }
        if self.takes('(') {
            while !self.takes(')') {
                self.variable()?;
            }
        }
        self.selection()
    }

    /// `$first: Int! = 50`: only the default matters.
    fn variable(&mut self) -> Result<(), String> {
        self.expect('$')?;
        let name = self.name()?;
        self.expect(':')?;
        while self.takes('[')
            || self.takes(']')
            || self.takes('!')
            || matches!(self.tokens.peek(), Some(Token::Name(_)))
        {
            self.tokens.next_if(|token| matches!(token, Token::Name(_)));
        }
        if self.takes('=') {
            let default = self.value()?;
            self.variables.entry(name).or_insert(default);
        }
        Ok(())
    }

    fn condition(&mut self) -> Result<Option<String>, String> {
        match self.tokens.next_if(|token| *token == Token::Name("on".to_owned())) {
            Some(_) => self.name().map(Some),
            None => Ok(None),
        }
    }

    fn selection(&mut self) -> Result<Vec<Selection>, String> {
        self.expect('{')?;
        let mut selection = Vec::new();
        while !self.takes('}') {
            if self.tokens.next_if_eq(&Token::Dots).is_none() {
                selection.push(Selection::Field(self.field()?));
                continue;
            }
            let is_spread = matches!(self.tokens.peek(), Some(Token::Name(name)) if name != "on");
            selection.push(match is_spread {
                true => Selection::Spread(self.name()?),
                false => Selection::On(self.condition()?, self.selection()?),
            });
        }
        Ok(selection)
    }

    fn field(&mut self) -> Result<Field, String> {
        let key = self.name()?;
        let name = if self.takes(':') { self.name()? } else { key.clone() };
        let mut arguments = BTreeMap::new();
        if self.takes('(') {
            while !self.takes(')') {
                let name = self.name()?;
                self.expect(':')?;
                arguments.insert(name, self.value()?);
            }
        }
        let selection = match self.tokens.peek() {
            Some(Token::Mark('{')) => self.selection()?,
            _ => Vec::new(),
        };
        Ok(Field { name, key, arguments, selection })
    }

    fn value(&mut self) -> Result<Value, String> {
        match self.tokens.next() {
            Some(Token::Literal(value)) => Ok(value),
            Some(Token::Mark('$')) => {
                let name = self.name()?;
                Ok(self.variables.get(&name).cloned().unwrap_or_default())
            }
            Some(Token::Mark('[')) => {
                let mut items = Vec::new();
                while !self.takes(']') {
                    items.push(self.value()?);
                }
                Ok(Value::Array(items))
            }
            Some(Token::Mark('{')) => {
                let mut fields = Map::new();
                while !self.takes('}') {
                    let name = self.name()?;
                    self.expect(':')?;
                    fields.insert(name, self.value()?);
                }
                Ok(Value::Object(fields))
            }
            Some(Token::Name(name)) => Ok(match name.as_str() {
                "true" => true.into(),
                "false" => false.into(),
                "null" => Value::Null,
                _ => name.into(),
            }),
            other => Err(format!("{other:?} instead of a value")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn variables_defaults_aliases_and_fragments() {
        let text = "query Find($org: String!, $first: Int = 50, $after: String) {\n  # comment\n  organization(login: $org) { \
                    repositories(first: $first, after: $after, orderBy: {field: NAME}) { nodes { ...Known, wf: object(expression: \"HEAD:x\") \
                    { ... on Tree { entries { name } } } } } } } fragment Known on Repository { name }";
        let document = parse(text, &json!({ "org": "contoso" })).unwrap();
        let Selection::Field(organization) = &document.selection[0] else { panic!() };
        assert_eq!(organization.arguments["login"], "contoso");
        let Selection::Field(repositories) = &organization.selection[0] else { panic!() };
        assert_eq!(repositories.arguments["first"], 50);
        assert_eq!(repositories.arguments["after"], Value::Null);
        assert_eq!(repositories.arguments["orderBy"], json!({ "field": "NAME" }));
        assert_eq!(document.fragments["Known"].0.as_deref(), Some("Repository"));
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for text in ["mutation X { y }", "query {", "{ a(b: ) }", "{ a % }", "{ a(b: \"x) }", "}"] {
            assert!(parse(text, &Value::Null).is_err(), "{text}");
        }
    }
}
