//! The OData query options of one request, and which of them are refused.

use super::super::http::{Ask, Reply};

const KNOWN: &[&str] = &["$select", "$filter", "$top", "$skiptoken", "$count", "$expand", "$orderby", "$orderBy"];

#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) select: Vec<String>,
    pub(super) expand: Vec<String>,
    pub(super) filter: Option<String>,
    pub(super) order_by: Option<String>,
    pub(super) top: Option<usize>,
    pub(super) skip_token: Option<String>,
    pub(super) count: bool,
    /// `ConsistencyLevel: eventual` and `$count=true` together.
    pub(super) advanced: bool,
    pub(super) beta: bool,
}

impl Options {
    pub(super) fn parse(ask: &Ask, beta: bool) -> Result<Options, Reply> {
        if let Some((name, _)) = ask.query.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
            return Err(bad(&format!("The query parameter '{name}' is not supported.")));
        }
        let count = match ask.option("$count") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(bad("Invalid value for $count.")),
        };
        Ok(Options {
            select: names(ask.option("$select"))?,
            expand: names(ask.option("$expand"))?,
            filter: ask.option("$filter").map(str::to_owned),
            order_by: ask.option("$orderby").or(ask.option("$orderBy")).map(str::to_owned),
            top: ask.option("$top").map(str::parse).transpose().map_err(|_| bad("Invalid value for $top."))?,
            skip_token: ask.option("$skiptoken").map(str::to_owned),
            count,
            advanced: count && ask.eventual,
            beta,
        })
    }
}

fn names(list: Option<&str>) -> Result<Vec<String>, Reply> {
    let names: Vec<String> = list.into_iter().flat_map(|list| list.split(',')).map(|n| n.trim().to_owned()).collect();
    match names.iter().find(|name| name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric())) {
        Some(name) => Err(bad(&format!("'{name}' is not a property name."))),
        None => Ok(names),
    }
}

pub(super) fn bad(message: &str) -> Reply {
    Reply::error(400, "Request_BadRequest", message)
}

pub(super) fn unsupported(message: &str) -> Reply {
    Reply::error(400, "Request_UnsupportedQuery", message)
}
