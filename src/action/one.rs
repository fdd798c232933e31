//! One change, whatever goes wrong: look, write down, send once, look again. Nothing is sent again that was not looked at between.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::fill::{Target, all};
use super::journal::{Intent, Journal, Outcome, Story};
use super::observe::{Seen, is_after, look};
use super::pace::Pace;
use super::plan::{Change, Undone, undone};
use super::route::{After, Request, See, State};
use super::write::{Write, WriteApi};
use crate::api::{Error as Failure, Once, ReadApi};
use crate::error::Error;

/// How often a change is sent at most when the service is busy each time.
const TRIES: u32 = 5;

/// What is to be made of an object, either way.
pub(super) struct Planned {
    pub(super) id: String,
    /// How it was when it was planned.
    pub(super) before: State,
    pub(super) request: Request,
    /// Whether it is an undo.
    pub(super) back: bool,
}

impl Planned {
    pub(super) fn of(change: &Change) -> Planned {
        Planned { id: change.id.clone(), before: change.before.clone(), request: change.request.clone(), back: false }
    }
}

/// One change on its way.
pub(super) struct One<'a> {
    pub(super) change: &'a Planned,
    pub(super) target: &'a Target,
    pub(super) story: Story,
    pub(super) pace: &'a Pace,
}

/// What is written down of a change that ends.
type Ended = Result<(Option<Outcome>, String), Error>;

/// What speaks against a change once its object was seen.
pub(super) type Guard<'g> = &'g (dyn Fn(&State) -> Option<(Outcome, String)> + Sync);

/// What waiting came to.
enum Waited {
    /// Twice the same, and as it should be.
    Wanted,
    /// The last that was seen, twice the same.
    Settled(Seen),
    /// Nothing that holds still, or nothing at all.
    Nothing(String),
}

