//! One host: every file and process looked at, and what only the whole of it can tell: which runner can read what, and
//! whose a token is that lies in two places. Paths and rows only; values end in `examine`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::accounts::Accounts;
use super::examine::{self, Examined, Examiner, around, better};
use super::follow::{self, Holds, Reference, Target};
use super::identify::{Answer, Question};
use super::inventory;
use super::lead::Known;
use super::reach::Reach;
use super::read::{Reader, Source};
use super::summary::Summary;
use super::walk::{self, Left, Place, Unread};
use super::{Options, content, members, process, samples};
use crate::evidence::row::{McpServer, Runner, RunnerRead, Sighting};
use crate::model::{Cause, Grade};
use crate::text::Untrusted;
use crate::token::{Issuer, Kinds};

/// Everything that one scan found.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) sightings: Vec<Sighting>,
    pub(super) servers: Vec<McpServer>,
    pub(super) runners: Vec<Runner>,
    pub(super) reads: Vec<RunnerRead>,
    /// What cannot be told of the runners, by table.
    pub(super) gaps: Vec<(&'static str, Cause)>,
    pub(super) summary: Summary,
    /// By fingerprint: the tokens whose issuers are to be asked.
    pub(super) questions: BTreeMap<String, Question>,
}

/// What one thread found.
pub(super) struct Part {
    /// Of its own: the threads would wait for each other's.
    pub(super) kinds: Kinds,
    pub(super) buffer: Vec<u8>,
    sightings: Vec<(PathBuf, Sighting)>,
    servers: Vec<(PathBuf, McpServer)>,
    runners: Vec<inventory::Found>,
    questions: Vec<(String, Question)>,
    references: BTreeSet<(PathBuf, Reference)>,
    /// The files that others name, by those that name them.
    named: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    pub(super) left: Left,
    pub(super) files: u64,
    pub(super) bytes: u64,
}

impl Part {
    pub(super) fn new(kinds: &Kinds) -> Part {
        Part {
            kinds: kinds.clone(),
            buffer: Vec::new(),
            sightings: Vec::new(),
            servers: Vec::new(),
            runners: Vec::new(),
            questions: Vec::new(),
            references: BTreeSet::new(),
            named: BTreeMap::new(),
            left: Left::default(),
            files: 0,
            bytes: 0,
        }
    }
}

pub(super) struct Host<'a> {
    pub(super) name: &'a str,
    pub(super) accounts: Accounts,
    pub(super) options: &'a Options,
}

