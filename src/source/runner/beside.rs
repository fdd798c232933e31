//! What stands around a token in its file: the name it has there, and the user who is named together with it. A user counts
//! only where exactly one stands in the same group of settings or in the same command: a wrong owner is worse than none.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::bytes::{Captures, Regex};

use super::lead::{Known, account, account_kind};
use crate::model::Grade;
use crate::token::Kinds;

/// How far around a token its group of settings is looked at.
const NEAR: usize = 600;

/// Ends of the names of settings that hold a user; longer ones first.
const USERS: &[&str] = &["username", "user_name", "user-name", "useremail", "user", "login", "email"];

/// Ends of the names of settings that hold a secret; longer ones first.
const SECRETS: &[&str] = &[
    "personal_access_token",
    "cleartextpassword",
    "private_token",
    "access_token",
    "oauth_token",
    "auth_token",
    "api_token",
    "accesstoken",
    "oauthtoken",
    "authtoken",
    "apitoken",
    "password",
    "api_key",
    "apikey",
    "passwd",
    "secret",
    "token",
    "pass",
    "pwd",
    "pat",
    "key",
];

/// One setting: as attributes, as an element, or as a name and a value.
static SETTING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let forms = [
        r#"key\s*=\s*["'](?P<a>[\w.-]+)["']\s+value\s*=\s*["'](?P<b>[^"'<>]+)["']"#,
        r"<(?P<c>[A-Za-z][\w.-]*)>(?P<d>[^<>\s]+)</",
        r#"(?P<e>[A-Za-z_][\w.-]*)["'\\]*\s*(?:=>|[:=])[ \t]*["'\\]*(?P<f>[^\s"'\\,;<>{}\[\]&]+)"#,
    ];
    Regex::new(&format!("(?-u){}", forms.join("|"))).ok()
});

/// Where a group of settings ends, besides where the lines are less indented.
static BORDER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?-u)[{}\[\]]|\n[ \t\r]*\n|\n[ \t]*- |\n---|<[A-Za-z][\w.-]*>\s*<[A-Za-z]|</[\w.-]+>\s*</").ok()
});

/// A user and a password as arguments of one command.
static ARGUMENTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?-u)(?P<sudo>sudo)?\s(?:-u|--user|--username|--login)[ =]["']?(?P<user>[^\s"':]+)"#).ok()
});

/// The variable, key or header that a value stands under.
pub(super) fn name_before(text: &[u8], at: usize) -> Option<String> {
    let line = text[at.saturating_sub(200)..at].rsplit(|byte| matches!(byte, b'\n' | b'\0')).next()?;
    let line = String::from_utf8_lossy(line);
    let trimmed = line.trim_end_matches(['"', '\'', ' ', '\\', '>']);
    let before = trimmed.strip_suffix([':', '=']).or_else(|| {
        // `Authorization: Bearer <token>`
        let (before, scheme) = trimmed.rsplit_once(' ')?;
        let scheme = scheme.trim_matches(['"', '\'']).to_lowercase();
        matches!(scheme.as_str(), "bearer" | "basic" | "token")
            .then(|| before.trim_end().trim_end_matches(['"', '\'', ':', '=']))
    })?;
    let before = before.trim_end_matches(['"', '\'', ' ', '\\']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let start = before.char_indices().rev().take_while(|(_, c)| is_name(*c)).last()?.0;
    Some(before[start..].to_owned())
}

/// Whose a token is by what stands around it.
pub(super) fn owner(text: &[u8], token: &Range<usize>, kinds: &Kinds) -> Option<Known> {
    let named = |user: String, kind, source| {
        let is_token = !kinds.find(user.as_bytes()).is_empty();
        let owner = account(kind, &user).filter(|_| !is_token)?;
        Some(Known { owner, source, grade: Grade::D })
    };
    if let Some((user, host)) = in_url(text, token) {
        return named(user, account_kind(&host), "url");
    }
    if !names_user(text, token) {
        return None;
    }
    let user = in_command(text, token).or_else(|| in_group(text, token))?;
    let says_nothing = matches!(user.to_lowercase().as_str(), "true" | "false" | "null" | "none");
    let is_name = !says_nothing && user.bytes().any(|byte| !byte.is_ascii_digit());
    named(user, "login", "beside").filter(|_| is_name)
}

/// Whether anything around a token could name a user: most have nothing of the kind, and looking closer takes long.
fn names_user(text: &[u8], token: &Range<usize>) -> bool {
    let around = &text[token.start.saturating_sub(NEAR)..text.len().min(token.end + NEAR)];
    NAMES.as_ref().is_some_and(|names| names.is_match(around))
}

/// What names of users end with, and the options that take one.
static NAMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let names = ["user", "login", "mail", "-u"];
    AhoCorasick::builder().ascii_case_insensitive(true).build(names).ok()
});

