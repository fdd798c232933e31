//! The program dies at every step in turn, and goes on: the end is the same, and no write leaves twice without a look between.

use std::collections::BTreeMap;

use leaver::action::plan::Selection;
use leaver::action::{Outcome, Pace};
use leaver::demo::{Outcome as Answer, Server};
use leaver::error::Error;

use super::{PLAN, Told, outcomes, serve};

/// One of each kind, so that all steps of a change are met more than two hundred times.
fn some() -> Selection {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let chosen = PLAN.changes.iter().filter(|change| {
        let count = kinds.entry(change.action.as_str()).or_default();
        *count += 1;
        *count <= 1
    });
    Selection { only: chosen.map(|change| change.id.clone()).collect(), skip: Vec::new() }
}

fn looked_between(server: &Server) {
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    let requests = server.requests();
    for (index, request) in requests.iter().enumerate() {
        if request.outcome == Answer::Write {
            let key = format!("{} {}", request.method, request.path);
            if let Some(before) = last.insert(key.clone(), index) {
                let looked = requests[before + 1..index].iter().any(|other| other.outcome == Answer::Read);
                assert!(looked, "{key} was sent twice without a look");
            }
        }
    }
}

/// A few of the points, so that it is quick.
#[tokio::test]
async fn dying_anywhere_changes_nothing_about_the_end() {
    let points = dying(23).await;
    assert!(points >= 8, "{points} points");
}

/// Every point: some minutes.
#[tokio::test]
#[ignore = "minutes: run it after a change of apply or of the journal"]
async fn dying_at_every_step_changes_nothing_about_the_end() {
    let points = dying(1).await;
    assert!(points >= 200, "{points} points");
}

/// Dies at each `every`th step, and goes on; how many points there were.
async fn dying(every: usize) -> usize {
    let selection = some();
    let mut points = 0;
    for steps in (0..).step_by(every) {
        let server = serve();
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("j");
        let dying = Told { selection: selection.clone(), pace: Pace::at_once().dying_after(steps), ..Told::all(&PLAN) };
        let first = dying.apply(&server, &journal).await;
        let died = match first {
            Err(Error::Cancelled) => true,
            Err(error) => panic!("{error}"),
            Ok(_) => false,
        };
        points += 1;
        let told = Told { selection: selection.clone(), ..Told::all(&PLAN) };
        let applied = told.apply(&server, &journal).await.unwrap();
        assert!(applied.is_complete(), "after {steps} steps: {:#?}", outcomes(&PLAN, &applied));
        looked_between(&server);
        let text = std::fs::read_to_string(&journal).unwrap();
        for change in &selection.only {
            let ends = text.lines().filter(|line| line.contains("\"event\":\"end\"") && line.contains(change)).count();
            assert_eq!(ends, 1, "{change} after {steps} steps");
        }
        if !died {
            let done = applied.changes.iter().filter(|made| made.outcome == Some(Outcome::Already)).count();
            assert_eq!(done, applied.changes.len());
            break;
        }
    }
    points
}
