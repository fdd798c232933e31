//! What the coverage of the evidence means for a check: which gaps it has, and how much it has seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::evidence::Coverage;
use crate::model::{Gap, GapKind, Waiver};
use crate::text::Untrusted;

/// Data sets about the people themselves: they count for completeness, not as objects examined.
const PEOPLE: [&str; 2] = ["person", "identity"];

/// How many scopes a summary names.
const NAMED: usize = 3;

/// So many gaps that differ only in their scope stand on their own, each with the scope that a waiver can name; more than
/// that become one.
const APART: usize = 200;

/// What is missing of `tables`, in a stable order. `waive` says who answers for a gap, if anybody does.
pub(super) fn gaps(
    tables: &BTreeSet<String>,
    coverage: &[Coverage],
    people: &[String],
    waive: &dyn Fn(&Gap) -> Option<Waiver>,
) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = tables.iter().flat_map(|table| of_table(table, coverage, people, waive)).collect();
    gaps.sort();
    gaps
}

fn of_table(table: &str, coverage: &[Coverage], people: &[String], waive: &dyn Fn(&Gap) -> Option<Waiver>) -> Vec<Gap> {
    let waived = |gap: Gap| Gap { waiver: waive(&gap), ..gap };
    let rows: Vec<&Coverage> = coverage.iter().filter(|row| row.dataset == table).collect();
    if rows.is_empty() {
        return vec![waived(not_collected(table, None))];
    }
    let scopes = rows.iter().map(|row| &row.scope).collect::<BTreeSet<_>>().len();
    let mut gaps: Vec<Gap> = Vec::new();
    let mut alike: BTreeMap<_, BTreeSet<&Gap>> = BTreeMap::new();
    for gap in rows.iter().filter_map(|row| row.gap.as_ref()).collect::<BTreeSet<_>>() {
        match waive(gap) {
            Some(waiver) => gaps.push(Gap { waiver: Some(waiver), ..gap.clone() }),
            None => drop(alike.entry((gap.kind, gap.needs.as_deref(), gap.person.as_deref())).or_default().insert(gap)),
        }
    }
    for alike in alike.into_values() {
        if alike.len() <= APART {
            gaps.extend(alike.into_iter().cloned());
        } else {
            gaps.extend(summary(&alike, scopes));
        }
    }
    // Collected person by person: somebody who is in no row at all was not looked at.
    let asked: BTreeSet<&str> = rows.iter().filter_map(|row| row.person.as_deref()).collect();
    if rows.iter().all(|row| row.person.is_some()) {
        let left_out = people.iter().filter(|person| !asked.contains(person.as_str()));
        gaps.extend(left_out.map(|person| waived(not_collected(table, Some(person)))));
    }
    gaps
}

fn not_collected(table: &str, person: Option<&str>) -> Gap {
    Gap {
        kind: GapKind::NotCollected,
        dataset: table.to_owned(),
        scope: Untrusted::from(person.unwrap_or("all of it")),
        person: person.map(str::to_owned),
        needs: None,
        detail: None,
        hint: GapKind::NotCollected.hint(None),
        waiver: None,
    }
}

/// One gap for all that differ in nothing but their scope and detail.
fn summary(alike: &BTreeSet<&Gap>, scopes: usize) -> Option<Gap> {
    let mut gap = (*alike.first()?).clone();
    let names: BTreeSet<&str> = alike.iter().map(|gap| gap.scope.raw()).collect();
    if names.len() > 1 {
        let mut listed = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        if names.len() > NAMED {
            listed.push_str(&format!(" and {} more", names.len() - NAMED));
        }
        gap.scope = format!("{} of {scopes}: {listed}", names.len()).into();
    }
    if alike.iter().any(|other| other.detail != gap.detail) {
        let details: BTreeSet<_> = alike.iter().filter_map(|gap| gap.detail.as_ref()).collect();
        gap.detail = details.first().map(|first| match details.len() {
            1 => (*first).clone(),
            more => format!("{} (and {} other answers)", first.raw(), more - 1).into(),
        });
    }
    Some(gap)
}

