//! Lines no wider than the terminal. Whatever is put on a page is escaped here once more, whoever wrote it.

use unicode_width::UnicodeWidthChar;

use crate::text::escape::uncommanded;
use crate::text::visible;

/// Below this nothing is readable, so wider lines are the smaller evil.
const NARROWEST: usize = 40;
/// Longer lines are hard to read.
const WIDEST: usize = 120;
/// How many lines a paragraph may take.
const LINES: usize = 5;
/// Columns of a label and the space after it.
const LABEL: usize = 10;

/// How a word stands out where there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Bad,
    Doubt,
    Good,
    Strong,
    Plain,
}

/// Text in the making.
pub(super) struct Page {
    text: String,
    width: usize,
    color: bool,
}

impl Page {
    pub(super) fn new(width: u16, color: bool) -> Page {
        Page { text: String::new(), width: usize::from(width).clamp(NARROWEST, WIDEST), color }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A row of a table that is laid out already; the first of `words` in a cell of its own stands out.
    pub(super) fn row(&mut self, line: &str, words: &[(&str, Tone)]) {
        let line = shown(line.trim_end());
        let found = words.iter().find_map(|(word, tone)| {
            let at = line.find(&format!("| {word} "))? + 2;
            Some((at, at + word.len(), *tone))
        });
        match found {
            Some((start, end, tone)) => {
                self.text.push_str(&line[..start]);
                self.paint(&line[start..end], tone);
                self.text.push_str(&line[end..]);
            }
            None => self.text.push_str(&line),
        }
        self.text.push('\n');
    }

    /// One line over a section.
    pub(super) fn heading(&mut self, text: &str) {
        let text = cut(&shown(text), self.width);
        self.paint(&text, Tone::Strong);
        self.text.push('\n');
    }

    /// A paragraph, wrapped; its further lines stand below the first.
    pub(super) fn text(&mut self, indent: usize, text: &str) {
        for line in wrap(&shown(text), self.width - indent, LINES) {
            self.line_at(indent, &line);
        }
    }

    /// A paragraph behind a dash; its further lines stand below its text.
    pub(super) fn item(&mut self, indent: usize, text: &str) {
        for (n, line) in wrap(&shown(text), self.width - indent - 2, LINES).iter().enumerate() {
            let dash = if n == 0 { "- " } else { "  " };
            self.line_at(indent, &format!("{dash}{line}"));
        }
    }

    /// One line that is cut: a name.
    pub(super) fn name(&mut self, indent: usize, text: &str) {
        let line = cut(&shown(text), self.width - indent);
        self.line_at(indent, &line);
    }

    /// A word in its own column, and a paragraph beside it.
    pub(super) fn labelled(&mut self, indent: usize, (label, tone): (&str, Tone), text: &str) {
        let inner = indent + LABEL;
        for (n, line) in wrap(&shown(text), self.width - inner, LINES).iter().enumerate() {
            if n > 0 {
                self.line_at(inner, line);
                continue;
            }
            self.space(indent);
            self.paint(label, tone);
            self.space(LABEL.saturating_sub(label.len()));
            self.text.push_str(line);
            self.text.push('\n');
        }
    }

    /// A short word in a column of its own, and a paragraph beside it.
    pub(super) fn beside(&mut self, indent: usize, word: &str, columns: usize, text: &str) {
        let inner = indent + columns + 1;
        let word = cut(&shown(word), columns);
        for (n, line) in wrap(&shown(text), self.width.saturating_sub(inner).max(10), LINES).iter().enumerate() {
            match n {
                0 => self.line_at(
                    indent,
                    &format!("{word}{} {line}", " ".repeat(columns.saturating_sub(word.chars().count()))),
                ),
                _ => self.line_at(inner, line),
            }
        }
    }

    /// A label, and from `indent` on one character after the other in its own tone.
    pub(super) fn strip(&mut self, indent: usize, label: &str, cells: &[(char, Tone)]) {
        let label = cut(&shown(label), indent);
        self.text.push_str(&label);
        self.space(indent.saturating_sub(label.chars().count()));
        for alike in cells.chunk_by(|one, next| one.1 == next.1) {
            let text: String = alike.iter().map(|(c, _)| *c).collect();
            self.paint(&text, alike[0].1);
        }
        self.text.push('\n');
    }

    fn line_at(&mut self, indent: usize, line: &str) {
        self.space(indent);
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn space(&mut self, columns: usize) {
        self.text.extend(std::iter::repeat_n(' ', columns));
    }

    fn paint(&mut self, text: &str, tone: Tone) {
        let code = match tone {
            Tone::Bad => "1;31",
            Tone::Doubt => "1;33",
            Tone::Good => "32",
            Tone::Strong => "1",
            Tone::Plain => "",
        };
        if self.color && !code.is_empty() {
            self.text.push_str(&format!("\x1b[{code}m{text}\x1b[0m"));
        } else {
            self.text.push_str(text);
        }
    }
}

/// A mark without a width of its own counts as one column: else thousands of them would pass as an empty line.
fn columns(c: char) -> usize {
    c.width().unwrap_or(1).max(1)
}

fn cut(text: &str, width: usize) -> String {
    let mut used = 0;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        if used < width {
            end = at;
        }
        used += columns(c);
        if used > width {
            return format!("{}…", &text[..end]);
        }
    }
    text.to_owned()
}

/// Escaped for a terminal, and for the log of a pipeline: where a line begins there depends on how it is wrapped.
fn shown(text: &str) -> String {
    uncommanded(&visible(text))
}

/// Breaks at spaces, and within words that are longer than a line, there at slashes. What does not fit in `most` lines is cut.
fn wrap(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text.trim();
    while lines.len() + 1 < most {
        let Some(end) = overflow(rest, width) else { break };
        let (line, after) = match rest[..end].rfind(' ') {
            _ if rest[end..].starts_with(' ') => (&rest[..end], &rest[end..]),
            Some(space) => (&rest[..space], &rest[space..]),
            None => rest.split_at(rest[..end].rfind('/').map_or(end, |slash| slash + 1)),
        };
        lines.push(line.trim_end().to_owned());
        rest = after.trim_start();
    }
    lines.push(cut(rest, width));
    lines
}

/// Where the first character stands that does not fit any more.
fn overflow(text: &str, width: usize) -> Option<usize> {
    let mut used = 0;
    text.char_indices().find_map(|(at, c)| {
        used += columns(c);
        (used > width).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn width(text: &str) -> usize {
        text.chars().map(columns).sum()
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_page(text in any::<String>(), columns in 40u16..130, indent in 0usize..12) {
            let mut page = Page::new(columns, false);
            page.heading(&text);
            page.text(indent, &text);
            page.name(indent, &text);
            page.item(indent, &text);
            page.labelled(indent, ("CRITICAL", Tone::Bad), &text);
            let page = page.finish();
            prop_assert!(page.lines().all(|line| width(line) <= usize::from(columns).min(WIDEST)), "{}", page);
        }

        #[test]
        fn no_line_is_a_command_to_a_pipeline(words in prop::collection::vec("(::|:::|##\\[|##vso\\[)?[a-z]{0,30}", 1..40)) {
            let mut page = Page::new(40, false);
            let text = words.join(" ");
            page.text(2, &text);
            page.item(2, &text);
            page.labelled(0, ("LOW", Tone::Plain), &text);
            let page = page.finish();
            let command = |line: &str| ["::", "##[", "##vso["].iter().any(|start| line.trim_start().starts_with(start));
            prop_assert!(!page.lines().any(command), "{}", page);
        }

        #[test]
        fn short_text_keeps_every_word(words in prop::collection::vec("[a-z]{1,9}", 1..12)) {
            let text = words.join(" ");
            prop_assert_eq!(wrap(&text, 40, LINES).join(" "), text);
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_with_a_mark() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("漢字漢字", 6), "漢字…");
        assert_eq!(wrap("aa bb cc dd", 5, 2), ["aa bb", "cc dd"]);
        assert_eq!(wrap("aa bb cc dd ee", 5, 2), ["aa bb", "cc d…"]);
        assert_eq!(wrap(&"x".repeat(12), 5, 9), ["xxxxx", "xxxxx", "xx"]);
        assert_eq!(wrap("ab/c/defg", 6, 9), ["ab/c/", "defg"]);
    }

    #[test]
    fn marks_without_width_are_cut_too() {
        assert!(cut(&"e\u{301}".repeat(5000), 40).chars().count() <= 40);
    }
}
