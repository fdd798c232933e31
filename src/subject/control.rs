//! What somebody controls: the subjects that can be minted for their own account, or for one that they could register.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::github::OTHER_CLAIMS;
use super::issuer::{GitHubHost, Issuer};
use super::login::LONGEST;
use super::piece::{Grammar, Naming, Piece};

/// A GitHub account, as GitHub itself writes it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account {
    /// The login, in the case that tokens carry.
    pub login: String,
    /// The number that stays when the login changes.
    pub id: Option<String>,
}

/// Under whose control a token is minted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control<'a> {
    /// Repositories, workflows and runs of this person's own account.
    Person(&'a Account),
    /// A name that anybody can register, this person too. Repositories of new accounts write numbers beside the names;
    /// an older account takes a new name and keeps writing names alone. So both forms count.
    Anyone,
    /// An account that exists but is not fully known: its repositories' numbers never are, its own may be.
    Somebody {
        /// Whether the numbers of all accounts in question are known, so that no other number can be theirs.
        numbers_known: bool,
    },
}

/// The subjects of one control: what is certain, and what depends on something that the evidence does not tell.
#[derive(Debug, Clone)]
pub(super) struct Reachable {
    /// The formats that GitHub uses unless told otherwise.
    pub usual: Grammar,
    /// Any template that the owner of a repository can set.
    pub custom: Grammar,
    /// The same, with numbers that may be theirs and workflows of others that may be public.
    pub doubtful: Grammar,
}

const LOGIN: Naming = Naming { special: "-", plain: "", longest: LONGEST as u16 };
/// Old accounts break today's rules and managed ones end in `_shortcode`.
const ANY_LOGIN: Naming = Naming { special: "", plain: "-_", longest: LONGEST as u16 };
const GROUP: Naming = Naming { special: "-_.", plain: "", longest: 255 };
const ORGANIZATION: Naming = Naming { special: "", plain: "-_", longest: 40 };

/// Numbers and digests of one run or one commit: nobody can say beforehand what they will be.
const ASSIGNED_CLAIMS: [&str; 7] =
    ["check_run_id", "job_workflow_sha", "run_attempt", "run_id", "run_number", "sha", "workflow_sha"];

static ANYONE_AT_GITHUB: LazyLock<Reachable> = LazyLock::new(|| Holder::fresh().reachable());

static NUMBERED: LazyLock<Reachable> = LazyLock::new(|| Holder::somebody(true).reachable());
static UNNUMBERED: LazyLock<Reachable> = LazyLock::new(|| Holder::somebody(false).reachable());

static ANYONE_AT_GITLAB: LazyLock<Reachable> = LazyLock::new(|| {
    let path = vec![text("project_path:"), Piece::Fresh(GROUP), text("/"), Piece::Word];
    let sentences = |id: Piece| {
        let heads = [path.clone(), vec![text("project_id:"), id]];
        let tails = [":ref_type:branch:ref:", ":ref_type:tag:ref:", ""];
        heads.iter().flat_map(|head| tails.iter().map(|tail| tailed(head, tail))).collect::<Vec<_>>()
    };
    closed(sentences(Piece::Assigned), sentences(Piece::Partial))
});

static ANYONE_AT_TERRAFORM: LazyLock<Reachable> = LazyLock::new(|| {
    let shapes: [&[&str]; 3] = [
        &[":project:", ":workspace:", ":run_phase:"],
        &[":workspace:", ":run_phase:"],
        &[":project:", ":stack:", ":deployment:", ":operation:"],
    ];
    let sentence = |keys: &&[&str]| {
        let mut pieces = vec![text("organization:"), Piece::Fresh(ORGANIZATION)];
        let (last, others) = keys.split_last().map_or(("", &[][..]), |(last, others)| (*last, others));
        pieces.extend(others.iter().flat_map(|key| [text(key), Piece::Free]));
        ["plan", "apply"].map(|phase| [pieces.clone(), vec![text(last), text(phase)]].concat())
    };
    let sentences: Vec<_> = shapes.iter().flat_map(sentence).collect();
    closed(sentences.clone(), sentences)
});

