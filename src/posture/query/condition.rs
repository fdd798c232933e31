//! One condition on rows: a time, an hour of the day, a status, a tool, a caller.

use super::expression::Expression;
use super::seen::Seen;
use super::words::{HOURS, READS, WRITES, agos, disjuncts, hours, mentions, texts};

impl Seen {
    /// A window of its own.
    pub(super) fn time(&mut self, condition: &Expression) -> bool {
        let Expression::Binary(operator, left, right) = condition else { return false };
        let is_time = |side: &Expression| self.column(side) == Some("time") && !mentions(side, &HOURS);
        if !(is_time(left) || is_time(right)) || mentions(condition, &HOURS) {
            return false;
        }
        let from = agos(left)
            .into_iter()
            .chain(agos(right))
            .filter_map(|ago| self.number(ago))
            .fold(None, |most: Option<f64>, one| Some(most.map_or(one, |most| most.max(one))));
        match from {
            Some(from) if operator != "<" && operator != "<=" => {
                self.own_window = Some(self.own_window.map_or(from, |known| known.min(from)));
            }
            _ if mentions(condition, &["now"]) || mentions(condition, &["ago"]) => {}
            _ => self.odd.push("a time".to_owned()),
        }
        true
    }

    /// Hours of the day, or days of the week.
    pub(super) fn hour(&mut self, condition: &Expression) -> bool {
        let parts = disjuncts(condition);
        if !parts.iter().any(|part| self.is_hour(part)) {
            return false;
        }
        let (mut until, mut from) = self.hours.unwrap_or((None, None));
        for part in parts {
            let (low, high) = match part {
                Expression::All(_) => (None, None),
                part => self.bounds(part),
            };
            if !self.is_hour(part) || (low.is_none() && high.is_none() && !self.is_day(part)) {
                self.odd.push("a condition on hours".to_owned());
            }
            until = low.or(until);
            from = high.or(from);
        }
        self.hours = Some((until, from));
        true
    }

    pub(super) fn is_hour(&self, part: &Expression) -> bool {
        match part {
            Expression::Binary(_, left, right) => self.speaks(left, &HOURS, 0) || self.speaks(right, &HOURS, 0),
            Expression::Call(name, arguments) if name == "not" => arguments.iter().any(|one| self.is_hour(one)),
            Expression::All(all) | Expression::Any(all) => all.iter().any(|one| self.is_hour(one)),
            _ => false,
        }
    }

    pub(super) fn is_day(&self, part: &Expression) -> bool {
        let Expression::Binary(_, left, _) = part else { return false };
        self.speaks(left, &["dayofweek"], 0)
    }

    /// Whether an expression, or what its names stand for, calls one of these.
    pub(super) fn speaks(&self, expression: &Expression, words: &[&str], depth: usize) -> bool {
        if depth > 8 {
            return false;
        }
        match expression {
            Expression::Name(name) => {
                let lower = name.to_lowercase();
                match self.columns.get(&lower) {
                    Some(behind) if *behind != *expression => self.speaks(behind, words, depth + 1),
                    _ => ["hour", "hourofday"].contains(&lower.as_str()) && words.contains(&"hourofday"),
                }
            }
            Expression::Call(name, arguments) => {
                let is_part = name == "datetime_part"
                    && matches!(arguments.first(), Some(Expression::Text(part)) if part.eq_ignore_ascii_case("hour"));
                (words.contains(&name.as_str()) && name != "datetime_part")
                    || (is_part && words.contains(&"hourofday"))
                    || arguments.iter().any(|one| self.speaks(one, words, depth + 1))
            }
            Expression::Binary(_, left, right) => {
                self.speaks(left, words, depth + 1) || self.speaks(right, words, depth + 1)
            }
            _ => false,
        }
    }

    /// Until which hour, and from which: half-open, so that `> 20` is from 21.
    pub(super) fn bounds(&self, part: &Expression) -> (Option<f64>, Option<f64>) {
        let (part, inside) = match part {
            Expression::Call(name, arguments) if name == "not" => match arguments.first() {
                Some(inner) => (inner, true),
                None => return (None, None),
            },
            part => (part, false),
        };
        let Expression::Binary(operator, left, right) = part else { return (None, None) };
        let turned = self.number(left).is_some();
        let side = if turned { left } else { right };
        if let ("!between", Expression::List(ends)) | ("between", Expression::List(ends)) =
            (operator.as_str(), &**right)
        {
            let outside = (operator == "!between") != inside;
            let (Some(first), Some(last)) =
                (ends.first().and_then(|one| self.number(one)), ends.get(1).and_then(|one| self.number(one)))
            else {
                return (None, None);
            };
            let (first, last) = (hours(first), hours(last));
            // Both ends are inside.
            return if outside {
                (Some(first), Some(if last.fract() == 0.0 && last < 24.0 { last + 1.0 } else { last }))
            } else {
                (None, None)
            };
        }
        let Some(value) = self.number(side) else { return (None, None) };
        let of_clock = value > 24.0;
        let value = hours(value);
        let after = if of_clock { value } else { value + 1.0 };
        match (operator.as_str(), turned) {
            ("<", false) | (">", true) => (Some(value), None),
            ("<=", false) | (">=", true) => (Some(after), None),
            (">=", false) | ("<=", true) => (None, Some(value)),
            (">", false) | ("<", true) => (None, Some(after)),
            _ => (None, None),
        }
    }

