//! The expressions of Kusto's language, as far as conditions of alert rules use them.

/// One expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    /// `and`
    All(Vec<Expression>),
    /// `or`
    Any(Vec<Expression>),
    /// A comparison, or arithmetic: operator and sides.
    Binary(String, Box<Expression>, Box<Expression>),
    /// A function with its arguments.
    Call(String, Vec<Expression>),
    /// A column or a variable.
    Name(String),
    /// A number; a span of time in seconds.
    Number(f64),
    /// A text.
    Text(String),
    /// `(a, b)`
    List(Vec<Expression>),
}

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Word(String),
    Number(f64),
    Text(String),
    Mark(String),
}

const MARKS: [&str; 13] = ["==", "!=", "<>", "<=", ">=", "=~", "!~", "..", "=", "<", ">", "|", ";"];

/// The tokens of a query without its comments; `None` where a text does not end.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let (mut all, mut rest) = (Vec::new(), text);
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Some(all) };
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some((text, after)) = string(rest)? {
            all.push(Token::Text(text));
            rest = after;
        } else if first.is_ascii_digit() {
            let (number, after) = number(rest)?;
            all.push(Token::Number(number));
            rest = after;
        } else if first.is_alphabetic() || first == '_' || first == '$' {
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
            // `mv-expand`, `order-by`: operators with a hyphen in them stand behind a bar only.
            let hyphened = matches!(all.last(), Some(Token::Mark(mark)) if mark == "|") && rest[end..].starts_with('-');
            let end = if hyphened {
                rest.find(|c: char| !(c.is_alphanumeric() || c == '-')).unwrap_or(rest.len())
            } else {
                end
            };
            all.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if rest.starts_with("!") && rest[1..].starts_with(|c: char| c.is_alphabetic()) {
            let end = rest[1..]
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '~'))
                .map_or(rest.len(), |end| end + 1);
            all.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            let mark =
                MARKS.iter().find(|mark| rest.starts_with(**mark)).map_or(&rest[..first.len_utf8()], |mark| mark);
            all.push(Token::Mark(mark.to_owned()));
            rest = &rest[mark.len()..];
        }
    }
}

/// A text with its escapes, or verbatim; several ways to begin one.
fn string(rest: &str) -> Option<Option<(String, &str)>> {
    let bare = rest.strip_prefix(['h', 'H']).filter(|bare| bare.starts_with(['"', '\'', '@'])).unwrap_or(rest);
    let verbatim = bare.strip_prefix('@');
    let body = verbatim.unwrap_or(bare);
    let Some(quote) = body.chars().next().filter(|c| matches!(c, '"' | '\'')) else { return Some(None) };
    let (mut text, mut chars) = (String::new(), body[1..].char_indices().peekable());
    while let Some((at, c)) = chars.next() {
        if c == quote {
            if verbatim.is_some() && chars.next_if(|(_, next)| *next == quote).is_some() {
                text.push(quote);
                continue;
            }
            return Some(Some((text, &body[1 + at + c.len_utf8()..])));
        }
        if c == '\\' && verbatim.is_none() {
            text.push(chars.next()?.1);
        } else {
            text.push(c);
        }
    }
    None
}

/// A number, or a span such as `10m`.
fn number(rest: &str) -> Option<(f64, &str)> {
    let mut end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let more = &rest[end..];
    if more.starts_with('.') && more[1..].starts_with(|c: char| c.is_ascii_digit()) {
        end += 1 + more[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(more.len() - 1);
    }
    let value: f64 = rest[..end].parse().ok()?;
    let unit_end = rest[end..].find(|c: char| !c.is_alphanumeric() && c != '_').map_or(rest.len(), |at| end + at);
    let factor = match &rest[end..unit_end] {
        "" => 1.0,
        "d" | "day" | "days" => 86_400.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "s" | "sec" | "second" | "seconds" => 1.0,
        "ms" => 0.001,
        _ => return None,
    };
    Some((value * factor, &rest[unit_end..]))
}

/// Reads one expression from tokens.
pub(super) struct Reader<'t> {
    pub(super) tokens: &'t [Token],
    pub(super) at: usize,
    depth: usize,
}

const DEEPEST: usize = 48;

const WORDS: [&str; 31] = [
    "has",
    "!has",
    "has_cs",
    "contains",
    "!contains",
    "contains_cs",
    "startswith",
    "!startswith",
    "startswith_cs",
    "endswith",
    "!endswith",
    "in",
    "!in",
    "in~",
    "!in~",
    "has_any",
    "has_all",
    "between",
    "!between",
    "matches",
    "hasprefix",
    "hassuffix",
    "==",
    "!=",
    "<>",
    "<",
    ">",
    "<=",
    ">=",
    "=~",
    "!~",
];

