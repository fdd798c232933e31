//! What a row has to say so that checks can join it with others or judge by it, and how ids are written. Pure.
//! A row that says less stays, and is a gap of its list: it falls out of every join and would look like nothing at all.

use std::borrow::Cow;

use super::row::Column;

/// One thing that a row has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// This column.
    One(&'static str),
    /// At least one of these columns.
    Any(&'static [&'static str]),
    /// This column, with one of these texts: a check that looks for one of them passes over any other.
    Known(&'static str, &'static [&'static str]),
    /// A column that is needed in some rows only.
    When {
        /// The column that decides.
        of: &'static str,
        /// What it has to be.
        is: Is,
        /// The column that is then needed.
        needs: &'static str,
    },
}

/// What decides whether another column is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// It has no value.
    Absent,
    /// It has some value.
    Present,
    /// It is this text.
    Text(&'static str),
    /// It is anything but this text.
    Not(&'static str),
}

impl Need {
    /// The columns that it names.
    pub fn columns(&self) -> Vec<&'static str> {
        match self {
            Need::One(name) | Need::Known(name, _) => vec![name],
            Need::Any(names) => names.to_vec(),
            Need::When { of, needs, .. } => vec![of, needs],
        }
    }

    /// What the row lacks, as a reader is told it.
    fn missing<'r>(&self, column: &dyn Fn(&str) -> Option<&'r dyn Column>) -> Option<String> {
        let absent = |name: &str| column(name).is_some_and(Column::is_absent);
        let says = |name: &str, text: &str| column(name).is_some_and(|column| column.says(text));
        let holds = |name: &str, is: Is| match is {
            Is::Absent => absent(name),
            Is::Present => !absent(name),
            Is::Text(text) => says(name, text),
            Is::Not(text) => !says(name, text),
        };
        match *self {
            Need::One(name) => absent(name).then(|| format!("came without its {}", words(name))),
            Need::Any(names) => names.iter().all(|name| absent(name)).then(|| {
                let names: Vec<String> = names.iter().map(|name| words(name)).collect();
                format!("came without its {}", names.join(" and "))
            }),
            Need::Known(name, known) => (!known.iter().any(|text| says(name, text)))
                .then(|| format!("came with a {} that is not known", words(name))),
            Need::When { of, is, needs } => {
                (holds(of, is) && absent(needs)).then(|| format!("came without its {}", words(needs)))
            }
        }
    }
}

/// What a row lacks of `needs`: the first of it is enough for a gap.
pub(super) fn missing<'r>(needs: &[Need], column: &dyn Fn(&str) -> Option<&'r dyn Column>) -> Option<String> {
    needs.iter().find_map(|need| need.missing(column))
}

fn words(column: &str) -> String {
    column.replace('_', " ")
}

/// Whether a column of this name holds ids of objects: they are written in one way, however a service writes them.
pub(super) const fn is_id(column: &str) -> bool {
    const IDS: [&str; 23] = [
        "id",
        "person",
        "object_id",
        "app_id",
        "client_id",
        "key_id",
        "group_id",
        "object",
        "client",
        "resource",
        "principal",
        "application",
        "gateway",
        "role",
        "owner",
        "sponsor",
        "actor",
        "target",
        "event",
        "container",
        "account",
        "created_by",
        "scope",
    ];
    let mut at = 0;
    while at < IDS.len() {
        if same(IDS[at].as_bytes(), column.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let mut at = 0;
    while at < one.len() {
        if one[at] != other[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// An id as evidence writes it: a GUID with dashes and in lower case whatever its dress, resource ids of Azure and typed
/// ids of Entra and Azure in lower case, since their services compare them without case. Anything else as it is.
pub fn normal(id: &str) -> Cow<'_, str> {
    let bare = id.trim();
    let is_guid = matches!(bare.len(), 32 | 36 | 38 | 45) && !bare.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(guid) = is_guid.then(|| uuid::Uuid::try_parse(bare).ok()).flatten() {
        let text = guid.hyphenated().to_string();
        return if text == id { Cow::Borrowed(id) } else { Cow::Owned(text) };
    }
    let folds = ["/subscriptions/", "/providers/", "/tenants/", "entra:", "azure:"];
    let is_folded =
        folds.iter().any(|begin| id.get(..begin.len()).is_some_and(|head| head.eq_ignore_ascii_case(begin)));
    match is_folded && id.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(id.to_ascii_lowercase()),
        false => Cow::Borrowed(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_written_in_one_way() {
        let plain = "0a000000-0000-4000-8000-00000000000b";
        for dress in [
            "0A000000-0000-4000-8000-00000000000B",
            "{0a000000-0000-4000-8000-00000000000b}",
            "0a0000000000400080000000000000 0b".replace(' ', "").as_str(),
            "urn:uuid:0A000000-0000-4000-8000-00000000000B",
            " 0a000000-0000-4000-8000-00000000000b ",
            plain,
        ] {
            assert_eq!(normal(dress), plain, "{dress}");
        }
    }

    #[test]
    fn only_what_is_compared_without_case_is_folded() {
        for (id, written) in [
            ("/Subscriptions/A/resourceGroups/B", "/subscriptions/a/resourcegroups/b"),
            ("entra:user/0A", "entra:user/0a"),
            ("github:repo/Contoso/Web/secret/NPM", "github:repo/Contoso/Web/secret/NPM"),
            ("Alice-Dev", "Alice-Dev"),
            ("12345678901234567890123456789012", "12345678901234567890123456789012"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(normal(id), written);
        }
    }
}
