//! Credentials in the records of a store: a record is one section, element, map or entry of a list. A secret belongs to the
//! user of its own record, wherever in it the user is named, or to nobody: a wrong owner accuses one person and clears another.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::super::lead::{Lead, account};
use super::Source;
use crate::text::Untrusted;
use crate::token::{self, owner::Owner};

/// What a tool calls things in its store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// What a value is called that has no shape of its own.
    pub(super) kind: &'static str,
    /// The sort of account that its users are.
    pub(super) owner: &'static str,
    /// Names of fields with a secret, besides those that say so; small letters and digits only.
    pub(super) secrets: &'static [&'static str],
    /// Names of fields with a user, besides those that say so.
    pub(super) users: &'static [&'static str],
    /// A sign-in that a tool keeps for a person.
    pub(super) sign_in: bool,
    /// Every text whose name is in none of the lists is a secret, too: `contexts: {name: token}`.
    pub(super) tables: &'static [&'static str],
}

/// A store of passwords and tokens whose fields have the usual names.
pub(super) const USUAL: Fields =
    Fields { kind: "stored-secret", owner: "login", secrets: &[], users: &[], sign_in: false, tables: &[] };

/// Ends of names that say what stands there is secret.
const SECRETS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "pass",
    "token",
    "secret",
    "apikey",
    "authkey",
    "secretkey",
    "privatekey",
    "accesskeysecret",
    "secretaccesskey",
    "credential",
    "accountkey",
    "sessionkey",
    "clientkeydata",
    "passwordhash",
    "pat",
];

/// What a word before the secret may say without naming something else than the record.
const QUALIFIERS: &[&str] = &[
    "",
    "access",
    "refresh",
    "auth",
    "oauth",
    "oauth2",
    "api",
    "id",
    "client",
    "session",
    "cleartext",
    "secret",
    "bearer",
    "personalaccess",
    "identity",
    "private",
    "privatekey",
    "registry",
    "plaintext",
    "npmauth",
    "user",
    "security",
    "storage",
    "oauthaccess",
    "oauthrefresh",
    "sso",
    "web",
    "login",
    "service",
    "access_",
    "apiaccess",
    "clientapi",
    "key",
];

/// Names of fields that hold a user, best first.
const USERS: &[&str] = &[
    "username",
    "user",
    "login",
    "userlogin",
    "loginname",
    "useremail",
    "email",
    "emailaddress",
    "mail",
    "upn",
    "userprincipalname",
    "preferredusername",
    "authuser",
    "accountemail",
    "userid",
    "usr",
];

/// Where a record holds its secrets one level deeper, so that the user beside counts: `{email, auth: {token}}`.
const WRAPPERS: &[&str] =
    &["auth", "authentication", "tokens", "token", "credentials", "credential", "oauth", "session", "tokenset", "data"];
/// Where a record holds its user one level deeper.
const PEOPLE: &[&str] = &["user", "account", "profile", "owner", "viewer", "me"];

/// Small letters and digits of a name: `access-token`, `accessToken` and `ACCESS_TOKEN` are one.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Every credential in the records of a document.
pub(super) fn leads(source: &Source<'_>, document: &Value, fields: &Fields) -> Vec<Lead> {
    let mut leads = Vec::new();
    let walk = Walk { fields, home: fields.sign_in.then(|| home(source)).flatten() };
    walk.value(document, "", None, &mut leads);
    leads
}

struct Walk<'a> {
    fields: &'a Fields,
    /// Whose home the store lies in.
    home: Option<Owner>,
}

