//! API Management: every operation of every interface, by every product through which it can be called, with what the policy in
//! force does to a call. Named values without secrets are put in; nothing of a policy is kept but what it means.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use serde_json::Value;
use url::Url;

use super::{AT_ONCE, Fence, Listed, foreign, id, items, joined, list, lower, needing, open, path, text, truth};
use crate::api::{Error as Failure, ReadApi};
use crate::evidence::row::posture::{ApiGateway, GatewayCall, GatewayLogger};
use crate::evidence::{Error, Rows};
use crate::model::{Cause, GapKind};
use crate::posture::gateway::{Counted, Element, Link, Meaning, Rate, Settings, meaning, parse};
use crate::source::azure::{ask, of};

const VERSION: &str = "api-version=2022-08-01";

const CALLS: &str = "gateway_call";

/// What the list of services decides on: without a service there are no calls either.
const TABLES: [&str; 3] = ["api_gateway", CALLS, "gateway_logger"];

const SERVICES: Listed =
    Listed { what: "API Management services", resource: "Microsoft.ApiManagement/service", version: "2022-08-01" };

/// Tiers whose outbound addresses are shared or change.
const UNSTABLE: [&str; 5] = ["consumption", "basicv2", "standardv2", "premiumv2", "isolated"];

pub(super) async fn collect(fence: &Fence<'_>) -> Result<(), Error> {
    let wanted: BTreeSet<String> = fence.question.gateways.iter().map(|id| lower(id)).collect();
    let mut services: Vec<(String, Value)> = Vec::new();
    fence
        .each(&TABLES, &SERVICES, |rows, _, found| {
            for row in found {
                let Some(id) = id(&row, rows, &TABLES) else { continue };
                if wanted.is_empty() || wanted.contains(&id) {
                    services.push((id, row));
                }
            }
            Ok(())
        })
        .await?;
    missing(fence, &wanted, &services).await?;
    for (id, row) in services {
        let mut interfaces = 0;
        fence
            .azure
            .dataset(
                &[CALLS, "gateway_logger"],
                &needing(&format!("API Management {}", name(&id)), "Microsoft.ApiManagement/service/apis/policies"),
                async |api, rows| {
                    let service = Service::read(api, rows, &id).await;
                    interfaces = service.interfaces.len();
                    service.keep(rows)
                },
            )
            .await?;
        fence
            .azure
            .dataset(
                &["api_gateway"],
                &needing(&format!("API Management {}", name(&id)), "Microsoft.ApiManagement/service"),
                async |_, rows| Ok(rows.insert(&described(id.clone(), &row, interfaces))?),
            )
            .await?;
    }
    Ok(())
}

/// A gateway that is configured and not seen is a gap, not an absence.
async fn missing(fence: &Fence<'_>, wanted: &BTreeSet<String>, services: &[(String, Value)]) -> Result<(), Error> {
    let unseen: Vec<&String> = wanted.iter().filter(|id| !services.iter().any(|(known, _)| known == *id)).collect();
    if unseen.is_empty() {
        return Ok(());
    }
    let tables = ["api_gateway", CALLS];
    fence
        .azure
        .dataset(&tables, &needing("configured gateways", "Microsoft.ApiManagement/service"), async |_, rows| {
            for id in unseen {
                let cause = Cause::new(GapKind::Denied, format!("the gateway {id} is not visible"));
                open(rows, &tables, &cause);
            }
            Ok(())
        })
        .await
        .map(drop)
}

