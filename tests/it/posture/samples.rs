//! The evaluators over public samples that lie in `target/samples/{apim,kql,policy}`: how many are understood. What is not
//! understood has to be unknown, and nothing may panic. Run by hand: `cargo test --test it posture::samples -- --ignored`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use leaver::posture::{gateway, policy, query};
use serde_json::{Value, json};

fn files(kind: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/samples").join(kind);
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<(String, String)> = found
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned(),
            )
        })
        .collect();
    all.sort();
    all
}

fn policies(out: &mut String) {
    let (mut read, mut meant, all) = (0, 0, files("apim"));
    for (name, text) in &all {
        let Ok(element) = gateway::parse(text) else {
            let _ = writeln!(out, "apim not read: {name}");
            continue;
        };
        read += 1;
        match gateway::meaning(&[("global", Some(&element))], &gateway::Settings::default()) {
            Ok(found) => {
                meant += 1;
                let _ = writeln!(
                    out,
                    "apim {name}: token {}, limits {}, log {}",
                    found.auth.is_some(),
                    found.rates.len(),
                    found.log.is_some()
                );
            }
            Err(_) => drop(writeln!(out, "apim not resolved: {name}")),
        }
    }
    let _ = writeln!(out, "= API Management: {} samples, {read} read, {meant} resolved", all.len());
}

fn queries(out: &mut String) {
    let (mut read, all) = (0, files("kql"));
    for (name, text) in &all {
        let understood = query::read(text).is_some();
        read += usize::from(understood);
        let alert = query::Alert {
            query: text.clone(),
            window: Some(3_600.0),
            frequency: Some(3_600.0),
            ..query::Alert::default()
        };
        let found = query::finds(&alert, &|_| true);
        let sure: Vec<_> = found.iter().filter(|one| one.enough == Some(true)).collect();
        let _ = writeln!(
            out,
            "kql {name}: read {understood}, {:?}",
            found.iter().map(|one| (one.purpose, one.enough)).collect::<Vec<_>>()
        );
        if !sure.is_empty() {
            let _ = writeln!(out, "kql PASS to look at: {name}\n{text}");
        }
    }
    let _ = writeln!(out, "= Kusto: {} samples, {read} read", all.len());
}

fn rules(out: &mut String) {
    let resource = json!({
        "type": "Microsoft.ContainerInstance/containerGroups", "name": "mcp", "location": "westeurope", "tags": {}, "id": "/subscriptions/s/x",
        "properties": { "subnetIds": [], "containers": [{ "name": "a", "properties": { "image": "x", "ports": [{ "port": 3000 }] } }] },
    });
    let (mut known, mut effects, all) = (0, 0, files("policy"));
    for (name, text) in &all {
        let Ok(found) = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) else { continue };
        let properties = found.get("properties").unwrap_or(&found);
        let parameters = policy::parameters(properties.get("parameters"), None);
        let Some(rule) = properties.get("policyRule") else { continue };
        let holds = policy::holds(rule, &parameters, &resource);
        known += usize::from(holds.is_some());
        effects += usize::from(policy::effect(rule, &parameters).is_some());
        let _ = writeln!(out, "policy {name}: {holds:?}");
    }
    let _ = writeln!(
        out,
        "= Azure Policy: {} samples, {known} decided for a container group, {effects} effects known",
        all.len()
    );
}

#[test]
#[ignore = "reads public samples that lie in target/samples"]
fn how_much_of_public_samples_is_understood() {
    let mut out = String::new();
    policies(&mut out);
    queries(&mut out);
    rules(&mut out);
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/samples/numbers.txt"), out).unwrap();
}
