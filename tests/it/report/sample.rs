//! Evidence and judgements of one leaver, made by hand: the checks themselves have their own tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use leaver::check::{Check, Judgement};
use leaver::evidence::{Evidence, Scope, Stop, Writer, row};
use leaver::model::{Cause, Finding, Gap, GapKind, Grade, Severity, Status, Verdict};
use leaver::report::{Report, Times};
use leaver::text::Untrusted;

const ALICE: &str = "entra:user/11111111-0000-4000-8000-000000000001";

pub(super) async fn evidence(name: &str, now: &str) -> Evidence {
    let meta = [("now", now.to_owned()), ("mode", "audit".to_owned()), ("tenant", "contoso".to_owned())];
    let directory = tempfile::tempdir().unwrap();
    let writer = Writer::create(directory.path(), &meta).unwrap();
    let scope = Scope { name: "contoso".into(), person: None, needs: "User.Read.All".into() };
    let at = "2026-05-02T01:00:00Z".parse().unwrap();
    let filled = writer.dataset(&["person", "identity", "last_day"], &scope, async |rows| {
        rows.insert(&row::Person {
            id: ALICE.into(),
            object_id: "11111111-0000-4000-8000-000000000001".into(),
            upn: Some("alice@contoso.com".into()),
            name: Some(name.into()),
            ..row::Person::default()
        })?;
        rows.insert(&row::LastDay {
            person: ALICE.into(),
            date: "2026-05-01".into(),
            ends_at: "2026-05-01T22:00:00Z".parse().unwrap(),
            source: "flag".into(),
        })?;
        rows.insert(&row::Identity {
            person: ALICE.into(),
            kind: "github".into(),
            id: Some("github:user/123".into()),
            name: Some("alice-dev".into()),
            source: Some("saml".into()),
            grade: Some("A".into()),
        })?;
        rows.tally().count(1, at);
        Ok(())
    });
    filled.await.unwrap();
    let denied = writer.dataset(&["delegated_grant"], &scope, async |rows| {
        rows.tally().count(0, at);
        Err(Stop::Gap(Cause::new(GapKind::Denied, "HTTP 403").needing("Directory.Read.All")))
    });
    denied.await.unwrap();
    writer.seal(Some(&directory.path().join("evidence.db"))).unwrap()
}

pub(super) fn check(id: &str, title: &str, severity: Severity) -> Arc<Check> {
    Arc::new(Check {
        id: id.into(),
        step: id.split('/').next().unwrap().into(),
        title: title.into(),
        proven: None,
        severity,
        why: "It outlives the account.".into(),
        fix: "Delete it, then look again.".into(),
        item: None,
        action: None,
        monotone: false,
        applies: None,
        unseen: false,
        controls: BTreeMap::from([("nist".into(), vec!["PS-4".into()])]),
        params: BTreeMap::new(),
        sql: String::new(),
        text: String::new(),
    })
}

pub(super) fn finding(subject: &str, text: &str, severity: Severity, status: Status) -> Finding {
    Finding {
        id: format!("hash-of-{}", subject.len()),
        person: Some(ALICE.into()),
        subject: subject.into(),
        status,
        severity,
        grade: Some(Grade::B),
        reason: text.into(),
        facts: BTreeMap::from([("scope".into(), Untrusted::from(text))]),
        actor: Some("bob@contoso.com".into()),
        seen_at: Some("2026-04-30T08:00:00Z".into()),
        action: Some("revoke-grant".into()),
        complete: status == Status::Fail,
        controls: BTreeMap::new(),
        waiver: None,
        drift: None,
    }
}

pub(super) fn gap(scope: &str) -> Gap {
    Gap {
        kind: GapKind::Denied,
        dataset: "delegated_grant".into(),
        scope: scope.into(),
        person: None,
        needs: Some("Directory.Read.All".into()),
        detail: Some("HTTP 403".into()),
        hint: GapKind::Denied.hint(Some("Directory.Read.All")),
        waiver: None,
    }
}

pub(super) fn judged(check: Arc<Check>, verdict: Verdict, gaps: Vec<Gap>, findings: Vec<Finding>) -> Judgement {
    Judgement {
        check,
        verdict,
        tables: vec!["delegated_grant".into(), "gateway".into()],
        examined: 12,
        passed: 0,
        gaps,
        findings,
    }
}

pub(super) fn judgements(text: &str) -> Vec<Judgement> {
    let found = check("2-federation/personal-account", "A pipeline identity trusts a personal account", Severity::High);
    let failed = vec![
        finding("entra:application/a1/federated/f1", text, Severity::High, Status::Fail),
        finding("entra:application/a2/federated/f2", text, Severity::Critical, Status::Fail),
        finding("entra:application/a3/federated/f3", text, Severity::High, Status::Unknown),
    ];
    let consent = |id: &str| check(id, "A consent lets the leaver act", Severity::Medium);
    vec![
        judged(consent("1-consents/grant"), Verdict::Unknown, vec![gap("contoso")], vec![]),
        judged(consent("1-consents/assignment"), Verdict::Unknown, vec![gap("contoso"), gap("fabrikam")], vec![]),
        judged(found, Verdict::Fail, vec![gap("contoso")], failed),
        judged(check("account/enabled", "The account is enabled", Severity::High), Verdict::Pass, vec![], vec![]),
    ]
}

pub(super) fn times() -> Times {
    let at = |text: &str| text.parse().unwrap();
    Times { started_at: at("2026-05-02T03:00:00Z"), finished_at: at("2026-05-02T03:00:07Z") }
}

pub(super) async fn report(text: &str, now: &str) -> Report {
    Report::new(&evidence(text, now).await, &judgements(text), &"c".repeat(64), times()).unwrap()
}

pub(super) async fn sample() -> Report {
    let mut report = report("Alice Liddell", "2026-05-02T03:00:00Z").await;
    // The digest of an evidence file depends on the version of SQLite.
    report.evidence.sha256 = "e".repeat(64);
    report
}
