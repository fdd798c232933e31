//! Which service signs the tokens that a credential trusts. It must not look at the subject.

/// Who issues the tokens, and for GitHub which of its separate worlds of logins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Issuer {
    /// GitHub Actions. Only on [`GitHubHost::Public`] can anybody register an account.
    GitHub(GitHubHost),
    /// GitLab; true: `gitlab.com`, where anybody can register a group.
    GitLab {
        /// Whether this is the public service.
        public: bool,
    },
    /// HCP Terraform, where anybody can register an organisation.
    Terraform,
    /// A service connection of Azure DevOps with the older issuer.
    AzureDevOps,
    /// An AKS cluster.
    Kubernetes,
    /// Entra itself: a managed identity, or a first-party service such as Azure DevOps.
    Entra,
    /// Anything else.
    Other,
}

/// One world of GitHub logins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum GitHubHost {
    /// github.com with the issuer that everybody shares.
    Public,
    /// github.com with an issuer of one enterprise's own.
    Enterprise(String),
    /// A tenant with data residency, `SUBDOMAIN.ghe.com`.
    Residency(String),
    /// A GitHub Enterprise Server.
    Server(String),
}

impl Issuer {
    /// Classifies the issuer URL of a credential. Scheme and host are read without regard to case, as in any URL.
    pub fn classify(url: &str) -> Issuer {
        let Some((host, path)) = split(url) else { return Issuer::Other };
        let path = path.trim_end_matches('/');
        if let Some(host) = github(&host, path) {
            return Issuer::GitHub(host);
        }
        match host.as_str() {
            "app.terraform.io" | "app.eu.terraform.io" if path.is_empty() => Issuer::Terraform,
            "vstoken.dev.azure.com" | "app.vstoken.visualstudio.com" => Issuer::AzureDevOps,
            "login.microsoftonline.com" | "sts.windows.net" => Issuer::Entra,
            "login.microsoftonline.us" | "login.partner.microsoftonline.cn" => Issuer::Entra,
            "gitlab.com" if path.is_empty() => Issuer::GitLab { public: true },
            _ if path.is_empty() && host.starts_with("gitlab.") => Issuer::GitLab { public: false },
            _ if host == "oidc.prod-aks.azure.com" || host.ends_with(".oic.prod-aks.azure.com") => Issuer::Kubernetes,
            _ => Issuer::Other,
        }
    }

    /// The word that evidence stores for it.
    pub fn kind(&self) -> &'static str {
        match self {
            Issuer::GitHub(_) => "github",
            Issuer::GitLab { .. } => "gitlab",
            Issuer::Terraform => "terraform",
            Issuer::AzureDevOps => "azure-devops",
            Issuer::Kubernetes => "kubernetes",
            Issuer::Entra => "entra",
            Issuer::Other => "unknown",
        }
    }

    /// Whether a stranger can register an owner name there.
    pub fn is_open(&self) -> bool {
        matches!(self, Issuer::GitHub(GitHubHost::Public) | Issuer::GitLab { public: true } | Issuer::Terraform)
    }
}

/// Host in lower case and the path after it. Ports, users, queries and fragments are nobody's issuer.
fn split(url: &str) -> Option<(String, &str)> {
    let url = url.trim();
    let rest = match url.get(..8) {
        Some(scheme) if scheme.eq_ignore_ascii_case("https://") => &url[8..],
        _ => return None,
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let clean = !host.is_empty() && host.chars().all(plain) && !path.contains(['?', '#']);
    clean.then(|| (host.to_ascii_lowercase(), path))
}

fn github(host: &str, path: &str) -> Option<GitHubHost> {
    if host == "token.actions.githubusercontent.com" {
        return match path.strip_prefix('/') {
            None => Some(GitHubHost::Public),
            Some(slug) if !slug.contains('/') => Some(GitHubHost::Enterprise(slug.to_owned())),
            Some(_) => None,
        };
    }
    if let Some(tenant) = host.strip_prefix("token.actions.").and_then(|rest| rest.strip_suffix(".ghe.com")) {
        return Some(GitHubHost::Residency(tenant.to_owned()));
    }
    (path == "/_services/token").then(|| GitHubHost::Server(host.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_issuer_is_recognised_and_no_look_alike() {
        let github = |url: &str| match Issuer::classify(url) {
            Issuer::GitHub(host) => Some(host),
            _ => None,
        };
        assert_eq!(github("https://token.actions.githubusercontent.com"), Some(GitHubHost::Public));
        assert_eq!(github("HTTPS://Token.Actions.GitHubUserContent.com/"), Some(GitHubHost::Public));
        let slug = GitHubHost::Enterprise("octo-inc".into());
        assert_eq!(github("https://token.actions.githubusercontent.com/octo-inc"), Some(slug));
        assert_eq!(github("https://token.actions.octo.ghe.com"), Some(GitHubHost::Residency("octo".into())));
        let server = GitHubHost::Server("git.contoso.com".into());
        assert_eq!(github("https://git.contoso.com/_services/token"), Some(server));
        for other in [
            "http://token.actions.githubusercontent.com",
            "https://token.actions.githubusercontent.com.evil.example",
            "https://token.actions.githubusercontent.com@evil.example",
            "https://token.actions.githubusercontent.com/a/b",
            "https://token.actions.githubusercontent.com?x",
            "token.actions.githubusercontent.com",
            "",
        ] {
            assert_eq!(Issuer::classify(other), Issuer::Other, "{other}");
        }
        for (url, kind) in [
            ("https://gitlab.com", "gitlab"),
            ("https://gitlab.contoso.ca", "gitlab"),
            ("https://app.terraform.io", "terraform"),
            ("https://app.eu.terraform.io/", "terraform"),
            ("https://vstoken.dev.azure.com/6f1e0c1a-0000-0000-0000-000000000000", "azure-devops"),
            ("https://app.vstoken.visualstudio.com/6f1e0c1a", "azure-devops"),
            ("https://login.microsoftonline.com/6f1e0c1a/v2.0", "entra"),
            ("https://oidc.prod-aks.azure.com/6f1e0c1a/", "kubernetes"),
            ("https://westeurope.oic.prod-aks.azure.com/a/b/", "kubernetes"),
            ("https://accounts.google.com", "unknown"),
        ] {
            assert_eq!(Issuer::classify(url).kind(), kind, "{url}");
        }
        assert!(Issuer::classify("https://gitlab.com").is_open());
        assert!(!Issuer::classify("https://gitlab.contoso.ca").is_open());
        assert!(!Issuer::classify("https://token.actions.githubusercontent.com/octo-inc").is_open());
    }
}
