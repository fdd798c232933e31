//! What a limit counts by: read off the expression of its counter key.

use std::collections::BTreeMap;

/// What calls are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Who calls: a claim of a validated token.
    Principal,
    /// The address that the call comes from.
    Address,
    /// A key of a subscription, which several people may share.
    Subscription,
    /// The token as such: a new one starts anew.
    Token,
    /// A header, parameter or session that the caller chooses.
    Chosen,
    /// Nothing: all callers together.
    Everybody,
}

impl Counted {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Counted::Principal => "principal",
            Counted::Address => "address",
            Counted::Subscription => "subscription",
            Counted::Token => "token",
            Counted::Chosen => "chosen",
            Counted::Everybody => "everybody",
        }
    }
}

/// Claims that name whoever calls.
const CLAIMS: [&str; 9] =
    ["oid", "sub", "appid", "azp", "upn", "preferred_username", "unique_name", "objectidentifier", "nameidentifier"];

/// What an expression counts by; `None` where that is not understood. `variables` holds what was set before.
pub fn counted(key: &str, variables: &BTreeMap<String, String>) -> Option<Counted> {
    let whole = follow(key, variables, 0);
    let text: String = whole.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    if !text.contains("@(") && !text.contains("@{") {
        return (!text.contains("{{")).then_some(Counted::Everybody);
    }
    let has = |word: &str| text.contains(word);
    let address = has(".ipaddress") || has("x-forwarded-for") || has("x-real-ip") || has("x-azure-clientip");
    let claim = has(".subject")
        || has("context.user.id")
        || has("context.user?.id")
        || CLAIMS.iter().any(|name| names(&text, name));
    let principal = claim && (has("asjwt") || has("tryparsejwt") || has("jwt") || has("context.user"));
    Some(match (principal, address) {
        // An address in place of a token that is not there.
        (true, true) if has("??") || has("?") && has(":") => Counted::Principal,
        (true, false) => Counted::Principal,
        (_, true) => Counted::Address,
        (false, false) if has("context.subscription") || has("subscription-key") => Counted::Subscription,
        (false, false) if has("authorization") => Counted::Token,
        (false, false) if has("headers") || has("matchedparameters") || has("url.query") || has("request.body") => {
            Counted::Chosen
        }
        (false, false) if has("context.api.") || has("context.operation.") || has("context.product") => {
            Counted::Everybody
        }
        (false, false) if !has("context.") => Counted::Everybody,
        (false, false) => return None,
    })
}

/// `"oid"` as a whole.
fn names(text: &str, claim: &str) -> bool {
    text.contains(&format!("\"{claim}\""))
        || text.contains(&format!("/{claim}\""))
        || text.contains(&format!("'{claim}'"))
}

/// An expression with the variables that it reads put in behind it.
fn follow(key: &str, variables: &BTreeMap<String, String>, depth: usize) -> String {
    let mut whole = key.to_owned();
    if depth < 4 && key.contains("Variables") {
        for (name, value) in variables.iter().filter(|(name, _)| key.contains(&format!("\"{name}\""))) {
            let _ = name;
            whole.push_str(&follow(value, variables, depth + 1));
        }
    }
    whole
}
