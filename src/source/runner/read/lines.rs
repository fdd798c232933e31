//! Stores that are lines or words in a grammar of their own. Each record is read as a whole before anything is said of its
//! secret, since a user may stand behind it.

use super::super::document;
use super::super::document::Format;
use super::super::lead::{Known, Lead, account_kind};
use super::record::{self, is_value, named};
use super::{Source, registries};
use crate::token::placeholder::is_filler;
use serde_json::Value;

/// One record: the host it is for, its user and its secrets.
#[derive(Default)]
struct Entry {
    host: String,
    user: Option<String>,
    secrets: Vec<String>,
}

impl Entry {
    fn leads(self, kind: &'static str, owner: &'static str) -> impl Iterator<Item = Lead> {
        let owner = self.user.as_deref().and_then(|user| named(owner, user));
        let secrets = self.secrets.into_iter().filter(|secret| is_value(secret) || is_filler(secret.as_bytes()));
        secrets
            .map(move |secret| Lead::new(&secret).of_kind(kind).named(self.host.as_str()).beside(owner.clone()).alone())
    }
}

/// Words in any arrangement of lines: `machine <host> login <user> password <secret>`, in quotes or not. A macro ends with an
/// empty line, and what it says is no record.
pub(super) fn netrc(source: &Source<'_>) -> Vec<Lead> {
    let (mut entries, mut entry) = (Vec::new(), Entry::default());
    let mut words = words(source.text).into_iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().unwrap_or_default();
        match word.as_str() {
            "machine" => entries.push(std::mem::replace(&mut entry, Entry { host: value(), ..Entry::default() })),
            "default" => entries.push(std::mem::take(&mut entry)),
            "login" | "user" => entry.user = Some(value()),
            "password" | "passwd" => entry.secrets.push(value()),
            "account" | "port" | "protocol" => drop(value()),
            _ => {}
        }
    }
    entries.push(entry);
    let leads = entries.into_iter().map(|entry| {
        let kind = account_kind(&entry.host);
        entry.leads("netrc-secret", kind)
    });
    leads.flatten().collect()
}

/// The words outside of macros and comments.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut lines) = (Vec::new(), text.lines());
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        let mut of_line = quoted_words(line);
        if let Some(at) = of_line.iter().position(|word| word == "macdef") {
            of_line.truncate(at);
            lines.by_ref().take_while(|line| !line.trim().is_empty()).for_each(drop);
        }
        words.extend(of_line);
    }
    words
}

/// Words of a line; a quote at the beginning of one ends at the next, and a backslash takes the next character as it is.
fn quoted_words(line: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), line.chars().peekable());
    while let Some(first) = rest.find(|c| !c.is_whitespace()) {
        let quoted = first == '"';
        let mut word = String::new();
        let mut next = if quoted { rest.next() } else { Some(first) };
        while let Some(c) = next {
            match c {
                '"' if quoted => break,
                c if !quoted && c.is_whitespace() => break,
                '\\' if quoted => word.extend(rest.next()),
                c => word.push(c),
            }
            next = rest.next();
        }
        words.push(word);
    }
    words
}

/// `host:port:database:user:password`, with a backslash before a colon that is none.
pub(super) fn pgpass(source: &Source<'_>) -> Vec<Lead> {
    let lines = source.text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let entries = lines.filter_map(|line| {
        let mut fields = vec![String::new()];
        let mut rest = line.trim_end_matches('\r').chars();
        while let Some(c) = rest.next() {
            match (c, fields.len()) {
                ('\\', _) => fields.last_mut()?.extend(rest.next()),
                (':', 1..5) => fields.push(String::new()),
                _ => fields.last_mut()?.push(c),
            }
        }
        let [host, _, _, user, secret] = <[String; 5]>::try_from(fields).ok()?;
        Some(Entry { host, user: Some(user).filter(|user| user != "*"), secrets: vec![secret] })
    });
    entries.flat_map(|entry| entry.leads("postgres-secret", "login")).collect()
}

/// An address a line, both halves with the escapes of addresses.
pub(super) fn git_credentials(source: &Source<'_>) -> Vec<Lead> {
    let entries = source.text.lines().filter_map(address);
    let leads = entries.flat_map(|entry| {
        let kind = account_kind(&entry.host);
        entry.leads("git-secret", kind)
    });
    leads.map(|lead| Lead { owner: lead.owner.map(|known| Known { source: "url", ..known }), ..lead }).collect()
}

