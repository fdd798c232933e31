//! The words of `leaver waive`.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use crate::run::waive::Request;

/// Names one finding of a report by its id, or one object that could not be looked at by its scope.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["finding", "scope"])))]
pub(super) struct WaiveArgs {
    /// The id of the finding in the report.
    #[arg(value_name = "FINDING", requires = "report")]
    finding: Option<String>,
    /// The JSON report that has the finding, or the bundle it is in.
    #[arg(long, value_name = "REPORT|BUNDLE")]
    report: Option<PathBuf>,
    /// The object that could not be looked at, as the report writes its scope: a host, a repository.
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// Only this data set of the scope.
    #[arg(long, value_name = "DATASET", requires = "scope")]
    dataset: Option<String>,
    /// Who answers for it.
    #[arg(long, value_name = "NAME")]
    owner: String,
    /// Why it is accepted.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The last day on which it holds, such as 2026-12-31.
    #[arg(long, value_name = "DATE")]
    until: Date,
    /// The file that the waiver is added to.
    #[arg(short = 'o', long, value_name = "FILE", default_value = "waivers.toml")]
    output: PathBuf,
}

impl From<WaiveArgs> for Request {
    fn from(args: WaiveArgs) -> Request {
        Request {
            finding: args.finding.zip(args.report),
            scope: args.scope.map(|scope| (scope, args.dataset)),
            owner: args.owner,
            reason: args.reason,
            until: args.until,
            output: args.output,
        }
    }
}
