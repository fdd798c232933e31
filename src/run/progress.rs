//! What a waiting person sees: a spinner with the current step and the number of requests, on a terminal only.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::api::RequestLog;
use crate::env::Console;
use crate::evidence::{Exchange, Writer};

/// Passes the request log on to the evidence and counts it for the eye.
pub(super) struct Progress {
    writer: Writer,
    bar: ProgressBar,
    step: Mutex<&'static str>,
    requests: AtomicU64,
}

impl Progress {
    pub(super) fn new(writer: Writer, console: &Console) -> Progress {
        let target = if console.interactive { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]") {
            bar.set_style(style);
        }
        if console.interactive {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Progress { writer, bar, step: Mutex::new(""), requests: AtomicU64::new(0) }
    }

    pub(super) fn say(&self, step: &'static str) {
        tracing::info!("{step}");
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
        self.show();
    }

    /// One of the systems that are read side by side.
    pub(super) fn reading(&self, system: &'static str) {
        tracing::info!("reading {system}");
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = "reading all systems";
        self.show();
    }

    /// How much of the exported logs is read.
    pub(super) fn read(&self, bytes: u64, of: u64) {
        let (bytes, of) = (HumanBytes(bytes), HumanBytes(of));
        self.bar.set_message(format!("reading the exported logs, {bytes} of {of}"));
    }

    pub(super) fn done(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&self) {
        let step = *self.step.lock().unwrap_or_else(PoisonError::into_inner);
        self.bar.set_message(format!("{step}, {} requests", self.requests.load(Ordering::Relaxed)));
    }
}

impl RequestLog for Progress {
    fn exchange(&self, exchange: &Exchange) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.writer.exchange(exchange);
        self.show();
    }
}
