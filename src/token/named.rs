//! What the name of a variable, an option, a header or a setting says about its value, by the words that it is made of, and
//! whether a value under such a name stands for itself. Never by a part of a word: `MONKEY` names no key.

use super::opaque::{is_guid, is_random};
use super::placeholder;

/// What a name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Says {
    Nothing,
    /// Keys, sessions and authorizations are of many sorts: the value has to look like a secret, too.
    Perhaps,
    Secret,
}

/// Words that say it alone, also in the languages that people name variables in.
const SECRET: &[&str] = &[
    "pass",
    "passwd",
    "password",
    "passwords",
    "passphrase",
    "passcode",
    "pwd",
    "pw",
    "secret",
    "secrets",
    "token",
    "pat",
    "credential",
    "credentials",
    "creds",
    "cred",
    "apikey",
    "authkey",
    "authtoken",
    "authorization",
    "accesskey",
    "secretkey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "cookie",
    "cookies",
    "bearer",
    "jwt",
    "psk",
    "passwort",
    "kennwort",
    "motdepasse",
    "mdp",
    "contrasena",
    "senha",
    "wachtwoord",
    "haslo",
    "heslo",
];

/// Words that say it together with a value that looks like one.
const PERHAPS: &[&str] = &["key", "keys", "auth", "tokens", "session", "sas", "pin", "otp", "sid", "webhook", "dsn"];

/// What makes a secret of a key.
const OF_KEYS: &[&str] = &[
    "api",
    "access",
    "private",
    "secret",
    "auth",
    "signing",
    "encryption",
    "master",
    "app",
    "client",
    "account",
    "storage",
    "service",
    "admin",
    "deploy",
    "ssh",
    "shared",
    "function",
    "host",
    "license",
];

/// Ends of words that are written together, as in `PGPASSWORD`.
const ENDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "token",
    "secret",
    "apikey",
    "credentials",
    "authkey",
    "accesskey",
    "secretkey",
    "dbpass",
    "userpass",
    "sshpass",
    "ftppass",
    "smtppass",
    "rootpass",
    "adminpass",
    "bindpass",
    "mypass",
    "dbpwd",
    "userpwd",
    "mysqlpwd",
];

/// Last words that turn what stands before them into something about a secret.
const ABOUT: &[&str] = &[
    "file",
    "path",
    "dir",
    "directory",
    "folder",
    "url",
    "uri",
    "endpoint",
    "host",
    "hostname",
    "port",
    "name",
    "names",
    "id",
    "ids",
    "type",
    "kind",
    "mode",
    "method",
    "ttl",
    "expiry",
    "expires",
    "expiration",
    "expire",
    "length",
    "len",
    "size",
    "count",
    "max",
    "min",
    "enabled",
    "disabled",
    "enable",
    "disable",
    "limit",
    "timeout",
    "interval",
    "prefix",
    "suffix",
    "algorithm",
    "alg",
    "version",
    "region",
    "location",
    "policy",
    "policies",
    "arn",
    "field",
    "column",
    "user",
    "username",
    "login",
    "email",
    "group",
    "role",
    "issuer",
    "audience",
    "scope",
    "scopes",
    "provider",
    "store",
    "manager",
    "helper",
    "ref",
    "reference",
    "env",
    "var",
    "variable",
    "format",
    "hint",
    "prompt",
    "required",
    "rotation",
    "source",
    "label",
    "title",
    "sock",
    "socket",
    "fingerprint",
    "thumbprint",
    "created",
    "updated",
    "at",
    "cmd",
    "command",
    "program",
    "stdin",
    "fd",
];

/// Words before `key` that make it no secret.
const OPEN_KEYS: &[&str] = &[
    "public",
    "primary",
    "foreign",
    "sort",
    "cache",
    "partition",
    "composer",
    "shortcut",
    "hot",
    "idempotency",
    "unique",
    "pub",
];

