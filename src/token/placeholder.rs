//! What stands where a token would: references to variables, templates, documentation samples.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::named;
use super::opaque::is_random;

/// Words that nobody's token contains and that samples are made of.
const SAMPLE_WORDS: &[&[u8]] = &[
    b"example",
    b"sample",
    b"placeholder",
    b"redacted",
    b"changeme",
    b"yourtoken",
    b"your-",
    b"your_",
    b"dummy",
    b"xxxx",
    b"0000000",
    b"1234567890",
    b"abcdefgh",
    b"notreal",
    b"fake",
];

/// Passwords that documentation uses.
const SAMPLE_PASSWORDS: &[&[u8]] = &[
    b"api_token",
    b"api-token",
    b"api_key",
    b"unused",
    b"ignored",
    b"nopass",
    b"nopassword",
    b"oauth",
    b"oauth2",
    b"empty",
    b"none",
    b"blank",
    b"x",
    b"changeit",
    b"mysecretpassword",
    b"password",
    b"passwd",
    b"pass",
    b"pwd",
    b"secret",
    b"token",
    b"pat",
    b"pw",
    b"p",
    b"pass123",
    b"hunter2",
    b"postgres",
    b"admin",
    b"guest",
    b"root",
    b"foo",
    b"bar",
    b"baz",
    b"test",
    b"x-oauth-basic",
];

/// Whether a value only says where the token comes from: `${X}`, `$(X)`, `$X`, `%X%`, `{{ x }}`, `<token>`, `***`, `…`.
/// A default inside, as in `${X:-literal}`, is not a reference.
pub fn is_reference(value: &[u8]) -> bool {
    match value {
        [] => true,
        [b'$', b'{', ..] => default(value).is_none(),
        [b'$', b'(' | b'[', ..] | [b'{', b'{', ..] | [b'<', ..] | [b'[', ..] => true,
        [b'$', first, ..] if first.is_ascii_alphabetic() || *first == b'_' => {
            value[1..].iter().all(|&byte| is_name(byte))
        }
        [b'%', middle @ .., b'%'] => !middle.is_empty() && middle.iter().all(|&byte| is_name(byte)),
        _ => {
            value.iter().all(|byte| matches!(byte, b'*' | b'.' | b'x' | b'X' | b'-' | b'_'))
                || value.starts_with("…".as_bytes())
        }
    }
}

/// The literal in `${X:-literal}`, `${X-literal}` or `${{ secrets.X || 'literal' }}`.
pub fn default(value: &[u8]) -> Option<&[u8]> {
    let inner = value.strip_prefix(b"${")?.strip_suffix(b"}")?;
    if let Some(expression) = inner.strip_prefix(b"{") {
        let at = expression.windows(2).position(|two| two == b"||")?;
        let quoted = expression[at..].split(|&byte| byte == b'\'').nth(1)?;
        return Some(quoted).filter(|literal| !literal.is_empty());
    }
    let name = inner.iter().take_while(|&&byte| is_name(byte)).count();
    let rest = &inner[name..];
    let literal = rest.strip_prefix(b":-").or_else(|| rest.strip_prefix(b"-"))?;
    Some(literal).filter(|literal| !literal.is_empty() && !is_reference(literal))
}

/// Words that stand where a password is asked for and a token was given as the user name.
const FILLERS: &[&[u8]] = &[
    b"x-oauth-basic",
    b"x-oauth",
    b"api_token",
    b"api-token",
    b"apitoken",
    b"api_key",
    b"apikey",
    b"unused",
    b"ignored",
    b"none",
    b"empty",
    b"blank",
    b"x",
    b"oauth",
    b"oauth2",
    b"token",
    b"nopass",
    b"nopassword",
    b"any",
    b"anything",
    b"dummy",
    b"null",
    b"-",
    b"_",
];

/// Whether a password only fills the place of one.
pub(crate) fn is_filler(value: &[u8]) -> bool {
    value.is_empty() || FILLERS.contains(&value.to_ascii_lowercase().as_slice())
}

