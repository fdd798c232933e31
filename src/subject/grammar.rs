//! Subjects of every issuer that is known. What does not fit is kept whole as unknown; nothing is guessed.

use super::github::GitHub;
use super::issuer::Issuer;

/// A federated subject, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A GitHub Actions job.
    GitHub(Box<GitHub>),
    /// A GitLab pipeline.
    GitLab(GitLab),
    /// A run of HCP Terraform.
    Terraform(Terraform),
    /// A Kubernetes service account.
    Kubernetes {
        /// Its namespace.
        namespace: String,
        /// Its name.
        account: String,
    },
    /// A service connection of Azure DevOps. The person never appears: ask who created the connection.
    AzureDevOps(Connection),
    /// A managed identity or a service principal, by object id.
    Identity {
        /// The object id.
        object: String,
    },
    /// Another first-party service of Microsoft, `/eid1/…`.
    FirstParty,
    /// Not recognised.
    Unknown(String),
}

/// What a GitLab subject says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitLab {
    /// Groups and project, `group/sub/project`.
    pub path: Option<String>,
    /// Number of the project; a subject without it follows whoever holds the path.
    pub project_id: Option<String>,
    /// `branch` or `tag`.
    pub ref_type: Option<String>,
    /// Branch or tag, without any prefix.
    pub git_ref: Option<String>,
}

/// What a Terraform subject says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terraform {
    /// The organisation.
    pub organization: String,
    /// Project, workspace and run phase, or what a stack has instead.
    pub scope: Vec<(String, String)>,
}

/// The two ways in which Azure DevOps names a service connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// `sc://organisation/project/connection`: renaming breaks it, and reusing the name revives it.
    Named {
        /// The organisation.
        organization: String,
        /// The project.
        project: String,
        /// The connection.
        name: String,
    },
    /// `/eid1/…/sc/<organisation>/<connection>`, both GUIDs.
    Numbered {
        /// GUID of the organisation.
        organization: String,
        /// GUID of the connection.
        connection: String,
    },
}

impl Subject {
    /// Takes a subject apart.
    pub fn parse(issuer: &Issuer, text: &str) -> Subject {
        read(issuer, text, false).unwrap_or_else(|| Subject::Unknown(text.to_owned()))
    }

    /// Takes the comparand of a `matches` apart; parts may hold wildcards.
    pub fn parse_pattern(issuer: &Issuer, text: &str) -> Subject {
        read(issuer, text, true).unwrap_or_else(|| Subject::Unknown(text.to_owned()))
    }

    /// The GitHub account, GitLab namespace or Terraform organisation that the subject names.
    pub fn owner(&self) -> Option<&str> {
        match self {
            Subject::GitHub(github) => github.owner.as_deref(),
            Subject::GitLab(gitlab) => Some(gitlab.path.as_deref()?.rsplit_once('/')?.0),
            Subject::Terraform(terraform) => Some(&terraform.organization),
            Subject::AzureDevOps(Connection::Named { organization, .. }) => Some(organization),
            _ => None,
        }
    }

    /// The number of that account.
    pub fn owner_id(&self) -> Option<&str> {
        match self {
            Subject::GitHub(github) => github.owner_id.as_deref(),
            _ => None,
        }
    }

    /// The parts of a GitHub subject.
    pub fn github(&self) -> Option<&GitHub> {
        match self {
            Subject::GitHub(github) => Some(github),
            _ => None,
        }
    }
}

fn read(issuer: &Issuer, text: &str, wildcards: bool) -> Option<Subject> {
    match issuer {
        Issuer::GitHub(_) if wildcards => Some(Subject::GitHub(Box::new(GitHub::parse_pattern(text)?))),
        Issuer::GitHub(_) => Some(Subject::GitHub(Box::new(GitHub::parse(text)?))),
        Issuer::GitLab { .. } => gitlab(text, wildcards),
        Issuer::Terraform => terraform(text, wildcards),
        Issuer::Kubernetes => kubernetes(text),
        Issuer::AzureDevOps => named_connection(text),
        Issuer::Entra => entra(text),
        // Any cluster may have an issuer of its own, but all of them write this one shape.
        Issuer::Other => kubernetes(text),
    }
}