impl One<'_> {
    /// Ends without having looked at the object.
    pub(super) fn without(&self, journal: Option<&mut Journal>, outcome: Outcome, why: String) -> Ended {
        self.end(journal, outcome, why)
    }

    fn end(&self, journal: Option<&mut Journal>, outcome: Outcome, why: String) -> Ended {
        if let Some(journal) = journal {
            self.pace.step()?;
            journal
                .write(json!({ "event": "end", "change": self.change.id, "outcome": outcome.name(), "why": why }))?;
            self.pace.step()?;
        }
        Ok((Some(outcome), why))
    }

    fn see(&self) -> &See {
        match (&self.target.route.back, self.change.back) {
            (Some(see), true) => see,
            _ => &self.target.route.see,
        }
    }

    async fn look(&self, read: &ReadApi, known: &State) -> Result<Seen, Failure> {
        look(read, self.target, known, self.see()).await
    }

    /// Whether the object is as it should be in the end.
    fn is_wanted(&self, base: &State, seen: &Seen) -> bool {
        match self.change.back {
            false => is_after(self.target.route, base, seen),
            true => match seen {
                Seen::Absent => false,
                Seen::There(now) => super::observe::changed(self.target.route, &self.change.before, now).is_none(),
            },
        }
    }

    /// Whether it is as the change found it: for an undo, as the change left it.
    fn is_left(&self, seen: &Seen) -> bool {
        is_after(self.target.route, &self.change.before, seen)
    }

    pub(super) async fn run(
        self,
        read: &ReadApi,
        write: &WriteApi,
        mut journal: Option<&mut Journal>,
        guard: Guard<'_>,
    ) -> Ended {
        let mut base = self.change.before.clone();
        if let Some(intent) = &self.story.intent {
            base.extend(intent.state.clone());
        }
        let mut begun = self.story.intent.is_some();
        if begun && journal.is_some() {
            // A write may have left: it has to be seen what came of it, and for long enough.
            match self.wait(read, &base, self.patience_of_story()).await {
                Waited::Wanted => {
                    return self.observed(journal, &base, Outcome::Done, "sent before, and seen now").await;
                }
                Waited::Nothing(why) => return self.end(journal, Outcome::Unknown, why),
                Waited::Settled(_) => {}
            }
        }
        let mut tries = 0;
        loop {
            self.pace.step()?;
            let seen = match self.look(read, &base).await {
                Ok(seen) => seen,
                Err(error) => return self.end(journal, Outcome::Unknown, error.to_string()),
            };
            if self.is_wanted(&base, &seen) {
                let outcome = if begun { Outcome::Done } else { Outcome::Already };
                return match journal {
                    None => Ok((Some(Outcome::Already), "it is so already".to_owned())),
                    Some(_) => self.confirmed(read, journal, &base, outcome).await,
                };
            }
            let now = match &seen {
                Seen::There(now) => now.clone(),
                Seen::Absent => State::new(),
            };
            if let Some((outcome, why)) = self.against(&seen, guard) {
                return self.end(journal, outcome, why);
            }
            let mut state = self.change.before.clone();
            state.extend(now);
            state.retain(|name, _| !name.starts_with('_'));
            let Some(out) = journal.as_deref_mut() else {
                return Ok((None, "would be made".to_owned()));
            };
            base.extend(state.clone());
            let Some(order) = self.order() else {
                return self.end(journal, Outcome::Refused, "its request is not the action's own".to_owned());
            };
            self.intent(out, &state)?;
            begun = true;
            tries += 1;
            self.pace.step()?;
            let sent = write.send(&order).await;
            self.pace.step()?;
            self.answer(out, &sent)?;
            match self.after(read, journal.as_deref_mut(), &base, sent, tries).await? {
                Some(end) => return Ok(end),
                None => continue,
            }
        }
    }

    fn order(&self) -> Option<Write> {
        match self.change.back {
            false => Write::change(self.target, &self.change.before, &self.change.request),
            true => Write::undo(self.target, &self.change.before, &self.change.request),
        }
    }

    fn against(&self, seen: &Seen, guard: Guard<'_>) -> Option<(Outcome, String)> {
        match (self.change.back, seen) {
            (true, seen) if self.target.route.back.is_some() => {
                // Its old id is gone for good: what is seen now under its name is another.
                (*seen != Seen::Absent).then(|| (Outcome::Changed, "there is another one of that name".to_owned()))
            }
            (true, Seen::Absent) if !matches!(self.target.route.after, After::Absent) => {
                Some((Outcome::Changed, "it is not there any more".to_owned()))
            }
            (true, seen) => {
                (!self.is_left(seen)).then(|| (Outcome::Changed, "it is no longer as it was left".to_owned()))
            }
            (false, Seen::There(now)) => guard(now),
            (false, Seen::Absent) => None,
        }
    }

    fn intent(&self, journal: &mut Journal, state: &State) -> Result<(), Error> {
        let undo = match self.change.back {
            true => None,
            false => undone(self.target.route, &all(&self.target.ids, state)),
        };
        let undo = match undo {
            Some(Undone::Request(request)) => serde_json::to_value(request).ok(),
            Some(Undone::Manual { manual }) => Some(json!({ "manual": manual })),
            None => None,
        };
        let intent = Intent {
            action: self.target.route.action.to_owned(),
            subject: self.target.subject.clone(),
            state: state.clone(),
            request: self.change.request.clone(),
            undo,
        };
        let mut line = serde_json::to_value(intent).unwrap_or_default();
        line["event"] = "intent".into();
        line["change"] = self.change.id.clone().into();
        self.pace.step()?;
        journal.write(line)?;
        self.pace.step()
    }

    fn answer(&self, journal: &mut Journal, sent: &Once) -> Result<(), Error> {
        let mut line = json!({ "event": "answer", "change": self.change.id });
        match sent {
            Once::Answered { status, .. } => line["status"] = (*status).into(),
            Once::Lost(why) => line["failed"] = (*why).into(),
            Once::NotSent(error) => line["not_sent"] = error.to_string().into(),
        }
        self.pace.step()?;
        journal.write(line)?;
        self.pace.step()
    }

    /// What an answer means; `None`: look again and, if nothing speaks against it, send again.
    async fn after(
        &self,
        read: &ReadApi,
        journal: Option<&mut Journal>,
        base: &State,
        sent: Once,
        tries: u32,
    ) -> Result<Option<(Option<Outcome>, String)>, Error> {
        let status = match sent {
            Once::NotSent(error) => return self.end(journal, Outcome::Failed, error.to_string()).map(Some),
            Once::Answered { later: Some(wait), status } => {
                if tries >= TRIES || wait > self.pace.longest {
                    return self.end(journal, Outcome::Failed, format!("the service is busy ({status})")).map(Some);
                }
                tokio::time::sleep(wait).await;
                return Ok(None);
            }
            Once::Answered { status, .. } => Some(status),
            Once::Lost(_) => None,
        };
        let told = |status: Option<u16>| {
            status.map_or("no answer came".to_owned(), |status| format!("the service answered {status}"))
        };
        let definite = status.is_some_and(|status| (400..500).contains(&status) && status != 408);
        let patience = if definite { self.pace.apart * 2 } else { self.pace.patience };
        match self.wait(read, base, patience).await {
            // Somebody was faster where the service refused what is so all the same.
            Waited::Wanted if definite => {
                self.observed(journal, base, Outcome::Already, "somebody else did it first").await.map(Some)
            }
            Waited::Wanted => self.observed(journal, base, Outcome::Done, "").await.map(Some),
            Waited::Settled(Seen::There(now))
                if super::observe::changed(self.target.route, base, &now).is_some() && !self.change.back =>
            {
                self.end(journal, Outcome::Changed, format!("somebody else changed it; {}", told(status))).map(Some)
            }
            Waited::Settled(_) if status.is_some_and(|status| (200..300).contains(&status)) => {
                self.end(journal, Outcome::Unknown, format!("{}, and it does not show", told(status))).map(Some)
            }
            Waited::Settled(_) => self.end(journal, Outcome::Failed, told(status)).map(Some),
            Waited::Nothing(why) => self.end(journal, Outcome::Unknown, format!("{}; {why}", told(status))).map(Some),
        }
    }

    /// Writes down that it was seen, and ends.
    async fn observed(&self, journal: Option<&mut Journal>, _: &State, outcome: Outcome, why: &str) -> Ended {
        let Some(journal) = journal else { return Ok((Some(outcome), why.to_owned())) };
        self.pace.step()?;
        journal.write(json!({ "event": "observed", "change": self.change.id, "state": "as wanted" }))?;
        self.pace.step()?;
        self.end(Some(journal), outcome, why.to_owned())
    }

    async fn confirmed(&self, read: &ReadApi, journal: Option<&mut Journal>, base: &State, outcome: Outcome) -> Ended {
        match self.wait(read, base, self.pace.patience).await {
            Waited::Wanted => self.observed(journal, base, outcome, "").await,
            Waited::Settled(_) => self.end(journal, Outcome::Unknown, "it is one way and then another".to_owned()),
            Waited::Nothing(why) => self.end(journal, Outcome::Unknown, why),
        }
    }

    /// How long a change that was begun before is waited for: an answer that says yes deserves all patience, and so does none.
    fn patience_of_story(&self) -> Duration {
        match self.story.answer {
            Some(Some(400..500)) => self.pace.apart * 2,
            _ => self.pace.patience,
        }
    }

    /// Looks until it is twice as it should be, or until patience ends.
    async fn wait(&self, read: &ReadApi, base: &State, patience: Duration) -> Waited {
        let begin = Instant::now();
        let mut last: Option<(Seen, Instant)> = None;
        let mut settled: Option<Seen>;
        let mut looks = 0;
        let mut trouble = String::from("it does not hold still");
        loop {
            looks += 1;
            match self.look(read, base).await {
                Err(error) => {
                    last = None;
                    settled = None;
                    trouble = error.to_string();
                }
                Ok(seen) => {
                    let twice =
                        last.as_ref().is_some_and(|(before, at)| *before == seen && at.elapsed() >= self.pace.apart);
                    if twice && self.is_wanted(base, &seen) {
                        return Waited::Wanted;
                    }
                    settled = twice.then(|| seen.clone());
                    if last.as_ref().is_none_or(|(before, _)| *before != seen) {
                        last = Some((seen, Instant::now()));
                    }
                }
            }
            // However slow the service is, two answers can only be equal where there are two.
            if begin.elapsed() >= patience.max(self.pace.apart * 2) && looks >= 3 {
                return settled.map_or(Waited::Nothing(trouble), Waited::Settled);
            }
            tokio::time::sleep(self.pace.apart.max(Duration::from_millis(1))).await;
        }
    }
}

/// What an undo of a journal says.
pub(super) fn request_of(undo: Option<&Value>) -> Option<Request> {
    serde_json::from_value(undo?.clone()).ok()
}