/// What a name says about its value.
pub(crate) fn says(name: &str) -> Says {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let Some(last) = words.iter().rfind(|word| !word.bytes().all(|byte| byte.is_ascii_digit())) else {
        return Says::Nothing;
    };
    if ABOUT.contains(&last.as_str()) {
        return Says::Nothing;
    }
    let together = words.iter().any(|word| ENDS.iter().any(|end| word.ends_with(end)));
    if has(SECRET) || together {
        return Says::Secret;
    }
    if !has(PERHAPS) || (has(&["key", "keys"]) && has(OPEN_KEYS)) {
        return Says::Nothing;
    }
    let of_keys = |pair: &[String]| OF_KEYS.contains(&pair[0].as_str()) && pair[1] == "key";
    if words.windows(2).any(of_keys) { Says::Secret } else { Says::Perhaps }
}

/// The words of a name in any spelling: `NEXUS_PASS`, `nexusPass`, `nexus-pass`, `Nexus.Pass`, `NEXUSPass1`.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().take(200).collect();
    let (mut words, mut word) = (Vec::new(), String::new());
    for (at, &c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| letters[at]);
        let starts = before.is_some_and(|before| {
            let rises = before.is_lowercase() && c.is_uppercase();
            let next = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
            rises || (before.is_uppercase() && c.is_uppercase() && next) || before.is_numeric() != c.is_numeric()
        });
        if starts || !c.is_alphanumeric() {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// Whether a value under this name is a secret that stands there itself.
pub(crate) fn is_secret(name: &str, value: &str) -> bool {
    match says(name) {
        Says::Nothing => false,
        Says::Perhaps => is_literal(value) && is_drawn(value.trim()),
        Says::Secret => is_literal(value),
    }
}

/// Whether a value stands for itself: no reference, no path that can be one, no address, no sentence, no sample.
pub(crate) fn is_literal(value: &str) -> bool {
    let value = value.trim();
    value.len() >= 8
        && !is_expanded(value)
        && !placeholder::is_template(value)
        && !placeholder::is_sample(value.as_bytes(), 0)
        && !is_path(value)
        && (!value.contains(char::is_whitespace) || is_grouped(value))
        && !value.contains("${")
        && !value.contains("://")
}

/// A reference that a client or a shell would expand. `$` before what is no name of a variable is a part of a password.
fn is_expanded(value: &str) -> bool {
    match value.strip_prefix('$') {
        Some(name) if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
            let word = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
            word.len() == name.len() && !name.split('_').any(is_random)
        }
        _ => placeholder::is_reference(value.as_bytes()),
    }
}

/// Whether a value is a path by its beginning and has parts that somebody named.
fn is_path(value: &str) -> bool {
    let rooted = ["/", "~/", "./", "../", "~\\", ".\\", "..\\"].iter().any(|start| value.starts_with(start));
    let drive = matches!(value.as_bytes(), [letter, b':', b'/' | b'\\', ..] if letter.is_ascii_alphabetic());
    if !rooted && !drive {
        return false;
    }
    let mut parts = value.split(['/', '\\']).filter(|part| !part.is_empty());
    parts.all(|part| {
        let words = || part.split(|c: char| !c.is_ascii_alphanumeric());
        is_guid(part)
            || (!part.ends_with('=') && !part.contains('+') && !words().any(|word| word.len() >= 10 && is_random(word)))
    })
}

/// Groups of one length, as application passwords are shown in, or words that no sentence has.
fn is_grouped(value: &str) -> bool {
    let groups: Vec<&str> = value.split_whitespace().collect();
    let alike = groups.len() >= 3
        && (3..=8).contains(&groups[0].len())
        && groups
            .iter()
            .all(|group| group.len() == groups[0].len() && group.bytes().all(|b| b.is_ascii_alphanumeric()));
    alike || (groups.len() <= 6 && groups.iter().any(|word| is_random(word)))
}

