//! Help, completions and what works offline.

use clap::{Command, CommandFactory};
use leaver::cli::Cli;

use super::Place;

/// Every verb and every verb below it, the program itself first.
fn verbs(command: &Command, above: &[&str]) -> Vec<Vec<String>> {
    let mut all = vec![above.iter().map(|word| (*word).to_owned()).collect()];
    for verb in command.get_subcommands() {
        all.extend(verbs(verb, &[above, &[verb.get_name()]].concat()));
    }
    all
}

#[test]
fn every_verb_has_help() {
    let place = Place::new();
    let mut all = String::new();
    for verb in verbs(&Cli::command(), &[]) {
        let args: Vec<&str> = verb.iter().map(String::as_str).chain(["-h"]).collect();
        let ran = place.run(&args);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{verb:?}");
        all.push_str(&format!("$ leaver {}\n{}\n", args.join(" "), ran.out));
    }
    insta::assert_snapshot!("short_help", all);
}

#[test]
fn the_long_help_tells_examples_and_exit_codes() {
    let ran = Place::new().run(&["--help"]);
    assert_eq!(ran.code, Some(0));
    for part in ["Examples:", "leaver demo", "Exit codes:", "  5  nothing was found", "\"Could not check\" is never"] {
        assert!(ran.out.contains(part), "{part}\n{}", ran.out);
    }
}

#[test]
fn a_mistyped_verb_is_told_the_nearest() {
    let ran = Place::new().run(&["audti", "x"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("audit"), "{}", ran.err);
}

#[test]
fn explain_and_lists_work_without_any_network() {
    let place = Place::new();
    let ran = place.run(&["explain", "1-consents/gateway-grant"]);
    assert_eq!(ran.code, Some(0));
    for part in ["1-consents/gateway-grant", "SELECT", "delegated_grant", "fix       Disable the account first"] {
        assert!(ran.out.contains(part), "{part}\n{}", ran.out);
    }
    let list = place.run(&["checks", "list"]);
    assert_eq!(list.code, Some(0));
    assert!(list.out.lines().any(|line| line.contains("account/still-enabled")), "{}", list.out);
}

#[test]
fn every_check_passes_its_own_cases() {
    let ran = Place::new().run(&["checks", "test"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
}

#[test]
fn completions_know_every_verb() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = Place::new().run(&["completions", shell]);
        assert_eq!(ran.code, Some(0), "{shell}");
        for verb in ["audit", "collect", "explain", "doctor"] {
            assert!(ran.out.contains(verb), "{shell}: {verb}");
        }
    }
}

#[test]
fn the_manual_page_is_one() {
    let ran = Place::new().run(&["man"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(
        ran.out.contains(".TH leaver 1") && ran.out.contains("leaver\\-audit") || ran.out.contains("audit"),
        "{}",
        ran.out
    );
}

#[test]
fn doctor_tells_the_sign_in_and_every_permission() {
    let server = super::serve(leaver::demo::Faults::none());
    let ran = Place::new().against(&server, &["doctor"]);
    assert_eq!(ran.code, Some(5), "{}", ran.err);
    assert!(ran.out.contains("LEAVER_AZURE_TOKEN"), "{}", ran.out);
    for (_, permission) in leaver::source::entra::PERMISSIONS {
        assert!(ran.out.contains(permission), "{permission}\n{}", ran.out);
    }
}
