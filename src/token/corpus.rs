//! Every kind of the table against values that are drawn from its own pattern, and against near misses of each.

use proptest::strategy::{Strategy, ValueTree};
use proptest::string::string_regex;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::kinds::Kind;
use super::*;

/// Kinds whose values have a checksum or a structure: they are put together elsewhere.
fn is_drawn(kind: &Kind) -> bool {
    let opaque = matches!(kind.check, None | Some(structure::Check::Opaque | structure::Check::Drawn));
    // Of these more has to fit together than a pattern says.
    let others = [
        "private-key",
        "putty-key",
        "ssh2-key",
        "jwk-key",
        "pypi-token",
        "azure-sas",
        "azure-connection-key",
        "url-password",
        "url-password-raw",
        "url-user",
        "connection-password",
    ];
    opaque && !kind.is_only_surroundings() && !others.contains(&kind.name.as_str())
}

/// Three values with what has to stand around them.
fn values(kind: &Kind) -> Vec<String> {
    // Not in mixed cases: nobody writes `vAuLt_tOkEn`.
    let pattern = kind.pattern().replace("(?i:", "(?:");
    let ascii = pattern
        .replace(r"(?:[^\w+-]|$)", r"\n")
        .replace(r"\b", r"\n")
        .replace(r"\w", "0-9A-Za-z_")
        .replace(r"\d", "[0-9]");
    // Inside of a class a class needs no brackets.
    let ascii = ascii.replace("[[0-9]", "[0-9").replace(r"\s", " ");
    let ascii = bracketed(&ascii);
    let strategy = string_regex(&ascii).unwrap_or_else(|broken| panic!("{}: {ascii}: {broken}", kind.name));
    let seed: Vec<u8> = kind.name.bytes().cycle().take(32).collect();
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    (0..3).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

/// `0-9A-Za-z_` that stands outside of a class becomes one.
fn bracketed(pattern: &str) -> String {
    let (mut out, mut rest, mut inside) = (String::new(), pattern, false);
    while let Some(c) = rest.chars().next() {
        if !inside && rest.starts_with("0-9A-Za-z_") {
            out.push_str("[0-9A-Za-z_]");
            rest = &rest["0-9A-Za-z_".len()..];
            continue;
        }
        inside = match c {
            '[' => true,
            ']' => false,
            _ => inside,
        };
        let length = if c == '\\' { 1 + rest[1..].chars().next().map_or(0, char::len_utf8) } else { c.len_utf8() };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

fn kinds_in(text: &str) -> Vec<&str> {
    kinds().find(text.as_bytes()).into_iter().map(|hit| hit.kind.name.as_str()).collect()
}

/// Where a value stands in a file: as a variable, in JSON, as an argument; behind the word that announces it, if its kind
/// needs one.
fn true_forms(kind: &Kind, value: &str) -> Vec<String> {
    if kind.beside.is_empty() {
        let plain = value.trim_end();
        return vec![
            format!("{value}\n"),
            format!("export X=\"{value}\"\n"),
            format!("{{\"x\": \"{plain}\"}}\n"),
            format!("_{{{plain}}}_\n"),
        ];
    }
    let of = |word: &String| {
        let upper = word.to_uppercase();
        [
            format!("export {upper}_TOKEN={value}\n"),
            format!("{{\"{word}Token\": \"{value}\"}}\n"),
            format!("my_{word}:\n  key: '{value}' # x\n"),
            format!("<{word}>\n  <secret>{value}</secret>\n</{word}>\n"),
        ]
    };
    kind.beside.iter().flat_map(of).collect()
}

#[test]
fn every_kind_finds_what_its_issuer_makes() {
    let mut lost = Vec::new();
    for kind in kinds().iter().filter(|kind| is_drawn(kind)) {
        for value in values(kind) {
            for text in true_forms(kind, &value) {
                let found = kinds_in(&text);
                if !found.contains(&kind.name.as_str()) && !found.iter().any(|found| is_alike(found, &kind.name)) {
                    let start = text.split_once('\n').map_or("", |(line, _)| line).split(value.as_str()).next();
                    lost.push(format!("{}: behind {start:?}, found {found:?}", kind.name));
                }
            }
        }
    }
    assert!(lost.is_empty(), "{lost:#?}");
}

/// What is announced needs its word, a place where values stand, and no name that says that it is something else.
#[test]
fn what_no_word_announces_is_none_of_its_kind() {
    let mut hit = Vec::new();
    // What has no length of its own may go on.
    let is_endless = |kind: &&Kind| matches!(kind.name.as_str(), "snowflake-token" | "entra-refresh");
    let announced = kinds().iter().filter(|kind| is_drawn(kind) && !kind.beside.is_empty());
    for kind in announced.filter(|kind| !is_endless(kind)) {
        let word = &kind.beside[0];
        for value in values(kind) {
            for miss in [
                format!("export DEPLOYMENT={value}\n"),
                format!("uses: {word}/action@{value}\n"),
                format!("https://x.contoso.com/{word}-1.2.tgz#{value}\n"),
                format!("{word}_sha: {value}\n"),
                format!("{word} {} = {value}\n", "and so on ".repeat(6)),
                format!("{word}_TOKEN={value}a{value}\n"),
            ] {
                if kinds_in(&miss).contains(&kind.name.as_str()) {
                    hit.push(format!("{}: {}", kind.name, miss.replace(value.as_str(), "…")));
                }
            }
        }
    }
    assert!(hit.is_empty(), "{hit:#?}");
}

/// Kinds of one issuer that share a beginning: either name is right.
fn is_alike(found: &str, name: &str) -> bool {
    found.split('-').next() == name.split('-').next()
}

#[test]
fn a_near_miss_is_none_of_its_kind() {
    let mut hit = Vec::new();
    for kind in kinds().iter().filter(|kind| is_drawn(kind) && !kind.has_group && kind.lead_is_none()) {
        for value in values(kind) {
            let glued = format!("a{value}");
            let placeholder: String = value
                .chars()
                .enumerate()
                .map(|(at, c)| if at < kind.shown || !c.is_alphanumeric() { c } else { 'x' })
                .collect();
            let cut: String = value.chars().take(kind.shown.max(3) + 4).collect();
            for miss in [glued, placeholder, cut] {
                if kinds_in(&miss).contains(&kind.name.as_str()) {
                    hit.push(format!("{}: {} bytes", kind.name, miss.len()));
                }
            }
        }
    }
    assert!(hit.is_empty(), "{hit:#?}");
}

/// The beginnings of every kind, over and over.
#[test]
fn any_beginning_over_and_over_costs_linear_time() {
    let head = {
        use base64::Engine;
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#)
    };
    let mut beginnings: Vec<String> = vec![
        "eyJ".into(),
        "-eyJ".into(),
        "_eyJ".into(),
        format!("{head}."),
        format!("{head}.-"),
        format!("-{head}"),
        "ghs_1_eyJ".into(),
        "-ghs_1_eyJ".into(),
        "-----BEGIN PRIVATE KEY-----".into(),
        "-----BEGIN PRIVATE KEY-----\n".into(),
        "-----BEGIN ".into(),
        "----".into(),
        "://".into(),
        "://a:".into(),
        "://a@".into(),
        "a:".into(),
        "Basic ".into(),
        "Bearer ".into(),
        "pwd=".into(),
        "password=\"".into(),
        "%2D".into(),
        "\\u002d".into(),
        "\\/".into(),
        "\"kty\":\"EC\"".into(),
        "PuTTY-User-Key-File-3: a\n".into(),
        "a".into(),
        "1".into(),
        "-".into(),
        " ".into(),
        "{".into(),
        "$".into(),
        "${".into(),
    ];
    beginnings.extend(kinds().iter().flat_map(values_or_none).flat_map(|value| {
        let short: String = value.chars().take(value.chars().count() / 2).collect();
        [format!("-{short}"), short]
    }));
    let time = |text: &str| {
        let start = std::time::Instant::now();
        kinds().find(text.as_bytes());
        scrub(text);
        start.elapsed().as_secs_f64()
    };
    let size = 8_000;
    for beginning in beginnings {
        let text = beginning.repeat(1 + 4 * size / beginning.len());
        let cut = |most: usize| &text[..(0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)];
        let small = time(cut(size)).min(time(cut(size)));
        let large = time(cut(4 * size)).min(time(cut(4 * size)));
        // What takes no time cannot be compared.
        assert!(large <= 8.0 * small.max(0.02), "{beginning:?}: {small} s, then {large} s");
    }
}

fn values_or_none(kind: &Kind) -> Vec<String> {
    if is_drawn(kind) { values(kind).into_iter().take(1).collect() } else { Vec::new() }
}
