//! The command line: its words, and one arm per verb. No logic lives here.

mod apply;
mod options;
mod plan;
mod posture;
mod seal;
mod setup;
mod sweep;
mod waive;

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::Timestamp;

use self::apply::{ApplyArgs, UndoArgs};
use self::options::{CheckArgs, DeliveryArgs, Files, PersonArgs, ScanArgs};
use self::plan::PlanArgs;
use self::posture::PostureArgs;
use self::seal::{ArchiveVerb, KeyVerb, VerifyArgs};
use self::setup::{DoctorArgs, SetupArgs};
use self::sweep::SweepArgs;
use self::waive::WaiveArgs;
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::run::demo::Show;
use crate::run::{self, Intake};

const EXIT_CODES: &str = "\
Exit codes:
  0  clean: everything was checked, nothing was found
  1  the tool failed
  2  the command line or the configuration is wrong
  3  there are findings
  4  could not sign in at all
  5  nothing was found, but something could not be checked
  6  a clean-up is not complete
  7  a bundle or an archive does not verify; a plan or its journal is refused
  8  the report is complete, but not signed, timestamped or archived as configured
  130  Ctrl-C";

const EXAMPLES: &str = "\
Examples:
  leaver demo
      Audit a synthetic leaver: no account, no network.
  leaver audit alice@contoso.com --last-day 2026-05-01
      What can Alice still reach, and what could not be looked at?
  leaver audit alice@contoso.com --format json=alice.json --evidence alice.db
      The same, with the report for machines and the evidence for auditors.
  leaver check alice.db
      Judge saved evidence again, offline, perhaps with newer checks.
  leaver audit alice@contoso.com --bundle alice && leaver verify alice --key key.pub --rejudge
      A signed bundle, and whether it still says what the evidence says.";

