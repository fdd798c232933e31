//! What the policy in force does to every call: which token it demands, how often it lets one caller call, what it writes down.

use std::collections::BTreeMap;

use super::key::{Counted, counted};
use super::scopes::{Link, Settings, Step, resolve};
use super::xml::{Element, Unread};

/// The token that is demanded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Auth {
    /// Each call has to bring one; false: only some of them.
    pub always: bool,
    /// Its issuer is one tenant; `None`: a value that is not shown decides.
    pub issuer: Option<bool>,
    /// It is made for this gateway.
    pub audience: Option<bool>,
    /// It carries a scope or role that is named.
    pub scopes: Option<bool>,
    /// It has an end and a signature.
    pub strict: bool,
    /// What a call without one gets.
    pub code: Option<i64>,
    /// Nothing was sent or answered before.
    pub first: bool,
}

/// How often one caller may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// So many calls; `None`: an expression decides.
    pub calls: Option<i64>,
    /// In so many seconds.
    pub seconds: Option<i64>,
    /// What is counted by; `None`: not understood.
    pub by: Option<Counted>,
    /// Each call counts.
    pub always: bool,
}

impl Rate {
    /// How many calls one minute can have at most.
    pub fn a_minute(&self) -> Option<i64> {
        let (calls, seconds) = (self.calls?, self.seconds.filter(|seconds| *seconds > 0)?);
        Some(calls.saturating_mul((60 + seconds - 1) / seconds))
    }
}

/// What is written down of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Logged {
    /// Names of fields.
    pub fields: Vec<String>,
    /// The body of the request is in it.
    pub body: bool,
}

/// What the policy in force means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meaning {
    /// `None`: no token is demanded.
    pub auth: Option<Auth>,
    /// Every limit.
    pub rates: Vec<Rate>,
    /// The innermost scope that cuts off what is above.
    pub cut: Option<&'static str>,
    /// Address ranges that are let in; empty: all.
    pub filter: Vec<String>,
    /// The header with a secret that the server behind is sent.
    pub header: Option<String>,
    /// A certificate or an identity of its own that it is sent.
    pub proof: bool,
    /// Prompts are looked at before the server behind: enforced, reported, or `None`: not.
    pub shield: Option<bool>,
    /// What is written down; `None`: nothing.
    pub log: Option<Logged>,
}

/// Statements that ask somebody else or answer by themselves.
const SENDS: [&str; 9] = [
    "send-request",
    "send-one-way-request",
    "forward-request",
    "cache-lookup",
    "cache-lookup-value",
    "mock-response",
    "return-response",
    "proxy",
    "llm-semantic-cache-lookup",
];

