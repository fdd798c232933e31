//! One escaper per format. Each first makes visible what acts or hides on a screen, then disarms what acts in its format.
//! Text that has no type of its own goes through the functions, [`Untrusted`] through its methods.

use std::fmt::Write;

use maud::{Escaper, Render};

use super::{Untrusted, capped, visible};

/// How much of one text a page for people shows.
const SHOWN: usize = 2_000;

/// Text on its way into HTML, in an element or in a quoted attribute.
#[derive(Debug, Clone, Copy)]
pub struct Html<'t>(&'t str);

/// Text for HTML.
pub fn html(text: &str) -> Html<'_> {
    Html(text)
}

impl Render for Html<'_> {
    fn render_to(&self, out: &mut String) {
        // Writing into a String cannot fail.
        let _ = Escaper::new(out).write_str(&visible(&capped(self.0, SHOWN)));
    }
}

impl Render for Untrusted {
    fn render_to(&self, out: &mut String) {
        html(&self.0).render_to(out);
    }
}

/// Foreign text for Markdown: a code span, in which nothing is a link, a mention, a picture or HTML. Fit for a table cell.
pub fn markdown(text: &str) -> String {
    let text = uncommanded(&visible(&capped(text, SHOWN))).replace('|', r"\u{7c}");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match text.trim().is_empty() {
        true => "``` ```".to_owned(),
        // A blank beside the fence is taken away again, and keeps a backtick off it.
        false => format!("{fence} {text} {fence}"),
    }
}

/// Words of a check for the middle of a line of Markdown: they keep their looks and make no markup of their own.
pub fn markdown_words(text: &str) -> String {
    let text = uncommanded(&visible(&capped(text, SHOWN)));
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' => out.push_str("&#124;"),
            // What follows an `@` would be told that it is meant.
            '@' => out.push_str("(at)"),
            // Not a backslash: one before `](` disarms a link for some readers of Markdown and not for others.
            '[' => out.push_str("&#91;"),
            ']' => out.push_str("&#93;"),
            '\\' | '`' | '*' | '_' | '#' | '~' => out.extend(['\\', c]),
            _ => out.push(c),
        }
        out
    })
}

/// A pipeline takes `##[` anywhere, and `::` at the start of a line, for a command when it copies the text into its log.
pub fn uncommanded(text: &str) -> String {
    text.replace("::", r":\u{3a}").replace("##[", r"#\u{23}[").replace("##vso[", r"#\u{23}vso[")
}

/// For a cell of CSV: wherever a program might see a cell begin, whatever it takes for the separator, no formula begins.
pub fn csv(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut begins = true;
    for c in visible(text).chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            out.push('\'');
        }
        begins = matches!(c, ',' | ';' | '|') || (begins && matches!(c, ' ' | '"' | '\''));
        out.push(c);
    }
    out
}

/// For XML: no character that it forbids. What is markup in XML is left to its writer.
pub fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in uncommanded(&visible(text)).chars() {
        match u32::from(c) & 0xFFFE {
            0xFFFE => super::push_visible(&mut out, c),
            _ => out.push(c),
        }
    }
    out
}

/// For a message of SARIF, in which braces hold places and brackets make links.
pub fn sarif(text: &str) -> String {
    visible(text).replace('{', "{{").replace('}', "}}").replace("](", "] (")
}

impl Untrusted {
    /// For Markdown: a code span. See [`markdown`].
    pub fn markdown(&self) -> String {
        markdown(&self.0)
    }

    /// For Markdown, where it is the text of a check. See [`markdown_words`].
    pub fn markdown_words(&self) -> String {
        markdown_words(&self.0)
    }

    /// For a cell of CSV. See [`csv()`].
    pub fn csv(&self) -> String {
        csv(&self.0)
    }

    /// For XML. See [`xml`].
    pub fn xml(&self) -> String {
        xml(&self.0)
    }

