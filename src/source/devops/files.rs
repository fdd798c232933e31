//! Pipeline files in the repositories of a project: what definitions name, what those take in, and what is called a pipeline.
//! Each repository is listed once; a file is asked for once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::build::Definition;
use super::place::{InProject, List, VERSION, cause_of, each, encoded, one};
use super::variables::{Holder, literal};
use super::wire::{Content, Item, Repository};
use super::yaml::{self, Says};
use crate::api::ReadApi;
use crate::evidence::row::devops::{ConnectionUse, Literal};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::source::runner::look;
use crate::text::{Untrusted, is_same};

pub(super) const NEEDS: &str = "vso.code";
const TABLES: [&str; 3] = ["devops_literal", "devops_connection_use", "devops_pipeline"];

/// What was read of the files of one project.
#[derive(Default)]
pub(super) struct Files {
    /// By repository, lower case, and path.
    read: BTreeMap<(String, String), Says>,
    /// Repositories that could not be listed, or whose files could not all be read: their gaps are there already.
    broken: BTreeSet<String>,
    /// Whether the list of repositories itself is missing.
    unlisted: bool,
}

impl Files {
    /// The schedules that the file of a definition says.
    pub(super) fn schedules(&self, definition: &Definition) -> impl Iterator<Item = &String> {
        self.of(definition).into_iter().flat_map(|says| &says.schedules)
    }

    fn of(&self, definition: &Definition) -> Option<&Says> {
        let repository = definition.repository.id.as_ref()?.raw().to_lowercase();
        self.read.get(&(repository, definition.file.clone()?))
    }

    /// Why nobody knows what the file of a definition says, unless a gap says so already.
    pub(super) fn unread(&self, definition: &Definition) -> Option<Cause> {
        let file = definition.file.as_ref()?;
        if self.of(definition).is_some() {
            return None;
        }
        let kind = definition.repository.kind.as_ref().map_or("", Untrusted::raw);
        if !is_same(kind, "TfsGit") {
            let name = definition.repository.name.as_ref().map_or("a repository", Untrusted::raw);
            let what = format!("its file {file} is in {name}, which is no repository of Azure DevOps ({kind})");
            return Some(
                Cause::new(GapKind::NotCollected, what).needing("read the file by hand: schedules and literal tokens"),
            );
        }
        let repository = definition.repository.id.as_ref().map(|id| id.raw().to_lowercase()).unwrap_or_default();
        let is_told = self.unlisted || self.broken.contains(&repository);
        (!is_told).then(|| {
            let what = format!("its file {file} is not on the default branch of its repository");
            Cause::new(GapKind::NotCollected, what).needing("read the file on the branch that it runs from")
        })
    }
}

pub(super) async fn collect(project: &InProject<'_>, definitions: &[Definition]) -> Result<Files, Error> {
    let path = project.path(&format!("git/repositories?{VERSION}"));
    let core = &project.place.hosts.core;
    let list = List { what: "repositories", host: core, path: &path, items: "value", needs: NEEDS };
    let mut repositories = Vec::new();
    let ended = project
        .list(&TABLES, &list, |_, found: Repository| {
            let here = found.project.as_ref().is_none_or(|other| is_same(other.id.raw(), project.project.id.raw()));
            // Without a branch there is no file; a disabled repository runs nothing and is shown to nobody.
            if here && found.is_disabled != Some(true) && found.default_branch.is_some() {
                repositories.push(found);
            }
            Ok(())
        })
        .await?;
    let mut files = Files { unlisted: ended.is_some(), ..Files::default() };
    for repository in &repositories {
        let name = repository.name.as_ref().unwrap_or(&repository.id).raw();
        let scope = project.scope(&format!("pipeline files of {name}"), NEEDS);
        let fill = async |api: &ReadApi, rows: &mut Rows| {
            let mut reading = Reading { project, repository, files: &mut files };
            let ended = reading.all(api, rows, definitions).await;
            if ended.is_err() {
                files.broken.insert(repository.id.raw().to_lowercase());
            }
            ended
        };
        core.dataset(&TABLES, &scope, fill).await?;
    }
    Ok(files)
}

/// One repository.
struct Reading<'a> {
    project: &'a InProject<'a>,
    repository: &'a Repository,
    files: &'a mut Files,
}

