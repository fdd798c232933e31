//! Secrets and variables by name. The value of a variable goes through the token scanner and no further.

use std::path::Path;

use super::place::{Place, each, encoded};
use super::{Depth, Question, wire};
use crate::api::{Paging, ReadApi};
use crate::evidence::row::Sighting;
use crate::evidence::row::github::{Literal, Secret, Variable};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::source::runner::look;
use crate::text::Untrusted;

/// One kind of setting of one product.
#[derive(Clone, Copy)]
struct Kind {
    /// What a reader of the report calls it.
    what: &'static str,
    path: &'static str,
    product: &'static str,
    /// How ids call it.
    id: &'static str,
    /// The permissions for an organisation and for a repository.
    needs: [&'static str; 2],
}

const ACTIONS: [&str; 2] = ["organization_secrets=read", "secrets=read"];
const ACTIONS_VARIABLES: [&str; 2] = ["organization_actions_variables=read", "actions_variables=read"];

const SECRETS: [Kind; 4] = [
    Kind { what: "Actions secrets", path: "actions/secrets", product: "actions", id: "secret", needs: ACTIONS },
    Kind {
        what: "Dependabot secrets",
        path: "dependabot/secrets",
        product: "dependabot",
        id: "dependabot-secret",
        needs: ["organization_dependabot_secrets=read", "dependabot_secrets=read"],
    },
    Kind {
        what: "Codespaces secrets",
        path: "codespaces/secrets",
        product: "codespaces",
        id: "codespaces-secret",
        needs: ["organization_codespaces_secrets=read", "codespaces_secrets=write"],
    },
    Kind {
        what: "Agents secrets",
        path: "agents/secrets",
        product: "agents",
        id: "agents-secret",
        needs: ["organization_agent_secrets=read", "agent_secrets=read"],
    },
];

const VARIABLES: [Kind; 2] = [
    Kind {
        what: "Actions variables",
        path: "actions/variables",
        product: "actions",
        id: "variable",
        needs: ACTIONS_VARIABLES,
    },
    Kind {
        what: "Agents variables",
        path: "agents/variables",
        product: "agents",
        id: "agents-variable",
        needs: ["organization_agent_variables=read", "agent_variables=read"],
    },
];

/// Secrets are listed by the hundred, variables by thirty.
const SECRETS_PAGE: &str = "per_page=100";
const VARIABLES_PAGE: &str = "per_page=30";

const VARIABLE_TABLES: [&str; 2] = ["github_variable", "github_literal"];

pub(super) async fn of_organization(place: &Place<'_>, question: &Question<'_>) -> Result<(), Error> {
    for kind in SECRETS {
        let scope = place.scope(kind.what, kind.needs[0]);
        place
            .github
            .dataset(&["github_secret"], &scope, async |api, rows| {
                let (found, ended) = settings(api, place, &format!("{}?{SECRETS_PAGE}", kind.path), "secrets").await;
                for setting in found {
                    let repositories = selected(api, rows, place, question, kind, &setting, "github_secret").await?;
                    rows.insert(&secret(place, kind, None, setting, repositories))?;
                }
                ended
            })
            .await?;
    }
    for kind in VARIABLES {
        let scope = place.scope(kind.what, kind.needs[0]);
        place
            .github
            .dataset(&VARIABLE_TABLES, &scope, async |api, rows| {
                let path = format!("{}?{VARIABLES_PAGE}", kind.path);
                let (found, ended) = settings(api, place, &path, "variables").await;
                for setting in found {
                    let repositories = selected(api, rows, place, question, kind, &setting, "github_variable").await?;
                    variable(rows, question, place, kind, None, setting, repositories)?;
                }
                ended
            })
            .await?;
    }
    registries(place).await
}

pub(super) async fn of_repository(place: &Place<'_>, question: &Question<'_>) -> Result<(), Error> {
    for kind in SECRETS {
        secrets(place, kind, None, &format!("{}?{SECRETS_PAGE}", kind.path), kind.needs[1]).await?;
    }
    for kind in VARIABLES {
        let path = format!("{}?{VARIABLES_PAGE}", kind.path);
        variables(place, question, kind, None, &path, kind.needs[1]).await?;
    }
    Ok(())
}

pub(super) async fn of_environment(place: &Place<'_>, question: &Question<'_>, name: &str) -> Result<(), Error> {
    let path = |what: &str| format!("environments/{}/{what}", encoded(name));
    let needs = "environments=read";
    secrets(place, SECRETS[0], Some(name), &path(&format!("secrets?{SECRETS_PAGE}")), needs).await?;
    variables(place, question, VARIABLES[0], Some(name), &path(&format!("variables?{VARIABLES_PAGE}")), needs).await
}

/// Everything of one list that came, and how it ended.
async fn settings(
    api: &ReadApi,
    place: &Place<'_>,
    path: &str,
    items: &'static str,
) -> (Vec<wire::Setting>, Result<(), Stop>) {
    let mut found = Vec::new();
    let ended = each(api, &place.path(path), Paging::Items(items), |setting| {
        found.push(setting);
        Ok(())
    })
    .await;
    (found, ended)
}

/// The repositories that may use a setting which is for some only.
async fn selected(
    api: &ReadApi,
    rows: &mut Rows,
    place: &Place<'_>,
    question: &Question<'_>,
    kind: Kind,
    setting: &wire::Setting,
    table: &'static str,
) -> Result<Option<Untrusted>, Stop> {
    // A quick run has a gap in these tables in any case.
    if question.depth == Depth::Quick
        || setting.visibility.as_ref().is_none_or(|visibility| visibility.raw() != "selected")
    {
        return Ok(None);
    }
    let path = place.path(&format!("{}/{}/repositories?per_page=100", kind.path, encoded(setting.name.raw())));
    let mut names = Vec::new();
    let read = each(api, &path, Paging::Items("repositories"), |one: wire::Named| {
        names.push(one.name.raw().to_owned());
        Ok(())
    })
    .await;
    let is_whole = read.is_ok();
    super::organization::note(rows, table, &format!("repositories of {}", setting.name.raw()), read)?;
    Ok(is_whole.then(|| names.join(", ").into()))
}

async fn secrets(
    place: &Place<'_>,
    kind: Kind,
    environment: Option<&str>,
    path: &str,
    needs: &str,
) -> Result<(), Error> {
    place
        .github
        .dataset(&["github_secret"], &place.scope(&what(kind, environment), needs), async |api, rows| {
            each(api, &place.path(path), Paging::Items("secrets"), |setting| {
                Ok(rows.insert(&secret(place, kind, environment, setting, None))?)
            })
            .await
        })
        .await
        .map(drop)
}

async fn variables(
    place: &Place<'_>,
    question: &Question<'_>,
    kind: Kind,
    environment: Option<&str>,
    path: &str,
    needs: &str,
) -> Result<(), Error> {
    place
        .github
        .dataset(&VARIABLE_TABLES, &place.scope(&what(kind, environment), needs), async |api, rows| {
            each(api, &place.path(path), Paging::Items("variables"), |setting| {
                Ok(variable(rows, question, place, kind, environment, setting, None)?)
            })
            .await
        })
        .await
        .map(drop)
}

fn what(kind: Kind, environment: Option<&str>) -> String {
    environment.map_or_else(|| kind.what.to_owned(), |name| format!("{} of environment {name}", kind.what))
}

fn id(place: &Place<'_>, kind: Kind, environment: Option<&str>, name: &Untrusted) -> Untrusted {
    match environment {
        Some(environment) => place.id(&format!("environment/{environment}/{}/{}", kind.id, name.raw())),
        None => place.id(&format!("{}/{}", kind.id, name.raw())),
    }
}

fn secret(
    place: &Place<'_>,
    kind: Kind,
    environment: Option<&str>,
    setting: wire::Setting,
    repositories: Option<Untrusted>,
) -> Secret {
    Secret {
        id: id(place, kind, environment, &setting.name),
        organization: place.organization(),
        repository: place.repository_name(),
        environment: environment.map(Untrusted::from),
        product: kind.product.to_owned(),
        name: setting.name,
        visibility: setting.visibility,
        repositories,
        created_at: setting.created_at,
        updated_at: setting.updated_at,
    }
}

fn variable(
    rows: &mut Rows,
    question: &Question<'_>,
    place: &Place<'_>,
    kind: Kind,
    environment: Option<&str>,
    setting: wire::Setting,
    repositories: Option<Untrusted>,
) -> Result<(), Error> {
    let id = id(place, kind, environment, &setting.name);
    if setting.value.is_none() {
        let what = format!("{}: a variable came without its value", place.name());
        rows.gap("github_literal", Cause::new(GapKind::Truncated, what));
    }
    let value = setting.value.as_ref().map_or("", Untrusted::raw);
    // As a line of a file of variables: its name says what a value without a known shape is.
    let text = format!("{}={value}\n", setting.name.raw());
    for found in look("", Path::new("etc/environment"), text.as_bytes(), question.kinds, question.key) {
        let name = found.name.clone().or_else(|| Some(setting.name.clone()));
        let mark = &found.fingerprint[..8];
        let id = format!("{}#{mark}", id.raw()).into();
        rows.insert(&Literal { name, ..literal(place, "variable", id, found) })?;
    }
    rows.insert(&Variable {
        id,
        organization: place.organization(),
        repository: place.repository_name(),
        environment: environment.map(Untrusted::from),
        product: kind.product.to_owned(),
        name: setting.name,
        visibility: setting.visibility,
        repositories,
        created_at: setting.created_at,
        updated_at: setting.updated_at,
    })
}

/// What the scanner saw, as a row of what GitHub holds.
pub(super) fn literal(place: &Place<'_>, kind: &str, id: Untrusted, found: Sighting) -> Literal {
    Literal {
        id,
        organization: place.organization(),
        repository: place.repository_name(),
        place: kind.to_owned(),
        path: None,
        line: None,
        position: None,
        kind: found.kind,
        holder: found.holder,
        name: found.name,
        shown: found.shown,
        fingerprint: found.fingerprint,
        verified: found.verified,
        confidence: found.confidence,
        owner_kind: found.owner_kind,
        owner_id: found.owner_id,
        owner_name: found.owner_name,
        owner_source: found.owner_source,
        grade: found.grade,
        expires_at: found.expires_at,
    }
}

/// Credentials for package registries, which the organisation keeps apart from its secrets.
async fn registries(place: &Place<'_>) -> Result<(), Error> {
    let kind = Kind {
        what: "private registries",
        path: "private-registries",
        product: "private-registry",
        id: "private-registry",
        needs: ["organization_private_registries=read"; 2],
    };
    place
        .github
        .dataset(&["github_secret"], &place.scope(kind.what, kind.needs[0]), async |api, rows| {
            let path = place.path(&format!("{}?{SECRETS_PAGE}", kind.path));
            each(api, &path, Paging::Items("configurations"), |setting| {
                Ok(rows.insert(&secret(place, kind, None, setting, None))?)
            })
            .await
        })
        .await
        .map(drop)
}
