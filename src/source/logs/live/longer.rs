//! What Entra forgets after 30 days and Azure after 90, from the workspaces into which a tenant sends it. By the rules of the
//! gateway's table: a day is covered where the table was kept, had begun, was answered whole and was not silent. It reads
//! and says from when on; it never judges.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::ask::{Answered, Failure, Log};
use super::slice::{Sliced, Window, whole};
use super::table::{SLACK, one_row};
use super::workspace::{self, Keeping};
use super::{days_before, fill};
use crate::api::ReadApi;
use crate::evidence::{Rows, Stop};
use crate::model::{Cause, GapKind, stamp};
use crate::source::lenient::lost;
use crate::source::logs::kql::{Kql, Template};
use crate::source::logs::liveness::{Hours, Window as Heard};
use crate::source::logs::tally::hour_of;

/// Nothing is kept for longer.
///
/// <https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure>
pub const LONGEST_DAYS: i64 = 12 * 366;

/// A table that Azure Monitor fills from a diagnostic setting of the tenant or of a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// What was changed in the directory.
    Audits,
    /// Sign-ins by hand.
    SignIns,
    /// Sign-ins without a hand.
    SilentSignIns,
    /// What was changed in a subscription.
    Activity,
}

/// The columns of an answer that hold JSON in a text.
const NESTED: [&str; 3] = ["initiatedBy", "targetResources", "claims"];

impl Copied {
    /// What the service calls it.
    pub fn table(self) -> &'static str {
        match self {
            Copied::Audits => "AuditLogs",
            Copied::SignIns => "SigninLogs",
            Copied::SilentSignIns => "AADNonInteractiveUserSignInLogs",
            Copied::Activity => "AzureActivity",
        }
    }

    fn template(self) -> Template {
        match self {
            Copied::Audits => Template::KeptAudits,
            Copied::SignIns | Copied::SilentSignIns => Template::KeptSignIns,
            Copied::Activity => Template::KeptActivity,
        }
    }

    /// The line that takes the records of one tenant or subscription: several may send to one workspace.
    fn realm(self) -> &'static str {
        match self {
            Copied::Activity => r#"| where tostring(column_ifexists("SubscriptionId", ""))"#,
            _ => r#"| where tostring(column_ifexists("AADTenantId", ""))"#,
        }
    }

    fn columns(self) -> &'static [&'static str] {
        match self {
            Copied::Audits => {
                &["id", "activityDateTime", "activityDisplayName", "result", "initiatedBy", "targetResources"]
            }
            Copied::SignIns | Copied::SilentSignIns => {
                &["id", "createdDateTime", "appId", "appDisplayName", "resourceDisplayName", "resultType"]
            }
            Copied::Activity => {
                &["eventDataId", "eventTimestamp", "operationName", "status", "caller", "claims", "resourceId"]
            }
        }
    }

    /// A row as the service itself would have sent it; nothing where it cannot be read.
    fn shaped(self, row: BTreeMap<&'static str, Value>) -> Option<Value> {
        let mut shaped = serde_json::Map::new();
        for (name, value) in row {
            let value = match value {
                Value::String(text) if NESTED.contains(&name) && text.trim().is_empty() => Value::Null,
                Value::String(text) if NESTED.contains(&name) => serde_json::from_str(&text).ok()?,
                // What is empty in a table is absent at the service.
                Value::String(text) if text.is_empty() => Value::Null,
                value if self == Copied::Activity && ["operationName", "status"].contains(&name) => {
                    json!({ "value": value })
                }
                value => value,
            };
            match name {
                "resultType" => drop(shaped.insert("status".to_owned(), json!({ "errorCode": code(&value) }))),
                name => drop(shaped.insert(name.to_owned(), value)),
            }
        }
        Some(Value::Object(shaped))
    }
}

fn code(value: &Value) -> Option<i64> {
    super::answer::number(value)
}

/// The workspaces of a run.
pub struct Longer<'a> {
    logs: ReadApi,
    arm: ReadApi,
    configured: &'a [String],
    /// Each with its resource id, where that is known; looked for when they are first needed.
    workspaces: OnceCell<Vec<(String, Option<String>)>>,
    tenant: Option<String>,
    now: Timestamp,
}

/// What is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Which table.
    pub copied: Copied,
    /// Whose records: an object id, or the subscription.
    pub whose: &'a str,
    /// The first instant.
    pub from: Timestamp,
    /// The first instant that is not wanted any more.
    pub until: Timestamp,
}

/// What came.
#[derive(Debug)]
pub struct Kept<T> {
    /// The records, of all workspaces: some may be in two.
    pub rows: Vec<T>,
    /// From here on everything is known until the end of what was wanted.
    pub from: Timestamp,
    /// Why not from earlier.
    pub why: Option<Cause>,
}

