//! Which lists and objects GitHub has, how a list is wrapped and paged, and which permission it takes. No rows.

use crate::demo::http::Ask;

/// How a list is answered.
pub(super) struct Shape {
    /// The key of the list beside `total_count`; `None`: the body is the list.
    pub(super) wrap: Option<&'static str>,
    pub(super) default: usize,
    pub(super) most: usize,
}

const fn array() -> Shape {
    Shape { wrap: None, default: 30, most: 100 }
}

const fn items(wrap: &'static str) -> Shape {
    Shape { wrap: Some(wrap), default: 30, most: 100 }
}

/// The list at a path below `/github`.
pub(super) fn shape(parts: &[&str]) -> Option<Shape> {
    match parts {
        ["orgs", _, rest @ ..] => of_organization(rest).or_else(|| of_both(rest)),
        ["repos", _, _, rest @ ..] => of_repository(rest).or_else(|| of_both(rest)),
        ["enterprises", _, "actions", "runners"] => Some(items("runners")),
        ["installation", "repositories"] => Some(items("repositories")),
        ["app", "installations"] | ["user", "orgs"] => Some(array()),
        _ => None,
    }
}

fn of_both(rest: &[&str]) -> Option<Shape> {
    match rest {
        ["actions" | "dependabot" | "codespaces" | "agents", "secrets"] => Some(items("secrets")),
        ["actions" | "agents", "variables"] => Some(Shape { wrap: Some("variables"), default: 10, most: 30 }),
        ["actions" | "dependabot" | "codespaces" | "agents", "secrets" | "variables", _, "repositories"] => {
            Some(items("repositories"))
        }
        ["actions", "runners"] => Some(items("runners")),
        ["hooks" | "rulesets" | "invitations" | "teams"] => Some(array()),
        _ => None,
    }
}

fn of_organization(rest: &[&str]) -> Option<Shape> {
    match rest {
        ["repos" | "members" | "outside_collaborators" | "failed_invitations" | "credential-authorizations"]
        | ["personal-access-tokens" | "personal-access-token-requests"]
        | ["personal-access-tokens" | "personal-access-token-requests", _, "repositories"]
        | ["teams", _, "members" | "repos" | "invitations"]
        | ["organization-roles", _, "users" | "teams"]
        | ["members", _, "codespaces"] => Some(array()),
        ["organization-roles"] => Some(items("roles")),
        ["installations"] => Some(items("installations")),
        ["private-registries"] => Some(items("configurations")),
        ["actions", "runner-groups"] => Some(items("runner_groups")),
        ["actions", "runner-groups", _, "runners"] => Some(items("runners")),
        ["actions", "runner-groups", _, "repositories"] => Some(items("repositories")),
        _ => None,
    }
}

fn of_repository(rest: &[&str]) -> Option<Shape> {
    match rest {
        ["collaborators" | "keys" | "branches"] => Some(array()),
        ["environments"] => Some(items("environments")),
        ["environments", _, "secrets"] => Some(items("secrets")),
        ["environments", _, "variables"] => Some(Shape { wrap: Some("variables"), default: 10, most: 30 }),
        ["actions", "workflows"] => Some(items("workflows")),
        ["actions", "runs"] | ["actions", "workflows", _, "runs"] => Some(items("workflow_runs")),
        ["actions", "runs", _, "jobs"] => Some(items("jobs")),
        _ => None,
    }
}

/// Whether there can be an object at a path: if it is not there, that is an answer and not a mistake of the caller.
pub(super) fn is_object(parts: &[&str]) -> bool {
    matches!(
        parts,
        ["users" | "orgs" | "apps" | "user", _]
            | ["user" | "app" | "rate_limit" | "meta"]
            | ["repos", _, _]
            | ["orgs", _, "memberships" | "members" | "rulesets", _]
            | ["orgs", _, "installation"]
            | ["repos", _, _, "rulesets", _]
            | ["repos", _, _, "branches", _, "protection"]
            | ["orgs", _, "actions", "oidc", "customization", "sub"]
            | ["repos", _, _, "actions", "oidc", "customization", "sub"]
            | ["repos", _, _, "actions", "workflows", _]
            | ["repos", _, _, "contents", ..]
            | ["repos", _, _, "collaborators", _, "permission"]
    )
}

/// Whether a POST is a query of GraphQL and nothing else.
pub(super) fn is_query(ask: &Ask) -> bool {
    let parts: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    let body = serde_json::from_slice::<serde_json::Value>(&ask.body).unwrap_or_default();
    let query = body["query"].as_str().unwrap_or_default().trim_start();
    parts == ["github", "graphql"]
        && (query.starts_with("query") || query.starts_with('{'))
        && !query.contains("mutation")
}

/// What `X-Accepted-GitHub-Permissions` says of a path.
pub(super) fn permission(parts: &[&str]) -> &'static str {
    match parts {
        ["orgs", _, rest @ ..] => organization_permission(rest),
        ["repos", _, _, rest @ ..] => repository_permission(rest),
        ["scim", ..] => "members=read",
        _ => "metadata=read",
    }
}

fn organization_permission(rest: &[&str]) -> &'static str {
    match rest {
        ["actions", "secrets", ..] => "organization_secrets=read",
        ["actions", "variables", ..] => "organization_actions_variables=read",
        ["dependabot", ..] => "organization_dependabot_secrets=read",
        ["codespaces", ..] => "organization_codespaces_secrets=read",
        ["agents", "secrets", ..] => "organization_agent_secrets=read",
        ["agents", ..] => "organization_agent_variables=read",
        ["private-registries", ..] => "organization_private_registries=read",
        ["actions", "runners" | "runner-groups", ..] => "organization_self_hosted_runners=read",
        ["hooks", ..] => "organization_hooks=read",
        ["personal-access-tokens", ..] => "organization_personal_access_tokens=read",
        ["personal-access-token-requests", ..] => "organization_personal_access_token_requests=read",
        ["organization-roles", _, ..] => "members=read",
        ["organization-roles", ..] => "organization_custom_org_roles=read",
        ["rulesets", ..] => "organization_administration=write",
        ["installations" | "credential-authorizations" | "audit-log" | "actions", ..] => {
            "organization_administration=read"
        }
        ["repos", ..] => "metadata=read",
        _ => "members=read",
    }
}

fn repository_permission(rest: &[&str]) -> &'static str {
    match rest {
        ["actions", "secrets", ..] => "secrets=read",
        ["agents", "secrets", ..] => "agent_secrets=read",
        ["actions", "variables", ..] => "actions_variables=read",
        ["agents", "variables", ..] => "agent_variables=read",
        ["dependabot", ..] => "dependabot_secrets=read",
        ["codespaces", ..] => "codespaces_secrets=write",
        ["environments", _, ..] => "environments=read",
        ["keys" | "invitations", ..] | ["actions", "runners", ..] => "administration=read",
        ["hooks", ..] => "repository_hooks=read",
        ["rulesets", ..] => "administration=write",
        ["branches", _, "protection"] => "administration=read",
        ["contents" | "branches", ..] => "contents=read",
        ["actions" | "environments", ..] => "actions=read",
        _ => "metadata=read",
    }
}
