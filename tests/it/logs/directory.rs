//! Where a resource lies is computed in two languages, and both have to agree.

use std::sync::LazyLock;

use leaver::source::logs::kql::Template;
use leaver::source::logs::record::directory;
use proptest::prelude::*;
use regex::Regex;

static PATTERNS: LazyLock<[Regex; 3]> = LazyLock::new(patterns);

/// The patterns as they stand in the query: of trailing separators, of the parent, and of what lies in the root.
fn patterns() -> [Regex; 3] {
    let text = Template::CallsByHour.text();
    let after = |start: &str| {
        let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("{start} is not in the query"));
        let (_, rest) = rest.split_once("@\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let trailing = format!("(?:{})$", after("bare = trim_end("));
    [trailing, after("parent = extract("), after("root = ")].map(|pattern| Regex::new(&pattern).unwrap())
}

/// What the query computes, step by step.
fn in_kusto(resource: &str, [trailing, parent, root]: &[Regex; 3]) -> String {
    let bare = trailing.replace(resource, "").into_owned();
    let parent = parent.captures(&bare).map_or("", |found| found.get(1).map_or("", |group| group.as_str()));
    if !parent.is_empty() {
        parent.to_owned()
    } else if !resource.is_empty() && root.is_match(&bare) {
        "/".to_owned()
    } else {
        bare
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn both_languages_agree(resource in r"([a-c:. ]|/|\\|\n|é){0,12}", any in any::<String>()) {
        prop_assert_eq!(in_kusto(&resource, &PATTERNS), directory(&resource));
        prop_assert_eq!(in_kusto(&any, &PATTERNS), directory(&any));
    }
}
