//! The words of `leaver apply` and `leaver undo`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::plan::SelectionArgs;
use crate::action::plan::Selection;
use crate::run::apply::{Back, Request};

const OUTCOMES: &str = "\
Each change ends in one of these:
  done     sent, and seen twice
  already  it was so before
  changed  no longer as planned: not touched
  refused  it is never done, or not now (a busy runner)
  failed   the service did not do it
  unknown  the service does not tell

The journal beside the plan (PLAN.journal) is on the disk before anything is sent. After a crash, run the same command again:
it looks at what was begun and goes on. `leaver undo PLAN.journal` takes back what can be taken back.

Exit codes: 0 all of it is done (or could be), 6 something is left, 7 the plan or its journal is refused and nothing was sent.";

/// What may be changed besides the leaver's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Allow {
    /// What others may use or depend on.
    Disruptive,
}

/// Carries a plan out, one object at a time. Without --yes it only looks, and says what it would do.
#[derive(Debug, Args)]
#[command(after_long_help = OUTCOMES)]
pub(super) struct ApplyArgs {
    /// The plan.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Makes the changes.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    selection: SelectionArgs,
    /// Also changes what others may use or depend on.
    #[arg(long, value_enum, value_name = "WHAT")]
    allow: Vec<Allow>,
    /// Refuses a selection of more changes than this.
    #[arg(long, value_name = "N", default_value_t = 200)]
    max: usize,
    /// The journal; without it PLAN.journal.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// For how many seconds a change may take to show.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    /// The public key of somebody who may approve, as a PEM file, besides those of [remediation] approvers. Repeatable.
    #[arg(long = "key", value_name = "PUB")]
    keys: Vec<PathBuf>,
    /// Signs also with a key that others can read or write.
    #[arg(long)]
    insecure_key: bool,
    /// Adds plan, journal and signatures to the bundle that the plan was made from, with a signed receipt.
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// A later audit of the same people as the proof: its bundle or JSON report goes into --bundle too, and the receipt says
    /// which findings are gone.
    #[arg(long, value_name = "BUNDLE|REPORT", requires = "bundle")]
    proof: Option<PathBuf>,
    /// Replaces what another plan left in the bundle.
    #[arg(long)]
    force: bool,
}

/// Takes back what a journal says was done, the last change first. Without --yes it only looks.
#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    /// The journal of an apply.
    #[arg(value_name = "JOURNAL")]
    journal: PathBuf,
    /// Makes the changes.
    #[arg(long)]
    yes: bool,
    /// Only this: the id of a change, an action or a subject. Repeatable.
    #[arg(long, value_name = "WHAT")]
    only: Vec<String>,
    /// For how many seconds a change may take to show.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
}

impl From<ApplyArgs> for Request {
    fn from(args: ApplyArgs) -> Request {
        Request {
            plan: args.plan,
            selection: args.selection.into(),
            yes: args.yes,
            disruptive: args.allow.contains(&Allow::Disruptive),
            max: args.max,
            journal: args.journal,
            patience: args.patience,
            keys: args.keys,
            insecure_key: args.insecure_key,
            bundle: args.bundle,
            proof: args.proof,
            force: args.force,
        }
    }
}

impl From<UndoArgs> for Back {
    fn from(args: UndoArgs) -> Back {
        let selection = Selection { only: args.only, skip: Vec::new() };
        Back { journal: args.journal, selection, yes: args.yes, patience: args.patience }
    }
}
