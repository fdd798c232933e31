//! What an auditor reads: found, planned, approved, done, and seen to be gone.

use std::fs;
use std::path::Path;

use leaver::action::plan::Selection;
use leaver::bundle::{State, Trust, verify};
use leaver::config::Key;
use leaver::error::Exit;
use leaver::run::verify::new_key;
use leaver::run::{self, Delivery, Intake, Subject, apply, plan};
use leaver::seal::{Kind, PublicKey};
use serde_json::Value;

use super::{ESTATE, config, env, serve};

fn done(bundle: &Path, key: &Path) -> (State, String) {
    let trust = Trust { keys: vec![PublicKey::read(key).unwrap()], ..Trust::default() };
    let found = verify(bundle, &trust).unwrap();
    let outcome = found.outcomes.into_iter().find(|outcome| outcome.name == "done").expect("nothing was done");
    (outcome.state, outcome.detail)
}

#[tokio::test]
async fn a_bundle_tells_what_was_found_planned_done_and_gone() {
    let (server, folder, env) = (serve(), tempfile::tempdir().unwrap(), env());
    let at = |name: &str| folder.path().join(name);
    new_key(Kind::P256, &at("key.pem"), false, &env).unwrap();
    let mut config = config(&server);
    config.signing.key = Some(Key::File(at("key.pem")));
    let person = ESTATE.person("alice").unwrap().to_owned();
    let subject = Subject { person, last_day: Some(ESTATE.last_day()), ..Subject::default() };
    let audit = async |name: &str| {
        let delivery = Delivery { bundle: Some(at(name)), ..Delivery::default() };
        run::audit(&config, &subject, &Intake::default(), &delivery, &env).await.unwrap()
    };
    audit("before").await;
    let asked = |force: bool| plan::Request {
        report: at("before"),
        evidence: None,
        selection: Selection::default(),
        output: Some(at("plan.json")),
        checks: Vec::new(),
        insecure_key: false,
        force,
    };
    plan::plan(&asked(false), &config, &env).await.unwrap();
    // What is there stays, unless somebody says so.
    assert!(plan::plan(&asked(false), &config, &env).await.is_err());
    plan::plan(&asked(true), &config, &env).await.unwrap();
    let only = ["revoke-grant", "disable-account"].map(str::to_owned).to_vec();
    let mut request = apply::Request {
        plan: at("plan.json"),
        selection: Selection { only, skip: Vec::new() },
        yes: true,
        disruptive: true,
        max: 200,
        journal: None,
        patience: 1,
        keys: Vec::new(),
        insecure_key: false,
        bundle: Some(at("after")),
        proof: None,
        force: false,
    };
    assert!(apply::apply(&request, &config, &env).await.is_err(), "there is no such bundle");
    assert_eq!(server.writes(), []);
    request.bundle = Some(at("before"));
    assert_eq!(apply::apply(&request, &config, &env).await.unwrap(), Exit::Clean);
    assert!(plan::plan(&asked(true), &config, &env).await.is_err(), "its changes were begun");
    let sent = server.writes().len();
    assert_eq!(done(&at("before"), &at("key.pub")).0, State::Ok);
    // The report that the plan came from proves nothing of what came after it.
    request.proof = Some(at("before"));
    assert!(apply::apply(&request, &config, &env).await.is_err());
    audit("after").await;
    request.proof = Some(at("after"));
    assert_eq!(apply::apply(&request, &config, &env).await.unwrap(), Exit::Clean);
    assert_eq!(server.writes().len(), sent, "nothing is sent again");
    assert_eq!(done(&at("before"), &at("key.pub")).0, State::Ok);
    let receipt: Value =
        serde_json::from_slice(&fs::read(at("before/remediation/receipt.dsse.json")).unwrap()).unwrap();
    let payload = base64_of(receipt["payload"].as_str().unwrap());
    let said: Value = serde_json::from_slice(&payload).unwrap();
    let proof = &said["predicate"]["proof"];
    assert!(proof["gone"].as_array().unwrap().len() >= 6, "{proof}");
    assert!(!proof["left"].as_array().unwrap().is_empty(), "{proof}");
    assert!(said["predicate"]["changes"].as_object().unwrap().values().any(|end| end == "done"));
    // Whoever touches any of it is noticed.
    let journal = at("before/remediation/plan.json.journal");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replacen("done", "gone", 1)).unwrap();
    assert_eq!(done(&at("before"), &at("key.pub")).0, State::Failed);
}

fn base64_of(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
