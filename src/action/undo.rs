//! Takes changes back, from the journal of what was done, the last one first. By the same rules: look, write down, send once, look.

use std::path::{Path, PathBuf};

use super::fill::{Target, all, target};
use super::journal::{self, Intent, Journal, Outcome, Story};
use super::one::{One, Planned, request_of};
use super::pace::Pace;
use super::plan::{Selection, Undone, undone};
use super::route::State;
use super::services::Services;
use crate::env::Env;
use crate::error::Error;

/// What an undo is told.
pub struct Undo<'a> {
    /// The journal of the apply.
    pub journal: &'a Path,
    /// Which changes.
    pub selection: &'a Selection,
    /// Whether anything is changed at all.
    pub yes: bool,
    /// How patiently.
    pub pace: &'a Pace,
    /// Where.
    pub services: &'a Services,
    /// Clock and console.
    pub env: &'a Env,
}

/// What became of one change that was to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back {
    /// The change.
    pub change: String,
    /// What it did.
    pub does: String,
    /// Typed id of the object.
    pub subject: String,
    /// `None`: nothing yet.
    pub outcome: Option<Outcome>,
    /// Why, for a person.
    pub why: String,
    /// Whether something is left.
    pub left: bool,
}

/// The tenant that a journal belongs to.
///
/// # Errors
/// When it is not as leaver writes it.
pub fn tenant(path: &Path) -> Result<Option<String>, Error> {
    Ok(journal::read(path)?.tenant)
}

/// Takes back what the journal says was done, as far as the selection goes.
///
/// # Errors
/// When a journal was changed or cannot be written. Nothing is sent after that.
pub async fn undo(undo: &Undo<'_>, mut tell: impl FnMut(&Back)) -> Result<Vec<Back>, Error> {
    let told = journal::read(undo.journal)?;
    let refused = |why: &str| Error::Refused { what: format!("the journal {}: {why}", undo.journal.display()).into() };
    let Some(plan) = &told.plan else { return Err(refused("there is none")) };
    let mut done: Vec<(String, Intent, Target, Option<Undone>)> = Vec::new();
    for id in told.order.iter().rev() {
        let Some(Story { intent: Some(intent), end: Some(Outcome::Done), .. }) = told.stories.get(id) else { continue };
        if !undo.selection.takes(&[id, &intent.action, &intent.subject]) {
            continue;
        }
        let target = target(&intent.action, &intent.subject, None)
            .ok_or_else(|| refused("it names no action on such a subject"))?;
        let written = undone(target.route, &all(&target.ids, &intent.state));
        let same = match &written {
            Some(Undone::Request(request)) => request_of(intent.undo.as_ref()).as_ref() == Some(request),
            _ => true,
        };
        if super::plan::change_id(&intent.action, &intent.subject) != *id || !same {
            return Err(refused("an undo in it does not follow from what was seen"));
        }
        done.push((id.clone(), intent.clone(), target, written));
    }
    let path = beside(undo.journal);
    let mut out = match undo.yes {
        true => Some(Journal::open(&path, plan, told.tenant.as_deref(), undo.env)?),
        false => None,
    };
    let known = match &out {
        Some(journal) => journal.told.clone(),
        None => journal::read(&path)?,
    };
    let mut results = Vec::new();
    for (id, intent, target, written) in done {
        let story = known.stories.get(&id).cloned().unwrap_or_default();
        let (outcome, why) = one(undo, &id, &intent.state, &target, written, story, out.as_mut()).await?;
        let good = outcome.is_some_and(Outcome::is_good);
        let left = !(good || (outcome.is_none() && [WOULD, NOTHING].contains(&why.as_str())));
        let back = Back {
            change: id,
            does: target.route.does.to_owned(),
            subject: target.subject.clone(),
            outcome,
            why,
            left,
        };
        tell(&back);
        results.push(back);
    }
    Ok(results)
}

const WOULD: &str = "would be made";
const NOTHING: &str = "there is nothing that could come back";

async fn one(
    undo: &Undo<'_>,
    id: &str,
    state: &State,
    target: &Target,
    written: Option<Undone>,
    story: Story,
    journal: Option<&mut Journal>,
) -> Result<(Option<Outcome>, String), Error> {
    if let Some(end) = story.end {
        let again = if end.is_good() { Outcome::Already } else { end };
        return Ok((Some(again), format!("the journal says: {}", end.name())));
    }
    let request = match written {
        Some(Undone::Request(request)) => request,
        Some(Undone::Manual { manual }) => return Ok((None, format!("by hand: {manual}"))),
        None => return Ok((None, NOTHING.to_owned())),
    };
    let planned = Planned { id: id.to_owned(), before: state.clone(), request, back: true };
    let one = One { change: &planned, target, story, pace: undo.pace };
    let (read, write) = match undo.services.of(target).await {
        Ok(both) => both,
        Err(error) => return one.without(journal, Outcome::Unknown, error.to_string()),
    };
    one.run(&read, &write, journal, &|_| None).await
}

/// Where the journal of an undo is.
pub fn beside(journal: &Path) -> PathBuf {
    let mut name = journal.as_os_str().to_owned();
    name.push(".undo");
    name.into()
}
