//! What is missing is unknown, however it went missing.

use leaver::demo::{Faults, RetryAfter};
use leaver::model::{Status, Verdict};
use serde_json::{Value, json};

use super::{Audit, estate};

const APPLICATIONS: &str = "/applications?";
const IDENTITIES: &str = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities";
const FIRST: &str = "6a000000-0000-4000-8000-000000000001";

/// A check of each data set that has nothing to find for somebody innocent, so that only a gap keeps it from passing.
async fn innocent(faults: Faults) -> Audit {
    let mut estate = estate();
    estate.rows_mut("graph/federatedIdentityCredentials").retain(|row| row["name"] == "nightly-main");
    let innocent = |row: &Value| row["name"] == "contoso-main" || row["name"] == "releases";
    estate.rows_mut("arm/federatedIdentityCredentials").retain(innocent);
    estate.rows_mut("arm/roleAssignments").retain(|row| row["name"] == "6f000000-0000-4000-8000-000000000006");
    Audit::with(estate, faults, "alice", &[]).await
}

const TRUST: [&str; 4] =
    ["leaver-account-trusted", "leaver-named", "flexible-trust-within-reach", "login-can-be-taken-over"];

#[tokio::test]
async fn without_faults_the_innocent_organisation_passes() {
    let audit = innocent(Faults::none()).await;
    for check in TRUST.into_iter().chain(["unscoped-trust", "owner-outside-organizations", "azure-role-held"]) {
        assert_eq!(audit.verdict(check), Verdict::Pass, "{check}: {:?}", audit.judgement(check));
    }
}

#[tokio::test]
async fn every_data_set_that_is_denied_makes_its_checks_unknown() {
    let denied = [
        (APPLICATIONS, "federated_credential"),
        ("/federatedIdentityCredentials?", "federated_credential"),
        ("/arm/subscriptions?", "managed_identity"),
        ("/roleAssignments?api", "role_assignment"),
        ("/servicePrincipals(appId='0d000000-0000-4000-8000-000000000002')", "service_principal"),
    ];
    for (on, table) in denied {
        let audit = innocent(Faults::none().forbid(on)).await;
        assert!(audit.gaps(table).iter().any(|gap| gap.starts_with("denied")), "{on}: {:?}", audit.gaps(table));
        for check in TRUST {
            assert_eq!(audit.verdict(check), Verdict::Unknown, "{check} without {on}");
        }
    }
}

#[tokio::test]
async fn without_beta_flexible_credentials_are_unknown_and_plain_ones_are_found() {
    let audit = Audit::of(Faults::none().forbid("/beta/applications")).await;
    assert!(
        audit.gaps("federated_credential").iter().any(|gap| gap.contains("flexible credentials show in beta only"))
    );
    let own = "entra:application/0c000000-0000-4000-8000-000000000002/federated/5a000000-0000-4000-8000-000000000002";
    assert!(audit.subjects("leaver-account-trusted", Status::Fail).contains(own));
    let hidden =
        "entra:application/0c000000-0000-4000-8000-000000000005/federated/5a000000-0000-4000-8000-000000000003";
    assert!(audit.subjects("flexible-trust-within-reach", Status::Unknown).contains(hidden));
    for faults in [Faults::none().forbid("/beta/applications"), Faults::none().missing("/beta/applications")] {
        let audit = innocent(faults).await;
        TRUST.iter().for_each(|check| assert_eq!(audit.verdict(check), Verdict::Unknown, "{check}"));
    }
}

#[tokio::test]
async fn a_filter_that_is_refused_or_finds_nothing_is_not_believed() {
    let refused = Audit::of(Faults::none().status("$count eq 0", 400, "Request_UnsupportedQuery")).await;
    assert_eq!(refused.gaps("federated_credential"), Vec::<String>::new());
    assert_eq!(refused.asked("/beta/applications"), 2);
    let whole = Audit::of(Faults::none()).await;
    let check = "leaver-account-trusted";
    assert_eq!(refused.judgement(check).findings, whole.judgement(check).findings);
}

#[tokio::test]
async fn applications_that_come_without_their_credentials_are_asked_one_by_one() {
    let whole = Audit::of(Faults::none()).await;
    for faults in [Faults::none(), Faults::none().status("$count eq 0", 400, "Request_UnsupportedQuery")] {
        let audit = Audit::of(faults.hide("federatedIdentityCredentials")).await;
        assert_eq!(audit.gaps("federated_credential"), Vec::<String>::new());
        TRUST.iter().for_each(|check| assert_eq!(audit.judgement(check).findings, whole.judgement(check).findings));
    }
    let denied = Faults::none().hide("federatedIdentityCredentials").forbid("/federatedIdentityCredentials?");
    let audit = innocent(denied).await;
    TRUST.iter().for_each(|check| assert_eq!(audit.verdict(check), Verdict::Unknown, "{check}"));
}

