//! The search for a subject that a grammar can write and a pattern accepts.
//! It walks pattern and grammar side by side, so it finds a subject whenever one exists.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use super::glob::{Glob, Step};
use super::piece::{ASSIGNED, Grammar, LENGTH, Piece};

/// How many states a search visits at most if it has to remember which keys it has used.
const PATIENCE: usize = 100_000;

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// A text of the grammar that the pattern accepts, the shortest or nearly so.
    Text(String),
    /// There is none.
    Nothing,
    /// The pattern leaves so much open that the search was ended.
    GaveUp,
}

impl Found {
    pub(super) fn text(self) -> Option<String> {
        match self {
            Found::Text(text) => Some(text),
            Found::Nothing | Found::GaveUp => None,
        }
    }
}

/// Looks for a text of the grammar that the pattern accepts.
pub(super) fn find(glob: &Glob, grammar: &Grammar) -> Found {
    // Few patterns tempt the search to use a key twice, and without that memory it is far quicker.
    let mut quick = Search::new(glob, grammar, false);
    match quick.run() {
        Some(end) if !grammar.joined || !quick.repeats_a_key(end) => Found::Text(quick.spell(end)),
        None => Found::Nothing,
        Some(_) => {
            let mut careful = Search::new(glob, grammar, true);
            match careful.run() {
                Some(end) => Found::Text(careful.spell(end)),
                None if careful.came_from.len() >= PATIENCE => Found::GaveUp,
                None => Found::Nothing,
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    step: u16,
    sentence: u16,
    piece: u16,
    /// What the piece remembers of itself.
    inner: u16,
    /// The keys that were written, this sentence's included, as bits. Zero in a search that does not remember them.
    used: u64,
}

/// Hashes the small numbers of a state. No stranger chooses them freely, so speed is all that it needs.
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
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(16) ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

type Map<Key, Value> = HashMap<Key, Value, BuildHasherDefault<Mix>>;

struct Search<'a> {
    glob: &'a Glob,
    grammar: &'a Grammar,
    /// The number of each sentence's key, if the search remembers them.
    keys: Option<Vec<u8>>,
    came_from: Map<State, Option<(State, Option<char>)>>,
    /// With which lengths and keys each place was reached: one with more of both can do nothing more.
    least: Map<State, Vec<(u16, u64)>>,
    queue: VecDeque<State>,
}

impl<'a> Search<'a> {
    fn new(glob: &'a Glob, grammar: &'a Grammar, remembers: bool) -> Search<'a> {
        let keys = remembers.then(|| grammar.keys());
        Search { glob, grammar, keys, came_from: Map::default(), least: Map::default(), queue: VecDeque::new() }
    }

    /// The state in which both pattern and grammar are at an end.
    fn run(&mut self) -> Option<State> {
        self.begin(State { step: 0, sentence: 0, piece: 0, inner: 0, used: 0 }, None, None);
        while let Some(state) = self.queue.pop_front() {
            if self.is_end(state) {
                return Some(state);
            }
            if self.keys.is_some() && self.came_from.len() >= PATIENCE {
                return None;
            }
            self.expand(state);
        }
        None
    }

    /// Begins each sentence whose key is still free.
    fn begin(&mut self, at: State, from: Option<State>, emitted: Option<char>) {
        for sentence in 0..self.grammar.sentences.len() {
            let bit = self.keys.as_ref().map_or(0, |keys| 1_u64.checked_shl(u32::from(keys[sentence])).unwrap_or(0));
            let Ok(sentence) = u16::try_from(sentence) else { return };
            if at.used & bit == 0 {
                self.reach(State { sentence, piece: 0, inner: 0, used: at.used | bit, ..at }, from, emitted);
            }
        }
    }

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

    /// Whether the same place was reached with a shorter name or number and no other keys, which can go every way
    /// that this one can.
    fn is_outdone(&mut self, state: State) -> bool {
        let counts = self.pieces(state).get(usize::from(state.piece)).is_some_and(Piece::counts);
        let (length, inner) = match counts {
            true => (state.inner / LENGTH, state.inner % LENGTH),
            false => (0, state.inner),
        };
        if self.keys.is_none() && length == 0 {
            return false;
        }
        let known = self.least.entry(State { inner, used: 0, ..state }).or_default();
        let outdone = known.iter().any(|(least, used)| *least <= length && used & state.used == *used);
        if !outdone {
            known.push((length, state.used));
        }
        outdone
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

    /// After a sentence: a colon and any sentence, if they are joined.
    fn join(&mut self, state: State, step: Option<Step>) {
        let next = match step {
            Some(Step::One(':') | Step::AnyOne) => state.step + 1,
            Some(Step::AnyRun) => state.step,
            _ => return,
        };
        if self.grammar.joined {
            self.begin(State { step: next, ..state }, Some(state), Some(':'));
        }
    }

    fn repeats_a_key(&self, end: State) -> bool {
        let keys = self.grammar.keys();
        let untouched = |state: &State| state.piece == 0 && state.inner == 0;
        let begins = |state: &State| untouched(state) && !self.before(state).is_some_and(|from| untouched(&from));
        let mut used: Vec<u8> = self.path(end).filter(begins).map(|state| keys[usize::from(state.sentence)]).collect();
        used.sort_unstable();
        used.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn spell(&self, end: State) -> String {
        let emitted = |state| self.came_from.get(&state).copied().flatten().and_then(|(_, emitted)| emitted);
        let text: Vec<char> = self.path(end).filter_map(emitted).collect();
        text.iter().rev().collect()
    }

    /// The states that led here, the last one first.
    fn path(&self, end: State) -> impl Iterator<Item = State> {
        std::iter::successors(Some(end), |state| self.before(state))
    }

    fn before(&self, state: &State) -> Option<State> {
        self.came_from.get(state).copied().flatten().map(|(from, _)| from)
    }
}
