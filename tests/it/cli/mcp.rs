//! `leaver mcp` over its own pipes: what it answers, that foreign text is marked, and that nothing is changed.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::{Place, serve};

struct Session {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    next: u64,
}

impl Session {
    fn start(place: &Place, args: &[&str]) -> Session {
        let mut command = place.command(&[&["mcp"], args].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut session = Session { child, to, from, next: 1 };
        let hello = session.ask(
            "initialize",
            &json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } }),
        );
        assert_eq!(hello["result"]["serverInfo"]["name"], "leaver", "{hello}");
        session.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        session
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.to, "{message}").unwrap();
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.next;
        self.next += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let mut line = String::new();
            assert!(self.from.read_line(&mut line).unwrap() > 0, "it ended");
            let answer: Value = serde_json::from_str(&line).unwrap();
            if answer["id"] == id {
                return answer;
            }
        }
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.ask("tools/call", &json!({ "name": tool, "arguments": arguments }))["result"].clone()
    }

    fn end(mut self) {
        drop(self.to);
        assert!(self.child.wait().unwrap().success());
    }
}

/// A place with an archive that holds one signed report about Alice.
fn archived() -> Place {
    let server = serve(leaver::demo::Faults::none());
    let place = Place::new();
    std::fs::create_dir(place.path("archive")).unwrap();
    assert_eq!(place.run(&["key", "new", "-o", "key.pem"]).code, Some(0));
    let settings = format!(
        "{}[signing]\nkey = \"key.pem\"\n[archive]\nurl = \"file://{}\"\n",
        super::settings(&server),
        place.path("archive").display()
    );
    place.write("leaver.toml", &settings);
    let mut command = place.command(&["audit", super::ALICE, "--now", super::NOW, "--bundle", "bundle"]);
    let ran = super::ran(command.env("LEAVER_AZURE_TOKEN", leaver::demo::TOKEN));
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    place
}

#[test]
fn an_assistant_learns_who_left_and_what_is_open_from_the_sealed_report() {
    let place = archived();
    let before = place.files();
    let report = std::fs::read(place.path("bundle/report.json")).unwrap();
    let digest = leaver::seal::sha256(&report);
    let mut session = Session::start(&place, &["--key", "key.pub"]);

    let tools = session.ask("tools/list", &json!({}))["result"]["tools"].clone();
    let names: Vec<&str> = tools.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["leavers", "is_offboarded", "open_findings", "what_would_close", "explain_check", "verify_bundle"]
    );
    assert!(tools.as_array().unwrap().iter().all(|tool| tool["annotations"]["readOnlyHint"] == true), "{tools}");

    let leavers = session.call("leavers", &json!({}))["structuredContent"].clone();
    assert_eq!(leavers["people"][0]["source"]["report_sha256"], digest.as_str(), "{leavers}");
    assert_eq!(leavers["people"][0]["offboarded"], "no");
    let status =
        session.call("is_offboarded", &json!({ "person": "alice@contoso.example" }))["structuredContent"].clone();
    assert_eq!((&status["offboarded"], &status["verdict"]), (&json!("no"), &json!("fail")), "{status}");
    assert_eq!(status["source"]["report_sha256"], digest.as_str());
    assert!(status["open_findings"]["critical"].as_u64().unwrap() > 0, "{status}");
    let open =
        session.call("open_findings", &json!({ "person": "alice@contoso.example" }))["structuredContent"].clone();
    let first = &open["findings"][0];
    assert!(
        first["since"].is_string()
            && first["what"]["untrusted"].is_string()
            && first["subject"]["untrusted"].is_string(),
        "{first}"
    );
    assert_eq!(first["source"]["report_sha256"], digest.as_str());
    let closing = session.call("what_would_close", &json!({ "person": super::ALICE }))["structuredContent"].clone();
    assert!(
        !closing["findings"].as_array().unwrap().is_empty() && !closing["gaps"].as_array().unwrap().is_empty(),
        "{closing}"
    );
    let explained =
        session.call("explain_check", &json!({ "check": "account/still-enabled" }))["structuredContent"].clone();
    assert!(explained["text"].as_str().unwrap().contains("SELECT"), "{explained}");
    let place_of = &status["source"];
    let verified = session.call("verify_bundle", &json!({ "organization": place_of["organization"], "number": 1 }))["structuredContent"].clone();
    assert_eq!((&verified["verified"], &verified["report_sha256"]), (&json!(true), &json!(digest)), "{verified}");
    let bundle = place.path("bundle").display().to_string();
    assert_eq!(session.call("verify_bundle", &json!({ "bundle": bundle }))["structuredContent"]["verified"], true);

    for (tool, arguments) in [
        ("is_offboarded", json!({ "person": "nobody@contoso.example" })),
        ("explain_check", json!({ "check": "no/such" })),
        ("verify_bundle", json!({ "bundle": place.path("archive").display().to_string() })),
    ] {
        assert_eq!(session.call(tool, &arguments)["isError"], true, "{tool}");
    }
    for (tool, arguments) in [("apply", json!({})), ("leavers", json!({ "shell": "x" })), ("is_offboarded", json!({}))]
    {
        let answer = session.ask("tools/call", &json!({ "name": tool, "arguments": arguments }));
        assert!(answer["error"].is_object(), "{tool}: {answer}");
    }
    session.end();
    assert_eq!(place.files(), before, "nothing was written");
}

#[test]
fn without_an_archive_checks_are_explained_all_the_same() {
    let place = Place::new();
    let mut session = Session::start(&place, &[]);
    assert_eq!(session.call("explain_check", &json!({ "check": "account/still-enabled" }))["isError"], false);
    let refused = session.call("leavers", &json!({}));
    assert_eq!(refused["isError"], true);
    assert!(refused["content"][0]["text"].as_str().unwrap().contains("[archive] url"), "{refused}");
    session.end();
}
