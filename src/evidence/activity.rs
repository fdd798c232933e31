//! What the evidence says of the calls around each person, day by day, and which days its logs can tell about.
//! It counts; it never judges.

use super::{Error, Evidence};

/// The calls of one local day that are somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calls {
    /// `entra:user/<oid>`.
    pub person: String,
    /// The local date.
    pub day: String,
    /// By the person's own account or name.
    pub own: i64,
    /// By everything else that they can act through.
    pub others: i64,
}

/// A span of time of one log: `from_at` is in it, `until_at` is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The log.
    pub source: String,
    /// Where it begins.
    pub from_at: String,
    /// Where it ends.
    pub until_at: String,
    /// For how many days the log is kept, where that is known.
    pub retention_days: Option<i64>,
}

const CALLS: &str = "SELECT activity.person, substr(local_time(activity.first_at, ?1), 1, 10) AS day,
            sum(iif(activity.own, activity.calls, 0)), sum(iif(activity.own, 0, activity.calls))
     FROM   activity
     WHERE  activity.sure
     GROUP BY activity.person, day
     ORDER BY activity.person, day";

impl Evidence {
    /// The calls of each person by the day of `zone`; days without any are left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn calls(&self, zone: &str) -> Result<Vec<Calls>, Error> {
        self.rows(CALLS, [zone], |row| {
            Ok(Calls { person: row.get(0)?, day: row.get(1)?, own: row.get(2)?, others: row.get(3)? })
        })
    }

    /// What was asked of each log. Evidence from before logs were read has none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log_windows(&self) -> Result<Vec<Span>, Error> {
        let known = self.rows("SELECT 1 FROM sqlite_schema WHERE name = 'log_table'", [], |_| Ok(()))?;
        if known.is_empty() {
            return Ok(Vec::new());
        }
        self.spans("SELECT source, from_at, until_at, retention_days FROM log_table ORDER BY source")
    }

    /// Where a log has no record of anybody.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn silences(&self) -> Result<Vec<Span>, Error> {
        self.spans("SELECT source, from_at, until_at, NULL FROM log_silence ORDER BY source, from_at")
    }

    /// The time zone of the organisation; `None`: not configured.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn zone(&self) -> Result<Option<String>, Error> {
        Ok(self.rows("SELECT zone FROM organization_time", [], |row| row.get(0))?.into_iter().next())
    }

    fn spans(&self, sql: &str) -> Result<Vec<Span>, Error> {
        self.rows(sql, [], |row| {
            Ok(Span { source: row.get(0)?, from_at: row.get(1)?, until_at: row.get(2)?, retention_days: row.get(3)? })
        })
    }
}
