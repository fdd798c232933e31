//! Keys, signatures and timestamps: what makes a bundle provable years later.
//! It knows bytes and digests; what a bundle holds and where it lies is the business of [`crate::bundle`].
//!
//! ```text
//!  report, digests -> Statement -> Envelope (DSSE) <- Signer: a PEM file, or a key that never leaves its vault
//!                                      |
//!                                      +-- first signature -> Timestamp (RFC 3161)
//! ```

mod envelope;
mod error;
mod local;
mod pem;
mod public;
mod signer;
mod statement;
pub mod timestamp;
mod vault;

pub use self::envelope::{Envelope, Signature};
pub use self::error::{Error, KeyFault};
pub use self::local::{LocalKey, generate};
pub use self::public::{Kind, PublicKey};
pub use self::signer::Signer;
pub(crate) use self::signer::passphrase;
pub use self::statement::{Audit, PREDICATE, Statement, TEST_RESULT, audit, test_result};

use aws_lc_rs::digest::{SHA256, digest};

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
