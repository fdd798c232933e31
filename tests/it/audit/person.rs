//! Who is meant: every name of a person leads to the same one, and what fits several or nobody is refused.

use jiff::civil::Date;
use leaver::demo::{Estate, Faults, Server};
use leaver::error::{Error, Exit};
use leaver::evidence::Evidence;
use leaver::report::Mode;
use leaver::run::Subject;
use serde_json::{Value, json};

use super::{ESTATE, audit, collect, collect_as, config, env, estate, id, leaver, serve, terminal, who};

fn upn(evidence: &Evidence) -> String {
    evidence.people().unwrap()[0].upn.clone().unwrap().raw().to_owned()
}

async fn refused(server: &Server, person: &str) -> Error {
    match collect(server, &who(person)).await {
        Ok(evidence) => panic!("{person} is {}", upn(&evidence)),
        Err(error) => error,
    }
}

#[tokio::test]
async fn every_name_of_a_person_leads_to_the_same_one() {
    let server = serve(Faults::none());
    for (name, expected) in [
        ("ALICE@contoso.example", "alice"),
        ("a.liddell@contoso.example", "alice"),
        ("alice.liddell@home.example", "alice"),
        ("10042", "alice"),
        ("0A000000-0000-4000-8000-000000000001", "alice"),
        ("  alice@contoso.example ", "alice"),
        ("alice.liddell2@contoso.example", "alicia"),
        ("siobhan.o'connor@contoso.example", "oconnor"),
        ("$vc-build@contoso.example", "dollar"),
        ("gus_fabrikam.example#EXT#@contoso.example", "guest"),
        ("gus@fabrikam.example", "guest"),
        ("carol@contoso.example", "carol"),
        ("10050", "carol"),
        ("0a000000-0000-4000-8000-000000000101", "carol"),
    ] {
        let evidence = collect(&server, &who(name)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(evidence.people().unwrap()[0].id, format!("entra:user/{}", id(expected)), "{name}");
    }
    assert!(server.unknown().is_empty());
}

#[tokio::test]
async fn twins_and_namesakes_are_listed_and_none_is_picked() {
    let server = serve(Faults::none());
    for (name, candidates) in [("40077", ["twin-1", "twin-2"]), ("dave@contoso.example", ["dave", "old-dave"])] {
        let error = refused(&server, name).await;
        assert!(matches!(error, Error::Ambiguous { .. }), "{error}");
        assert_eq!(error.exit_code(), Exit::Usage);
        for candidate in candidates {
            assert!(error.to_string().contains(&id(candidate)), "{error}");
        }
    }
    assert!(refused(&server, "dave@contoso.example").await.to_string().contains("deleted"));
    // The id says which of them.
    collect(&server, &who(&id("old-dave"))).await.unwrap();
}

#[tokio::test]
async fn nobody_says_where_was_looked() {
    let server = serve(Faults::none());
    for name in ["mallory@contoso.example", "99999", "0a000000-0000-4000-8000-0000000000ff"] {
        let error = refused(&server, name).await;
        assert!(matches!(error, Error::NotFound { .. }), "{error}");
        assert!(error.to_string().contains("deleted users"), "{error}");
        assert_eq!(error.exit_code(), Exit::Usage);
    }
}

#[tokio::test]
async fn a_look_up_that_fails_is_not_nobody() {
    let server = serve(Faults::none().forbid("/deletedItems"));
    let error = refused(&server, "mallory@contoso.example").await;
    assert!(matches!(error, Error::Service { .. }), "{error}");
    assert!(error.hint().unwrap().contains("User.Read.All"), "{error:?}");
    assert_eq!(error.exit_code(), Exit::Failed);
}

#[tokio::test]
async fn an_answer_about_somebody_else_is_refused() {
    let mut estate = estate();
    let alice = estate.rows_mut("graph/users").iter_mut().find(|user| user["id"] == id("alice").as_str()).unwrap();
    alice["mail"] = json!("somebody@else.example");
    let server = Server::start(estate, Faults::none().canary("changed")).unwrap();
    let error = refused(&server, "alice@contoso.example").await;
    assert!(matches!(error, Error::Service { what: "who this is", .. }), "{error}");
}

fn with_leave_date(value: Value) -> Estate {
    let mut estate = estate();
    let alice = estate.rows_mut("graph/users").iter_mut().find(|user| user["id"] == id("alice").as_str()).unwrap();
    alice["employeeLeaveDateTime"] = value;
    estate
}

/// The date, the instant at which it is over, and where it comes from.
async fn last_day(server: &Server, subject: &Subject, file: &str) -> Option<(String, String, String)> {
    let path = tempfile::tempdir().unwrap();
    let path = path.path().join("leaver.toml");
    std::fs::write(&path, file).unwrap();
    let mut from_file = leaver::config::Config::load(Some(&path), &env()).unwrap();
    let demo = config(server);
    (from_file.entra, from_file.endpoints, from_file.retry) = (demo.entra, demo.endpoints, demo.retry);
    let evidence = collect_as(&from_file, subject).await.unwrap();
    let connection = rusqlite::Connection::open(evidence.path()).unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    connection.query_row("SELECT date, ends_at, source FROM last_day", [], row).ok()
}

#[tokio::test]
async fn the_flag_wins_over_the_configuration_and_that_over_the_directory() {
    let server = serve(Faults::none());
    let alice = who("alice@contoso.example");
    let flag = Subject { last_day: Some("2026-04-30".parse::<Date>().unwrap()), ..alice.clone() };
    let file = "[people]\n\"Alice@contoso.example\" = { last-day = 2026-04-15 }\n";
    let told = |date: &str, ends: &str, source: &str| Some((date.to_owned(), ends.to_owned(), source.to_owned()));
    assert_eq!(last_day(&server, &flag, file).await, told("2026-04-30", "2026-05-01T00:00:00Z", "flag"));
    assert_eq!(last_day(&server, &alice, file).await, told("2026-04-15", "2026-04-16T00:00:00Z", "configuration"));
    let directory = told("2026-05-01", "2026-05-01T18:00:00Z", "employeeLeaveDateTime");
    assert_eq!(last_day(&server, &alice, "").await, directory);
    let hidden = serve(Faults::none().hide("employeeLeaveDateTime"));
    assert_eq!(last_day(&hidden, &alice, "").await, None);
}

#[tokio::test]
async fn a_day_ends_at_midnight_of_the_organisation() {
    let alice = who("alice@contoso.example");
    let file = "[logs]\ntimezone = \"Europe/Berlin\"\n";
    let flag = Subject { last_day: Some("2026-05-01".parse().unwrap()), ..alice.clone() };
    let server = serve(Faults::none());
    let ends = |told: Option<(String, String, String)>| told.unwrap().1;
    assert_eq!(ends(last_day(&server, &flag, file).await), "2026-05-01T22:00:00Z");
    // A plain date is stored as midnight UTC: the whole day counts.
    let midnight = Server::start(with_leave_date(json!("2026-05-01T00:00:00Z")), Faults::none()).unwrap();
    assert_eq!(last_day(&midnight, &alice, file).await.unwrap().0, "2026-05-01");
    assert_eq!(ends(last_day(&midnight, &alice, file).await), "2026-05-01T22:00:00Z");
}

#[tokio::test]
async fn without_a_last_day_what_hangs_on_it_is_unknown() {
    let server = serve(Faults::none().hide("employeeLeaveDateTime"));
    let report = audit(&server, &who("alice@contoso.example")).await;
    let waiting = ["account/sessions-not-revoked", "account/signed-in-after-last-day"];
    for check in report.checks().filter(|check| waiting.contains(&check.id.as_str())) {
        assert_eq!(check.verdict, leaver::model::Verdict::Unknown, "{}", check.id);
        assert!(check.gaps[0].needs.as_ref().unwrap().contains("User-LifeCycleInfo.Read.All"));
    }
    assert!(terminal(&report).contains("User-LifeCycleInfo.Read.All, or --last-day"));
    assert!(terminal(&report).contains("Last day  not known"));
}

#[tokio::test]
async fn a_last_day_to_come_is_a_rehearsal() {
    let server = serve(Faults::none());
    let to_come: Date =
        ESTATE.now().to_zoned(jiff::tz::TimeZone::UTC).date().checked_add(jiff::Span::new().days(7)).unwrap();
    let report = audit(&server, &Subject { last_day: Some(to_come), ..leaver() }).await;
    assert_eq!((report.run.mode, report.people[0].rehearsal), (Mode::Rehearsal, true));
    let shown = terminal(&report);
    assert!(shown.contains(&format!("has to be gone by {to_come}")), "{shown}");
    assert!(shown.contains("rehearsal"), "{shown}");
    assert!(!shown.contains("signed-in-after-last-day\n"), "nobody can sign in after a day to come: {shown}");
}

#[tokio::test]
async fn a_network_that_is_not_there_is_told_with_a_next_step() {
    let server = serve(Faults::none());
    let config = config(&server);
    drop(server);
    let error = collect_as(&config, &leaver()).await.err().unwrap();
    assert_eq!(error.exit_code(), Exit::Failed);
    assert!(error.hint().unwrap().contains("check the network"), "{error}");
}