/// The user and the host in `https://user:token@host`.
fn in_url(text: &[u8], token: &Range<usize>) -> Option<(String, String)> {
    let before = text[token.start.saturating_sub(300)..token.start].strip_suffix(b":")?;
    let at = before.windows(3).rposition(|three| three == b"://")?;
    let user = std::str::from_utf8(&before[at + 3..]).ok()?;
    let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let host: Vec<u8> = text[token.end..].strip_prefix(b"@")?.iter().copied().take(255).take_while(is_host).collect();
    let plain = user.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'%'));
    let user = user.replace("%40", "@");
    (plain && !user.contains('%')).then(|| (user, String::from_utf8_lossy(&host).into_owned()))
}

/// `curl -u user:token`, `docker login --username user --password token`
fn in_command(text: &[u8], token: &Range<usize>) -> Option<String> {
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\0' | b';' | b'|' | b'&');
    let lowest = token.start.saturating_sub(NEAR);
    let start = text[lowest..token.start].iter().rposition(ends).map_or(lowest, |at| lowest + at + 1);
    let highest = text.len().min(token.end + NEAR);
    let end = text[token.end..highest].iter().position(ends).map_or(highest, |at| token.end + at);
    let flag = String::from_utf8_lossy(&text[start..token.start]).trim_end_matches(['"', '\'', ' ', '=']).to_owned();
    let is_password = ["-p", "--password", "--pass", "--passwd"].iter().any(|name| flag.ends_with(&format!(" {name}")));
    let mut users = ARGUMENTS.as_ref()?.captures_iter(&text[start..end]).filter_map(|found| {
        let user = found.name("user").filter(|_| found.name("sudo").is_none())?;
        let is_pair = start + user.end() + 1 == token.start && text.get(start + user.end()) == Some(&b':');
        (is_password || is_pair).then(|| String::from_utf8_lossy(user.as_bytes()).into_owned())
    });
    users.next().filter(|_| users.next().is_none())
}

/// The one user among the settings of the same group whose names begin alike: `gpr.user` and `gpr.key`.
fn in_group(text: &[u8], token: &Range<usize>) -> Option<String> {
    let group = group(text, token)?;
    let (column, mut own, mut users) = (column(text, token.start), None, Vec::new());
    for found in SETTING.as_ref()?.captures_iter(&text[group.clone()]) {
        let (name, value) = (part(&found, ["a", "c", "e"])?, part(&found, ["b", "d", "f"])?);
        let place = group.start + value.start()..group.start + value.end();
        // `//registry/:_authToken=`: the name does not begin here.
        if group.start + name.start() > 0 && matches!(text[group.start + name.start() - 1], b':' | b'/') {
            continue;
        }
        let lower = String::from_utf8_lossy(name.as_bytes()).to_lowercase();
        if place.contains(&token.start) {
            own = Some(beginning(&lower, SECRETS)?);
        } else if let Some(beginning) = beginning(&lower, USERS).filter(|_| column == self::column(text, place.start)) {
            users.push((beginning, String::from_utf8_lossy(value.as_bytes()).into_owned()));
        }
    }
    let own = own?;
    users.retain(|(beginning, _)| *beginning == own);
    users.dedup();
    users.pop().filter(|_| users.is_empty()).map(|(_, user)| user)
}

fn part<'t>(found: &Captures<'t>, names: [&str; 3]) -> Option<regex::bytes::Match<'t>> {
    names.into_iter().find_map(|name| found.name(name))
}

/// The settings around a token: between borders, and not beyond a line that is less indented.
fn group(text: &[u8], token: &Range<usize>) -> Option<Range<usize>> {
    let (lowest, highest) = (token.start.saturating_sub(NEAR), text.len().min(token.end + NEAR));
    let border = BORDER.as_ref()?;
    // The last byte of a border may be the first of the group, what is before it may end its last setting.
    let start = border.find_iter(&text[lowest..token.start]).last().map_or(lowest, |found| lowest + found.end() - 1);
    let end = border.find(&text[token.end..highest]).map_or(highest, |found| token.end + found.end() - 1);
    let own = column(text, token.start);
    let less = |at: &usize| text[*at] == b'\n' && column(text, at + 1).is_some_and(|column| Some(column) < own);
    let start = (start..token.start).rev().find(less).unwrap_or(start);
    let end = (token.end..end).find(less).unwrap_or(end);
    Some(start..end)
}

