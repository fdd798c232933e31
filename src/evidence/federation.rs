//! The SQL function behind the view `federated_trust`: one credential against the accounts and names of all people.
//! The index of the accounts is built once per query, not once per credential.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use serde_json::{Value, json};

use crate::subject::{Account, Answer, Judgement, Leavers, Token, Trust};

/// The people whose accounts were asked for last, and the text that named them.
struct Known {
    text: String,
    people: Vec<String>,
    leavers: Leavers,
}

/// Makes `federated_judgements(issuer, subject, expression, accounts)` known to a connection.
pub(super) fn register(connection: &Connection, flags: FunctionFlags) -> rusqlite::Result<()> {
    let known: Mutex<Option<Arc<Known>>> = Mutex::default();
    connection.create_scalar_function("federated_judgements", 4, flags, move |values| {
        // An error, not NULL: over NULL the view would have no rows, and nothing would look found.
        let accounts = values.get_raw(3).as_str().unwrap_or_default();
        let known = known_by(&known, accounts).map_err(|error| rusqlite::Error::UserFunctionError(error.into()))?;
        Ok(judged(&known, values))
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

/// The people of a list of `[person, kind, name, id]`.
fn known_by(cache: &Mutex<Option<Arc<Known>>>, text: &str) -> serde_json::Result<Arc<Known>> {
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = cache.as_ref().filter(|known| known.text == text) {
        return Ok(Arc::clone(known));
    }
    let rows: Vec<(String, String, Option<String>, Option<String>)> = serde_json::from_str(text)?;
    let (mut people, mut accounts, mut called) = (Vec::new(), Vec::new(), Vec::new());
    for (person, kind, name, id) in rows {
        match (kind.as_str(), name, id) {
            ("github", Some(login), id) => {
                people.push(person);
                accounts.push(Account { login, id: id.and_then(number) });
            }
            ("github", None, _) => {}
            (_, name, id) => called.extend(name.into_iter().chain(id).map(|name| (person.clone(), name))),
        }
    }
    let (others, names): (Vec<String>, Vec<String>) = called.into_iter().unzip();
    people.extend(others);
    let known = Arc::new(Known { text: text.to_owned(), people, leavers: Leavers::new(accounts).called(names) });
    *cache = Some(Arc::clone(&known));
    Ok(known)
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
    const ACCOUNTS: &str = r#"[["p", "github", "alice-dev", "github:user/7"], ["q", "github", null, null],
        ["p", "upn", "alice@contoso.com", null], ["p", "entra", "alice@contoso.com", "87d349ed-44d7-43e1-9a83-5f2406dee5bd"]]"#;

    fn judged(issuer: Option<&str>, subject: Option<&str>, accounts: Option<&str>) -> rusqlite::Result<Value> {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection, FunctionFlags::SQLITE_UTF8).unwrap();
        let sql = "SELECT federated_judgements(?, ?, NULL, ?)";
        let text: String = connection.query_row(sql, (issuer, subject, accounts), |row| row.get(0))?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_credential_is_judged_for_every_known_account() {
        let own = judged(Some(GITHUB), Some("repo:alice-dev/x:pull_request"), Some(ACCOUNTS)).unwrap();
        assert_eq!(own, json!([["p", "owner", "exact", "yes", "repo:alice-dev/x:pull_request", null]]));
        assert_eq!(judged(Some(GITHUB), Some("repo:contoso/x:pull_request"), Some(ACCOUNTS)), Ok(json!([])));
    }

    #[test]
    fn a_person_is_named_by_every_name_and_id_that_is_a_whole_part() {
        let other = "https://dev-1.okta.example/oauth2/default";
        let object = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";
        let named = |issuer: &str, subject: &str| {
            let rows = judged(Some(issuer), Some(subject), Some(ACCOUNTS)).unwrap();
            rows.as_array().unwrap().iter().any(|row| row[0] == "p")
        };
        for subject in [
            "alice@contoso.com",
            "ALICE@Contoso.com",
            "user:alice%40contoso.com:x",
            "idp|alice@contoso.com",
            "alice-dev",
            "7",
            "github|7",
            "user:7",
            object,
            &object.to_uppercase(),
            &object.replace('-', ""),
            "{87D349ED-44D7-43E1-9A83-5F2406DEE5BD}",
            "mailto:alice@contoso.com?x",
        ] {
            assert!(named(other, subject), "{subject}");
        }
        for subject in [
            "alice@contoso.com.evil",
            "malice@contoso.com",
            "alice@contoso.community",
            "x-alice@contoso.com",
            "alice-developer",
            "77",
            "7x",
            "user:17",
            "87d349ed-44d7-43e1-9a83-5f2406dee5be",
            "",
        ] {
            assert!(!named(other, subject), "{subject}");
        }
        assert!(named(GITHUB, "repo:contoso/x:environment:alice@contoso.com"));
        assert!(named(GITHUB, "repo:contoso/x:ref:refs/heads/alice@contoso.com/fix"));
        assert!(!named(GITHUB, "repo:contoso/x:environment:7"));
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
    fn accounts_that_are_no_list_are_an_error() {
        for accounts in [None, Some(""), Some("x"), Some("[[1]]")] {
            assert!(judged(Some(GITHUB), Some("repo:alice-dev/x:pull_request"), accounts).is_err());
        }
    }

    #[test]
    fn only_a_number_identifies_an_account() {
        assert_eq!(number("github:user/7".into()).as_deref(), Some("7"));
        assert_eq!((number("github:user/".into()), number("MDQ6".into())), (None, None));
    }
}