fn name(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn described(id: String, row: &Value, interfaces: usize) -> ApiGateway {
    let sku = text(row, "/sku/name");
    let addresses = ["/properties/publicIPAddresses", "/properties/outboundPublicIPAddresses"]
        .into_iter()
        .flat_map(|place| items(row, place))
        .filter_map(Value::as_str);
    let addresses: BTreeSet<String> = addresses.map(str::to_owned).collect();
    ApiGateway {
        id,
        name: foreign(row, "/name"),
        stable: sku.as_ref().map(|sku| !UNSTABLE.contains(&sku.to_lowercase().as_str()) && !addresses.is_empty()),
        sku: sku.map(Into::into),
        network: text(row, "/properties/virtualNetworkType").map(|kind| kind.to_lowercase()),
        reachable: text(row, "/properties/publicNetworkAccess").map(|access| !access.eq_ignore_ascii_case("Disabled")),
        addresses: joined(addresses).map(Into::into),
        servers: i64::try_from(interfaces).ok(),
    }
}

/// One policy: what it is, none, or not readable.
type Policy = Result<Option<Element>, ()>;

/// An interface of a service.
struct Interface {
    id: String,
    row: Value,
    policy: Policy,
    operations: Vec<(String, Value, Policy)>,
    /// Products through which it can be called.
    products: Vec<String>,
}

/// What a service says.
struct Service {
    id: String,
    settings: Settings,
    global: Policy,
    /// Products by name, and whether one has to have subscribed.
    products: BTreeMap<String, (Policy, bool)>,
    interfaces: Vec<Interface>,
    backends: BTreeMap<String, String>,
}

impl Service {
    async fn read(api: &ReadApi, rows: &mut Rows, id: &str) -> Service {
        let settings = Settings { fragments: fragments(api, rows, id).await, values: values(api, rows, id).await };
        let global = policy(api, rows, id).await;
        let mut products = BTreeMap::new();
        let mut of_interface: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in whole(api, rows, id, "products").await {
            let Some(name) = text(&row, "/name") else { continue };
            let at = format!("{id}/products/{name}");
            let open = truth(&row, "/properties/subscriptionRequired") == Some(false);
            products.insert(name.clone(), (policy(api, rows, &at).await, open));
            for interface in whole(api, rows, &at, "apis").await {
                of_interface
                    .entry(text(&interface, "/name").unwrap_or_default().to_lowercase())
                    .or_default()
                    .push(name.clone());
            }
        }
        let found = whole(api, rows, id, "apis").await;
        let mut interfaces = Vec::new();
        for row in found {
            let Some(name) = text(&row, "/name") else { continue };
            let at = format!("{id}/apis/{name}");
            let products = of_interface.get(&name.to_lowercase()).cloned().unwrap_or_default();
            interfaces.push(Interface {
                policy: policy(api, rows, &at).await,
                operations: operations(api, rows, &at).await,
                id: lower(&at),
                row,
                products,
            });
        }
        for logger in whole(api, rows, id, "loggers").await {
            let Some(at) = super::id(&logger, rows, &["gateway_logger"]) else { continue };
            // A logger says nothing about calls by itself.
            let _ = rows.insert(&GatewayLogger {
                id: at,
                gateway: id.to_owned(),
                kind: foreign(&logger, "/properties/loggerType"),
            });
        }
        let backends = whole(api, rows, id, "backends").await.into_iter();
        let backends = backends
            .filter_map(|row| Some((text(&row, "/name")?.to_lowercase(), text(&row, "/properties/url")?)))
            .collect();
        Service { id: id.to_owned(), settings, global, products, interfaces, backends }
    }

    fn keep(&self, rows: &mut Rows) -> Result<(), crate::evidence::Stop> {
        for interface in &self.interfaces {
            let own = (interface.id.clone(), Value::Null, Ok(None));
            let operations =
                if interface.operations.is_empty() { std::slice::from_ref(&own) } else { &interface.operations[..] };
            for operation in operations {
                for product in self.ways(interface) {
                    rows.insert(&self.call(interface, operation, product))?;
                }
            }
        }
        Ok(())
    }

    /// The products through which an interface can be called, and without any where that is possible.
    fn ways<'s>(&'s self, interface: &'s Interface) -> Vec<Option<&'s str>> {
        let needs_key = truth(&interface.row, "/properties/subscriptionRequired") != Some(false);
        let mut ways: Vec<Option<&str>> = interface.products.iter().map(|name| Some(name.as_str())).collect();
        // A key for the interface alone, or none, belongs to no product.
        if ways.is_empty() || !needs_key {
            ways.push(None);
        }
        ways
    }

    fn call(
        &self,
        interface: &Interface,
        (id, row, policy): &(String, Value, Policy),
        product: Option<&str>,
    ) -> GatewayCall {
        let of_product = product.map(|name| self.products.get(name).map_or(Err(()), |(policy, _)| policy.clone()));
        let scopes = [
            ("operation", Some(policy.clone())),
            ("interface", Some(interface.policy.clone())),
            ("product", of_product),
            ("global", Some(self.global.clone())),
        ];
        let scopes: Vec<(&'static str, Policy)> =
            scopes.into_iter().filter_map(|(name, policy)| Some((name, policy?))).collect();
        let read: Result<Vec<(&'static str, Option<Element>)>, ()> =
            scopes.into_iter().map(|(name, policy)| Ok((name, policy?))).collect();
        let meant = read.ok().and_then(|read| {
            let chain: Vec<Link<'_>> = read.iter().map(|(name, policy)| (*name, policy.as_ref())).collect();
            meaning(&chain, &self.settings).ok()
        });
        let url = text(row, "/properties/urlTemplate").unwrap_or_default();
        let whole = format!(
            "{}{url}",
            text(&interface.row, "/properties/path").map(|path| format!("/{path}")).unwrap_or_default()
        );
        let is_open = whole.contains("/.well-known/oauth-protected-resource")
            || whole.contains("/.well-known/oauth-authorization-server");
        let base = GatewayCall {
            id: product.map_or_else(|| id.clone(), |product| format!("{id}?product={}", product.to_lowercase())),
            gateway: self.id.clone(),
            interface: foreign(&interface.row, "/properties/displayName")
                .or_else(|| foreign(&interface.row, "/name"))
                .unwrap_or_default(),
            operation: foreign(row, "/properties/displayName").or_else(|| foreign(row, "/name")),
            product: product.map(Into::into),
            open: is_open,
            understood: meant.is_some(),
            backend: self.backend(interface).map(Into::into),
            ..GatewayCall::default()
        };
        meant.map_or(base.clone(), |meant| judged(base, &meant))
    }

    /// The host that the interface leads to.
    fn backend(&self, interface: &Interface) -> Option<String> {
        let own = text(&interface.row, "/properties/serviceUrl");
        let named = || {
            let policy = interface.policy.as_ref().ok()?.as_ref()?;
            let set = policy.within().into_iter().find(|element| element.name == "set-backend-service")?;
            match (set.attribute("base-url"), set.attribute("backend-id")) {
                (Some(url), _) => Some(url.to_owned()),
                (None, Some(id)) => self.backends.get(&id.to_lowercase()).cloned(),
                (None, None) => None,
            }
        };
        let url = own.or_else(named)?;
        Url::parse(&url).ok()?.host_str().map(str::to_lowercase)
    }
}

/// What the policy means, in columns.
fn judged(base: GatewayCall, meant: &Meaning) -> GatewayCall {
    let auth = meant.auth.as_ref();
    let best = best(&meant.rates);
    let text = |words: &[String]| joined(words.iter().cloned()).map(Into::into);
    GatewayCall {
        auth: Some(auth.map_or("never", |auth| if auth.always { "always" } else { "sometimes" }).to_owned()),
        issuer: auth.and_then(|auth| auth.issuer),
        audience: auth.and_then(|auth| auth.audience),
        scopes: auth.and_then(|auth| auth.scopes),
        strict: auth.map(|auth| auth.strict),
        code: auth.and_then(|auth| auth.code),
        first: auth.map(|auth| auth.first),
        cut: meant.cut.map(str::to_owned),
        limited: best.filter(|rate| rate.by == Some(Counted::Principal)).and_then(Rate::a_minute),
        limited_by: best.map(|rate| rate.by.map_or("unknown", Counted::name).to_owned()),
        limit_sure: best.map(|rate| rate.always),
        filter: text(&meant.filter),
        header: meant.header.clone().map(Into::into),
        proof: Some(meant.proof),
        shield: Some(meant.shield.map_or("none", |enforced| if enforced { "enforced" } else { "reported" }).to_owned()),
        logs: meant.log.as_ref().and_then(|log| text(&log.fields)),
        logs_body: meant.log.as_ref().map(|log| log.body),
        ..base
    }
}

/// The limit that holds a single caller best: by principal, for each call, with the fewest calls.
fn best(rates: &[Rate]) -> Option<&Rate> {
    rates.iter().min_by_key(|rate| {
        let by = match rate.by {
            Some(Counted::Principal) => 0,
            None => 1,
            Some(_) => 2,
        };
        (by, !rate.always, rate.a_minute().unwrap_or(i64::MAX))
    })
}

async fn whole(api: &ReadApi, rows: &mut Rows, at: &str, what: &str) -> Vec<Value> {
    let (found, ended) = list::<Value>(api, &format!("{}/{what}?{VERSION}", path(at))).await;
    if let Err(error) = ended {
        gap(rows, &format!("{what} of {}", name(at)), &error);
    }
    let (whole, broken): (Vec<Value>, Vec<Value>) =
        found.into_iter().partition(|row| text(row, "/id").is_some() && text(row, "/name").is_some());
    if !broken.is_empty() {
        let detail = format!("{} of the {what} of {} came without id or name", broken.len(), name(at));
        rows.gap(CALLS, Cause::new(GapKind::Truncated, detail));
    }
    whole
}

fn gap(rows: &mut Rows, what: &str, error: &Failure) {
    let cause = of(what, error);
    rows.gap(CALLS, cause);
}

/// The policy at one scope: 404 says that there is none.
async fn policy(api: &ReadApi, rows: &mut Rows, at: &str) -> Policy {
    let answer = api.get(&ask(&format!("{}/policies/policy?{VERSION}&format=rawxml", path(at)))).await;
    match answer.and_then(|answer| answer.json::<Value>()) {
        Ok(found) => read(rows, at, text(&found, "/properties/value")).map(Some),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => {
            gap(rows, &format!("policy of {}", name(at)), &error);
            Err(())
        }
    }
}

fn read(rows: &mut Rows, at: &str, value: Option<String>) -> Result<Element, ()> {
    value.and_then(|value| parse(&value).ok()).ok_or_else(|| {
        let cause = Cause::new(GapKind::Failed, format!("the policy of {} is not understood", name(at)))
            .needing("read it by hand");
        rows.gap(CALLS, cause);
    })
}

async fn operations(api: &ReadApi, rows: &mut Rows, at: &str) -> Vec<(String, Value, Policy)> {
    let found = whole(api, rows, at, "operations").await;
    let one = async |row: Value| {
        let at = format!("{at}/operations/{}", text(&row, "/name").unwrap_or_default());
        let answer = api.get(&ask(&format!("{}/policies/policy?{VERSION}&format=rawxml", path(&at)))).await;
        (at, row, answer.and_then(|answer| answer.json::<Value>()))
    };
    let answers: Vec<_> = stream::iter(found).map(one).buffered(AT_ONCE).collect().await;
    let mut all = Vec::new();
    for (at, row, answer) in answers {
        let policy = match answer {
            Ok(found) => read(rows, &at, text(&found, "/properties/value")).map(Some),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => {
                gap(rows, &format!("policy of {}", name(&at)), &error);
                Err(())
            }
        };
        all.push((lower(&at), row, policy));
    }
    all
}

/// Fragments, each as it is written.
async fn fragments(api: &ReadApi, rows: &mut Rows, id: &str) -> BTreeMap<String, Option<Element>> {
    let mut all = BTreeMap::new();
    for row in whole(api, rows, id, "policyFragments").await {
        let Some(name) = text(&row, "/name") else { continue };
        let at = format!("{id}/policyFragments/{name}");
        let answer = api.get(&ask(&format!("{}?{VERSION}&format=rawxml", path(&at)))).await;
        let found = match answer.and_then(|answer| answer.json::<Value>()) {
            Ok(found) => text(&found, "/properties/value"),
            Err(error) => {
                gap(rows, &format!("fragment {name}"), &error);
                None
            }
        };
        all.insert(name.to_lowercase(), found.and_then(|value| parse(&value).ok()));
    }
    all
}

/// Named values. A secret comes without its value, and so does what is kept in a vault.
async fn values(api: &ReadApi, rows: &mut Rows, id: &str) -> BTreeMap<String, Option<String>> {
    let of = |row: Value| {
        let secret = truth(&row, "/properties/secret") == Some(true)
            || row.pointer("/properties/keyVault").is_some_and(Value::is_object);
        let value = text(&row, "/properties/value").filter(|_| !secret);
        Some((text(&row, "/properties/displayName").or_else(|| text(&row, "/name"))?.to_lowercase(), value))
    };
    whole(api, rows, id, "namedValues").await.into_iter().filter_map(of).collect()
}
