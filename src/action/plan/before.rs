//! How the objects of a plan were, from the evidence: each route's query once, whatever the number of objects.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rusqlite::types::ValueRef;
use serde_json::Value;

use crate::action::fill::Target;
use crate::action::route::State;
use crate::evidence::{Error, Evidence};

/// The states by what asks for them, then by subject in lower case: two actions may be about one object.
pub(super) type States = HashMap<&'static str, HashMap<String, State>>;

/// The states of these targets.
pub(super) fn states<'a>(evidence: &Evidence, targets: impl Iterator<Item = &'a Target>) -> Result<States, Error> {
    let mut queries: BTreeMap<&'static str, HashSet<String>> = BTreeMap::new();
    for target in targets {
        queries.entry(target.route.evidence).or_default().insert(target.subject.to_lowercase());
    }
    let mut states = States::new();
    for (sql, wanted) in queries {
        let rows = evidence.rows(sql, [], |row| row_of(row, &wanted))?;
        states.insert(sql, rows.into_iter().flatten().collect());
    }
    Ok(states)
}

/// Only what is wanted is kept: a table may hold far more.
fn row_of(row: &rusqlite::Row<'_>, wanted: &HashSet<String>) -> rusqlite::Result<Option<(String, State)>> {
    let Some(subject) = row.get::<_, Option<String>>(0)?.map(|subject| subject.to_lowercase()) else { return Ok(None) };
    if !wanted.contains(&subject) {
        return Ok(None);
    }
    let statement: &rusqlite::Statement<'_> = row.as_ref();
    let mut state = State::new();
    for index in 1..statement.column_count() {
        let name = statement.column_name(index)?;
        let value = match row.get_ref(index)? {
            ValueRef::Null | ValueRef::Blob(_) => continue,
            ValueRef::Integer(number) if name.ends_with('?') => Value::Bool(number != 0),
            ValueRef::Integer(number) => number.into(),
            ValueRef::Real(number) => number.into(),
            ValueRef::Text(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                match name.ends_with("[]") {
                    true => serde_json::from_str(&text).unwrap_or(Value::Null),
                    false => text.into_owned().into(),
                }
            }
        };
        if value != Value::Array(vec![Value::Null]) {
            state.insert(name.trim_end_matches(['?', '[', ']']).to_owned(), value);
        }
    }
    Ok(Some((subject, state)))
}

/// What else breaks, by what asks for it, then by subject in lower case.
pub(super) type Depends = HashMap<&'static str, HashMap<String, BTreeSet<String>>>;

/// How many sentences about one object are enough.
const ENOUGH: usize = 8;

/// What the evidence says that depends on these targets.
pub(super) fn depends<'a>(evidence: &Evidence, targets: impl Iterator<Item = &'a Target>) -> Result<Depends, Error> {
    let mut queries: BTreeMap<&'static str, HashSet<String>> = BTreeMap::new();
    for target in targets {
        if let Some(sql) = target.route.depends {
            queries.entry(sql).or_default().insert(target.subject.to_lowercase());
        }
    }
    let mut depends = Depends::new();
    for (sql, wanted) in queries {
        let rows =
            evidence.rows(sql, [], |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?)))?;
        let said = depends.entry(sql).or_default();
        for (subject, text) in rows {
            let (Some(subject), Some(text)) = (subject.map(|subject| subject.to_lowercase()), text) else { continue };
            if wanted.contains(&subject) {
                let texts: &mut BTreeSet<String> = said.entry(subject).or_default();
                if texts.len() < ENOUGH {
                    texts.insert(crate::text::visible(&text));
                }
            }
        }
    }
    Ok(depends)
}

/// Every workflow that reads secrets, with their names.
pub(super) fn workflows(evidence: &Evidence) -> Result<Vec<(String, String)>, Error> {
    let sql = "SELECT id, secrets FROM github_workflow WHERE secrets IS NOT NULL ORDER BY id";
    evidence.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Whether each account was enabled, by person.
pub(super) fn enabled(evidence: &Evidence) -> Result<HashMap<String, bool>, Error> {
    let rows = evidence.rows("SELECT person, enabled FROM account WHERE enabled IS NOT NULL", [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)? != 0))
    })?;
    Ok(rows.into_iter().collect())
}