/// How many objects the tables hold, the people themselves not counted.
pub(super) fn examined(tables: &BTreeSet<String>, coverage: &[Coverage]) -> i64 {
    // One reading of a data set leaves a row per gap, each with the same numbers.
    let readings: BTreeSet<_> = coverage
        .iter()
        .filter(|row| tables.contains(&row.dataset) && !PEOPLE.contains(&row.dataset.as_str()))
        .map(|row| (&row.dataset, &row.scope, &row.person, row.requests, row.pages, row.objects, &row.observed))
        .collect();
    readings.into_iter().map(|(_, _, _, _, _, objects, _)| objects).fold(0, i64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(dataset: &str, scope: &str, person: Option<&str>, gap: Option<(GapKind, &str)>, objects: i64) -> Coverage {
        let gap = gap.map(|(kind, detail)| Gap {
            kind,
            dataset: dataset.to_owned(),
            scope: scope.into(),
            person: person.map(str::to_owned),
            needs: Some("Permission.Read".to_owned()),
            detail: Some(detail.into()),
            hint: kind.hint(None),
            waiver: None,
        });
        Coverage {
            dataset: dataset.to_owned(),
            scope: scope.into(),
            person: person.map(str::to_owned),
            gap,
            requests: 1,
            pages: 1,
            objects,
            observed: (None, None),
        }
    }

    fn tables(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_table_that_nobody_collected_is_a_gap() {
        let gaps = gaps(&tables(&["device", "account"]), &[row("account", "t", None, None, 3)], &[], &|_| None);
        assert_eq!(gaps.len(), 1);
        assert_eq!((gaps[0].kind, gaps[0].dataset.as_str()), (GapKind::NotCollected, "device"));
    }

    #[test]
    fn a_person_whom_nobody_asked_about_is_a_gap() {
        let coverage = [row("device", "a", Some("a"), None, 0)];
        let people = ["a".to_owned(), "b".to_owned()];
        let found = gaps(&tables(&["device"]), &coverage, &people, &|_| None);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].kind, found[0].person.as_deref()), (GapKind::NotCollected, Some("b")));
        let tenant = [coverage[0].clone(), row("device", "tenant", None, None, 0)];
        assert_eq!(gaps(&tables(&["device"]), &tenant, &people, &|_| None), []);
    }

    #[test]
    fn very_many_alike_gaps_become_one_with_a_count() {
        let mut coverage: Vec<Coverage> =
            (0..5000).map(|n| row("device", &format!("r{n:04}"), None, None, 1)).collect();
        for (n, denied) in coverage.iter_mut().enumerate().skip(7).take(APART + 1) {
            *denied = row("device", &format!("r{n:04}"), None, Some((GapKind::Denied, "403")), 0);
        }
        coverage[4020] = row("device", "r4020", None, Some((GapKind::Truncated, "429")), 0);
        let gaps = gaps(&tables(&["device"]), &coverage, &[], &|_| None);
        assert_eq!(gaps.len(), 2);
        assert_eq!(gaps[0].scope.raw(), "201 of 5000: r0007, r0008, r0009 and 198 more");
        assert_eq!(gaps[0].detail.as_ref().unwrap().raw(), "403");
        assert_eq!(gaps[1].scope.raw(), "r4020");
    }

    #[test]
    fn gaps_of_different_people_stay_apart() {
        let coverage = ["a", "b"].map(|person| row("device", person, Some(person), Some((GapKind::Denied, "403")), 0));
        assert_eq!(gaps(&tables(&["device"]), &coverage, &[], &|_| None).len(), 2);
    }

    #[test]
    fn objects_are_counted_once_and_people_not_at_all() {
        let coverage = [
            row("device", "a", None, Some((GapKind::Denied, "403")), 4),
            row("device", "a", None, Some((GapKind::Truncated, "429")), 4),
            row("device", "b", None, None, 5),
            row("person", "a", None, None, 7),
            row("account", "a", None, None, 9),
        ];
        assert_eq!(examined(&tables(&["device", "person"]), &coverage), 9);
    }

    #[test]
    fn each_object_that_was_not_looked_at_can_be_waived_by_its_scope() {
        let coverage = ["a", "b"].map(|scope| row("device", scope, None, Some((GapKind::Denied, "403")), 0));
        let waiver = Waiver { owner: "o".into(), reason: "r".into(), expires: "2026-12-31".into() };
        let found = gaps(&tables(&["device"]), &coverage, &[], &|gap| (gap.scope.raw() == "b").then(|| waiver.clone()));
        let told: Vec<_> = found.iter().map(|gap| (gap.scope.raw(), gap.waiver.is_some())).collect();
        assert_eq!(told, [("a", false), ("b", true)]);
    }
}
