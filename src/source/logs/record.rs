//! One record of a gateway's audit log, whatever the log called its columns. Pure; it reads no log itself.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::text::Untrusted;

/// One call of a tool. `None`: the log has no such field, or this record left it empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record<T = Untrusted> {
    /// When it was made.
    pub at: Timestamp,
    /// Object id of the caller, lower case; see [`principal`].
    pub principal: Option<T>,
    /// User principal name of the caller; empty for everything that is no user.
    pub caller_name: Option<T>,
    /// The MCP server.
    pub server: Option<T>,
    /// The tool.
    pub tool: Option<T>,
    /// The scope that the token had.
    pub scope: Option<T>,
    /// What the tool was asked to touch.
    pub resource: Option<T>,
    /// HTTP status of the answer.
    pub status: Option<i64>,
    /// How long it took.
    pub latency_ms: Option<i64>,
    /// The gateway's request id.
    pub request: Option<T>,
    /// The log's own id of the record (`_ItemId`): two with the same are one record delivered twice.
    pub item: Option<T>,
}

impl<T> Record<T> {
    /// The same record with each of its texts made into something else, or only looked at. In the order of the fields.
    pub fn map<'r, U>(&'r self, mut text: impl FnMut(&'r T) -> U) -> Record<U> {
        Record {
            at: self.at,
            principal: self.principal.as_ref().map(&mut text),
            caller_name: self.caller_name.as_ref().map(&mut text),
            server: self.server.as_ref().map(&mut text),
            tool: self.tool.as_ref().map(&mut text),
            scope: self.scope.as_ref().map(&mut text),
            resource: self.resource.as_ref().map(&mut text),
            status: self.status,
            latency_ms: self.latency_ms,
            request: self.request.as_ref().map(&mut text),
            item: self.item.as_ref().map(&mut text),
        }
    }
}

/// The id that stands for none.
pub const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// An object id as evidence keeps it: lower case. A text that is empty or the nil id is none.
pub fn principal(text: &str) -> Option<Cow<'_, str>> {
    let id = text.trim();
    let is_upper = id.bytes().any(|byte| byte.is_ascii_uppercase());
    (!id.is_empty() && id != NIL).then(|| if is_upper { id.to_ascii_lowercase().into() } else { id.into() })
}

/// A text field: empty is none, as logs write what they do not know.
pub fn field(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

/// Where a resource lies: everything before its last `/` or `\`, and `/` for what lies in the root. A resource without
/// either, or with nothing but a scheme (`https://`) or drive (`C:\`) before it, is its own place. A separator at the
/// very end names the directory itself.
///
/// The same in Kusto: `let bare = trim_end(@"[/\\]+", resource); coalesce(extract(@"^(.*[^/\\:])[/\\]+[^/\\]*$", 1, bare),
/// iff(bare matches regex @"^[/\\]+[^/\\]*$" or isempty(bare), "/", bare))`, where `coalesce` needs `iff(isempty(x), …)`.
pub fn directory(resource: &str) -> &str {
    let separator = ['/', '\\'];
    let bare = resource.trim_end_matches(separator);
    let Some(last) = bare.rfind(separator) else {
        return if bare.is_empty() && !resource.is_empty() { "/" } else { bare };
    };
    let before = bare[..last].trim_end_matches(separator);
    match before {
        "" => "/",
        _ if before.ends_with(':') => bare,
        _ => before,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_directory_is_everything_before_the_name() {
        for (resource, expected) in [
            ("/srv/finance/2026/a.pdf", "/srv/finance/2026"),
            ("srv/a.pdf", "srv"),
            (r"C:\finance\a.pdf", r"C:\finance"),
            (r"C:\a.pdf", r"C:\a.pdf"),
            (r"\\host\share\a.pdf", r"\\host\share"),
            ("/etc", "/"),
            ("/", "/"),
            ("///", "/"),
            ("/srv/finance/", "/srv"),
            ("//srv//a", "//srv"),
            ("https://host", "https://host"),
            ("https://host/", "https://host"),
            ("https://host/x/y?z", "https://host/x"),
            ("secrets", "secrets"),
            ("", ""),
        ] {
            assert_eq!(directory(resource), expected, "{resource}");
        }
    }

    #[test]
    fn an_id_is_lower_case_and_nothing_is_none() {
        assert_eq!(principal(" AB-1 ").unwrap(), "ab-1");
        assert_eq!(principal("  "), None);
        assert_eq!(principal("00000000-0000-0000-0000-000000000000"), None);
        assert_eq!((field(" x "), field("\t")), (Some("x"), None));
    }

    proptest! {
        #[test]
        fn siblings_share_a_directory(parent in "/[a-z]{1,5}(/[a-z. ]{1,5}[a-z]){0,4}", a in "[a-z.]{1,8}", b in "[a-z.]{1,8}") {
            let (first, second) = (format!("{parent}/{a}"), format!("{parent}//{b}/"));
            prop_assert_eq!(directory(&first), parent.as_str());
            prop_assert_eq!(directory(&first), directory(&second));
        }

        #[test]
        fn any_text_has_a_directory_within_itself(text in any::<String>()) {
            let found = directory(&text);
            prop_assert!(found == "/" || text.contains(found));
        }
    }
}
