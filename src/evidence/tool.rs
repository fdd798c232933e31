//! The SQL function that says what a tool does, by the verb in its name and the scope that it was called with.
//! MCP servers name their tools as they like, so this is a reading of names; pure.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

/// Verbs that change something.
const WRITES: &[&str] = &[
    "add", "append", "apply", "approve", "archive", "assign", "commit", "copy", "create", "delete", "deploy",
    "disable", "drop", "edit", "enable", "exec", "execute", "fork", "grant", "import", "insert", "install", "invoke",
    "merge", "mkdir", "modify", "move", "patch", "post", "publish", "push", "put", "remove", "rename", "replace",
    "reset", "restart", "restore", "revoke", "rotate", "run", "send", "set", "start", "stop", "submit", "trigger",
    "update", "upload", "upsert", "write",
];

/// Verbs that name things without their content.
const LISTS: &[&str] =
    &["count", "describe", "find", "info", "list", "ls", "lookup", "search", "stat", "status", "tree", "whoami"];

/// Verbs that hand out content.
const READS: &[&str] = &[
    "cat", "download", "dump", "export", "fetch", "get", "load", "open", "pull", "query", "read", "retrieve", "select",
    "show", "view",
];

/// Makes `tool_effect(tool, scope)` known to a connection.
pub(super) fn register(connection: &Connection, flags: FunctionFlags) -> rusqlite::Result<()> {
    connection.create_scalar_function("tool_effect", 2, flags, |values| {
        let text = |index| values.get_raw(index).as_str().unwrap_or_default();
        Ok(tool_effect(text(0), text(1)))
    })
}

/// `write`, `list` or `read`; `None`: neither name nor scope tells. The first verb of the name decides, then the scope:
/// a token may have a wider scope than the call needs.
fn tool_effect(tool: &str, scope: &str) -> Option<&'static str> {
    let words = words(tool);
    let kinds = [("write", WRITES), ("list", LISTS), ("read", READS)];
    let of_verb = words.iter().find_map(|word| kinds.iter().find(|(_, verbs)| verbs.contains(&word.as_str())));
    of_verb.map(|(kind, _)| *kind).or_else(|| of_scope(scope))
}

fn of_scope(scopes: &str) -> Option<&'static str> {
    let has = |ends: &[&str]| {
        scopes.split_whitespace().any(|scope| ends.iter().any(|end| scope.to_ascii_lowercase().ends_with(end)))
    };
    if has(&[".write", ".admin"]) {
        return Some("write");
    }
    has(&[".read"]).then_some("read")
}

/// The words of `read_file`, `fs.read-file`, `readFile` and `ReadFile`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        let begins = !c.is_alphanumeric() || (c.is_uppercase() && lower);
        if begins {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
        lower = c.is_lowercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_verb_says_what_a_tool_does() {
        for (tool, scope, effect) in [
            ("read_file", "mcp.tools.write", Some("read")),
            ("get_file_contents", "", Some("read")),
            ("ReadFile", "", Some("read")),
            ("filesystem.writeFile", "mcp.tools.read", Some("write")),
            ("create_or_update_file", "", Some("write")),
            ("list_directory", "mcp.tools.read", Some("list")),
            ("search_and_read", "", Some("list")),
            ("spreadsheet", "", None),
            ("thing", "openid mcp.tools.Write", Some("write")),
            ("thing", "mcp.tools.admin", Some("write")),
            ("thing", "mcp.tools.read", Some("read")),
            ("", "", None),
        ] {
            assert_eq!(tool_effect(tool, scope), effect, "{tool} {scope}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_answered(tool in any::<String>(), scope in any::<String>()) {
            let _ = tool_effect(&tool, &scope);
        }
    }
}
