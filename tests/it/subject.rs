//! Federated subjects and expressions: what each says, whom it names, and who can satisfy it.

use leaver::subject::{
    Account, Answer, Control, Doubt, GitHub, Judgement, Leavers, Subject, Token, Trust, login, subject_matches,
};
use proptest::prelude::*;

fn leavers() -> Leavers {
    let account = |login: &str, id: Option<&str>| Account { login: login.into(), id: id.map(str::to_owned) };
    Leavers::new([
        account("alice", Some("101")),
        account("alice-dev", Some("102")),
        account("Bob", None),
        account("carol_contoso", Some("104")),
    ])
}

/// Issuer, credential, what it says, whom it concerns.
const TABLE: &str = include_str!("subject.tsv");

#[test]
fn every_subject_and_expression_is_read_and_judged() {
    let rows: Vec<[&str; 4]> = TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect::<Vec<_>>().try_into().expect("four columns"))
        .collect();
    assert!(rows.len() >= 120, "{} rows", rows.len());
    for [issuer, credential, says, concerns] in rows {
        let trust = trust(issuer, credential);
        assert_eq!(said(&trust), says, "{credential}");
        assert_eq!(judged(&trust), concerns, "{credential}");
    }
}

fn trust(issuer: &str, text: &str) -> Trust {
    let url = match issuer {
        "gh" => "https://token.actions.githubusercontent.com",
        "ghe" => "https://token.actions.githubusercontent.com/contoso",
        "gl" => "https://gitlab.com",
        "gls" => "https://gitlab.contoso.com",
        "tf" => "https://app.terraform.io",
        "aks" => "https://westeurope.oic.prod-aks.azure.com/a/b/",
        "ado" => "https://vstoken.dev.azure.com/6f1e0c1a-0000-0000-0000-000000000000",
        "entra" => "https://login.microsoftonline.com/6f1e0c1a-0000-0000-0000-000000000000/v2.0",
        _ => "https://issuer.example",
    };
    match text.contains("claims") {
        true => Trust::new(url, None, Some(text)),
        false => Trust::new(url, Some(text), None),
    }
}

/// What the credential says, in one line.
fn said(trust: &Trust) -> String {
    match trust.subject() {
        None => "-".into(),
        Some(Subject::GitHub(github)) => github_said(&github),
        Some(Subject::GitLab(gitlab)) => {
            let kind = gitlab.ref_type.unwrap_or("any".into());
            let project = gitlab.path.or(gitlab.project_id).unwrap_or_default();
            format!("gitlab {project} {kind}={}", gitlab.git_ref.unwrap_or("*".into()))
        }
        Some(Subject::Terraform(terraform)) => {
            let scope: Vec<String> = terraform.scope.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("terraform {} {}", terraform.organization, scope.join(" "))
        }
        Some(Subject::Kubernetes { namespace, account }) => format!("kubernetes {namespace}/{account}"),
        Some(Subject::AzureDevOps(connection)) => format!("devops {connection:?}"),
        Some(Subject::Identity { object }) => format!("identity {object}"),
        Some(Subject::FirstParty) => "first-party".into(),
        Some(Subject::Unknown(_)) => "unknown".into(),
    }
}

fn github_said(github: &GitHub) -> String {
    let number = |id: &Option<String>| id.as_ref().map(|id| format!("@{id}")).unwrap_or_default();
    let fields = [
        ("owner", github.owner.as_ref().map(|owner| format!("{owner}{}", number(&github.owner_id)))),
        ("owner_id", github.owner_id.clone().filter(|_| github.owner.is_none())),
        ("repo", github.repository.as_ref().map(|name| format!("{name}{}", number(&github.repository_id)))),
        ("repo_id", github.repository_id.clone().filter(|_| github.repository.is_none())),
        ("branch", github.branch().map(str::to_owned)),
        ("tag", github.tag().map(str::to_owned)),
        ("environment", github.environment.clone()),
        ("pull_request", github.pull_request.then(String::new)),
        ("actor", github.actor.clone()),
        ("actor_id", github.actor_id.clone()),
        ("workflow", github.job_workflow_ref.clone()),
    ];
    let other = github.other.iter().map(|(key, value)| (key.as_str(), Some(value.clone())));
    let said: Vec<String> =
        fields.into_iter().chain(other).filter_map(|(key, value)| Some(format!("{key}={}", value?))).collect();
    format!("github {}", said.join(" "))
}

