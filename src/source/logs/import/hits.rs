//! Records of wanted callers on their way from the thread that read them to the one that counts them.
//! Many travel together, their texts in one piece: one for each text would cost more than the rest of the way.

use std::borrow::Cow;
use std::ops::Range;

use crate::source::logs::record::Record;

/// How many records travel together.
const RECORDS: usize = 512;

/// How long their texts may be.
const BYTES: usize = 1024 * 1024;

/// Records that travel together.
#[derive(Default)]
pub(super) struct Hits {
    texts: String,
    all: Vec<Hit>,
}

struct Hit {
    /// Where in the texts its own are.
    record: Record<Range<usize>>,
    mark: Option<u64>,
}

impl Hits {
    /// Adds a record, with a number that stands for it alone; `None`: it bears nothing by which it could be told from
    /// another.
    pub(super) fn push(&mut self, record: &Record<Cow<'_, str>>, mark: Option<u64>) {
        let record = record.map(|text| {
            let start = self.texts.len();
            self.texts.push_str(text);
            start..self.texts.len()
        });
        self.all.push(Hit { record, mark });
    }

    /// Each record with its number, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Record<&str>, Option<u64>)> {
        self.all.iter().map(|hit| (hit.record.map(|place| &self.texts[place.clone()]), hit.mark))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether it is time to leave.
    pub(super) fn is_full(&self) -> bool {
        self.all.len() >= RECORDS || self.texts.len() >= BYTES
    }

    /// Lets these go; the next ones will be about as many.
    pub(super) fn leave(&mut self) -> Hits {
        let next = Hits { texts: String::with_capacity(self.texts.len()), all: Vec::with_capacity(self.all.len()) };
        std::mem::replace(self, next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_arrive_as_they_left() {
        let one =
            Record { principal: Some("a".into()), resource: Some("".into()), status: Some(7), ..Record::default() };
        let other = Record { item: Some("\u{e4}b".into()), tool: Some("a".into()), ..Record::default() };
        let mut hits = Hits::default();
        hits.push(&one, Some(1));
        hits.push(&other, None);
        let left = hits.leave();
        assert!(hits.is_empty() && !left.is_full());
        let expected = [(one.map(|text| &**text), Some(1)), (other.map(|text| &**text), None)];
        assert_eq!(left.iter().collect::<Vec<_>>(), expected);
    }
}