const SUMS: [&str; 5] = ["+", "-", "*", "/", "%"];

impl<'t> Reader<'t> {
    pub(super) fn new(tokens: &'t [Token]) -> Reader<'t> {
        Reader { tokens, at: 0, depth: 0 }
    }

    pub(super) fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn mark(&mut self, mark: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Mark(found)) if found == mark);
        self.at += usize::from(is);
        is
    }

    pub(super) fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Word(found)) if found.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    pub(super) fn expression(&mut self) -> Option<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut all = vec![self.conjunction()?];
        while self.word("or") {
            all.push(self.conjunction()?);
        }
        self.depth -= 1;
        if all.len() == 1 { all.pop() } else { Some(Expression::Any(all)) }
    }

    fn conjunction(&mut self) -> Option<Expression> {
        let mut all = vec![self.comparison()?];
        while self.word("and") {
            all.push(self.comparison()?);
        }
        if all.len() == 1 { all.pop() } else { Some(Expression::All(all)) }
    }

    fn comparison(&mut self) -> Option<Expression> {
        let mut left = self.sum()?;
        loop {
            let Some(operator) = self.operator().filter(|operator| WORDS.contains(&operator.as_str())) else {
                return Some(left);
            };
            self.at += 1;
            let tilde = matches!(operator.as_str(), "in" | "!in") && self.mark("~");
            let operator = if tilde { format!("{operator}~") } else { operator };
            if operator == "matches" && !self.word("regex") {
                return None;
            }
            left = Expression::Binary(operator, Box::new(left), Box::new(self.sum()?));
        }
    }

    /// Arithmetic binds more closely than any comparison.
    fn sum(&mut self) -> Option<Expression> {
        let mut left = self.operand()?;
        loop {
            let Some(operator) = self.operator().filter(|operator| SUMS.contains(&operator.as_str())) else {
                return Some(left);
            };
            self.at += 1;
            left = Expression::Binary(operator, Box::new(left), Box::new(self.operand()?));
        }
    }

    fn operator(&self) -> Option<String> {
        match self.peek()? {
            Token::Word(word) => Some(word.to_lowercase()),
            Token::Mark(mark) => Some(mark.clone()),
            _ => None,
        }
    }

    fn operand(&mut self) -> Option<Expression> {
        let token = self.peek()?;
        self.at += 1;
        match token {
            Token::Number(number) => Some(Expression::Number(*number)),
            Token::Text(text) => {
                let mut whole = text.clone();
                while let Some(Token::Text(more)) = self.peek() {
                    whole.push_str(more);
                    self.at += 1;
                }
                Some(Expression::Text(whole))
            }
            Token::Mark(mark) if mark == "(" => self.list(),
            Token::Mark(mark) if mark == "-" => match self.operand()? {
                Expression::Number(number) => Some(Expression::Number(-number)),
                _ => None,
            },
            Token::Word(name) => {
                if !self.mark("(") {
                    return self.member(Expression::Name(name.clone()));
                }
                let mut arguments = Vec::new();
                while !self.mark(")") {
                    if !arguments.is_empty() && !self.mark(",") {
                        return None;
                    }
                    arguments.push(self.expression()?);
                }
                self.member(Expression::Call(name.to_lowercase(), arguments))
            }
            Token::Mark(_) => None,
        }
    }

    /// `a.b` and `a["b"]` are the last name.
    fn member(&mut self, of: Expression) -> Option<Expression> {
        let mut of = of;
        loop {
            if self.mark(".") {
                let Some(Token::Word(name)) = self.peek() else { return None };
                self.at += 1;
                of = Expression::Name(name.clone());
            } else if matches!(self.peek(), Some(Token::Mark(mark)) if mark == "[") {
                self.at += 1;
                of = match self.expression()? {
                    Expression::Text(name) => Expression::Name(name),
                    _ => of,
                };
                if !self.mark("]") {
                    return None;
                }
            } else {
                return Some(of);
            }
        }
    }

    fn list(&mut self) -> Option<Expression> {
        let first = self.expression()?;
        if self.mark(")") {
            return Some(first);
        }
        let mut all = vec![first];
        let dots = self.mark("..");
        if dots {
            all.push(self.expression()?);
        }
        while !self.mark(")") {
            if dots || !self.mark(",") {
                return None;
            }
            all.push(self.expression()?);
        }
        Some(Expression::List(all))
    }
}