impl Reading<'_> {
    async fn all(&mut self, api: &ReadApi, rows: &mut Rows, definitions: &[Definition]) -> Result<(), Stop> {
        let mut wanted = self.listed(api, rows, definitions).await?;
        let mut seen = BTreeSet::new();
        while let Some(path) = wanted.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            if let Some(says) = self.file(api, rows, &path).await? {
                wanted.extend(says.templates.iter().map(|template| yaml::beside(&path, template)));
                self.files.read.insert((self.id(), path), says);
            }
        }
        Ok(())
    }

    fn id(&self) -> String {
        self.repository.id.raw().to_lowercase()
    }

    fn items(&self, query: &str) -> String {
        let id = encoded(self.repository.id.raw());
        self.project.path(&format!("git/repositories/{id}/items?{query}&{VERSION}"))
    }

    /// The files that a definition names, as far as they are there, and those that are called a pipeline.
    async fn listed(&self, api: &ReadApi, rows: &mut Rows, definitions: &[Definition]) -> Result<Vec<String>, Stop> {
        let is_own = |one: &&Definition| one.repository.id.as_ref().is_some_and(|id| is_same(id.raw(), &self.id()));
        let named: BTreeSet<&String> = definitions.iter().filter(is_own).filter_map(|one| one.file.as_ref()).collect();
        let mut wanted = Vec::new();
        each(api, rows, &TABLES, &self.items("recursionLevel=Full"), "value", |_, item: Item| {
            let path = item.path.raw();
            let is_file = !item.is_folder && item.git_object_type.as_ref().is_none_or(|kind| kind.raw() == "blob");
            if is_file && (named.contains(&path.to_owned()) || is_pipeline(path)) {
                wanted.push(path.to_owned());
            }
            Ok(())
        })
        .await?;
        Ok(wanted)
    }

    async fn file(&mut self, api: &ReadApi, rows: &mut Rows, path: &str) -> Result<Option<Says>, Stop> {
        let query = format!("path={}&includeContent=true&$format=json", encoded(path));
        let why = match one::<Content>(api, &self.items(&query)).await {
            Ok(Content { content: Some(text) }) => match yaml::read(&text) {
                Some(says) => {
                    self.keep(rows, path, &text, Some(&says))?;
                    return Ok(Some(says));
                }
                None => {
                    self.keep(rows, path, &text, None)?;
                    Cause::new(GapKind::Failed, format!("{path} cannot be understood")).needing("read it by hand")
                }
            },
            Ok(_) => Cause::new(GapKind::Truncated, format!("{path} came without its text")),
            Err(error) => cause_of(path, &error, NEEDS),
        };
        self.files.broken.insert(self.id());
        TABLES.iter().for_each(|table| rows.gap(table, why.clone()));
        Ok(None)
    }

    fn keep(&self, rows: &mut Rows, path: &str, text: &str, says: Option<&Says>) -> Result<(), Stop> {
        let thing = |line: usize| format!("repo/{}{path}:{line}", self.id());
        for (line, connection) in says.into_iter().flat_map(|says| &says.connections) {
            rows.insert(&ConnectionUse {
                id: self.project.id(&thing(*line)),
                organization: self.project.place.organization(),
                project: self.project.project(),
                connection: connection.as_str().into(),
            })?;
        }
        let question = self.project.place.question;
        let Ok(key) = &question.key else { return Ok(()) };
        let holder = Holder {
            place: "file",
            id: String::new(),
            name: self.repository.name.as_ref(),
            vault: None,
            changed: super::people::Whose::default(),
            creator: None,
            changed_at: None,
        };
        for found in look("", Path::new(path.trim_start_matches('/')), text.as_bytes(), question.kinds, key) {
            let (line, name) = (found.line, found.name.clone());
            let place = thing(line.and_then(|line| usize::try_from(line).ok()).unwrap_or(1));
            let row = literal(self.project, &holder, &place, found);
            rows.insert(&Literal { path: Some(path.into()), line, name, ..row })?;
        }
        Ok(())
    }
}

/// Whether a file that no definition names is a pipeline by what it is called: it may be run tomorrow, and is read today.
fn is_pipeline(path: &str) -> bool {
    let lower = path.to_lowercase();
    let is_yaml = lower.ends_with(".yml") || lower.ends_with(".yaml");
    is_yaml && (lower.contains("pipeline") || lower.contains("/.azuredevops/") || lower.contains("/.azure/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipeline_is_told_by_its_path() {
        for path in ["/azure-pipelines.yml", "/pipelines/nightly.YAML", "/x/.azuredevops/a.yml", "/build/pipeline.yaml"]
        {
            assert!(is_pipeline(path), "{path}");
        }
        for path in ["/k8s/deploy.yml", "/pipelines/readme.md", "/a.yml"] {
            assert!(!is_pipeline(path), "{path}");
        }
    }
}
