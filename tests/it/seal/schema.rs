//! The published schema of the attestation is the one of the types, and a real attestation is valid against it.

use std::path::{Path, PathBuf};

use leaver::bundle::{ATTESTATION, TEST_RESULT};
use leaver::report::json;
use leaver::seal::{Audit, Envelope, PREDICATE, Statement, TEST_RESULT as RESULT};

use super::Place;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/attestation.schema.json")
}

#[test]
fn the_published_schema_is_the_one_of_the_types() {
    let published = std::fs::read_to_string(file()).unwrap();
    let hint = "to update it: cargo test --test it seal::schema::write -- --ignored";
    assert_eq!(published, json::to_string(&Audit::json_schema()).unwrap(), "{hint}");
}

#[test]
#[ignore = "writes the published schema"]
fn write() {
    std::fs::write(file(), json::to_string(&Audit::json_schema()).unwrap()).unwrap();
}

#[tokio::test]
async fn a_real_attestation_is_valid_and_counts_every_check_once() {
    let place = Place::new().await;
    place.bundle("b").await.unwrap();
    let predicate = |name: &str, kind: &str| {
        let envelope = Envelope::parse(&std::fs::read(place.path("b").join(name)).unwrap()).unwrap();
        Statement::parse(&envelope.payload, kind).unwrap().predicate().clone()
    };
    let schema = serde_json::from_str(&std::fs::read_to_string(file()).unwrap()).unwrap();
    let audit = predicate(ATTESTATION, PREDICATE);
    let errors: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&audit).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!((&audit["verdict"], &audit["people"][0]), (&"unknown".into(), &"entra:user/1".into()));
    let result = predicate(TEST_RESULT, RESULT);
    assert_eq!(result["result"], "WARNED");
    let count = |field: &str| result[field].as_array().unwrap().len();
    let checks = place.verify("b").report.unwrap().checks().count();
    assert_eq!(count("passedTests") + count("warnedTests") + count("failedTests"), checks);
}