/// Proves what a departed developer, or anything still acting with that person's credentials, can reach.
///
/// It reads and never changes anything. "Could not check" is never "clean": whatever could not be read is listed with the
/// permission, licence or setting that is missing.
#[derive(Debug, Parser)]
#[command(name = "leaver", version = run::version(), after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), help_expected = true)]
#[command(propagate_version = true, disable_help_subcommand = true, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Configuration file; without it ./leaver.toml, if there is one.
    #[arg(long, global = true, env = "LEAVER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: When,
    /// Say less: no notes, no progress.
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say more on stderr: -v for the steps, -vv for each request.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// The report on the terminal lists everything, with all that is known of it.
    #[arg(long, global = true)]
    details: bool,
    /// How the log on stderr is written.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    log_format: LogFormat,
    /// Sets the time that checks judge by, so that a result can be reproduced; sign-in and retries keep the real clock. RFC 3339.
    #[arg(long, global = true, value_name = "TIME")]
    now: Option<Timestamp>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Audits one leaver: collects, judges, reports.
    Audit {
        #[command(flatten)]
        person: PersonArgs,
        /// Keeps the evidence in this file.
        #[arg(short = 'o', long, value_name = "FILE")]
        evidence: Option<PathBuf>,
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        delivery: DeliveryArgs,
    },
    /// Audits every leaver in one run: each system is read once, everybody is judged.
    Sweep(SweepArgs),
    /// Looks whether the fence is standing that the checklist relies on: gateway, policies, alerts, networks. About nobody.
    Posture(PostureArgs),
    /// The first half of an audit: collects evidence into a file and judges nothing.
    Collect {
        #[command(flatten)]
        person: PersonArgs,
        /// Where the evidence goes.
        #[arg(short = 'o', long, value_name = "FILE")]
        evidence: PathBuf,
        /// Replaces that file if it is there.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        folders: CheckArgs,
    },
    /// Scans a runner host or a checkout for credentials: no network, no sign-in, no values.
    Scan(ScanArgs),
    /// The second half: judges an evidence file, offline.
    Check {
        /// The evidence.
        #[arg(value_name = "EVIDENCE")]
        evidence: PathBuf,
        #[command(flatten)]
        delivery: DeliveryArgs,
    },
    /// Verifies a bundle, offline: files, digests, signatures, time, evidence, chain.
    Verify(VerifyArgs),
    /// Adds a signature to a bundle, such as a reviewer's, or to a plan, such as an approver's.
    Sign {
        /// The bundle, or the plan.
        #[arg(value_name = "BUNDLE|PLAN")]
        bundle: PathBuf,
        /// A PEM file or the address of a key in a vault; without it [signing] key.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        /// Signs with a key that others can read or write all the same.
        #[arg(long)]
        insecure_key: bool,
    },
    /// Writes down that a named owner answers for a finding, or for what could not be looked at, until a day.
    Waive(WaiveArgs),
    /// Plans the clean-up of a report: what to change, in which order, what breaks, how it is undone. Changes nothing.
    Plan(PlanArgs),
    /// Carries a plan out, one object at a time, and looks whether it happened. Without --yes it only looks.
    Apply(ApplyArgs),
    /// Takes back what an apply did, from its journal. Without --yes it only looks.
    Undo(UndoArgs),
    /// Makes signing keys.
    Key {
        #[command(subcommand)]
        verb: KeyVerb,
    },
    /// Lists the bundles in [archive], verifies all of them, or puts one there that was left over.
    Archive {
        #[command(subcommand)]
        verb: ArchiveVerb,
    },
    /// Lists the checks, or runs their own cases.
    Checks {
        #[command(subcommand)]
        verb: ChecksVerb,
    },
    /// Shows one check: what it looks for, why, what to do, and its SQL.
    Explain {
        /// Its id, such as 1-consents/gateway-grant.
        #[arg(value_name = "CHECK")]
        id: String,
        #[command(flatten)]
        folders: CheckArgs,
    },
    /// Prints what to grant, service by service, with every id filled in that can be known, and a leaver.toml.
    Setup(SetupArgs),
    /// Asks each service what is granted, missing or more than needed; looks at log, key, archive and clock.
    Doctor(DoctorArgs),
    /// Serves the archive and `explain` to an assistant, read-only, over stdio (Model Context Protocol).
    Mcp {
        #[command(flatten)]
        folders: CheckArgs,
        /// A public key that bundles are verified with; may be given several times.
        #[arg(long = "key", value_name = "PUB")]
        keys: Vec<PathBuf>,
    },
    /// Audits a synthetic leaver of an organisation that leaver itself serves on loopback.
    Demo {
        /// Also plans the clean-up, carries it out on that organisation, and audits again.
        #[arg(long)]
        apply: bool,
        /// Another organisation, whose leaver left nothing behind and where everything is granted: ends with 0, and says what it took.
        #[arg(long, conflicts_with = "apply")]
        clean: bool,
        #[command(flatten)]
        delivery: DeliveryArgs,
    },
    /// Prints the manual page, for `man`.
    Man,
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
enum ChecksVerb {
    /// Lists all checks, built-in and private.
    List {
        #[command(flatten)]
        folders: CheckArgs,
    },
    /// Runs the cases that each check carries.
    Test {
        /// Only this check.
        #[arg(value_name = "CHECK")]
        id: Option<String>,
        #[command(flatten)]
        folders: CheckArgs,
    },
}

impl Cli {
    /// When to use colours.
    pub fn color(&self) -> When {
        self.global.color
    }

    /// Whether notes and progress are unwanted.
    pub fn quiet(&self) -> bool {
        self.global.quiet
    }

    /// How much is logged: 0 warnings, 1 steps, 2 and more each request.
    pub fn verbosity(&self) -> u8 {
        self.global.verbose
    }

    /// Whether the report on the terminal lists everything.
    pub fn details(&self) -> bool {
        self.global.details
    }

    /// How log lines are written.
    pub fn log_format(&self) -> LogFormat {
        self.global.log_format
    }

    /// The moment that checks judge by, if the command line sets one.
    pub fn now(&self) -> Option<Timestamp> {
        self.global.now
    }

