//! What the claims of a web token say: whether a person, a service or a job holds it, whose it is, and when it ends. Nobody
//! checked a signature: a claim is a lead.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::kinds::Holder;
use super::owner::{Inside, owned};
use crate::text::Untrusted;

type Claims = Map<String, Value>;

/// Issuers whose tokens live and die with one run of a pipeline.
const OF_JOBS: &[&str] = &[
    "token.actions.githubusercontent.com",
    "actions.githubusercontent.com",
    "vstoken.dev.azure.com",
    "vstoken.visualstudio.com",
    "vstoken.actions.githubusercontent.com",
    "oidc.circleci.com",
    "agent.buildkite.com",
    "app.terraform.io",
    "oidc.codefresh.io",
    "api.pulumi.com/oidc",
    "pipelines-config/identity/oidc",
    "oidc.semaphoreci.com",
    "oidc.scalr.io",
    "oidc.drone.io",
];

/// Claims that only the token of a job has, whoever issued it.
const JOB_CLAIMS: &[&str] = &[
    "job_id",
    "pipeline_id",
    "job_workflow_ref",
    "workflow_ref",
    "run_id",
    "runner_id",
    "runner_environment",
    "build_id",
    "build_number",
    "pipelineUuid",
    "stepUuid",
    "pipeline_slug",
    "orchid",
    "orch_id",
    "plan_id",
    "terraform_run_id",
    "oidc.circleci.com/project-id",
];

/// How the subjects of services begin.
const SERVICES: &[&str] = &["system:serviceaccount:", "system:node:", "spiffe://", "serviceAccount:"];

/// What the claims of a web token say.
pub(super) fn inside(claims: &Claims) -> Inside {
    let holder = holder(claims);
    let mut inside = match holder {
        Some(Holder::Service) => of_service(claims),
        Some(Holder::Job) => of_job(claims),
        _ => of_person(claims),
    };
    let instant = |name: &str| claims.get(name).and_then(number).and_then(|at| Timestamp::from_second(at).ok());
    inside.holder = holder.or_else(|| inside.owner.as_ref().map(|_| Holder::Person));
    inside.expires_at = instant("exp");
    inside.created_at = instant("iat");
    inside.scope = text(claims, "scp").map(Untrusted::from);
    inside
}

fn text(claims: &Claims, name: &str) -> Option<String> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|number| number as i64)).or_else(|| value.as_str()?.parse().ok())
}

/// Who holds it, where the claims tell.
fn holder(claims: &Claims) -> Option<Holder> {
    let is = |name: &str, value: &str| text(claims, name).is_some_and(|text| text == value);
    let (issuer, subject) = (text(claims, "iss").unwrap_or_default(), text(claims, "sub").unwrap_or_default());
    let signs_in = ["upn", "unique_name", "scp"].iter().any(|name| claims.contains_key(*name));
    let is_job = OF_JOBS.iter().any(|job| issuer.contains(job))
        || (!signs_in && JOB_CLAIMS.iter().any(|name| claims.contains_key(*name)));
    if is_job {
        return Some(Holder::Job);
    }
    let named = person_name(claims).is_some();
    let application = text(claims, "azp").or_else(|| text(claims, "appid")).or_else(|| text(claims, "client_id"));
    let is_machine_account =
        |name: &String| name.ends_with("gserviceaccount.com") || name.starts_with("service-account-");
    let is_service = SERVICES.iter().any(|begin| subject.starts_with(begin))
        || issuer == "kubernetes/serviceaccount"
        || claims.keys().any(|name| name.starts_with("kubernetes.io"))
        || claims.contains_key("xms_mirid")
        || is("idtyp", "app")
        || is("gty", "client-credentials")
        || is("grant_type", "client_credentials")
        || subject.ends_with("@clients")
        || text(claims, "cid").is_some_and(|client| client == subject)
        || ["email", "preferred_username", "sub"]
            .iter()
            .filter_map(|name| text(claims, name))
            .any(|name| is_machine_account(&name))
        || ["anon", "service_role"].iter().any(|role| is("role", role))
        || (!named
            && !claims.contains_key("scp")
            && application.is_some_and(|application| {
                subject.is_empty() || subject == application || claims.contains_key("appid")
            }))
        || is_of_app(claims);
    is_service.then_some(Holder::Service)
}

/// What an application signs itself: its id as the issuer, and times.
fn is_of_app(claims: &Claims) -> bool {
    let only_times = claims.keys().all(|name| matches!(name.as_str(), "iss" | "iat" | "exp" | "nbf" | "jti"));
    let issuer = claims.get("iss").map(|issuer| issuer.as_str().map_or_else(|| issuer.to_string(), str::to_owned));
    only_times
        && issuer.is_some_and(|issuer| issuer.bytes().all(|byte| byte.is_ascii_digit()) || issuer.starts_with("Iv"))
}

fn person_name(claims: &Claims) -> Option<String> {
    let names = ["upn", "preferred_username", "unique_name", "email", "user_email", "mail"];
    let subject = || text(claims, "sub").filter(|subject| is_mail(subject));
    names.into_iter().find_map(|name| text(claims, name)).or_else(subject)
}

fn is_mail(text: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "/:|".contains(c));
    text.split_once('@').is_some_and(|(user, domain)| plain(user) && plain(domain) && domain.contains('.'))
}

/// Entra: `oid` is the same in every token of an account, `sub` is not, and `scp` stands in tokens of people only
/// (<https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>).
fn of_person(claims: &Claims) -> Inside {
    match (text(claims, "oid"), person_name(claims)) {
        (Some(oid), name) => owned("entra", Some(oid), name),
        (None, Some(name)) => owned("mail", None, Some(name)),
        (None, None) => owned("login", None, text(claims, "user_login").or_else(|| text(claims, "login"))),
    }
}

