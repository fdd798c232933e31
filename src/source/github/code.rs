//! Who is named in a CODEOWNERS file and in branch protection rules. Pure.

use super::place::Place;
use super::wire::Account;
use crate::evidence::row::github::{BranchAllowance, CodeOwner};
use crate::text::Untrusted;

/// The owners of a CODEOWNERS file, teams left out: their members are known by themselves.
///
/// <https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>
pub(super) fn owners(place: &Place<'_>, path: &str, text: &str) -> Vec<CodeOwner> {
    let mut rows = Vec::new();
    for (line, whole) in (1..).zip(text.lines()) {
        let mut words = without_comment(whole).split_whitespace();
        let Some(pattern) = words.next() else { continue };
        for word in words {
            let login = word.strip_prefix('@').filter(|login| !login.is_empty() && !login.contains('/'));
            let mail = Some(word).filter(|word| !word.starts_with('@') && word.contains('@'));
            if login.is_none() && mail.is_none() {
                continue;
            }
            rows.push(CodeOwner {
                id: place.id(&format!("file/{path}:{line}")),
                organization: place.organization(),
                repository: place.repository.unwrap_or_default().into(),
                path: path.into(),
                line,
                pattern: Some(pattern.into()),
                login: login.map(Untrusted::from),
                mail: mail.map(Untrusted::from),
                text: Some(whole.into()),
            });
        }
    }
    rows
}

/// A comment begins where a word begins with `#`; `\#` is part of a pattern.
fn without_comment(line: &str) -> &str {
    let starts = line
        .char_indices()
        .find(|(at, c)| *c == '#' && line[..*at].chars().next_back().is_none_or(char::is_whitespace));
    starts.map_or(line, |(at, _)| &line[..at])
}

/// One account that a rule names.
pub(super) fn allowance(place: &Place<'_>, pattern: &Untrusted, kind: &str, account: Account) -> BranchAllowance {
    BranchAllowance {
        id: place.id(&format!("branch-rule/{}", pattern.raw())),
        organization: place.organization(),
        repository: place.repository.unwrap_or_default().into(),
        pattern: pattern.clone(),
        allowance: kind.to_owned(),
        user_id: account.number(),
        login: account.login,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_begins_with_a_word() {
        assert_eq!(without_comment("*.js @a # @b"), "*.js @a ");
        assert_eq!(without_comment("# @a"), "");
        assert_eq!(without_comment("/a#b @a"), "/a#b @a");
        assert_eq!(without_comment("\\#a @a"), "\\#a @a");
    }
}
