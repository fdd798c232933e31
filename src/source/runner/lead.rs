//! What a structured reader knows about a value that it found: its name, its owner, what keeps it.

use crate::model::Grade;
use crate::text::{Secret, Untrusted};
use crate::token::opaque;
use crate::token::owner::Owner;

/// So much of a longer name is kept.
const LONGEST_NAME: usize = 256;

/// Nothing longer is a user, nor a token in the place of one.
const LONGEST_USER: usize = 4096;

/// One credential as a reader of a known file format sees it.
#[derive(Debug, Clone)]
pub(super) struct Lead {
    pub(super) value: Secret,
    /// What the value is if its shape does not tell; `None`: only worth reporting with a known shape.
    pub(super) kind: Option<&'static str>,
    pub(super) name: Option<String>,
    pub(super) owner: Option<Known>,
    /// A sign-in that a tool keeps for a person.
    pub(super) sign_in: bool,
    /// The line from which on it stands in its file, where the reader knows.
    pub(super) line: Option<u64>,
    /// The format says whose it is, or that nobody is named: what stands around it elsewhere in the file says nothing.
    pub(super) alone: bool,
}

/// An owner, and how it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) owner: Owner,
    pub(super) source: &'static str,
    pub(super) grade: Grade,
}

impl Lead {
    pub(super) fn new(value: &str) -> Lead {
        Lead {
            value: Secret::new(value),
            kind: None,
            name: None,
            owner: None,
            sign_in: false,
            line: None,
            alone: false,
        }
    }

    pub(super) fn named(mut self, name: impl Into<String>) -> Lead {
        let mut name = name.into();
        // Many values may stand under one key, and a key may be as long as its file.
        name.truncate(name.floor_char_boundary(LONGEST_NAME));
        self.name = Some(name);
        self
    }

    pub(super) fn at(mut self, line: u64) -> Lead {
        self.line = Some(line);
        self
    }

    /// Worth reporting whatever it looks like.
    pub(super) fn of_kind(mut self, kind: &'static str) -> Lead {
        self.kind = Some(kind);
        self
    }

    /// A sign-in; a tool wrote down whose it is when the issuer told it.
    pub(super) fn signed_in(mut self, owner: Option<Owner>) -> Lead {
        self.sign_in = true;
        self.owner = owner.map(|owner| Known { owner, source: "sign-in", grade: Grade::C });
        self
    }

    /// A sign-in whose account nobody wrote down: of the person whose home it lies in, if it is a person's.
    pub(super) fn in_home(mut self, owner: Option<Owner>) -> Lead {
        self.sign_in = true;
        self.owner = owner.map(|owner| Known { owner, source: "home", grade: Grade::D });
        self
    }

    /// Only the record that it stands in says whose it is.
    pub(super) fn alone(mut self) -> Lead {
        self.alone = true;
        self
    }

    /// Whether its owner is named, and not only by the place of the file.
    pub(super) fn is_told(&self) -> bool {
        self.owner.as_ref().is_some_and(|known| known.source != "home")
    }

    /// A name that stands beside the value and that nobody checked.
    pub(super) fn beside(mut self, owner: Option<Owner>) -> Lead {
        self.owner = owner.map(|owner| Known { owner, source: "beside", grade: Grade::D });
        self
    }
}

/// Splits what is known of an owner into the owner that may be shown and what stands in the place of its name and could be a
/// secret: services take a token as the user name, beside a word that says nothing.
pub(super) fn screened(known: Option<Known>) -> (Option<Known>, Option<Secret>) {
    let Some(Known { owner, source, grade }) = known else { return (None, None) };
    let secret =
        owner.name.as_ref().filter(|name| opaque::may_be_secret(name.raw())).map(|name| Secret::new(name.raw()));
    let name = owner.name.filter(|_| secret.is_none());
    let id = owner.id.filter(|id| !opaque::id_may_be_secret(id.raw()));
    let known = (name.is_some() || id.is_some()).then_some(Known { owner: Owner { name, id, ..owner }, source, grade });
    (known, secret)
}

/// An account by name; `None` for the names that mean "a token follows".
pub(super) fn account(kind: &'static str, name: &str) -> Option<Owner> {
    const NOBODY: &[&str] = &[
        "",
        "x-access-token",
        "oauth2",
        "oauth2accesstoken",
        "token",
        "__token__",
        "pat",
        "personalaccesstoken",
        "git",
        "user",
        "username",
        "azuredevops",
        "build",
        "x-token-auth",
        "gitlab-ci-token",
        "_json_key",
        "_json_key_base64",
        "apikey",
        "x-oauth-basic",
        "anonymous",
        "nobody",
        "default",
        "00000000-0000-0000-0000-000000000000",
        "<token>",
        "aws",
        "admin",
        "root",
    ];
    if name.len() > LONGEST_USER {
        return None;
    }
    if NOBODY.contains(&name.to_lowercase().as_str()) || crate::token::placeholder::is_reference(name.as_bytes()) {
        return None;
    }
    let kind = if name.contains('@') { "mail" } else { kind };
    Some(Owner { kind, id: None, name: Some(Untrusted::from(name)) })
}

/// The sort of account that a host keeps.
pub(super) fn account_kind(host: &str) -> &'static str {
    let host = host.trim_end_matches('.').to_lowercase();
    let below = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    match () {
        () if below("github.com") || below("ghcr.io") => "github",
        () if below("dev.azure.com") || below("visualstudio.com") => "devops",
        () => "login",
    }
}
