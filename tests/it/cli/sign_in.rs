//! Who reads, and where: another tenant, another host, and a token that has run out are refused before anything is read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leaver::demo::{Faults, Server};
use serde_json::{Value, json};

use super::{ALICE, NOW, Place, Ran, ran, serve};

const TENANT: &str = "00000000-0000-4000-8000-000000000001";
const OTHER: &str = "00000000-0000-4000-8000-000000000002";
const READER: &str = "0e000000-0000-4000-8000-000000000099";

/// A token that says this, and whose signature nobody could check.
fn token(claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    [part(&json!({ "alg": "none" })), part(claims), "x".to_owned()].join(".")
}

fn good() -> Value {
    json!({ "tid": TENANT, "oid": READER, "exp": 4_102_444_800_i64, "roles": ["User.Read.All", "Directory.Read.All"],
            "app_displayname": "auditor", "idtyp": "app" })
}

fn with(claims: &Value, more: Value) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

/// One audit with this token and this configuration of the tenant, of Graph at `graph`.
fn audit(place: &Place, server: &Server, bearer: &str, tenant: Option<&str>, graph: &str) -> Ran {
    server.accept(bearer);
    let base = server.base_url();
    let tenant = tenant.map_or_else(String::new, |tenant| format!("[entra]\ntenant = \"{tenant}\"\n"));
    let text = format!(
        "{tenant}[endpoints]\nlogin = \"{base}/login\"\ngraph = \"{base}/{graph}\"\narm = \"{base}/arm\"\n\
         logs = \"{base}/logs\"\ngithub = \"{base}/github\"\n"
    );
    let config = place.write("run.toml", &text);
    let args = ["audit", ALICE, "--last-day", "2026-05-01", "--now", NOW, "-o", "a.db", "--format", "json=a.json"];
    let mut command = place.command(&args);
    command.args(["--format", "html=a.html", "--format", "md=a.md", "--config"]).arg(config);
    command.env("LEAVER_AZURE_TOKEN", bearer).env("LEAVER_FINGERPRINT_KEY", "k".repeat(64));
    ran(&mut command)
}

/// Ended with `code`, said `text`, left no file and asked at most which tenant it is.
fn refused(server: &Server, place: &Place, ended: &Ran, code: i32, text: &str) {
    assert_eq!(ended.code, Some(code), "{}", ended.err);
    assert!(ended.err.contains(text) && ended.err.contains("hint: "), "{text}: {}", ended.err);
    assert_eq!(place.files(), ["run.toml"]);
    let asked: Vec<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert!(asked.iter().all(|path| path.ends_with("/organization")), "{asked:?}");
}

#[test]
fn another_tenant_is_refused_before_anything_is_read() {
    for (claims, tenant) in [
        (with(&good(), json!({ "tid": OTHER })), Some(TENANT)),
        (good(), Some(OTHER)),
        (good(), Some("fabrikam.example")),
        (json!({ "exp": 4_102_444_800_i64 }), Some(OTHER)),
        // Nothing is configured, and the token is of another tenant than the one that answers.
        (with(&good(), json!({ "tid": OTHER })), None),
    ] {
        let (server, place) = (serve(Faults::none()), Place::new());
        let ended = audit(&place, &server, &token(&claims), tenant, "graph");
        refused(&server, &place, &ended, 2, "nothing was read");
        assert!(server.requests().len() <= 1);
    }
}

#[test]
fn an_expired_token_is_said_to_be_expired_by_the_real_clock() {
    let (server, place) = (serve(Faults::none()), Place::new());
    // It was good at the time that checks judge by.
    let expired = token(&with(&good(), json!({ "exp": 1_780_000_000_i64 })));
    let ended = audit(&place, &server, &expired, Some(TENANT), "graph");
    refused(&server, &place, &ended, 4, "expired at 2026-05-28T");
    assert!(server.requests().is_empty() && !ended.err.contains(&expired));
}

#[test]
fn what_is_not_graph_is_refused() {
    for graph in ["github", "arm", "nowhere"] {
        let (server, place) = (serve(Faults::none()), Place::new());
        let ended = audit(&place, &server, &token(&good()), Some(TENANT), graph);
        assert!(matches!(ended.code, Some(2 | 4)), "{graph}: {:?} {}", ended.code, ended.err);
        assert_eq!((place.files(), server.requests().len()), (vec!["run.toml".to_owned()], 1), "{graph}");
    }
}

#[test]
fn the_report_says_who_read_what_with_which_roles_and_of_which_tenant() {
    for tenant in [Some(TENANT), Some("{00000000-0000-4000-8000-000000000001}"), Some("Contoso.Example"), None] {
        let (server, place) = (serve(Faults::none()), Place::new());
        let ended = audit(&place, &server, &token(&good()), tenant, "graph");
        assert_eq!(ended.code, Some(3), "{}", ended.err);
        let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
        let report: Value = serde_json::from_str(&read("a.json")).unwrap();
        assert_eq!(report["run"]["tenant"], TENANT);
        let graph = &report["readers"][0];
        assert_eq!(graph["service"], "Microsoft Graph");
        assert_eq!(
            (&graph["id"], &graph["name"]),
            (&json!(format!("entra:service-principal/{READER}")), &json!("auditor"))
        );
        assert_eq!(
            (&graph["realm"], &graph["permissions"]),
            (&json!(TENANT), &json!("Directory.Read.All User.Read.All"))
        );
        for text in [read("a.html"), ended.out] {
            assert!(text.contains("auditor") && text.contains(READER) && text.contains("Directory.Read.All"), "{text}");
        }
    }
}

#[test]
fn where_nobody_says_which_tenant_it_is_nothing_is_passed() {
    let (server, place) = (serve(Faults::none().forbid("/organization")), Place::new());
    let ended = audit(&place, &server, "opaque-token", Some(TENANT), "graph");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(place.path("a.json")).unwrap()).unwrap();
    let gaps = report["coverage"].as_array().unwrap().iter().filter_map(|part| part["gap"]["detail"].as_str());
    assert!(gaps.clone().any(|gap| gap.contains("which tenant was read")), "{}", ended.err);
    // The token says it, so that the tenant need not.
    let (server, place) = (serve(Faults::none().forbid("/organization")), Place::new());
    audit(&place, &server, &token(&good()), Some(TENANT), "graph");
    let text = std::fs::read_to_string(place.path("a.json")).unwrap();
    assert!(!text.contains("which tenant was read") && text.contains(READER));
}
