//! A query as its parts: which table, which rows, what is counted by whom, and which counts are kept.

use std::collections::BTreeMap;

use super::expression::{Expression, Reader, Token, tokens};

/// One step of a query behind its table.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// Rows that are kept.
    Where(Expression),
    /// Columns that are added, with what they are.
    Extend(Vec<(String, Expression)>),
    /// Rows that are counted together: names and what they are, and by what.
    Summarize(Vec<(String, Expression)>, Vec<(String, Expression)>),
    /// It changes neither which rows there are nor what they say.
    Shape,
    /// Something else.
    Other(String),
}

/// A query that could be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The table, and those that are put together with it.
    pub tables: Vec<String>,
    pub(super) stages: Vec<Stage>,
    pub(super) lets: BTreeMap<String, Expression>,
}

/// Reads a query; `None` where its structure is not understood at all.
pub fn read(text: &str) -> Option<Reading> {
    let tokens = tokens(text)?;
    let mut lets = BTreeMap::new();
    let mut tables: BTreeMap<String, Reading> = BTreeMap::new();
    let mut last = None;
    for statement in
        tokens.split(|token| *token == Token::Mark(";".to_owned())).filter(|statement| !statement.is_empty())
    {
        let mut reader = Reader::new(statement);
        if reader.word("let") {
            let Some(Token::Word(name)) = reader.peek() else { return None };
            reader.at += 1;
            if !reader.mark("=") {
                return None;
            }
            let rest = &statement[reader.at..];
            let has_bar = rest.contains(&Token::Mark("|".to_owned()));
            match whole(rest).filter(|_| !has_bar) {
                Some(value) => drop(lets.insert(name.to_lowercase(), value)),
                None => drop(tables.insert(name.to_lowercase(), pipeline(rest, &tables)?)),
            }
        } else if reader.word("set") || reader.word("declare") {
        } else {
            last = Some(pipeline(statement, &tables)?);
        }
    }
    let mut reading = last?;
    reading.lets = lets;
    Some(reading)
}

fn whole(tokens: &[Token]) -> Option<Expression> {
    let mut reader = Reader::new(tokens);
    let value = reader.expression()?;
    (reader.at == tokens.len()).then_some(value)
}

fn pipeline(tokens: &[Token], known: &BTreeMap<String, Reading>) -> Option<Reading> {
    let mut parts = bars(tokens).into_iter();
    let mut reading = source(parts.next()?, known)?;
    for part in parts {
        reading.stages.push(stage(part)?);
    }
    Some(reading)
}

/// Split at the bars outside brackets.
fn bars(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut all, mut from, mut depth) = (Vec::new(), 0, 0_i32);
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark(mark) if mark == "(" || mark == "{" => depth += 1,
            Token::Mark(mark) if mark == ")" || mark == "}" => depth -= 1,
            Token::Mark(mark) if mark == "|" && depth == 0 => {
                all.push(&tokens[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    all.push(&tokens[from..]);
    all
}

fn source(tokens: &[Token], known: &BTreeMap<String, Reading>) -> Option<Reading> {
    let none = |tables: Vec<String>| Reading { tables, stages: Vec::new(), lets: BTreeMap::new() };
    match tokens {
        [Token::Word(name)] => {
            Some(known.get(&name.to_lowercase()).cloned().unwrap_or_else(|| none(vec![name.clone()])))
        }
        [Token::Word(union), rest @ ..] if union.eq_ignore_ascii_case("union") => {
            let names: Vec<String> = rest
                .iter()
                .filter_map(|token| match token {
                    Token::Word(name)
                        if !["isfuzzy", "true", "false", "withsource"].contains(&name.to_lowercase().as_str()) =>
                    {
                        Some(name.clone())
                    }
                    _ => None,
                })
                .collect();
            Some(none(names))
        }
        [Token::Word(name), Token::Mark(open), Token::Text(table), Token::Mark(close)]
            if open == "(" && close == ")" && name.eq_ignore_ascii_case("table") =>
        {
            Some(none(vec![table.clone()]))
        }
        [Token::Mark(open), inner @ .., Token::Mark(close)] if open == "(" && close == ")" => pipeline(inner, known),
        _ => None,
    }
}

fn stage(tokens: &[Token]) -> Option<Stage> {
    let mut reader = Reader::new(tokens);
    let Some(Token::Word(name)) = reader.peek() else { return None };
    reader.at += 1;
    let rest = &tokens[reader.at..];
    Some(match name.to_lowercase().as_str() {
        "where" | "filter" => whole(rest).map_or_else(|| Stage::Other(name.clone()), Stage::Where),
        "extend" => named(rest).map_or_else(|| Stage::Other(name.clone()), Stage::Extend),
        "summarize" => summarize(rest).unwrap_or_else(|| Stage::Other(name.clone())),
        "project" | "project-away" | "project-keep" | "project-reorder" | "order" | "sort" | "render" | "as"
        | "serialize" => match named(rest).filter(|_| name.eq_ignore_ascii_case("project")) {
            Some(columns) => Stage::Extend(
                columns.into_iter().filter(|(name, value)| *value != Expression::Name(name.clone())).collect(),
            ),
            None => Stage::Shape,
        },
        "count" => {
            Stage::Summarize(vec![("count".to_owned(), Expression::Call("count".to_owned(), Vec::new()))], Vec::new())
        }
        _ => Stage::Other(name.clone()),
    })
}

fn summarize(tokens: &[Token]) -> Option<Stage> {
    let mut depth = 0;
    let by = tokens.iter().position(|token| {
        match token {
            Token::Mark(mark) if mark == "(" => depth += 1,
            Token::Mark(mark) if mark == ")" => depth -= 1,
            Token::Word(word) => return depth == 0 && word.eq_ignore_ascii_case("by"),
            _ => {}
        }
        false
    });
    let (what, by) = match by {
        Some(at) => (&tokens[..at], named(&tokens[at + 1..])?),
        None => (tokens, Vec::new()),
    };
    Some(Stage::Summarize(if what.is_empty() { Vec::new() } else { named(what)? }, by))
}

/// `a = x, y, count()`: names that are left out are those that the language gives.
fn named(tokens: &[Token]) -> Option<Vec<(String, Expression)>> {
    let (mut all, mut reader) = (Vec::new(), Reader::new(tokens));
    loop {
        let name = match (tokens.get(reader.at), tokens.get(reader.at + 1)) {
            (Some(Token::Word(name)), Some(Token::Mark(mark))) if mark == "=" => {
                reader.at += 2;
                Some(name.clone())
            }
            _ => None,
        };
        let value = reader.expression()?;
        let name = name.unwrap_or_else(|| default_name(&value));
        all.push((name, value));
        if reader.at == tokens.len() {
            return Some(all);
        }
        if !reader.mark(",") {
            return None;
        }
    }
}

fn default_name(value: &Expression) -> String {
    match value {
        Expression::Name(name) => name.clone(),
        Expression::Call(name, arguments) => match (name.as_str(), arguments.first()) {
            ("bin" | "floor", Some(Expression::Name(column))) => column.clone(),
            (name, Some(Expression::Name(column))) => format!("{name}_{column}"),
            (name, _) => format!("{name}_"),
        },
        _ => String::new(),
    }
}