/// `scheme://user:secret@host`; where a token stands as the user, the password says nothing.
fn address(line: &str) -> Option<Entry> {
    let (_, rest) = line.trim().split_once("://")?;
    let (pair, host) = rest.rsplit_once('@')?;
    let (user, secret) = pair.split_once(':').unwrap_or((pair, ""));
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let host = host.split(['/', ':', '?']).next().unwrap_or_default().to_owned();
    let (user, secret) = (decoded(user), decoded(secret));
    Some(match secret.as_str() {
        "" | "x-oauth-basic" => Entry { host, user: None, secrets: vec![user] },
        _ => Entry { host, user: Some(user), secrets: vec![secret] },
    })
}

/// The secret in the first line, then `service=` and `account=`: what the credential manager of git writes where it has no
/// keyring (<https://github.com/git-ecosystem/git-credential-manager/blob/main/docs/credstores.md>).
pub(super) fn credential_manager(source: &Source<'_>) -> Vec<Lead> {
    let field = |name: &str| source.text.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='));
    let (Some(service), Some(secret)) = (field("service"), source.text.lines().next()) else { return Vec::new() };
    let host = service.split_once("://").map_or(service, |(_, host)| host).split('/').next().unwrap_or_default();
    let entry = Entry {
        host: host.to_owned(),
        user: field("account").map(str::to_owned),
        secrets: vec![secret.trim().to_owned()],
    };
    entry.leads("git-secret", account_kind(host)).collect()
}

/// A token and nothing else.
pub(super) fn whole(source: &Source<'_>) -> Vec<Lead> {
    let text = source.text.trim();
    if text.is_empty() || text.contains(char::is_whitespace) || !is_value(text) {
        return Vec::new();
    }
    let name = source.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    vec![Lead::new(text).of_kind("stored-secret").named(name).in_home(record::home(source)).alone()]
}

/// INI sections with `username` and `password`.
pub(super) fn pypi(source: &Source<'_>) -> Vec<Lead> {
    let fields = record::Fields { kind: "pypi-secret", owner: "pypi", ..record::USUAL };
    documents(source, Format::Ini).iter().flat_map(|document| record::leads(source, document, &fields)).collect()
}

fn documents(source: &Source<'_>, format: Format) -> Vec<Value> {
    document::parse(format, source.text).unwrap_or_default()
}

/// `BUNDLE_HOST__NAME: "user:password"`, or a token alone.
pub(super) fn bundler(source: &Source<'_>) -> Vec<Lead> {
    const SETTINGS: &[&str] =
        &["BUNDLE_GEMFILE", "BUNDLE_PATH", "BUNDLE_MIRROR", "BUNDLE_BUILD", "BUNDLE_LOCAL", "BUNDLE_SSL"];
    let documents = documents(source, Format::Yaml);
    let entries = documents.iter().flat_map(|document| document::entries(document, &[])).filter_map(|(key, value)| {
        let host = key.strip_prefix("BUNDLE_").filter(|host| host.contains("__"))?;
        let value = value.as_str().filter(|_| !SETTINGS.iter().any(|setting| key.starts_with(setting)))?;
        let host = host.replace("___", "-").replace("__", ".").to_lowercase();
        let (user, secret) =
            value.split_once(':').map_or((None, value), |(user, secret)| (Some(user.to_owned()), secret));
        Some(Entry { host, user, secrets: vec![secret.to_owned()] })
    });
    entries.flat_map(|entry| entry.leads("rubygems-secret", "login")).collect()
}

/// `Credentials("realm", "host", "user", "password")` in a build of Scala.
pub(super) fn sbt(source: &Source<'_>) -> Vec<Lead> {
    let calls = source.text.split("Credentials(").skip(1);
    let entries = calls.filter_map(|call| {
        let arguments = call.split_once(')')?.0;
        let mut texts = arguments.split('"').skip(1).step_by(2).map(str::to_owned);
        let (_, host, user, secret) = (texts.next()?, texts.next()?, texts.next()?, texts.next()?);
        Some(Entry { host, user: Some(user), secrets: vec![secret] })
    });
    entries.flat_map(|entry| entry.leads("ivy-secret", "login")).collect()
}

