//! The subjects that somebody can have minted, as a small grammar, and the search for one that a pattern accepts.
//! The search walks pattern and grammar side by side, so it finds a subject whenever one exists.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use super::glob::{Glob, Step};

/// Stands for a number that the service assigns: nobody chooses it, so only `*` may swallow it.
pub(super) const ASSIGNED: char = '\u{E000}';

/// One stretch of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Exactly this.
    Text(String),
    /// A name that nobody holds yet; the pattern must leave at least one of its characters open.
    Fresh(Naming),
    /// The name of a repository, a file or a claim's simple word.
    Word,
    /// A branch or tag.
    Ref,
    /// Any text without a colon.
    Free,
    /// A number that the service assigns.
    Assigned,
    /// A number that already exists somewhere.
    Number,
    /// A number to come, of which the pattern fixes only a part.
    Partial,
}

/// How a service lets names be formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Naming {
    /// Characters that stand only between two others.
    pub special: &'static str,
    /// Characters that stand anywhere, beside letters and digits.
    pub plain: &'static str,
    /// Longest name.
    pub longest: u16,
}

/// A subject is one sentence, or, if they `repeat`, several joined by colons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grammar {
    pub sentences: Vec<Vec<Piece>>,
    pub repeat: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    step: u16,
    sentence: u16,
    piece: u16,
    /// What the piece remembers of itself.
    inner: u16,
}

/// Hashes a state's four small numbers. No stranger chooses them freely, so speed is all that it needs.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u16(u16::from(*byte));
        }
    }

    fn write_u16(&mut self, number: u16) {
        self.0 = (self.0.rotate_left(16) ^ u64::from(number)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// A text of the grammar that the pattern accepts, the shortest or nearly so.
pub(super) fn find(glob: &Glob, grammar: &Grammar) -> Option<String> {
    let mut search =
        Search { glob, grammar, came_from: Map::default(), shortest: Map::default(), queue: VecDeque::new() };
    for sentence in 0..grammar.sentences.len() {
        let start = State { step: 0, sentence: u16::try_from(sentence).ok()?, piece: 0, inner: 0 };
        search.reach(start, None, None);
    }
    while let Some(state) = search.queue.pop_front() {
        if search.is_end(state) {
            return Some(search.spell(state));
        }
        search.expand(state);
    }
    None
}

type Map<Key, Value> = HashMap<Key, Value, BuildHasherDefault<Mix>>;

struct Search<'a> {
    glob: &'a Glob,
    grammar: &'a Grammar,
    came_from: Map<State, Option<(State, Option<char>)>>,
    /// The shortest length with which each counting piece was entered: a longer one can do nothing more.
    shortest: Map<State, u16>,
    queue: VecDeque<State>,
}

impl<'a> Search<'a> {
    /// Moves without a character go first, so that short texts are found early.
    fn reach(&mut self, state: State, from: Option<State>, emitted: Option<char>) {
        if self.is_outdone(state) {
            return;
        }
        let Entry::Vacant(entry) = self.came_from.entry(state) else { return };
        entry.insert(from.map(|from| (from, emitted)));
        match emitted {
            Some(_) => self.queue.push_back(state),
            None => self.queue.push_front(state),
        }
    }

    /// Whether the same place was reached with a shorter name or number, which can go every way that this one can.
    fn is_outdone(&mut self, state: State) -> bool {
        let counts = self.pieces(state).get(usize::from(state.piece)).is_some_and(Piece::counts);
        if !counts || state.inner < LENGTH {
            return false;
        }
        let length = state.inner / LENGTH;
        match self.shortest.entry(State { inner: state.inner % LENGTH, ..state }) {
            Entry::Vacant(entry) => {
                entry.insert(length);
                false
            }
            Entry::Occupied(mut entry) if length < *entry.get() => {
                entry.insert(length);
                false
            }
            Entry::Occupied(_) => true,
        }
    }

    fn pieces(&self, state: State) -> &'a [Piece] {
        self.grammar.sentences.get(usize::from(state.sentence)).map_or(&[], Vec::as_slice)
    }

    fn step(&self, state: State) -> Option<Step> {
        self.glob.steps().get(usize::from(state.step)).copied()
    }

    fn is_end(&self, state: State) -> bool {
        self.step(state).is_none() && usize::from(state.piece) == self.pieces(state).len()
    }

    fn expand(&mut self, state: State) {
        let step = self.step(state);
        if step == Some(Step::AnyRun) {
            self.reach(State { step: state.step + 1, ..state }, Some(state), None);
        }
        let Some(piece) = self.pieces(state).get(usize::from(state.piece)) else {
            return self.join(state, step);
        };
        if piece.may_end(state.inner) {
            self.reach(State { piece: state.piece + 1, inner: 0, ..state }, Some(state), None);
        }
        let (next, chosen) = match step {
            None => return,
            Some(Step::AnyRun) => (state.step, true),
            Some(_) => (state.step + 1, !matches!(step, Some(Step::One(_)))),
        };
        let character = match step {
            Some(Step::One(c)) => Some(c),
            _ => piece.sample(state.inner),
        };
        let assigned_fits = step == Some(Step::AnyRun);
        if let Some(c) = character.filter(|c| *c != ASSIGNED || assigned_fits)
            && let Some(inner) = piece.take(state.inner, c, chosen)
        {
            self.reach(State { step: next, inner, ..state }, Some(state), Some(c));
        }
    }

    /// After a sentence: a colon and any sentence, if they repeat.
    fn join(&mut self, state: State, step: Option<Step>) {
        let next = match step {
            Some(Step::One(':') | Step::AnyOne) => state.step + 1,
            Some(Step::AnyRun) => state.step,
            _ => return,
        };
        if !self.grammar.repeat {
            return;
        }
        for sentence in 0..self.grammar.sentences.len() {
            let Ok(sentence) = u16::try_from(sentence) else { return };
            self.reach(State { step: next, sentence, piece: 0, inner: 0 }, Some(state), Some(':'));
        }
    }

    fn spell(&self, end: State) -> String {
        let mut text = Vec::new();
        let mut state = end;
        while let Some(Some((from, emitted))) = self.came_from.get(&state) {
            text.extend(*emitted);
            state = *from;
        }
        text.iter().rev().collect()
    }
}

