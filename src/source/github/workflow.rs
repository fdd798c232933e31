//! What a workflow file says: when it runs, where, with which secrets, whether it asks for an identity token. Pure.
//!
//! It is read as plain YAML. The typed model of zizmor refuses whole files that GitHub runs (merge keys, a step of a newer
//! kind), and what is asked here are five keys.

use std::collections::BTreeSet;

use yaml_serde::Value;

use crate::evidence::row::github::Literal;
use crate::source::runner::look;

use super::Question;
use super::place::Place;
use super::secret::literal;

/// A workflow file without its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct File {
    /// `.github/workflows/ci.yml`
    pub(super) path: String,
    /// `None`: it could not be understood.
    pub(super) says: Option<Says>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Says {
    pub(super) name: Option<String>,
    /// The cron lines; empty: it is not scheduled.
    pub(super) schedule: Vec<String>,
    pub(super) runs_on: BTreeSet<String>,
    /// `None`: an expression decides.
    pub(super) self_hosted: Option<bool>,
    pub(super) id_token: bool,
    pub(super) secrets: BTreeSet<String>,
}

impl File {
    pub(super) fn read(path: String, text: &str) -> File {
        let says = yaml_serde::from_str::<Value>(text).ok().filter(Value::is_mapping).map(|mut document| {
            // A merge key without a mapping behind it leaves the rest as it was.
            let _ = document.apply_merge();
            says(&document, text)
        });
        File { path, says }
    }

    pub(super) fn is_scheduled(&self) -> bool {
        self.says.as_ref().is_some_and(|says| !says.schedule.is_empty())
    }

