//! A finished evidence file: opened read-only, known by its digest.
//! It hands out rows and coverage; it never writes and never judges.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Row as SqlRow};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::foreign::{self, Clock};
use super::{Error, function};
use crate::file;
use crate::model::{Gap, GapKind};
use crate::seal::hex;
use crate::text::Untrusted;

/// A sealed evidence file.
pub struct Evidence {
    path: PathBuf,
    sha256: String,
    connection: Connection,
    clock: Clock,
    /// The file that is read where it is not the one at `path`, and what removes it.
    own: Option<NamedTempFile>,
}

/// One coverage row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The table.
    pub dataset: String,
    /// The part of it.
    pub scope: Untrusted,
    /// The one person concerned.
    pub person: Option<String>,
    /// Why it is not complete, if it is not.
    pub gap: Option<Gap>,
    /// Requests sent for it.
    pub requests: i64,
    /// Pages read.
    pub pages: i64,
    /// Objects seen.
    pub objects: i64,
    /// First and last answer.
    pub observed: (Option<String>, Option<String>),
}

/// Who read one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The service.
    pub service: String,
    /// Where it is.
    pub host: String,
    /// The typed id of the identity.
    pub identity: Option<Untrusted>,
    /// What it is called.
    pub name: Option<Untrusted>,
    /// How it signed in.
    pub sign_in: String,
    /// The tenant or organisation that answered.
    pub realm: Option<Untrusted>,
    /// What that is called.
    pub realm_name: Option<Untrusted>,
    /// Roles, scopes or permissions.
    pub permissions: Option<Untrusted>,
}

/// One person of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `entra:user/<oid>`.
    pub id: String,
    /// As it was before a deletion.
    pub upn: Option<Untrusted>,
    /// Display name.
    pub name: Option<Untrusted>,
    /// A date.
    pub last_day: Option<String>,
    /// When it is over, in UTC.
    pub ends_at: Option<String>,
    /// The accounts: kind, id, name, source, grade.
    pub identities: Vec<[Option<Untrusted>; 5]>,
    /// Who says that they left.
    pub sources: Vec<String>,
}

impl Evidence {
    /// Opens a file that somebody else may have written: what is read is a copy that nobody else writes to, and only if
    /// it is ours, whole, of this version, and says nothing in SQL that this program does not say.
    ///
    /// # Errors
    /// One per way in which it is not.
    pub fn open(path: &Path) -> Result<Evidence, Error> {
        let copied = foreign::copy(path)?;
        let evidence = Evidence::of(path, copied.sha256, Some(copied.file))?;
        foreign::examine(&evidence.connection, &path.display().to_string())?;
        // The views call them.
        function::register(&evidence.connection).map_err(|source| evidence.refused(source))?;
        Ok(evidence)
    }

    /// Opens the file that this run has written to `path` just now.
    pub(super) fn written(path: &Path) -> Result<Evidence, Error> {
        let sha256 = digest(path).map_err(|source| Error::File { path: path.display().to_string(), source })?;
        let evidence = Evidence::of(path, sha256, None)?;
        function::register(&evidence.connection).map_err(|source| evidence.refused(source))?;
        Ok(evidence)
    }

    /// The same for a file without a name of its own.
    pub(super) fn open_temporary(file: NamedTempFile) -> Result<Evidence, Error> {
        let mut evidence = Evidence::written(file.path())?;
        evidence.own = Some(file);
        Ok(evidence)
    }

    fn of(path: &Path, sha256: String, own: Option<NamedTempFile>) -> Result<Evidence, Error> {
        let location = own.as_ref().map_or(path, |file| file.path());
        let opened = || {
            let mut connection = open_read_only(location)?;
            let clock = Clock::of(&mut connection)?;
            foreign::harden(&connection)?;
            Ok((connection, clock))
        };
        let database = |source| Error::Database { path: path.display().to_string(), source };
        let (connection, clock) = opened().map_err(database)?;
        Ok(Evidence { path: path.to_owned(), sha256, connection, clock, own })
    }

    fn refused(&self, source: rusqlite::Error) -> Error {
        Error::Database { path: self.path.display().to_string(), source }
    }

    /// The file that is read: the one at [`Evidence::path`], or a copy of it.
    pub(crate) fn location(&self) -> &Path {
        self.own.as_ref().map_or(&self.path, |file| file.path())
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the file, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// A value of the `meta` table.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn meta(&self, key: &str) -> Result<Option<String>, Error> {
        let found = self.rows("SELECT value FROM meta WHERE key = ?", [key], |row| row.get(0))?;
        Ok(found.into_iter().next())
    }