fn of_service(claims: &Claims) -> Inside {
    let id = ["azp", "appid", "client_id", "cid"].into_iter().find_map(|name| text(claims, name));
    let subject = || text(claims, "sub").filter(|subject| SERVICES.iter().any(|begin| subject.starts_with(begin)));
    owned("application", id, text(claims, "app_displayname").or_else(|| text(claims, "email")).or_else(subject))
}

/// Who started the job: GitHub names the actor, GitLab the user
/// (<https://docs.github.com/actions/reference/security/oidc>, <https://docs.gitlab.com/ci/secrets/id_token_authentication/>).
fn of_job(claims: &Claims) -> Inside {
    if let Some(actor) = text(claims, "actor") {
        return owned("github", text(claims, "actor_id"), Some(actor));
    }
    match text(claims, "user_email") {
        Some(mail) => owned("mail", None, Some(mail)),
        None => owned("login", None, text(claims, "user_login")),
    }
}

/// Whether a token was published to show the format: the introductions to it, and the demonstrations of products, use these
/// claims, and these domains are reserved for documentation (RFC 2606).
pub(super) fn is_published(claims: &Claims) -> bool {
    let is = |name: &str, value: &str| text(claims, name).is_some_and(|text| text == value);
    let at = |name: &str, value: i64| claims.get(name).and_then(number) == Some(value);
    let people = ["John Doe", "Jane Doe", "Joe Bloggs", "Max Mustermann"];
    let nobody = people.iter().any(|person| is("name", person)) && !claims.contains_key("oid");
    let reserved = |text: &str| {
        let host = text.rsplit_once("://").map_or(text, |(_, rest)| rest.split('/').next().unwrap_or_default());
        let host = host.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        ["example.com", "example.org", "example.net"]
            .iter()
            .any(|name| host == *name || host.ends_with(&format!(".{name}")))
    };
    is("sub", "1234567890")
        || nobody
        || at("iat", 1_516_239_022)
        || (is("iss", "joe") && at("exp", 1_300_819_380))
        || is("iss", "supabase-demo")
        || ["iss", "sub", "email", "upn"].iter().filter_map(|name| text(claims, name)).any(|text| reserved(&text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(claims: Value) -> (Option<Holder>, Option<String>) {
        let inside = inside(claims.as_object().unwrap());
        (inside.holder, inside.owner.and_then(|owner| owner.name.or(owner.id)).map(|name| name.raw().to_owned()))
    }

    #[test]
    fn claims_tell_people_from_machines() {
        let person = |name: &str| (Some(Holder::Person), Some(name.to_owned()));
        assert_eq!(told(json!({"oid": "o", "upn": "alice@contoso.com", "scp": "a"})), person("alice@contoso.com"));
        assert_eq!(told(json!({"sub": "alice@contoso.com"})), person("alice@contoso.com"));
        assert_eq!(
            told(json!({"sub": "auth0|1", "email": "alice@contoso.com", "azp": "web"})),
            person("alice@contoso.com")
        );
        assert_eq!(told(json!({"sub": "x", "name": "y"})), (None, None));
        for (claims, name) in [
            (
                json!({"iss": "https://token.actions.githubusercontent.com", "sub": "repo:a/b:ref:r", "actor": "alice-dev"}),
                Some("alice-dev"),
            ),
            (
                json!({"iss": "https://gitlab.contoso.com", "job_id": "1", "user_login": "al", "user_email": "alice@contoso.com"}),
                Some("alice@contoso.com"),
            ),
            (json!({"iss": "https://oidc.circleci.com/org/1", "sub": "org/1/project/2/user/3"}), None),
            (json!({"iss": "https://ci.contoso.com", "build_number": 7}), None),
            (json!({"iss": "https://app.terraform.io", "sub": "organization:a:project:b"}), None),
        ] {
            assert_eq!(told(claims.clone()), (Some(Holder::Job), name.map(str::to_owned)), "{claims}");
        }
        for claims in [
            json!({"oid": "o", "appid": "a", "idtyp": "app"}),
            json!({"oid": "o", "appid": "a", "xms_mirid": "/subscriptions/x"}),
            json!({"iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:ci:default"}),
            json!({"iss": "https://k.contoso.com", "sub": "system:serviceaccount:ci:default", "kubernetes.io": {}}),
            json!({"email": "ci@project.iam.gserviceaccount.com", "sub": "1"}),
            json!({"sub": "a@clients", "gty": "client-credentials"}),
            json!({"preferred_username": "service-account-ci"}),
            json!({"iss": "supabase", "role": "service_role"}),
            json!({"iss": "12345", "iat": 1, "exp": 2}),
            json!({"sub": "spiffe://contoso/ci"}),
            json!({"client_id": "c", "sub": "c"}),
        ] {
            assert_eq!(told(claims.clone()).0, Some(Holder::Service), "{claims}");
        }
    }

    #[test]
    fn published_samples_are_known_by_their_claims() {
        let is = |claims: Value| is_published(claims.as_object().unwrap());
        assert!(is(json!({"sub": "1234567890", "name": "John Doe", "iat": 1_516_239_022})));
        assert!(is(json!({"sub": "1", "name": "Jane Doe"})));
        assert!(is(json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true})));
        assert!(is(json!({"iss": "https://auth.example.com/", "sub": "x"})));
        assert!(is(json!({"email": "user@example.org"})));
        assert!(!is(json!({"sub": "alice@contoso.com", "name": "Alice Doe"})));
        assert!(!is(json!({"oid": "o", "name": "John Doe", "upn": "john@contoso.com"})));
    }
}
