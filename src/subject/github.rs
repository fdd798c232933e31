//! The grammar of subjects that GitHub Actions writes: the default, the immutable form with ids, customised templates.
//!
//! <https://docs.github.com/actions/reference/security/oidc>

use std::collections::BTreeMap;

use super::login;

/// What a GitHub subject says. Absent means that the subject does not say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitHub {
    /// Login of the account that owns the repository.
    pub owner: Option<String>,
    /// Its number; a subject without it follows whoever holds the login.
    pub owner_id: Option<String>,
    /// Name of the repository, without its owner.
    pub repository: Option<String>,
    /// Its number.
    pub repository_id: Option<String>,
    /// The whole git ref, such as `refs/heads/main`.
    pub git_ref: Option<String>,
    /// The deployment environment.
    pub environment: Option<String>,
    /// Whether any pull request will do.
    pub pull_request: bool,
    /// Login of the account that started the run.
    pub actor: Option<String>,
    /// Its number.
    pub actor_id: Option<String>,
    /// The reusable workflow that the job runs.
    pub job_workflow_ref: Option<String>,
    /// Every other claim of a customised template.
    pub other: BTreeMap<String, String>,
}

/// Claims that a template may add and that need no field of their own.
pub(super) const OTHER_CLAIMS: [&str; 18] = [
    "base_ref",
    "check_run_id",
    "enterprise",
    "enterprise_id",
    "event_name",
    "head_ref",
    "job_workflow_sha",
    "ref_protected",
    "ref_type",
    "repository_visibility",
    "run_attempt",
    "run_id",
    "run_number",
    "runner_environment",
    "sha",
    "workflow",
    "workflow_ref",
    "workflow_sha",
];

impl GitHub {
    /// Reads a subject that a token could carry.
    pub fn parse(subject: &str) -> Option<GitHub> {
        read(subject, false)
    }

    /// Reads a comparand of `matches`, whose parts may hold wildcards.
    pub fn parse_pattern(pattern: &str) -> Option<GitHub> {
        read(pattern, true)
    }

    /// The branch, if the subject is bound to one.
    pub fn branch(&self) -> Option<&str> {
        self.git_ref.as_deref()?.strip_prefix("refs/heads/")
    }

    /// The tag, if the subject is bound to one.
    pub fn tag(&self) -> Option<&str> {
        self.git_ref.as_deref()?.strip_prefix("refs/tags/")
    }

    /// The account whose repository holds the reusable workflow.
    pub fn workflow_owner(&self) -> Option<&str> {
        Some(self.job_workflow_ref.as_deref()?.split_once('/')?.0)
    }

    /// Whether nothing narrows it below one repository: every branch and every pull request will do.
    pub fn is_unscoped(&self) -> bool {
        self.git_ref.is_none() && self.environment.is_none()
    }

    /// What the token that carries this subject also says in claims of their own.
    pub(super) fn claims(&self) -> BTreeMap<String, String> {
        let mut claims = self.other.clone();
        let named = [
            ("repository_owner", &self.owner),
            ("repository_owner_id", &self.owner_id),
            ("repository_id", &self.repository_id),
            ("ref", &self.git_ref),
            ("environment", &self.environment),
            ("actor", &self.actor),
            ("actor_id", &self.actor_id),
            ("job_workflow_ref", &self.job_workflow_ref),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                claims.insert(name.to_owned(), value.clone());
            }
        }
        if let (Some(owner), Some(repository)) = (&self.owner, &self.repository) {
            claims.insert("repository".to_owned(), format!("{owner}/{repository}"));
        }
        claims
    }
}

/// Whether a template can add this claim.
pub(super) fn is_claim(key: &str) -> bool {
    let own = [
        "repo",
        "repository",
        "repository_owner",
        "repository_owner_id",
        "repository_id",
        "ref",
        "environment",
        "actor",
        "actor_id",
        "job_workflow_ref",
        "pull_request",
    ];
    own.contains(&key)
        || OTHER_CLAIMS.contains(&key)
        || key.strip_prefix("repo_property_").is_some_and(|p| !p.is_empty())
}

