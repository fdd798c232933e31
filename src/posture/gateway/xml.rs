//! Reads the text of a policy. It is not quite XML: expressions in C# stand in attributes and texts as they are, with quotes and
//! angle brackets of their own, so no XML reader takes it.
//!
//! <https://learn.microsoft.com/azure/api-management/api-management-policy-expressions>

/// Elements deeper than this are not read.
const DEEPEST: usize = 64;

/// A text that is no policy, or none that is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

/// One element with everything in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name in lower case.
    pub name: String,
    /// Names and values as they stand.
    pub attributes: Vec<(String, String)>,
    /// What is in it, in order.
    pub children: Vec<Element>,
    /// Its own text.
    pub text: String,
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The children of that name.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every element in it, and itself.
    pub fn within(&self) -> Vec<&Element> {
        let mut all = vec![self];
        self.children.iter().for_each(|child| all.extend(child.within()));
        all
    }
}

/// The one element that a text is.
///
/// # Errors
/// When it is none.
pub fn parse(text: &str) -> Result<Element, Unread> {
    let mut reader = Reader { text, at: 0 };
    reader.skip_between()?;
    let element = reader.element(0)?;
    reader.skip_between()?;
    if reader.at == text.len() { Ok(element) } else { Err(Unread) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn eat(&mut self, mark: &str) -> bool {
        let eaten = self.rest().starts_with(mark);
        self.at += if eaten { mark.len() } else { 0 };
        eaten
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn past(&mut self, mark: &str) -> Result<&'t str, Unread> {
        let end = self.rest().find(mark).ok_or(Unread)?;
        let passed = &self.rest()[..end];
        self.at += end + mark.len();
        Ok(passed)
    }

    /// White space, comments and the declaration before or behind the root.
    fn skip_between(&mut self) -> Result<(), Unread> {
        loop {
            self.space();
            if self.eat("\u{feff}") {
            } else if self.eat("<!--") {
                self.past("-->")?;
            } else if self.eat("<?") {
                self.past("?>")?;
            } else {
                return Ok(());
            }
        }
    }

    fn name(&mut self) -> Result<&'t str, Unread> {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        let end = self.rest().find(|c| !is_name(c)).unwrap_or(self.rest().len());
        let name = &self.rest()[..end];
        self.at += end;
        if name.is_empty() { Err(Unread) } else { Ok(name) }
    }

    fn element(&mut self, depth: usize) -> Result<Element, Unread> {
        if depth > DEEPEST || !self.eat("<") {
            return Err(Unread);
        }
        let written = self.name()?;
        let mut element = Element { name: written.to_lowercase(), ..Element::default() };
        loop {
            self.space();
            if self.eat("/>") {
                return Ok(element);
            }
            if self.eat(">") {
                break;
            }
            let name = self.name()?.to_lowercase();
            self.space();
            if !self.eat("=") {
                return Err(Unread);
            }
            self.space();
            let value = self.quoted()?;
            element.attributes.push((name, value));
        }
        self.content(&mut element, depth)?;
        if !self.rest().to_lowercase().starts_with(&element.name) {
            return Err(Unread);
        }
        self.at += written.len();
        self.space();
        if self.eat(">") { Ok(element) } else { Err(Unread) }
    }

    /// Up to the name of the end tag.
    fn content(&mut self, element: &mut Element, depth: usize) -> Result<(), Unread> {
        loop {
            if self.eat("<!--") {
                self.past("-->")?;
            } else if self.eat("<![CDATA[") {
                let text = self.past("]]>")?;
                element.text.push_str(text);
            } else if self.eat("</") {
                element.text = element.text.trim().to_owned();
                return Ok(());
            } else if self.rest().starts_with('<') {
                let child = self.element(depth + 1)?;
                element.children.push(child);
            } else if self.rest().is_empty() {
                return Err(Unread);
            } else if let Some(end) = expression(self.rest()) {
                element.text.push_str(&plain(&self.rest()[..end]));
                self.at += end;
            } else {
                let first = self.rest().chars().next().map_or(1, char::len_utf8);
                let end = self.rest()[first..].find(['<', '@']).map_or(self.rest().len(), |end| end + first);
                element.text.push_str(&plain(&self.rest()[..end]));
                self.at += end;
            }
        }
    }

    fn quoted(&mut self) -> Result<String, Unread> {
        let quote = self.rest().chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(Unread)?;
        self.at += 1;
        if let Some(end) = expression(self.rest())
            && self.rest()[end..].trim_start().starts_with(quote)
        {
            let value = plain(&self.rest()[..end]);
            self.at += end;
            self.past(&quote.to_string())?;
            return Ok(value);
        }
        Ok(plain(self.past(&quote.to_string())?))
    }
}

/// Where the expression that a text begins with ends: `@(…)` or `@{…}`, brackets in strings left alone.
fn expression(text: &str) -> Option<usize> {
    let open = text.strip_prefix('@')?.chars().next().filter(|c| matches!(c, '(' | '{'))?;
    let close = if open == '(' { ')' } else { '}' };
    let (mut depth, mut rest) = (0_usize, text.char_indices().peekable());
    while let Some((at, c)) = rest.next() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at + 1);
            }
        } else if let Some(end) = string(&text[at..]) {
            while rest.next_if(|(next, _)| *next < at + end).is_some() {}
        } else if text[at..].starts_with("//") && !text[..at].ends_with(':') {
            while rest.next_if(|(_, c)| *c != '\n').is_some() {}
        } else if text[at..].starts_with("/*") {
            let end = at + text[at..].find("*/")? + 2;
            while rest.next_if(|(next, _)| *next < end).is_some() {}
        }
    }
    None
}

/// How long the string or character is that a text of C# begins with.
fn string(text: &str) -> Option<usize> {
    if let Some(verbatim) = text.strip_prefix("@\"").or_else(|| text.strip_prefix("$@\"")) {
        let before = text.len() - verbatim.len();
        let (mut at, bytes) = (0, verbatim.as_bytes());
        loop {
            at += verbatim.get(at..)?.find('"')?;
            if bytes.get(at + 1) != Some(&b'"') {
                return Some(before + at + 1);
            }
            at += 2;
        }
    }
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return None,
            c if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// A text without the entities that stand for marks; the service writes expressions so where it was asked for XML.
fn plain(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = text.to_owned();
    let marks = [
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#xD;", ""),
        ("&#xA;", "\n"),
        ("&#10;", "\n"),
        ("&amp;", "&"),
    ];
    for (entity, mark) in marks {
        out = out.replace(entity, mark);
    }
    out
}
