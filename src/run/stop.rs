//! When a run ends before its time: at a signal, or at its deadline. What was read until then is kept and says what it is.

use std::future::{Future, pending};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::error::{Error, Exit};

/// How long what was read may take to be kept after a signal.
const KEEPING: Duration = Duration::from_secs(3);

/// When the process ends after a request to end, whatever it is doing.
const AT_LAST: Duration = Duration::from_secs(4);

/// Whether somebody wants the run to end, and whether it has something to keep.
#[derive(Clone)]
pub struct Stop {
    asked: watch::Receiver<bool>,
    keeps: Arc<AtomicBool>,
}

tokio::task_local! { static STOP: Stop; }

impl Stop {
    /// Listens to signals on a thread of its own, since whatever is busy must not be able to delay them: the first one
    /// asks the run to end, the second one ends the process, and so does a request to end that is not met.
    pub fn on_signals() -> Stop {
        let (ask, asked) = watch::channel(false);
        let listening = thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let _ = runtime.map(|runtime| runtime.block_on(listen(&ask)));
        });
        drop(listening);
        Stop { asked, keeps: Arc::default() }
    }

    /// Runs `work` until it is done or somebody wants it to end.
    ///
    /// # Errors
    /// Those of `work`; [`Error::Cancelled`] where it has nothing to keep.
    pub async fn run<T>(self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let keeps = Arc::clone(&self.keeps);
        let asked = self.clone();
        let over = async {
            asked.asked().await;
            if keeps.load(Ordering::Relaxed) {
                tokio::time::sleep(KEEPING).await;
            }
        };
        tokio::select! {
            result = STOP.scope(self, work) => result,
            () = over => Err(Error::Cancelled),
        }
    }

    async fn asked(mut self) {
        if self.asked.wait_for(|asked| *asked).await.is_err() {
            pending::<()>().await;
        }
    }
}

async fn listen(ask: &watch::Sender<bool>) {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return pending().await;
    };
    let polite = tokio::select! {
        _ = interrupt.recv() => false,
        _ = terminate.recv() => true,
    };
    let _ = ask.send(true);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = tokio::time::sleep(AT_LAST), if polite => {}
    }
    process::exit(i32::from(Exit::Cancelled.code()));
}

/// How work ended.
pub(super) enum Ended<T> {
    /// By itself.
    Done(T),
    /// At its deadline.
    Late,
    /// Somebody wanted it to.
    Stopped,
}

/// Does `work` until it is done, somebody wants the run to end, or `deadline` has passed. Whoever calls this keeps what
/// was read.
pub(super) async fn bounded<T>(work: impl Future<Output = T>, deadline: Option<Duration>) -> Ended<T> {
    let stop = STOP.try_with(Clone::clone).ok();
    if let Some(stop) = &stop {
        stop.keeps.store(true, Ordering::Relaxed);
    }
    let asked = async {
        match stop.clone() {
            Some(stop) => stop.asked().await,
            None => pending().await,
        }
    };
    let late = async {
        match deadline {
            Some(deadline) => tokio::time::sleep(deadline).await,
            None => pending().await,
        }
    };
    let ended = tokio::select! {
        result = work => Ended::Done(result),
        () = asked => Ended::Stopped,
        () = late => Ended::Late,
    };
    if let (Some(stop), Ended::Done(_) | Ended::Late) = (&stop, &ended) {
        stop.keeps.store(false, Ordering::Relaxed);
    }
    ended
}
