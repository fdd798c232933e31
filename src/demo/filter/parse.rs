//! Text to expression: a recursive-descent parser with a depth limit. It knows no properties.

use super::{Expr, Literal, Op, Path};

const MAX_DEPTH: usize = 32;

/// Parses a whole `$filter`.
pub(super) fn expression(text: &str) -> Result<Expr, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0, variable: None };
    let expr = parser.or()?;
    match parser.next() {
        None => Ok(expr),
        Some(token) => Err(format!("Syntax error at '{token:?}'.")),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Sign(char),
    Word(String),
    Quoted(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            ' ' | '\t' => drop(chars.next()),
            '\'' => tokens.push(Token::Quoted(quoted(&mut chars)?)),
            '(' | ')' | ',' | ':' => tokens.extend(chars.next().map(Token::Sign)),
            _ => {
                // A time holds colons; the variable of any(x:…) never begins with a digit.
                let in_word = |next: &char| {
                    next.is_alphanumeric() || "_-./$+".contains(*next) || (c.is_ascii_digit() && *next == ':')
                };
                let mut word = String::new();
                while let Some(next) = chars.next_if(in_word) {
                    word.push(next);
                }
                if word.is_empty() {
                    return Err(format!("Syntax error: character '{c}' is not valid."));
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    let mut text = String::new();
    chars.next();
    while let Some(c) = chars.next() {
        match c {
            '\'' if chars.next_if_eq(&'\'').is_none() => return Ok(text),
            _ => text.push(c),
        }
    }
    Err("There is an unterminated string literal.".into())
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// The variable of the `any(…)` that is being read, and the collection it ranges over.
    variable: Option<(String, String)>,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let found = self.tokens.get(self.at) == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, wanted: &str) -> bool {
        self.take(&Token::Word(wanted.to_owned()))
    }

    fn sign(&mut self, wanted: char) -> Result<(), String> {
        if self.take(&Token::Sign(wanted)) { Ok(()) } else { Err(format!("Syntax error: '{wanted}' expected.")) }
    }

    fn or(&mut self) -> Result<Expr, String> {
        let mut left = self.and()?;
        while self.word("or") {
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Expr, String> {
        let mut left = self.unary()?;
        while self.word("and") {
            left = Expr::And(Box::new(left), Box::new(self.unary()?));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("The query is nested too deeply.".into());
        }
        let expr = if self.word("not") {
            Expr::Not(Box::new(self.unary()?))
        } else if self.take(&Token::Sign('(')) {
            let inner = self.or()?;
            self.sign(')')?;
            inner
        } else {
            self.clause()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn clause(&mut self) -> Result<Expr, String> {
        let Some(Token::Word(word)) = self.next() else { return Err("Syntax error: a property expected.".into()) };
        match (word.to_ascii_lowercase().as_str(), word.strip_suffix("/any")) {
            ("startswith", _) => self.text_function().map(|(path, text)| Expr::Starts { path, text }),
            ("endswith", _) => self.text_function().map(|(path, text)| Expr::Ends { path, text }),
            (_, Some(collection)) => self.lambda(collection),
            _ => self.comparison(&word),
        }
    }

    fn text_function(&mut self) -> Result<(Path, Literal), String> {
        self.sign('(')?;
        let Some(Token::Word(word)) = self.next() else { return Err("Syntax error: a property expected.".into()) };
        let path = self.path(&word)?;
        self.sign(',')?;
        let text = self.literal()?;
        self.sign(')')?;
        Ok((path, text))
    }

    fn lambda(&mut self, collection: &str) -> Result<Expr, String> {
        if self.variable.is_some() {
            return Err("any() within any() is not supported.".into());
        }
        let path = self.path(collection)?;
        self.sign('(')?;
        let Some(Token::Word(variable)) = self.next() else { return Err("Syntax error: a variable expected.".into()) };
        self.sign(':')?;
        self.variable = Some((variable, collection.to_owned()));
        let inner = self.or()?;
        self.variable = None;
        self.sign(')')?;
        Ok(Expr::Any { path, inner: Box::new(inner) })
    }

    fn comparison(&mut self, word: &str) -> Result<Expr, String> {
        let path = self.path(word)?;
        if self.word("in") {
            return Ok(Expr::In { path, values: self.literals()? });
        }
        let op = match self.next() {
            Some(Token::Word(op)) => operator(&op)?,
            _ => return Err("Syntax error: an operator expected.".into()),
        };
        Ok(Expr::Compare { path, op, value: self.literal()? })
    }

    fn literals(&mut self) -> Result<Vec<Literal>, String> {
        self.sign('(')?;
        let mut values = vec![self.literal()?];
        while self.take(&Token::Sign(',')) {
            values.push(self.literal()?);
        }
        self.sign(')')?;
        Ok(values)
    }

    fn literal(&mut self) -> Result<Literal, String> {
        match self.next() {
            Some(Token::Quoted(text)) => Ok(Literal { text, quoted: true }),
            Some(Token::Word(text)) => Ok(Literal { text, quoted: false }),
            _ => Err("Syntax error: a literal expected.".into()),
        }
    }

    fn path(&self, word: &str) -> Result<Path, String> {
        let mut parts: Vec<String> = word.split('/').map(str::to_owned).collect();
        if parts.iter().any(String::is_empty) {
            return Err(format!("'{word}' is not a property path."));
        }
        match &self.variable {
            None => Ok(Path { outer: None, parts }),
            Some((variable, collection)) if parts.first() == Some(variable) => {
                parts.remove(0);
                Ok(Path { outer: Some(collection.clone()), parts })
            }
            Some(_) => Err(format!("'{word}' is not a property of the variable.")),
        }
    }
}

fn operator(word: &str) -> Result<Op, String> {
    match word {
        "eq" => Ok(Op::Eq),
        "ne" => Ok(Op::Ne),
        "ge" => Ok(Op::Ge),
        "gt" => Ok(Op::Gt),
        "le" => Ok(Op::Le),
        "lt" => Ok(Op::Lt),
        _ => Err(format!("Syntax error: '{word}' is not an operator.")),
    }
}