/// Whether a value looks drawn, or is long and of several sorts of characters.
pub(crate) fn is_drawn(value: &str) -> bool {
    let words = || value.split(|c: char| !c.is_ascii_alphanumeric());
    let mixed = value.len() >= 16
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
        && words().map(str::len).max() >= Some(12);
    is_guid(value) || mixed || words().any(|word| word.len() >= 12 && is_random(word)) || is_grouped(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "q9w8E7r6T5y4u3I2o1P0a9s8";

    #[test]
    fn words_of_a_name_say_what_a_value_is() {
        for name in [
            "NEXUS_PASS",
            "nexusPass",
            "nexus-pass",
            "Nexus.Pass",
            "NEXUSPass1",
            "SONAR_KEY",
            "sonarKey",
            "SONAR_KEY_2",
            "NPM_AUTH",
            "GPG_PASSPHRASE",
            "DB_PWD",
            "MYSQL_PWD",
            "PGPASSWORD",
            "SSHPASS",
            "SESSION_COOKIE",
            "AWS_CREDENTIALS",
            "TS_AUTHKEY",
            "OP_SESSION_contoso",
            "X-Api-Key",
            "apiKey",
            "--api-key",
            "Authorization",
            "JIRA_API_TOKEN",
            "githubtoken",
            "MYTOKEN",
            "client_secret",
            "SECRET_KEY_BASE",
            "AccountKey",
            "DB_PASSWORT",
        ] {
            assert!(is_secret(name, VALUE), "{name}");
        }
        for name in [
            "MONKEY",
            "TURKEY",
            "KEYBOARD",
            "HOCKEY_TEAM",
            "COMPASS",
            "BYPASS",
            "AUTHOR",
            "AUTHORITY",
            "PATH",
            "PATTERN",
            "TOKENIZER",
            "PUBLIC_KEY",
            "PRIMARY_KEY",
            "CACHE_KEY",
            "PASSWORD_FILE",
            "TOKEN_URL",
            "SSH_AUTH_SOCK",
            "KEY_ID",
            "SECRET_NAME",
            "AUTH_TYPE",
            "PASSENGER",
            "SECRETARY",
            "COLOUR",
            "",
            "_",
            "123",
        ] {
            assert!(!is_secret(name, VALUE), "{name}");
        }
    }

    #[test]
    fn a_value_is_a_secret_unless_it_says_where_the_secret_is() {
        let noise = "q9w8E7r6T5y4u3I2o1P0a9s8Z7x6C5v4B3n2M1k0J9";
        for value in [
            format!("/{noise}="),
            format!("~{noise}"),
            format!(".{noise}"),
            format!("${noise}"),
            format!("/{noise}/{noise}+x="),
            "abcd efgh ijkl mnop".into(),
            "xk4f p2ld 9qwe".into(),
            "Tr0ub4dor&3".into(),
            "$ecret-Pass!".into(),
            "~Sommer2024".into(),
            ".hidden-pass".into(),
        ] {
            assert!(is_secret("JIRA_API_TOKEN", &value), "{value}");
        }
        for value in [
            "/run/secrets/jira",
            "~/.config/jira/token",
            "./token.txt",
            "../../etc/key.pem",
            "C:\\Users\\a\\key.pem",
            "$JIRA_TOKEN",
            "${JIRA_TOKEN}",
            "$(cat /run/secret)",
            "%JIRA_TOKEN%",
            "{{ jira_token }}",
            "<your token>",
            "your token here",
            "true",
            "short",
            "see the vault of the team",
            "https://vault.contoso.com/v1/x",
            "op://vault/item/field",
            "********",
            "changeme-please",
        ] {
            assert!(!is_secret("JIRA_API_TOKEN", value), "{value}");
        }
        for (name, value) in
            [("SORT_BY_KEY", "created_at_desc"), ("AUTH", "basic-with-fallback"), ("FEATURE_KEY", "new-checkout-flow")]
        {
            assert!(!is_secret(name, value), "{name}={value}");
        }
    }
}