/// What the languages around addresses put where a value comes later: format strings, variables of shells and of build tools,
/// marks of templating and replacing tools, what redaction leaves.
static HOLES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let forms = [
        r"\$\{\{.*?\}\}|\$\{[^{}]*\}|\$\([^()]*\)|\$\[[^\[\]]*\]|#\{[^{}]*\}|\\\([^()]*\)|\{\{.*?\}\}|\{%.*?%\}|<%.*?%>",
        r"\{[^{}]*\}|\[[^\[\]]*\]|<[^<>]*>|%\([\w.]+\)[a-zA-Z]|%\{[^{}]*\}",
        r"\$[A-Za-z_]\w*(?::[A-Za-z_]\w*)?(?:(?:->|\.|::)[A-Za-z_]\w*|\[[^\[\]]*\])*|\$\d",
        r"%[A-Za-z_]\w*%|%[-+ #]?[\d.]*[a-zA-Z]|@@?[A-Za-z_][\w.]*@@?|__[A-Za-z][\w.-]*?__|![A-Za-z_]\w*!|##?[A-Za-z_]\w*##?|~[A-Za-z_]\w*~|&[A-Za-z_]\w*;|\+[A-Za-z_]\w*\+|^:[A-Za-z_]+$|^%\d$",
        r"[•●∗▪■*…]+",
    ];
    Regex::new(&forms.join("|")).ok()
});

/// Nobody writes a longer one. What opens again and again and never closes is looked at from each place where it opens.
const LONGEST_TEMPLATE: usize = 512;

/// Whether a value is made of what a template has where a value will stand, also percent-encoded. What looks drawn inside of
/// such marks is a value itself.
pub(crate) fn is_template(value: &str) -> bool {
    if value.len() > LONGEST_TEMPLATE {
        return false;
    }
    let decoded = percent_encoding::percent_decode_str(value).decode_utf8().unwrap_or(Cow::Borrowed(value));
    let decoded = decoded.replace("&lt;", "<").replace("&gt;", ">");
    let Some(holes) = HOLES.as_ref() else { return false };
    let mut made = false;
    let rest = holes.replace_all(&decoded, |hole: &Captures<'_>| {
        let drawn = hole[0].split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word.len() >= 10 && is_random(word));
        if drawn || default(hole[0].as_bytes()).is_some() {
            return hole[0].to_owned();
        }
        made = true;
        String::new()
    });
    (made && rest.chars().filter(|c| c.is_alphanumeric()).count() <= 3) || is_stand_in(&decoded)
}

/// `YOUR_PASSWORD`, `TOKEN_HERE`, `my-token`: what a reader is told to replace.
fn is_stand_in(value: &str) -> bool {
    let is_constant = !value.is_empty() && value.chars().all(|c| c.is_ascii_uppercase() || matches!(c, '_' | '-'));
    let lower = value.to_ascii_lowercase();
    let is_left = [
        "redacted",
        "masked",
        "hidden",
        "removed",
        "sanitized",
        "sanitised",
        "omitted",
        "filtered",
        "stripped",
        "censored",
    ];
    if is_left.contains(&lower.as_str()) {
        return true;
    }
    let is_told = ["your", "my_", "my-", "the_", "the-", "some_", "some-", "enter", "insert", "put", "replace"];
    let is_words = !value.chars().any(|c| c.is_ascii_digit())
        && lower.chars().all(|c| c.is_ascii_alphabetic() || "_-.".contains(c));
    let names = named::says(value) != named::Says::Nothing;
    names
        && (is_constant
            || (is_words && (is_told.iter().any(|word| lower.starts_with(word)) || lower.ends_with("here"))))
}

/// Whether a value of a token's shape was written to show the shape; `prefix` bytes belong to the format.
pub fn is_sample(value: &[u8], prefix: usize) -> bool {
    let body: Vec<u8> = value[prefix.min(value.len())..].to_ascii_lowercase();
    if SAMPLE_PASSWORDS.contains(&body.as_slice()) {
        return true;
    }
    SAMPLE_WORDS.iter().any(|word| body.windows(word.len()).any(|window| window == *word)) || repeats(&body)
}

/// Few different characters for the length: random text of 20 or more characters has more.
fn repeats(body: &[u8]) -> bool {
    let mut seen = [false; 256];
    body.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    body.len() >= 20 && seen.iter().filter(|seen| **seen).count() < 6
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
