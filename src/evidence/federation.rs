//! The SQL function behind the view `federated_trust`: one credential against the GitHub accounts of all people.
//! The index of the accounts is built once per query, not once per credential.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use serde_json::{Value, json};

use crate::subject::{Account, Answer, Judgement, Leavers, Token, Trust};

/// The people whose accounts were asked for last, and the text that named them.
#[derive(Default)]
struct Known {
    text: String,
    people: Vec<String>,
    leavers: Leavers,
}

/// Makes `federated_judgements(issuer, subject, expression, accounts)` known to a connection.
pub(super) fn register(connection: &Connection, flags: FunctionFlags) -> rusqlite::Result<()> {
    let known: Mutex<Arc<Known>> = Mutex::default();
    connection.create_scalar_function("federated_judgements", 4, flags, move |values| {
        let text = |index| values.get_raw(index).as_str().ok();
        Ok(text(3).and_then(|accounts| Some(judged(&*known_by(&known, accounts)?, values))))
    })
}

/// A credential without an issuer is judged like one of an unknown issuer: it must not vanish.
fn judged(known: &Known, values: &Context<'_>) -> String {
    let text = |index| values.get_raw(index).as_str().ok();
    let trust = Trust::new(text(0).unwrap_or_default(), text(1), text(2));
    let rows = known.leavers.judge(&trust).into_iter().map(|judgement| row(&known.people, judgement));
    Value::Array(rows.collect()).to_string()
}

/// Person, place, likeness, reach, witness, doubt.
fn row(people: &[String], judgement: Judgement) -> Value {
    let person = judgement.leaver.and_then(|index| people.get(index));
    let (place, likeness) = judgement.named.map(|(place, likeness)| (place.word(), likeness.word())).unzip();
    let (reach, witness, doubt) = match judgement.reach {
        Answer::Yes(Token { subject, .. }) => ("yes", Some(subject), None),
        Answer::No => ("no", None, None),
        Answer::Unknown(doubt) => ("unknown", None, Some(doubt.to_string())),
    };
    json!([person, place, likeness, reach, witness, doubt])
}

/// Nothing when `text` is no list of `[person, login, id]`.
fn known_by(cache: &Mutex<Arc<Known>>, text: &str) -> Option<Arc<Known>> {
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.text != text {
        let rows: Vec<(String, Option<String>, Option<String>)> = serde_json::from_str(text).ok()?;
        let named = rows
            .into_iter()
            .filter_map(|(person, login, id)| Some((person, Account { login: login?, id: id.and_then(number) })));
        let (people, accounts): (Vec<String>, Vec<Account>) = named.unzip();
        *cache = Arc::new(Known { text: text.to_owned(), people, leavers: Leavers::new(accounts) });
    }
    Some(Arc::clone(&cache))
}

/// The number in `github:user/123` or `123`.
fn number(id: String) -> Option<String> {
    let number = id.rsplit('/').next().unwrap_or_default();
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then(|| number.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB: &str = "https://token.actions.githubusercontent.com";
    const ACCOUNTS: &str = r#"[["p", "alice-dev", "github:user/7"], ["q", null, null]]"#;

    fn judged(issuer: Option<&str>, subject: Option<&str>, accounts: Option<&str>) -> Option<Value> {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection, FunctionFlags::SQLITE_UTF8).unwrap();
        let sql = "SELECT federated_judgements(?, ?, NULL, ?)";
        let text: Option<String> = connection.query_row(sql, (issuer, subject, accounts), |row| row.get(0)).unwrap();
        text.map(|text| serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_credential_is_judged_for_every_known_account() {
        let own = judged(Some(GITHUB), Some("repo:alice-dev/x:pull_request"), Some(ACCOUNTS)).unwrap();
        assert_eq!(own, json!([["p", "owner", "exact", "yes", "repo:alice-dev/x:pull_request", null]]));
        assert_eq!(judged(Some(GITHUB), Some("repo:contoso/x:pull_request"), Some(ACCOUNTS)), Some(json!([])));
    }

    #[test]
    fn what_cannot_be_judged_stays_in_sight() {
        for (issuer, subject) in [(Some(GITHUB), None), (None, Some("repo:contoso/x:pull_request")), (None, None)] {
            let rows = judged(issuer, subject, Some("[]")).unwrap();
            assert_eq!((&rows[0][0], &rows[0][3]), (&Value::Null, &json!("unknown")), "{issuer:?} {subject:?}");
            assert!(rows[0][5].is_string());
        }
    }

    #[test]
    fn accounts_that_are_no_list_are_no_answer() {
        for accounts in [None, Some("x"), Some("[[1]]")] {
            assert_eq!(judged(Some(GITHUB), Some("repo:alice-dev/x:pull_request"), accounts), None);
        }
    }

    #[test]
    fn only_a_number_identifies_an_account() {
        assert_eq!(number("github:user/7".into()).as_deref(), Some("7"));
        assert_eq!((number("github:user/".into()), number("MDQ6".into())), (None, None));
    }
}
