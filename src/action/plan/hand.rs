//! Steps that only a person can take: the command where a tool of the service has one, with every id filled in, and the place.

use super::compose::quoted;
use crate::model::Finding;
use crate::text::Untrusted;

/// The command and the place for a subject.
pub(super) fn command(subject: &str) -> (Option<String>, Option<String>) {
    if let Some(rest) = subject.strip_prefix("github:") {
        return github(rest);
    }
    if let Some(id) = subject.strip_prefix("azure:/") {
        return (
            Some(format!("az resource show --ids {}", quoted(&format!("/{id}")))),
            Some(format!("https://portal.azure.com/#resource/{id}")),
        );
    }
    let mut parts = subject.split('/');
    let (kind, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let rest: Vec<&str> = parts.collect();
    let get = |path: String| {
        format!("az rest --method get --url {}", quoted(&format!("https://graph.microsoft.com/v1.0/{path}")))
    };
    let command = match (kind, rest.as_slice()) {
        ("entra:user", ["method", ..]) => get(format!("users/{id}/authentication/methods")),
        ("entra:user", _) => get(format!("users/{id}")),
        ("entra:application", _) => get(format!("applications/{id}")),
        ("entra:service-principal", _) => get(format!("servicePrincipals/{id}")),
        ("entra:grant", _) => get(format!("oauth2PermissionGrants/{id}")),
        ("entra:group", _) => get(format!("groups/{id}")),
        _ => return (None, None),
    };
    let portal =
        "https://entra.microsoft.com/#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId/";
    (Some(command), (kind == "entra:user").then(|| format!("{portal}{id}")))
}

fn github(rest: &str) -> (Option<String>, Option<String>) {
    let parts: Vec<&str> = rest.split('/').collect();
    let secret = |name: &str, place: String| Some(format!("gh secret set {} {place}", quoted(name)));
    let variable = |name: &str, place: String| Some(format!("gh variable set {} {place}", quoted(name)));
    match parts.as_slice() {
        ["org", org, "secret", name] => {
            (secret(name, format!("--org {}", quoted(org))), settings(org, "settings/secrets/actions"))
        }
        ["org", org, "dependabot-secret", name] => (
            secret(name, format!("--org {} --app dependabot", quoted(org))),
            settings(org, "settings/secrets/dependabot"),
        ),
        ["org", org, "variable", name] => {
            (variable(name, format!("--org {}", quoted(org))), settings(org, "settings/variables/actions"))
        }
        ["org", org, "installation", id] => (None, settings(org, &format!("settings/installations/{id}"))),
        ["org", org, "ruleset", id, ..] => (
            Some(format!("gh api {}", quoted(&format!("/orgs/{org}/rulesets/{id}")))),
            settings(org, &format!("settings/rules/{id}")),
        ),
        ["repo", org, repo, "secret", name] => {
            (secret(name, at(org, repo)), Some(format!("https://github.com/{org}/{repo}/settings/secrets/actions")))
        }
        ["repo", org, repo, "dependabot-secret", name] => (
            secret(name, format!("{} --app dependabot", at(org, repo))),
            Some(format!("https://github.com/{org}/{repo}/settings/secrets/dependabot")),
        ),
        ["repo", org, repo, "environment", environment, "secret", name] => (
            secret(name, format!("{} --env {}", at(org, repo), quoted(environment))),
            Some(format!("https://github.com/{org}/{repo}/settings/environments")),
        ),
        ["repo", org, repo, "variable", name] => {
            (variable(name, at(org, repo)), Some(format!("https://github.com/{org}/{repo}/settings/variables/actions")))
        }
        ["repo", org, repo, "environment", environment, ..] => {
            let path = format!("/repos/{org}/{repo}/environments/{environment}");
            (
                Some(format!("gh api {}", quoted(&path))),
                Some(format!("https://github.com/{org}/{repo}/settings/environments")),
            )
        }
        ["repo", org, repo, "branch-rule", ..] => {
            (None, Some(format!("https://github.com/{org}/{repo}/settings/branches")))
        }
        ["repo", org, repo, "file", path @ ..] => {
            let path = path.join("/");
            let path = path.rsplit_once(':').map_or(path.as_str(), |(path, _)| path);
            (
                Some(format!("gh browse {} --repo {}", quoted(path), quoted(&format!("{org}/{repo}")))),
                Some(format!("https://github.com/{org}/{repo}/blob/HEAD/{path}")),
            )
        }
        ["repo", org, repo, ..] => (None, Some(format!("https://github.com/{org}/{repo}/settings"))),
        ["org", org, ..] => (None, settings(org, "settings/profile")),
        _ => (None, None),
    }
}

fn at(org: &str, repo: &str) -> String {
    format!("--repo {}", quoted(&format!("{org}/{repo}")))
}

fn settings(org: &str, page: &str) -> Option<String> {
    Some(format!("https://github.com/organizations/{org}/{page}"))
}

/// A unified diff, where the evidence holds the line that has to change.
pub(super) fn patch(_: &Finding) -> Option<Untrusted> {
    None
}