    /// `ci.yml`, which GitHub takes in place of a number.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

fn says(document: &Value, text: &str) -> Says {
    // YAML 1.1 reads a bare `on` as true.
    let on = document.get("on").or_else(|| document.get(Value::Bool(true)));
    let crons = on.and_then(|on| on.get("schedule")).and_then(Value::as_sequence);
    let jobs: Vec<&Value> =
        document.get("jobs").and_then(Value::as_mapping).into_iter().flat_map(|jobs| jobs.values()).collect();
    let runs_on = jobs.iter().filter_map(|job| job.get("runs-on")).flat_map(labels).collect();
    let asks = |place: &Value| place.get("permissions").is_some_and(may_ask_for_identity);
    Says {
        name: document.get("name").and_then(Value::as_str).map(str::to_owned),
        schedule: crons.into_iter().flatten().filter_map(|line| Some(line.get("cron")?.as_str()?.to_owned())).collect(),
        self_hosted: is_self_hosted(&runs_on),
        runs_on,
        id_token: asks(document) || jobs.iter().any(|job| asks(job)),
        secrets: secrets(text),
    }
}

/// A label, several, or those of a group.
fn labels(runs_on: &Value) -> Vec<String> {
    match runs_on {
        Value::String(label) => vec![label.clone()],
        Value::Sequence(several) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Mapping(_) => {
            let group = runs_on.get("group").and_then(Value::as_str).map(|group| format!("group:{group}"));
            runs_on.get("labels").map(labels).unwrap_or_default().into_iter().chain(group).collect()
        }
        _ => Vec::new(),
    }
}

/// GitHub's own runners have labels of GitHub's own making; whatever else stands there was given to a runner by somebody.
fn is_self_hosted(labels: &BTreeSet<String>) -> Option<bool> {
    const HOSTED: [&str; 3] = ["ubuntu-", "windows-", "macos-"];
    let own =
        |label: &&String| !label.contains("${{") && !HOSTED.iter().any(|start| label.to_lowercase().starts_with(start));
    if labels.iter().any(|label| own(&label)) {
        return Some(true);
    }
    (!labels.iter().any(|label| label.contains("${{"))).then_some(false)
}

fn may_ask_for_identity(permissions: &Value) -> bool {
    permissions.as_str() == Some("write-all") || permissions.get("id-token").and_then(Value::as_str) == Some("write")
}

/// The names after `secrets.` in any expression; `secrets: inherit` and `toJSON(secrets)` hand on all of them.
fn secrets(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = text.match_indices("secrets.").filter_map(|(at, word)| {
        let bounded = text[..at].chars().next_back().is_none_or(|c| !is_name(c) && c != '.' && c != '-');
        let name: String = text[at + word.len()..].chars().take_while(|c| is_name(*c)).collect();
        (bounded && !name.is_empty()).then_some(name)
    });
    let whole = ["secrets: inherit", "toJSON(secrets)", "toJson(secrets)"].iter().any(|way| text.contains(way));
    named.chain(whole.then(|| "*".to_owned())).collect()
}

/// Credentials that stand in the text, with line and column.
pub(super) fn literals(place: &Place<'_>, question: &Question<'_>, path: &str, text: &str) -> Vec<Literal> {
    let lines: Vec<&str> = text.lines().collect();
    let found = look("", std::path::Path::new(path), text.as_bytes(), question.kinds, question.key);
    let row = |found: crate::evidence::row::Sighting| {
        let line = found.line;
        let on_line = line.and_then(|line| lines.get(usize::try_from(line).ok()?.checked_sub(1)?));
        let position =
            on_line.and_then(|text| position(question, text, &found.kind, found.name.as_ref().map(|name| name.raw())));
        let at = line.map_or_else(String::new, |line| format!(":{line}"));
        let id = place.id(&format!("file/{path}{at}#{}", &found.fingerprint[..8]));
        Literal { path: Some(path.into()), line, position, ..literal(place, "workflow", id, found) }
    };
    found.into_iter().map(row).collect()
}

/// The column where a value begins, in characters from 1: by its shape, or after the name that it stands under.
fn position(question: &Question<'_>, line: &str, kind: &str, name: Option<&str>) -> Option<i64> {
    let hits = question.kinds.find_with_surroundings(line.as_bytes());
    let by_shape = hits.iter().find(|hit| hit.kind.name == kind).map(|hit| hit.span.start);
    let by_name = || {
        let after = line.find(name?)? + name?.len();
        let skipped = line[after..].find(|c: char| !matches!(c, ':' | '=' | ' ' | '\t' | '"' | '\''))?;
        Some(after + skipped)
    };
    let at = by_shape.or_else(by_name)?;
    i64::try_from(line.get(..at)?.chars().count() + 1).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Says {
        File::read("w".into(), text).says.unwrap()
    }

    #[test]
    fn every_way_to_write_a_trigger_is_understood() {
        for (text, expected) in [
            ("on: push", vec![]),
            ("on: [push, schedule]", vec![]),
            ("on:\n  schedule:\n    - cron: '0 2 * * *'\n    - cron: 1 3 * * 1", vec!["0 2 * * *", "1 3 * * 1"]),
            ("\"on\":\n  schedule: [{cron: '5 4 * * *'}]", vec!["5 4 * * *"]),
            ("on:\n  schedule: &s\n    - cron: '0 1 * * *'\nx: *s", vec!["0 1 * * *"]),
            ("base: &b\n  schedule:\n    - cron: '0 1 * * *'\non:\n  <<: *b\n  push:", vec!["0 1 * * *"]),
        ] {
            assert_eq!(of(text).schedule, expected, "{text}");
        }
    }

    #[test]
    fn runners_are_told_from_githubs_own() {
        let of = |runs_on: &str| of(&format!("on: push\njobs:\n  a:\n    runs-on: {runs_on}\n"));
        assert_eq!(of("ubuntu-latest").self_hosted, Some(false));
        assert_eq!(of("[self-hosted, linux]").self_hosted, Some(true));
        assert_eq!(of("build-box").self_hosted, Some(true));
        assert_eq!(of("{group: big, labels: [gpu]}").runs_on, ["gpu", "group:big"].map(str::to_owned).into());
        assert_eq!(of("${{ matrix.os }}").self_hosted, None);
        assert_eq!(of("[self-hosted, '${{ matrix.os }}']").self_hosted, Some(true));
    }

    #[test]
    fn identity_and_secrets_are_seen_wherever_they_stand() {
        let workflow = "on: push\npermissions: {contents: read}\njobs:\n  a:\n    permissions:\n      id-token: write\n    \
                        runs-on: x\n    steps:\n      - run: echo ${{ secrets.DEPLOY_KEY }} ${{secrets.B}} my_secrets.NO\n  \
                        b:\n    uses: ./x.yml\n    secrets: inherit\n";
        let says = of(workflow);
        assert!(says.id_token);
        assert_eq!(says.secrets, ["*", "B", "DEPLOY_KEY"].map(str::to_owned).into());
        assert!(of("on: push\npermissions: write-all").id_token);
        assert!(!of("on: push\npermissions: read-all").id_token);
    }

    #[test]
    fn what_is_no_workflow_is_not_understood() {
        for text in ["", "- a", "on: [", "\t", "a: b: c", "a: 1\na: 2"] {
            assert_eq!(File::read("w".into(), text).says, None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[ -~\n\t]{0,200}") {
            let _ = File::read("w".into(), &text);
        }

        #[test]
        fn any_yaml_like_text_is_survived(lines in prop::collection::vec("[ ]{0,4}(on|jobs|runs-on|schedule|- cron|<<|a)?:? ?[&*]?[a-z0-9'\"\\[{-]{0,8}", 0..12)) {
            let _ = File::read("w".into(), &lines.join("\n"));
        }
    }
}
