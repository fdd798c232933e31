//! Parses, runs, prints the error and its hint, sets the exit code. No decision is made here.

use std::io::{IsTerminal, stderr, stdout};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use leaver::cli::{Cli, LogFormat, When};
use leaver::env::{Console, Env};
use leaver::error::{Error, Exit};
use leaver::run::stop::Stop;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    // Two crypto providers are linked; without a choice the first TLS handshake would panic.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = Cli::parse();
    log(&cli);
    let env = env(&cli);
    let console = env.console.clone();
    match run(cli, &env) {
        Ok(exit) => exit.into(),
        Err(error) => {
            console.complain(&error.render(stderr().is_terminal() && console.color));
            error.exit_code().into()
        }
    }
}

fn run(cli: Cli, env: &Env) -> Result<Exit, Error> {
    let failed = |source| Error::Output { target: "the runtime".into(), source };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(failed)?;
    let result = runtime.block_on(Stop::on_signals().run(cli.run(env)));
    // Whatever still waits for a service need not be waited for.
    runtime.shutdown_timeout(Duration::from_millis(500));
    result
}

#[expect(clippy::disallowed_methods, reason = "the one place where clock and environment enter")]
fn env(cli: &Cli) -> Env {
    // --now sets what checks judge by. Signatures, tokens, waits and quotas go by the real clock.
    let clock = jiff::Timestamp::now;
    let mut console = Console::new(stdout(), stderr());
    if cli.quiet() {
        console = console.quiet();
    }
    let plain = std::env::var("NO_COLOR").is_ok_and(|value| !value.is_empty());
    console.color = match cli.color() {
        When::Always => true,
        When::Never => false,
        When::Auto => stdout().is_terminal() && !plain,
    };
    console.terminal = stdout().is_terminal();
    console.interactive = stderr().is_terminal() && !cli.quiet() && cli.verbosity() == 0;
    console.details = cli.details();
    if let Some((terminal_size::Width(width), _)) = terminal_size::terminal_size() {
        console.width = width;
    }
    Env {
        now: cli.now().unwrap_or_else(clock),
        clock: Arc::new(clock),
        seed: fastrand::u64(..),
        variables: Arc::new(
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect(),
        ),
        console,
    }
}

fn log(cli: &Cli) {
    let level = match cli.verbosity() {
        0 => "off",
        1 => "leaver=info",
        _ => "leaver=debug",
    };
    let log = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(level)).with_writer(stderr).with_target(false);
    match cli.log_format() {
        LogFormat::Text => log.with_ansi(stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}
