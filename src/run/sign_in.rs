//! Who reads, and where: the tokens' own claims and the tenant that answers, held against the configuration before anything
//! is collected. A run against another tenant would be a signed report about the wrong organisation.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::asked;
use crate::api::{self, Claims, Http, ReadApi, Service, Tokens};
use crate::config::Config;
use crate::env::Env;
use crate::error::Error;
use crate::evidence::row::Reader;
use crate::evidence::{Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind};
use crate::source::entra::routes::Routes;
use crate::text::{Untrusted, guid, is_same};

/// The services that one sign-in to Microsoft reads, and what a reader of the report calls them.
const SERVICES: [(Service, &str); 3] =
    [(Service::Graph, "Microsoft Graph"), (Service::Arm, "Azure Resource Manager"), (Service::Logs, "Log Analytics")];

/// What asking for the tenant takes; Directory.Read.All holds it.
const NEEDS: &str = "Organization.Read.All";

/// The tenant that answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organization {
    id: Option<Untrusted>,
    display_name: Option<Untrusted>,
    verified_domains: Option<Vec<Domain>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Domain {
    name: Option<Untrusted>,
}

#[derive(Deserialize)]
struct Listed {
    value: Vec<Organization>,
}

/// Who is signed in to each service of Microsoft, by the tokens.
pub(super) struct Known(BTreeMap<Service, Claims>);

/// Looks at the token of each service, without sending it anywhere.
///
/// # Errors
/// When there is none for Graph, when it has expired, or when one is of another tenant than the one configured.
pub(super) async fn tokens(tokens: &dyn Tokens, config: &Config) -> Result<Known, Error> {
    let mut known = BTreeMap::new();
    for (service, name) in SERVICES {
        if service == Service::Logs && config.logs.workspaces.is_empty() {
            continue;
        }
        let token = match tokens.token(service, false).await {
            Ok(token) => token,
            Err(error) if service == Service::Graph => return Err(asked(&error, "who this is")),
            // What it would read becomes gaps that say so.
            Err(_) => continue,
        };
        let Some(claims) = Claims::of(&token) else { continue };
        let configured = config.entra.tenant.as_deref().and_then(guid);
        if let (Some(configured), Some(tenant)) = (&configured, &claims.tenant)
            && configured != tenant
        {
            return Err(other_tenant(&format!("the token for {name} is of the tenant {tenant}"), configured));
        }
        known.insert(service, claims);
    }
    Ok(Known(known))
}

fn other_tenant(what: &str, configured: &str) -> Error {
    let message = format!("{what}, and [entra] tenant is {configured}: nothing was read");
    Error::usage(message, "sign in to the tenant that is meant (`az login --tenant ID`), or correct [entra] tenant")
}

impl Known {
    /// Asks which tenant answers, refuses another one than the tokens or the configuration name, and writes down who reads.
    ///
    /// # Errors
    /// When it is another tenant, or when nobody says which it is.
    pub(super) async fn confirm(
        &self,
        graph: &ReadApi,
        out: &Writer,
        http: &Http,
        config: &Config,
        env: &Env,
    ) -> Result<(), Error> {
        let scope = Scope { name: "sign-in to Microsoft".into(), person: None, needs: NEEDS.into() };
        let mut outcome = Ok(true);
        out.dataset(&["reader"], &scope, async |rows| {
            let told = match organization(&graph.counting(rows.tally())).await {
                Ok(told) => told,
                Err(error) => {
                    outcome = Err(error);
                    return Ok(());
                }
            };
            outcome = self.agree(told.as_ref(), config);
            let tenant = self.tenant(told.as_ref());
            self.write(rows, &Place { told: told.as_ref(), tenant: tenant.as_deref(), http, env })?;
            if told.is_none() {
                rows.gap("reader", Cause::new(GapKind::Denied, "the tenant does not say its name").needing(NEEDS));
            }
            tenant.map_or(Ok(()), |tenant| Ok(out.note("tenant", &tenant)?))
        })
        .await?;
        if outcome? { Ok(()) } else { unconfirmed(out, &scope).await }
    }

    /// The object id of who reads Azure.
    pub(super) fn reader_of_azure(&self) -> Option<&str> {
        self.0.get(&Service::Arm)?.object_id.as_deref()
    }

    fn tenant_in_tokens(&self) -> Option<&String> {
        self.0.values().find_map(|claims| claims.tenant.as_ref())
    }

    fn tenant(&self, told: Option<&Organization>) -> Option<String> {
        told.and_then(|told| guid(told.id.as_ref()?.raw())).or_else(|| self.tenant_in_tokens().cloned())
    }