impl Control<'_> {
    /// Whether tokens of this control can name exactly this owner.
    pub(super) fn holds(&self, owner: &str) -> bool {
        matches!(self, Control::Person(account) if account.login == owner)
    }

    /// What can be minted at this issuer. Nothing: this control has nothing there.
    pub(super) fn reachable(&self, issuer: &Issuer) -> Option<Cow<'static, Reachable>> {
        match (self, issuer) {
            (Control::Person(account), Issuer::GitHub(_)) => Some(Cow::Owned(account.holder().reachable())),
            (Control::Somebody { numbers_known }, Issuer::GitHub(_)) => {
                Some(Cow::Borrowed(if *numbers_known { &*NUMBERED } else { &*UNNUMBERED }))
            }
            (Control::Anyone, Issuer::GitHub(GitHubHost::Public)) => Some(Cow::Borrowed(&*ANYONE_AT_GITHUB)),
            (Control::Anyone, Issuer::GitLab { public: true }) => Some(Cow::Borrowed(&*ANYONE_AT_GITLAB)),
            (Control::Anyone, Issuer::Terraform) => Some(Cow::Borrowed(&*ANYONE_AT_TERRAFORM)),
            _ => None,
        }
    }

    /// The values that a claim beside `sub` can have, certain and doubtful. Nothing: the claim is not known.
    pub(super) fn claim(&self, issuer: &Issuer, name: &str) -> Option<[Grammar; 2]> {
        let holder = match (self, issuer) {
            (_, Issuer::GitLab { .. }) => return gitlab_claim(name),
            (Control::Person(account), Issuer::GitHub(_)) => account.holder(),
            (Control::Anyone, Issuer::GitHub(_)) => Holder::fresh(),
            (Control::Somebody { numbers_known }, Issuer::GitHub(_)) => Holder::somebody(*numbers_known),
            _ => return None,
        };
        holder.claim(name)
    }
}

impl Account {
    fn holder(&self) -> Holder {
        let ids = match &self.id {
            Some(id) => [text(id), text(id)],
            None => [Piece::Assigned, Piece::Number],
        };
        Holder { login: text(&self.login), ids, own_repository_id: Piece::Number, foreign_repository_id: Piece::Number }
    }
}

/// Whose repositories a grammar is about.
struct Holder {
    login: Piece,
    /// The account's number: certain, doubtful.
    ids: [Piece; 2],
    /// A repository number beside the owner's own name.
    own_repository_id: Piece,
    /// A repository number that stands alone.
    foreign_repository_id: Piece,
}

impl Holder {
    /// An account that nobody has registered yet.
    fn fresh() -> Holder {
        Holder {
            login: Piece::Fresh(LOGIN),
            ids: [Piece::Assigned, Piece::Partial],
            own_repository_id: Piece::Assigned,
            foreign_repository_id: Piece::Partial,
        }
    }

    /// An account whose login the credential does not spell out.
    fn somebody(numbers_known: bool) -> Holder {
        let number = if numbers_known { Piece::Partial } else { Piece::Number };
        Holder {
            login: Piece::Fresh(ANY_LOGIN),
            ids: [Piece::Assigned, number],
            foreign_repository_id: Piece::Number,
            ..Holder::fresh()
        }
    }

    fn reachable(&self) -> Reachable {
        let [id, doubtful_id] = &self.ids;
        let repositories = self.repositories(id);
        let context = contexts();
        let joined = |repository: &Vec<Piece>, context: &Vec<Piece>| {
            [repository.clone(), vec![text(":")], context.clone()].concat()
        };
        let usual =
            repositories.iter().flat_map(|r| context.iter().map(|c| joined(r, c)).collect::<Vec<_>>()).collect();
        let certain = self.segments(id, &Piece::Assigned);
        let mut doubtful = self.segments(doubtful_id, &self.foreign_repository_id);
        for name in ["job_workflow_ref", "enterprise", "enterprise_id"].into_iter().chain(ASSIGNED_CLAIMS) {
            doubtful.extend(self.doubts(name).map(|value| keyed(name, vec![value])));
        }
        Reachable {
            usual: Grammar { sentences: usual, joined: false },
            custom: Grammar { sentences: certain, joined: true },
            doubtful: Grammar { sentences: doubtful, joined: true },
        }
    }

    /// `repo:` in both formats, the one without numbers first.
    fn repositories(&self, id: &Piece) -> [Vec<Piece>; 2] {
        let plain = vec![text("repo:"), self.login.clone(), text("/"), Piece::Word];
        let numbers = [self.login.clone(), text("@"), id.clone(), text("/"), Piece::Word, text("@")];
        let numbered = [vec![text("repo:")], numbers.to_vec(), vec![self.own_repository_id.clone()]].concat();
        [plain, numbered]
    }

    /// Everything that a template can put between two colons.
    fn segments(&self, id: &Piece, repository_id: &Piece) -> Vec<Vec<Piece>> {
        let mut segments = self.repositories(id).to_vec();
        segments.extend(contexts());
        for name in ["repository", "repository_owner", "repository_owner_id", "repository_id", "actor", "actor_id"] {
            let values = self.values(name, id, repository_id).unwrap_or_default();
            segments.extend(values.into_iter().map(|value| keyed(name, value)));
        }
        for name in ["job_workflow_ref", "workflow_ref"].into_iter().chain(OTHER_CLAIMS) {
            let values = self.values(name, id, repository_id).unwrap_or_default();
            segments.extend(values.into_iter().map(|value| keyed(name, value)));
        }
        segments.push(vec![text("repo_property_"), Piece::Word, text(":"), Piece::Free]);
        segments
    }

