//! The estate behind real HTTP on loopback: sign-in, faults of the wire, and the memory of what was asked.
//! It has a thread of its own, so that tests and the demo can block on a client of it.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;

use futures_util::stream::{self, Stream};
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use super::estate::{Error, Estate};
use super::faults::{self, Effect, Faults, WriteFault};
use super::http::{Ask, Body, Outcome, Recorded, Reply};
use super::{TOKEN, arm, canary, devops, github, graph, log, login, query, write};
use crate::source::logs::kql::Template;
use crate::source::logs::record::Record;

/// A running estate. It stops when dropped.
pub struct Server {
    world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves an estate on a free port of the loopback address.
    ///
    /// # Errors
    /// When the system gives no port or no thread.
    pub fn start(estate: Estate, faults: Faults) -> Result<Server, Error> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let world = Arc::new(World {
            base: format!("http://{}", listener.local_addr()?),
            served: Mutex::new(Arc::new(Served {
                shelf: github::Shelf::new(&estate, faults.hour),
                estate: estate.clone(),
            })),
            estate,
            faults,
            writes: AtomicUsize::new(0),
            old: Mutex::default(),
            records: OnceLock::new(),
            memory: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let served = Arc::clone(&world);
        let thread = std::thread::Builder::new().name("estate".into()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = serve(listener, served) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Server { world, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:<port>`; each service is below it, such as `/graph` and `/login`.
    pub fn base_url(&self) -> &str {
        &self.world.base
    }

    /// The estate that is served.
    pub fn estate(&self) -> &Estate {
        &self.world.estate
    }

    /// Takes this bearer token from now on, as one that another tool was given.
    pub fn accept(&self, token: &str) {
        self.world.memory().used.insert(token.to_owned(), 0);
    }

    /// Everything that was asked so far, in order; the items of a batch come before the batch.
    pub fn requests(&self) -> Vec<Recorded> {
        self.world.memory().requests.clone()
    }

    /// Requests for routes that the estate does not know: a test asserts that there are none.
    pub fn unknown(&self) -> Vec<Recorded> {
        self.with(Outcome::Unknown)
    }

    /// What was asked to be changed, obeyed or not: a test asserts that looking asks for nothing.
    pub fn writes(&self) -> Vec<Recorded> {
        self.with(Outcome::Write)
    }

    fn with(&self, outcome: Outcome) -> Vec<Recorded> {
        self.requests().into_iter().filter(|request| request.outcome == outcome).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct World {
    base: String,
    /// As it was at the start.
    estate: Estate,
    /// As it is now.
    served: Mutex<Arc<Served>>,
    faults: Faults,
    writes: AtomicUsize,
    /// As it was before the last write, and for how many reads that shows.
    old: Mutex<Option<(Arc<Served>, u32)>>,
    records: OnceLock<Vec<Record>>,
    memory: Mutex<Memory>,
}

/// The estate at one moment.
struct Served {
    estate: Estate,
    shelf: github::Shelf,
}

#[derive(Default)]
struct Memory {
    requests: Vec<Recorded>,
    /// How often each token that was issued, or came with the estate, has been used.
    used: BTreeMap<String, u32>,
    issued: usize,
}

impl World {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As it shows to a read: for a while as it was before the last write.
    fn now(&self) -> Arc<Served> {
        let mut old = self.old.lock().unwrap_or_else(PoisonError::into_inner);
        match old.take() {
            Some((served, left)) if left > 0 => {
                *old = Some((Arc::clone(&served), left - 1));
                served
            }
            _ => Arc::clone(&self.served.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// Changes the estate, if it knows such a write; a fault may keep the write or its answer away.
    fn write(&self, ask: &Ask, effect: &Effect) -> Reply {
        if let Some(answer) = &effect.answer {
            return Reply { outcome: Outcome::Write, ..answer.clone() };
        }
        let fault = self.faults.of_write(&ask.method, &ask.path());
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let mut estate = served.estate.clone();
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        match fault {
            Some(WriteFault::Refused(status)) => {
                return Reply { outcome: Outcome::Write, ..faults::refused(*status) };
            }
            Some(WriteFault::Gone) => drop(write::obey(&mut estate, ask, number)),
            Some(WriteFault::Changed(collection, id, property, value)) => {
                let mut rows = estate.rows_mut(collection).iter_mut();
                if let Some(row) = rows.find(|row| row["id"].as_str() == Some(id)) {
                    row[*property] = value.clone();
                }
            }
            _ => {}
        }
        let Some(reply) = write::obey(&mut estate, ask, number) else { return Reply::write_refused() };
        let shelf = github::Shelf::new(&estate, self.faults.hour);
        let before = std::mem::replace(&mut *served, Arc::new(Served { estate, shelf }));
        if self.faults.lag > 0 {
            *self.old.lock().unwrap_or_else(PoisonError::into_inner) = Some((before, self.faults.lag));
        }
        let reply = Reply { outcome: Outcome::Write, ..reply };
        match fault {
            Some(WriteFault::Lost(status)) => Reply { outcome: Outcome::Write, ..faults::refused(*status) },
            Some(WriteFault::Dropped) => Reply { status: 0, ..reply },
            Some(WriteFault::Late(delay)) => Reply { delay: *delay, ..reply },
            _ => reply,
        }
    }

    /// One exchange as a client sees it: sign-in first, the canary last.
    fn exchange(&self, ask: &Ask, authorization: Option<&str>) -> Reply {
        let mut reply = match self.refuse(ask, authorization) {
            Some(refusal) => self.remember(ask, refusal),
            None => self.answer(ask),
        };
        match (&self.faults.canary, &mut reply.body) {
            // Names of columns are no values of anybody.
            (Some(_), Body::Json(_)) if query::template(ask) == Some(Template::Schema) => {}
            (Some(text), Body::Json(body)) if github::is(ask) => canary::overlay_written(body, text),
            (Some(text), Body::Json(body)) if devops::is(ask) => canary::overlay_devops(body, text),
            (Some(text), Body::Json(body)) => canary::overlay(body, text),
            (Some(text), Body::Html(page)) => page.push_str(text),
            _ => {}
        }
        reply
    }

    fn refuse(&self, ask: &Ask, authorization: Option<&str>) -> Option<Reply> {
        if ask.segments.first().is_some_and(|service| service == "login") || github::is_app(ask) {
            return None;
        }
        let refusal = |message: &str| Some(Reply::error(401, "InvalidAuthenticationToken", message));
        let Some(token) = authorization.and_then(|value| value.strip_prefix("Bearer ")) else {
            return refusal("Access token is empty.");
        };
        let mut memory = self.memory();
        if token != TOKEN && !memory.used.contains_key(token) {
            return refusal("Access token validation failure.");
        }
        let used = memory.used.entry(token.to_owned()).or_default();
        *used += 1;
        match self.faults.token_life {
            // The tokens of GitHub are others, with a life of their own.
            Some(life) if *used > life && !github::is(ask) => refusal("Access token has expired."),
            _ => None,
        }
    }

    /// One request or one item of a batch.
    fn answer(&self, ask: &Ask) -> Reply {
        let template = query::template(ask).map_or("", Template::name);
        let effect = self.faults.effect(&ask.path(), &format!("{}#{template}", ask.decoded_query()));
        let mut reply = match ask.segments.first().map(String::as_str) {
            Some("graph") => self.graph(ask, &effect),
            Some("arm") => self.arm(ask, &effect),
            Some("github") => self.github(ask, &effect),
            Some("logs") => self.logs(ask, &effect),
            _ if devops::is(ask) => self.devops(ask, &effect),
            Some("login") => {
                effect.answer.clone().unwrap_or_else(|| login::answer(ask, self.estate.tenant(), || self.issue()))
            }
            _ => Reply::unknown(ask),
        };
        reply.delay += effect.delay;
        reply.cut |= effect.cut;
        self.remember(ask, reply)
    }

    fn graph(&self, ask: &Ask, effect: &Effect) -> Reply {
        if !graph::is_read(ask) {
            return self.write(ask, effect);
        }
        let now = self.now();
        if let Some(answer) = &effect.answer {
            return answer.clone();
        }
        let call = graph::Call { estate: &now.estate, faults: &self.faults, effect, ask, base: &self.base };
        graph::answer(&call, &|item| self.answer(item))
    }

    fn arm(&self, ask: &Ask, effect: &Effect) -> Reply {
        if !arm::is_read(ask) {
            return self.write(ask, effect);
        }
        let now = self.now();
        if let Some(answer) = &effect.answer {
            return answer.clone();
        }
        arm::answer(&arm::Call { estate: &now.estate, effect, ask, base: &self.base })
    }

    fn github(&self, ask: &Ask, effect: &Effect) -> Reply {
        if !github::is_read(ask) {
            return self.write(ask, effect);
        }
        let now = self.now();
        let call = github::Call { estate: &now.estate, shelf: &now.shelf, effect, ask, base: &self.base };
        github::answer(&call, || self.issue())
    }

    fn devops(&self, ask: &Ask, effect: &Effect) -> Reply {
        if ask.method != "GET" {
            return Reply::write_refused();
        }
        let now = self.now();
        let answer = || devops::answer(&devops::Call { estate: &now.estate, effect, ask });
        effect.answer.clone().unwrap_or_else(answer)
    }

    fn logs(&self, ask: &Ask, effect: &Effect) -> Reply {
        if !query::is_read(ask) {
            return Reply::write_refused();
        }
        if let Some(answer) = &effect.answer {
            return answer.clone();
        }
        let records = || log::records(&self.estate).map_or(Vec::new(), Iterator::collect);
        let records = self.records.get_or_init(records);
        query::answer(&query::Call { estate: &self.estate, records, faults: &self.faults, effect, ask })
    }

    fn remember(&self, ask: &Ask, reply: Reply) -> Reply {
        self.memory().requests.push(ask.record(&reply));
        reply
    }

    fn issue(&self) -> String {
        let mut memory = self.memory();
        memory.issued += 1;
        let token = format!("{TOKEN}-{}", memory.issued);
        memory.used.insert(token.clone(), 0);
        token
    }
}

async fn serve(listener: TcpListener, world: Arc<World>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(Arc::clone(&world), request));
            // A connection that breaks off is the business of its client.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

type Broken = Pin<Box<dyn Stream<Item = io::Result<Frame<Bytes>>> + Send>>;
type Content = Either<Full<Bytes>, StreamBody<Broken>>;

async fn respond(world: Arc<World>, request: Request<Incoming>) -> io::Result<Response<Content>> {
    let (head, body) = request.into_parts();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let mut ask = Ask::new(head.method.as_str(), target);
    ask.eventual = header("ConsistencyLevel").is_some_and(|level| level.eq_ignore_ascii_case("eventual"));
    ask.if_none_match = header("If-None-Match").map(str::to_owned);
    ask.body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let reply = world.exchange(&ask, header(AUTHORIZATION.as_str()));
    if !reply.delay.is_zero() {
        tokio::time::sleep(reply.delay).await;
    }
    match reply.status {
        // The connection ends without a word.
        0 => Err(io::ErrorKind::ConnectionReset.into()),
        _ => Ok(response(reply)),
    }
}

fn response(reply: Reply) -> Response<Content> {
    let (kind, bytes) = match reply.body {
        Body::Json(body) => (Some("application/json"), body.to_string().into_bytes()),
        Body::Html(text) => (Some("text/html; charset=utf-8"), text.into_bytes()),
        Body::Empty => (None, Vec::new()),
    };
    let mut response = Response::builder().status(reply.status).header(CONTENT_LENGTH, bytes.len());
    for (name, value) in reply.headers.iter().map(|(name, value)| (*name, value.as_str())) {
        response = response.header(name, value);
    }
    if let Some(kind) = kind {
        response = response.header(CONTENT_TYPE, kind);
    }
    let content = if reply.cut { Either::Right(StreamBody::new(half(bytes))) } else { Either::Left(Full::from(bytes)) };
    response.body(content).unwrap_or_else(|_| Response::new(Either::Left(Full::default())))
}

/// The first half of a body, then the end of the connection.
fn half(bytes: Vec<u8>) -> Broken {
    let half = Bytes::copy_from_slice(&bytes[..bytes.len() / 2]);
    Box::pin(stream::unfold(Some(Some(half)), |state| async move {
        match state? {
            Some(half) => Some((Ok(Frame::data(half)), Some(None))),
            None => {
                // Lets what was written so far leave before the connection is dropped.
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                Some((Err(io::ErrorKind::ConnectionReset.into()), None))
            }
        }
    }))
}
