//! Subjects and expressions of any shape: nothing panics, and whatever is claimed holds.
#![no_main]

use libfuzzer_sys::fuzz_target;

use leaver::subject::{Account, Answer, Control, Expression, Leavers, Subject, Token, Trust, login, subject_matches};

const ISSUERS: [&str; 8] = [
    "https://token.actions.githubusercontent.com",
    "https://token.actions.githubusercontent.com/contoso",
    "https://gitlab.com",
    "https://app.terraform.io",
    "https://oidc.prod-aks.azure.com/0/",
    "https://vstoken.dev.azure.com/0",
    "https://login.microsoftonline.com/0/v2.0",
    "https://issuer.example",
];

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let issuer = ISSUERS[usize::from(choice) % ISSUERS.len()];
    let plain = Trust::new(issuer, Some(text), None);
    if !text.trim().is_empty() {
        assert_eq!(plain.accepts(&Token::of(plain.issuer(), text)), Answer::Yes(()));
    }
    if !Expression::is_meant(text) {
        assert_eq!(subject_matches(text, text), Some(true));
    }
    judge(&plain);
    judge(&Trust::new(issuer, None, Some(text)));
    if !text.contains('\'') {
        judge(&Trust::new(issuer, None, Some(&format!("claims['sub'] matches '{text}'"))));
    }
});

/// Every witness is accepted, has a form that the issuer writes, and belongs to whom it is said to belong.
fn judge(trust: &Trust) {
    let alice = Account { login: "alice".into(), id: Some("101".into()) };
    for judgement in Leavers::new([alice.clone()]).judge(trust) {
        assert!(judgement.leaver.is_none() || judgement.named.is_some());
        holds(trust, &judgement.reach, judgement.leaver.is_some());
    }
    holds(trust, &trust.reachable_by(Control::Person(&alice)), true);
}

fn holds(trust: &Trust, reach: &Answer<Token>, own: bool) {
    let Answer::Yes(token) = reach else { return };
    assert_eq!(trust.accepts(token), Answer::Yes(()));
    let parsed = Subject::parse(trust.issuer(), &token.subject);
    assert!(!matches!(parsed, Subject::Unknown(_)));
    let Some(github) = parsed.github() else { return };
    for name in [&github.owner, &github.actor].into_iter().flatten() {
        assert!(if own { name == "alice" } else { login::is_registrable(name) });
    }
}
