//! Answers a GraphQL query from the rows of an estate: organisations, repositories with their files, and whatever else
//! a row keeps under `@graphql`. A field that it does not know is an error, as at GitHub.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::query::{Document, Field, Selection, parse};
use super::{Call, text};
use crate::demo::http::{Outcome, Reply};

/// GitHub takes no more than this from a connection at once.
const MOST: usize = 100;

/// Something that fields can be asked of.
#[derive(Clone)]
enum Node<'a> {
    Organization(&'a Value),
    Repository(&'a Value),
    Json(Value),
}

struct Executor<'a> {
    call: &'a Call<'a>,
    document: Document,
}

/// Why a query has no answer.
enum Refused {
    /// The estate does not know such a field, or the query is none.
    Unknown(String),
    /// GitHub would refuse it too.
    Invalid(&'static str, String),
}

pub(super) fn answer(call: &Call) -> Reply {
    let body: Value = serde_json::from_slice(&call.ask.body).unwrap_or_default();
    let parsed = parse(text(&body, "query"), &body["variables"]).map_err(Refused::Unknown);
    let done = parsed.and_then(|document| {
        let executor = Executor { call, document };
        let selection = executor.document.selection.clone();
        executor.root(&selection)
    });
    match done {
        Ok((data, errors)) if errors.is_empty() => Reply::json(json!({ "data": data })),
        Ok((data, errors)) => Reply::json(json!({ "data": data, "errors": errors })),
        Err(Refused::Invalid(kind, what)) => Reply::json(json!({ "errors": [{ "type": kind, "message": what }] })),
        Err(Refused::Unknown(what)) => {
            let body = json!({ "errors": [{ "type": "undefinedField", "message": what }] });
            Reply { outcome: Outcome::Unknown, ..Reply::json(body) }
        }
    }
}

impl Executor<'_> {
    fn root(&self, selection: &[Selection]) -> Result<(Value, Vec<Value>), Refused> {
        let (mut data, mut errors) = (Map::new(), Vec::new());
        for item in selection {
            let Selection::Field(field) = item else { return Err(Refused::Unknown("a fragment at the root".into())) };
            let value = match self.start(field)? {
                Some(node) => self.select(&node, &field.selection)?,
                None => {
                    let message = format!("Could not resolve {} with these arguments.", field.name);
                    errors.push(json!({ "type": "NOT_FOUND", "path": [field.key], "message": message }));
                    Value::Null
                }
            };
            data.insert(field.key.clone(), value);
        }
        Ok((Value::Object(data), errors))
    }