/// Splits at colons, which no value holds: GitHub writes `%3A` for them.
fn read(text: &str, wildcards: bool) -> Option<GitHub> {
    let mut subject = GitHub::default();
    let mut parts = text.split(':');
    while let Some(key) = parts.next() {
        if key == "pull_request" {
            if std::mem::replace(&mut subject.pull_request, true) {
                return None;
            }
            continue;
        }
        let value = parts.next()?;
        // `repo:o/r:*` stands for every context.
        subject.set(key, &value.replace("%3A", ":").replace("%3a", ":"), wildcards)?;
        if wildcards && parts.clone().eq(["*"]) {
            break;
        }
    }
    Some(subject)
}

impl GitHub {
    fn set(&mut self, key: &str, value: &str, wildcards: bool) -> Option<()> {
        let rules = Rules { wildcards };
        match key {
            "repo" => return self.set_repository(value, &rules),
            "repository" => {
                let (owner, name) = value.split_once('/')?;
                agree(&mut self.owner, owner, rules.login(owner))?;
                return agree(&mut self.repository, name, rules.repository(name));
            }
            "repository_owner" => return agree(&mut self.owner, value, rules.login(value)),
            "repository_owner_id" => return agree(&mut self.owner_id, value, rules.number(value)),
            "repository_id" => return agree(&mut self.repository_id, value, rules.number(value)),
            _ => {}
        }
        let (field, valid) = match key {
            "ref" => (&mut self.git_ref, rules.git_ref(value)),
            "environment" => (&mut self.environment, !value.is_empty()),
            "actor" => (&mut self.actor, !value.is_empty()),
            "actor_id" => (&mut self.actor_id, rules.number(value)),
            "job_workflow_ref" => (&mut self.job_workflow_ref, !value.is_empty()),
            _ => return self.set_other(key, value),
        };
        (valid && field.replace(value.to_owned()).is_none()).then_some(())
    }

    fn set_other(&mut self, key: &str, value: &str) -> Option<()> {
        let empty_is_said = matches!(key, "head_ref" | "base_ref");
        let known = is_claim(key) && (empty_is_said || !value.is_empty());
        (known && self.other.insert(key.to_owned(), value.to_owned()).is_none()).then_some(())
    }

    fn set_repository(&mut self, value: &str, rules: &Rules) -> Option<()> {
        let Some((owner, name)) = value.split_once('/') else {
            // `repo:contoso*` leaves the end of the owner open, and all that follows.
            return agree(&mut self.owner, value, rules.wildcards && value.ends_with('*'));
        };
        match (owner.split_once('@'), name.split_once('@')) {
            (None, None) => {
                agree(&mut self.owner, owner, rules.login(owner))?;
                agree(&mut self.repository, name, rules.repository(name))
            }
            (Some((owner, owner_id)), Some((name, id))) => {
                agree(&mut self.owner, owner, rules.login(owner))?;
                agree(&mut self.owner_id, owner_id, rules.number(owner_id))?;
                agree(&mut self.repository, name, rules.repository(name))?;
                agree(&mut self.repository_id, id, rules.number(id))
            }
            (Some((owner, owner_id)), None) if name == "*" && rules.wildcards => {
                agree(&mut self.owner, owner, rules.login(owner))?;
                agree(&mut self.owner_id, owner_id, rules.number(owner_id))?;
                agree(&mut self.repository, name, true)
            }
            _ => None,
        }
    }
}

/// Two claims may say the same of one token, but not two different things.
fn agree(field: &mut Option<String>, value: &str, valid: bool) -> Option<()> {
    let same = field.as_deref().is_none_or(|before| before == value);
    *field = Some(value.to_owned());
    (valid && same).then_some(())
}

struct Rules {
    wildcards: bool,
}

impl Rules {
    fn wild(&self, value: &str) -> bool {
        self.wildcards && value.contains(['*', '?'])
    }

    fn login(&self, value: &str) -> bool {
        self.wild(value) || login::is_possible(value)
    }

    fn repository(&self, value: &str) -> bool {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let named = (1..=100).contains(&value.len()) && value.chars().all(plain);
        self.wild(value) && !value.contains(['/', '@']) || named && value != "." && value != ".."
    }

    fn number(&self, value: &str) -> bool {
        self.wild(value) || (1..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn git_ref(&self, value: &str) -> bool {
        self.wild(value) || value.strip_prefix("refs/").is_some_and(is_ref_name)
    }
}

/// The rules of `git check-ref-format` for what follows `refs/`.
pub(super) fn is_ref_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    let component = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    !name.contains(forbidden)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && name.split('/').all(component)
}