// A fresh name and a number remember their length and these two facts.
const AFTER_SPECIAL: u16 = 1;
const OPEN: u16 = 2;
const LENGTH: u16 = 4;

// A word that is one dot or two is not a name yet.
const NAMED: u16 = 3;

// A ref remembers where in a component it stands.
const COMPONENT_START: u16 = 0;
const IN_COMPONENT: u16 = 1;
const AFTER_DOT: u16 = 2;

impl Piece {
    /// Whether it remembers a length.
    fn counts(&self) -> bool {
        matches!(self, Piece::Fresh(_) | Piece::Number | Piece::Partial)
    }

    fn may_end(&self, inner: u16) -> bool {
        match self {
            Piece::Text(text) => usize::from(inner) == text.len(),
            Piece::Fresh(_) => inner & OPEN != 0 && inner & AFTER_SPECIAL == 0,
            Piece::Ref => inner == IN_COMPONENT,
            Piece::Word => inner == NAMED,
            Piece::Free | Piece::Assigned | Piece::Number => inner > 0,
            Piece::Partial => inner & OPEN != 0,
        }
    }

    /// The character that keeps most ways open, where the pattern does not say which.
    fn sample(&self, inner: u16) -> Option<char> {
        match self {
            Piece::Text(text) => text.get(usize::from(inner)..)?.chars().next(),
            Piece::Fresh(_) | Piece::Word | Piece::Ref | Piece::Free => Some('x'),
            Piece::Assigned => Some(ASSIGNED),
            Piece::Number | Piece::Partial => Some('1'),
        }
    }

    /// What the piece remembers after one more character; nothing: it does not take it.
    fn take(&self, inner: u16, c: char, chosen: bool) -> Option<u16> {
        match self {
            Piece::Text(text) => {
                let expected = text.get(usize::from(inner)..)?.chars().next()?;
                (expected == c).then_some(inner.checked_add(u16::try_from(c.len_utf8()).ok()?)?)
            }
            Piece::Fresh(naming) => naming.take(inner, c, chosen),
            Piece::Word => match c {
                '.' => Some((inner + 1).min(NAMED)),
                c => (c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).then_some(NAMED),
            },
            Piece::Ref => take_ref(inner, c),
            Piece::Free => (!c.is_control() && !matches!(c, ':' | ASSIGNED)).then_some(1),
            Piece::Assigned => (inner == 0 && c == ASSIGNED).then_some(1),
            Piece::Number | Piece::Partial => {
                let open = if chosen { OPEN } else { inner & OPEN };
                let length = inner / LENGTH + 1;
                (c.is_ascii_digit() && length <= 20).then_some((length * LENGTH) | open)
            }
        }
    }
}

impl Naming {
    fn take(self, inner: u16, c: char, chosen: bool) -> Option<u16> {
        let length = inner / LENGTH + 1;
        let special = self.special.contains(c);
        let first_or_double = inner < LENGTH || inner & AFTER_SPECIAL != 0;
        if length > self.longest
            || !(special || c.is_ascii_alphanumeric() || self.plain.contains(c))
            || special && first_or_double
        {
            return None;
        }
        let open = if chosen { OPEN } else { inner & OPEN };
        Some((length * LENGTH) | open | if special { AFTER_SPECIAL } else { 0 })
    }
}

fn take_ref(inner: u16, c: char) -> Option<u16> {
    match c {
        '/' => (inner == IN_COMPONENT).then_some(COMPONENT_START),
        '.' => (inner == IN_COMPONENT).then_some(AFTER_DOT),
        ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\' | ASSIGNED => None,
        c if c.is_control() => None,
        _ => Some(IN_COMPONENT),
    }
}
