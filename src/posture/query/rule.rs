//! Which of the three alerts of the checklist a rule is, and whether it finds at least as much as the checklist's own rule.

use super::read::read;
use super::seen::{Measure, Seen, What};

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
    hints
        .into_iter()
        .filter(|(_, hinted)| *hinted || none)
        .map(|(purpose, _)| Finds { purpose, enough: None, why: why.clone() })
        .collect()
}

impl Seen {
    /// What is counted, and above which number the rule fires: by the query's own condition, else by the rule's.
    fn measures(&self, alert: &Alert) -> Vec<Measure> {
        let threshold = alert.threshold.map(|threshold| {
            if alert.operator.eq_ignore_ascii_case("GreaterThanOrEqual") { threshold - 1.0 } else { threshold }
        });
        if !self.summarized {
            let what = match &alert.measure {
                Some(_) if !alert.aggregation.eq_ignore_ascii_case("Count") => What::Other,
                _ => What::Calls,
            };
            return vec![Measure { what, above: threshold }];
        }
        if !self.kept.is_empty() {
            let of = |(name, above): &(String, f64)| Measure {
                what: self.aggregates.get(name).copied().unwrap_or(What::Other),
                above: Some(*above),
            };
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
        let rows = alert.threshold.map(|threshold| {
            if alert.operator.eq_ignore_ascii_case("GreaterThanOrEqual") { threshold - 1.0 } else { threshold }
        });
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
        why.extend(self.split.iter().cloned());
        if self.status == Some(false) {
            why.push("it does not look for 403".to_owned());
        }
        if self.tools.is_some() {
            why.push("it looks at some tools only".to_owned());
        }
        let measures = self.measures(alert);
        let above: Vec<f64> =
            measures.iter().filter(|one| one.what == What::Calls).filter_map(|one| one.above).collect();
        let least = above.iter().copied().fold(f64::INFINITY, f64::min);
        let mut sure = least.is_finite();
        if least.is_finite() && least > REFUSALS {
            why.push(format!("it takes more than {least} refusals, the checklist {REFUSALS}"));
        }
        match self.span(alert) {
            Some(span) if span < TEN_MINUTES && least > 0.0 => {
                why.push(format!("it counts within {} minutes, the checklist within 10", span / 60.0))
            }
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
        why.extend(self.split.iter().cloned());
        if matches!(self.tools, Some("write" | "others")) {
            why.push("it does not look at tools that read".to_owned());
        }
        let measures = self.measures(alert);
        let known: Vec<(What, f64)> = measures
            .iter()
            .filter(|one| one.what != What::Other)
            .filter_map(|one| Some((one.what, one.above?)))
            .collect();
        let mut sure = !known.is_empty();
        if !known.is_empty() && !known.iter().any(|(_, above)| *above <= RESOURCES) {
            let least = known.iter().map(|(_, above)| *above).fold(f64::INFINITY, f64::min);
            let what = if known.iter().any(|(what, _)| *what == What::Resources) { "resources" } else { "calls" };
            why.push(format!("it takes more than {least} {what}, the checklist {RESOURCES} resources"));
        }
        match self.span(alert) {
            Some(span) if span < HOUR => {
                why.push(format!("it counts within {} minutes, the checklist within 60", span / 60.0))
            }
            Some(_) => {}
            None => sure = false,
        }
        self.conclude(Purpose::MassRead, why, sure)
    }
}
