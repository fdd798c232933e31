//! Tells words that nobody chose from names. Nothing that could be a secret may stand where a name is shown, so in doubt a
//! text is one. Pure: no table of secrets, only what random text looks like.

use std::borrow::Cow;

/// No account has a longer name in one word.
const LONGEST_LOGIN: usize = 39;
/// No name that is shown as such is longer.
const LONGEST_NAME: usize = 120;
/// Shorter words are not hidden in a longer text: they are too easily a part of a host's or a variable's name.
const HIDDEN: usize = 16;
/// What stands for a word that could be a secret.
const MARK: &str = "[hidden]";

/// Whether a word of letters and digits was drawn rather than written: digits in several places, letters that change their
/// case like no two words do, or consonants that nobody could say.
pub(crate) fn is_random(word: &str) -> bool {
    let word = word.as_bytes();
    let length = word.len();
    if length < 8 || !word.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let (mut runs, mut rises, mut last) = (0, 0, b' ');
    for &byte in word {
        runs += usize::from(byte.is_ascii_digit() && !last.is_ascii_digit());
        rises += usize::from(byte.is_ascii_uppercase() && last.is_ascii_lowercase());
        last = byte;
    }
    if runs == 0 {
        return (rises >= 4 && rises * 5 > length) || (length >= HIDDEN && is_unspeakable(word));
    }
    if word.iter().all(u8::is_ascii_digit) {
        return length >= 24;
    }
    match length {
        HIDDEN.. => {
            runs >= 3
                || (runs == 2 && rises >= 2)
                || rises >= 4
                || word.iter().all(u8::is_ascii_hexdigit)
                || is_unspeakable(word)
        }
        10.. => runs >= 3 || (runs == 2 && rises >= 1) || rises >= 3,
        _ => runs >= 3 || (runs == 2 && rises >= 2),
    }
}

/// Whether letters hold too few vowels, or too many consonants in a row, for a language that is written with them.
fn is_unspeakable(word: &[u8]) -> bool {
    let (mut vowels, mut letters, mut row, mut longest) = (0, 0, 0, 0);
    for byte in word.iter().map(u8::to_ascii_lowercase) {
        let is_vowel = matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
        letters += usize::from(byte.is_ascii_lowercase());
        vowels += usize::from(is_vowel);
        row = if byte.is_ascii_lowercase() && !is_vowel { row + 1 } else { 0 };
        longest = longest.max(row);
    }
    longest >= 6 || vowels * 100 < letters * 26
}

/// `8-4-4-4-12` hexadecimal digits.
pub(crate) fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a text that stands where a name is expected could be a secret. A mail address, a login, a name of a person and
/// `DOMAIN\login` are none.
pub(crate) fn may_be_secret(name: &str) -> bool {
    let name = name.trim();
    let foreign = |c: char| !(c.is_alphanumeric() || c.is_whitespace() || ".-_@+\\/'’,:#()[]&".contains(c));
    name.len() > LONGEST_NAME
        || is_guid(name)
        || name.chars().any(foreign)
        || words(name).any(is_random)
        || name.split(|c: char| c.is_whitespace() || "@./\\:,#".contains(c)).any(|word| word.len() > LONGEST_LOGIN)
        || !super::kinds_of_run().find_in_text(name.as_bytes()).is_empty()
}

/// Whether an identifier could be a secret: numbers and GUIDs are none here.
pub(crate) fn id_may_be_secret(id: &str) -> bool {
    let is_number = id.len() <= 30 && id.bytes().all(|byte| byte.is_ascii_digit());
    !is_number && !is_guid(id) && may_be_secret(id)
}

/// The text without tokens and without words that could be secrets.
pub(crate) fn conceal(text: &str) -> Cow<'_, str> {
    let clean = super::scrub(text);
    let hides = |word: &str| word.len() >= HIDDEN && is_random(word);
    if !words(&clean).any(hides) {
        return clean;
    }
    let mut out = String::with_capacity(clean.len());
    let mut rest: &str = &clean;
    while let Some(start) = rest.find(|c: char| c.is_ascii_alphanumeric()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(from.len());
        out.push_str(before);
        out.push_str(if hides(&from[..end]) { MARK } else { &from[..end] });
        rest = &from[end..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    fn drawn(random: &mut fastrand::Rng, alphabet: &str, length: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| alphabet[random.usize(..alphabet.len())]).collect()
    }

    #[test]
    fn names_of_people_accounts_and_hosts_are_names() {
        for name in [
            "alice",
            "alice-dev",
            "Alice Doe",
            "alice@contoso.com",
            "a.doe+ci@eu.contoso.com",
            "CONTOSO\\alice",
            "svc-build01",
            "github-actions",
            "JohnSmith",
            "MaximilianSchwarzschild",
            "jan.wojciechowski",
            "o'brien",
            "Zoë Müller",
            "alice2024",
            "admin/api-contoso-com:6443",
            "contoso-2024-team7",
            "PlatformEngineeringTeam",
            "renovate[bot]",
            "x86-builder-2",
            "thomas.strohschneider",
            "user17",
            "web3dev",
            "h4x0r",
        ] {
            assert!(!may_be_secret(name), "{name}");
        }
        for text in [
            "//r.contoso.com/:_authToken",
            "GITHUB_PERSONAL_ACCESS_TOKEN",
            "https://mcp.contoso.com:8443",
            "oauth_token",
        ] {
            assert_eq!(conceal(text), text);
        }
    }

    #[test]
    fn random_words_are_no_names() {
        let mut random = fastrand::Rng::with_seed(7);
        for (alphabet, length) in [
            ("0123456789abcdef", 20),
            ("0123456789abcdef", 32),
            ("0123456789abcdef", 40),
            (BASE62, 20),
            (BASE62, 24),
            (BASE62, 40),
            ("abcdefghijklmnopqrstuvwxyz234567", 32),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 26),
        ] {
            let missed = (0..1000).filter(|_| !may_be_secret(&drawn(&mut random, alphabet, length))).count();
            assert!(missed <= 10, "{missed} of 1000 with {alphabet}, {length} long");
        }
        assert!(may_be_secret("9f4b8a52-6d0c-4c3b-9d0e-2f1d8f0f7a11"));
        assert!(!id_may_be_secret("9f4b8a52-6d0c-4c3b-9d0e-2f1d8f0f7a11"));
        let word = drawn(&mut random, BASE62, 40);
        assert_eq!(conceal(&format!("https://{word}.contoso.com/")), "https://[hidden].contoso.com/");
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            let _ = (may_be_secret(&text), conceal(&text).into_owned());
        }
    }
}
