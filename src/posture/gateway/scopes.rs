//! The policy that is in force for one operation: `<base/>` stands for what the scope above says, a fragment for its content, and a
//! scope without a policy for all of the one above.

use std::collections::BTreeMap;

use super::xml::{Element, Unread};

/// Fragments in fragments deeper than this are not followed.
const DEEPEST: usize = 8;

/// A scope and its policy; `None`: there is none. A chain of them goes from the inside out: operation, interface, product, everything.
pub type Link<'a> = (&'static str, Option<&'a Element>);

/// What policies refer to.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Fragments by name in lower case; `None`: it could not be read.
    pub fragments: BTreeMap<String, Option<Element>>,
    /// Named values in lower case; `None`: a secret, or one whose value is kept elsewhere.
    pub values: BTreeMap<String, Option<String>>,
}

/// One statement of the policy that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The statement, with named values put in.
    pub element: Element,
    /// The scope that it is written at.
    pub scope: &'static str,
}

/// The statements of a section (`inbound`) in the order in which they run, and the innermost scope that cuts off what is above it.
///
/// # Errors
/// When a fragment is not known.
pub fn resolve(
    section: &str,
    chain: &[Link<'_>],
    settings: &Settings,
) -> Result<(Vec<Step>, Option<&'static str>), Unread> {
    let Some(((scope, policy), above)) = chain.split_first() else { return Ok((Vec::new(), None)) };
    let Some(policy) = policy else { return resolve(section, above, settings) };
    let Some(section_here) = policy.child(section) else {
        // A section that is left out says nothing, hence nothing of what is above either.
        let cut = (!above.is_empty()).then_some(*scope);
        return Ok((Vec::new(), cut));
    };
    let (mut steps, mut has_base, mut cut) = (Vec::new(), false, None);
    for element in unfolded(&section_here.children, settings, 0)? {
        if element.name == "base" {
            let (inherited, cut_above) = resolve(section, above, settings)?;
            steps.extend(inherited);
            (has_base, cut) = (true, cut_above);
        } else {
            steps.push(Step { element: named(&element, settings), scope });
        }
    }
    if !has_base && !above.is_empty() {
        cut = Some(*scope);
    }
    Ok((steps, cut))
}

/// Fragments replaced by what they hold.
fn unfolded(elements: &[Element], settings: &Settings, depth: usize) -> Result<Vec<Element>, Unread> {
    if depth > DEEPEST {
        return Err(Unread);
    }
    let mut all = Vec::new();
    for element in elements {
        if element.name == "include-fragment" {
            let id = element.attribute("fragment-id").ok_or(Unread)?.to_lowercase();
            let fragment = settings.fragments.get(&id).and_then(Option::as_ref).ok_or(Unread)?;
            all.extend(unfolded(&fragment.children, settings, depth + 1)?);
        } else {
            let children = unfolded(&element.children, settings, depth)?;
            all.push(Element { children, ..element.clone() });
        }
    }
    Ok(all)
}

/// Named values put in; a secret keeps its braces.
fn named(element: &Element, settings: &Settings) -> Element {
    Element {
        name: element.name.clone(),
        attributes: element.attributes.iter().map(|(name, value)| (name.clone(), filled(value, settings))).collect(),
        children: element.children.iter().map(|child| named(child, settings)).collect(),
        text: filled(&element.text, settings),
    }
}

fn filled(text: &str, settings: &Settings) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((name, behind)) = after.split_once("}}") else { return out + "{{" + after };
        match settings.values.get(&name.trim().to_lowercase()) {
            Some(Some(value)) => out.push_str(value),
            _ => out.push_str(&format!("{{{{{name}}}}}")),
        }
        rest = behind;
    }
    out + rest
}