    /// All coverage rows, in a stable order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn coverage(&self) -> Result<Vec<Coverage>, Error> {
        self.rows(
            "SELECT dataset, scope, person, gap, needs, detail, requests, pages, objects, first_at, last_at
             FROM coverage ORDER BY dataset, scope, person, gap, needs, detail, objects",
            [],
            coverage_row,
        )
    }

    /// The people of this run, in a stable order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn people(&self) -> Result<Vec<Person>, Error> {
        let mut people = self.rows(PEOPLE, [], |row| {
            Ok(Person {
                id: row.get(0)?,
                upn: text(row, 1)?,
                name: text(row, 2)?,
                last_day: row.get(3)?,
                ends_at: row.get(4)?,
                identities: Vec::new(),
                sources: Vec::new(),
            })
        })?;
        for person in &mut people {
            person.identities = self.rows(
                "SELECT kind, id, name, source, grade FROM identity WHERE person = ? ORDER BY kind, id, name, source",
                [&person.id],
                |row| Ok([text(row, 0)?, text(row, 1)?, text(row, 2)?, text(row, 3)?, text(row, 4)?]),
            )?;
        }
        // Evidence of older versions knows one person and no list.
        if self.has_table("leaver_source")? {
            for person in &mut people {
                let sql = "SELECT DISTINCT source FROM leaver_source WHERE person = ? ORDER BY source";
                person.sources = self.rows(sql, [&person.id], |row| row.get(0))?;
            }
        }
        Ok(people)
    }

    fn has_table(&self, name: &str) -> Result<bool, Error> {
        let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
        Ok(!self.rows(sql, [name], |_| Ok(()))?.is_empty())
    }

    /// How many personal credentials stand in configurations of MCP servers on scanned hosts.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn mcp_credentials(&self) -> Result<i64, Error> {
        let sql = "SELECT count(DISTINCT fingerprint) FROM sighting
                   WHERE place = 'mcp' AND holder IN ('person', 'either') AND confidence <> 'low'";
        Ok(self.rows(sql, [], |row| row.get(0))?.into_iter().next().unwrap_or(0))
    }

    /// Who read the services, in a stable order. None: the file was written before that was kept, or nobody was asked.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn readers(&self) -> Result<Vec<Reader>, Error> {
        let is_kept = self.has_table("reader")?;
        if !is_kept {
            return Ok(Vec::new());
        }
        self.rows(READERS, [], |row| {
            Ok(Reader {
                service: row.get(0)?,
                host: row.get(1)?,
                identity: text(row, 2)?,
                name: text(row, 3)?,
                sign_in: row.get(4)?,
                realm: text(row, 5)?,
                realm_name: text(row, 6)?,
                permissions: text(row, 7)?,
            })
        })
    }

    /// Runs one query of this program's own; checks go through the sandbox instead.
    pub(crate) fn rows<T, P: rusqlite::Params>(
        &self,
        sql: &str,
        parameters: P,
        read: impl FnMut(&SqlRow<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        self.clock.start();
        let run = || -> rusqlite::Result<Vec<T>> {
            self.connection.prepare_cached(sql)?.query_map(parameters, read)?.collect()
        };
        run().map_err(|source| self.refused(source))
    }
}

const PEOPLE: &str = "SELECT person.id, person.upn, person.name, last_day.date, last_day.ends_at
     FROM person LEFT JOIN last_day ON last_day.person = person.id ORDER BY person.id";

/// No token says which roles its identity has in Azure; the role assignments do.
const READERS: &str =
    "SELECT reader.service, reader.host, reader.identity, reader.name, reader.sign_in, reader.realm, reader.realm_name,
            iif(reader.service LIKE 'Azure%', azure_power.roles, reader.permissions)
     FROM   reader
     LEFT JOIN azure_power ON azure_power.principal = lower(reader.principal)
     ORDER BY reader.rowid";

fn coverage_row(row: &SqlRow<'_>) -> rusqlite::Result<Coverage> {
    let (dataset, person): (String, Option<String>) = (row.get(0)?, row.get(2)?);
    let scope = Untrusted::from(row.get::<_, String>(1)?);
    let gap = row.get::<_, Option<String>>(3)?.map(|kind| {
        let kind = GapKind::parse(&kind).unwrap_or(GapKind::Failed);
        let needs: Option<String> = row.get(4).ok().flatten();
        Gap {
            kind,
            dataset: dataset.clone(),
            scope: scope.clone(),
            person: person.clone(),
            hint: kind.hint(needs.as_deref()),
            needs,
            detail: text(row, 5).ok().flatten(),
            waiver: None,
        }
    });
    Ok(Coverage {
        dataset,
        scope,
        person,
        gap,
        requests: row.get(6)?,
        pages: row.get(7)?,
        objects: row.get(8)?,
        observed: (row.get(9)?, row.get(10)?),
    })
}

fn text(row: &SqlRow<'_>, index: usize) -> rusqlite::Result<Option<Untrusted>> {
    Ok(row.get::<_, Option<String>>(index)?.map(Untrusted::from))
}

/// Opens a file that nobody changes any more.
pub(crate) fn open_read_only(path: &Path) -> rusqlite::Result<Connection> {
    let uri = file::immutable(path).map_err(|_| rusqlite::Error::InvalidPath(path.to_owned()))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri, flags)
}

fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = file::open(path)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}
