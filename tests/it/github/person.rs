//! Which account is whose: by single sign-on, by what the flag says, and not at all.

use leaver::demo::Faults;
use leaver::error::Exit;
use leaver::run::Subject;

use super::{Evidence, alice, collect, config, serve};

/// Login, id, source and grade of the GitHub accounts, and whether a gap says that there may be more.
fn accounts(evidence: &Evidence) -> (Vec<[Option<String>; 4]>, bool) {
    let connection = rusqlite::Connection::open(evidence.path()).unwrap();
    let mut query = connection
        .prepare("SELECT name, id, source, grade FROM identity WHERE kind = 'github' ORDER BY source")
        .unwrap();
    let row = |row: &rusqlite::Row<'_>| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]);
    let all = query.query_map([], row).unwrap().map(Result::unwrap).collect();
    let coverage = evidence.coverage().unwrap();
    (all, coverage.iter().any(|row| row.dataset == "identity" && row.gap.is_some()))
}

fn account(name: &str, id: Option<&str>, source: &str, grade: &str) -> [Option<String>; 4] {
    [Some(name.into()), id.map(Into::into), Some(source.into()), Some(grade.into())]
}

fn named(login: Option<&str>) -> Subject {
    Subject { github: login.map(str::to_owned), ..alice() }
}

#[tokio::test]
async fn single_sign_on_says_whose_an_account_is_and_the_flag_only_agrees() {
    let server = serve(Faults::none());
    for flag in [None, Some("alice-dev"), Some("ALICE-DEV")] {
        let evidence = collect(&config(&server), &named(flag)).await.unwrap();
        assert_eq!(accounts(&evidence), (vec![account("alice-dev", Some("github:user/70000001"), "saml", "A")], false));
    }
}

#[tokio::test]
async fn without_single_sign_on_the_flag_counts_and_github_gives_the_number() {
    let server = serve(Faults::none().forbid("/graphql"));
    let evidence = collect(&config(&server), &named(Some("Alice-Dev"))).await.unwrap();
    assert_eq!(accounts(&evidence), (vec![account("alice-dev", Some("github:user/70000001"), "flag", "D")], false));
    let evidence = collect(&config(&server), &named(None)).await.unwrap();
    assert_eq!(accounts(&evidence), (vec![], true));
}

#[tokio::test]
async fn a_login_that_is_gone_is_a_name_and_a_gap_unless_somebody_knows_the_account() {
    let server = serve(Faults::none().forbid("/graphql"));
    let evidence = collect(&config(&server), &named(Some("alice-gone"))).await.unwrap();
    assert_eq!(accounts(&evidence), (vec![account("alice-gone", None, "flag", "D")], true));
    let server = serve(Faults::none());
    let evidence = collect(&config(&server), &named(Some("alice-gone"))).await.unwrap();
    let today = account("alice-dev", Some("github:user/70000001"), "saml", "A");
    assert_eq!(accounts(&evidence), (vec![account("alice-gone", None, "flag", "D"), today], false));
}

#[tokio::test]
async fn two_sources_that_disagree_end_the_run() {
    let server = serve(Faults::none());
    let error = collect(&config(&server), &named(Some("alicia"))).await.err().unwrap();
    assert_eq!(error.exit_code(), Exit::Usage);
    let text = error.to_string();
    assert!(text.contains("70000001") && text.contains("70000002"), "{text}");
    let read =
        server.requests().iter().any(|request| request.path.contains("/members") || request.path.contains("/repos"));
    assert!(!read, "nothing was collected");
}
