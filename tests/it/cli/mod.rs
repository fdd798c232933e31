//! The real program: its words, its exit codes, its files, and what it says when something is wrong.

mod bad_input;
mod canary;
mod end;
mod faults;
mod help;
mod manners;
mod mcp;
mod odd_files;
mod same;
mod setup;
mod sign_in;
mod signals;
mod sweep;
mod waivers;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use leaver::demo::{Estate, Faults, Server, TOKEN};
use tempfile::TempDir;

const NOW: &str = "2026-05-25T06:00:00Z";
const ALICE: &str = "0a000000-0000-4000-8000-000000000001";

/// What one run left behind.
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

/// An empty folder to work in, with a folder of its own for temporary files.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        Place { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program with nothing in its environment but where temporary files go.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_leaver"));
        command.args(args).current_dir(self.folder.path()).env_clear();
        command.env("TMPDIR", self.path("tmp")).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.command(args))
    }

    /// As `run`, against a server, at its time, signed in.
    fn against(&self, server: &Server, args: &[&str]) -> Ran {
        ran(&mut self.signed_in(server, args))
    }

    fn signed_in(&self, server: &Server, args: &[&str]) -> Command {
        let config = self.write("estate.toml", &settings(server));
        let mut command = self.command(args);
        command.args(["--now", NOW, "--config"]).arg(config).env("LEAVER_AZURE_TOKEN", TOKEN);
        command
    }

    /// The names of all files, temporary ones too.
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = files(self.folder.path()).into_iter().map(|path| name(&path)).collect();
        names.sort();
        names
    }
}

fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The estate with names that are attacks.
fn hostile() -> Server {
    Server::start(Estate::load("hostile").unwrap(), Faults::none()).unwrap()
}

fn serve(faults: Faults) -> Server {
    Server::start(Estate::load("contoso").unwrap(), faults).unwrap()
}

fn settings(server: &Server) -> String {
    let (base, estate) = (server.base_url(), server.estate());
    format!(
        "[entra]\ntenant = \"{}\"\ngateway-apps = {:?}\n[endpoints]\nlogin = \"{base}/login\"\ngraph = \"{base}/graph\"\narm = \"{base}/arm\"\n",
        estate.tenant(),
        estate.gateway_apps()
    )
}