impl Walk<'_> {
    fn value(&self, value: &Value, name: &str, around: Option<&Owner>, leads: &mut Vec<Lead>) {
        match value {
            Value::Array(all) => all.iter().for_each(|one| self.value(one, name, None, leads)),
            Value::Object(record) => self.record(record, name, around, leads),
            _ => {}
        }
    }

    fn record(&self, record: &Map<String, Value>, name: &str, around: Option<&Owner>, leads: &mut Vec<Lead>) {
        let mut users = Users::of(record, self.fields);
        let own = claimed(record);
        let beside = own.clone().or_else(|| users.beginning("")).or_else(|| self.below(record));
        let is_table = self.fields.tables.contains(&plain(name).as_str());
        for (key, value) in record {
            let lower = plain(key);
            if let Some(prefix) = self.secret(&lower).or(is_table.then_some("")) {
                let owner = own.clone().or_else(|| users.beginning(prefix));
                let general =
                    || QUALIFIERS.contains(&prefix).then(|| beside.clone().or_else(|| around.cloned())).flatten();
                let owner = owner.or_else(general);
                texts(value).for_each(|text| leads.extend(self.lead(key, name, text, owner.clone())));
            }
            let wrapped = WRAPPERS.contains(&lower.as_str()).then_some(()).and(beside.as_ref().or(around));
            self.value(value, key, wrapped, leads);
        }
    }

    /// What stands before the word that says "secret".
    fn secret<'n>(&self, name: &'n str) -> Option<&'n str> {
        if self.fields.secrets.contains(&name) {
            return Some("");
        }
        SECRETS.iter().find_map(|word| name.strip_suffix(word))
    }

    /// `{user: {email}, tokens: {…}}`
    fn below(&self, record: &Map<String, Value>) -> Option<Owner> {
        let people = record.iter().filter(|(key, _)| PEOPLE.contains(&plain(key).as_str()));
        let people = people.filter_map(|(_, value)| value.as_object());
        people.into_iter().find_map(|person| Users::of(person, self.fields).beginning(""))
    }

    fn lead(&self, key: &str, around: &str, text: &str, owner: Option<Owner>) -> Option<Lead> {
        // Beside a word that says nothing the user may be the token.
        if !is_value(text) && (owner.is_none() || !token::placeholder::is_filler(text.as_bytes())) {
            return None;
        }
        let name = if key.is_empty() { around } else { key };
        let lead = Lead::new(text).of_kind(self.fields.kind).named(name).alone();
        Some(match (self.fields.sign_in, owner) {
            (true, Some(owner)) => lead.signed_in(Some(owner)),
            (true, None) => lead.in_home(self.home.clone()),
            (false, owner) => lead.beside(owner),
        })
    }
}

/// The users whom the fields of one record name. A record may have as many secrets as a file has bytes: what is looked up for
/// each of them is looked up once.
struct Users<'a> {
    fields: &'a Fields,
    by_name: BTreeMap<String, Vec<&'a Value>>,
    known: HashMap<String, Option<Owner>>,
}

impl<'a> Users<'a> {
    fn of(record: &'a Map<String, Value>, fields: &'a Fields) -> Users<'a> {
        let mut by_name: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for (key, value) in record {
            let name = plain(key);
            if fields.users.iter().chain(USERS).any(|user| name.ends_with(user)) {
                by_name.entry(name).or_default().push(value);
            }
        }
        Users { fields, by_name, known: HashMap::new() }
    }

    /// The one user among the fields whose names begin so.
    fn beginning(&mut self, prefix: &str) -> Option<Owner> {
        let names = self.fields.users.iter().chain(USERS);
        names.into_iter().find_map(|name| self.named(&format!("{prefix}{name}")))
    }

    fn named(&mut self, name: &str) -> Option<Owner> {
        let values = self.by_name.get(name)?;
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        let mut users = values.iter().flat_map(|value| texts(value)).filter_map(|user| named(self.fields.owner, user));
        // Two names in one record name nobody.
        let user = users.next().filter(|first| users.all(|other| other == *first));
        self.known.insert(name.to_owned(), user.clone());
        user
    }
}

/// The texts of an entry that may stand several times.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let (one, many) = match value {
        Value::Array(all) => (None, all.as_slice()),
        one => (one.as_str(), [].as_slice()),
    };
    one.into_iter().chain(many.iter().filter_map(Value::as_str))
}

/// Whether a text can be a secret: no reference, sample, switch or number of seconds.
pub(super) fn is_value(text: &str) -> bool {
    let text = text.trim();
    !says_nothing(text)
        && !token::placeholder::is_reference(text.as_bytes())
        && !token::placeholder::is_sample(text.as_bytes(), 0)
}

fn says_nothing(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "none" | "nil" | "yes" | "no" | "~")
}

/// Whose a record is by the identity token in it.
fn claimed(record: &Map<String, Value>) -> Option<Owner> {
    let token = |names: &[&str]| {
        record
            .iter()
            .filter(|(key, _)| names.contains(&plain(key).as_str()))
            .find_map(|(_, value)| claims(value.as_str()?))
    };
    token(&["idtoken"]).or_else(|| token(&["accesstoken", "token"]))
}

/// Whose a token is by its claims.
pub(super) fn claims(token: &str) -> Option<Owner> {
    token::owner::inside(token::kinds().named("jwt")?, token.trim().as_bytes()).owner
}

