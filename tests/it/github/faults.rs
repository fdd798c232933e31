//! Every list of GitHub refused in turn, and all of them throttled, cut and led astray: what depends on it is never clean,
//! everything else is as before.

use std::collections::{BTreeMap, BTreeSet};

use leaver::check::{self, Checks, Judgement, Limits};
use leaver::demo::{Faults, RetryAfter};
use leaver::model::Verdict;

use super::{Evidence, collected, coverage, gaps, rows, serve, tables};

/// One list: how a fault names it, what comes from it, the permission that it takes.
struct Source(&'static str, &'static [&'static str], &'static str);

const ORGANIZATION: &str = "/github/orgs/contoso";
const SECRET: &[&str] = &["github_secret"];
const VARIABLE: &[&str] = &["github_variable", "github_literal"];

const SOURCES: &[Source] = &[
    Source("/contoso/members", &["github_membership"], "members=read"),
    Source("/outside_collaborators", &["github_outside_collaborator"], "members=read"),
    Source("=/github/orgs/contoso/invitations", &["github_invitation"], "members=read"),
    Source("/failed_invitations", &["github_invitation"], "members=read"),
    Source("=/github/orgs/contoso/teams", &["github_team_membership", "github_team_access"], "members=read"),
    Source("/teams/platform/repos", &["github_team_access"], "members=read"),
    Source("/organization-roles", &["github_role"], "organization_custom_org_roles=read"),
    Source("=/github/orgs/contoso/installations", &["github_app_installation"], "organization_administration=read"),
    Source(
        "/contoso/actions/runner-groups",
        &["github_runner", "github_runner_group"],
        "organization_self_hosted_runners=read",
    ),
    Source("=/github/orgs/contoso/actions/runners", &["github_runner"], "organization_self_hosted_runners=read"),
    Source("=/github/orgs/contoso/hooks", &["github_hook"], "organization_hooks=read"),
    Source("=/github/orgs/contoso/rulesets", &["github_ruleset_bypass"], "organization_administration=write"),
    Source(
        "=/github/orgs/contoso/actions/oidc/customization/sub",
        &["github_oidc_template"],
        "organization_administration=read",
    ),
    Source("/personal-access-tokens", &["github_token_grant"], "organization_personal_access_tokens=read"),
    Source(
        "/personal-access-token-requests",
        &["github_token_grant"],
        "organization_personal_access_token_requests=read",
    ),
    Source("/credential-authorizations", &["github_sso_authorization"], "organization_administration=read"),
    Source("=/github/orgs/contoso/actions/secrets", SECRET, "organization_secrets=read"),
    Source("=/github/orgs/contoso/dependabot/secrets", SECRET, "organization_dependabot_secrets=read"),
    Source("=/github/orgs/contoso/codespaces/secrets", SECRET, "organization_codespaces_secrets=read"),
    Source("=/github/orgs/contoso/agents/secrets", SECRET, "organization_agent_secrets=read"),
    Source("/private-registries", SECRET, "organization_private_registries=read"),
    Source("=/github/orgs/contoso/actions/variables", VARIABLE, "organization_actions_variables=read"),
    Source("=/github/orgs/contoso/agents/variables", VARIABLE, "organization_agent_variables=read"),
    Source("/collaborators", &["github_access"], "metadata=read"),
    Source("=/github/repos/contoso/web/invitations", &["github_invitation"], "administration=read"),
    Source("/keys", &["github_deploy_key"], "administration=read"),
    Source("=/github/repos/contoso/web/hooks", &["github_hook"], "repository_hooks=read"),
    Source("=/github/repos/contoso/web/actions/runners", &["github_runner"], "administration=read"),
    Source("=/github/repos/contoso/web/actions/secrets", SECRET, "secrets=read"),
    Source("=/github/repos/contoso/web/dependabot/secrets", SECRET, "dependabot_secrets=read"),
    Source("=/github/repos/contoso/web/codespaces/secrets", SECRET, "codespaces_secrets=write"),
    Source("=/github/repos/contoso/web/actions/variables", VARIABLE, "actions_variables=read"),
    Source("=/github/repos/contoso/deploy/environments/production/secrets", SECRET, "environments=read"),
    Source("=/github/repos/contoso/deploy/environments/production/variables", VARIABLE, "environments=read"),
    Source("=/github/repos/contoso/web/rulesets", &["github_ruleset_bypass"], "administration=write"),
    Source("=/github/repos/contoso/web/actions/oidc/customization/sub", &["github_oidc_template"], "actions=read"),
    Source("/sync.yml/runs", &["github_schedule_actor"], "actions=read"),
    Source("/jobs", &["github_job"], "actions=read"),
];

/// What the checks conclude that read one of GitHub's tables.
fn judged(evidence: &Evidence, checks: &Checks) -> BTreeMap<String, Judgement> {
    let all = check::judge(evidence, checks, Limits::default()).unwrap();
    let of_github = |one: &Judgement| one.tables.iter().any(|table| table.starts_with("github_"));
    all.into_iter().filter(of_github).map(|one| (one.check.id.clone(), one)).collect()
}

/// Nothing passes because of a refusal, what does not need the list is as before, and the permission is named.
fn only_unknown(
    whole: &BTreeMap<String, Judgement>,
    now: &BTreeMap<String, Judgement>,
    [refused, hidden]: [&[&str]; 2],
    needs: &str,
) {
    for (id, judgement) in now {
        let (before, reads) = (&whole[id], |of: &[&str]| judgement.tables.iter().any(|table| of.contains(&&**table)));
        if reads(refused) {
            assert_ne!(judgement.verdict, Verdict::Pass, "{id}");
            let named = |gap: &leaver::model::Gap| gap.needs.as_deref().is_some_and(|text| text.contains(needs));
            assert!(judgement.gaps.iter().any(named), "{id} does not name {needs}: {:?}", judgement.gaps);
        } else if !reads(hidden) {
            assert_eq!((judgement.verdict, &judgement.gaps), (before.verdict, &before.gaps), "{id}");
            assert_eq!(judgement.findings, before.findings, "{id}");
        }
    }
}

/// Table, kind and detail.
type Gap = (String, String, String);

/// The rows and gaps of the tables outside of `except`.
fn others(evidence: &Evidence, except: &[&str]) -> (Vec<BTreeSet<String>>, BTreeSet<Gap>) {
    let kept = rows(evidence).into_iter().filter(|(table, _)| !except.contains(table)).map(|(_, rows)| rows).collect();
    (kept, gaps(evidence).into_iter().filter(|gap| !except.contains(&gap.0.as_str())).collect())
}

#[tokio::test]
async fn a_list_that_is_refused_is_a_gap_with_its_permission_and_leaves_all_others() {
    let whole = collected(&serve(Faults::none())).await;
    let checks = Checks::load(&[]).unwrap();
    let verdicts = judged(&whole, &checks);
    assert!(verdicts.len() > 25, "{}", verdicts.len());
    for Source(on, tables, needs) in SOURCES {
        for refuse in [Faults::forbid, Faults::missing] {
            let evidence = collected(&serve(refuse(Faults::none(), on))).await;
            let gaps = gaps(&evidence);
            for table in *tables {
                let named =
                    gaps.iter().any(|gap| gap.0 == *table && gap.1.starts_with("denied") && gap.1.contains(needs));
                assert!(named, "{on}: {table} has no gap that names {needs}: {gaps:?}");
            }
            // Whose schedule cannot be told hides on which runner it ran.
            let follow =
                if *on == "/sync.yml/runs" { &["github_workflow", "github_job", "github_run"][..] } else { &[] };
            let except = [tables, follow].concat();
            assert_eq!(others(&evidence, &except), others(&whole, &except), "{on}");
            only_unknown(&verdicts, &judged(&evidence, &checks), [tables, follow], needs);
        }
    }
}

#[tokio::test]
async fn what_hides_other_lists_leaves_a_gap_in_each_of_them() {
    for (on, hidden) in [
        (
            "=/github/orgs/contoso/repos",
            &["github_repository", "github_deploy_key", "github_secret", "github_hook"][..],
        ),
        ("=/github/repos/contoso/deploy/environments", &["github_reviewer", "github_secret", "github_variable"][..]),
        ("/graphql", &["github_workflow", "github_schedule_actor", "github_code_owner", "github_branch_allowance"][..]),
        ("/audit-log", &["github_event"][..]),
    ] {
        let evidence = collected(&serve(Faults::none().forbid(on))).await;
        for table in hidden {
            let open = coverage(&evidence).iter().any(|row| {
                row.dataset == *table && row.gap.as_ref().is_some_and(|gap| gap.kind == leaver::model::GapKind::Denied)
            });
            assert!(open, "{on}: {table}");
        }
    }
}

#[tokio::test]
async fn small_pages_throttling_and_failures_that_pass_change_nothing() {
    let whole = collected(&serve(Faults::none())).await;
    let bad_day = Faults::none()
        .throttle("/github/", 9, RetryAfter::Seconds(0))
        .status("/audit-log", 403, "secondary")
        .times(1)
        .status("/contoso/members", 403, "primary")
        .times(1)
        .status("/keys", 502, "x")
        .times(1)
        .status("/graphql", 502, "x")
        .times(3)
        .page_size("/github/", 2);
    let server = serve(bad_day);
    let evidence = collected(&server).await;
    assert_eq!(server.unknown(), []);
    assert_eq!(others(&evidence, &[]), others(&whole, &[]));
}

#[tokio::test]
async fn a_list_that_breaks_is_no_list() {
    let foreign = serve(Faults::none());
    let away = format!("{}/github/orgs/contoso/hooks", foreign.base_url());
    let ways: [(&str, Faults); 4] = [
        ("cut", Faults::none().cut(ORGANIZATION_HOOKS)),
        ("empty", Faults::none().empty(ORGANIZATION_HOOKS)),
        ("html", Faults::none().html(ORGANIZATION_HOOKS)),
        ("foreign", Faults::none().page_size(ORGANIZATION_HOOKS, 1).foreign_next_link(ORGANIZATION_HOOKS, &away)),
    ];
    for (name, faults) in ways {
        let evidence = collected(&serve(faults)).await;
        let scopes: Vec<String> =
            gaps(&evidence).into_iter().filter(|gap| gap.0 == "github_hook").map(|gap| gap.2).collect();
        assert_eq!(scopes, ["contoso: webhooks"], "{name}");
    }
    assert!(foreign.requests().is_empty(), "the token never reaches another host");
    assert!(ORGANIZATION_HOOKS.contains(ORGANIZATION) && tables().contains("github_hook"));
}

const ORGANIZATION_HOOKS: &str = "=/github/orgs/contoso/hooks";