    /// Whether the tenant is certain to be the one that is meant.
    fn agree(&self, told: Option<&Organization>, config: &Config) -> Result<bool, Error> {
        let (token, meant) = (self.tenant_in_tokens(), config.entra.tenant.as_deref());
        let Some(answers) = told.and_then(|told| guid(told.id.as_ref()?.raw())) else {
            // The tokens were held against an id already; a domain is known to the tenant alone.
            return Ok(token.is_some() && meant.is_none_or(|meant| guid(meant).is_some()));
        };
        let what = format!("the tenant that answers is {answers}");
        if let Some(meant) = meant.filter(|meant| !is_meant(meant, &answers, told)) {
            return Err(other_tenant(&what, meant));
        }
        match token.filter(|token| **token != answers) {
            Some(token) => {
                let message = format!("{what}, and the token is of the tenant {token}: nothing was read");
                Err(Error::usage(message, "correct [endpoints] graph: another service answers there"))
            }
            None => Ok(true),
        }
    }

    fn write(&self, rows: &mut Rows, place: &Place<'_>) -> Result<(), Stop> {
        for (service, name) in SERVICES {
            let claims = self.0.get(&service).cloned().unwrap_or_default();
            if service == Service::Graph || self.0.contains_key(&service) {
                rows.insert(&place.row(service, name, &claims))?;
            }
        }
        Ok(())
    }
}

/// Where the tokens are used.
struct Place<'a> {
    told: Option<&'a Organization>,
    tenant: Option<&'a str>,
    http: &'a Http,
    env: &'a Env,
}

impl Place<'_> {
    fn row(&self, service: Service, name: &str, claims: &Claims) -> Reader {
        let kind = match claims.is_user {
            Some(true) => "user",
            Some(false) => "service-principal",
            None => "principal",
        };
        let permissions = claims.permissions.as_ref();
        Reader {
            service: name.to_owned(),
            host: self.http.host(service),
            identity: claims.object_id.as_ref().map(|id| format!("entra:{kind}/{id}").into()),
            principal: claims.object_id.as_deref().map(Untrusted::from),
            name: claims.name.as_deref().or(claims.application.as_deref()).map(Untrusted::from),
            sign_in: api::SignIn::of(self.env, self.http.settings().managed_identity).to_string(),
            realm: self.tenant.map(Untrusted::from),
            realm_name: self.told.and_then(|told| told.display_name.clone()),
            permissions: permissions.map(|all| all.iter().cloned().collect::<Vec<_>>().join(" ").into()),
        }
    }
}

/// The tenant by its own word; nothing: this identity may not ask.
async fn organization(graph: &ReadApi) -> Result<Option<Organization>, Error> {
    match graph.get(&Routes::new().organization()).await {
        Ok(answer) => match answer.json::<Listed>() {
            Ok(Listed { value }) => Ok(value.into_iter().next()),
            Err(error) => Err(not_graph(&error)),
        },
        Err(api::Error::Denied(_)) => Ok(None),
        Err(error @ (api::Error::NotFound(_) | api::Error::Refused(_) | api::Error::Malformed { .. })) => {
            Err(not_graph(&error))
        }
        Err(error) => Err(asked(&error, "which tenant this is")),
    }
}

/// Graph always knows this request; whoever does not is something else.
fn not_graph(error: &api::Error) -> Error {
    Error::usage(format!("this is not Microsoft Graph: {error}"), "correct [endpoints] graph")
}

/// A configuration may name the tenant by its id or by one of its domains.
fn is_meant(configured: &str, answers: &str, told: Option<&Organization>) -> bool {
    let mut domains = told.into_iter().flat_map(|told| told.verified_domains.iter().flatten());
    match guid(configured) {
        Some(configured) => configured == answers,
        None => domains.any(|domain| domain.name.as_ref().is_some_and(|name| is_same(name.raw(), configured))),
    }
}

/// Where nobody says which tenant it is, nothing about anybody in it is certain.
async fn unconfirmed(out: &Writer, scope: &Scope) -> Result<(), Error> {
    let cause =
        Cause::new(GapKind::Denied, "neither the token nor the tenant says which tenant was read").needing(NEEDS);
    out.dataset(&["person", "identity", "account"], scope, async |_| Err(Stop::Gap(cause))).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(id: &str, domain: &str) -> Organization {
        let domains = vec![Domain { name: Some(domain.into()) }];
        Organization { id: Some(id.into()), display_name: None, verified_domains: Some(domains) }
    }

    #[test]
    fn a_tenant_is_meant_by_its_id_in_any_dress_or_by_one_of_its_domains() {
        let id = "84841066-274d-4ec0-a5c1-276be684bdd3";
        let told = told(id, "contoso.com");
        for configured in [id, &id.to_uppercase(), &format!("{{{id}}}"), "contoso.com", "Contoso.COM"] {
            assert!(is_meant(configured, id, Some(&told)), "{configured}");
        }
        for configured in ["84841066-274d-4ec0-a5c1-276be684bdd4", "contoso.org", ""] {
            assert!(!is_meant(configured, id, Some(&told)), "{configured}");
        }
    }
}
