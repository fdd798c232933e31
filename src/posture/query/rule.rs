//! Which of the three alerts of the checklist a rule is, and whether it finds at least as much as the checklist's own rule.

use std::collections::BTreeMap;

use super::expression::Expression;
use super::read::{Reading, Stage, read};

/// What an alert is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// One caller reads very much within an hour.
    MassRead,
    /// Something is changed outside working hours.
    OffHours,
    /// One caller is refused again and again.
    Refusals,
}

impl Purpose {
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::MassRead => "mass-read",
            Purpose::OffHours => "off-hours",
            Purpose::Refusals => "refusals",
        }
    }
}

/// A rule as the service holds it; times in seconds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alert {
    /// The query.
    pub query: String,
    /// How far back one evaluation looks.
    pub window: Option<f64>,
    /// How often it is evaluated.
    pub frequency: Option<f64>,
    /// How rows become a number: Count, Total, Maximum, Average.
    pub aggregation: String,
    /// The column that the number is made of.
    pub measure: Option<String>,
    /// GreaterThan, GreaterThanOrEqual.
    pub operator: String,
    /// Above which number it fires.
    pub threshold: Option<f64>,
    /// Columns that split the result.
    pub dimensions: Vec<String>,
    /// How many evaluations in a row have to be so.
    pub periods: Option<i64>,
}

/// What a rule is worth for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finds {
    /// The purpose.
    pub purpose: Purpose,
    /// It finds at least as much as the checklist's rule; `None`: not understood.
    pub enough: Option<bool>,
    /// Why not, in words.
    pub why: String,
}

/// The numbers of the checklist's own rules.
const RESOURCES: f64 = 20.0;
const REFUSALS: f64 = 5.0;
const HOUR: f64 = 3_600.0;
const TEN_MINUTES: f64 = 600.0;
/// Work begins and ends not earlier and not later than this.
const STARTS: f64 = 6.0;
const ENDS: f64 = 21.0;

/// What a rule over one of these tables is for.
pub fn finds(alert: &Alert, is_ours: &dyn Fn(&str) -> bool) -> Vec<Finds> {
    let Some(reading) = read(&alert.query) else { return unread(&alert.query, is_ours) };
    if !reading.tables.iter().any(|table| is_ours(table)) {
        return Vec::new();
    }
    let mut seen = Seen { lets: reading.lets.clone(), ..Seen::default() };
    seen.walk(&reading);
    let mut all = Vec::new();
    if seen.status.is_some() {
        all.push(seen.refusals(alert));
    } else if seen.hours.is_some() {
        all.push(seen.off_hours(alert));
    } else if seen.measures(alert).iter().any(|measure| measure.what != What::Other) && !seen.only_other_scope {
        all.push(seen.mass_read(alert));
    }
    if !seen.odd.is_empty() && all.is_empty() {
        return unread(&alert.query, is_ours);
    }
    all
}

/// A query without a structure that is understood may be for whatever its words speak of.
fn unread(text: &str, is_ours: &dyn Fn(&str) -> bool) -> Vec<Finds> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    let lower = text.to_lowercase();
    if !words.into_iter().any(|word| !word.is_empty() && is_ours(word)) {
        return Vec::new();
    }
    let hints = [
        (Purpose::Refusals, lower.contains("403")),
        (Purpose::OffHours, lower.contains("hour") || lower.contains("dayofweek") || lower.contains("startofday")),
        (Purpose::MassRead, lower.contains("dcount") || lower.contains("resource") || lower.contains("directory")),
    ];
    let none = hints.iter().all(|(_, hinted)| !hinted);
    let why = "its query is not understood".to_owned();
    hints.into_iter().filter(|(_, hinted)| *hinted || none).map(|(purpose, _)| Finds { purpose, enough: None, why: why.clone() }).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Resources,
    Calls,
    Other,
}

/// Something that is counted, and above which number it is kept.
#[derive(Debug, Clone, PartialEq)]
struct Measure {
    what: What,
    above: Option<f64>,
}