/// How far the line of a place is indented, the mark of a list included; `None`: the line is empty.
fn column(text: &[u8], at: usize) -> Option<usize> {
    // A line may be as long as the file: what is further away than a group is no indentation of it.
    let lowest = at.saturating_sub(2 * NEAR);
    let start = text[lowest..at].iter().rposition(|&byte| byte == b'\n').map_or(lowest, |end| lowest + end + 1);
    text[start..]
        .iter()
        .take(2 * NEAR)
        .take_while(|&&byte| byte != b'\n')
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'-' | b'\r'))
}

/// What of a name stands before the word that says what it is for.
fn beginning(name: &str, words: &[&str]) -> Option<String> {
    let rest = words.iter().find_map(|word| name.strip_suffix(word))?;
    Some(rest.trim_end_matches(['_', '.', '-']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::kinds;
    use proptest::prelude::*;

    /// The owner of `TOKEN` in a text.
    fn whose(text: &str) -> Option<String> {
        let at = text.rfind("TOKEN").unwrap();
        let known = owner(text.as_bytes(), &(at..at + 5), kinds())?;
        known.owner.name.map(|name| name.raw().to_owned())
    }

    #[test]
    fn the_user_in_the_same_group_of_settings_is_the_owner() {
        for text in [
            "gpr.user=al\ngpr.key=TOKEN\n",
            "[a]\nusername = al\npassword = TOKEN\n\n[b]\nusername = bo\npassword = x\n",
            "JIRA_EMAIL=al\nOTHER=1\nJIRA_API_TOKEN=\"TOKEN\"\n",
            "{\"a\":{\"username\":\"al\",\"password\":\"TOKEN\"},\"b\":{\"username\":\"bo\",\"password\":\"x\"}}",
            "X={\\\"user\\\":\\\"al\\\",\\\"token\\\":\\\"TOKEN\\\"}",
            "hosts:\n    gitlab.com:\n        token: TOKEN\n        api_host: gitlab.com\n        user: al\n    b:\n        user: bo\n",
            "github.com:\n- user: al\n  oauth_token: TOKEN\n- user: bo\n  oauth_token: x\n",
            "<servers><server><id>a</id><username>al</username><password>TOKEN</password></server><server><username>bo</username></server>",
            "<server>\n <id>x</id>\n <username>al</username>\n <password>TOKEN</password>\n</server>\n<server>\n <username>bo</username>\n</server>\n",
            "<github>\n <add key=\"Username\" value=\"al\" />\n <add key=\"ClearTextPassword\" value=\"TOKEN\" />\n</github>\n",
            "curl -s -u al:TOKEN https://x\n",
            "docker login -u al --password=TOKEN; docker login -u bo -p x\n",
            "sudo -u bo docker login --username al -p 'TOKEN'\n",
            "url = https://al:TOKEN@github.com/a/b\n",
        ] {
            assert_eq!(whose(text).as_deref(), Some("al"), "{text}");
        }
    }

    #[test]
    fn who_is_not_surely_named_is_nobody() {
        for text in [
            "user=al\npassword=x\nuser=bo\npassword=TOKEN\n",
            "db.user=al\ngithub.token=TOKEN\n",
            "user: al\nGITHUB_TOKEN: TOKEN\n",
            "user=al\n\ntoken=TOKEN\n",
            "{\"user\":\"al\",\"a\":{\"token\":\"TOKEN\"}}",
            "user: 1000\ntoken: TOKEN\n",
            "user: ${USER}\ntoken: TOKEN\n",
            "a:\n  user: al\nb:\n  token: TOKEN\n",
            "user: al\nb:\n  token: TOKEN\n",
            "sudo -u al tool --token TOKEN\n",
            "tool -u al; other -p TOKEN\n",
            "docker run -u al -e T=TOKEN x\n",
            "const user = al; return TOKEN;\n",
            "//a.contoso.com/:_authToken=TOKEN\n//b.contoso.com/:username=al\n",
            "just TOKEN",
        ] {
            assert_eq!(whose(text), None, "{text}");
        }
    }

    #[test]
    fn a_token_is_nobodys_name() {
        let token = format!("glpat-{}", "aB3dE6gH9jK2mN5pQ8sT");
        assert_eq!(whose(&format!("https://{token}:TOKEN@github.com\nuser={token}\ntoken=TOKEN\n")), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b' '), Just(b'='), Just(b'{'), any::<u8>()], 1..200), at in 0usize..200) {
            let at = at.min(bytes.len() - 1);
            let _ = owner(&bytes, &(at..bytes.len().min(at + 5)), kinds());
        }
    }
}