/// What the policies of one operation mean together.
///
/// # Errors
/// When a part of them cannot be read.
pub fn meaning(chain: &[Link<'_>], settings: &Settings) -> Result<Meaning, Unread> {
    let (inbound, cut) = resolve("inbound", chain, settings)?;
    let mut all = Meaning { cut, ..Meaning::default() };
    let mut variables = BTreeMap::new();
    let mut sent = false;
    for step in &inbound {
        take(&step.element, &mut all, &mut variables, &mut sent, true);
    }
    for section in ["backend", "outbound", "on-error"] {
        let (steps, _) = resolve(section, chain, settings)?;
        steps.iter().for_each(|step| log(step, &mut all));
    }
    inbound.iter().for_each(|step| log(step, &mut all));
    Ok(all)
}

fn take(element: &Element, all: &mut Meaning, variables: &mut BTreeMap<String, String>, sent: &mut bool, always: bool) {
    match element.name.as_str() {
        "validate-jwt" | "validate-azure-ad-token" => {
            let found = Auth { always, first: !*sent, ..auth(element) };
            if all.auth.as_ref().is_none_or(|known| rank(&found) > rank(known)) {
                all.auth = Some(found);
            }
            if let Some(name) = element.attribute("output-token-variable-name") {
                variables.insert(name.to_owned(), "jwt".to_owned());
            }
        }
        "set-variable" => {
            if let (Some(name), Some(value)) = (element.attribute("name"), element.attribute("value")) {
                variables.insert(name.to_owned(), value.to_owned());
            }
        }
        "rate-limit-by-key" | "rate-limit" | "quota-by-key" => all.rates.push(rate(element, variables, always)),
        "ip-filter"
            if always && element.attribute("action").is_some_and(|action| action.eq_ignore_ascii_case("allow")) =>
        {
            all.filter.extend(addresses(element))
        }
        "set-header" => header(element, all),
        "authentication-certificate" | "authentication-managed-identity" => all.proof |= always,
        "llm-content-safety" | "content-safety" => {
            let shields = element.attribute("shield-prompt").is_some_and(|text| text.eq_ignore_ascii_case("true"));
            all.shield = Some(all.shield == Some(true) || (always && shields));
        }
        "choose" => choose(element, all, variables, sent, always),
        _ => {
            if element.name == "send-request" && is_shield(element) {
                all.shield = Some(all.shield == Some(true));
            }
            let is_inner = matches!(element.name.as_str(), "retry" | "wait" | "limit-concurrency");
            *sent |= always && SENDS.contains(&element.name.as_str());
            for child in element.children.iter().filter(|_| is_inner) {
                take(child, all, variables, sent, always && element.name != "retry");
            }
        }
    }
}

/// Of several branches one is taken: what all of them demand is demanded of every call.
fn choose(
    element: &Element,
    all: &mut Meaning,
    variables: &mut BTreeMap<String, String>,
    sent: &mut bool,
    always: bool,
) {
    let branches: Vec<&Element> = element.children.iter().collect();
    let has_rest = branches.iter().any(|branch| branch.name == "otherwise");
    let refuses = |branch: &Element| {
        branch.all("return-response").any(|reply| status(reply).is_some_and(|code| (400..500).contains(&code)))
    };
    let validates = |branch: &Element| {
        branch
            .children
            .iter()
            .any(|child| child.name.starts_with("validate-jwt") || child.name == "validate-azure-ad-token")
    };
    let sure = always
        && has_rest
        && branches.iter().all(|branch| refuses(branch) || validates(branch))
        && branches.iter().any(|branch| validates(branch));
    let was_sent = *sent;
    for branch in branches {
        let mut sent_here = was_sent;
        for child in &branch.children {
            let demands = sure && (child.name == "validate-jwt" || child.name == "validate-azure-ad-token");
            take(child, all, variables, &mut sent_here, demands);
        }
        // A reply that follows a look at the prompt is what enforces it.
        if all.shield == Some(false)
            && refuses(branch)
            && branch.attribute("condition").is_some_and(|text| {
                text.to_lowercase().contains("attack")
                    || text.to_lowercase().contains("safe")
                    || text.to_lowercase().contains("shield")
            })
        {
            all.shield = Some(true);
        }
        *sent |= sent_here
            && !refuses(branch)
            && always
            && branch.children.iter().any(|child| child.name.starts_with("send"));
    }
}

fn status(reply: &Element) -> Option<i64> {
    reply.child("set-status")?.attribute("code")?.parse().ok()
}

/// The strictest demand counts.
fn rank(auth: &Auth) -> [u8; 7] {
    let of = |known: Option<bool>| match known {
        Some(true) => 2,
        None => 1,
        Some(false) => 0,
    };
    [
        u8::from(auth.always),
        of(auth.issuer),
        of(auth.audience),
        of(auth.scopes),
        u8::from(auth.strict),
        u8::from(auth.first),
        u8::from(auth.code.is_some()),
    ]
}

fn auth(element: &Element) -> Auth {
    let flag = |name: &str| element.attribute(name).is_none_or(|text| !text.eq_ignore_ascii_case("false"));
    let texts = |list: &str, one: &str| -> Vec<String> {
        element.all(list).flat_map(|list| list.all(one)).map(|one| one.text.clone()).collect()
    };
    let code = match element.attribute("failed-validation-httpcode") {
        Some(text) => text.parse().ok(),
        None => Some(401),
    };
    let claims =
        element.child("required-claims").map(|claims| claims.all("claim").collect::<Vec<_>>()).unwrap_or_default();
    let scope = claims.iter().filter(|claim| {
        claim
            .attribute("name")
            .is_some_and(|name| ["scp", "scope", "roles", "role"].contains(&name.to_lowercase().as_str()))
    });
    let values: Vec<String> = scope.flat_map(|claim| claim.all("value")).map(|value| value.text.clone()).collect();
    Auth {
        always: false,
        issuer: issuer(element, &texts("issuers", "issuer")),
        audience: named(&texts("audiences", "audience")),
        scopes: named(&values),
        strict: flag("require-expiration-time") && flag("require-signed-tokens"),
        code,
        first: true,
    }
}

/// Whether anything is demanded; what is hidden in a named value may be nothing.
fn named(values: &[String]) -> Option<bool> {
    let said = values.iter().any(|text| !text.is_empty() && !text.contains("{{") && text != "*");
    let hidden = values.iter().any(|text| text.contains("{{"));
    if said {
        Some(true)
    } else if hidden {
        None
    } else {
        Some(false)
    }
}

/// One tenant issues the token: named as issuer, or by the address of its metadata.
fn issuer(element: &Element, issuers: &[String]) -> Option<bool> {
    let open = |text: &str| {
        let text = text.to_lowercase();
        ["/common", "/organizations", "/consumers", "{tenantid}"].iter().any(|any| text.contains(any))
            || ["common", "organizations", "consumers", "*", ""].contains(&text.as_str())
    };
    let mut named: Vec<String> = issuers.to_vec();
    match element.attribute("tenant-id") {
        Some(tenant) => named.push(tenant.to_owned()),
        None if issuers.is_empty() => {
            named.extend(element.all("openid-config").filter_map(|config| config.attribute("url")).map(str::to_owned))
        }
        None => {}
    }
    if named.iter().any(|text| open(text)) || named.is_empty() {
        return Some(false);
    }
    if named.iter().any(|text| text.contains("{{") || text.starts_with('@')) { None } else { Some(true) }
}

fn rate(element: &Element, variables: &BTreeMap<String, String>, always: bool) -> Rate {
    let number = |name: &str| element.attribute(name).and_then(|text| text.trim().parse().ok());
    let by = match (element.name.as_str(), element.attribute("counter-key")) {
        ("rate-limit", _) => Some(Counted::Subscription),
        (_, Some(key)) => counted(key, variables),
        (_, None) => Some(Counted::Everybody),
    };
    let counts_all = element.attribute("increment-condition").is_none();
    Rate { calls: number("calls"), seconds: number("renewal-period"), by, always: always && counts_all }
}

fn addresses(filter: &Element) -> Vec<String> {
    let single = filter.all("address").map(|one| one.text.clone());
    let ranges = filter
        .all("address-range")
        .filter_map(|range| Some(format!("{}-{}", range.attribute("from")?, range.attribute("to")?)));
    single.chain(ranges).collect()
}

/// A header whose value is a secret of the gateway, or made by it, and that replaces what the caller sent.
fn header(element: &Element, all: &mut Meaning) {
    let Some(name) = element.attribute("name") else { return };
    let overrides = element.attribute("exists-action").is_none_or(|text| text.eq_ignore_ascii_case("override"));
    let secret = element.all("value").any(|value| value.text.contains("{{"));
    if overrides && secret {
        all.header = Some(name.to_owned());
    }
}

/// A request to a service that looks at prompts.
fn is_shield(element: &Element) -> bool {
    let url = element.child("set-url").map(|url| url.text.to_lowercase()).unwrap_or_default();
    url.contains("contentsafety") || url.contains("shieldprompt")
}

fn log(step: &Step, all: &mut Meaning) {
    for element in step.element.within() {
        if !matches!(element.name.as_str(), "log-to-eventhub" | "trace" | "send-one-way-request") {
            continue;
        }
        let text: String = element.within().iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join("\n");
        let logged = all.log.get_or_insert_default();
        logged.body |= text.contains("Request.Body");
        for field in names_in(&text) {
            if !logged.fields.contains(&field) {
                logged.fields.push(field);
            }
        }
    }
}

/// Names of the fields of an object that an expression makes.
fn names_in(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for part in text.split("JProperty(").skip(1) {
        all.extend(part.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()).map(str::to_owned));
    }
    for part in text.split("[\"").skip(1) {
        if let Some((name, rest)) = part.split_once("\"]")
            && rest.trim_start().starts_with('=')
            && !rest.trim_start().starts_with("==")
        {
            all.push(name.to_owned());
        }
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for before in text.match_indices('=').map(|(at, _)| &text[..at]) {
        let name: String =
            before.trim_end().chars().rev().take_while(|c| is_name(*c)).collect::<Vec<_>>().into_iter().rev().collect();
        let ahead = before.trim_end();
        let lead = ahead[..ahead.len() - name.len()].trim_end();
        if !name.is_empty() && (lead.ends_with('{') || lead.ends_with(',')) {
            all.push(name);
        }
    }
    // JSON that is written by hand in a string.
    for mark in ["\\\":", "\"\":"] {
        for (at, _) in text.match_indices(mark) {
            let name: String =
                text[..at].chars().rev().take_while(|c| is_name(*c)).collect::<Vec<_>>().into_iter().rev().collect();
            all.extend((!name.is_empty()).then_some(name));
        }
    }
    all
}
