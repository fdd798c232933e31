//! What a run depends on here: the clock, the key that signs, the archive, the time that a run may take.

use jiff::SignedDuration;

use super::{Item, Part, State};
use crate::archive::Archive;
use crate::config::Config;
use crate::env::Env;
use crate::run::settings;
use crate::seal::Signer;

/// A clock that is off by more breaks sign-ins and makes times in a report doubtful.
const SKEW: SignedDuration = SignedDuration::from_secs(45);

pub(super) async fn part(config: &Config, env: &Env) -> Part {
    let mut items = vec![key(config, env).await, archive(config, env).await, deadline(config)];
    items.extend(zone(config));
    Part { title: "This machine", signed_in: String::new(), items }
}

/// The clock, held against a service.
pub(super) fn clock(ahead: Option<SignedDuration>) -> Part {
    let item = match ahead {
        None => Item::new("clock", State::Absent, "no service said what time it is"),
        Some(ahead) if ahead.abs() > SKEW => {
            let direction = if ahead.is_positive() { "behind" } else { "ahead of" };
            let detail = format!("{} seconds {direction} that of Microsoft Graph", ahead.as_secs().unsigned_abs());
            Item::new("clock", State::Wrong, detail).next("set the clock: sign-ins and timestamps depend on it")
        }
        Some(_) => Item::new("clock", State::Ok, "agrees with that of Microsoft Graph"),
    };
    Part { title: "This machine", signed_in: String::new(), items: vec![item] }
}

async fn key(config: &Config, env: &Env) -> Item {
    let Some(key) = &config.signing.key else {
        let next = "`leaver key new -o leaver.pem --encrypt`, then set [signing] key";
        return Item::new("signing key", State::Absent, "none configured: reports are signed by nobody").next(next);
    };
    let message = b"leaver doctor";
    let signed = async {
        let signer = Signer::open(key, false, settings::of(config), env).await?;
        let signature = signer.sign(message).await?;
        Ok::<_, crate::seal::Error>((signer.public().verifies(message, &signature), signer.public().id()))
    };
    match signed.await {
        Ok((true, id)) => Item::new("signing key", State::Ok, format!("signs; its id is {id}")),
        Ok((false, _)) => {
            Item::new("signing key", State::Wrong, "its signature does not verify").next("make a new key")
        }
        Err(error) => Item::new("signing key", State::Wrong, error.to_string()).next(error.hint()),
    }
}

async fn archive(config: &Config, env: &Env) -> Item {
    if config.archive.url.is_none() {
        return Item::new("archive", State::Absent, "none configured: reports are kept nowhere")
            .next("set [archive] url");
    }
    let listed = async {
        let archive = Archive::open(&config.archive, settings::of(config), env)?;
        let entries = archive.entries().await?.len();
        Ok::<_, crate::archive::Error>((entries, archive.immutability()))
    };
    match listed.await {
        Ok((entries, immutability)) => match unwritable(config) {
            true => Item::new("archive", State::Wrong, "this user may not write to its directory")
                .next("give this user the right to write there"),
            false => Item::new("archive", State::Ok, format!("{entries} reports; changes forbidden: {immutability}")),
        },
        Err(error) => Item::new("archive", State::Wrong, error.to_string()).next(error.hint()),
    }
}

/// Whether it is a directory that this user may not write to.
fn unwritable(config: &Config) -> bool {
    let path = config.archive.url.as_ref().and_then(|url| url.url().to_file_path().ok());
    path.is_some_and(|path| rustix::fs::access(&path, rustix::fs::Access::WRITE_OK).is_err())
}

fn deadline(config: &Config) -> Item {
    match config.run.deadline {
        Some(after) => {
            Item::new("deadline", State::Ok, format!("a run ends after {} s with what it has", after.as_secs()))
        }
        None => Item::new("deadline", State::Ok, "none: a run takes its time ([run] deadline)"),
    }
}

fn zone(config: &Config) -> Option<Item> {
    let missing = config.logs.timezone.is_none();
    missing.then(|| {
        Item::new("time zone", State::Absent, "none configured: a last day ends at midnight UTC")
            .next("set [logs] timezone")
    })
}
