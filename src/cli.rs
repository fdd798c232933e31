//! The command line: its words, and one arm per verb. No logic lives here.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::report::Output;
use crate::run::scan::Request;
use crate::run::{self, Delivery, Intake, Subject};
use crate::seal::Kind;

const EXIT_CODES: &str = "\
Exit codes:
  0  clean: everything was checked, nothing was found
  1  the tool failed
  2  the command line or the configuration is wrong
  3  there are findings
  4  could not sign in at all
  5  nothing was found, but something could not be checked
  7  a bundle or an archive does not verify
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
#[command(name = "leaver", version, after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"), help_expected = true)]
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
    /// How the log on stderr is written.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    log_format: LogFormat,
    /// Sets the clock for the whole run, so that a result can be reproduced. RFC 3339.
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
        scans: ScanFiles,
        #[command(flatten)]
        delivery: DeliveryArgs,
    },
    /// The first half of an audit: collects evidence into a file and judges nothing.
    Collect {
        #[command(flatten)]
        person: PersonArgs,
        /// Where the evidence goes.
        #[arg(short = 'o', long, value_name = "FILE")]
        evidence: PathBuf,
        #[command(flatten)]
        scans: ScanFiles,
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
    /// Adds a signature to a bundle, such as a reviewer's.
    Sign {
        /// The bundle.
        #[arg(value_name = "BUNDLE")]
        bundle: PathBuf,
        /// A PEM file or the address of a key in a vault; without it [signing] key.
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// Makes signing keys.
    Key {
        #[command(subcommand)]
        verb: KeyVerb,
    },
    /// Lists the bundles in [archive], or verifies all of them.
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
    /// Tells which sign-in would be used and which permissions are missing.
    Doctor,
    /// Audits a synthetic leaver of an organisation that leaver itself serves on loopback.
    Demo {
        #[command(flatten)]
        delivery: DeliveryArgs,
    },
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

#[derive(Debug, Subcommand)]
enum KeyVerb {
    /// Makes a key for its owner only, and its public half beside it (key.pub). Prints the id of the key.
    New {
        /// The type of the key.
        #[arg(long = "type", value_enum, default_value_t, value_name = "TYPE")]
        kind: KeyType,
        /// Where the key goes. It is never overwritten.
        #[arg(short = 'o', long = "output", value_name = "FILE")]
        path: PathBuf,
        /// Encrypts it with the passphrase in LEAVER_KEY_PASSPHRASE, or asks for one.
        #[arg(long)]
        encrypt: bool,
    },
}

/// The type of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum KeyType {
    /// ECDSA on P-256, which every verifier knows.
    #[default]
    P256,
    /// Ed25519.
    Ed25519,
}

impl From<KeyType> for Kind {
    fn from(kind: KeyType) -> Kind {
        match kind {
            KeyType::P256 => Kind::P256,
            KeyType::Ed25519 => Kind::Ed25519,
        }
    }
}

#[derive(Debug, Subcommand)]
enum ArchiveVerb {
    /// Lists what is there.
    List,
    /// Verifies every bundle, and that none is missing or replaced.
    Verify {
        #[command(flatten)]
        trust: TrustArgs,
    },
}

#[derive(Debug, Args)]
struct TrustArgs {
    /// The public key of a signer, as a PEM file. Repeatable; every signer's key is needed.
    #[arg(long = "key", value_name = "PUB")]
    keys: Vec<PathBuf>,
    /// The root certificates of the time stamping authority, as a PEM file.
    #[arg(long, value_name = "PEM")]
    tsa_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// The bundle.
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// The bundle before this one in the archive.
    #[arg(long, value_name = "BUNDLE")]
    previous: Option<PathBuf>,
    /// Judges the evidence again, with the built-in checks and those of --checks, and compares.
    #[arg(long)]
    rejudge: bool,
    #[command(flatten)]
    folders: CheckArgs,
}

impl From<VerifyArgs> for run::verify::Request {
    fn from(args: VerifyArgs) -> run::verify::Request {
        run::verify::Request {
            bundle: args.bundle,
            keys: args.trust.keys,
            tsa_root: args.trust.tsa_root,
            previous: args.previous,
            rejudge: args.rejudge,
            checks: args.folders.checks,
        }
    }
}

#[derive(Debug, Args)]
struct PersonArgs {
    /// User principal name, mail address (old ones too), object id or employee id.
    #[arg(value_name = "PERSON")]
    person: String,
    /// The GitHub login of the person.
    #[arg(long, value_name = "LOGIN")]
    github: Option<String>,
    /// The last day at work, such as 2026-05-01. A day to come makes the run a rehearsal.
    #[arg(long, value_name = "DATE")]
    last_day: Option<Date>,
}

#[derive(Debug, Args)]
struct DeliveryArgs {
    /// Writes a report besides the one on the terminal, such as html=report.html; json=- writes to stdout instead.
    /// Formats: json, html, md, sarif, ocsf, oscal, junit, csv. Repeatable.
    #[arg(long = "format", value_name = "FORMAT=PATH", value_parser = output)]
    formats: Vec<Output>,
    /// As --format, without personal data: pseudonyms instead, and the digest of the original. Repeatable.
    #[arg(long = "redact", value_name = "FORMAT=PATH", value_parser = output)]
    redacted: Vec<Output>,
    /// Writes report, evidence and what proves them to this directory, signed with [signing] key and archived in [archive].
    #[arg(long, value_name = "DIR")]
    bundle: Option<PathBuf>,
    /// Replaces the bundle that is there, as a whole.
    #[arg(long, requires = "bundle")]
    force: bool,
    #[command(flatten)]
    folders: CheckArgs,
}

#[derive(Debug, Args)]
struct ScanFiles {
    /// Evidence of a runner host, made by `leaver scan -o`. Repeatable.
    #[arg(long = "include", value_name = "FILE")]
    include: Vec<PathBuf>,
}

#[derive(Debug, Args)]
struct ScanArgs {
    /// Files and directories, such as / or the home of the runner.
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Also reads the environment of running runners and agents.
    #[arg(long = "proc")]
    processes: bool,
    /// Keeps the evidence in this file, for `leaver audit --include`.
    #[arg(short = 'o', long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// What the host is called in evidence; without it, what it calls itself.
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The key file of the fingerprints; without it LEAVER_FINGERPRINT_KEY, or a file in the home that is made once.
    #[arg(long, value_name = "FILE")]
    fingerprint_key: Option<PathBuf>,
    /// Asks the issuer of each token, and nobody else, whose it is. This sends each token to its issuer.
    #[arg(long)]
    identify: bool,
    #[command(flatten)]
    folders: CheckArgs,
}

impl From<ScanArgs> for Request {
    fn from(args: ScanArgs) -> Request {
        Request {
            paths: args.paths,
            processes: args.processes,
            keep: args.evidence,
            host: args.host,
            key_file: args.fingerprint_key,
            identify: args.identify,
            checks: args.folders.checks,
        }
    }
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// A folder with private checks, laid out like the built-in ones. Repeatable.
    #[arg(long = "checks", value_name = "DIR")]
    checks: Vec<PathBuf>,
}

impl From<PersonArgs> for Subject {
    fn from(args: PersonArgs) -> Subject {
        Subject { person: args.person, github: args.github, last_day: args.last_day }
    }
}

impl From<DeliveryArgs> for Delivery {
    fn from(args: DeliveryArgs) -> Delivery {
        let redacted = args.redacted.into_iter().map(|output| Output { redacted: true, ..output });
        let outputs = args.formats.into_iter().chain(redacted).collect();
        Delivery { checks: args.folders.checks, outputs, bundle: args.bundle, force: args.force }
    }
}

/// The parser of the command line shows the error alone, so the hint goes into it.
fn output(text: &str) -> Result<Output, String> {
    let told = |error: Error| error.hint().map_or(error.to_string(), |hint| format!("{error}; {hint}"));
    text.parse().map_err(told)
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

    /// How log lines are written.
    pub fn log_format(&self) -> LogFormat {
        self.global.log_format
    }

    /// The moment that the whole run takes place at, if the command line sets one.
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
            Verb::Audit { person, evidence, scans, delivery } => {
                let intake = Intake { include: scans.include, keep: evidence };
                run::audit(&config()?, &person.into(), &intake, &delivery.into(), env).await
            }
            Verb::Collect { person, evidence, scans } => {
                let intake = Intake { include: scans.include, keep: Some(evidence) };
                collect(&config()?, person, &intake, env).await
            }
            Verb::Scan(args) => run::scan::scan(&args.into(), config, env).await,
            Verb::Check { evidence, delivery } => run::check(&evidence, &config()?, &delivery.into(), env).await,
            Verb::Verify(args) => run::verify::verify(&args.into(), env),
            Verb::Sign { bundle, key } => run::verify::sign(&bundle, key.as_deref(), &config()?, env).await,
            Verb::Key { verb: KeyVerb::New { kind, path, encrypt } } => {
                run::verify::new_key(kind.into(), &path, encrypt, env)
            }
            Verb::Archive { verb: ArchiveVerb::List } => run::archive::list(&config()?, env).await,
            Verb::Archive { verb: ArchiveVerb::Verify { trust } } => {
                run::archive::verify(&trust.keys, trust.tsa_root.as_deref(), &config()?, env).await
            }
            Verb::Checks { verb } => verb.run(env),
            Verb::Explain { id, folders } => {
                let checks = run::tuned_checks(&folders.checks, &config()?, env)?;
                print(env, &checks.explain(&id).map_err(run::of_check)?)
            }
            Verb::Doctor => run::doctor::doctor(&config()?, env).await,
            Verb::Demo { delivery } => {
                let config = if delivery.bundle.is_some() { config()? } else { Config::default() };
                run::demo::demo(&config, &delivery.into(), env).await
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
