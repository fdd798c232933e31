//! What the definition of a resource says in clear, as texts that the token scanner reads: variables, commands, and every
//! other setting, with the place of each. Pure; it looks for nothing in them.

use serde_json::{Map, Value};

/// As which file of a host the scanner reads settings: its names say what a value without a known shape is.
const SETTINGS: &str = "etc/environment";

/// And the words of a command.
const COMMANDS: &str = "crontab";

/// Settings that stand side by side, or one command.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) file: &'static str,
    pub(super) lines: String,
    /// The first line of each setting, counted from 1, and where it stands.
    places: Vec<(usize, String)>,
    next: usize,
}

/// Everything that stands in `definition`, which itself stands at `place`.
pub(super) fn texts(definition: &Value, place: &str) -> Vec<Text> {
    let mut all = Vec::new();
    unfold(definition, place, &mut all);
    all.retain(|text| !text.places.is_empty());
    all
}

impl Text {
    fn of(file: &'static str) -> Text {
        Text { file, lines: String::new(), places: Vec::new(), next: 1 }
    }

    fn add(&mut self, place: String, line: &str) {
        self.places.push((self.next, place));
        self.next += 1 + line.matches('\n').count();
        self.lines.push_str(line);
        self.lines.push('\n');
    }

    /// Where a line stands: `template/containers/main/env/TOKEN`.
    pub(super) fn place(&self, line: Option<i64>) -> &str {
        let line = line.and_then(|line| usize::try_from(line).ok()).unwrap_or(1);
        let at = self.places.partition_point(|(first, _)| *first <= line);
        self.places.get(at.saturating_sub(1)).map_or("", |(_, place)| place)
    }
}

fn unfold(value: &Value, place: &str, all: &mut Vec<Text>) {
    match value {
        Value::Object(fields) => settings(fields, |_| true, place, all),
        Value::Array(items) => list(items, place, all),
        _ => {}
    }
}

fn settings(fields: &Map<String, Value>, is_wanted: fn(&str) -> bool, place: &str, all: &mut Vec<Text>) {
    let mut settings = Text::of(SETTINGS);
    for (name, field) in fields.iter().filter(|(name, _)| is_wanted(name)) {
        match field {
            Value::String(text) => settings.add(below(place, name), &format!("{name}={text}")),
            other => unfold(other, &below(place, name), all),
        }
    }
    all.push(settings);
}

/// The words of a command, the variables of a container, or things that have settings of their own.
fn list(items: &[Value], place: &str, all: &mut Vec<Text>) {
    let words: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    let (mut command, mut variables) = (Text::of(COMMANDS), Text::of(SETTINGS));
    if !words.is_empty() {
        command.add(place.to_owned(), &words.join(" "));
    }
    for (index, item) in items.iter().enumerate() {
        let text = |key: &str| item.get(key).and_then(Value::as_str);
        let at = text("name").map_or_else(|| below(place, &index.to_string()), |name| below(place, name));
        match (text("name").zip(text("value")), item.as_object()) {
            (Some((name, value)), Some(fields)) => {
                variables.add(at.clone(), &format!("{name}={value}"));
                settings(fields, |field| !matches!(field, "name" | "value"), &at, all);
            }
            _ => unfold(item, &at, all),
        }
    }
    all.extend([command, variables]);
}

/// Resource Manager wraps every inner resource into `properties`, which tells a reader nothing.
fn below(place: &str, part: &str) -> String {
    match (place, part) {
        (_, "properties") => place.to_owned(),
        ("", _) => part.to_owned(),
        _ => format!("{place}/{part}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// `place: line` of every setting.
    fn flat(definition: &Value) -> Vec<String> {
        let of = |text: Text| {
            let lines: Vec<String> = text.lines.lines().map(str::to_owned).collect();
            let line = |(at, line): (usize, String)| format!("{}: {line}", text.place(i64::try_from(at).ok()));
            (1..).zip(lines).map(line).collect::<Vec<_>>()
        };
        let mut all: Vec<String> = texts(definition, "").into_iter().flat_map(of).collect();
        all.sort();
        all
    }

    #[test]
    fn variables_commands_and_other_settings_say_where_they_stand() {
        let group = json!({ "containers": [{ "name": "main", "properties": {
            "command": ["/bin/sh", "-c", "a b"], "environmentVariables": [{ "name": "A", "value": "1" }, { "name": "SECRET" }],
            "livenessProbe": { "httpGet": { "httpHeaders": [{ "name": "Authorization", "value": "x" }], "port": 80 } },
        } }], "volumes": [{ "name": "code", "gitRepo": { "repository": "https://h/r" } }], "zones": [] });
        assert_eq!(
            flat(&group),
            [
                "containers/main/command: /bin/sh -c a b",
                "containers/main/environmentVariables/A: A=1",
                "containers/main/environmentVariables/SECRET/name: name=SECRET",
                "containers/main/livenessProbe/httpGet/httpHeaders/Authorization: Authorization=x",
                "containers/main/name: name=main",
                "volumes/code/gitRepo/repository: repository=https://h/r",
                "volumes/code/name: name=code",
            ]
        );
        let job = json!({ "template": { "initContainers": [{ "env": [{ "name": "A", "secretRef": "a" }, { "name": "B", "value": "1\n2" }, { "name": "C", "value": "" }] }] } });
        assert_eq!(
            flat(&job),
            [
                "template/initContainers/0/env/A/name: name=A",
                "template/initContainers/0/env/A/secretRef: secretRef=a",
                "template/initContainers/0/env/B: 2",
                "template/initContainers/0/env/B: B=1",
                "template/initContainers/0/env/C: C=",
            ]
        );
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), ".{0,8}".prop_map(Value::from)];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("name|value|properties|[a-z]{1,3}", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn strings(value: &Value, is_name: bool, found: &mut Vec<String>) {
        match value {
            Value::String(text) if !is_name => found.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| strings(item, false, found)),
            Value::Object(fields) => fields.iter().for_each(|(name, field)| strings(field, name == "name", found)),
            _ => {}
        }
    }

    proptest! {
        #[test]
        fn no_text_of_a_definition_is_left_out(definition in json_value()) {
            let all: String = texts(&definition, "").into_iter().map(|text| text.lines).collect();
            let mut found = Vec::new();
            if definition.is_object() || definition.is_array() {
                strings(&definition, false, &mut found);
            }
            for text in found {
                prop_assert!(all.contains(&text), "{text:?} of {definition}");
            }
        }
    }
}
