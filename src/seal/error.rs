//! Why nothing could be signed or timestamped. No variant can hold a key or a passphrase.

use std::io;

use crate::api;
use crate::model::Exit;
use crate::text::{Untrusted, visible};

/// Why nothing could be signed or timestamped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A key file cannot be read or written.
    #[error("key {}: {}", .path.terminal(), visible(&.source.to_string()))]
    File {
        /// The file.
        path: Untrusted,
        /// What the system said.
        source: io::Error,
    },
    /// A file that holds no key of the wanted kind.
    #[error("key {}: {fault}", .path.terminal())]
    Key {
        /// The file.
        path: Untrusted,
        /// What is wrong with it.
        fault: KeyFault,
    },
    /// The address names no key of a vault, or no version of it.
    #[error("{} is not the address of one version of a key", .0.terminal())]
    VaultAddress(Untrusted),
    /// The vault holds a key that cannot sign here.
    #[error("the key in the vault cannot be used: {0}")]
    VaultKey(&'static str),
    /// The vault did not answer, or refused.
    #[error("the key vault did not {what}: {source}")]
    Vault {
        /// What it was asked.
        what: &'static str,
        /// What it answered.
        source: Box<api::Error>,
    },
    /// The library refused to sign.
    #[error("the key does not sign")]
    Sign,
    /// The time stamping authority did not answer, or not with a timestamp that its root stands for.
    #[error("no timestamp: {0}")]
    Timestamp(String),
}

/// What is wrong with a key file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// It is no PEM file.
    #[error("this is no PEM file")]
    NotPem,
    /// It is a PEM file of something else.
    #[error("this is a PEM file of {0}, not of the key that is needed")]
    Label(String),
    /// A key of another type.
    #[error("this is a key of type {0}; P-256 and Ed25519 can sign")]
    Type(String),
    /// The file ends inside of the key.
    #[error("the file ends before the END line of the key")]
    CutOff,
    /// Between the lines with dashes stands no base64.
    #[error("what stands between the BEGIN and the END line is not base64")]
    Base64,
    /// The key lies in a container that is not read here.
    #[error("the key is {what}, which is not supported here")]
    Container {
        /// The container.
        what: String,
        /// The command that converts it.
        command: &'static str,
    },
    /// The key is encrypted with something that is not supported here.
    #[error("the key is encrypted with {0}, which is not supported here")]
    Cipher(String),
    /// There are several keys.
    #[error("the file holds {0} private keys, and one has to be chosen")]
    Several(usize),
    /// Others can read or write the key.
    #[error("others can {0} the key, so anybody may have it")]
    Exposed(&'static str),
    /// A broken key.
    #[error("the key is damaged")]
    Damaged,
    /// The key is encrypted, and there is no passphrase.
    #[error("the key is encrypted, and there is no passphrase")]
    NoPassphrase,
    /// The passphrase does not open it.
    #[error("the passphrase does not open the key")]
    WrongPassphrase,
}

impl Error {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Error::File { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                "a key is never overwritten; choose another name, or move the old key away"
            }
            Error::File { .. } => "check the path and that this user may use it",
            Error::Key { fault, .. } => fault.hint(),
            Error::VaultAddress(_) => {
                "name the version too, such as https://NAME.vault.azure.net/keys/KEY/VERSION: a report has to say which \
                 key signed it"
            }
            Error::VaultKey(_) => "make a key of type EC with curve P-256 that may sign, and give its version",
            Error::Vault { source, .. } => match **source {
                api::Error::Denied(_) => {
                    "the key or its version may be disabled, or the role Key Vault Crypto User is missing"
                }
                api::Error::NotFound(_) => "check the name and the version of the key",
                api::Error::NoToken { .. } | api::Error::NoVariable { .. } | api::Error::SignIn(_) => {
                    "run `az login`, or set LEAVER_AZURE_TOKEN to a token for the vault"
                }
                _ => "check the network and the address of the vault, then run `leaver sign` on the bundle",
            },
            Error::Sign => "make a new key with `leaver key new`",
            Error::Timestamp(_) => "check [signing] timestamp-url and timestamp-root",
        }
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> Exit {
        match self {
            Error::File { .. } | Error::Key { .. } | Error::VaultAddress(_) | Error::VaultKey(_) => Exit::Usage,
            Error::Vault { source, .. } => match **source {
                api::Error::NoToken { .. } | api::Error::NoVariable { .. } | api::Error::SignIn(_) => Exit::SignIn,
                _ => Exit::Failed,
            },
            Error::Sign | Error::Timestamp(_) => Exit::Failed,
        }
    }
}

impl KeyFault {
    fn hint(&self) -> &'static str {
        match self {
            KeyFault::CutOff | KeyFault::Base64 | KeyFault::NotPem | KeyFault::Damaged => {
                "make a key with `leaver key new -o key.pem`"
            }
            KeyFault::Container { command, .. } => command,
            KeyFault::Cipher(_) => {
                "convert it: `openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in OLD -out NEW`"
            }
            KeyFault::Several(_) => "keep the one to sign with in a file of its own",
            KeyFault::Exposed(_) => {
                "run `chmod 600` on the key, and make a new one if others may have it; --insecure-key takes it as it is"
            }
            KeyFault::Label(_) => {
                "a signing key starts with BEGIN PRIVATE KEY, BEGIN EC PRIVATE KEY or BEGIN ENCRYPTED PRIVATE KEY (convert \
                 another with `openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW`), the key to verify with starts with BEGIN \
                 PUBLIC KEY or BEGIN CERTIFICATE (`openssl pkey -in KEY -pubout -out PUB` makes it from a signing key)"
            }
            KeyFault::Type(_) => "make a key with `leaver key new --type p256 -o key.pem`",
            KeyFault::NoPassphrase | KeyFault::WrongPassphrase => {
                "set LEAVER_KEY_PASSPHRASE, or run at a terminal to be asked for it"
            }
        }
    }
}