    /// For a message of SARIF. See [`sarif`].
    pub fn sarif(&self) -> String {
        sarif(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use maud::html as page;
    use proptest::prelude::*;

    use super::*;
    use crate::text::is_harmless;

    fn harmless(text: &str) -> bool {
        text.chars().all(is_harmless)
    }

    /// Where some reader of CSV may see a cell begin.
    fn cells(text: &str) -> impl Iterator<Item = &str> {
        text.split([',', ';', '|', '\t', '\n', '\r']).map(|cell| cell.trim_start_matches([' ', '"']))
    }

    proptest! {
        #[test]
        fn html_has_no_markup_of_its_own(text in prop_oneof![any::<String>(), "[<>&\"'/a\n]{0,20}"]) {
            let out = page! { (html(&text)) }.into_string();
            prop_assert!(harmless(&out) && !out.contains(['<', '>', '"']));
        }

        #[test]
        fn a_code_span_ends_only_at_its_end(text in "[`a |\\\\<@:#\\[\\]\n]{0,40}") {
            let span = markdown(&text);
            let fence: String = span.chars().take_while(|c| *c == '`').collect();
            let inside = span[fence.len()..].strip_suffix(&fence).unwrap();
            prop_assert!(harmless(inside) && !inside.contains('|') && inside.starts_with(' ') && inside.ends_with(' '));
            prop_assert!(inside.split(|c| c != '`').all(|run| run.len() != fence.len()), "{}", span);
        }

        #[test]
        fn words_make_no_markup(text in prop_oneof![any::<String>(), r"[\]\[(@|:<>\\a\n]{0,20}"]) {
            let out = markdown_words(&text);
            prop_assert!(harmless(&out) && !out.contains(['<', '>', '@', '|']) && !out.contains("](") && !out.contains("::"));
        }

        #[test]
        fn no_cell_begins_with_a_formula(text in "[=+@;,|\" \ta\n＝-]{0,20}") {
            let out = csv(&text);
            prop_assert!(harmless(&out) && cells(&out).all(|cell| !cell.starts_with(['=', '+', '-', '@', '＝'])), "{}", out);
        }

        #[test]
        fn xml_has_only_its_own_characters(text in any::<String>()) {
            let allowed = |c: char| matches!(c, ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}');
            prop_assert!(xml(&text).chars().all(allowed));
        }

        #[test]
        fn a_sarif_message_has_no_links_and_no_places(text in prop_oneof![any::<String>(), r"[\]\[(){}@\\a\n]{0,20}"]) {
            let out = sarif(&text);
            let (links, places) = (out.contains("]("), out.replace("{{", "").replace("}}", "").contains(['{', '}']));
            prop_assert_eq!((links, places), (false, false));
        }

        #[test]
        fn plain_words_stay_as_they_are(text in "[a-zA-Z0-9 äöü漢字./]{1,40}") {
            prop_assert_eq!(markdown_words(&text), text.clone());
            prop_assert_eq!(csv(&text), text.clone());
            prop_assert_eq!(xml(&text), text.clone());
            prop_assert_eq!(sarif(&text), text);
        }
    }

    #[test]
    fn what_acts_in_a_format_is_disarmed_there() {
        let in_page = |text: &str| page! { b title=(html(text)) { (Untrusted::from(text)) } }.into_string();
        assert_eq!(in_page("<b>\"\u{1b}"), r#"<b title="&lt;b&gt;&quot;\u{1b}">&lt;b&gt;&quot;\u{1b}</b>"#);
        assert_eq!(markdown("a`b|<@x>\n::error::"), r"`` a`b\u{7c}<@x>\u{a}:\u{3a}error:\u{3a} ``");
        assert_eq!(
            markdown_words("[x](http://e) <b> @all | a_b"),
            r"&#91;x&#93;(http://e) &lt;b&gt; (at)all &#124; a\_b"
        );
        assert_eq!((csv("=1"), csv(" -1"), csv("a;=1")), ("'=1".into(), " '-1".into(), "a;'=1".into()));
        assert_eq!((csv("a-b=c"), csv("2026-05-01")), ("a-b=c".into(), "2026-05-01".into()));
        assert_eq!(sarif("[x](http://e) {0}"), "[x] (http://e) {{0}}");
        assert_eq!((markdown(""), xml("\u{ffff}##vso[x]")), ("``` ```".into(), r"\u{ffff}#\u{23}vso[x]".into()));
    }

    #[test]
    fn a_huge_name_is_cut_on_a_page() {
        let huge = "x".repeat(1 << 20);
        assert!(markdown(&huge).len() < 3_000 && page! { (html(&huge)) }.into_string().len() < 3_000);
    }
}