    fn claim(&self, name: &str) -> Option<[Grammar; 2]> {
        let certain = self.values(name, &self.ids[0], &Piece::Assigned)?;
        let mut doubtful = self.values(name, &self.ids[1], &self.foreign_repository_id)?;
        doubtful.extend(self.doubts(name).map(|value| vec![value]));
        Some([certain, doubtful].map(|sentences| Grammar { sentences, joined: false }))
    }

    /// A workflow of others may be public and so be called by all; an account may belong to an enterprise.
    fn doubts(&self, name: &str) -> Option<Piece> {
        match (name, &self.login) {
            ("job_workflow_ref", _) => Some(Piece::Free),
            ("enterprise", Piece::Fresh(_)) => Some(self.login.clone()),
            ("enterprise", _) => Some(Piece::Free),
            ("enterprise_id", Piece::Fresh(_)) => Some(Piece::Partial),
            ("enterprise_id", _) => Some(Piece::Number),
            _ if ASSIGNED_CLAIMS.contains(&name) => Some(Piece::Free),
            _ => None,
        }
    }

    fn values(&self, name: &str, id: &Piece, repository_id: &Piece) -> Option<Vec<Vec<Piece>>> {
        Some(match name {
            "repository" => vec![vec![self.login.clone(), text("/"), Piece::Word]],
            "repository_owner" | "actor" => vec![vec![self.login.clone()]],
            "repository_owner_id" | "actor_id" => vec![vec![id.clone()]],
            "repository_id" => vec![vec![repository_id.clone()]],
            "job_workflow_ref" | "workflow_ref" => self.workflows(),
            "ref" => vec![vec![text("refs/heads/"), Piece::Ref], vec![text("refs/tags/"), Piece::Ref]],
            "ref_type" => ["branch", "tag"].map(|kind| vec![text(kind)]).to_vec(),
            "repository_visibility" => ["public", "private"].map(|kind| vec![text(kind)]).to_vec(),
            "runner_environment" => ["github-hosted", "self-hosted"].map(|kind| vec![text(kind)]).to_vec(),
            "ref_protected" => ["true", "false"].map(|kind| vec![text(kind)]).to_vec(),
            "environment" | "event_name" | "head_ref" | "base_ref" | "workflow" => vec![vec![Piece::Free]],
            "enterprise" | "enterprise_id" => Vec::new(),
            _ if name.starts_with("repo_property_") => vec![vec![Piece::Free]],
            _ if ASSIGNED_CLAIMS.contains(&name) => Vec::new(),
            _ => return None,
        })
    }

    fn workflows(&self) -> Vec<Vec<Piece>> {
        let file = [self.login.clone(), text("/"), Piece::Word, text("/.github/workflows/"), Piece::Word];
        ["@refs/heads/", "@refs/tags/"].map(|at| [file.to_vec(), vec![text(at), Piece::Ref]].concat()).to_vec()
    }
}

fn contexts() -> [Vec<Piece>; 4] {
    [
        vec![text("pull_request")],
        vec![text("ref:refs/heads/"), Piece::Ref],
        vec![text("ref:refs/tags/"), Piece::Ref],
        vec![text("environment:"), Piece::Free],
    ]
}

/// The claims that GitLab puts beside the subject are numbers that it assigns.
fn gitlab_claim(name: &str) -> Option<[Grammar; 2]> {
    let number = |piece: Piece| Grammar { sentences: vec![vec![piece]], joined: false };
    matches!(name, "project_id" | "namespace_id" | "user_id").then(|| [number(Piece::Assigned), number(Piece::Partial)])
}

fn closed(certain: Vec<Vec<Piece>>, doubtful: Vec<Vec<Piece>>) -> Reachable {
    let [usual, doubtful] = [certain, doubtful].map(|sentences| Grammar { sentences, joined: false });
    Reachable { custom: usual.clone(), usual, doubtful }
}

fn tailed(head: &[Piece], tail: &str) -> Vec<Piece> {
    let mut sentence = head.to_vec();
    if !tail.is_empty() {
        sentence.extend([text(tail), Piece::Ref]);
    }
    sentence
}

fn keyed(name: &str, value: Vec<Piece>) -> Vec<Piece> {
    [vec![text(&format!("{name}:"))], value].concat()
}

fn text(text: &str) -> Piece {
    Piece::Text(text.to_owned())
}