/// What the stages of a query say.
#[derive(Default)]
struct Seen {
    lets: BTreeMap<String, Expression>,
    columns: BTreeMap<String, Expression>,
    /// Refusals that are kept: true if 403 is among them.
    status: Option<bool>,
    /// Hours that are kept: until the first, from the second.
    hours: Option<(Option<f64>, Option<f64>)>,
    own_window: Option<f64>,
    bin: Option<f64>,
    /// Tools: reading, writing, others.
    tools: Option<&'static str>,
    only_other_scope: bool,
    summarized: bool,
    aggregates: BTreeMap<String, What>,
    /// What is kept of the counts: any of these.
    kept: Vec<(String, f64)>,
    /// What it leaves out.
    narrow: Vec<String>,
    /// Parts that are not understood.
    odd: Vec<String>,
}


impl Seen {
    fn walk(&mut self, reading: &Reading) {
        for stage in &reading.stages {
            match stage {
                Stage::Where(condition) if self.summarized => self.keep(condition),
                Stage::Where(condition) => conjuncts(condition).into_iter().for_each(|one| self.row(one)),
                Stage::Extend(columns) => {
                    for (name, value) in columns {
                        self.columns.insert(name.to_lowercase(), value.clone());
                    }
                }
                Stage::Summarize(what, by) => self.summarize(what, by),
                Stage::Shape => {}
                Stage::Other(name) => self.odd.push(name.clone()),
            }
        }
    }

    /// One condition on rows.
    fn row(&mut self, condition: &Expression) {
        if self.time(condition) || self.hour(condition) || self.refusal(condition) || self.tool(condition) || self.caller(condition) {
            return;
        }
        match condition {
            Expression::Binary(operator, left, right) if operator == "==" || operator == "=~" => {
                match (self.column(left).or_else(|| self.column(right)), left, right) {
                    (Some(column), ..) => self.narrow.push(format!("it looks at one {column} only")),
                    (None, ..) => self.odd.push("a condition".to_owned()),
                }
            }
            _ => self.odd.push("a condition".to_owned()),
        }
    }

