//! Looks at the text of one file: tokens by their shape, and what the reader of its format knows, joined by value.
//! A value is turned into its fingerprint here and goes no further.

use std::cell::{Cell, OnceCell};
use std::collections::{HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use jiff::Timestamp;
use memchr::memmem;

use super::PUBLISHED;
use super::beside::{self, name_before};
use super::content;
use super::document;
use super::fingerprint::Key;
use super::follow::{Holds, Reference};
use super::identify::Question;
use super::inventory;
use super::lead::{Known, Lead, account, screened};
use super::printable;
use super::read::{self, Reader, Server, Source};
use crate::model::Grade;
use crate::text::{Secret, Untrusted};
use crate::token::{self, Confidence, Hit, Holder, Kinds, owner::Inside};

/// A credential in one file, without its value.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) line: Option<u64>,
    pub(super) kind: String,
    pub(super) holder: Holder,
    pub(super) name: Option<String>,
    pub(super) shown: Option<String>,
    pub(super) fingerprint: String,
    pub(super) verified: Option<bool>,
    pub(super) confidence: Confidence,
    pub(super) owner: Option<Known>,
    pub(super) sign_in: bool,
    pub(super) uploaded: bool,
    pub(super) scope: Option<Untrusted>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
    /// What its issuer can be asked; only there when somebody will ask.
    pub(super) question: Option<Question>,
    /// The format of the file says whose it is, or that nobody is named.
    pub(super) alone: bool,
}

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Examined {
    pub(super) place: &'static str,
    pub(super) found: Vec<Found>,
    pub(super) servers: Vec<Server>,
    pub(super) references: Vec<Reference>,
    pub(super) malformed: bool,
}

/// What every examination needs.
pub(super) struct Examiner<'a> {
    pub(super) kinds: &'a Kinds,
    pub(super) key: &'a Key,
    /// Whether issuers will be asked, so that values are needed a little longer.
    pub(super) asks: bool,
}

/// Base64 inside of base64: a file of a cluster's secret that holds the authorizations of registries has two.
const LAYERS: u8 = 3;

/// The kinds that only mean "under a secret name": anything may stand there, so what stands there has to look drawn.
const UNSHAPED: &[&str] = &["environment-secret", "argument-secret"];

/// Places where nothing but people writes, for themselves or for the jobs of a runner: there a name is enough.
const OF_RUNNERS: &[&str] = &["runner-env", "process", "systemd", "system", "history", "crontab", "shell"];

/// So much of a file tells whether it is text.
const TEXT: usize = 1024;

/// How often a text may be searched as a whole for where values stand.
const SEARCHES: usize = 32;

/// What stands where a user name is expected, and is none.
const USER: &str = "token-as-user-name";