/// Whom it concerns, in one line: `?` cannot be told, `!` not from what is theirs, `<-` the witness.
fn judged(trust: &Trust) -> String {
    let leavers = leavers();
    let one = |judgement: Judgement| {
        let who = judgement.leaver.map_or("anyone", |index| &leavers.accounts()[index].login);
        let named = judgement.named.map(|(place, likeness)| format!(" {} {}", place.word(), likeness.word()));
        let reach = match judgement.reach {
            Answer::Yes(token) => format!("<- {}{}", token.subject, claims(&token, trust)),
            Answer::No => "!".into(),
            Answer::Unknown(_) => "?".into(),
        };
        format!("{who}{} {reach}", named.unwrap_or_default())
    };
    leavers.judge(trust).into_iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The claims that the witness needs beside its subject.
fn claims(token: &Token, trust: &Trust) -> String {
    let implied = Token::of(trust.issuer(), &token.subject).claims;
    let extra = token.claims.iter().filter(|(name, _)| !implied.contains_key(*name));
    extra.map(|(name, value)| format!(" {name}={value}")).collect()
}

const GITHUB: &str = "https://token.actions.githubusercontent.com";

fn matching(pattern: &str) -> Trust {
    Trust::new(GITHUB, None, Some(&format!("claims['sub'] matches '{pattern}'")))
}

fn alice() -> Account {
    Account { login: "alice".into(), id: Some("101".into()) }
}

/// The subject with some stretches and characters made wildcards.
fn blurred(subject: &str, cuts: &[(usize, usize, bool)]) -> String {
    let mut pattern: Vec<Option<char>> = subject.chars().map(Some).collect();
    for (at, length, run) in cuts {
        let at = at % pattern.len();
        let end = (at + length).min(pattern.len());
        match run {
            true => pattern[at..end].fill(Some('*')),
            false => pattern[at] = Some('?'),
        }
    }
    pattern.into_iter().flatten().collect()
}

fn context() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("pull_request".to_owned()),
        "ref:refs/heads/[a-z]{1,5}(/[a-z0-9]{1,4})?",
        "ref:refs/tags/v[0-9]\\.[0-9]",
        "environment:[A-Za-z]{1,6}",
        "environment:[a-z]{1,4}:job_workflow_ref:OWNER/ci/\\.github/workflows/[a-z]{1,4}\\.yml@refs/heads/main",
        "actor:OWNER",
    ]
}

fn cuts() -> impl Strategy<Value = Vec<(usize, usize, bool)>> {
    prop::collection::vec((0..200_usize, 0..12_usize, any::<bool>()), 0..5)
}

fn fragments() -> impl Strategy<Value = String> {
    // Without `x`, which the search puts where a pattern leaves a character open.
    let words = [
        "repo:",
        "alice",
        "contoso",
        "/",
        "app",
        "@",
        "101",
        "999",
        ":",
        "*",
        "?",
        "-",
        "ref:refs/heads/",
        "main",
        "environment:",
        "prod",
        "pull_request",
        "actor:",
        "job_workflow_ref:",
        "repository_owner:",
        ".",
        "y",
        "repository_owner_id:",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 1..12).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever the person's own repositories mint is found, however the credential blurs it.
    #[test]
    fn nothing_of_ones_own_is_missed(
        repository in "[a-z][a-z.-]{0,6}",
        context in context(),
        numbered: bool,
        cuts in cuts(),
    ) {
        let names = match numbered {
            true => format!("alice@101/{repository}@55"),
            false => format!("alice/{repository}"),
        };
        let subject = format!("repo:{names}:{}", context.replace("OWNER", "alice"));
        let pattern = blurred(&subject, &cuts);
        prop_assume!(!pattern.contains(".*"));
        prop_assert_eq!(subject_matches(&format!("claims['sub'] matches '{pattern}'"), &subject), Some(true));
        let reach = matching(&pattern).reachable_by(Control::Person(&alice()));
        prop_assert!(matches!(reach, Answer::Yes(_)), "{} for {}: {:?}", pattern, subject, reach);
    }

    /// A pattern that leaves the owner open is found open to anybody.
    #[test]
    fn no_open_owner_is_missed(
        owner in "[a-z]{1,6}(-[a-z]{1,4})?",
        context in context(),
        cuts in cuts(),
        at in 0..6_usize,
    ) {
        let subject = format!("repo:{owner}/app:{}", context.replace("OWNER", &owner));
        let opened = 5 + at % owner.len();
        let pattern = blurred(&subject, &cuts);
        // An actor or a workflow's owner that is spelt out pins the account.
        prop_assume!(!pattern.contains(".*") && !context.contains("OWNER"));
        let mut pattern: Vec<char> = pattern.chars().collect();
        pattern[opened] = '*';
        let pattern: String = pattern.into_iter().collect();
        let reach = matching(&pattern).reachable_by(Control::Anyone);
        prop_assert!(matches!(reach, Answer::Yes(_)), "{} for {}: {:?}", pattern, subject, reach);
    }

    /// Every witness is accepted, can be minted, and belongs to whom it is said to belong.
    #[test]
    fn every_witness_holds(pattern in fragments()) {
        let trust = matching(&pattern);
        for (control, own) in [(Control::Person(&alice()), true), (Control::Anyone, false)] {
            let Answer::Yes(token) = trust.reachable_by(control) else { continue };
            prop_assert_eq!(trust.accepts(&token), Answer::Yes(()));
            let github = GitHub::parse(&token.subject).expect("a subject that GitHub writes");
            for name in [github.owner.as_deref(), github.actor.as_deref()].into_iter().flatten() {
                prop_assert!(if own { name == "alice" } else { login::is_registrable(name) }, "{}", token.subject);
                prop_assert!(own || !pattern.split(['/', ':', '@']).any(|part| part == name), "{}", token.subject);
            }
            prop_assert!(!own || github.owner_id.is_none_or(|id| id == "101"));
        }
    }
}

