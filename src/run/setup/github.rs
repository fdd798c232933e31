//! The GitHub App: the same permissions as a link that fills in the form, and as a manifest that makes the App in one step.

use serde_json::json;

use super::known::Known;
use super::needs::Needs;
use super::{Block, Step};

/// Where the browser goes once the App is made: nowhere; the code that is exchanged for the key stands in the address.
const NOWHERE: &str = "http://127.0.0.1:1/created";

pub(super) fn steps(needs: &Needs, known: &Known) -> Vec<Step> {
    if needs.github.is_empty() {
        return Vec::new();
    }
    let organizations: Vec<&str> = match known.organizations.as_slice() {
        [] => vec!["ORGANISATION"],
        all => all.iter().map(String::as_str).collect(),
    };
    let mut steps: Vec<Step> = organizations.iter().map(|name| app(needs, known, name)).collect();
    steps.push(key(known, &organizations));
    if let Some(enterprise) = &known.enterprise {
        steps.push(Step {
            id: "github-enterprise",
            title: format!("The enterprise {enterprise}"),
            who: "Owner of the enterprise",
            why: "Single sign-on identities and runners of the enterprise are shown to people only, to no App: their checks \
                  need a classic token of an owner with the scope read:enterprise in GH_TOKEN, in a run of its own."
                .to_owned(),
            blocks: vec![Block::new("link", "Make the token", format!("{}/settings/tokens/new?scopes=read:enterprise,read:org&description=leaver", known.github))],
        });
    }
    steps
}

fn app(needs: &Needs, known: &Known, organization: &str) -> Step {
    let levels = needs.github_levels();
    let writes: Vec<&str> = levels.iter().filter(|(_, level)| **level == "write").map(|(name, _)| *name).collect();
    let note = match writes.as_slice() {
        [] => String::new(),
        all => format!(
            " {} are asked for with write, since GitHub shows what they hold to nobody who may only read; leaver writes nothing \
             with them.",
            all.join(", ")
        ),
    };
    let query: String = levels.iter().map(|(name, level)| format!("&{name}={level}")).collect();
    let link = format!(
        "{}/organizations/{organization}/settings/apps/new?name=leaver-{organization}&public=false&webhook_active=false\
         &url={}%2F{organization}{query}",
        known.github,
        known.github.replace(':', "%3A").replace('/', "%2F"),
    );
    Step {
        id: "github-app",
        title: format!("Make a GitHub App in {organization}, and install it there on all repositories"),
        who: "Owner of the organisation",
        why: format!("{} permissions.{note}", levels.len()),
        blocks: vec![
            Block::new("link", "A link that fills in the form", format!("{link}\n")),
            Block::new(
                "html",
                "Or a form that makes it in one step: save as app.html, open it, press the button",
                form(needs, known, organization),
            ),
        ],
    }
}

fn form(needs: &Needs, known: &Known, organization: &str) -> String {
    let manifest = json!({
        "name": format!("leaver-{organization}"),
        "url": format!("{}/{organization}", known.github),
        "public": false,
        "redirect_url": NOWHERE,
        "default_permissions": needs.github_levels(),
    });
    // Names are plain and permissions are ours, so nothing in it can end the attribute.
    let manifest = manifest.to_string().replace('&', "&amp;").replace('\'', "&#39;");
    format!(
        "<!doctype html>\n<meta charset=\"utf-8\">\n<title>leaver</title>\n\
         <form method=\"post\" action=\"{}/organizations/{organization}/settings/apps/new\">\n\
         <input type=\"hidden\" name=\"manifest\" value='{manifest}'>\n<button>Make the App</button>\n</form>\n",
        known.github
    )
}

fn key(known: &Known, organizations: &[&str]) -> Step {
    let install: String = organizations
        .iter()
        .map(|name| format!("{}/organizations/{name}/settings/installations\n", known.github))
        .collect();
    Step {
        id: "github-key",
        title: "Take the number and the key of the App, and install it".to_owned(),
        who: "Owner of the organisation",
        why: "After the form, the browser stops at an address that cannot be opened: the code in it is exchanged once. After the \
              link, the page of the App shows its number and makes a key. One run reads as one App: several organisations are \
              read by one App that is public within the enterprise, or with GH_TOKEN of an owner."
            .to_owned(),
        blocks: vec![
            Block::new(
                "shell",
                "After the form",
                "gh api --method POST /app-manifests/CODE/conversions > app.json\n\
                 jq -r .pem app.json > app.pem && chmod 600 app.pem && jq .id app.json && rm app.json\n",
            ),
            Block::new("link", "Install it, on all repositories", install),
        ],
    }
}