#[tokio::test]
async fn where_nobody_can_sign_in_to_azure_the_run_goes_on() {
    let audit = innocent(Faults::none().status("/arm/", 401, "InvalidAuthenticationToken")).await;
    for table in ["managed_identity", "federated_credential", "role_assignment"] {
        assert!(!audit.gaps(table).is_empty(), "{table}");
    }
    for check in ["leaver-account-trusted", "azure-role-held"] {
        assert_eq!(audit.verdict(check), Verdict::Unknown, "{check}");
    }
}

#[tokio::test]
async fn without_resource_graph_each_subscription_is_listed() {
    let audit = Audit::as_reader(Faults::none().forbid("Microsoft.ResourceGraph")).await;
    let whole = Audit::as_reader(Faults::none()).await;
    assert_eq!(audit.gaps("managed_identity"), Vec::<String>::new());
    assert_eq!((audit.asked(IDENTITIES), whole.asked(IDENTITIES), whole.asked("ResourceGraph")), (2, 0, 1));
    for check in TRUST {
        assert_eq!(audit.judgement(check).findings, whole.judgement(check).findings, "{check}");
    }
    // Resource Graph leaves out what may not be read, so who is not seen to be a reader does not rely on it.
    let unseen = Audit::of(Faults::none()).await;
    assert_eq!((unseen.asked(IDENTITIES), unseen.asked("ResourceGraph")), (2, 0));
    let neither = innocent(Faults::none().forbid("Microsoft.ResourceGraph").forbid(IDENTITIES)).await;
    TRUST.iter().for_each(|check| assert_eq!(neither.verdict(check), Verdict::Unknown, "{check}"));
}

#[tokio::test]
async fn a_subscription_without_the_reader_role_is_no_empty_one() {
    let on = format!("/arm/subscriptions/{FIRST}/providers");
    let audit = innocent(Faults::none().forbid(&on)).await;
    assert!(
        audit.gaps("managed_identity").iter().any(|gap| gap.contains(FIRST)),
        "{:?}",
        audit.gaps("managed_identity")
    );
    assert_eq!(audit.verdict("azure-role-held"), Verdict::Unknown);
    let other = "6a000000-0000-4000-8000-00000000000f";
    let unseen = Audit::with(estate(), Faults::none(), "alice", &[FIRST, other]).await;
    assert!(unseen.gaps("role_assignment").iter().any(|gap| gap.contains(other)));
    let nothing = {
        let mut estate = estate();
        estate.rows_mut("arm/subscriptions").clear();
        Audit::with(estate, Faults::none(), "alice", &[]).await
    };
    assert!(nothing.gaps("managed_identity").iter().any(|gap| gap.contains("no subscription is visible")));
}

#[tokio::test]
async fn flexible_credentials_are_asked_for_in_a_version_that_shows_them() {
    let newest = "federatedIdentityCredentials?api-version=2025-05-31-preview";
    let older = "federatedIdentityCredentials?api-version=2025-01-31-preview";
    let plain = "federatedIdentityCredentials?api-version=2024-11-30";
    let all = Audit::of(Faults::none()).await;
    let open = "azure:/subscriptions/6a000000-0000-4000-8000-000000000002/resourcegroups/rg-dev/providers/\
                microsoft.managedidentity/userassignedidentities/id-preview/federated/any-contoso";
    let check = "flexible-trust-within-reach";
    assert!(all.subjects(check, Status::Fail).contains(open));
    let with_older = Audit::of(Faults::none().status(newest, 400, "NoRegisteredProviderFound")).await;
    assert_eq!(with_older.judgement(check).findings, all.judgement(check).findings);
    assert_eq!(with_older.gaps("federated_credential"), Vec::<String>::new());
    // No refusal of a version says that there are none.
    for (status, code) in [(404, "InvalidResourceType"), (400, "NoRegisteredProviderFound"), (405, "MethodNotAllowed")]
    {
        let neither = innocent(Faults::none().status(newest, status, code).status(older, status, code)).await;
        let gaps = neither.gaps("federated_credential");
        assert!(gaps.iter().all(|gap| gap.starts_with("not-exposed") && gap.contains("preview")), "{code}: {gaps:?}");
        assert_eq!(neither.verdict("leaver-account-trusted"), Verdict::Unknown, "{code}");
        assert_eq!(neither.verdict(check), Verdict::Unknown, "{code}");
    }
    let own = Audit::of(Faults::none().missing(newest).missing(older)).await;
    let named = own.subjects("leaver-account-trusted", Status::Fail);
    assert!(named.iter().any(|subject| subject.ends_with("/alice-deploy")), "plain ones are still found: {named:?}");
    let none = innocent(Faults::none().missing(newest).missing(older).missing(plain)).await;
    assert!(none.gaps("federated_credential").iter().any(|gap| gap.starts_with("failed")));
    let denied = innocent(Faults::none().forbid(newest)).await;
    assert_eq!(denied.verdict(check), Verdict::Unknown);
    assert!(denied.gaps("federated_credential").iter().all(|gap| gap.starts_with("denied")));
}