impl Examiner<'_> {
    /// Looks at a whole small file.
    pub(super) fn file(&self, path: &Path, text: &[u8], beside: &dyn Fn(&str) -> Option<String>) -> Examined {
        let mut all = Joined::new(self.key, text);
        self.texts(text, 1, &mut all);
        let mut examined = Examined { place: place(path, beside), ..Examined::default() };
        self.known_format(path, beside, &mut examined, &mut all);
        examined.found = all.found;
        if OF_RUNNERS.contains(&examined.place) {
            examined.found.iter_mut().for_each(on_runner);
        }
        of_service_account(&mut examined.found, text);
        of_public_key(&mut examined.found, path, beside);
        if examined.place == "runner-env" && inventory::is_agent(path, beside) {
            mark_uploaded(&mut examined.found, &String::from_utf8_lossy(text));
        }
        examined
    }

    /// What the reader of a format adds: by the path of a file, else by what stands in it.
    fn known_format(
        &self,
        path: &Path,
        beside: &dyn Fn(&str) -> Option<String>,
        examined: &mut Examined,
        all: &mut Joined<'_>,
    ) {
        let bytes = all.text;
        let reader = Reader::of(path);
        let reader = reader.filter(|reader| {
            let shows = reader.place == "environment" && examined.place != "runner-env" && read::shows_variables(path);
            if shows {
                read::stores_in_variables(&String::from_utf8_lossy(bytes)).iter().for_each(|lead| self.lead(lead, all));
            }
            !shows
        });
        let read = reader.map(|reader| reader.read(&Source { path, text: &String::from_utf8_lossy(bytes), beside }));
        if let (Some(reader), "file") = (reader, examined.place) {
            examined.place = reader.place;
        }
        let nothing = match read {
            Some(Err(_)) => {
                examined.malformed = true;
                true
            }
            Some(Ok(read)) => {
                read.leads.iter().for_each(|lead| self.lead(lead, all));
                examined.servers = read.servers;
                examined.references = read.references;
                read.leads.is_empty() && examined.servers.is_empty()
            }
            None => true,
        };
        // Workflows, compose files and manifests start programs in their own way.
        if examined.servers.is_empty() && !reader.is_some_and(Reader::starts_programs) {
            let read = read::servers_anywhere(path, bytes);
            read.leads.iter().for_each(|lead| self.lead(lead, all));
            examined.servers = read.servers;
            examined.references.extend(read.references);
        }
        read::commands_anywhere(bytes).iter().for_each(|lead| self.lead(lead, all));
        if nothing {
            read::by_content(path, bytes, beside).iter().for_each(|lead| self.lead(lead, all));
        }
    }

    /// Looks at a file that holds variables or commands because another file says so.
    pub(super) fn named(&self, source: &Source<'_>, holds: Holds) -> Vec<Found> {
        let text = source.text.as_bytes();
        let mut all = Joined::new(self.key, text);
        self.shapes(text, 1, &mut all);
        read::named(source, holds).iter().for_each(|lead| self.lead(lead, &mut all));
        all.found.iter_mut().for_each(on_runner);
        all.found
    }

    /// Looks at a piece of a larger file.
    pub(super) fn piece(&self, text: &[u8], line: u64) -> Vec<Found> {
        let mut all = Joined::new(self.key, text);
        self.texts(text, line, &mut all);
        all.found
    }

    /// Every token in a text, also in what is encoded in it.
    fn texts(&self, text: &[u8], line: u64, all: &mut Joined<'_>) {
        self.shapes(text, line, all);
        // In programs and pictures nobody writes base64 of a text.
        if is_text(&text[..text.len().min(TEXT)]) {
            self.layers(text, line, all);
        }
        if printable::is(text) {
            let mail = printable::decode(text);
            self.plain(&mail.text, &mut |at| line + mail.line(at), all);
        }
    }

    /// Every token by its shape, also inside basic authorizations.
    fn shapes(&self, text: &[u8], first_line: u64, all: &mut Joined<'_>) {
        let (mut line, mut counted) = (first_line, 0);
        let mut line_of = |at: usize| {
            line += memchr::memchr_iter(b'\n', &text[counted..at]).count() as u64;
            counted = at;
            line
        };
        self.plain(text, &mut line_of, all);
    }

    /// Every token in the base64 of a text.
    fn layers(&self, text: &[u8], first_line: u64, all: &mut Joined<'_>) {
        let (mut line, mut counted) = (first_line, 0);
        for (word, decoded) in token::encoded_words(text) {
            line += memchr::memchr_iter(b'\n', &text[counted..word.start]).count() as u64;
            counted = word.start;
            self.encoded(&decoded, line, name_before(text, word.start), LAYERS, all);
        }
    }

    /// What is encoded in a word, and in the words of what is.
    fn encoded(&self, text: &[u8], line: u64, name: Option<String>, layers: u8, all: &mut Joined<'_>) {
        self.pair(text, Some(line), name.clone(), all);
        self.plain(text, &mut |_| line, all);
        for (_, decoded) in token::encoded_words(text).take_while(|_| layers > 1) {
            self.encoded(&decoded, line, name.clone(), layers - 1, all);
        }
    }

    fn plain(&self, text: &[u8], line_of: &mut dyn FnMut(usize) -> u64, all: &mut Joined<'_>) {
        for hit in self.kinds.find_with_surroundings(text) {
            let line = line_of(hit.span.start);
            let value = hit.value(text);
            let name = name_before(text, hit.span.start);
            match hit.kind.name.as_str() {
                "basic" => self.basic(value, Some(line), name, all),
                _ if hit.kind.is_only_surroundings() => {}
                _ => {
                    let found = self.of_shape(&hit, value);
                    let around = all.affords_owner().then(|| beside::owner(text, &hit.span, self.kinds)).flatten();
                    let owner = better(around, found.owner);
                    all.add(value, Found { line: Some(line), name, owner, ..found });
                }
            }
        }
    }

    /// The password of a basic authorization, and whose the user beside it is.
    fn basic(&self, value: &[u8], line: Option<u64>, name: Option<String>, all: &mut Joined<'_>) {
        if let Some(pair) = token::base64(value) {
            self.pair(&pair, line, name, all);
        }
    }

    /// `user:password`
    fn pair(&self, pair: &[u8], line: Option<u64>, name: Option<String>, all: &mut Joined<'_>) {
        let Some(colon) = pair.iter().position(|&byte| byte == b':') else { return };
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-@+".contains(byte);
        if !pair[..colon].iter().all(plain) {
            return;
        }
        let (user, password) = (String::from_utf8_lossy(&pair[..colon]), &pair[colon + 1..]);
        if token::placeholder::is_filler(password) && token::opaque::may_be_secret(&user) {
            return all.add(user.as_bytes(), Found { line, name, ..unshaped(self.key, USER, user.as_bytes()) });
        }
        let owner = account("login", &user).map(|owner| Known { owner, source: "beside", grade: Grade::D });
        for hit in self.kinds.find(password) {
            let value = hit.value(password);
            let found = self.of_shape(&hit, value);
            let owner = better(owner.clone(), found.owner);
            all.add(value, Found { line, name: name.clone(), owner, ..found });
        }
    }

    /// What a reader knows: the shape decides the kind, the reader only where there is none.
    fn lead(&self, lead: &Lead, all: &mut Joined<'_>) {
        let value = lead.value.expose().as_bytes();
        if token::placeholder::is_filler(value) {
            // The token stands where the user is expected.
            let name =
                lead.owner.as_ref().and_then(|known| known.owner.name.as_ref()).map(|name| name.raw().to_owned());
            if let Some(user) = name.filter(|name| token::opaque::may_be_secret(name)) {
                let line = all.line_of(user.as_bytes(), lead.line);
                all.add(
                    user.as_bytes(),
                    Found { line, name: lead.name.clone(), ..unshaped(self.key, USER, user.as_bytes()) },
                );
            }
            return;
        }
        if token::placeholder::is_reference(value) {
            return;
        }
        let hits = self.kinds.find(value);
        let known = |found: Found| Found {
            name: lead.name.clone().or(found.name.clone()),
            sign_in: lead.sign_in,
            alone: lead.alone,
            owner: better(lead.owner.clone(), found.owner.clone()),
            ..found
        };
        for hit in &hits {
            let inner = hit.value(value);
            let line = all.line_of(inner, lead.line).or_else(|| all.line_of(value, lead.line));
            all.add(inner, known(Found { line, ..self.of_shape(hit, inner) }));
        }
        if let (true, Some(kind)) = (hits.is_empty(), lead.kind) {
            let line = all.line_of(value, lead.line);
            all.add(value, known(Found { line, ..self.unshaped(kind, value, lead.sign_in) }));
        }
    }

    fn unshaped(&self, kind: &str, value: &[u8], sign_in: bool) -> Found {
        let holder = match kind {
            "application-secret" => Holder::Service,
            _ if sign_in => Holder::Person,
            _ => self.kinds.named(kind).map_or(Holder::Either, |kind| kind.holder),
        };
        Found { holder, ..unshaped(self.key, kind, value) }
    }

    fn of_shape(&self, hit: &Hit<'_>, value: &[u8]) -> Found {
        let issuer = hit.kind.issuer.filter(|_| self.asks && hit.confidence > Confidence::Low);
        let question = issuer.zip(std::str::from_utf8(value).ok());
        Found {
            question: question.map(|(issuer, value)| Question { issuer, value: Secret::new(value), name: None }),
            ..of_shape(hit, value, self.key)
        }
    }
}

