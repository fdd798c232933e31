//! What stands where a token would: references to variables, templates, documentation samples.

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