/// Old assignments have no creator, and what is not there clears nobody.
#[tokio::test]
async fn a_role_assignment_without_creator_is_unknown_unless_it_is_older_than_the_account() {
    let check = "azure-role-granted-by-leaver";
    for (creator, created, verdict) in [
        (json!(""), "2026-04-30T10:00:00Z", Verdict::Unknown),
        (Value::Null, "2026-04-30T10:00:00Z", Verdict::Unknown),
        (json!("00000000-0000-0000-0000-000000000000"), "2026-04-30T10:00:00Z", Verdict::Unknown),
        (json!("somebody@contoso.example"), "2026-04-30T10:00:00Z", Verdict::Unknown),
        (Value::Null, "", Verdict::Unknown),
        (Value::Null, "2001-01-01T00:00:00Z", Verdict::Pass),
        (json!("{0A000000-0000-4000-8000-000000000001}"), "2026-04-30T10:00:00Z", Verdict::Fail),
        (json!("0a000000000040008000000000000001"), "2026-04-30T10:00:00Z", Verdict::Fail),
        (json!("0a000000-0000-4000-8000-000000000009"), "2026-04-30T10:00:00Z", Verdict::Pass),
    ] {
        let mut estate = estate();
        let rows = estate.rows_mut("arm/roleAssignments");
        rows.retain(|row| row["name"] == "6f000000-0000-4000-8000-000000000006");
        rows[0]["properties"]["createdBy"] = creator.clone();
        rows[0]["properties"]["createdOn"] = json!(created);
        let audit = Audit::with(estate, Faults::none(), "alice", &[]).await;
        assert_eq!(audit.verdict(check), verdict, "{creator} {created}: {:?}", audit.judgement(check));
    }
}

#[tokio::test]
async fn an_event_that_does_not_say_who_caused_it_clears_nobody() {
    for (claims, caller, is_open) in [
        (json!({}), Value::Null, true),
        (Value::Null, json!("old.name@contoso.example"), true),
        (json!({}), json!("0b000000-0000-4000-8000-00000000000f"), false),
    ] {
        let mut estate = estate();
        for event in estate.rows_mut("arm/activityLog") {
            event["claims"] = claims.clone();
            event["caller"] = caller.clone();
        }
        let audit = Audit::with(estate, Faults::none(), "alice", &[]).await;
        let gaps = audit.gaps("federated_event");
        assert_eq!(gaps.iter().any(|gap| gap.contains("does not say who")), is_open, "{claims} {caller}: {gaps:?}");
    }
}

#[tokio::test]
async fn throttled_answers_are_asked_for_again() {
    let audit = Audit::of(Faults::none().throttle("/arm/", 3, RetryAfter::Seconds(0))).await;
    let whole = Audit::of(Faults::none()).await;
    for check in TRUST.into_iter().chain(["azure-role-held"]) {
        assert_eq!(audit.judgement(check).findings, whole.judgement(check).findings, "{check}");
    }
}

#[tokio::test]
async fn what_is_cut_empty_or_leads_away_is_unknown() {
    let lists = [APPLICATIONS, "/federatedIdentityCredentials?", "/roleAssignments?api"];
    for on in lists {
        let faults = [Faults::none().empty(on), Faults::none().html(on), Faults::none().repeating_next_link(on)];
        let foreign = Faults::none().foreign_next_link(on, "http://127.0.0.2:9/x");
        for faults in faults.into_iter().chain([foreign]) {
            let audit = innocent(faults).await;
            assert_eq!(audit.verdict("leaver-account-trusted"), Verdict::Unknown, "{on}");
        }
    }
}

#[tokio::test]
async fn without_the_activity_log_nobody_can_tell_who_trusted_whom_on_a_managed_identity() {
    let check = "credential-added-by-leaver";
    let deploy = |subjects: &std::collections::BTreeSet<String>| {
        subjects.iter().any(|subject| subject.ends_with("/id-deploy/federated/alice-deploy"))
    };
    assert!(deploy(&Audit::of(Faults::none()).await.subjects(check, Status::Fail)));
    for faults in [Faults::none().forbid("/eventtypes/"), Faults::none().empty("/eventtypes/")] {
        let audit = Audit::of(faults).await;
        assert!(audit.gaps("federated_event").iter().any(|gap| gap.contains("subscription")));
        assert!(!deploy(&audit.subjects(check, Status::Fail)));
    }
}
