//! Which items stand and which do not, of each fence.

use super::*;
use leaver::report::Mode;

#[tokio::test]
async fn a_good_fence_stands_and_only_what_needs_more_evidence_is_open() {
    let report = looked_at(estate("good"), Faults::none()).await;
    assert_eq!((report.run.mode, report.people.len(), report.steps.len()), (Mode::Posture, 0, 1));
    assert_eq!(failed(&report), BTreeSet::new());
    // Scans of workstations, an archive and a probe are not part of this.
    let open: BTreeSet<&str> =
        items(&report).into_iter().filter(|(_, verdict)| *verdict != Verdict::Pass).map(|(item, _)| item).collect();
    assert_eq!(open, ["hardening/1", "hardening/16", "isolation/header"].into());
}

#[tokio::test]
async fn the_sample_configuration_has_exactly_its_known_weaknesses() {
    let report = looked_at(estate("sample"), Faults::none()).await;
    let failed = failed(&report);
    let known = [
        "posture/calls-not-limited: message of filesystem-mcp: calls are limited for each address",
        "posture/calls-not-limited: message of github-mcp: calls are limited for each address",
        "posture/log-kept-too-short: records are kept for 30 days",
        "posture/log-lacks-fields: the policy of filesystem-mcp writes down no caller_upn",
        "posture/log-lacks-fields: the policy of github-mcp writes down no caller_upn",
        "posture/server-outside-subnet-not-denied: mcp-baseline is assigned to a resource group only",
        "posture/tag-policy-takes-false: mcp-baseline lets a server with MCPServer=false through",
        "posture/untagged-server-not-denied: mcp-baseline is assigned to a resource group only",
    ];
    for weakness in known {
        assert!(failed.iter().any(|found| found.starts_with(weakness)), "{weakness}: {failed:#?}");
    }
    for found in &failed {
        assert!(known.iter().any(|weakness| found.starts_with(weakness)), "{found}");
    }
}

#[tokio::test]
async fn a_bad_fence_falls_in_every_item_that_azure_tells() {
    let report = looked_at(estate("bad"), Faults::none()).await;
    let verdicts = items(&report);
    for item in [
        "hardening/2",
        "hardening/3",
        "hardening/4",
        "hardening/5",
        "hardening/6",
        "hardening/9",
        "hardening/12",
        "hardening/13",
        "hardening/14",
        "hardening/15",
        "isolation/ingress",
        "isolation/network",
        "isolation/private-endpoint",
        "isolation/header",
        "production/tier",
        "production/network",
        "production/alerts",
        "production/inventory-roles",
        "production/cost",
    ] {
        assert_eq!(verdicts[item], Verdict::Fail, "{item}: {:#?}", failed(&report));
    }
}

#[tokio::test]
async fn no_value_of_a_policy_is_kept() {
    let mut fenced = estate("good");
    let secret = "c2VjcmV0LXZhbHVl-of-a-header-7788";
    for row in fenced.rows_mut("arm/fence") {
        if let Some(value) = row
            .pointer_mut("/properties/value")
            .filter(|value| value.as_str().is_some_and(|text| text.contains("X-Server")))
        {
            *value = json!(
                value.as_str().unwrap().replace("<value>filesystem</value>", &format!("<value>{secret}</value>"))
            );
        }
    }
    let server = Server::start(fenced, Faults::none()).unwrap();
    let evidence =
        run::posture::collect(&config(&server), &Request::default(), &Intake::default(), &env(server.estate()))
            .await
            .unwrap();
    let bytes = std::fs::read(evidence.path()).unwrap();
    assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
}
