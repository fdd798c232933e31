//! What a directory audit event says of the federated credentials of an application. An event that does not say which
//! of them it changed still counts: it is kept without a name.

use std::collections::BTreeMap;

use serde_json::Value;

use super::audit::By;
use super::wire::Target;
use crate::evidence::row::FederatedEvent;
use crate::evidence::{Rows, Stop};
use crate::text::Untrusted;

const PROPERTY: &str = "FederatedIdentityCredentials";

/// Credentials of an application by name, with their subjects.
type Credentials = BTreeMap<String, Option<String>>;

/// Keeps one row for each credential that the event added or removed.
pub(super) fn keep(rows: &mut Rows, by: &By<'_>, target: &Target) -> Result<(), Stop> {
    let Some(object) = &target.id else { return Ok(()) };
    for property in target.modified_properties.iter().flatten().filter(|property| property.is(PROPERTY)) {
        let row = |name: Option<&str>, subject: Option<&str>, change: &str| FederatedEvent {
            event: by.audit.id.clone(),
            person: by.person.id.clone(),
            at: by.audit.activity_date_time,
            actor: by.actor.clone(),
            actor_name: by.actor_name.clone(),
            object: object.clone(),
            name: name.map(Untrusted::from),
            subject: subject.map(Untrusted::from),
            change: change.to_owned(),
        };
        let (Some(before), Some(after)) = (read(property.old_value.as_ref()), read(property.new_value.as_ref())) else {
            rows.insert(&row(None, None, "changed"))?;
            continue;
        };
        for (these, others, change) in [(&after, &before, "added"), (&before, &after, "removed")] {
            for (name, subject) in these.iter().filter(|(name, subject)| others.get(*name) != Some(subject)) {
                rows.insert(&row(Some(name), subject.as_deref(), change))?;
            }
        }
    }
    Ok(())
}

/// A JSON list of objects, wrapped in a string once or more; nothing: not understood.
fn read(value: Option<&Untrusted>) -> Option<Credentials> {
    let Some(text) = value.map(Untrusted::raw).filter(|text| !text.trim().is_empty()) else {
        return Some(Credentials::new());
    };
    credentials(&serde_json::from_str(text).ok()?)
}

fn credentials(value: &Value) -> Option<Credentials> {
    match value {
        Value::Null => Some(Credentials::new()),
        Value::String(text) => credentials(&serde_json::from_str(text).ok()?),
        Value::Array(items) => {
            let each: Option<Vec<Credentials>> = items.iter().map(credentials).collect();
            Some(each?.into_iter().flatten().collect())
        }
        Value::Object(fields) => {
            let field = |name: &str| {
                let found = fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.and_then(|(_, value)| value.as_str()).map(str::to_owned)
            };
            Some([(field("name")?, field("subject"))].into())
        }
        Value::Bool(_) | Value::Number(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Option<Vec<String>> {
        read(Some(&text.into())).map(|credentials| credentials.into_keys().collect())
    }

    #[test]
    fn lists_are_read_however_they_are_wrapped() {
        let list = r#"[{"Name": "a", "Issuer": "i", "Subject": "s"}, {"name": "b"}]"#;
        assert_eq!(names(list), Some(vec!["a".into(), "b".into()]));
        let wrapped = serde_json::to_string(list).unwrap();
        assert_eq!(names(&wrapped), names(list));
        let each = serde_json::to_string(&[r#"{"Name":"a"}"#]).unwrap();
        assert_eq!(names(&each), Some(vec!["a".into()]));
        assert_eq!((names("[]"), read(None).map(|none| none.len())), (Some(vec![]), Some(0)));
    }

    #[test]
    fn what_is_not_understood_is_not_an_empty_list() {
        for text in ["a", "[7]", r#"[{"Subject": "s"}]"#, r#"["[a=b]"]"#] {
            assert_eq!(names(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_survived(text in any::<String>()) {
            let _ = names(&text);
        }
    }
}