impl<'a> Longer<'a> {
    /// Nothing is asked yet.
    pub fn new(
        logs: ReadApi,
        arm: ReadApi,
        configured: &'a [String],
        tenant: Option<String>,
        now: Timestamp,
    ) -> Longer<'a> {
        Longer { logs, arm, configured, workspaces: OnceCell::new(), tenant, now }
    }

    async fn workspaces(&self) -> &[(String, Option<String>)] {
        let find = async || {
            let mut found = Vec::new();
            for name in self.configured.iter().filter(|name| super::is_workspace(name)) {
                // Where nobody shows it, it is asked all the same: then only what its first record tells is known of its age.
                found.push((name.clone(), workspace::find(&self.arm, name).await.ok().flatten()));
            }
            found
        };
        self.workspaces.get_or_init(find).await
    }

    /// Reads what is wanted, as far as any workspace has it.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub async fn read<T: DeserializeOwned>(&self, wanted: Wanted<'_>, rows: &mut Rows) -> Result<Kept<T>, Stop> {
        let mut kept = Kept { rows: Vec::new(), from: wanted.until, why: None };
        let realm = match wanted.copied {
            Copied::Activity => Some(wanted.whose),
            _ => self.tenant.as_deref(),
        };
        let (Some(realm), Some(whose)) = (realm.and_then(Kql::text), Kql::text(wanted.whose)) else { return Ok(kept) };
        let realm = Kql::binary(&Kql::of(wanted.copied.realm()), "in~", &Kql::list(&[realm]));
        for (workspace, id) in self.workspaces().await {
            let reading =
                Reading { longer: self, wanted, realm: realm.clone(), whose: Kql::list(std::slice::from_ref(&whose)) };
            match reading.of(workspace, id.as_deref(), rows).await {
                Ok(Some(found)) => kept.add(found),
                Ok(None) => {}
                Err(cause) => kept.why = kept.why.or(Some(cause)),
            }
        }
        Ok(kept)
    }
}

impl<T> Kept<T> {
    fn add(&mut self, found: Kept<T>) {
        self.rows.extend(found.rows);
        if found.from < self.from || self.why.is_none() {
            (self.from, self.why) = (self.from.min(found.from), found.why);
        }
    }
}

/// One question to one workspace after the other.
struct Reading<'a> {
    longer: &'a Longer<'a>,
    wanted: Wanted<'a>,
    realm: Kql,
    whose: Kql,
}

