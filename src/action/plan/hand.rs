//! Steps that only a person can take: why, the command with every id filled in, the place, and the patch where the evidence
//! holds the line. The data is in `known`.

use serde_json::Value;

use crate::action::fill::{command, filled_plain, hand};
use crate::action::route::State;
use crate::model::Finding;
use crate::text::Untrusted;

/// What a person needs for a step.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) why: Option<&'static str>,
    pub(super) command: Option<String>,
    pub(super) portal: Option<String>,
}

/// The step for a finding.
pub(super) fn step(check: &str, finding: &Finding) -> Step {
    let Some((hand, ids)) = hand(check, finding.subject.raw()) else { return Step::default() };
    let mut values: State = finding.facts.iter().map(|(name, value)| (name.clone(), value.raw().into())).collect();
    values.extend(ids);
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    Step {
        why: Some(hand.why),
        command: filled(command(hand.command, &values)),
        portal: filled(filled_plain(hand.portal, &values)),
    }
}

/// A unified diff, where the finding holds the line that has to change: the file, the line's number, what it says, and
/// whom it must no longer name. It applies with `git apply --unidiff-zero`.
pub(super) fn patch(finding: &Finding) -> Option<Untrusted> {
    let fact = |name: &str| Some(finding.facts.get(name)?.raw());
    let (path, number, line, gone) = (fact("path")?, fact("line")?, fact("text")?, fact("names")?);
    let odd = |text: &str| text.chars().any(char::is_control);
    if [path, line, gone].into_iter().any(|text| odd(&text.replace('\t', " "))) || number.parse::<u64>().is_err() {
        return None;
    }
    let new = without(line, gone)?;
    Some(format!("--- a/{path}\n+++ b/{path}\n@@ -{number} +{number} @@\n-{line}\n+{new}\n").into())
}

/// The line without this owner. Where nobody else is named, somebody has to be: a pattern without an owner opens the path.
fn without(line: &str, gone: &str) -> Option<String> {
    let (rule, comment) = match line.find(" #") {
        Some(at) => line.split_at(at),
        None => (line, ""),
    };
    let mut words = rule.split_whitespace();
    let mut kept = vec![words.next()?];
    kept.extend(words.clone().filter(|word| !word.trim_start_matches('@').eq_ignore_ascii_case(gone)));
    if kept.len() == words.count() + 1 {
        return None;
    }
    if kept.len() == 1 {
        kept.push("@SUCCESSOR");
    }
    Some(format!("{}{comment}", kept.join(" ")))
}

/// The command of a change that a person makes.
pub(super) fn of_change(template: &str, values: &State, person: Option<&str>) -> Option<String> {
    let mut values = values.clone();
    if let Some(person) = person {
        values.insert("person".to_owned(), Value::from(person));
    }
    command(template, &values)
}

/// The workflows that read a secret of this name, where the evidence knows them.
pub(super) fn readers<'a>(finding: &Finding, workflows: &'a [(String, String)]) -> Vec<&'a str> {
    let subject = finding.subject.raw();
    let Some((place, name)) = subject.rsplit_once("/secret/") else { return Vec::new() };
    let place = place.split_once("/environment/").map_or(place, |(place, _)| place);
    let inside = match place.strip_prefix("github:org/") {
        Some(org) => format!("github:repo/{org}/"),
        None => format!("{place}/"),
    };
    let is = |(id, secrets): &&(String, String)| {
        id.get(..inside.len()).is_some_and(|start| start.eq_ignore_ascii_case(&inside))
            && secrets.split_whitespace().any(|secret| secret.eq_ignore_ascii_case(name))
    };
    workflows.iter().filter(is).map(|(id, _)| id.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_goes_and_the_others_stay() {
        assert_eq!(without("/src @Alice @org/team # why", "alice").unwrap(), "/src @org/team # why");
        assert_eq!(without("* alice@contoso.example", "alice@contoso.example").unwrap(), "* @SUCCESSOR");
        assert_eq!(without("* @alicia", "alice"), None);
    }
}
