//! Asks a question for a span of time, and for its halves where the answer would be too much. What still fails at the
//! smallest span is said with its dates. It knows no query.

use jiff::{SignedDuration, Timestamp};

use super::ask::{Answered, Failure};
use crate::model::{Cause, stamp};

/// The shortest span that is asked for.
const SMALLEST: SignedDuration = SignedDuration::from_mins(1);

/// How many of the shortest spans may fail before the rest is not asked for: it is not the size then.
const FAILING: usize = 3;

const HOUR: i64 = 3600;

/// A span of time, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Window {
    fn length(self) -> SignedDuration {
        self.until.duration_since(self.from)
    }

    /// Cut in two, at a full hour where there is one between: what is counted by the hour then stays together.
    fn halves(self) -> Option<(Window, Window)> {
        if self.length() <= SMALLEST {
            return None;
        }
        let (from, until) = (self.from.as_second(), self.until.as_second());
        let middle = from + (until - from) / 2;
        let hour = middle - middle.rem_euclid(HOUR);
        let cut = if hour > from { hour } else { middle };
        let cut = Timestamp::from_second(cut).ok().filter(|cut| *cut > self.from && *cut < self.until)?;
        Some((Window { until: cut, ..self }, Window { from: cut, ..self }))
    }
}

/// What came of a span.
#[derive(Debug, Default)]
pub(super) struct Sliced {
    /// In the order of time.
    pub(super) answers: Vec<Answered>,
    /// What could not be had, and why.
    pub(super) failed: Vec<(Window, Cause)>,
    /// The service does not take this question at all.
    pub(super) refused: Option<Cause>,
}

/// Asks for `window`, in parts where that is needed.
pub(super) async fn whole(window: Window, ask: impl AsyncFn(Window) -> Result<Answered, Failure>) -> Sliced {
    let (mut sliced, mut left, mut failing) = (Sliced::default(), vec![window], 0);
    while let Some(window) = left.pop() {
        match ask(window).await {
            Ok(answered) => sliced.answers.push(answered),
            Err(Failure::TooMuch(cause)) => match window.halves() {
                Some((first, second)) => left.extend([second, first]),
                None => {
                    failing += 1;
                    sliced.fail(window, &cause);
                    if failing >= FAILING {
                        left.drain(..).rev().for_each(|window| sliced.fail(window, &cause));
                    }
                }
            },
            Err(Failure::Refused(cause)) => {
                sliced.refused = Some(cause);
                return sliced;
            }
            Err(Failure::Other(cause)) => {
                sliced.fail(window, &cause);
                left.drain(..).rev().for_each(|window| sliced.fail(window, &cause));
            }
        }
    }
    sliced
}

impl Sliced {
    /// Spans that touch and fail alike are one.
    fn fail(&mut self, window: Window, cause: &Cause) {
        match self.failed.last_mut() {
            Some((last, known)) if last.until == window.from && known == cause => last.until = window.until,
            _ => self.failed.push((window, cause.clone())),
        }
    }

    /// What failed, each with its dates.
    pub(super) fn gaps(&self) -> impl Iterator<Item = Cause> {
        self.failed.iter().map(|(window, cause)| {
            let detail = cause.detail.as_ref().map_or("", |detail| detail.raw());
            let dates = format!("{} to {}: {detail}", stamp(window.from), stamp(window.until));
            Cause { detail: Some(dates.into()), ..cause.clone() }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;

    use super::*;
    use crate::model::GapKind;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn too_much() -> Failure {
        Failure::TooMuch(Cause::new(GapKind::Truncated, "too much"))
    }

    fn run(window: Window, answer: impl Fn(Window) -> Result<Answered, Failure>) -> (Sliced, Vec<Window>) {
        let asked = RefCell::new(Vec::new());
        let ask = async |window: Window| {
            asked.borrow_mut().push(window);
            answer(window)
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let sliced = runtime.block_on(whole(window, ask));
        (sliced, asked.into_inner())
    }

    proptest! {
        #[test]
        fn halves_are_without_gap_and_without_overlap(from in 0_i64..4_000_000_000, length in 61_i64..10_000_000) {
            let window = Window { from: at(from), until: at(from + length) };
            let (first, second) = window.halves().unwrap();
            prop_assert_eq!((first.from, first.until, second.until), (window.from, second.from, window.until));
            prop_assert!(first.from < first.until && second.from < second.until);
        }

        #[test]
        fn whatever_fits_the_parts_cover_the_whole(length in 61_i64..10_000_000, fits in 60_i64..10_000_000) {
            let window = Window { from: at(7), until: at(7 + length) };
            let fits = SignedDuration::from_secs(fits);
            let (sliced, asked) = run(window, |part| if part.length() <= fits { Ok(Answered::default()) } else { Err(too_much()) });
            let mut good: Vec<Window> = asked.into_iter().filter(|part| part.length() <= fits).collect();
            prop_assert!(sliced.failed.is_empty());
            good.sort_by_key(|part| part.from);
            prop_assert_eq!((good[0].from, good[good.len() - 1].until), (window.from, window.until));
            prop_assert!(good.windows(2).all(|pair| pair[0].until == pair[1].from));
        }
    }

    #[test]
    fn what_never_fits_is_given_up_with_its_dates() {
        let window = Window { from: at(0), until: at(90 * 24 * HOUR) };
        let (sliced, asked) = run(window, |_| Err(too_much()));
        assert!(asked.len() < 40, "{}", asked.len());
        let gaps: Vec<String> = sliced.gaps().map(|gap| gap.detail.unwrap().raw().to_owned()).collect();
        assert_eq!(gaps, ["1970-01-01T00:00:00Z to 1970-04-01T00:00:00Z: too much"]);
    }

    #[test]
    fn one_bad_minute_loses_no_more_than_itself() {
        let window = Window { from: at(0), until: at(24 * HOUR) };
        let bad = |part: Window| part.from <= at(5000) && part.until > at(5000);
        let (sliced, _) = run(window, |part| if bad(part) { Err(too_much()) } else { Ok(Answered::default()) });
        assert_eq!(sliced.failed.len(), 1);
        assert!(sliced.failed[0].0.length() <= SMALLEST && bad(sliced.failed[0].0));
    }

    #[test]
    fn another_failure_is_not_cut_up() {
        let window = Window { from: at(0), until: at(24 * HOUR) };
        let (sliced, asked) = run(window, |_| Err(Failure::Other(Cause::new(GapKind::Denied, "no"))));
        assert_eq!((asked.len(), sliced.failed.len()), (1, 1));
        let (sliced, asked) = run(window, |_| Err(Failure::Refused(Cause::new(GapKind::Failed, "no"))));
        assert_eq!((asked.len(), sliced.failed.len(), sliced.refused.is_some()), (1, 0, true));
    }
}
