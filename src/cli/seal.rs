//! The words of proving: verify, key, archive. One arm per verb, no logic.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::CheckArgs;
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::run;
use crate::run::archive::Expected;
use crate::seal::Kind;

#[derive(Debug, Subcommand)]
pub(super) enum KeyVerb {
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
pub(super) enum KeyType {
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
pub(super) enum ArchiveVerb {
    /// Lists what is there.
    List,
    /// Puts a bundle into the archive that could not be put there when it was made.
    Put {
        /// The bundle.
        #[arg(value_name = "BUNDLE")]
        bundle: PathBuf,
    },
    /// Verifies every bundle, and that none is missing or replaced.
    Verify {
        #[command(flatten)]
        trust: TrustArgs,
        /// The head that an earlier run printed: the archive has to hold a report with this manifest. Repeatable.
        #[arg(long = "head", value_name = "SHA256", value_parser = digest)]
        heads: Vec<String>,
        /// The newest report has to have this number, or a higher one.
        #[arg(long, value_name = "N")]
        at_least: Option<u32>,
    },
}

#[derive(Debug, Args)]
pub(super) struct TrustArgs {
    /// The public key of a signer, as a PEM file. Repeatable.
    #[arg(long = "key", value_name = "PUB")]
    keys: Vec<PathBuf>,
    /// The root certificates of the time stamping authority, as a PEM file.
    #[arg(long, value_name = "PEM")]
    tsa_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// The bundle.
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    #[command(flatten)]
    trust: TrustArgs,
    /// The bundle before this one in the archive.
    #[arg(long, value_name = "BUNDLE")]
    previous: Option<PathBuf>,
    /// Refuses a bundle that also has the signature of a key that was not given; without it that is said only.
    #[arg(long, requires = "keys")]
    strict: bool,
    /// Judges the evidence again, with the built-in checks and those of --checks, and compares.
    #[arg(long)]
    pub(super) rejudge: bool,
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
            strict: args.strict,
            rejudge: args.rejudge,
            checks: args.folders.checks,
        }
    }
}

fn digest(text: &str) -> Result<String, &'static str> {
    let plain = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain { Ok(text.to_owned()) } else { Err("a head has 64 hexadecimal digits") }
}

impl KeyVerb {
    pub(super) fn run(self, env: &Env) -> Result<Exit, Error> {
        let KeyVerb::New { kind, path, encrypt } = self;
        run::verify::new_key(kind.into(), &path, encrypt, env)
    }
}

impl ArchiveVerb {
    pub(super) async fn run(self, config: &Config, env: &Env) -> Result<Exit, Error> {
        match self {
            ArchiveVerb::List => run::archive::list(config, env).await,
            ArchiveVerb::Put { bundle } => run::archive::put(&bundle, config, env).await,
            ArchiveVerb::Verify { trust, heads, at_least } => {
                let expected = Expected { heads, at_least };
                run::archive::verify(&trust.keys, trust.tsa_root.as_deref(), &expected, config, env).await
            }
        }
    }
}