/// What has no shape is known by where it stands.
fn unshaped(key: &Key, kind: &str, value: &[u8]) -> Found {
    Found {
        line: None,
        kind: kind.to_owned(),
        holder: Holder::Either,
        name: None,
        shown: None,
        fingerprint: key.fingerprint(value),
        verified: None,
        confidence: if UNSHAPED.contains(&kind) && !looks_drawn(value) { Confidence::Low } else { Confidence::Medium },
        owner: None,
        sign_in: false,
        uploaded: false,
        scope: None,
        created_at: None,
        expires_at: None,
        question: None,
        alone: false,
    }
}

fn of_shape(hit: &Hit<'_>, value: &[u8], key: &Key) -> Found {
    let inside: Inside = token::owner::inside(hit.kind, value);
    let is_key = hit.kind.name == "private-key";
    let grade = if is_key { Grade::D } else { Grade::C };
    let is_published = token::published::origin(value).is_some();
    Found {
        line: None,
        kind: if is_published { PUBLISHED.to_owned() } else { hit.kind.name.clone() },
        holder: inside.holder.unwrap_or(hit.kind.holder),
        name: None,
        shown: (hit.kind.shown > 0)
            .then(|| String::from_utf8_lossy(&value[..hit.kind.shown.min(value.len())]).into_owned()),
        fingerprint: key.fingerprint(value),
        verified: hit.verified,
        confidence: if is_published { Confidence::Low } else { hit.confidence },
        owner: inside.owner.map(|owner| Known { owner, source: "token", grade }),
        sign_in: false,
        uploaded: false,
        scope: inside.scope,
        created_at: inside.created_at,
        expires_at: inside.expires_at,
        question: None,
        alone: false,
    }
}

