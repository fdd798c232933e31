//! Every list that the audit reads, broken in every way: what depends on it is never clean, everything else is as before.

use std::collections::BTreeSet;

use leaver::demo::{Faults, RetryAfter};
use leaver::error::Exit;
use leaver::model::{GapKind, Status, Verdict};
use leaver::report::{Report, State};
use leaver::source::entra::PERMISSIONS;

use super::verdicts::covered;
use super::{CHECKS, audit, conclusions, failed, leaver, serve, terminal, who};

/// One request: how a fault names it, what of the evidence comes from it, the permission if it is not that of the table.
struct Source {
    on: &'static str,
    tables: &'static [&'static str],
    needs: Option<&'static str>,
    list: bool,
}

const fn list(on: &'static str, tables: &'static [&'static str]) -> Source {
    Source { on, tables, needs: None, list: true }
}

const fn single(on: &'static str, tables: &'static [&'static str]) -> Source {
    Source { on, tables, needs: None, list: false }
}

const fn role(on: &'static str, needs: &'static str) -> Source {
    Source { on, tables: &["directory_role"], needs: Some(needs), list: true }
}

const EVENTS: &[&str] = &["directory_event", "credential_event", "federated_event", "consent_event"];
const OWNED: &[&str] = &["ownership", "credential", "application"];

// Federated credentials and Azure have a loop of their own in step 2.
const SOURCES: &[Source] = &[
    list("=/graph/v1.0/oauth2PermissionGrants", &["delegated_grant"]),
    list("/0a000000-0000-4000-8000-000000000001/oauth2PermissionGrants", &["delegated_grant"]),
    list("/appRoleAssignments", &["app_role_assignment"]),
    single("/servicePrincipals(appId='0d000000-0000-4000-8000-000000000001')", &["gateway", "preauthorized_client"]),
    single("/applications(appId=", &["preauthorized_client"]),
    list("/memberOf", &["group_membership"]),
    list("/transitiveMemberOf", &["group_membership"]),
    role("=/graph/v1.0/roleManagement/directory/roleAssignments", "RoleManagement.Read.Directory"),
    role("/transitiveRoleAssignments", "RoleManagement.Read.Directory"),
    role("/directory/roleEligibilityScheduleInstances", "RoleEligibilitySchedule.Read.Directory"),
    role("/directory/roleAssignmentScheduleInstances", "RoleAssignmentSchedule.Read.Directory"),
    list("/ownedObjects", OWNED),
    list("/owners", &["ownership"]),
    single("=/graph/v1.0/applications/0c000000-0000-4000-8000-000000000002", &["application", "credential"]),
    single("=/graph/v1.0/servicePrincipals/0e000000-0000-4000-8000-000000000002", &["application", "credential"]),
    Source { needs: Some("User.Read.All"), ..list("/sponsorOf", &["sponsorship"]) },
    list("/privilegedAccess/group/", &["group_eligibility"]),
    list("/sponsors", &["sponsorship"]),
    list("/directoryAudits", EVENTS),
    list("=/graph/v1.0/auditLogs/signIns", &["sign_in"]),
    list("=/graph/beta/auditLogs/signIns", &["sign_in"]),
    single("signInActivity", &["sign_in_activity"]),
    list("/authentication/methods", &["authentication_method"]),
    list("/registeredDevices", &["device"]),
    list("/ownedDevices", &["device"]),
    Source { needs: Some("Directory.Read.All"), ..single("/getByIds", &["service_principal"]) },
];

fn open_tables(report: &Report) -> BTreeSet<&str> {
    let open = report.coverage.iter().filter(|part| part.state == State::Incomplete);
    open.map(|part| part.dataset.as_str()).collect()
}

fn found(check: &leaver::report::Check) -> BTreeSet<&str> {
    let failed = check.findings.iter().filter(|finding| finding.status == Status::Fail);
    failed.map(|finding| finding.subject.raw()).collect()
}

/// What holds for any report in which `tables` could not be read, against the report with everything.
fn holds(name: &str, whole: &Report, broken: &Report, tables: &[&str], kinds: &[GapKind]) {
    assert_ne!(broken.exit_code(), Exit::Clean, "{name}");
    let expected: BTreeSet<&str> = open_tables(whole).into_iter().chain(tables.iter().copied()).collect();
    assert_eq!(open_tables(broken), expected, "{name}: which tables are incomplete");
    for (before, after) in conclusions(whole).iter().zip(&conclusions(broken)) {
        let reads: Vec<&&str> = tables.iter().filter(|table| after.tables.iter().any(|read| read == *table)).collect();
        if reads.is_empty() {
            assert_eq!(before, after, "{name}: nothing that this check reads is missing");
            continue;
        }
        assert!(matches!(after.verdict, Verdict::Unknown | Verdict::Fail), "{name}: {} {:?}", after.id, after.verdict);
        let told = |table: &str| after.gaps.iter().any(|gap| gap.dataset == table && kinds.contains(&gap.kind));
        assert!(reads.iter().any(|table| told(table)), "{name}: {} {:?}", after.id, after.gaps);
        let monotone = CHECKS.find(&after.id).unwrap().check.monotone;
        let failed = || after.findings.iter().filter(|finding| finding.status == Status::Fail);
        assert!(failed().all(|finding| finding.complete == monotone), "{name}: {}", after.id);
        if monotone {
            assert!(found(after).is_subset(&found(before)), "{name}: {} found more in less", after.id);
        }
    }
}

/// Audits the leaver once for each source that `broken` breaks, and checks what has to hold.
async fn each(kinds: &[GapKind], lists_only: bool, broken: impl Fn(&Source) -> Faults) {
    let whole = audit(&serve(Faults::none()), &leaver()).await;
    for source in SOURCES.iter().filter(|source| source.list || !lists_only) {
        let server = serve(broken(source));
        let report = audit(&server, &leaver()).await;
        holds(source.on, &whole, &report, source.tables, kinds);
        assert!(server.unknown().is_empty() && server.writes().is_empty(), "{}", source.on);
    }
}

#[tokio::test]
async fn a_missing_permission_is_named_exactly() {
    let whole = audit(&serve(Faults::none()), &leaver()).await;
    for source in SOURCES {
        let report = audit(&serve(Faults::none().forbid(source.on)), &leaver()).await;
        holds(source.on, &whole, &report, source.tables, &[GapKind::Denied]);
        let of_table = |table: &str| PERMISSIONS.iter().find(|(name, _)| *name == table).unwrap().1;
        let needs = source.needs.unwrap_or_else(|| of_table(source.tables[0]));
        let gaps: Vec<_> =
            report.checks().flat_map(|check| &check.gaps).filter(|gap| gap.kind == GapKind::Denied).collect();
        let read =
            report.checks().any(|check| check.tables.iter().any(|table| source.tables.contains(&table.as_str())));
        assert_eq!(gaps.is_empty(), !read, "{}", source.on);
        assert!(gaps.iter().all(|gap| gap.needs.as_deref() == Some(needs)), "{}: {gaps:?}", source.on);
        assert_eq!(terminal(&report).contains(&format!("denied: {needs}")), read, "{}", source.on);
    }
}

#[tokio::test]
async fn a_clean_leaver_is_unknown_without_any_one_permission() {
    let bob = |source: &Source| {
        let on = source.on.replace("000000000001/oauth2", "000000000005/oauth2");
        Faults::none().forbid(&on)
    };
    let whole = audit(&serve(Faults::none()), &who("bob@contoso.example")).await;
    for source in SOURCES.iter().filter(|source| source.list && !matches!(source.on, "/owners" | "/sponsors")) {
        let report = audit(&serve(bob(source)), &who("bob@contoso.example")).await;
        let more = |report: &Report| report.checks().filter(|check| check.verdict == Verdict::Unknown).count();
        assert_ne!(report.exit_code(), Exit::Clean, "{}", source.on);
        assert!(covered(failed(&report)).is_empty(), "{}: {:?}", source.on, failed(&report));
        assert!(more(&report) >= more(&whole), "{}", source.on);
    }
}

#[tokio::test]
async fn throttled_for_ever_is_truncated() {
    each(&[GapKind::Truncated], false, |source| Faults::none().throttle(source.on, 1, RetryAfter::Seconds(0))).await;
}

#[tokio::test]
async fn cut_for_ever_is_failed() {
    each(&[GapKind::Failed, GapKind::NotExposed], false, |source| Faults::none().cut("/$batch").cut(source.on)).await;
}

#[tokio::test]
async fn a_sign_in_page_is_no_answer() {
    each(&[GapKind::SignIn], false, |source| Faults::none().html(source.on)).await;
}

#[tokio::test]
async fn an_empty_success_is_no_empty_list() {
    each(&[GapKind::Failed, GapKind::NotExposed], false, |source| Faults::none().empty(source.on)).await;
}

#[tokio::test]
async fn a_list_that_is_not_there_is_no_empty_list() {
    let kinds = [GapKind::Failed, GapKind::NotExposed, GapKind::NotConfigured];
    each(&kinds, false, |source| Faults::none().missing(source.on)).await;
}

#[tokio::test]
async fn a_list_that_repeats_itself_is_not_followed_for_ever() {
    each(&[GapKind::Failed, GapKind::NotExposed], true, |source| Faults::none().repeating_next_link(source.on)).await;
}

#[tokio::test]
async fn a_foreign_next_link_gets_neither_request_nor_token() {
    let trap = serve(Faults::none());
    let to = format!("{}/graph/v1.0/users", trap.base_url());
    let kinds = [GapKind::Failed, GapKind::NotExposed];
    each(&kinds, true, |source| Faults::none().foreign_next_link(source.on, &to)).await;
    assert!(trap.requests().is_empty());
}

#[tokio::test]
async fn paging_and_passing_throttling_change_nothing() {
    let whole = conclusions(&audit(&serve(Faults::none()), &leaver()).await);
    // A rule of GitHub names its accounts in a list within a list: a hundred at once there, never one.
    let small = || Faults::none().page_size("/graph/", 1).page_size("/arm/", 1).page_size("/github/", 2);
    for faults in [
        small(),
        Faults::none().throttle("", 3, RetryAfter::Seconds(0)),
        Faults::none().throttle("", 3, RetryAfter::Absent),
        small().throttle("", 7, RetryAfter::Seconds(0)),
    ] {
        let server = serve(faults);
        for (before, after) in whole.iter().zip(conclusions(&audit(&server, &leaver()).await)) {
            assert_eq!(*before, after);
        }
        assert!(server.unknown().is_empty());
    }
}

/// What the caller may list but not read comes back as type and id, and everything else null.
#[tokio::test]
async fn objects_without_their_properties_are_denied_not_empty() {
    let whole = audit(&serve(Faults::none()), &leaver()).await;
    for (on, tables) in [
        ("/memberOf", &["group_membership"][..]),
        ("/transitiveMemberOf", &["group_membership"]),
        ("=/graph/v1.0/applications/0c000000-0000-4000-8000-000000000002", &["application", "credential"]),
        ("=/graph/v1.0/servicePrincipals/0e000000-0000-4000-8000-000000000002", &["credential"]),
        ("/applications(appId=", &["preauthorized_client"]),
    ] {
        let report = audit(&serve(Faults::none().limited(on)), &leaver()).await;
        holds(on, &whole, &report, tables, &[GapKind::Denied, GapKind::Truncated]);
    }
}

#[tokio::test]
async fn a_token_that_runs_out_half_way_keeps_what_was_read() {
    let whole = audit(&serve(Faults::none()), &leaver()).await;
    for life in [2, 4, 8] {
        let server = serve(Faults::none().expire_after(life + 1));
        let report = audit(&server, &leaver()).await;
        assert_ne!(report.exit_code(), Exit::Clean, "{life}");
        let gaps = || report.coverage.iter().filter_map(|part| part.gap.as_ref());
        assert!(gaps().any(|gap| matches!(gap.kind, GapKind::Denied | GapKind::SignIn)), "{life}");
        assert!(!report.people.is_empty(), "{life}: the person was read before");
        for (before, after) in whole.checks().zip(report.checks()) {
            assert!(before.verdict == after.verdict || after.verdict == Verdict::Unknown, "{life}: {}", after.id);
        }
        let found = |report: &Report| report.checks().map(|check| found(check).len()).sum::<usize>();
        assert!(found(&report) > 0 && found(&report) < found(&whole), "{life}");
    }
}