    /// Does what the verb says.
    ///
    /// # Errors
    /// Whatever ends a command without a result.
    pub async fn run(self, env: &Env) -> Result<Exit, Error> {
        let config = || Config::load(self.global.config.as_deref(), env);
        match self.verb {
            Verb::Audit { person, evidence, files, delivery } => {
                let intake = files.keeping(evidence, delivery.force);
                run::audit(&config()?, &person.into(), &intake, &delivery.into(), env).await
            }
            Verb::Sweep(args) => {
                let request = args.request();
                let intake = args.files.keeping(args.evidence, args.delivery.force);
                run::sweep::sweep(&config()?, &request, &intake, &args.delivery.into(), env).await
            }
            Verb::Posture(args) => {
                let request = args.request();
                let intake = args.files.keeping(args.evidence, args.delivery.force);
                run::posture::posture(&config()?, &request, &intake, &args.delivery.into(), env).await
            }
            Verb::Collect { person, evidence, force, files, folders } => {
                // Checks belong to the second half, but the private kinds of token beside them to every text that is kept.
                run::load_checks(&folders.checks, env)?;
                let intake = files.keeping(Some(evidence), force);
                collect(&config()?, person, &intake, env).await
            }
            Verb::Scan(args) => run::scan::scan(&args.into(), config, env).await,
            Verb::Check { evidence, delivery } => run::check(&evidence, &config()?, &delivery.into(), env).await,
            Verb::Verify(args) => {
                // Only judging takes settings.
                let config = if args.rejudge { config()? } else { Config::default() };
                run::verify::verify(&args.into(), &config, env)
            }
            Verb::Sign { bundle, key, insecure_key } => {
                run::verify::sign(&bundle, key.as_deref(), insecure_key, &config()?, env).await
            }
            Verb::Waive(args) => run::waive::waive(&args.into(), env),
            Verb::Plan(args) => run::plan::plan(&args.into(), &config()?, env).await,
            Verb::Apply(args) => run::apply::apply(&args.into(), &config()?, env).await,
            Verb::Undo(args) => run::apply::undo(&args.into(), &config()?, env).await,
            Verb::Key { verb } => verb.run(env),
            Verb::Archive { verb } => verb.run(&config()?, env).await,
            Verb::Checks { verb } => verb.run(env),
            Verb::Explain { id, folders } => {
                let checks = run::tuned_checks(&folders.checks, &config()?, env)?;
                print(env, &checks.explain(&id).map_err(run::of_check)?)
            }
            Verb::Setup(args) => args.run(&config()?, env).await,
            Verb::Doctor(args) => run::doctor::doctor(&args.into(), &config()?, env).await,
            Verb::Mcp { folders, keys } => run::mcp::serve(&keys, &folders.checks, &config()?, env).await,
            Verb::Demo { apply, clean, delivery } => {
                let config = if delivery.bundle.is_some() { config()? } else { Config::default() };
                let show = match (apply, clean) {
                    (true, _) => Show::CleanUp,
                    (_, true) => Show::Clean,
                    _ => Show::Leaver,
                };
                run::demo::demo(&config, &delivery.into(), show, env).await
            }
            Verb::Man => {
                let mut page = Vec::new();
                let written = clap_mangen::Man::new(Cli::command()).render(&mut page);
                written.map_err(|source| Error::Output { target: "stdout".into(), source })?;
                print(env, &String::from_utf8_lossy(&page))
            }
            Verb::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(shell, &mut Cli::command(), "leaver", &mut script);
                print(env, &String::from_utf8_lossy(&script))
            }
        }
    }
}

async fn collect(config: &Config, person: PersonArgs, intake: &Intake, env: &Env) -> Result<Exit, Error> {
    let evidence = run::collect(config, &person.into(), intake, env).await?;
    env.console.note(&format!("{}  sha256:{}", evidence.path().display(), evidence.sha256()));
    Ok(Exit::Clean)
}

impl ChecksVerb {
    fn run(self, env: &Env) -> Result<Exit, Error> {
        match self {
            ChecksVerb::List { folders } => print(env, &run::load_checks(&folders.checks, env)?.list()),
            ChecksVerb::Test { id, folders } => {
                let checks = run::load_checks(&folders.checks, env)?;
                let summary = checks.test(id.as_deref()).map_err(run::of_check)?;
                print(env, &summary.to_string())?;
                Ok(if summary.failures.is_empty() { Exit::Clean } else { Exit::Failed })
            }
        }
    }
}

fn print(env: &Env, text: &str) -> Result<Exit, Error> {
    let output = |source| Error::Output { target: "stdout".into(), source };
    let end = if text.ends_with('\n') { "" } else { "\n" };
    env.console.print(&format!("{text}{end}")).map_err(output)?;
    Ok(Exit::Clean)
}
