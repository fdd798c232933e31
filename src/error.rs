//! What the program says when it cannot go on: one error, its next step and its exit code.
//! Foreign text enters a message through the terminal escaper only, so a message can be printed as it is.

use std::fmt::Display;
use std::io;

pub use crate::model::Exit;
use crate::text::{Untrusted, visible};
use crate::{archive, bundle, evidence, seal};

/// How many candidates a message lists.
const LISTED: usize = 10;

/// Why a command ended without a result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The command line asks for something that does not exist or does not fit together.
    #[error("{}", .message.terminal())]
    Usage {
        /// What is wrong with it.
        message: Untrusted,
        /// What to write instead.
        hint: Option<String>,
    },
    /// The configuration file says something that it must not.
    #[error("{}:{line}:{column}: {}", .file.terminal(), .message.terminal())]
    Config {
        /// The file.
        file: Untrusted,
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
        /// What is wrong there; never a value that could be a secret.
        message: Untrusted,
        /// What to write instead.
        hint: Option<String>,
    },
    /// A file that the user named cannot be read.
    #[error("cannot read {}: {}", .path.terminal(), safe(.source))]
    Input {
        /// The file.
        path: Untrusted,
        /// What the system said.
        source: io::Error,
    },
    /// The evidence file cannot be written or read.
    #[error("{}", safe(.0))]
    Evidence(#[from] evidence::Error),
    /// A check file is not usable.
    #[error("{}: {}", .place.terminal(), .message.terminal())]
    Check {
        /// The file, and the line where that is known.
        place: Untrusted,
        /// What is wrong there.
        message: Untrusted,
    },
    /// Nobody could be asked at all.
    #[error("cannot sign in to {service}: {}", .message.terminal())]
    SignIn {
        /// The service that refused.
        service: &'static str,
        /// What it said, without any credential.
        message: Untrusted,
        /// The command or variable that gives another sign-in.
        hint: String,
    },
    /// A service could not be asked the one question that everything else hangs on.
    #[error("{service} did not say {what}: {}", .message.terminal())]
    Service {
        /// The service.
        service: &'static str,
        /// What it was asked.
        what: &'static str,
        /// What went wrong, without any credential.
        message: Untrusted,
        /// The permission or the setting that is missing.
        hint: String,
    },
    /// The words on the command line fit several people, and none of them is picked by guessing.
    #[error("{} is more than one person:{}", .asked.terminal(), listed(.candidates))]
    Ambiguous {
        /// What was asked for.
        asked: Untrusted,
        /// Who it could be, each with the immutable id.
        candidates: Vec<Untrusted>,
    },
    /// The words on the command line fit nobody.
    #[error("{} is nobody known here; looked in:{}", .asked.terminal(), listed(.looked))]
    NotFound {
        /// What was asked for.
        asked: Untrusted,
        /// Where was looked.
        looked: Vec<Untrusted>,
    },
    /// A result cannot be written.
    #[error("cannot write {}: {}", .target.terminal(), safe(.source))]
    Output {
        /// The file or stream.
        target: Untrusted,
        /// What the system said.
        source: io::Error,
    },
    /// A key, a vault or a time stamping authority does not do what it has to.
    #[error("{}", safe(.0))]
    Seal(#[from] seal::Error),
    /// A bundle cannot be written or read.
    #[error("{}", safe(.0))]
    Bundle(#[from] bundle::Error),
    /// The archive cannot be reached or written.
    #[error("{}", safe(.0))]
    Archive(#[from] archive::Error),
    /// The report is there, but not signed, timestamped or archived as configured.
    #[error("the report is complete, but {}", .what.terminal())]
    Undelivered {
        /// What was not done, and why.
        what: Untrusted,
        /// What to do about it.
        hint: String,
    },
    /// A plan or a journal that must not be carried out. Nothing was sent.
    #[error("refused: {}", .what.terminal())]
    Refused {
        /// What is wrong with it.
        what: Untrusted,
    },
    /// Ctrl-C.
    #[error("cancelled")]
    Cancelled,
    /// Ctrl-C, after something had been read.
    #[error("cancelled; the evidence so far is kept, as partial, in {}", .kept.terminal())]
    Interrupted {
        /// The file.
        kept: Untrusted,
    },
}

impl Error {
    /// A wrong command line, with what to write instead.
    pub fn usage(message: impl Into<Untrusted>, hint: impl Into<String>) -> Error {
        Error::Usage { message: message.into(), hint: Some(hint.into()) }
    }

    /// The next step: a command, a permission, a setting.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::Usage { hint, .. } | Error::Config { hint, .. } => hint.clone(),
            Error::Input { .. } => Some("check the path and that this user may read it".into()),
            Error::Evidence(error) => Some(evidence_hint(error).into()),
            Error::Check { .. } => Some("correct the file, then run `leaver checks test`".into()),
            Error::SignIn { hint, .. } | Error::Service { hint, .. } => Some(hint.clone()),
            Error::Ambiguous { .. } => Some("repeat the command with the object id of the one person you mean".into()),
            Error::NotFound { .. } => Some("give the object id, the user principal name or the mail address".into()),
            Error::Output { source, .. } => output_hint(source).map(Into::into),
            Error::Seal(error) => Some(error.hint().into()),
            Error::Bundle(error) => Some(error.hint().into()),
            Error::Archive(error) => Some(error.hint().into()),
            Error::Undelivered { hint, .. } => Some(hint.clone()),
            Error::Interrupted { kept } => {
                Some(format!("`leaver check {}` judges it; whatever was not read is unknown", kept.terminal()))
            }
            Error::Refused { .. } => Some(
                "nothing was sent; audit and plan again, and have the new plan signed where that is configured".into(),
            ),
            Error::Cancelled => None,
        }
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> Exit {
        match self {
            Error::Usage { .. } | Error::Config { .. } | Error::Input { .. } | Error::Check { .. } => Exit::Usage,
            Error::Ambiguous { .. } | Error::NotFound { .. } => Exit::Usage,
            Error::Evidence(_) | Error::Output { .. } | Error::Service { .. } => Exit::Failed,
            Error::SignIn { .. } => Exit::SignIn,
            Error::Seal(error) => error.exit_code(),
            Error::Bundle(error) => error.exit_code(),
            Error::Archive(error) => error.exit_code(),
            Error::Undelivered { .. } => Exit::Undelivered,
            Error::Refused { .. } => Exit::Unverified,
            Error::Cancelled | Error::Interrupted { .. } => Exit::Cancelled,
        }
    }

    /// The text for stderr: the error, an empty line, the hint.
    pub fn render(&self, color: bool) -> String {
        let (error, hint) = if color { ("\x1b[1;31merror\x1b[0m", "\x1b[1;36mhint\x1b[0m") } else { ("error", "hint") };
        match self.hint() {
            Some(next) => format!("{error}: {self}\n\n{hint}: {}", visible(&next)),
            None => format!("{error}: {self}"),
        }
    }
}

fn evidence_hint(error: &evidence::Error) -> &'static str {
    match error {
        evidence::Error::File { .. } => "check the path, the permissions and the free space",
        evidence::Error::Database { .. } => "check the free space; if it stays, collect into a new file",
        evidence::Error::Foreign { .. } => "give a file that `leaver collect -o` or `leaver scan -o` wrote",
        evidence::Error::Damaged { .. } => "take another copy of the file, or collect again",
        evidence::Error::Scratch { .. } => "set TMPDIR to a directory with room for a copy of the evidence",
        evidence::Error::Altered { .. } => {
            "find out who changed the file; take the copy that was kept, or collect again"
        }
        evidence::Error::Older { .. } => "read it with the version of leaver that wrote it, or collect again",
        evidence::Error::Newer { .. } => "read it with the version of leaver that wrote it, or a newer one",
    }
}

fn output_hint(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::NotFound => Some("create the directory first"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("choose a directory that this user may write to")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some("make room, or choose another directory"),
        io::ErrorKind::BrokenPipe => Some("the reader of stdout went away; write to a file with --format json=PATH"),
        _ => None,
    }
}

fn listed(entries: &[Untrusted]) -> String {
    let mut text: String = entries.iter().take(LISTED).map(|entry| format!("\n  {}", entry.terminal())).collect();
    if entries.len() > LISTED {
        text.push_str(&format!("\n  … and {} more", entries.len() - LISTED));
    }
    text
}

fn safe(error: &impl Display) -> String {
    visible(&error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;

    const HOSTILE: &str = "a\x1b[2Jlice\u{202e}\r\n::error::x";

    fn every_error() -> Vec<Error> {
        let io = |kind| io::Error::new(kind, HOSTILE);
        let file = |path: &str| evidence::Error::File { path: path.into(), source: io(io::ErrorKind::Other) };
        vec![
            Error::usage(HOSTILE, HOSTILE),
            Error::Config {
                file: HOSTILE.into(),
                line: 2,
                column: 3,
                message: HOSTILE.into(),
                hint: Some(HOSTILE.into()),
            },
            Error::Input { path: HOSTILE.into(), source: io(io::ErrorKind::NotFound) },
            Error::Evidence(file(HOSTILE)),
            Error::Check { place: HOSTILE.into(), message: HOSTILE.into() },
            Error::SignIn { service: "Microsoft Graph", message: HOSTILE.into(), hint: HOSTILE.into() },
            Error::Ambiguous { asked: HOSTILE.into(), candidates: vec![HOSTILE.into()] },
            Error::NotFound { asked: HOSTILE.into(), looked: vec![HOSTILE.into()] },
            Error::Output { target: HOSTILE.into(), source: io(io::ErrorKind::BrokenPipe) },
            Error::Seal(seal::Error::Key { path: HOSTILE.into(), fault: seal::KeyFault::Label(HOSTILE.into()) }),
            Error::Seal(seal::Error::Timestamp(HOSTILE.into())),
            Error::Bundle(bundle::Error::Taken(HOSTILE.into())),
            Error::Bundle(bundle::Error::Broken { path: HOSTILE.into(), what: HOSTILE.into() }),
            Error::Archive(archive::Error::Taken(HOSTILE.into())),
            Error::Undelivered { what: HOSTILE.into(), hint: HOSTILE.into() },
            Error::Refused { what: HOSTILE.into() },
            Error::Cancelled,
            Error::Interrupted { kept: HOSTILE.into() },
        ]
    }

    #[test]
    fn no_error_lets_foreign_text_act_on_the_terminal() {
        for error in every_error() {
            let shown = error.render(false);
            assert!(shown.chars().all(|c| c == '\n' || crate::text::is_harmless(c)), "{shown:?}");
            assert!(!shown.lines().any(|line| line.starts_with("::")), "{shown:?}");
        }
    }

    #[test]
    fn a_candidate_list_is_cut_and_says_so() {
        let candidates = (0..12).map(|n| Untrusted::from(format!("alice{n} (entra:user/{n})"))).collect();
        let error = Error::Ambiguous { asked: "alice".into(), candidates };
        insta::assert_snapshot!(error.render(false), @r"
        error: alice is more than one person:
          alice0 (entra:user/0)
          alice1 (entra:user/1)
          alice2 (entra:user/2)
          alice3 (entra:user/3)
          alice4 (entra:user/4)
          alice5 (entra:user/5)
          alice6 (entra:user/6)
          alice7 (entra:user/7)
          alice8 (entra:user/8)
          alice9 (entra:user/9)
          … and 2 more

        hint: repeat the command with the object id of the one person you mean
        ");
    }

    #[test]
    fn every_kind_of_end_has_its_own_number() {
        let codes: Vec<u8> = every_error().iter().map(|error| error.exit_code().code()).collect();
        assert_eq!(codes, [2, 2, 2, 1, 2, 4, 2, 2, 1, 2, 1, 2, 7, 1, 8, 7, 130, 130]);
    }

    #[test]
    fn only_a_full_look_without_findings_is_clean() {
        let exit = |verdict| Exit::from(verdict).code();
        assert_eq!(exit(Verdict::Pass), 0);
        assert_eq!(exit(Verdict::Waived), 0);
        assert_eq!(exit(Verdict::Fail), 3);
        assert_eq!(exit(Verdict::Unknown), 5);
        assert_eq!(exit(Verdict::NotApplicable), 5);
    }
}