    fn start(&self, field: &Field) -> Result<Option<Node<'_>>, Refused> {
        let argument = |name: &str| field.arguments.get(name).and_then(Value::as_str).unwrap_or_default();
        let object = |path: String| self.call.shelf.object(&path);
        Ok(match field.name.as_str() {
            "organization" => object(format!("orgs/{}", argument("login"))).map(Node::Organization),
            "repository" => object(format!("repos/{}/{}", argument("owner"), argument("name"))).map(Node::Repository),
            "user" => object(format!("users/{}", argument("login"))).map(|row| Node::Json(account(row))),
            "enterprise" => {
                object(format!("enterprises/{}", argument("slug"))).map(|row| Node::Json(row["@graphql"].clone()))
            }
            "viewer" => object("user".into()).map(|row| Node::Json(account(row))),
            "rateLimit" => {
                Some(Node::Json(json!({ "limit": 5000, "cost": 1, "remaining": 4999, "used": 1, "resetAt": null })))
            }
            other => return Err(Refused::Unknown(format!("Field '{other}' doesn't exist on type 'Query'"))),
        })
    }

    fn select(&self, node: &Node, selection: &[Selection]) -> Result<Value, Refused> {
        match node {
            Node::Json(Value::Array(items)) => {
                let each = items.iter().map(|item| self.select(&Node::Json(item.clone()), selection));
                each.collect::<Result<Vec<Value>, Refused>>().map(Value::Array)
            }
            Node::Json(value) if selection.is_empty() => Ok(value.clone()),
            Node::Json(Value::Null) => Ok(Value::Null),
            _ => {
                let mut out = Map::new();
                self.fields(node, selection, &mut out)?;
                Ok(Value::Object(out))
            }
        }
    }

    fn fields(&self, node: &Node, selection: &[Selection], out: &mut Map<String, Value>) -> Result<(), Refused> {
        let is = |on: &Option<String>| on.as_ref().is_none_or(|on| on == kind(node));
        for item in selection {
            match item {
                Selection::Field(field) => {
                    let value = self.field(node, field)?;
                    out.insert(field.key.clone(), value);
                }
                Selection::On(on, selection) if is(on) => self.fields(node, selection, out)?,
                Selection::Spread(name) => match self.document.fragments.get(name) {
                    Some((on, selection)) if is(on) => self.fields(node, selection, out)?,
                    Some(_) => {}
                    None => return Err(Refused::Unknown(format!("the fragment {name}"))),
                },
                Selection::On(..) => {}
            }
        }
        Ok(())
    }

    fn field(&self, node: &Node, field: &Field) -> Result<Value, Refused> {
        if field.name == "__typename" {
            return Ok(kind(node).into());
        }
        let found = match node {
            Node::Organization(row) => self.of_organization(row, field),
            Node::Repository(row) => self.of_repository(row, field),
            Node::Json(value) => value.get(&field.name).cloned().map(|value| vec![Node::Json(value)]),
        };
        let Some(mut nodes) = found else {
            return Err(Refused::Unknown(format!("Field '{}' doesn't exist on type '{}'", field.name, kind(node))));
        };
        // A list whose nodes or count are asked for is a connection.
        if let [Node::Json(Value::Array(items))] = nodes.as_slice()
            && is_connection(field)
        {
            nodes = items.iter().filter(|item| keep(item, field)).cloned().map(Node::Json).collect();
        }
        match (is_connection(field), nodes.as_slice()) {
            // What is not there has no pages either.
            (true, [Node::Json(Value::Null)]) => Ok(Value::Null),
            (true, nodes) => self.connection(nodes, field),
            (false, [node]) => self.select(node, &field.selection),
            (false, _) => Err(Refused::Unknown(format!("'{}' is a connection", field.name))),
        }
    }

    fn connection(&self, nodes: &[Node], field: &Field) -> Result<Value, Refused> {
        let number =
            |name: &str| field.arguments.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let wants = |name: &str| {
            field.selection.iter().any(|item| matches!(item, Selection::Field(field) if field.name == name))
        };
        let first = number("first").or_else(|| number("last"));
        let first = match first {
            Some(first) if (1..=MOST).contains(&first) => first.min(self.call.effect.page_size.unwrap_or(MOST)),
            None if !wants("nodes") && !wants("edges") => MOST,
            _ => return Err(Refused::Invalid("MISSING_PAGINATION_BOUNDARIES", format!("`first` of '{}'", field.name))),
        };
        let after =
            field.arguments.get("after").and_then(Value::as_str).and_then(|after| after.strip_prefix("cursor:"));
        let start = after.and_then(|after| after.parse().ok()).unwrap_or(0).min(nodes.len());
        let end = (start + first).min(nodes.len());
        let page = json!({ "hasNextPage": end < nodes.len(), "hasPreviousPage": start > 0, "endCursor": format!("cursor:{end}"),
                           "startCursor": format!("cursor:{start}") });
        let mut out = Map::new();
        for item in &field.selection {
            let Selection::Field(asked) = item else {
                return Err(Refused::Unknown("a fragment of a connection".into()));
            };
            let value = match asked.name.as_str() {
                "totalCount" => nodes.len().into(),
                "pageInfo" => self.select(&Node::Json(page.clone()), &asked.selection)?,
                "nodes" => {
                    let shown = nodes[start..end].iter().map(|node| self.select(node, &asked.selection));
                    Value::Array(shown.collect::<Result<_, _>>()?)
                }
                other => return Err(Refused::Unknown(format!("'{other}' of a connection"))),
            };
            out.insert(asked.key.clone(), value);
        }
        Ok(Value::Object(out))
    }

    fn of_organization(&self, row: &Value, field: &Field) -> Option<Vec<Node<'_>>> {
        let login = text(row, "login");
        Some(match field.name.as_str() {
            "repositories" => {
                self.call.shelf.list(&format!("orgs/{login}/repos")).iter().map(Node::Repository).collect()
            }
            "repository" => {
                let name = field.arguments.get("name").and_then(Value::as_str).unwrap_or_default();
                let row = self.call.shelf.object(&format!("repos/{login}/{name}"));
                vec![row.map_or(Node::Json(Value::Null), Node::Repository)]
            }
            _ => vec![Node::Json(account(row).get(&field.name).or_else(|| row["@graphql"].get(&field.name))?.clone())],
        })
    }

    fn of_repository(&self, row: &Value, field: &Field) -> Option<Vec<Node<'_>>> {
        let (owner, name) = (text(&row["owner"], "login"), text(row, "name"));
        let list = |what: &str| self.call.shelf.list(&format!("repos/{owner}/{name}/{what}"));
        let value = match field.name.as_str() {
            "name" => row["name"].clone(),
            "nameWithOwner" => format!("{owner}/{name}").into(),
            "databaseId" => row["id"].clone(),
            "isArchived" => row["archived"].clone(),
            "isPrivate" => (row["visibility"] != "public").into(),
            "visibility" => text(row, "visibility").to_uppercase().into(),
            "createdAt" => row["created_at"].clone(),
            "pushedAt" => row["pushed_at"].clone(),
            "owner" => account(&row["owner"]),
            "defaultBranchRef" => json!({ "name": row["default_branch"] }),
            "object" => object(self.call.shelf.files(owner, name), field),
            "deployKeys" => Value::Array(list("keys").to_vec()),
            "environments" => Value::Array(list("environments").to_vec()),
            other => match row["@graphql"].get(other) {
                Some(value) => value.clone(),
                None if other == "branchProtectionRules" => json!([]),
                None if other == "viewerCanAdminister" => true.into(),
                None => return None,
            },
        };
        Some(vec![Node::Json(value)])
    }
}