impl Host<'_> {
    /// Looks at everything that the options name.
    pub(super) fn look(&self) -> Outcome {
        let threads = match self.options.threads {
            0 => std::thread::available_parallelism().map_or(1, Into::into),
            threads => threads,
        };
        let part = || Part::new(&self.options.kinds);
        let (mut parts, mut left) = walk::walk(
            &self.options.paths,
            threads,
            part,
            |part, place| self.visit(part, place),
            &self.options.exclude,
        );
        let mut running = None;
        if let Some(root) = &self.options.processes {
            let processes = process::of_runners(root, &mut left);
            let mut part = part();
            for process in &processes {
                self.visit(&mut part, &Place { path: &process.environment, folder: None, is_root: false });
            }
            parts.push(part);
            running = Some(processes);
        }
        let linked = self.behind_links(&mut left);
        parts.push(linked);
        let followed = self.follow(&mut parts);
        parts.push(followed);
        self.join(parts, left, running)
    }

    /// Looks at the files that others name as what those say they are.
    fn follow(&self, parts: &mut [Part]) -> Part {
        let mut part = Part::new(&self.options.kinds);
        let references: BTreeSet<_> = parts.iter_mut().flat_map(|part| std::mem::take(&mut part.references)).collect();
        let mut followed = HashSet::new();
        for (from, reference) in references {
            for target in follow::resolve(&from, &reference, &self.options.paths) {
                if let Target::Inside(path) = &target {
                    part.named.entry(path.clone()).or_default().insert(from.clone());
                }
                match target {
                    Target::Outside(path) if followed.insert(path.clone()) => part.left.unread(Unread::Outside, &path),
                    Target::Inside(path) if reference.holds != Holds::Anything && followed.insert(path.clone()) => {
                        self.named(&mut part, &path, reference.holds);
                    }
                    _ => {}
                }
            }
        }
        let known: HashSet<_> =
            parts.iter().flat_map(|part| &part.sightings).map(|(path, row)| (path, &row.fingerprint)).collect();
        part.sightings.retain(|(path, row)| !known.contains(&(path, &row.fingerprint)));
        part
    }

    /// The walk has counted the file already; only what its readers could not know is new.
    fn named(&self, part: &mut Part, path: &Path, holds: Holds) {
        let opened = content::open(path, true);
        let mut examined = Examined { place: "environment", ..Examined::default() };
        let seen = opened.and_then(|(file, metadata)| {
            content::pieces(file, metadata.len(), content::WHOLE as u64, &mut part.buffer, |text, _, whole| {
                if whole {
                    let source = Source { path, text: &String::from_utf8_lossy(text), beside: &around(path) };
                    examined.found = self.examiner(&part.kinds).named(&source, holds);
                }
            })?;
            Ok(metadata)
        });
        match seen {
            Ok(metadata) if metadata.len() > content::WHOLE as u64 => part.left.unread(Unread::TooLarge, path),
            Ok(metadata) => self.keep(part, path, &metadata, examined),
            Err(error) => part.left.failed(&error, path),
        }
    }

    pub(super) fn examiner<'a>(&'a self, kinds: &'a Kinds) -> Examiner<'a> {
        Examiner { kinds, key: &self.options.key, asks: self.options.issuers.is_some() }
    }

    fn visit(&self, part: &mut Part, place: &Place<'_>) {
        let (path, is_root) = (place.path, place.is_root);
        if members::is_history(path) {
            return;
        }
        if members::is_head(path) {
            part.left.skip(members::HISTORY);
        }
        let opened = content::open_place(place);
        if let Ok((file, metadata)) = &opened
            && self.unpack(part, path, file, metadata)
        {
            return;
        }
        let examiner = self.examiner(&part.kinds);
        let mut examined = Examined { place: "file", ..Examined::default() };
        let mut buffer = std::mem::take(&mut part.buffer);
        let seen = opened.and_then(|(file, metadata)| {
            let see = |text: &[u8], line, whole| match whole {
                true => examined = examiner.file(path, text, &around(path)),
                false => examined.found.extend(examiner.piece(text, line)),
            };
            Ok((content::pieces(file, metadata.len(), content::LIMIT, &mut buffer, see)?, metadata))
        });
        buffer.shrink_to(content::WHOLE);
        part.buffer = buffer;
        let (seen, metadata) = match seen {
            // A file that went away while the walk was under way is not there any more.
            Err(gone) if gone.kind() == ErrorKind::NotFound && !is_root => return,
            Err(error) => return part.left.failed(&error, path),
            Ok(seen) => seen,
        };
        part.files += 1;
        part.bytes += seen.bytes;
        // The reader of a format needs all of it.
        let unread_format = seen.bytes > content::WHOLE as u64 && Reader::of(path).is_some_and(Reader::needs_all);
        if !seen.whole || unread_format {
            part.left.unread(Unread::TooLarge, path);
        }
        if examined.malformed {
            part.left.unread(Unread::Malformed, path);
        }
        if let Some(runner) = inventory::runner(path, self.name, &self.accounts) {
            if !runner.is_readable {
                part.left.unread(Unread::Malformed, path);
            }
            part.runners.push(runner);
        }
        self.keep(part, path, &metadata, examined);
    }

    /// The path below what was to be scanned: where that lies says nothing.
    fn inside<'p>(&self, path: &'p Path) -> &'p Path {
        let roots = self.options.paths.iter().filter_map(|root| path.strip_prefix(root).ok());
        let shortest = roots.min_by_key(|inside| inside.as_os_str().len());
        let name = || path.file_name().map_or(path, Path::new);
        shortest.filter(|inside| !inside.as_os_str().is_empty()).unwrap_or_else(name)
    }

    pub(super) fn keep(&self, part: &mut Part, path: &Path, metadata: &Metadata, mut examined: Examined) {
        let announced = |kind: &str| self.options.kinds.named(kind).is_some_and(|kind| !kind.beside.is_empty());
        samples::lower(&mut examined.found, self.inside(path), examined.place, announced);
        part.references.extend(examined.references.into_iter().map(|reference| (path.to_owned(), reference)));
        let file_owner = self.accounts.owner(path, metadata);
        let shown = path.display().to_string();
        for mut found in examined.found {
            if let Some(question) = found.question.take().filter(|question| !is_of_another_server(question, &found)) {
                part.questions.push((found.fingerprint.clone(), Question { name: found.name.clone(), ..question }));
            }
            let row = sighting(self.name, &shown, examined.place, found);
            let modified_at = inventory::modified(metadata);
            part.sightings
                .push((path.to_owned(), Sighting { file_owner: Some(file_owner.clone()), modified_at, ..row }));
        }
        for server in examined.servers {
            let row = McpServer {
                id: format!("host:{}{shown}#{}", self.name, server.name).into(),
                host: self.name.into(),
                path: shown.as_str().into(),
                client: server.client.to_owned(),
                name: server.name.into(),
                transport: server.transport.to_owned(),
                target: server.target.map(Untrusted::from),
                literals: i64::try_from(server.literals).unwrap_or(i64::MAX),
                reaches: (!server.reaches.is_empty()).then(|| server.reaches.join(" ").into()),
                runner: None,
                file_owner: Some(file_owner.clone()),
            };
            part.servers.push((path.to_owned(), row));
        }
    }

    /// One result out of all parts, in a stable order, with what only the whole can tell.
    fn join(&self, parts: Vec<Part>, left: Left, processes: Option<Vec<process::Process>>) -> Outcome {
        let mut result = Outcome::default();
        let (mut runners, mut sightings, mut servers, mut named) =
            (Vec::new(), Vec::new(), Vec::new(), BTreeMap::new());
        result.summary.left = left;
        for part in parts {
            result.summary.files += part.files;
            result.summary.bytes += part.bytes;
            result.summary.left.add(part.left);
            runners.extend(part.runners);
            result.questions.extend(part.questions);
            sightings.extend(part.sightings);
            servers.extend(part.servers);
            named.extend(part.named);
        }
        let mut reach = Reach::new(runners, &self.accounts, processes.as_deref(), &named);
        let shared = owners_by_fingerprint(&sightings);
        for (path, mut row) in sightings {
            row.runner = reach.of("sighting", &row.id, &path, row.confidence != "low");
            result.sightings.push(match shared.get(&row.fingerprint) {
                Some(known) if row.owner_kind.is_none() => {
                    owned(row, Some(Known { source: "same-token", ..known.clone() }))
                }
                _ => row,
            });
        }
        for (path, mut row) in servers {
            row.runner = reach.of("mcp_server", &row.id, &path, true);
            result.servers.push(row);
        }
        let (runners, reads, gaps) = reach.finish();
        (result.reads, result.gaps) = (reads, gaps);
        result.runners = runners.into_iter().map(|found| found.row).collect();
        // Of the same place read twice, by its own name and by that of a link, what says whose it is comes first.
        let order = |row: &Sighting| (row.path.clone(), row.line, row.fingerprint.clone(), row.owner_kind.is_none());
        result.sightings.sort_by_cached_key(order);
        // A file may be named itself and lie below another path too.
        result.sightings.dedup_by(|a, b| a.id.raw() == b.id.raw() && a.fingerprint == b.fingerprint);
        result.servers.sort_by(|a, b| a.id.cmp(&b.id));
        result
    }
}

