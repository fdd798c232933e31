//! Reads the `Link` header of RFC 8288, as far as it says where the next page is. Pure.

/// The target with the relation `next`.
pub(super) fn next(header: &str) -> Option<&str> {
    target(header, "next")
}

/// The target with the relation `last`, which the last page itself does not have.
pub(super) fn last(header: &str) -> Option<&str> {
    target(header, "last")
}

fn target<'h>(header: &'h str, relation: &str) -> Option<&'h str> {
    let mut rest = header;
    while let Some(open) = rest.find('<') {
        let (target, after) = rest[open + 1..].split_once('>')?;
        // The parameters end where the next target begins: a comma may stand inside a quoted one.
        let end = after.find('<').unwrap_or(after.len());
        if is(&after[..end], relation) {
            return Some(target);
        }
        rest = &after[end..];
    }
    None
}

/// `; rel="next"`, also unquoted and among others.
fn is(parameters: &str, relation: &str) -> bool {
    parameters.split(';').filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
        let relations = value.trim().trim_end_matches(',').trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && relations.split_whitespace().any(|one| one.eq_ignore_ascii_case(relation))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_page_is_found_wherever_it_stands() {
        for (header, expected) in [
            (r#"<https://h/a?page=2>; rel="next", <https://h/a?page=9>; rel="last""#, Some("https://h/a?page=2")),
            (r#"<https://h/a?page=1>; rel="prev", <https://h/a,b?x=1;y>; rel="next""#, Some("https://h/a,b?x=1;y")),
            (r#"</a?page=2>; title="a, b"; rel=next"#, Some("/a?page=2")),
            (r#"<?p=3>;rel="last next""#, Some("?p=3")),
            (r#"<https://h/a?rel="next">; rel="first""#, None),
            (r#"<https://h/next>; rel="nextish""#, None),
            ("<https://h/a", None),
            ("", None),
        ] {
            assert_eq!(next(header), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_survived(header in "[ -~]{0,80}") {
            let _ = next(&header);
        }

        #[test]
        fn whatever_stands_around_it_the_next_page_is_found(before in "[a-z0-9/?=&]{0,20}", target in "[a-z0-9/?=&,;]{1,20}") {
            let header = format!(r#"<{before}>; rel="prev", <{target}>; rel="next", <{before}>; rel="last""#);
            prop_assert_eq!(next(&header), Some(target.as_str()));
        }
    }
}