/// `K <length>`, name, `V <length>`, value.
pub(super) fn subversion(source: &Source<'_>) -> Vec<Lead> {
    let mut entry = Entry::default();
    let mut lines = source.text.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with("K ") {
            continue;
        }
        let (Some(name), Some(_), Some(value)) = (lines.next(), lines.next(), lines.next()) else { break };
        match name {
            "username" => entry.user = Some(value.to_owned()),
            "password" | "passphrase" => entry.secrets.push(value.to_owned()),
            "svn:realmstring" => entry.host = value.to_owned(),
            _ => {}
        }
    }
    entry.leads("subversion-secret", "login").collect()
}

/// `name value` in sections that begin with `account` or an empty line.
pub(super) fn mail(source: &Source<'_>) -> Vec<Lead> {
    let (mut entries, mut entry) = (Vec::new(), Entry::default());
    for line in source.text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        let words = quoted_words(line);
        let (name, value) = (words.first().map(|name| name.to_lowercase()), words.get(1).cloned().unwrap_or_default());
        match name.as_deref() {
            None | Some("account" | "imapaccount" | "defaults") => entries.push(std::mem::take(&mut entry)),
            Some("user") => entry.user = Some(value),
            Some("pass" | "password") => entry.secrets.push(value),
            Some("host") => entry.host = value,
            _ => {}
        }
    }
    entries.push(entry);
    entries.into_iter().flat_map(|entry| entry.leads("mail-secret", "login")).collect()
}

/// A host a line with its variables: `h1 ansible_user=a ansible_password=b`; a section of variables is one record.
pub(super) fn inventory(source: &Source<'_>) -> Vec<Lead> {
    let (mut entries, mut section) = (Vec::new(), Entry::default());
    for line in source.text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if line.starts_with('[') {
            entries.push(std::mem::take(&mut section));
            continue;
        }
        let mut own = Entry::default();
        let of_section = line.split_whitespace().next().is_some_and(|word| word.contains('='));
        let entry = if of_section { &mut section } else { &mut own };
        for (name, value) in quoted_words(line).iter().filter_map(|word| word.split_once('=')) {
            match name {
                "ansible_user" | "ansible_ssh_user" => entry.user = Some(value.trim_matches(['"', '\'']).to_owned()),
                _ if name.starts_with("ansible_") && (name.ends_with("pass") || name.ends_with("password")) => {
                    entry.secrets.push(value.trim_matches(['"', '\'']).to_owned());
                }
                _ => {}
            }
        }
        entries.push(own);
    }
    entries.push(section);
    entries.into_iter().flat_map(|entry| entry.leads("ansible-secret", "login")).collect()
}

/// `user = "name:password"` and its kin, in any of the ways in which options of curl are written into a file.
pub(super) fn curl(source: &Source<'_>) -> Vec<Lead> {
    const OPTIONS: &[&str] = &["user", "--user", "-u", "proxy-user", "--proxy-user", "-U"];
    let lines = source.text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let entries = lines.filter_map(|line| {
        let (option, value) = line.split_at(line.find(|c: char| c.is_whitespace() || matches!(c, '=' | ':'))?);
        let value = value.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '=' | ':'));
        let value = quoted_words(value).into_iter().next().filter(|_| OPTIONS.contains(&option))?;
        let (user, secret) = value.split_once(':')?;
        Some(Entry { host: option.to_owned(), user: Some(user.to_owned()), secrets: vec![secret.to_owned()] })
    });
    entries.flat_map(|entry| entry.leads("curl-secret", "login")).collect()
}

/// Settings of git: headers with an authorization, and sections with a user and a secret.
pub(super) fn git(source: &Source<'_>) -> Vec<Lead> {
    let fields = record::Fields { kind: "git-secret", ..record::USUAL };
    let mut leads = Vec::new();
    for document in documents(source, Format::Ini) {
        leads.extend(record::leads(source, &document, &fields));
        for (section, entry) in document::entries(&document, &[]) {
            for one in entry.as_array().map_or(std::slice::from_ref(entry), Vec::as_slice) {
                let headers = document::entries(one, &[]).filter(|(key, _)| key.eq_ignore_ascii_case("extraheader"));
                let values =
                    headers.flat_map(|(_, value)| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
                leads.extend(
                    values
                        .filter_map(Value::as_str)
                        .filter_map(|header| registries::authorization(section, header, "git-secret")),
                );
            }
        }
    }
    leads
}
