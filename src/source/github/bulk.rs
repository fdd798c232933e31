//! All repositories, and over GraphQL what would otherwise take several requests for each: workflow files, CODEOWNERS,
//! branch protection rules, the number of deploy keys. A page that is too much for GitHub is halved.

mod protected;
mod rules;
mod wire;

use std::collections::BTreeSet;

use serde_json::json;

use self::wire::{Blob, Inventory, Node};
use super::place::{Place, each, refused};
use super::{Depth, Question, Repository, code, table, workflow};
use crate::api::{Error as Failure, Found, Paging, Query, ReadApi};
use crate::evidence::row::github as row;
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

const INVENTORY: Query = Query::new(
    "Inventory",
    "query Inventory($organization: String!, $first: Int!, $after: String) {
       organization(login: $organization) { repositories(first: $first, after: $after, orderBy: {field: NAME, direction: ASC}) {
         totalCount pageInfo { hasNextPage endCursor }
         nodes {
           name databaseId isArchived visibility createdAt pushedAt defaultBranchRef { name } viewerCanAdminister deployKeys { totalCount }
           workflows: object(expression: \"HEAD:.github/workflows\") { ... on Tree { entries { name type object { ... on Blob { text isBinary isTruncated } } } } }
           owners: object(expression: \"HEAD:.github/CODEOWNERS\") { ... on Blob { text isBinary isTruncated } }
           ownersAtRoot: object(expression: \"HEAD:CODEOWNERS\") { ... on Blob { text isBinary isTruncated } }
           ownersInDocs: object(expression: \"HEAD:docs/CODEOWNERS\") { ... on Blob { text isBinary isTruncated } }
           branchProtectionRules(first: 5) { totalCount nodes { pattern
             pushAllowances(first: 10) { totalCount nodes { actor { __typename ... on User { login databaseId } } } }
             bypassForcePushAllowances(first: 10) { totalCount nodes { actor { __typename ... on User { login databaseId } } } }
             bypassPullRequestAllowances(first: 10) { totalCount nodes { actor { __typename ... on User { login databaseId } } } }
             reviewDismissalAllowances(first: 10) { totalCount nodes { actor { __typename ... on User { login databaseId } } } }
           } }
         }
       } }
     }",
);

/// What the inventory fills, and what is asked for the workflows that it finds.
const TABLES: [&str; 6] = [
    "github_workflow",
    "github_literal",
    "github_code_owner",
    "github_branch_allowance",
    "github_schedule_actor",
    "github_job",
];

const CONTENTS: &str = "contents=read";

/// How often a page of one repository is tried.
const TRIES: u32 = 4;

/// Reads the repositories and returns them, in the order of their names.
pub(super) async fn collect(place: &Place<'_>, question: &Question<'_>) -> Result<Vec<Repository>, Error> {
    let mut repositories = match question.depth {
        Depth::Full => list(place).await?,
        Depth::Quick => Vec::new(),
    };
    inventory(place, question, &mut repositories).await?;
    repositories.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(repositories)
}

async fn list(place: &Place<'_>) -> Result<Vec<Repository>, Error> {
    // Whatever is listed by repository is incomplete when this list is.
    const LISTED: [&str; 14] = [
        table::<row::Repository>(),
        "github_access",
        "github_invitation",
        "github_secret",
        "github_variable",
        "github_literal",
        "github_deploy_key",
        "github_hook",
        "github_runner",
        "github_oidc_template",
        "github_ruleset_bypass",
        "github_reviewer",
        "github_run",
        "github_job",
    ];
    let mut all = Vec::new();
    let scope = place.scope("repositories", "metadata=read");
    place
        .github
        .dataset(&LISTED, &scope, async |api, rows| {
            let path = place.path("repos?type=all&per_page=100");
            each(api, &path, Paging::Array, |found: super::wire::Repository| {
                let (id, name) = (Some(found.id.0), found.name.raw().to_owned());
                all.push(Repository { id, name, keys: None, workflows: Vec::new() });
                Ok(rows.insert(&repository(place, found))?)
            })
            .await
        })
        .await?;
    Ok(all)
}

fn repository(place: &Place<'_>, found: super::wire::Repository) -> row::Repository {
    row::Repository {
        id: found.id.into(),
        organization: place.organization(),
        repository: found.name,
        owner_id: found.owner.as_ref().and_then(super::wire::Account::number),
        visibility: found.visibility,
        archived: found.archived,
        default_branch: found.default_branch,
        created_at: found.created_at,
        pushed_at: found.pushed_at,
    }
}

async fn inventory(
    place: &Place<'_>,
    question: &Question<'_>,
    repositories: &mut Vec<Repository>,
) -> Result<(), Error> {
    let quick = question.depth == Depth::Quick;
    let tables: Vec<&'static str> = TABLES.into_iter().chain(quick.then_some("github_repository")).collect();
    place
        .github
        .dataset(&tables, &place.scope("files of the default branch", CONTENTS), async |api, rows| {
            let mut page = Page { size: if quick { 100 } else { 50 }, after: None, tries: 0, total: 0 };
            let mut came = BTreeSet::new();
            while let Some(nodes) = page.next(api, place, rows).await? {
                for node in nodes {
                    came.insert(node.name.to_lowercase());
                    keep(api, place, question, rows, repositories, node).await?;
                }
            }
            left_out(place, rows, repositories, &came, page.total);
            Ok(())
        })
        .await
        .map(drop)
}

/// Holds the inventory against its own count and against the list of repositories: whose files did not come may hold
/// anything.
fn left_out(place: &Place<'_>, rows: &mut Rows, listed: &[Repository], came: &BTreeSet<String>, total: usize) {
    let missing = listed.iter().filter(|one| !came.contains(&one.name.to_lowercase()));
    let mut causes: Vec<Cause> = missing
        .map(|one| format!("{}/{} is listed, and its files did not come", place.organization, one.name))
        .map(|what| Cause::new(GapKind::Truncated, what))
        .collect();
    if came.len() < total {
        let what = format!("the inventory counts {total} repositories and showed {}", came.len());
        causes.push(Cause::new(GapKind::Truncated, what));
    }
    for cause in causes {
        TABLES.iter().for_each(|table| rows.gap(table, cause.clone()));
    }
}

/// Where the inventory is.
struct Page {
    /// 0 after the last one.
    size: u32,
    after: Option<String>,
    tries: u32,
    /// How many repositories there are, by what the last page says.
    total: usize,
}

impl Page {
    /// The next page, of the largest size that GitHub manages.
    async fn next(&mut self, api: &ReadApi, place: &Place<'_>, rows: &mut Rows) -> Result<Option<Vec<Node>>, Stop> {
        while self.size > 0 {
            let variables = json!({ "organization": place.organization, "first": self.size, "after": self.after });
            let found: Found<Inventory> = match api.graphql(INVENTORY, &variables).await {
                Err(Failure::TooComplex(_)) if self.size > 1 => {
                    self.size /= 2;
                    continue;
                }
                Err(Failure::TooComplex(_)) if self.tries < TRIES => {
                    self.tries += 1;
                    continue;
                }
                found => found.map_err(|error| refused(&error))?,
            };
            self.tries = 0;
            if !found.problems.is_empty() {
                TABLES.iter().for_each(|table| rows.gap(table, partly(&found)));
            }
            let Some(list) = found.data.organization.and_then(|one| one.repositories) else {
                return Err(Cause::new(GapKind::Denied, "GitHub does not show this organisation over GraphQL").into());
            };
            self.total = list.total_count;
            match (list.page_info.has_next_page, list.page_info.end_cursor) {
                (true, Some(cursor)) if self.after.as_ref() != Some(&cursor) => self.after = Some(cursor),
                (true, _) => return Err(Cause::new(GapKind::Truncated, "the inventory does not go on").into()),
                (false, _) => self.size = 0,
            }
            return Ok(Some(list.nodes.into_iter().flatten().collect()));
        }
        Ok(None)
    }
}

fn partly<T>(found: &Found<T>) -> Cause {
    let code = found.problems.iter().find_map(|problem| problem.code.as_ref()).map_or("an error", |code| code.text());
    Cause::new(GapKind::Truncated, format!("some repositories came with {code} instead of their files"))
}

async fn keep(
    api: &ReadApi,
    place: &Place<'_>,
    question: &Question<'_>,
    rows: &mut Rows,
    repositories: &mut Vec<Repository>,
    mut node: Node,
) -> Result<(), Stop> {
    let name = node.name.clone();
    let place = place.repository(&name);
    let workflows = workflows(&place, question, rows, node.workflows.take())?;
    let places = [
        (".github/CODEOWNERS", node.owners.take()),
        ("CODEOWNERS", node.owners_at_root.take()),
        ("docs/CODEOWNERS", node.owners_in_docs.take()),
    ];
    // GitHub uses the first that it finds.
    if let Some((path, blob)) = places.into_iter().find_map(|(path, blob)| Some((path, blob?))) {
        match blob.whole() {
            Some(text) => code::owners(&place, path, &text).iter().try_for_each(|owner| rows.insert(owner))?,
            None => rows.gap("github_code_owner", cut(&place, path)),
        }
    }
    let administers = node.viewer_can_administer == Some(true);
    rules::collect(api, &place, question.depth, rows, node.branch_protection_rules.take(), administers).await?;
    // To others than administrators no keys are what any number of keys looks like.
    let keys = node.deploy_keys.take().map(|keys| keys.total_count).filter(|count| administers || *count > 0);
    match repositories.iter_mut().find(|known| known.name.eq_ignore_ascii_case(&node.name)) {
        Some(known) => (known.keys, known.workflows) = (keys, workflows),
        None => {
            let (id, name) = (node.database_id.map(|id| id.0), node.name.clone());
            rows.insert(&shown(&place, node))?;
            if question.depth == Depth::Full {
                let what = format!("{} has files, and the list of repositories leaves it out", place.name());
                rows.gap("github_repository", Cause::new(GapKind::Truncated, what));
            }
            repositories.push(Repository { id, name, keys, workflows });
        }
    }
    Ok(())
}

/// A repository as the inventory shows it.
fn shown(place: &Place<'_>, node: Node) -> row::Repository {
    row::Repository {
        id: node.database_id.map(Untrusted::from).unwrap_or_default(),
        organization: place.organization(),
        repository: node.name.into(),
        owner_id: Some(place.owner.into()),
        visibility: node.visibility.map(|visibility| visibility.raw().to_lowercase().into()),
        archived: node.is_archived,
        default_branch: node.default_branch_ref.map(|branch| branch.name),
        created_at: node.created_at,
        pushed_at: node.pushed_at,
    }
}

fn workflows(
    place: &Place<'_>,
    question: &Question<'_>,
    rows: &mut Rows,
    tree: Option<wire::Tree>,
) -> Result<Vec<workflow::File>, Stop> {
    let mut files = Vec::new();
    for entry in tree.into_iter().flat_map(|tree| tree.entries.into_iter().flatten()) {
        if entry.name.is_empty() || entry.kind.is_empty() {
            let what = format!("{}: an entry of .github/workflows came without its name or type", place.name());
            for table in ["github_workflow", "github_literal"] {
                rows.gap(table, Cause::new(GapKind::Truncated, what.as_str()));
            }
        }
        if !(entry.name.ends_with(".yml") || entry.name.ends_with(".yaml")) || entry.kind != "blob" {
            continue;
        }
        let path = format!(".github/workflows/{}", entry.name);
        let Some(text) = entry.object.and_then(Blob::whole) else {
            ["github_workflow", "github_literal"].iter().for_each(|table| rows.gap(table, cut(place, &path)));
            files.push(workflow::File { path, says: None });
            continue;
        };
        for literal in workflow::literals(place, question, &path, &text) {
            rows.insert(&literal)?;
        }
        files.push(workflow::File::read(path, &text));
    }
    Ok(files)
}

fn cut(place: &Place<'_>, path: &str) -> Cause {
    Cause::new(GapKind::Truncated, format!("{}: {path} did not come whole", place.name()))
}
