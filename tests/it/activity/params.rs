//! Parameters of checks: what the configuration may set, and where it is told that it may not.

use std::sync::Arc;

use leaver::check::Checks;
use leaver::config::Config;
use leaver::env::{Console, Env};
use leaver::error::Error;
use leaver::model::{Param, Status};
use leaver::run;

use super::{judged_by, read};

fn env() -> Env {
    let now = "2026-05-25T06:00:00Z".parse().unwrap();
    let console = Console::new(std::io::sink(), std::io::sink());
    Env { now, clock: Arc::new(move || now), seed: 1, variables: Arc::default(), console }
}

fn tuned(text: &str) -> Result<Checks, Error> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("leaver.toml");
    std::fs::write(&file, text).unwrap();
    run::tuned_checks(&[], &Config::load(Some(&file), &env())?, &env())
}

#[tokio::test]
async fn the_configuration_sets_a_threshold() {
    let records: Vec<_> = (0..150).map(|n| read(n, "/a/1")).collect();
    let checks = tuned("[checks.\"4-activity/mass-read\"]\nreads = 150\n").unwrap();
    assert_eq!(judged_by(&records, "mass-read", &checks).await.0, None);
    let checks = tuned("[checks.\"4-activity/mass-read\"]\nreads = 149\n").unwrap();
    assert_eq!(judged_by(&records, "mass-read", &checks).await.0, Some(Status::Fail));
    assert!(checks.explain("4-activity/mass-read").unwrap().contains(":reads = 149"));
    assert_eq!(checks.find("4-activity/mass-read").unwrap().check.params["directories"], Param::Integer(20));
}

#[test]
fn what_no_check_has_is_refused_with_its_place() {
    for (text, at, what) in [
        ("[checks.\"4-activity/mass-reed\"]\nreads = 1\n", (2, 1), "there is no check \"4-activity/mass-reed\""),
        ("\n[checks.\"4-activity/mass-read\"]\n  rads = 1\n", (3, 3), "has no parameter rads"),
        ("[checks.\"4-activity/mass-read\"]\nreads = \"many\"\n", (2, 1), "reads of 4-activity/mass-read"),
    ] {
        let Err(Error::Config { line, column, message, hint, .. }) = tuned(text) else { panic!("{text}") };
        assert_eq!((line, column), at, "{text}");
        assert!(message.raw().contains(what), "{message:?}");
        assert!(hint.is_some_and(|hint| hint.contains("mass-read") || hint.contains("reads") || hint.contains("100")));
    }
    assert!(matches!(tuned("[checks.\"4-activity/mass-read\"]\nreads = 1.5\n"), Err(Error::Config { .. })));
}