/// The filters of external identities.
fn keep(item: &Value, field: &Field) -> bool {
    let wanted = |name: &str| field.arguments.get(name).and_then(Value::as_str);
    let same = |value: &Value, wanted: &str| value.as_str().is_some_and(|value| value.eq_ignore_ascii_case(wanted));
    wanted("userName")
        .is_none_or(|name| same(&item["samlIdentity"]["nameId"], name) || same(&item["scimIdentity"]["username"], name))
        && (field.name != "externalIdentities"
            || wanted("login").is_none_or(|login| same(&item["user"]["login"], login)))
}

fn is_connection(field: &Field) -> bool {
    let one = |item: &Selection| matches!(item, Selection::Field(field) if ["nodes", "edges", "totalCount", "pageInfo"].contains(&field.name.as_str()));
    field.selection.iter().any(one)
}

fn kind<'n>(node: &'n Node) -> &'n str {
    match node {
        Node::Organization(_) => "Organization",
        Node::Repository(_) => "Repository",
        Node::Json(value) => text(value, "__typename"),
    }
}

fn account(row: &Value) -> Value {
    let kind = row["type"].as_str().unwrap_or("User");
    json!({ "__typename": kind, "login": row["login"], "databaseId": row["id"], "name": row["name"],
            "createdAt": row["created_at"], "id": format!("node-{}", row["id"]) })
}

/// What a path of a repository holds: a file, or the files of a folder.
fn object(files: &[Value], field: &Field) -> Value {
    let expression = field.arguments.get("expression").and_then(Value::as_str).unwrap_or_default();
    let path = expression.split_once(':').map_or("", |(_, path)| path).trim_end_matches('/');
    if let Some(file) = files.iter().find(|file| file["path"] == path) {
        return blob(file);
    }
    let folder = format!("{path}/");
    let within = |file: &&Value| text(file, "path").strip_prefix(&folder).is_some_and(|rest| !rest.contains('/'));
    let entries: Vec<Value> = files.iter().filter(within).map(entry).collect();
    if entries.is_empty() { Value::Null } else { json!({ "__typename": "Tree", "oid": oid(path), "entries": entries }) }
}

fn entry(file: &Value) -> Value {
    let path = text(file, "path");
    let name = path.rsplit('/').next().unwrap_or(path);
    json!({ "__typename": "TreeEntry", "name": name, "path": path, "type": "blob", "mode": 33188,
            "oid": oid(text(file, "text")), "object": blob(file) })
}

fn blob(file: &Value) -> Value {
    let whole = text(file, "text");
    json!({ "__typename": "Blob", "oid": oid(whole), "byteSize": whole.len(), "isBinary": false, "isTruncated": false, "text": whole })
}

fn oid(text: &str) -> String {
    Sha256::digest(text).iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}
