//! What a subject that somebody can have minted is made of: its pieces and the rules of each, character by character.

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

/// A subject is one sentence, or, if they are `joined`, several with colons between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grammar {
    pub sentences: Vec<Vec<Piece>>,
    /// Whether a subject may hold several, each key at most once.
    pub joined: bool,
}

// A fresh name and a number remember their length and these two facts.
const AFTER_SPECIAL: u16 = 1;
const OPEN: u16 = 2;
pub(super) const LENGTH: u16 = 4;

// A word that is one dot or two is not a name yet.
const NAMED: u16 = 3;

// A ref remembers where in a component it stands, and how much of `.lock` it has just written.
const COMPONENT_START: u16 = 0;
const IN_COMPONENT: u16 = 1;
const AFTER_DOT: u16 = 2;
const AFTER_LOCK: u16 = 6;
const AFTER_AT: u16 = 7;

impl Grammar {
    /// Which key each sentence writes, numbered in order of appearance.
    pub(super) fn keys(&self) -> Vec<u8> {
        let key = |sentence: &Vec<Piece>| match sentence.first() {
            Some(Piece::Text(text)) => text.split(':').next().unwrap_or_default().to_owned(),
            _ => String::new(),
        };
        let mut seen: Vec<String> = Vec::new();
        let number = |sentence| {
            let key = key(sentence);
            let at = seen.iter().position(|other| *other == key).unwrap_or(seen.len());
            if at == seen.len() {
                seen.push(key);
            }
            u8::try_from(at).unwrap_or(u8::MAX)
        };
        self.sentences.iter().map(number).collect()
    }
}

impl Piece {
    /// Whether it remembers a length.
    pub(super) fn counts(&self) -> bool {
        matches!(self, Piece::Fresh(_) | Piece::Number | Piece::Partial)
    }

    pub(super) fn may_end(&self, inner: u16) -> bool {
        match self {
            Piece::Text(text) => usize::from(inner) == text.len(),
            Piece::Fresh(_) => inner & OPEN != 0 && inner & AFTER_SPECIAL == 0,
            Piece::Ref => ends_component(inner),
            Piece::Word => inner == NAMED,
            Piece::Free | Piece::Assigned | Piece::Number => inner > 0,
            Piece::Partial => inner & OPEN != 0,
        }
    }

    /// The character that keeps most ways open, where the pattern does not say which.
    pub(super) fn sample(&self, inner: u16) -> Option<char> {
        match self {
            Piece::Text(text) => text.get(usize::from(inner)..)?.chars().next(),
            Piece::Fresh(_) | Piece::Word | Piece::Ref | Piece::Free => Some('x'),
            Piece::Assigned => Some(ASSIGNED),
            Piece::Number | Piece::Partial => Some('1'),
        }
    }

    /// What the piece remembers after one more character; nothing: it does not take it.
    pub(super) fn take(&self, inner: u16, c: char, chosen: bool) -> Option<u16> {
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

/// The rules of `git check-ref-format`: no component is empty, starts with a dot or ends in `.lock`; no `..`, no `@{`.
fn take_ref(inner: u16, c: char) -> Option<u16> {
    match c {
        '/' => ends_component(inner).then_some(COMPONENT_START),
        '.' => (inner != COMPONENT_START && inner != AFTER_DOT).then_some(AFTER_DOT),
        '{' if inner == AFTER_AT => None,
        ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\' | ASSIGNED => None,
        c if c.is_control() => None,
        '@' => Some(AFTER_AT),
        c if (AFTER_DOT..AFTER_LOCK).contains(&inner)
            && ".lock".chars().nth(usize::from(inner - AFTER_DOT) + 1) == Some(c) =>
        {
            Some(inner + 1)
        }
        _ => Some(IN_COMPONENT),
    }
}

fn ends_component(inner: u16) -> bool {
    !matches!(inner, COMPONENT_START | AFTER_DOT | AFTER_LOCK)
}
