//! The words of conditions: which field of a record a column is, which verbs of tools read or write, and the parts of an expression.

use std::collections::BTreeMap;

use super::expression::Expression;

pub(super) const HOURS: [&str; 6] = ["hourofday", "datetime_part", "startofday", "dayofweek", "gethour", "hour"];
pub(super) const WRITES: [&str; 12] =
    ["write", "delete", "create", "update", "edit", "put", "push", "move", "remove", "upload", "admin", "modify"];
pub(super) const READS: [&str; 6] = ["read", "get", "fetch", "list", "download", "search"];

/// The field of a record behind the name of a column, whatever kind of table it is in.
pub(super) fn logical(name: &str) -> Option<&'static str> {
    let bare = name
        .strip_suffix("_s")
        .or(name.strip_suffix("_g"))
        .or(name.strip_suffix("_d"))
        .or(name.strip_suffix("_t"))
        .unwrap_or(name);
    Some(match bare {
        "timegenerated" | "timestamp" | "time" | "_timereceived" => "time",
        "caller_oid" | "callerobjectid" | "principal" | "caller" | "principal_id" => "caller",
        "caller_upn" | "caller_name" | "user" | "upn" => "name",
        "tool_name" | "tool" | "toolname" => "tool",
        "scope_used" | "scope" => "scope",
        "resource_accessed" | "resource" | "path" | "directory" => "resource",
        "response_status" | "status" | "statuscode" | "responsecode" | "response_code" => "status",
        "mcp_server" | "server" => "server",
        _ => return None,
    })
}

/// Seconds of a clock as hours.
pub(super) fn hours(value: f64) -> f64 {
    if value > 24.0 { value / 3_600.0 } else { value }
}

pub(super) fn conjuncts(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::All(all) => all.iter().flat_map(conjuncts).collect(),
        one => vec![one],
    }
}

pub(super) fn disjuncts(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Any(all) => all.iter().flat_map(disjuncts).collect(),
        one => vec![one],
    }
}

pub(super) fn mentions(expression: &Expression, names: &[&str]) -> bool {
    match expression {
        Expression::Call(name, arguments) => {
            names.contains(&name.as_str()) || arguments.iter().any(|one| mentions(one, names))
        }
        Expression::Binary(_, left, right) => mentions(left, names) || mentions(right, names),
        Expression::All(all) | Expression::Any(all) | Expression::List(all) => {
            all.iter().any(|one| mentions(one, names))
        }
        _ => false,
    }
}

/// Every `ago(…)` in it.
pub(super) fn agos(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Call(name, arguments) if name == "ago" => arguments.iter().take(1).collect(),
        Expression::Call(_, all) | Expression::List(all) | Expression::All(all) | Expression::Any(all) => {
            all.iter().flat_map(agos).collect()
        }
        Expression::Binary(_, left, right) => agos(left).into_iter().chain(agos(right)).collect(),
        _ => Vec::new(),
    }
}

/// The texts of a list, a variable or a single one.
pub(super) fn texts(expression: &Expression, lets: &BTreeMap<String, Expression>) -> Vec<String> {
    match expression {
        Expression::Text(text) => vec![text.clone()],
        Expression::List(all) | Expression::Call(_, all) => all.iter().flat_map(|one| texts(one, lets)).collect(),
        Expression::Name(name) => match lets.get(&name.to_lowercase()) {
            Some(Expression::Name(_)) | None => Vec::new(),
            Some(value) => texts(value, lets),
        },
        _ => Vec::new(),
    }
}
