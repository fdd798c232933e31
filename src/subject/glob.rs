//! Wildcards of the flexible expression language: `*` is any run of characters, `?` is one. Case counts.

/// One step of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    One(char),
    AnyOne,
    AnyRun,
}

/// A pattern, ready to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    steps: Vec<Step>,
}

impl Glob {
    /// Reads `*` and `?` as wildcards.
    pub fn pattern(text: &str) -> Glob {
        let mut steps = Vec::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '*' if steps.last() == Some(&Step::AnyRun) => {}
                '*' => steps.push(Step::AnyRun),
                '?' => steps.push(Step::AnyOne),
                c => steps.push(Step::One(c)),
            }
        }
        Glob { steps }
    }

    /// A pattern that only the text itself matches.
    pub fn literal(text: &str) -> Glob {
        Glob { steps: text.chars().map(Step::One).collect() }
    }

    /// Whether the whole text matches. Time is at most the product of both lengths.
    pub fn matches(&self, text: &str) -> bool {
        let mut step = 0;
        let mut rest = text.chars();
        // Where to go on after the last `*` when a guess was wrong.
        let mut retry = None;
        loop {
            let before = rest.clone();
            let (now, next) = (self.steps.get(step), rest.next());
            let fits = match (now, next) {
                (None, None) => return true,
                (Some(Step::AnyRun), _) => {
                    retry = Some((step + 1, before.clone()));
                    rest = before;
                    true
                }
                (Some(Step::AnyOne), Some(_)) => true,
                (Some(Step::One(wanted)), Some(c)) => *wanted == c,
                _ => false,
            };
            if fits {
                step += 1;
                continue;
            }
            let Some((after, from)) = &mut retry else { return false };
            if from.next().is_none() {
                return false;
            }
            step = *after;
            rest = from.clone();
        }
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition itself, without any cleverness.
    fn naive(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|n| naive(rest, &text[n..])),
            Some(('?', rest)) => !text.is_empty() && naive(rest, &text[1..]),
            Some((c, rest)) => text.first() == Some(c) && naive(rest, &text[1..]),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn agrees_with_the_naive_matcher(pattern in "[ab*?é]{0,9}", text in "[abé]{0,12}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(Glob::pattern(&pattern).matches(&text), naive(&p, &t));
        }

        #[test]
        fn a_literal_matches_itself_alone(a in "[ab*?]{0,6}", b in "[ab*?]{0,6}") {
            prop_assert_eq!(Glob::literal(&a).matches(&b), a == b);
        }
    }

    #[test]
    fn many_stars_end_in_time() {
        assert!(!Glob::pattern(&"*a".repeat(200)).matches(&"a".repeat(199)));
        assert!(Glob::pattern(&"*a".repeat(200)).matches(&"a".repeat(400)));
    }
}