    pub(super) fn refusal(&mut self, condition: &Expression) -> bool {
        let Expression::Binary(operator, left, right) = condition else { return false };
        let (side, turned) = match (self.column(left), self.column(right)) {
            (Some("status"), _) => (right, false),
            (_, Some("status")) => (left, true),
            _ => return false,
        };
        let values: Vec<f64> = match &**side {
            Expression::List(all) => all.iter().filter_map(|one| self.number(one)).collect(),
            one => self.number(one).into_iter().collect(),
        };
        let Some(first) = values.first().copied() else {
            self.odd.push("a status".to_owned());
            return true;
        };
        let holds = match (operator.as_str(), turned) {
            ("==" | "=~", _) => first == 403.0,
            ("in" | "in~", _) => values.contains(&403.0),
            ("!=", _) | ("<>", _) => first != 403.0,
            (">=", false) | ("<=", true) => first <= 403.0,
            (">", false) | ("<", true) => first < 403.0,
            ("<", false) | (">", true) | ("<=", false) => {
                // Calls that worked: what is refused changes nothing.
                return true;
            }
            _ => {
                self.odd.push("a status".to_owned());
                return true;
            }
        };
        if !(matches!(operator.as_str(), "==") && first < 400.0) {
            self.status = Some(holds);
        }
        true
    }

    /// Which tools are looked at: by their names, or by the scope.
    pub(super) fn tool(&mut self, condition: &Expression) -> bool {
        let mut sides = Vec::new();
        for part in disjuncts(condition) {
            let Expression::Binary(_, left, right) = part else { return false };
            match self.column(left) {
                Some(column @ ("tool" | "scope")) => {
                    sides.push((column, texts(right, &self.lets).join(" ").to_lowercase(), part))
                }
                _ => return false,
            }
        }
        let any = |words: &[&str]| sides.iter().any(|(_, text, _)| words.iter().any(|word| text.contains(word)));
        let denied = sides
            .iter()
            .any(|(.., part)| matches!(part, Expression::Binary(operator, ..) if operator.starts_with('!')));
        self.tools = Some(match (any(&WRITES), any(&READS)) {
            _ if denied => "others",
            (true, false) => "write",
            (true, true) => "all",
            (false, true) => "read",
            (false, false) => "others",
        });
        self.only_other_scope |= sides.iter().all(|(column, ..)| *column == "scope") && !any(&READS) && !any(&WRITES);
        true
    }

    pub(super) fn caller(&mut self, condition: &Expression) -> bool {
        let of = |expression: &Expression| self.column(expression);
        let (name, column) = match condition {
            Expression::Call(name, arguments) if ["isnotempty", "isnotnull"].contains(&name.as_str()) => {
                (name.as_str(), arguments.first().and_then(of))
            }
            Expression::Binary(operator, left, right)
                if operator == "!=" && **right == Expression::Text(String::new()) =>
            {
                ("isnotempty", of(left))
            }
            Expression::Binary(operator, left, _)
                if [
                    "contains",
                    "has",
                    "endswith",
                    "startswith",
                    "in",
                    "in~",
                    "!in",
                    "!=",
                    "!contains",
                    "!has",
                    "!endswith",
                    "!startswith",
                    "!in~",
                    "has_any",
                ]
                .contains(&operator.as_str()) =>
            {
                ("some", of(left))
            }
            _ => return false,
        };
        match (name, column) {
            ("isnotempty", Some("name")) => {
                self.narrow.push("it leaves out callers without a user name, as pipelines are".to_owned())
            }
            ("isnotempty", Some(_)) => {}
            ("some", Some("name" | "caller")) => self.narrow.push("it leaves some callers out".to_owned()),
            ("some", Some("server")) => self.narrow.push("it leaves some servers out".to_owned()),
            ("some", Some("resource")) => self.narrow.push("it leaves some resources out".to_owned()),
            _ => return false,
        }
        true
    }
}