/// Whether nothing in it is a sign that only programs write; the environment of a process has zeros.
fn is_text(head: &[u8]) -> bool {
    !head.iter().any(|byte| matches!(byte, 1..=8 | 14..=26 | 28..=31))
}

fn looks_drawn(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(token::named::is_drawn)
}

/// The stronger of two; of two equals the first.
pub(super) fn better(first: Option<Known>, second: Option<Known>) -> Option<Known> {
    match (first, second) {
        (Some(first), Some(second)) => Some(if second.grade < first.grade { second } else { first }),
        (first, second) => first.or(second),
    }
}

/// The credentials of one file, one per value.
struct Joined<'a> {
    key: &'a Key,
    text: &'a [u8],
    found: Vec<Found>,
    by_value: HashMap<String, usize>,
    /// For how many tokens an owner was looked for around them.
    owners: usize,
    /// Where lines end, once somebody asks.
    lines: OnceCell<Vec<usize>>,
    /// How far the last search for a value came, and what all of them cost.
    searched: Cell<(usize, usize)>,
}

impl<'a> Joined<'a> {
    fn new(key: &'a Key, text: &'a [u8]) -> Joined<'a> {
        Joined {
            key,
            text,
            found: Vec::new(),
            by_value: HashMap::new(),
            owners: 0,
            lines: OnceCell::new(),
            searched: Cell::new((0, 0)),
        }
    }
}

impl Joined<'_> {
    /// Adds what is known of a value; what the token says of itself is kept beside what surrounds it.
    ///
    /// Nothing that could be a secret is an owner or a name: such a user is a credential of its own.
    fn add(&mut self, value: &[u8], mut found: Found) {
        let (owner, user) = screened(found.owner.take());
        found.owner = owner;
        found.name = found.name.map(|name| token::opaque::conceal(&name).into_owned());
        if let Some(user) = user.filter(|user| !token::opaque::is_guid(user.expose())) {
            self.put(
                user.expose().as_bytes(),
                Found {
                    line: found.line,
                    name: found.name.clone(),
                    ..unshaped(self.key, USER, user.expose().as_bytes())
                },
            );
        }
        self.put(value, found);
    }

    /// Whether one more owner is looked for around a token. A file full of tokens is a dump of them, and what it takes to look
    /// around each must not grow faster than the file.
    fn affords_owner(&mut self) -> bool {
        self.owners += 1;
        self.owners <= 1000 + self.text.len() / 512
    }

    fn put(&mut self, value: &[u8], found: Found) {
        debug_assert_eq!(found.fingerprint, self.key.fingerprint(value));
        let Some(&at) = self.by_value.get(&found.fingerprint) else {
            self.by_value.insert(found.fingerprint.clone(), self.found.len());
            return self.found.push(found);
        };
        let known = &mut self.found[at];
        // Who stands in another section is not its owner.
        let of_itself = |known: &Known| known.source == "token";
        let before = known.owner.take().filter(|owner| known.alone || !found.alone || of_itself(owner));
        let after = found.owner.filter(|owner| found.alone || !known.alone || of_itself(owner));
        known.owner = better(after, before);
        known.alone |= found.alone;
        known.name = found.name.or(known.name.take());
        known.sign_in |= found.sign_in;
        known.line = known.line.or(found.line);
    }

    /// The first line at or below `from` that holds the value; one that is written in another way stands at `from`.
    ///
    /// Readers name values mostly in the order of the file: the search goes on where the last one ended, and begins anew only
    /// as often as keeps the whole of it within a few times the length of the text.
    fn line_of(&self, value: &[u8], from: Option<u64>) -> Option<u64> {
        let lines = self.lines.get_or_init(|| memchr::memchr_iter(b'\n', self.text).collect());
        let above = usize::try_from(from.unwrap_or(1).saturating_sub(1)).ok()?;
        let start = if above == 0 { 0 } else { lines.get(above - 1).map_or(self.text.len(), |end| end + 1) };
        let (cursor, _) = self.searched.get();
        let find = |from: usize| {
            let at = memmem::find(&self.text[from..], value).map(|at| from + at);
            self.searched
                .update(|(cursor, spent)| (at.unwrap_or(cursor), spent + at.unwrap_or(self.text.len()) - from));
            at
        };
        let affordable = || self.searched.get().1 <= SEARCHES * (self.text.len() + 1024);
        let onward = if cursor > start && affordable() { find(cursor) } else { None };
        let at = onward.or_else(|| if affordable() { find(start) } else { None });
        at.map(|at| 1 + lines.partition_point(|&end| end < at) as u64).or(from)
    }
}

