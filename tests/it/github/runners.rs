//! Lists of self-hosted runners: short for a while, of groups that an enterprise shares, and who registered what is in them.

use leaver::check::{self, Checks, Limits};
use leaver::evidence::row::Runner;
use leaver::evidence::{Rows, Scope, Writer};
use leaver::model::{Status, Verdict, stamp};
use serde_json::json;

use super::*;

/// A scan of a host whose runner is registered at the organisation under this number.
fn scan(folder: &std::path::Path, number: u64) -> std::path::PathBuf {
    let path = folder.join(format!("{number}.db"));
    let meta = [("mode", "scan".to_owned()), ("host", "ci-1".to_owned()), ("now", stamp(ESTATE.now()))];
    let writer = Writer::create(folder, &meta).unwrap();
    let scope = Scope { name: "host:ci-1".into(), person: None, needs: String::new() };
    let fill = async |rows: &mut Rows| {
        Ok(rows.insert(&Runner {
            id: "host:ci-1/opt/runner".into(),
            host: "ci-1".into(),
            kind: "github".to_owned(),
            name: Some("shared-1".into()),
            server: Some("https://github.com/Contoso".into()),
            runner_id: Some(number.to_string().into()),
            scanned_at: Some(ESTATE.now()),
            running: Some(true),
            saw_root: Some(true),
            saw_work: Some(true),
            saw_home: Some(true),
            saw_environment: Some(true),
            ..Runner::default()
        })?)
    };
    let tables = leaver::source::runner::TABLES;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(writer.dataset(tables, &scope, fill)).unwrap();
    writer.seal(Some(&path)).unwrap();
    path
}

fn collected(server: &Server, scans: Vec<std::path::PathBuf>) -> Evidence {
    let intake = Intake { include: scans, ..Intake::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(run::collect(&config(server), &alice(), &intake, &env(Some(TOKEN), &Notes::default()))).unwrap()
}

fn asked(server: &Server, path: &str) -> usize {
    server.requests().iter().filter(|request| format!("{request:?}").contains(path)).count()
}

fn gap_of(evidence: &Evidence, scope: &str) -> Option<String> {
    let rows = evidence.coverage().unwrap();
    let row = rows.iter().find(|row| row.dataset == "sighting" && row.scope.raw() == scope);
    let row = row.unwrap_or_else(|| panic!("nothing is covered that is called {scope}"));
    row.gap.as_ref().map(|gap| gap.detail.as_ref().unwrap().raw().to_owned())
}

const LIST: &str = "/orgs/contoso/actions/runners?";
const SHARED: &str = "github:org/contoso/runner/80000002";

#[test]
fn a_list_that_lacks_a_known_runner_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(Faults::none());
    let evidence = collected(&server, vec![scan(folder.path(), 80_000_002)]);
    assert_eq!(gap_of(&evidence, SHARED), None);
    assert!(gap_of(&evidence, "github:org/contoso/runner/80000003").unwrap().contains("alice-developer-box"));
    let once = asked(&server, LIST);
    // Short for a while: the second answer has it.
    let short = Faults::none()
        .answer("=/github/orgs/contoso/actions/runners", json!({"total_count": 0, "runners": []}))
        .times(1);
    let server = serve(short);
    assert_eq!(gap_of(&collected(&server, vec![scan(folder.path(), 80_000_002)]), SHARED), None);
    assert_eq!(asked(&server, LIST), 2 * once);
    // In no answer: the service has forgotten it.
    let server = serve(Faults::none());
    let evidence = collected(&server, vec![scan(folder.path(), 99)]);
    assert_eq!(asked(&server, LIST), 2 * once);
    let judged = check::judge(&evidence, &Checks::load(&[]).unwrap(), Limits::default()).unwrap();
    let one = judged.iter().find(|one| one.check.id == "3-tokens/runner-forgotten").unwrap();
    assert_eq!((one.verdict, one.findings.len()), (Verdict::Fail, 1));
}

#[test]
fn runners_of_a_group_that_the_enterprise_shares_are_registered_here_too() {
    let mut estate = ESTATE.clone();
    let rows = estate.rows_mut("github/runners");
    rows.push(json!({"@in": "orgs/contoso/actions/runner-groups", "id": 7, "name": "Enterprise", "visibility": "all",
        "default": false, "inherited": true, "allows_public_repositories": false}));
    rows.push(
        json!({"@in": "orgs/contoso/actions/runner-groups/7/runners", "id": 5, "name": "big-iron", "os": "linux",
        "status": "offline", "busy": false, "labels": []}),
    );
    let server = Server::start(estate, Faults::none()).unwrap();
    let evidence = collected(&server, vec![]);
    assert!(gap_of(&evidence, "github:org/contoso/runner-group/7/runner/5").unwrap().contains("big-iron"));
}

#[test]
fn a_runner_whose_registration_is_in_the_log_is_not_in_doubt() {
    let mut estate = ESTATE.clone();
    let at = (ESTATE.now().as_second() - 864_000) * 1000;
    let event = |id: &str, action: &str, late: i64| {
        json!({"@in": "orgs/contoso/audit-log", "_document_id": id, "action": action, "created_at": at + late,
            "@timestamp": at + late, "org": "contoso", "org_id": 4711})
    };
    let mut registered = event("doc-r1", "org.register_self_hosted_runner", 0);
    registered["actor"] = "bob-dev".into();
    registered["actor_id"] = 70_000_009.into();
    let mut online = event("doc-r2", "org.self_hosted_runner_online", 60_000);
    online["runner_id"] = 80_000_003.into();
    estate.rows_mut("github/audit_log").extend([registered, online]);
    let server = Server::start(estate, Faults::none()).unwrap();
    let evidence = collected(&server, vec![]);
    let judged = check::judge(&evidence, &Checks::load(&[]).unwrap(), Limits::default()).unwrap();
    let one = judged.iter().find(|one| one.check.id == "3-tokens/github-runner-registered-by-leaver").unwrap();
    let found = |status: Status| {
        let of_status = one.findings.iter().filter(|finding| finding.status == status);
        of_status.map(|finding| finding.subject.raw().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(Status::Fail), ["github:repo/contoso/nightly-sync/runner/80000001"]);
    assert_eq!(
        found(Status::Unknown),
        [SHARED],
        "its registration is older than its log, and the others are explained"
    );
}
