//! `leaver setup`: what an organisation has to grant, service by service, as commands with every id filled in that can be
//! known. It asks for ids only and changes nothing: whoever may grant runs the commands.

mod azure;
mod devops;
mod entra;
mod github;
mod known;
mod needs;
mod seal;
mod settings;

use std::path::PathBuf;

use serde::Serialize;

pub(super) use self::needs::{Needs, chosen};

use self::known::Known;
use super::output;
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::report::{may_write, plain, write_file};

/// What the command line asks for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Checks or steps; none: all.
    pub only: Vec<String>,
    /// Folders with further checks.
    pub checks: Vec<PathBuf>,
    /// Where the configuration is written.
    pub write: Option<PathBuf>,
    /// Whether a file that is there is replaced.
    pub force: bool,
    /// Whether the answer is for machines.
    pub json: bool,
}

/// Everything that is to be granted.
#[derive(Debug, Serialize)]
struct Guide {
    schema: &'static str,
    /// How many checks it is for.
    checks: usize,
    /// What could not be filled in, and how it can.
    notes: Vec<String>,
    steps: Vec<Step>,
}

/// One thing to do in one service.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    /// A name that does not change.
    id: &'static str,
    title: String,
    /// Who may do it.
    who: &'static str,
    /// Why, and what stays unknown without it.
    why: String,
    blocks: Vec<Block>,
}

/// Something to run, to open or to read.
#[derive(Debug, Serialize)]
struct Block {
    kind: &'static str,
    title: &'static str,
    text: String,
}

impl Block {
    fn new(kind: &'static str, title: &'static str, text: impl Into<String>) -> Block {
        Block { kind, title, text: text.into() }
    }
}

/// Prints the guide, and writes the configuration where that is asked for.
///
/// # Errors
/// For a check that does not exist, and for a file that is there already.
pub async fn setup(request: &Request, config: &Config, env: &Env) -> Result<Exit, Error> {
    if let Some(path) = &request.write {
        may_write(plain(path)?, request.force)?;
    }
    let checks = super::load_checks(&request.checks, env)?;
    let chosen = chosen(&checks, &request.only)?;
    let needs = Needs::of(&chosen);
    let known = known::ask(config, env).await;
    let configuration = settings::text(&known, config);
    let guide = guide(&needs, &known, chosen.len(), &configuration);
    let text = if request.json { json(&guide)? } else { text(&guide) };
    env.console.print(&text).map_err(output)?;
    if let Some(path) = &request.write {
        use std::io::Write;
        may_write(path, request.force)?;
        write_file(path, |out| out.write_all(configuration.as_bytes()))?;
        env.console.note(&format!("wrote {}", path.display()));
    }
    Ok(Exit::Clean)
}

fn guide(needs: &Needs, known: &Known, checks: usize, configuration: &str) -> Guide {
    let mut steps = Vec::new();
    steps.extend(entra::steps(needs, known));
    steps.extend(azure::steps(needs, known));
    steps.extend(github::steps(needs, known));
    steps.extend(devops::steps(needs, known));
    steps.extend(seal::steps(known));
    steps.push(Step {
        id: "configuration",
        title: "Write leaver.toml".to_owned(),
        who: "whoever runs leaver",
        why: "It names the organisation and holds no secret; `leaver setup --write leaver.toml` writes it.".to_owned(),
        blocks: vec![Block::new("toml", "leaver.toml", configuration)],
    });
    steps.push(Step {
        id: "check",
        title: "Look whether it is enough".to_owned(),
        who: "whoever runs leaver",
        why: "It signs in as leaver will, asks each service, and says per check what is missing.".to_owned(),
        blocks: vec![Block::new("shell", "Shell", "leaver setup --check\n")],
    });
    Guide { schema: "leaver.setup/1", checks, notes: known.notes.clone(), steps }
}

fn json(guide: &Guide) -> Result<String, Error> {
    let failed = |error: serde_json::Error| output(error.into());
    serde_json::to_string_pretty(guide).map(|text| text + "\n").map_err(failed)
}

/// Commands stand at the beginning of their lines and are never wrapped, so that they can be copied.
fn text(guide: &Guide) -> String {
    let checks = if guide.checks == 1 { "1 check needs".to_owned() } else { format!("{} checks need", guide.checks) };
    let mut text = format!("What {checks}, step by step. Nothing was changed.\n");
    for note in &guide.notes {
        text.push_str(&format!("  {}\n", crate::text::visible(note)));
    }
    for (at, step) in guide.steps.iter().enumerate() {
        text.push_str(&format!("\n{}. {}\n   Who: {}\n   {}\n", at + 1, step.title, step.who, step.why));
        for block in &step.blocks {
            text.push_str(&format!("\n   {}\n\n", block.title));
            block.text.lines().for_each(|line| text.push_str(&format!("{line}\n")));
        }
    }
    text
}