fn gitlab(text: &str, wildcards: bool) -> Option<Subject> {
    let mut subject = GitLab::default();
    let (key, rest) = text.split_once(':')?;
    let (value, mut rest) = rest.split_once(':').map_or((rest, None), |(value, rest)| (value, Some(rest)));
    match key {
        "project_path" if value.split('/').count() >= 2 && value.split('/').all(|part| !part.is_empty()) => {
            subject.path = Some(value.to_owned());
        }
        "project_id" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
            subject.project_id = Some(value.to_owned());
        }
        _ => return None,
    }
    if wildcards && rest == Some("*") {
        return Some(Subject::GitLab(subject));
    }
    if let Some((kind, after)) = rest.and_then(|rest| rest.strip_prefix("ref_type:")).map(cut) {
        subject.ref_type = Some(kind.to_owned());
        rest = after;
    }
    if let Some(name) = rest.and_then(|rest| rest.strip_prefix("ref:")).filter(|name| !name.is_empty()) {
        subject.git_ref = Some(name.to_owned());
        rest = None;
    }
    rest.is_none().then_some(Subject::GitLab(subject))
}

fn cut(text: &str) -> (&str, Option<&str>) {
    text.split_once(':').map_or((text, None), |(head, tail)| (head, Some(tail)))
}

/// The keys of a Terraform subject: of a workspace, of one from before projects, of a stack.
const RUNS: [&[&str]; 3] = [
    &["organization", "project", "workspace", "run_phase"],
    &["organization", "workspace", "run_phase"],
    &["organization", "project", "stack", "deployment", "operation"],
];

fn terraform(text: &str, wildcards: bool) -> Option<Subject> {
    let cut = text.strip_suffix(":*").filter(|head| wildcards && head.split(':').count() % 2 == 0);
    let parts: Vec<&str> = cut.unwrap_or(text).split(':').collect();
    let (pairs, []) = parts.as_chunks::<2>() else { return None };
    let keys: Vec<&str> = pairs.iter().map(|[key, _]| *key).collect();
    let known = |run: &&[&str]| if cut.is_some() { run.starts_with(&keys) } else { **run == *keys };
    let filled = pairs.iter().all(|[_, value]| !value.is_empty());
    let ([_, organization], scope) = pairs.split_first().filter(|_| filled && RUNS.iter().any(known))?;
    let scope = scope.iter().map(|[key, value]| ((*key).to_owned(), (*value).to_owned())).collect();
    Some(Subject::Terraform(Terraform { organization: (*organization).to_owned(), scope }))
}

fn kubernetes(text: &str) -> Option<Subject> {
    let (namespace, account) = text.strip_prefix("system:serviceaccount:")?.split_once(':')?;
    let label = |part: &str| !part.is_empty() && !part.contains([':', '/', ' ']);
    let valid = label(namespace) && label(account);
    valid.then(|| Subject::Kubernetes { namespace: namespace.to_owned(), account: account.to_owned() })
}

fn named_connection(text: &str) -> Option<Subject> {
    let mut parts = text.strip_prefix("sc://")?.splitn(3, '/');
    let (organization, project, name) = (parts.next()?, parts.next()?, parts.next()?);
    let valid = !organization.is_empty() && !project.is_empty() && !name.is_empty();
    valid.then(|| {
        let [organization, project, name] = [organization, project, name].map(str::to_owned);
        Subject::AzureDevOps(Connection::Named { organization, project, name })
    })
}

fn entra(text: &str) -> Option<Subject> {
    if is_guid(text) {
        return Some(Subject::Identity { object: text.to_owned() });
    }
    let path = text.strip_prefix("/eid1/")?;
    let Some((_, connection)) = path.split_once("/sc/") else {
        return Some(Subject::FirstParty);
    };
    let (organization, connection) = connection.split_once('/')?;
    (is_guid(organization) && is_guid(connection)).then(|| {
        let [organization, connection] = [organization, connection].map(str::to_owned);
        Subject::AzureDevOps(Connection::Numbered { organization, connection })
    })
}

fn is_guid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    let mut parts = text.split('-');
    let hex = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    lengths.into_iter().all(|length| parts.next().is_some_and(|part| hex(part, length))) && parts.next().is_none()
}