#[test]
fn what_is_not_understood_is_never_a_no() {
    let doubt = |issuer: &str, subject, expression| {
        let trust = Trust::new(issuer, subject, expression);
        match (trust.reachable_by(Control::Anyone), leavers().judge(&trust).pop().map(|last| last.reach)) {
            (Answer::Unknown(doubt), Some(Answer::Unknown(same))) if doubt == same => doubt,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(doubt(GITHUB, None, None), Doubt::Hidden);
    assert_eq!(doubt(GITHUB, Some(" "), Some("")), Doubt::Hidden);
    assert_eq!(doubt(GITHUB, Some("what:is/this"), None), Doubt::NotRecognised);
    assert_eq!(doubt("https://issuer.example", Some("repo:alice/x:pull_request"), None), Doubt::UnknownIssuer);
    assert!(matches!(doubt(GITHUB, None, Some("claims['sub'] in 'x'")), Doubt::NotUnderstood(_)));
    let long = format!("claims['sub'] matches '{}'", "*x".repeat(700));
    assert!(matches!(doubt(GITHUB, None, Some(&long)), Doubt::NotUnderstood(_)));
    assert_eq!(subject_matches("claims['sub'] in 'x'", "repo:alice/x:pull_request"), None);
}

#[test]
fn a_subject_matches_in_three_values() {
    let main = "repo:contoso@9/app@7:ref:refs/heads/main";
    for (condition, candidate, expected) in [
        (main, main, Some(true)),
        (main, "repo:contoso@9/app@7:pull_request", Some(false)),
        ("repo:Contoso/app:pull_request", "repo:contoso/app:pull_request", Some(false)),
        ("repo:contoso/*", "repo:contoso/app:pull_request", Some(false)),
        ("claims['sub'] matches 'repo:contoso@9/*'", main, Some(true)),
        ("claims['sub'] matches '*' and claims['repository_owner_id'] eq '9'", main, Some(true)),
        ("claims['sub'] matches '*' and claims['repository_id'] eq '8'", main, Some(false)),
        ("claims['sub'] matches '*' and claims['job_workflow_ref'] eq 'a/b'", main, None),
        ("claims['sub'] eq 'x' and claims['job_workflow_ref'] eq 'a/b'", main, Some(false)),
        ("claims['sub'] matches '*' and claims['repository_id'] eq '7'", "repo:contoso/app:pull_request", None),
    ] {
        assert_eq!(subject_matches(condition, candidate), expected, "{condition} for {candidate}");
    }
}

/// A template writes each claim once, and one token names one account: the search goes on behind texts that break that.
#[test]
fn a_witness_is_found_behind_those_that_nobody_can_mint() {
    let own = alice();
    let found = |pattern: &str, control: Control<'_>| match matching(pattern).reachable_by(control) {
        Answer::Yes(token) => token.subject,
        other => format!("{other:?}"),
    };
    for (pattern, witness) in [
        ("****:ali*****:actor:alice", "workflow:ali:actor:alice"),
        ("*:actor:alice:*actor:ali*", "workflow:x:actor:alice:repo_property_actor:ali"),
        ("*environment:a*:environment:b*", "repo_property_environment:a:environment:b"),
        ("*x:ref:refs/heads/a*:ref:*", "workflow:x:ref:refs/heads/a:base_ref:ref:head_ref:x"),
    ] {
        assert_eq!(found(pattern, Control::Person(&own)), witness, "{pattern}");
    }
    for (pattern, witness) in [
        ("repo:contoso*:repository_owner:*", "repo:contosox/x:repository_owner:contosox"),
        ("repo:*contoso:repository_owner:con*", "repo:conx/contoso:repository_owner:conx"),
        ("repo:*:ref:refs/heads/*.loc?", "repo:x/x:ref:refs/heads/x.locx"),
        ("repo:*:ref:refs/heads/a.lock", "No"),
        ("repo:*:ref:refs/heads/a.lock/b", "No"),
    ] {
        assert_eq!(found(pattern, Control::Anyone), witness, "{pattern}");
    }
}
