//! What a pipeline file says: when it runs, which service connections it names, which templates it takes in. Pure.

use yaml_serde::Value;

/// A file without its text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Says {
    /// The cron lines; empty: it is not scheduled.
    pub(super) schedules: Vec<String>,
    /// Line and name or id of each service connection.
    pub(super) connections: Vec<(usize, String)>,
    /// Files of the same repository, as they are written.
    pub(super) templates: Vec<String>,
}

/// What inputs that take a service connection are called, in lower case. Tasks name theirs as they like, and most of them so.
///
/// <https://learn.microsoft.com/azure/devops/pipelines/library/service-endpoints>
const CONNECTIONS: [&str; 5] = [
    "serviceconnection",
    "connectedservicename",
    "azuresubscription",
    "serviceendpoint",
    "azureresourcemanagerconnection",
];

/// `None`: it cannot be understood.
pub(super) fn read(text: &str) -> Option<Says> {
    let document = yaml_serde::from_str::<Value>(text).ok().filter(Value::is_mapping)?;
    let crons = document.get("schedules").and_then(Value::as_sequence).into_iter().flatten();
    let cron = |one: &Value| one.get("cron").and_then(Value::as_str).map(str::to_owned);
    let mut says = Says { schedules: crons.filter_map(cron).collect(), ..Says::default() };
    for (number, line) in (1..).zip(text.lines()) {
        let Some((key, value)) = pair(line) else { continue };
        let lower = key.to_lowercase();
        if CONNECTIONS.iter().any(|name| lower.contains(name)) && !value.contains("$(") && !value.contains("${{") {
            says.connections.push((number, value.to_owned()));
        }
        if lower == "template" && !value.contains("${{") {
            match value.rsplit_once('@') {
                None | Some((_, "self")) => {
                    says.templates.push(value.rsplit_once('@').map_or(value, |(path, _)| path).to_owned());
                }
                Some(_) => {}
            }
        }
    }
    Some(says)
}

/// `key: value` of a line, without what YAML puts around them.
fn pair(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start().trim_start_matches("- ").trim_start();
    let (key, value) = line.split_once(':')?;
    let value = value.split(" #").next().unwrap_or(value).trim().trim_matches(['\'', '"']);
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    (is_key && !value.is_empty() && !value.starts_with('#')).then_some((key, value))
}

/// The path of a template that a file names: below the file's own folder, or below the root.
pub(super) fn beside(file: &str, template: &str) -> String {
    if template.starts_with('/') {
        return template.to_owned();
    }
    let mut parts: Vec<&str> = file.split('/').filter(|part| !part.is_empty()).collect();
    parts.pop();
    for part in template.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_its_schedule_connections_and_templates() {
        let text = "schedules:\n- cron: '0 2 * * *'\n  branches: { include: [main] }\nsteps:\n- template: steps/a.yml\n\
                    - template: other.yml@shared\n- task: AzureCLI@2\n  inputs:\n    azureSubscription: 'prod' # ours\n\
                    - task: X@1\n  inputs:\n    dockerRegistryServiceConnection: $(registry)\n";
        let says = read(text).unwrap();
        assert_eq!(says.schedules, ["0 2 * * *"]);
        assert_eq!(says.connections, [(9, "prod".to_owned())]);
        assert_eq!(says.templates, ["steps/a.yml"]);
        assert_eq!(read("steps: ["), None);
        assert_eq!(read("- a"), None);
    }

    #[test]
    fn a_template_is_found_from_the_file_that_names_it() {
        assert_eq!(beside("/ci/main.yml", "steps/a.yml"), "/ci/steps/a.yml");
        assert_eq!(beside("/ci/main.yml", "../a.yml"), "/a.yml");
        assert_eq!(beside("/main.yml", "/x/a.yml"), "/x/a.yml");
        assert_eq!(beside("/main.yml", "../../a.yml"), "/a.yml");
    }
}
