//! The SQL functions that a check may call: the harmless ones of SQLite by name, and our own over typed values.
//! Pure: no clock, no randomness, and NULL in means NULL out, so that nothing unknown becomes an answer.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use super::{federation, local, tool};
use crate::subject::subject_matches;
use crate::text::folded;

/// Everything a check may call. Left out on purpose: clocks, randomness, files, blobs, the library itself.
pub(super) const ALLOWED: &[&str] = &[
    "->",
    "->>",
    "abs",
    "avg",
    "char",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "dense_rank",
    "first_value",
    "format",
    "glob",
    "group_concat",
    "hex",
    "if",
    "ifnull",
    "iif",
    "instr",
    "json",
    "json_array",
    "json_array_length",
    "json_extract",
    "json_group_array",
    "json_group_object",
    "json_object",
    "json_type",
    "json_valid",
    "lag",
    "last_value",
    "lead",
    "length",
    "like",
    "lower",
    "ltrim",
    "max",
    "min",
    "nullif",
    "printf",
    "quote",
    "rank",
    "replace",
    "round",
    "row_number",
    "rtrim",
    "sign",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "total",
    "trim",
    "typeof",
    "unicode",
    "upper",
    "address_within",
    "days_between",
    "federated_judgements",
    "has_scope",
    "local_time",
    "names_person",
    "outside_working_hours",
    "same_account",
    "seconds",
    "seconds_between",
    "subject_matches",
    "tool_effect",
];

/// Table functions that hold no evidence: they only unfold a value of the row at hand.
pub(super) const TABLE_FUNCTIONS: &[&str] = &["json_each", "json_tree"];

/// Makes our own functions known to a connection.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    // Innocuous: views of the evidence may call them although the schema of a file is not trusted.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    // SQLite itself knows the case of ASCII only: a name with an umlaut would be another one in capitals.
    connection.create_collation("NOCASE", compared)?;
    connection.create_scalar_function("lower", 1, flags, |values| {
        Ok(values.get_raw(0).as_str().ok().map(|text| folded(text).into_owned()))
    })?;
    connection.create_scalar_function("address_within", 2, flags, |values| over(values, address_within))?;
    connection.create_scalar_function("days_between", 2, flags, |values| over(values, days_between))?;
    connection.create_scalar_function("has_scope", 2, flags, |values| over(values, has_scope))?;
    connection.create_scalar_function("names_person", 2, flags, |values| over(values, names_person))?;
    connection.create_scalar_function("same_account", 4, flags, same_account)?;
    connection.create_scalar_function("seconds_between", 2, flags, |values| over(values, seconds_between))?;
    connection.create_scalar_function("subject_matches", 2, flags, |values| over(values, subject_matches))?;
    connection.create_scalar_function("seconds", 1, flags, |values| {
        Ok(values.get_raw(0).as_str().ok().and_then(second_of))
    })?;
    local::register(connection, flags)?;
    tool::register(connection, flags)?;
    federation::register(connection, flags)
}

/// Calls `function` with both texts; anything that is not a text is not known.
fn over<T>(values: &Context<'_>, function: fn(&str, &str) -> Option<T>) -> rusqlite::Result<Option<T>> {
    let text = |index| values.get_raw(index).as_str().ok();
    Ok(text(0).zip(text(1)).and_then(|(first, second)| function(first, second)))
}

/// The order of two texts without their letter case.
fn compared(one: &str, other: &str) -> Ordering {
    match one.is_ascii() && other.is_ascii() {
        true => {
            one.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()))
        }
        false => folded(one).cmp(&folded(other)),
    }
}

/// Whether an address range lies in one of the space-separated `ranges`.
fn address_within(range: &str, ranges: &str) -> Option<bool> {
    let ranges: Vec<String> = ranges.split_whitespace().map(str::to_owned).collect();
    crate::posture::network::within(range, &ranges)
}

