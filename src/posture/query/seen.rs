//! Walks the stages of a query and keeps what they say: which rows count, what is counted by whom, what is left out.

use std::collections::BTreeMap;

use super::expression::Expression;
use super::read::{Reading, Stage};
use super::words::{HOURS, conjuncts, disjuncts, logical};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Resources,
    Calls,
    Other,
}

/// Something that is counted, and above which number it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measure {
    pub(super) what: What,
    pub(super) above: Option<f64>,
}

/// What the stages of a query say.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) lets: BTreeMap<String, Expression>,
    pub(super) columns: BTreeMap<String, Expression>,
    /// Refusals that are kept: true if 403 is among them.
    pub(super) status: Option<bool>,
    /// Hours that are kept: until the first, from the second.
    pub(super) hours: Option<(Option<f64>, Option<f64>)>,
    pub(super) own_window: Option<f64>,
    pub(super) bin: Option<f64>,
    /// Tools: reading, writing, others.
    pub(super) tools: Option<&'static str>,
    pub(super) only_other_scope: bool,
    pub(super) summarized: bool,
    pub(super) aggregates: BTreeMap<String, What>,
    /// What is kept of the counts: any of these.
    pub(super) kept: Vec<(String, f64)>,
    /// What it leaves out.
    pub(super) narrow: Vec<String>,
    /// What it counts apart although one caller did it.
    pub(super) split: Vec<String>,
    /// Parts that are not understood.
    pub(super) odd: Vec<String>,
}

impl Seen {
    pub(super) fn walk(&mut self, reading: &Reading) {
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
    pub(super) fn row(&mut self, condition: &Expression) {
        if self.hour(condition)
            || self.time(condition)
            || self.refusal(condition)
            || self.tool(condition)
            || self.caller(condition)
        {
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
    pub(super) fn column(&self, expression: &Expression) -> Option<&'static str> {
        self.column_at(expression, 0)
    }

    pub(super) fn column_at(&self, expression: &Expression, depth: usize) -> Option<&'static str> {
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

    pub(super) fn number(&self, expression: &Expression) -> Option<f64> {
        match expression {
            Expression::Number(number) => Some(*number),
            Expression::Name(name) => match self.lets.get(&name.to_lowercase())? {
                Expression::Name(_) => None,
                value => self.number(value),
            },
            Expression::Call(name, arguments)
                if [
                    "toint",
                    "tolong",
                    "toreal",
                    "todouble",
                    "int",
                    "long",
                    "totimespan",
                    "timespan",
                    "ago",
                    "real",
                ]
                .contains(&name.as_str()) =>
            {
                self.number(arguments.first()?)
            }
            Expression::Binary(operator, left, right) if operator == "*" => {
                Some(self.number(left)? * self.number(right)?)
            }
            Expression::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn summarize(&mut self, what: &[(String, Expression)], by: &[(String, Expression)]) {
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
                (_, Some(column)) => self.split.push(format!("it counts each {column} by itself")),
                (value, None) if self.speaks(value, &HOURS, 0) => {}
                (_, None) => self.odd.push("what it counts by".to_owned()),
            }
        }
        self.summarized = true;
    }

    pub(super) fn what(&self, value: &Expression) -> What {
        let Expression::Call(name, arguments) = value else { return What::Other };
        let column = arguments.first().and_then(|one| self.column(one));
        match (name.as_str(), column) {
            (
                "dcount" | "dcountif" | "count_distinct" | "count_distinctif" | "make_set" | "makeset" | "array_length"
                | "set_union",
                Some("resource"),
            ) => What::Resources,
            ("array_length", _) => arguments.first().map_or(What::Other, |inner| self.what(inner)),
            ("count" | "countif" | "sum", _) => What::Calls,
            _ => What::Other,
        }
    }

    /// Conditions on what was counted. Several that all have to hold keep less than each alone.
    pub(super) fn keep(&mut self, condition: &Expression) {
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
}
