//! The words of `leaver plan`.

use std::path::PathBuf;

use clap::Args;

use super::CheckArgs;
use crate::action::plan::Selection;
use crate::run::plan::Request;

const EXAMPLES: &str = "\
Examples:
  leaver audit alice@contoso.com --last-day 2026-05-01 --bundle alice
  leaver plan alice -o plan.json
      What would be changed, in which order, what breaks, how it is undone. Nothing is asked and nothing is sent.
  leaver apply plan.json
      Looks whether everything is still as planned. Still nothing is changed.
  leaver apply plan.json --yes
      Changes what is only the leaver's own, one object at a time, and looks whether it happened.
  leaver apply plan.json --yes --allow disruptive
      Also what others may use.

What has no interface, or lives in a repository or on a host, is listed under `manual` with its command.
What must never be done is listed under `refused` with its reason.";

/// Plans what would be changed because of a report, offline: one change per object, in the order of a careful person.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct PlanArgs {
    /// A bundle, or a JSON report.
    #[arg(value_name = "BUNDLE|REPORT")]
    report: PathBuf,
    /// The evidence of the report, which tells how each object was. A bundle has it.
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Where the plan goes; without it to stdout. With [signing] key it is signed beside it.
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Signs also with a key that others can read or write.
    #[arg(long)]
    insecure_key: bool,
    /// Replaces a plan that is there already.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    folders: CheckArgs,
}

/// Which part is meant.
#[derive(Debug, Args)]
pub(super) struct SelectionArgs {
    /// Only this: the id of a change or a finding, a check, an action or a subject. Repeatable.
    #[arg(long, value_name = "WHAT")]
    only: Vec<String>,
    /// Not this. Repeatable.
    #[arg(long, value_name = "WHAT")]
    skip: Vec<String>,
}

impl From<SelectionArgs> for Selection {
    fn from(args: SelectionArgs) -> Selection {
        Selection { only: args.only, skip: args.skip }
    }
}

impl From<PlanArgs> for Request {
    fn from(args: PlanArgs) -> Request {
        Request {
            report: args.report,
            evidence: args.evidence,
            selection: args.selection.into(),
            output: args.output,
            checks: args.folders.checks,
            insecure_key: args.insecure_key,
            force: args.force,
        }
    }
}