impl Reading<'_> {
    /// `None`: it has no such table.
    async fn of<T: DeserializeOwned>(
        &self,
        workspace: &str,
        id: Option<&str>,
        rows: &mut Rows,
    ) -> Result<Option<Kept<T>>, Cause> {
        let Wanted { copied, from, until, .. } = self.wanted;
        let (api, arm) = (self.longer.logs.counting(rows.tally()), self.longer.arm.counting(rows.tally()));
        let keeping = match id {
            Some(id) => match workspace::keeping(&arm, id, copied.table()).await {
                Ok(None) => return Ok(None),
                found => found.ok().flatten().unwrap_or_default(),
            },
            None => Keeping::default(),
        };
        let kept_from = keeping.retention_days.and_then(|days| days_before(self.longer.now, days));
        let log = Log {
            api: &api,
            workspace,
            source: format!("logs:{workspace}/{}", copied.table()).into(),
            search: keeping.is_searched(),
            kept_from: kept_from.unwrap_or(from).min(self.longer.now),
            until: self.longer.now,
        };
        let first = match self.ask(&log, Template::Bounds, None).await {
            Ok(answered) => one_row(&whole_answer(&answered)?.table).map_err(cause_of)?.first_at,
            Err(Failure::Refused(_)) => return Ok(None),
            Err(failure) => return Err(failure.cause()),
        };
        let Some(first) = first.filter(|first| *first < until) else {
            let what = format!("{} holds nothing of these days", copied.table());
            return Ok(Some(Kept { rows: vec![], from: until, why: Some(Cause::new(GapKind::Retention, what)) }));
        };
        let start = if log.search { from.max(log.kept_from) } else { from };
        self.records(&log, kept_from, first, Window { from: start, until }).await.map(Some)
    }

    async fn records<T: DeserializeOwned>(
        &self,
        log: &Log<'_>,
        kept_from: Option<Timestamp>,
        first: Timestamp,
        window: Window,
    ) -> Result<Kept<T>, Cause> {
        let copied = self.wanted.copied;
        let theirs = whole(window, async |part| self.ask(log, copied.template(), Some(part)).await).await;
        let heard = Window { from: window.from.max(first), until: window.until };
        let alive = whole(heard, async |part| self.ask(log, Template::HourlyActivity, Some(part)).await).await;
        if let Some(refused) = theirs.refused.clone().or(alive.refused.clone()) {
            return Err(refused);
        }
        let is_kept = kept_from.is_some_and(|kept| kept <= self.wanted.from);
        let from_its_beginning =
            first <= self.wanted.from || (is_kept && first.duration_since(self.wanted.from) <= SLACK);
        let begins = if from_its_beginning { self.wanted.from } else { first };
        let mut kept = Kept { rows: Vec::new(), from: begins, why: None };
        if begins > self.wanted.from {
            kept.why = Some(Cause::new(GapKind::Retention, format!("{} begins at {}", copied.table(), stamp(begins))));
        }
        self.silent(&alive, heard, &mut kept)?;
        self.failed(&theirs, &alive, &mut kept);
        let mut unreadable = 0;
        for answered in &theirs.answers {
            for row in whole_answer(answered)?.table.objects(copied.columns())? {
                match copied.shaped(row).and_then(|row| serde_json::from_value(row).ok()) {
                    Some(row) => kept.rows.push(row),
                    None => unreadable += 1,
                }
            }
        }
        if unreadable > 0 {
            (kept.from, kept.why) = (window.until, Some(lost(unreadable)));
        }
        Ok(kept)
    }

    /// What lies before a silence that is not usual is not known.
    fn silent<T>(&self, alive: &Sliced, heard: Window, kept: &mut Kept<T>) -> Result<(), Cause> {
        let mut hours = Hours::new(Heard { from: heard.from, until: heard.until });
        for answered in &alive.answers {
            let found = whole_answer(answered)?.table.project(["hour_at"])?;
            let heard = found.into_iter().filter_map(|[hour]| super::answer::instant(hour));
            heard.for_each(|hour| hours.hear(hour_of(hour).as_second()));
        }
        let holes = hours.silences();
        if let Some(hole) = holes.iter().rfind(|silence| silence.is_hole() && silence.window.until > kept.from) {
            let table = self.wanted.copied.table();
            let what = format!("{table} is silent from {} to {}", stamp(hole.window.from), stamp(hole.window.until));
            (kept.from, kept.why) = (hole.window.until, Some(Cause::new(GapKind::Retention, what)));
        }
        Ok(())
    }

    fn failed<T>(&self, theirs: &Sliced, alive: &Sliced, kept: &mut Kept<T>) {
        for (window, cause) in theirs.failed.iter().chain(&alive.failed) {
            if window.until > kept.from {
                (kept.from, kept.why) = (window.until, Some(cause.clone()));
            }
        }
    }

    async fn ask(&self, log: &Log<'_>, template: Template, window: Option<Window>) -> Result<Answered, Failure> {
        let lines: Vec<Kql> = log.limit(window).into_iter().chain([self.realm.clone()]).collect();
        let query = fill(template, self.wanted.copied.table(), None, |placeholder| match placeholder {
            "window" => Some(Kql::lines(&lines)),
            "whose" => Some(self.whose.clone()),
            // Nobody counts callers here.
            "caller" => Some(Kql::of("\"\"")),
            _ => None,
        });
        log.ask(&query, window).await
    }
}

/// An answer from which the service left nothing out for lack of permission.
fn whole_answer(answered: &Answered) -> Result<&Answered, Cause> {
    match answered.filtered {
        true => {
            Err(Cause::new(GapKind::Denied, "the service left out what the caller may not read").needing(super::READER))
        }
        false => Ok(answered),
    }
}

fn cause_of(stop: Stop) -> Cause {
    match stop {
        Stop::Gap(cause) => cause,
        Stop::Evidence(error) => Cause::new(GapKind::Failed, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_shaped_as_the_service_itself_sends_it() {
        let row = |pairs: &[(&'static str, Value)]| pairs.iter().cloned().collect::<BTreeMap<_, _>>();
        let audit = Copied::Audits.shaped(row(&[
            ("id", json!("a")),
            ("initiatedBy", json!(r#"{"user":{"id":"u"}}"#)),
            ("targetResources", json!("")),
        ]));
        assert_eq!(
            audit,
            Some(json!({ "id": "a", "initiatedBy": { "user": { "id": "u" } }, "targetResources": null }))
        );
        assert_eq!(Copied::Audits.shaped(row(&[("initiatedBy", json!("{cut"))])), None);
        let sign_in = Copied::SignIns.shaped(row(&[("resultType", json!("50126")), ("appId", json!(""))]));
        assert_eq!(sign_in, Some(json!({ "status": { "errorCode": 50126 }, "appId": null })));
        let activity =
            Copied::Activity.shaped(row(&[("operationName", json!("x/write")), ("claims", json!({ "a": "b" }))]));
        assert_eq!(activity, Some(json!({ "operationName": { "value": "x/write" }, "claims": { "a": "b" } })));
    }
}
