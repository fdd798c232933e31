//! Which account is whose: by single sign-on, by what the flag says, and not at all.

use leaver::demo::Faults;
use leaver::error::Exit;
use leaver::run::Subject;

use leaver::demo::{Estate, Server};
use serde_json::json;

use super::{ESTATE, Evidence, alice, collect, config, serve};

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
    let gaps = open(&evidence);
    let text = "GitHub shows no account alice-gone: renamed, deleted, or managed";
    assert!(gaps.iter().any(|gap| gap.contains(text) && gap.contains("the login of today")), "{gaps:?}");
    let server = serve(Faults::none());
    let evidence = collect(&config(&server), &named(Some("alice-gone"))).await.unwrap();
    let today = account("alice-dev", Some("github:user/70000001"), "saml", "A");
    assert_eq!(accounts(&evidence), (vec![account("alice-gone", None, "flag", "D"), today], false));
}

#[tokio::test]
async fn an_account_that_single_sign_on_links_to_somebody_else_ends_the_run() {
    let server = serve(Faults::none());
    let error = collect(&config(&server), &named(Some("alicia"))).await.err().unwrap();
    assert_eq!(error.exit_code(), Exit::Usage);
    let text = error.to_string();
    assert!(text.contains("alicia@contoso.example") && text.contains("single sign-on of contoso"), "{text}");
    let read =
        server.requests().iter().any(|request| request.path.contains("/members") || request.path.contains("/repos"));
    assert!(!read, "nothing was collected");
}

/// What is said of the accounts that may be missing.
fn open(evidence: &Evidence) -> Vec<String> {
    let gap = |row: leaver::evidence::Coverage| row.gap.filter(|gap| gap.dataset == "identity");
    let told = |gap: leaver::model::Gap| {
        format!("{}: {} ({})", gap.kind, gap.detail.map_or_else(String::new, |text| text.raw().to_owned()), gap.hint)
    };
    evidence.coverage().unwrap().into_iter().filter_map(gap).map(told).collect()
}

/// The estate, in which single sign-on knows alice by a name of old.
fn renamed() -> Estate {
    let mut estate = ESTATE.clone();
    let identities = &mut estate.rows_mut("github/organizations")[0]["@graphql"]["samlIdentityProvider"];
    let alice = &mut identities["externalIdentities"][0]["samlIdentity"];
    *alice = json!({ "nameId": "al@old.example", "username": "al@old.example", "emails": [], "groups": [] });
    estate
}

fn provisioned(estate: &mut Estate, name: &str) {
    let object_id = estate.rows_mut("graph/users")[0]["id"].clone();
    let row = json!({ "@in": "scim/v2/organizations/contoso/Users", "id": "ext-1", "externalId": object_id,
                      "userName": name, "active": false, "emails": [] });
    estate.rows_mut("github/scim").push(row);
}

#[tokio::test]
async fn provisioning_knows_the_name_that_single_sign_on_still_has() {
    let mut estate = renamed();
    provisioned(&mut estate, "al@old.example");
    let server = Server::start(estate, Faults::none()).unwrap();
    let evidence = collect(&config(&server), &named(None)).await.unwrap();
    assert_eq!(accounts(&evidence), (vec![account("alice-dev", Some("github:user/70000001"), "scim", "A")], false));
    assert_eq!(server.unknown(), []);
}

#[tokio::test]
async fn provisioning_that_is_refused_or_leads_nowhere_is_a_gap_with_its_next_step() {
    let server = Server::start(renamed(), Faults::none().forbid("/scim/")).unwrap();
    let evidence = collect(&config(&server), &named(None)).await.unwrap();
    let gaps = open(&evidence);
    assert!(gaps.iter().any(|gap| gap.starts_with("denied") && gap.contains("members=read")), "{gaps:?}");
    let mut estate = renamed();
    provisioned(&mut estate, "somebody@else.example");
    let server = Server::start(estate, Faults::none()).unwrap();
    let evidence = collect(&config(&server), &named(None)).await.unwrap();
    let gaps = open(&evidence);
    let text = "contoso provisions somebody@else.example over SCIM, and GitHub does not show the account";
    assert!(gaps.iter().any(|gap| gap.contains(text) && gap.contains("--github")), "{gaps:?}");
    // The flag tells what neither could.
    let evidence = collect(&config(&server), &named(Some("alice-dev"))).await.unwrap();
    assert_eq!(accounts(&evidence), (vec![account("alice-dev", Some("github:user/70000001"), "flag", "D")], false));
}

/// The estate, in which single sign-on links a second account to alice, by any spelling of her name.
fn with_second(name: &str) -> Server {
    let mut estate = ESTATE.clone();
    let identities = &mut estate.rows_mut("github/organizations")[0]["@graphql"]["samlIdentityProvider"];
    let all = identities["externalIdentities"].as_array_mut().unwrap();
    let mut other = all[0].clone();
    other["samlIdentity"]["nameId"] = json!(name);
    other["samlIdentity"]["username"] = json!(name);
    other["user"] = json!({ "__typename": "User", "login": "alice-second", "databaseId": 70_000_099 });
    all.push(other);
    Server::start(estate, Faults::none()).unwrap()
}

#[tokio::test]
async fn all_accounts_of_a_person_are_audited() {
    let first = account("alice-dev", Some("github:user/70000001"), "saml", "A");
    let second = account("alice-second", Some("github:user/70000099"), "saml", "A");
    for name in ["alice@contoso.example", "Alice@Contoso.Example"] {
        for flag in [None, Some("alice-dev"), Some("alice-second"), Some("alice-second, ALICE-DEV")] {
            let server = with_second(name);
            let evidence = collect(&config(&server), &named(flag)).await.unwrap();
            assert_eq!(accounts(&evidence), (vec![first.clone(), second.clone()], false), "{name} {flag:?}");
            let asked = |login: &str| server.requests().iter().any(|one| format!("{one:?}").contains(login));
            assert!(asked("alice-dev") && asked("alice-second"), "{flag:?}");
        }
    }
}

#[tokio::test]
async fn an_account_that_nobody_else_has_is_one_more_of_the_person() {
    let server = serve(Faults::none());
    for flag in ["frank-nobody", "alice-dev,frank-nobody"] {
        let evidence = collect(&config(&server), &named(Some(flag))).await.unwrap();
        let (found, _) = accounts(&evidence);
        assert!(found.iter().any(|one| one[0].as_deref() == Some("alice-dev")), "{found:?}");
        assert!(found.iter().any(|one| one[0].as_deref() == Some("frank-nobody")), "{found:?}");
    }
}

#[test]
fn a_name_with_blanks_around_it_is_the_same_name() {
    assert!(leaver::text::is_same(" alice@contoso.example ", "Alice@contoso.example"));
}
