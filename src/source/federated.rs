//! A federated credential as evidence keeps it: what the service sent, with its subject taken apart.
//! It reads nothing and says nothing about anybody.

use crate::evidence::row::FederatedCredential;
use crate::subject::{Condition, Connection, GitHub, Subject, Trust};
use crate::text::Untrusted;

/// What a service sent of a credential.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    pub(super) id: Untrusted,
    pub(super) name: Option<Untrusted>,
    pub(super) issuer: Option<Untrusted>,
    pub(super) subject: Option<Untrusted>,
    pub(super) expression: Option<Untrusted>,
    pub(super) audiences: Option<Vec<Untrusted>>,
}

/// Whose credential it is.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    /// Object id or resource id, lower case.
    pub(super) object: String,
    pub(super) kind: &'static str,
    pub(super) name: Option<Untrusted>,
}

impl Sent {
    /// Whether neither subject nor expression came with it, so that nobody can say what it trusts.
    pub(super) fn is_hidden(&self) -> bool {
        *self.trust().condition() == Condition::Hidden
    }

    fn trust(&self) -> Trust {
        let text = |value: &Option<Untrusted>| value.as_ref().map(|value| value.raw().to_owned());
        let issuer = text(&self.issuer).unwrap_or_default();
        Trust::new(&issuer, text(&self.subject).as_deref(), text(&self.expression).as_deref())
    }

    /// The row of evidence.
    pub(super) fn row(self, holder: &Holder) -> FederatedCredential {
        let trust = self.trust();
        let subject = trust.subject();
        let of_github = |field: fn(&GitHub) -> &Option<String>| {
            subject.as_ref().and_then(Subject::github).and_then(|github| field(github).as_deref().map(Untrusted::from))
        };
        FederatedCredential {
            id: self.id,
            object: holder.object.as_str().into(),
            object_kind: holder.kind.to_owned(),
            object_name: holder.name.clone(),
            name: self.name,
            issuer_kind: self.issuer.is_some().then(|| trust.issuer().kind().to_owned()),
            issuer: self.issuer,
            subject: self.subject,
            expression: self.expression,
            audience: self.audiences.and_then(|audiences| audiences.into_iter().next()),
            owner: subject.as_ref().and_then(Subject::owner).map(Untrusted::from),
            owner_id: subject.as_ref().and_then(Subject::owner_id).map(Untrusted::from),
            repository: of_github(|github| &github.repository),
            repository_id: of_github(|github| &github.repository_id),
            scope: scope(&trust).map(str::to_owned),
            connection: subject.as_ref().and_then(connection),
        }
    }
}

/// How narrow a GitHub subject is. Nothing: it is of another issuer, or cannot be read.
fn scope(trust: &Trust) -> Option<&'static str> {
    let subject = trust.subject()?;
    let github = subject.github()?;
    let by_claim = |name: &str| match trust.condition() {
        Condition::Expression(expression) => expression.clauses().iter().any(|clause| clause.claim == name),
        _ => false,
    };
    let narrow = |text: Option<&str>| text.is_some_and(|text| text != "*");
    if github.job_workflow_ref.is_some() || by_claim("job_workflow_ref") {
        Some("workflow")
    } else if narrow(github.environment.as_deref()) || by_claim("environment") {
        Some("environment")
    } else if narrow(github.branch()) || by_claim("ref") {
        Some("branch")
    } else if narrow(github.tag()) {
        Some("tag")
    } else if github.pull_request {
        Some("pull-request")
    } else if narrow(github.repository.as_deref()) || github.repository_id.is_some() {
        Some("repository")
    } else {
        Some("organization")
    }
}

/// The name that joins a credential with the service connection it belongs to.
fn connection(subject: &Subject) -> Option<Untrusted> {
    let Subject::AzureDevOps(connection) = subject else { return None };
    let text = match connection {
        Connection::Named { organization, project, name } => format!("{organization}/{project}/{name}"),
        Connection::Numbered { organization, connection } => {
            format!("{organization}/{connection}").to_ascii_lowercase()
        }
    };
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(issuer: &str, subject: Option<&str>, expression: Option<&str>) -> FederatedCredential {
        let text = |value: Option<&str>| value.map(Untrusted::from);
        let sent = Sent {
            issuer: text(Some(issuer)),
            subject: text(subject),
            expression: text(expression),
            ..Sent::default()
        };
        sent.row(&Holder { object: "o".into(), kind: "application", name: None })
    }

    const GITHUB: &str = "https://token.actions.githubusercontent.com";

    #[test]
    fn the_narrowest_part_is_the_scope() {
        for (subject, scope) in [
            ("repo:contoso/x:ref:refs/heads/main", "branch"),
            ("repo:contoso/x:ref:refs/tags/v1", "tag"),
            ("repo:contoso/x:environment:prod", "environment"),
            ("repo:contoso/x:pull_request", "pull-request"),
            ("repo:contoso@1/x@2:pull_request", "pull-request"),
            ("repo:contoso/x:job_workflow_ref:contoso/ci/.github/workflows/a.yml@refs/heads/main", "workflow"),
            ("repository_owner:contoso", "organization"),
            ("repository_id:5", "repository"),
        ] {
            assert_eq!(row(GITHUB, Some(subject), None).scope.as_deref(), Some(scope), "{subject}");
        }
        for (pattern, scope) in [
            ("repo:contoso/*", "organization"),
            ("repo:contoso*", "organization"),
            ("repo:contoso/x:*", "repository"),
            ("repo:contoso/x:ref:refs/heads/*", "repository"),
            ("repo:contoso/x:ref:refs/heads/release/*", "branch"),
            ("repo:contoso/x:environment:*", "repository"),
        ] {
            let expression = format!("claims['sub'] matches '{pattern}'");
            assert_eq!(row(GITHUB, None, Some(&expression)).scope.as_deref(), Some(scope), "{pattern}");
        }
        assert_eq!(row(GITHUB, Some("nonsense"), None).scope, None);
        assert_eq!(row("https://gitlab.com", Some("project_path:g/p:ref_type:branch:ref:main"), None).scope, None);
    }

    #[test]
    fn parts_are_columns() {
        let github = row(GITHUB, Some("repo:contoso@1/x@2:pull_request"), None);
        let text = |value: &Option<Untrusted>| value.as_ref().map(|value| value.raw().to_owned());
        assert_eq!(text(&github.owner).as_deref(), Some("contoso"));
        assert_eq!((text(&github.owner_id).as_deref(), text(&github.repository_id).as_deref()), (Some("1"), Some("2")));
        assert_eq!((github.issuer_kind.as_deref(), text(&github.repository).as_deref()), (Some("github"), Some("x")));
        let devops = row("https://vstoken.dev.azure.com/11", Some("sc://contoso/web/deploy"), None);
        assert_eq!(text(&devops.connection).as_deref(), Some("contoso/web/deploy"));
        assert_eq!(devops.issuer_kind.as_deref(), Some("azure-devops"));
    }

    #[test]
    fn neither_subject_nor_expression_is_hidden() {
        assert!(Sent { subject: Some(" ".into()), ..Sent::default() }.is_hidden());
        assert!(!Sent { expression: Some("x".into()), ..Sent::default() }.is_hidden());
    }
}