/// A user as files write one: in quotes, or with the escapes of addresses.
pub(super) fn named(kind: &'static str, name: &str) -> Option<Owner> {
    let name = super::super::sections::unquoted(name);
    let decoded = percent_encoding::percent_decode_str(name).decode_utf8().ok();
    let name = decoded.as_deref().filter(|_| name.contains('%')).unwrap_or(name);
    let is_number = name.chars().all(|c| c.is_ascii_digit());
    if is_number || says_nothing(name) { None } else { account(kind, name) }
}

/// Accounts of machines: what lies in their homes is nobody's by that.
const MACHINES: &[&str] = &[
    "root",
    "runner",
    "agent",
    "build",
    "builder",
    "ci",
    "cd",
    "deploy",
    "jenkins",
    "gitlab",
    "github",
    "azure",
    "service",
    "svc",
    "bot",
    "app",
    "ubuntu",
    "admin",
    "administrator",
    "debian",
    "node",
    "www",
    "daemon",
    "vsts",
    "azp",
    "docker",
    "git",
    "shared",
    "public",
    "default",
    "user",
    "linuxbrew",
    "vagrant",
    "centos",
    "opc",
    "core",
];

/// The person whose home a store lies in, by the usual places of homes.
pub(super) fn home(source: &Source<'_>) -> Option<Owner> {
    let parts: Vec<String> = source.path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let at = parts.iter().rposition(|part| matches!(part.as_str(), "home" | "Users"))?;
    let name = parts.get(at + 1).filter(|_| at + 2 < parts.len())?;
    let is_machine = name
        .to_lowercase()
        .split(['-', '_', '.'])
        .any(|word| MACHINES.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit())));
    (!is_machine).then(|| Owner { kind: "login", id: None, name: Some(Untrusted::from(name.as_str())) })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use serde_json::json;

    fn whose(document: Value, fields: &Fields, path: &str) -> Vec<String> {
        let source = Source { path: Path::new(path), text: "", beside: &|_| None };
        let mut all: Vec<String> = leads(&source, &document, fields)
            .iter()
            .map(|lead| {
                let name =
                    lead.owner.as_ref().and_then(|known| known.owner.name.as_ref()).map(|name| name.raw().to_owned());
                format!("{} {}", lead.value.expose(), name.unwrap_or_else(|| "-".to_owned()))
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn a_secret_belongs_to_the_user_of_its_own_record() {
        let document = json!({
            "a": {"username": "\"alice\"", "password": "p1-q9w8"},
            "b": {"password": "p2-q9w8"},
            "c": {"password": "p3-q9w8", "user": "bob%40contoso.com"},
            "d": [{"token": "p4-q9w8", "login": "al"}, {"token": "p5-q9w8"}],
            "e": {"user": "al", "username": "bo", "other": {"token": "p6-q9w8"}},
            "f": {"email": "al", "auth": {"token": "p7-q9w8"}},
            "g": {"user": {"email": "al@contoso.com"}, "tokens": {"refresh_token": "p8-q9w8"}},
        });
        assert_eq!(
            whose(document, &USUAL, "/x"),
            [
                "p1-q9w8 alice",
                "p2-q9w8 -",
                "p3-q9w8 bob@contoso.com",
                "p4-q9w8 al",
                "p5-q9w8 -",
                "p6-q9w8 -",
                "p7-q9w8 al",
                "p8-q9w8 al@contoso.com"
            ]
        );
    }

    #[test]
    fn names_that_begin_alike_belong_together() {
        let document = json!({
            "nexusUser": "alice", "nexusPassword": "p1-q9w8", "gpr.user": "bob", "gpr.token": "p2-q9w8",
            "signing.password": "p3-q9w8", "user": "carol",
        });
        assert_eq!(whose(document, &USUAL, "/x"), ["p1-q9w8 alice", "p2-q9w8 bob", "p3-q9w8 -"]);
    }

    #[test]
    fn what_is_no_value_is_no_secret() {
        let document = json!({"password": "${X}", "token": "true", "secret": "", "x_token": 5, "tokenUrl": "https://x", "pwd": "changeme"});
        assert_eq!(whose(document, &USUAL, "/x"), Vec::<String>::new());
    }

    #[test]
    fn a_sign_in_is_of_the_person_whose_home_it_lies_in() {
        let fields = Fields { sign_in: true, ..USUAL };
        let document = json!({"access_token": "p1-q9w8"});
        for (path, owner) in [
            ("/m/home/alice/.x/y", "alice"),
            ("/Users/bob/.x", "bob"),
            ("/home/runner/.x", "-"),
            ("/home/svc-1/.x", "-"),
            ("/home/x", "-"),
        ] {
            assert_eq!(whose(document.clone(), &fields, path), [format!("p1-q9w8 {owner}")], "{path}");
        }
    }
}