/// A name alone says on a runner that its value opens something; whose it is stays open.
fn on_runner(found: &mut Found) {
    if UNSHAPED.contains(&found.kind.as_str()) {
        found.confidence = found.confidence.max(Confidence::Medium);
    }
}

/// The key file of a Google service account says whose its private key is.
fn of_service_account(found: &mut [Found], text: &[u8]) {
    let Some(found) = found.iter_mut().find(|found| found.kind == "private-key") else { return };
    let Ok(document) = serde_json::from_slice::<serde_json::Value>(text) else { return };
    if let (Some("service_account"), Some(mail)) =
        (document::text(&document, &["type"]), document::text(&document, &["client_email"]))
    {
        found.holder = Holder::Service;
        let owner = token::owner::Owner { kind: "application", id: None, name: Some(mail.into()) };
        found.owner = screened(Some(Known { owner, source: "beside", grade: Grade::D })).0;
    }
}

/// An encrypted key hides its comment; the public half beside it has the same one.
fn of_public_key(found: &mut [Found], path: &Path, beside: &dyn Fn(&str) -> Option<String>) {
    let Some(key) = found.iter_mut().find(|found| found.kind == "private-key" && found.owner.is_none()) else { return };
    let public = path.file_name().and_then(|name| beside(&format!("{}.pub", name.to_string_lossy())));
    let comment = public.as_deref().and_then(|text| text.split_whitespace().nth(2)).map(Untrusted::from);
    let owner = comment.map(|name| token::owner::Owner { kind: "ssh-comment", id: None, name: Some(name) });
    key.owner = screened(owner.map(|owner| Known { owner, source: "beside", grade: Grade::D })).0;
}

/// What kind of file it is, as far as its path and its neighbours tell without reading it.
fn place(path: &Path, beside: &dyn Fn(&str) -> Option<String>) -> &'static str {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let text = path.as_os_str().as_bytes();
    let below =
        |folder: &str| memmem::find(text, folder.as_bytes()).is_some() && path.iter().any(|part| part == folder);
    match &*name {
        ".env" if inventory::is_home(path, beside) => "runner-env",
        "environ" if path.starts_with("/proc") => "process",
        name if name.starts_with("git-credentials-") && name.ends_with(".config") => "checkout",
        "config" if path.parent().is_some_and(|folder| folder.ends_with(".git")) => "checkout",
        ".git-credentials" | ".gitconfig" => "git",
        _ if below("_diag") => "runner-log",
        _ if below("_work") => "runner-work",
        _ => "file",
    }
}

/// The agent sends every variable shorter than 1024 bytes to its server unless `VSO_AGENT_IGNORE` names it
/// (<https://github.com/microsoft/azure-pipelines-agent>, `EnvironmentCapabilitiesProvider`).
fn mark_uploaded(found: &mut [Found], text: &str) {
    let ignored = text.lines().find_map(|line| line.strip_prefix("VSO_AGENT_IGNORE=")).unwrap_or_default();
    let ignored: HashSet<String> = ignored.split(',').map(|one| one.trim().to_ascii_lowercase()).collect();
    let assigned = text.lines().filter_map(|line| line.split_once('='));
    let sent: HashSet<&str> = assigned.filter(|(_, value)| value.len() < 1024).map(|(name, _)| name).collect();
    for found in found {
        let name = found.name.as_deref().unwrap_or_default();
        found.uploaded = sent.contains(name) && !ignored.contains(&name.to_ascii_lowercase());
    }
}

/// The small files around a file.
pub(super) fn around(path: &Path) -> impl Fn(&str) -> Option<String> + '_ {
    move |name| content::small(&path.parent()?.join(name))
}
