//! What the program says when somebody writes something slightly different, word for word.

use super::{Place, ran, serve};

#[test]
fn a_last_day_in_another_order_is_told_the_right_form() {
    let said = |day: &str| {
        let ran = Place::new().run(&["audit", "alice@contoso.com", "--last-day", day]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{day}");
        ran.err
    };
    let more = "\n\nFor more information, try '--help'.\n";
    assert_eq!(
        said("01.05.2026"),
        format!(
            "error: invalid value '01.05.2026' for '--last-day <DATE>': the year comes first: write 2026-05-01{more}"
        )
    );
    assert_eq!(
        said("2026/5/1"),
        format!(
            "error: invalid value '2026/5/1' for '--last-day <DATE>': the year comes first: write 2026-05-01{more}"
        )
    );
    for odd in ["05/01/2026", "tomorrow", "2026-02-30", "31.02.2026"] {
        assert_eq!(
            said(odd),
            format!(
                "error: invalid value '{odd}' for '--last-day <DATE>': a day is written as year, month and day, such as 2026-05-01{more}"
            )
        );
    }
}

#[test]
fn a_directory_that_is_no_bundle_is_told_in_one_line() {
    let place = Place::new();
    std::fs::create_dir(place.path("photos")).unwrap();
    let ran = place.run(&["verify", "photos"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(7), ""));
    assert_eq!(
        ran.err,
        "error: photos is no bundle: it has no report.json, no manifest and no attestation\n\nhint: give the directory that --bundle made\n"
    );
}

#[test]
fn a_short_passphrase_is_warned_about() {
    let place = Place::new();
    let made = |name: &str, word: &str| {
        ran(place.command(&["key", "new", "-o", name, "--encrypt"]).env("LEAVER_KEY_PASSPHRASE", word)).err
    };
    assert_eq!(
        made("a.pem", "short"),
        "warning: the passphrase has 5 characters; whoever gets the file can try all short ones: take 12 or more\na.pem and a.pub\n"
    );
    assert_eq!(made("b.pem", "four words are long"), "b.pem and b.pub\n");
}

#[test]
fn each_file_that_is_written_is_named_and_steps_are_told() {
    let server = serve(leaver::demo::Faults::none());
    let place = Place::new();
    let told =
        place.against(&server, &["audit", super::ALICE, "--format", "json=a.json", "--format", "csv-bom=a.csv", "-v"]);
    assert!(told.err.contains("wrote a.json\nwrote a.csv\n"), "{}", told.err);
    assert!(told.err.contains("reading Microsoft Entra") && told.err.contains("reading Azure"), "{}", told.err);
    assert!(std::fs::read(place.path("a.csv")).unwrap().starts_with(&[0xef, 0xbb, 0xbf]));
    let quiet = place.against(&server, &["audit", super::ALICE, "--format", "json=b.json", "-q"]);
    assert!(!quiet.err.contains("wrote"), "{}", quiet.err);
}

#[test]
fn what_the_reader_could_still_tell_is_asked_for_in_the_report() {
    let server = serve(leaver::demo::Faults::none());
    let place = Place::new();
    let carol = server.estate().rows("graph/users").iter().find(|user| user["employeeLeaveDateTime"].is_null());
    let carol = carol.and_then(|user| user["id"].as_str()).expect("somebody without a last day").to_owned();
    let told = place.against(&server, &["audit", &carol]);
    let flat = told.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        flat.contains(
            "Give --last-day 2026-05-01 with the day: nothing can be said to have happened after it otherwise"
        ),
        "{}",
        told.out
    );
    assert!(flat.contains("Give --github LOGIN: no GitHub account of this person is known"), "{}", told.out);
}

#[test]
fn explain_shows_how_a_case_is_written() {
    let told = Place::new().run(&["explain", "1-consents/gateway-grant"]);
    assert!(
        told.out.contains("how a case is written\n  in the second comment of the file, as TOML:\n  [[case]]\n"),
        "{}",
        told.out
    );
    assert!(told.out.contains("proven    The leaver has no delegated grant on any MCP gateway\n"), "{}", told.out);
}

#[test]
fn the_version_names_the_checks() {
    let told = Place::new().run(&["--version"]);
    let checks = leaver::check::Checks::load(&[]).unwrap().sha256();
    assert!(told.out.starts_with("leaver 0.") && told.out.contains(&format!("checks sha256:{checks}")), "{}", told.out);
    assert!(told.out.contains("commit "), "{}", told.out);
}

#[test]
fn every_check_says_what_a_pass_proves() {
    let checks = leaver::check::Checks::load(&[]).unwrap();
    let silent: Vec<&str> =
        checks.iter().filter(|entry| entry.check.proven.is_none()).map(|entry| entry.check.id.as_str()).collect();
    assert_eq!(silent, Vec::<&str>::new());
    for entry in checks.iter() {
        assert_ne!(entry.check.proven.as_deref(), Some(entry.check.title.as_str()), "{}", entry.check.id);
    }
}

#[test]
fn newcomers_see_no_attacks_and_attacks_act_nowhere() {
    let attack = |text: &str| {
        ["=cmd", "</script", "::error", "javascript:", "\u{1b}", "\u{202e}"].iter().any(|mark| text.contains(mark))
    };
    let seen = |server: &leaver::demo::Server| {
        let place = Place::new();
        let formats: Vec<String> =
            leaver::report::Format::ALL.iter().map(|(name, _)| format!("{name}=r.{name}")).collect();
        let mut args = vec!["audit", super::ALICE];
        formats.iter().for_each(|format| args.extend(["--format", format]));
        let told = place.against(server, &args);
        assert_eq!(told.code, Some(3), "{}", told.err);
        let html = std::fs::read_to_string(place.path("r.html")).unwrap();
        let json = std::fs::read_to_string(place.path("r.json")).unwrap();
        (told.out, html, json)
    };
    let (terminal, html, json) = seen(&serve(leaver::demo::Faults::none()));
    assert!(!attack(&terminal) && !json.contains("javascript:") && html.matches("<script>").count() == 1);
    let (terminal, html, json) = seen(&super::hostile());
    assert!(json.contains("javascript:alert(1)"), "the estate has them");
    assert!(!terminal.contains('\u{1b}') && !terminal.contains('\u{202e}'), "{terminal}");
    assert!(!terminal.lines().any(|line| line.trim_start().starts_with("::")), "{terminal}");
    assert!(!html.contains("<img") && html.matches("</script>").count() == 1 && !html.contains("href=\"javascript"));
}