/// Whole days from `a` to `b`, rounded down, so that a later `a` is always negative. A date counts as its midnight in UTC.
fn days_between(a: &str, b: &str) -> Option<i64> {
    Some((second_of(b)? - second_of(a)?).div_euclid(86_400))
}

/// Seconds from `a` to `b`; a later `a` is negative.
fn seconds_between(a: &str, b: &str) -> Option<i64> {
    Some(second_of(b)? - second_of(a)?)
}

/// Whether login and number of one account are those of another: by the number where both have one, since a login can
/// be renamed and given away again; else by the login, which GitHub compares without case.
fn same_account(values: &Context<'_>) -> rusqlite::Result<Option<bool>> {
    let text = |index| values.get_raw(index).as_str().ok();
    let by_number = text(1).zip(text(3)).map(|(one, other)| one == other);
    let by_login = || text(0).zip(text(2)).map(|(one, other)| one.eq_ignore_ascii_case(other));
    Ok(by_number.or_else(by_login))
}

fn second_of(time: &str) -> Option<i64> {
    if let Ok(at) = time.parse::<Timestamp>() {
        return Some(at.as_second());
    }
    // A date with a time but without an offset is no instant.
    let date: Date = if time.len() == 10 { time.parse().ok()? } else { return None };
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

/// Whether `name` is one of the space-separated `scopes`.
fn has_scope(scopes: &str, name: &str) -> Option<bool> {
    Some(scopes.split_whitespace().any(|scope| scope.eq_ignore_ascii_case(name)))
}

/// Whether `text` holds `name` (up to its `@`) as a whole word. A hyphen, underscore or dot between letters or
/// digits belongs to the word: GitHub logins are written that way.
fn names_person(text: &str, name: &str) -> Option<bool> {
    let name = folded(name.split('@').next().unwrap_or_default().trim());
    if name.is_empty() {
        return None;
    }
    let text = folded(text);
    Some(text.match_indices(&*name).any(|(start, found)| {
        let (before, after) = (&text[..start], &text[start + found.len()..]);
        !continues(before.chars().rev()) && !continues(after.chars())
    }))
}

/// Whether a word goes on: a letter or digit, at once or behind joining characters.
fn continues(mut rest: impl Iterator<Item = char>) -> bool {
    rest.find(|c| !matches!(c, '-' | '_' | '.')).is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one<T: rusqlite::types::FromSql>(expression: &str) -> T {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        connection.query_row(&format!("SELECT {expression}"), [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn every_allowed_function_exists() {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        let mut query = connection.prepare("SELECT DISTINCT name FROM pragma_function_list").unwrap();
        let known: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        // SQLite compiles these itself, so its list does not name them.
        let inline = ["coalesce", "if", "iif"];
        for name in ALLOWED {
            assert!(inline.contains(name) || known.iter().any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn days_are_whole_and_signed() {
        assert_eq!(days_between("2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"), Some(31));
        assert_eq!(days_between("2026-05-01T12:00:00Z", "2026-05-02T11:59:59Z"), Some(0));
        assert_eq!(days_between("2026-05-01T12:00:00Z", "2026-05-01T11:00:00Z"), Some(-1));
        assert_eq!(days_between("2026-05-01", "2026-05-03T23:00:00Z"), Some(2));
        for bad in ["", "soon", "2026-02-30", "2026-05-01T10:00:00", "now"] {
            assert_eq!(days_between(bad, "2026-05-03"), None, "{bad}");
        }
        assert_eq!(one::<Option<i64>>("days_between(NULL, '2026-05-01')"), None);
        assert_eq!(one::<Option<i64>>("days_between(5, '2026-05-01')"), None);
    }

    #[test]
    fn seconds_are_signed() {
        assert_eq!(seconds_between("2026-05-01T12:00:00Z", "2026-05-01T12:01:30Z"), Some(90));
        assert_eq!(seconds_between("2026-05-01T12:00:00Z", "2026-05-01T11:59:59Z"), Some(-1));
        assert_eq!(seconds_between("2026-05-01T12:00:00Z", "later"), None);
    }

    #[test]
    fn a_number_tells_accounts_apart_and_a_login_only_where_there_is_none() {
        let same = |accounts: &str| one::<Option<bool>>(&format!("same_account({accounts})"));
        assert_eq!(same("'alice-dev', '7', 'renamed', '7'"), Some(true));
        assert_eq!(same("'alice-dev', '7', 'alice-dev', '8'"), Some(false));
        assert_eq!(same("'alice-dev', NULL, 'Alice-Dev', '8'"), Some(true));
        assert_eq!(same("'alice-dev', '7', 'alice-developer', NULL"), Some(false));
        assert_eq!(same("NULL, '7', 'alice-dev', NULL"), None);
        assert_eq!(same("NULL, NULL, NULL, NULL"), None);
    }

    #[test]
    fn letter_case_counts_in_no_script() {
        for equal in [
            "'JÜRGEN@x' = 'jürgen@x' COLLATE NOCASE",
            "lower('JÜRGEN') = 'jürgen'",
            "names_person('JÜRGEN', 'jürgen@x')",
        ] {
            assert_eq!(one::<Option<bool>>(equal), Some(true), "{equal}");
        }
        assert_eq!(one::<Option<bool>>("'ju\u{308}rgen' = 'JÜRGEN' COLLATE NOCASE"), Some(true));
        assert_eq!(one::<Option<bool>>("'jurgen' = 'jürgen' COLLATE NOCASE"), Some(false));
        assert_eq!(one::<Option<bool>>("'B' < 'a' COLLATE NOCASE"), Some(false));
        assert_eq!(one::<Option<String>>("lower(NULL)"), None);
    }

    #[test]
    fn a_scope_is_a_whole_word() {
        assert_eq!(has_scope("  User.Read   mcp.tools.Secrets ", "MCP.tools.secrets"), Some(true));
        assert_eq!(has_scope("mcp.tools.secrets.read", "mcp.tools.secrets"), Some(false));
        assert_eq!(has_scope("", ""), Some(false));
        assert_eq!(one::<Option<bool>>("has_scope(NULL, 'x')"), None);
    }

    #[test]
    fn a_person_is_named_as_a_whole_word() {
        for text in
            ["alice", "ALICE", "alice/x", "env:alice", "alice@contoso.com", "mail of (alice).", "a/b/alice", "x alice-"]
        {
            assert_eq!(names_person(text, "alice"), Some(true), "{text}");
        }
        for text in ["malice-tools", "alice-dev", "dev-alice", "alice.liddell", "alice_x", "alice2", "", "alicé"] {
            assert_eq!(names_person(text, "alice"), Some(false), "{text}");
        }
        assert_eq!(names_person("repo:alice-dev/x", "Alice-Dev"), Some(true));
        assert_eq!(names_person("alice-developer", "alice-dev"), Some(false));
        assert_eq!(names_person("PAT of alice", "alice@contoso.com"), Some(true));
        assert_eq!(names_person("PAT of alice", ""), None);
        assert_eq!(names_person("PAT of alice", "@contoso.com"), None);
        assert_eq!(one::<Option<bool>>("names_person(NULL, 'x')"), None);
    }

    proptest! {
        #[test]
        fn a_name_between_slashes_is_found_and_inside_a_word_is_not(name in "[a-z][a-z0-9-]{0,12}[a-z0-9]") {
            prop_assert_eq!(names_person(&format!("x/{name}/y"), &name.to_uppercase()), Some(true));
            prop_assert_eq!(names_person(&format!("q{name}"), &name), Some(false));
            prop_assert_eq!(names_person(&format!("{name}-9q"), &name), Some(false));
        }

        #[test]
        fn any_text_is_answered(text in any::<String>(), name in any::<String>()) {
            let _ = (names_person(&text, &name), has_scope(&text, &name), days_between(&text, &name));
        }
    }
}