pub(super) fn sighting(host: &str, path: &str, place: &str, found: examine::Found) -> Sighting {
    let line = found.line.map_or(String::new(), |line| format!(":{line}"));
    let row = Sighting {
        id: format!("host:{host}{path}{line}#{}", &found.fingerprint[..8]).into(),
        host: host.into(),
        path: path.into(),
        line: found.line.and_then(|line| i64::try_from(line).ok()),
        place: place.to_owned(),
        kind: found.kind,
        holder: found.holder.name().to_owned(),
        name: found.name.map(Untrusted::from),
        shown: found.shown.map(Untrusted::from),
        fingerprint: found.fingerprint,
        verified: found.verified,
        confidence: found.confidence.name().to_owned(),
        sign_in: found.sign_in,
        uploaded: found.uploaded,
        scope: found.scope,
        created_at: found.created_at,
        expires_at: found.expires_at,
        ..Sighting::default()
    };
    owned(row, found.owner)
}

fn owned(row: Sighting, known: Option<Known>) -> Sighting {
    let Some(Known { owner, source, grade }) = known else { return row };
    Sighting {
        owner_kind: Some(owner.kind.to_owned()),
        owner_id: owner.id,
        owner_name: owner.name,
        owner_source: Some(source.to_owned()),
        grade: Some(grade.to_string()),
        ..row
    }
}

/// A GitHub token beside the name of another host was issued there: github.com must not see it.
fn is_of_another_server(question: &Question, found: &examine::Found) -> bool {
    let elsewhere = |known: &Known| matches!(known.owner.kind, "github-enterprise" | "login");
    question.issuer == Issuer::Github && found.owner.as_ref().is_some_and(elsewhere)
}

/// What its issuer said of a token wins over everything else.
pub(super) fn answered(row: &mut Sighting, answer: &Answer) {
    let said = match answer {
        Answer::Valid { .. } => "valid",
        Answer::Invalid => "invalid",
        Answer::Unavailable => "unavailable",
    };
    row.issuer_says = Some(said.to_owned());
    if let Answer::Valid { owner, scope, expires_at } = answer {
        let known = Known { owner: owner.clone(), source: "issuer", grade: Grade::A };
        *row = owned(std::mem::take(row), Some(known));
        row.scope = scope.clone().or(row.scope.take());
        row.expires_at = expires_at.or(row.expires_at);
    }
}

/// The same token lies in several places; one of them may say whose it is.
fn owners_by_fingerprint(sightings: &[(PathBuf, Sighting)]) -> BTreeMap<String, Known> {
    let mut owners: BTreeMap<String, Known> = BTreeMap::new();
    for (_, row) in sightings {
        let Some(known) = known_of(row) else { continue };
        let best = better(owners.remove(&row.fingerprint), Some(known));
        owners.extend(best.map(|best| (row.fingerprint.clone(), best)));
    }
    owners
}

fn known_of(row: &Sighting) -> Option<Known> {
    const KINDS: &[&str] = &[
        "github",
        "github-enterprise",
        "entra",
        "mail",
        "devops",
        "login",
        "application",
        "npm",
        "pypi",
        "docker",
        "aws-account",
        "slack",
        "sentry-organization",
        "ssh-comment",
    ];
    let kind = KINDS.iter().find(|kind| row.owner_kind.as_deref() == Some(kind))?;
    let owner = crate::token::owner::Owner { kind, id: row.owner_id.clone(), name: row.owner_name.clone() };
    Some(Known { owner, source: "same-token", grade: Grade::parse(row.grade.as_deref()?)? })
}