    /// The column of the log that an expression speaks of.
    fn column(&self, expression: &Expression) -> Option<&'static str> {
        self.column_at(expression, 0)
    }

    fn column_at(&self, expression: &Expression, depth: usize) -> Option<&'static str> {
        if depth > 8 {
            return None;
        }
        match expression {
            Expression::Name(name) => {
                let lower = name.to_lowercase();
                if let Some(behind) = self.columns.get(&lower).filter(|behind| **behind != *expression) {
                    return self.column_at(behind, depth + 1);
                }
                logical(&lower)
            }
            Expression::Call(_, arguments) => arguments.iter().find_map(|one| self.column_at(one, depth + 1)),
            Expression::Binary(operator, left, right) if ["+", "-", "*", "/"].contains(&operator.as_str()) => {
                self.column_at(left, depth + 1).or_else(|| self.column_at(right, depth + 1))
            }
            _ => None,
        }
    }

    fn number(&self, expression: &Expression) -> Option<f64> {
        match expression {
            Expression::Number(number) => Some(*number),
            Expression::Name(name) => match self.lets.get(&name.to_lowercase())? {
                Expression::Name(_) => None,
                value => self.number(value),
            },
            Expression::Call(name, arguments) if ["toint", "tolong", "toreal", "todouble", "int", "long", "totimespan", "timespan", "ago", "real"].contains(&name.as_str()) => {
                self.number(arguments.first()?)
            }
            Expression::Binary(operator, left, right) if operator == "*" => Some(self.number(left)? * self.number(right)?),
            Expression::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A window of its own.
    fn time(&mut self, condition: &Expression) -> bool {
        let Expression::Binary(operator, left, right) = condition else { return false };
        let is_time = |side: &Expression| self.column(side) == Some("time") && !mentions(side, &HOURS);
        if !(is_time(left) || is_time(right)) || mentions(condition, &HOURS) {
            return false;
        }
        let from = agos(left).into_iter().chain(agos(right)).filter_map(|ago| self.number(ago)).fold(None, |most: Option<f64>, one| {
            Some(most.map_or(one, |most| most.max(one)))
        });
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
    fn hour(&mut self, condition: &Expression) -> bool {
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

    fn is_hour(&self, part: &Expression) -> bool {
        match part {
            Expression::Binary(_, left, right) => {
                self.speaks(left, &HOURS, 0) || self.speaks(right, &HOURS, 0)
            }
            Expression::Call(name, arguments) if name == "not" => arguments.iter().any(|one| self.is_hour(one)),
            Expression::All(all) | Expression::Any(all) => all.iter().any(|one| self.is_hour(one)),
            _ => false,
        }
    }

    fn is_day(&self, part: &Expression) -> bool {
        let Expression::Binary(_, left, _) = part else { return false };
        self.speaks(left, &["dayofweek"], 0)
    }

    /// Whether an expression, or what its names stand for, calls one of these.
    fn speaks(&self, expression: &Expression, words: &[&str], depth: usize) -> bool {
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
                let is_part = name == "datetime_part" && matches!(arguments.first(), Some(Expression::Text(part)) if part.eq_ignore_ascii_case("hour"));
                (words.contains(&name.as_str()) && name != "datetime_part") || (is_part && words.contains(&"hourofday"))
                    || arguments.iter().any(|one| self.speaks(one, words, depth + 1))
            }
            Expression::Binary(_, left, right) => self.speaks(left, words, depth + 1) || self.speaks(right, words, depth + 1),
            _ => false,
        }
    }

    /// Until which hour, and from which: half-open, so that `> 20` is from 21.
    fn bounds(&self, part: &Expression) -> (Option<f64>, Option<f64>) {
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
        if let ("!between", Expression::List(ends)) | ("between", Expression::List(ends)) = (operator.as_str(), &**right) {
            let outside = (operator == "!between") != inside;
            let (Some(first), Some(last)) = (ends.first().and_then(|one| self.number(one)), ends.get(1).and_then(|one| self.number(one))) else { return (None, None) };
            let (first, last) = (hours(first), hours(last));
            // Both ends are inside.
            return if outside != inside || outside { (Some(first), Some(if last.fract() == 0.0 && last < 24.0 { last + 1.0 } else { last })) } else { (None, None) };
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

    fn refusal(&mut self, condition: &Expression) -> bool {
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
    fn tool(&mut self, condition: &Expression) -> bool {
        let mut sides = Vec::new();
        for part in disjuncts(condition) {
            let Expression::Binary(_, left, right) = part else { return false };
            match self.column(left) {
                Some(column @ ("tool" | "scope")) => sides.push((column, texts(right, &self.lets).join(" ").to_lowercase(), part)),
                _ => return false,
            }
        }
        let any = |words: &[&str]| sides.iter().any(|(_, text, _)| words.iter().any(|word| text.contains(word)));
        let denied = sides.iter().any(|(.., part)| matches!(part, Expression::Binary(operator, ..) if operator.starts_with('!')));
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

    fn caller(&mut self, condition: &Expression) -> bool {
        let of = |expression: &Expression| self.column(expression);
        let (name, column) = match condition {
            Expression::Call(name, arguments) if ["isnotempty", "isnotnull"].contains(&name.as_str()) => (name.as_str(), arguments.first().and_then(of)),
            Expression::Binary(operator, left, right) if operator == "!=" && **right == Expression::Text(String::new()) => ("isnotempty", of(left)),
            Expression::Binary(operator, left, _) if ["contains", "has", "endswith", "startswith", "in", "in~", "!in", "!=", "!contains", "!has", "!endswith", "!startswith", "!in~", "has_any"].contains(&operator.as_str()) => ("some", of(left)),
            _ => return false,
        };
        match (name, column) {
            ("isnotempty", Some("name")) => self.narrow.push("it leaves out callers without a user name, as pipelines are".to_owned()),
            ("isnotempty", Some(_)) => {}
            ("some", Some("name" | "caller")) => self.narrow.push("it leaves some callers out".to_owned()),
            ("some", Some("server")) => self.narrow.push("it leaves some servers out".to_owned()),
            ("some", Some("resource")) => self.narrow.push("it leaves some resources out".to_owned()),
            _ => return false,
        }
        true
    }

    fn summarize(&mut self, what: &[(String, Expression)], by: &[(String, Expression)]) {
        if self.summarized {
            self.odd.push("a second count".to_owned());
        }
        for (name, value) in what {
            let what = self.what(value);
            self.aggregates.insert(name.to_lowercase(), what);
        }
        for (_, value) in by {
            match (value, self.column(value)) {
                (Expression::Call(name, arguments), Some("time")) if ["bin", "floor"].contains(&name.as_str()) => {
                    self.bin = arguments.get(1).and_then(|span| self.number(span));
                }
                (_, Some("caller" | "name" | "time")) => {}
                (_, Some(column)) => self.narrow.push(format!("it counts each {column} by itself")),
                (value, None) if self.speaks(value, &HOURS, 0) => {}
                (_, None) => self.odd.push("what it counts by".to_owned()),
            }
        }
        self.summarized = true;
    }

    fn what(&self, value: &Expression) -> What {
        let Expression::Call(name, arguments) = value else { return What::Other };
        let column = arguments.first().and_then(|one| self.column(one));
        match (name.as_str(), column) {
            ("dcount" | "dcountif" | "count_distinct" | "count_distinctif" | "make_set" | "makeset" | "array_length" | "set_union", Some("resource")) => What::Resources,
            ("array_length", _) => arguments.first().map_or(What::Other, |inner| self.what(inner)),
            ("count" | "countif" | "sum", _) => What::Calls,
            _ => What::Other,
        }
    }

    /// Conditions on what was counted. Several that all have to hold keep less than each alone.
    fn keep(&mut self, condition: &Expression) {
        let all = conjuncts(condition);
        for one in &all {
            for part in disjuncts(one) {
                let Expression::Binary(operator, left, right) = part else {
                    self.odd.push("a condition on a count".to_owned());
                    continue;
                };
                let (name, limit) = match (&**left, self.number(right), &**right, self.number(left)) {
                    (of, Some(limit), ..) if operator == ">" => (of, limit),
                    (of, Some(limit), ..) if operator == ">=" => (of, limit - 1.0),
                    (_, _, of, Some(limit)) if operator == "<" => (of, limit),
                    (_, _, of, Some(limit)) if operator == "<=" => (of, limit - 1.0),
                    _ => {
                        self.odd.push("a condition on a count".to_owned());
                        continue;
                    }
                };
                match name {
                    Expression::Name(name) => self.kept.push((name.to_lowercase(), limit)),
                    Expression::Call(call, arguments) if call == "array_length" => match arguments.first() {
                        Some(Expression::Name(name)) => self.kept.push((name.to_lowercase(), limit)),
                        _ => self.odd.push("a condition on a count".to_owned()),
                    },
                    _ => self.odd.push("a condition on a count".to_owned()),
                }
            }
        }
        if all.len() > 1 {
            self.odd.push("several conditions on counts".to_owned());
        }
    }

    /// What is counted, and above which number the rule fires: by the query's own condition, else by the rule's.
    fn measures(&self, alert: &Alert) -> Vec<Measure> {
        let threshold = alert.threshold.map(|threshold| if alert.operator.eq_ignore_ascii_case("GreaterThanOrEqual") { threshold - 1.0 } else { threshold });
        if !self.summarized {
            let what = match &alert.measure {
                Some(_) if !alert.aggregation.eq_ignore_ascii_case("Count") => What::Other,
                _ => What::Calls,
            };
            return vec![Measure { what, above: threshold }];
        }
        if !self.kept.is_empty() {
            let of = |(name, above): &(String, f64)| Measure { what: self.aggregates.get(name).copied().unwrap_or(What::Other), above: Some(*above) };
            return self.kept.iter().map(of).collect();
        }
        let of = |(name, what): (&String, &What)| {
            let is_measured = alert.measure.as_ref().is_some_and(|measure| measure.eq_ignore_ascii_case(name));
            Measure { what: *what, above: if is_measured { threshold } else { None } }
        };
        self.aggregates.iter().map(of).collect()
    }

    /// What weakens a rule whatever it is for.
    fn weak(&self, alert: &Alert) -> Vec<String> {
        let mut why = self.narrow.clone();
        let back = self.back(alert);
        if let (Some(back), Some(frequency)) = (back, alert.frequency)
            && back < frequency
        {
            why.push(format!("it looks at {} minutes every {} minutes", back / 60.0, frequency / 60.0));
        }
        if alert.periods.is_some_and(|periods| periods > 1) {
            why.push("it has to be so several times in a row".to_owned());
        }
        let rows = alert.threshold.map(|threshold| if alert.operator.eq_ignore_ascii_case("GreaterThanOrEqual") { threshold - 1.0 } else { threshold });
        let counts_rows = self.summarized && (!self.kept.is_empty() || alert.measure.is_none());
        if counts_rows && rows.is_some_and(|rows| rows >= 1.0) {
            why.push("it takes several callers at once".to_owned());
        }
        if !alert.operator.is_empty() && !alert.operator.to_lowercase().starts_with("greaterthan") {
            why.push("it fires when there is little, not much".to_owned());
        }
        why
    }

    /// How far back one evaluation sees.
    fn back(&self, alert: &Alert) -> Option<f64> {
        match (self.own_window, alert.window) {
            (Some(own), Some(window)) => Some(own.min(window)),
            (one, other) => one.or(other),
        }
    }

    /// In how much time is counted.
    fn span(&self, alert: &Alert) -> Option<f64> {
        match (self.back(alert), self.bin) {
            (Some(back), Some(bin)) => Some(back.min(bin)),
            (one, other) => one.or(other),
        }
    }

    fn conclude(&self, purpose: Purpose, mut why: Vec<String>, sure: bool) -> Finds {
        let enough = match (why.is_empty(), self.odd.is_empty() && sure) {
            (false, _) => Some(false),
            (true, true) => Some(true),
            (true, false) => None,
        };
        if enough.is_none() {
            why.push("parts of its query are not understood".to_owned());
        }
        Finds { purpose, enough, why: why.join("; ") }
    }

    fn refusals(&self, alert: &Alert) -> Finds {
        let mut why = self.weak(alert);
        if self.status == Some(false) {
            why.push("it does not look for 403".to_owned());
        }
        if self.tools.is_some() {
            why.push("it looks at some tools only".to_owned());
        }
        let measures = self.measures(alert);
        let above: Vec<f64> = measures.iter().filter(|one| one.what == What::Calls).filter_map(|one| one.above).collect();
        let least = above.iter().copied().fold(f64::INFINITY, f64::min);
        let mut sure = least.is_finite();
        if least.is_finite() && least > REFUSALS {
            why.push(format!("it takes more than {least} refusals, the checklist {REFUSALS}"));
        }
        match self.span(alert) {
            Some(span) if span < TEN_MINUTES && least > 0.0 => why.push(format!("it counts within {} minutes, the checklist within 10", span / 60.0)),
            Some(_) => {}
            None => sure = false,
        }
        self.conclude(Purpose::Refusals, why, sure)
    }

    fn off_hours(&self, alert: &Alert) -> Finds {
        let mut why = self.weak(alert);
        let (until, from) = self.hours.unwrap_or((None, None));
        if until.is_none_or(|until| until < STARTS) {
            why.push(format!("it begins to look away before {STARTS} in the morning"));
        }
        if from.is_none_or(|from| from > ENDS) {
            why.push(format!("it still looks away after {ENDS} in the evening"));
        }
        if matches!(self.tools, Some("read" | "others")) {
            why.push("it does not look at tools that write".to_owned());
        }
        let measures = self.measures(alert);
        let least = measures.iter().filter_map(|one| one.above).fold(f64::INFINITY, f64::min);
        if least.is_finite() && least >= 1.0 {
            why.push(format!("it takes more than {least} changes"));
        }
        self.conclude(Purpose::OffHours, why, true)
    }

    fn mass_read(&self, alert: &Alert) -> Finds {
        let mut why = self.weak(alert);
        if matches!(self.tools, Some("write" | "others")) {
            why.push("it does not look at tools that read".to_owned());
        }
        let measures = self.measures(alert);
        let known: Vec<(What, f64)> = measures.iter().filter(|one| one.what != What::Other).filter_map(|one| Some((one.what, one.above?))).collect();
        let mut sure = !known.is_empty();
        if !known.is_empty() && !known.iter().any(|(_, above)| *above <= RESOURCES) {
            let least = known.iter().map(|(_, above)| *above).fold(f64::INFINITY, f64::min);
            let what = if known.iter().any(|(what, _)| *what == What::Resources) { "resources" } else { "calls" };
            why.push(format!("it takes more than {least} {what}, the checklist {RESOURCES} resources"));
        }
        match self.span(alert) {
            Some(span) if span < HOUR => why.push(format!("it counts within {} minutes, the checklist within 60", span / 60.0)),
            Some(_) => {}
            None => sure = false,
        }
        self.conclude(Purpose::MassRead, why, sure)
    }
}

const HOURS: [&str; 6] = ["hourofday", "datetime_part", "startofday", "dayofweek", "gethour", "hour"];
const WRITES: [&str; 12] = ["write", "delete", "create", "update", "edit", "put", "push", "move", "remove", "upload", "admin", "modify"];
const READS: [&str; 6] = ["read", "get", "fetch", "list", "download", "search"];

/// The field of a record behind the name of a column, whatever kind of table it is in.
fn logical(name: &str) -> Option<&'static str> {
    let bare = name.strip_suffix("_s").or(name.strip_suffix("_g")).or(name.strip_suffix("_d")).or(name.strip_suffix("_t")).unwrap_or(name);
    Some(match bare {
        "timegenerated" | "timestamp" | "time" | "_timereceived" => "time",
        "caller_oid" | "callerobjectid" | "principal" | "caller" | "principal_id" => "caller",
        "caller_upn" | "caller_name" | "user" | "upn" => "name",
        "tool_name" | "tool" | "toolname" => "tool",
        "scope_used" | "scope" => "scope",
        "resource_accessed" | "resource" | "path" | "directory" => "resource",
        "response_status" | "status" | "statuscode" | "responsecode" | "response_code" => "status",
        "mcp_server" | "server" => "server",
        _ => return None,
    })
}

/// Seconds of a clock as hours.
fn hours(value: f64) -> f64 {
    if value > 24.0 { value / HOUR } else { value }
}

fn conjuncts(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::All(all) => all.iter().flat_map(conjuncts).collect(),
        one => vec![one],
    }
}

fn disjuncts(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Any(all) => all.iter().flat_map(disjuncts).collect(),
        one => vec![one],
    }
}

fn mentions(expression: &Expression, names: &[&str]) -> bool {
    match expression {
        Expression::Call(name, arguments) => names.contains(&name.as_str()) || arguments.iter().any(|one| mentions(one, names)),
        Expression::Binary(_, left, right) => mentions(left, names) || mentions(right, names),
        Expression::All(all) | Expression::Any(all) | Expression::List(all) => all.iter().any(|one| mentions(one, names)),
        _ => false,
    }
}

/// Every `ago(…)` in it.
fn agos(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Call(name, arguments) if name == "ago" => arguments.iter().take(1).collect(),
        Expression::Call(_, all) | Expression::List(all) | Expression::All(all) | Expression::Any(all) => all.iter().flat_map(agos).collect(),
        Expression::Binary(_, left, right) => agos(left).into_iter().chain(agos(right)).collect(),
        _ => Vec::new(),
    }
}

/// The texts of a list, a variable or a single one.
fn texts(expression: &Expression, lets: &BTreeMap<String, Expression>) -> Vec<String> {
    match expression {
        Expression::Text(text) => vec![text.clone()],
        Expression::List(all) | Expression::Call(_, all) => all.iter().flat_map(|one| texts(one, lets)).collect(),
        Expression::Name(name) => match lets.get(&name.to_lowercase()) {
            Some(Expression::Name(_)) | None => Vec::new(),
            Some(value) => texts(value, lets),
        },
        _ => Vec::new(),
    }
}
