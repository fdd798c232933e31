//! Stands between the client and the estate, on loopback, and answers one list otherwise than the estate did. What comes
//! inside a batch is changed as well. It remembers one answer of every list.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use futures_util::stream;
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::oneshot;

use super::kinds::{Answer, Kind};

/// One list, answered otherwise in one way.
#[derive(Debug, Clone)]
pub(super) struct Mutation {
    pub(super) list: String,
    pub(super) kind: Kind,
}

/// A running proxy. It stops when dropped.
pub(super) struct Proxy {
    pub(super) base: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    base: String,
    upstream: String,
    mutation: Option<Mutation>,
    client: reqwest::Client,
    seen: Mutex<BTreeMap<String, Answer>>,
    changed: Mutex<usize>,
}

impl Proxy {
    pub(super) fn start(upstream: &str, mutation: Option<Mutation>) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).gzip(false);
        let client = client.redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let shared = Arc::new(Shared {
            base: base.clone(),
            upstream: upstream.to_owned(),
            mutation,
            client,
            seen: Mutex::default(),
            changed: Mutex::default(),
        });
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, served) => {}
                    _ = stopped => {}
                }
            });
        });
        Proxy { base, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// The first answer of every list that was not empty of items, or else the first.
    pub(super) fn seen(&self) -> BTreeMap<String, Answer> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// How many answers were changed.
    pub(super) fn changed(&self) -> usize {
        *self.shared.changed.lock().unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(Arc::clone(&shared), request));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

type Broken = std::pin::Pin<Box<dyn futures_util::Stream<Item = io::Result<Frame<Bytes>>> + Send>>;
type Content = Either<Full<Bytes>, StreamBody<Broken>>;

async fn respond(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Content>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let mut forward = shared.client.request(head.method.clone(), format!("{}{target}", shared.upstream));
    for (name, value) in &head.headers {
        if !["host", "accept-encoding", "content-length", "connection"].contains(&name.as_str()) {
            forward = forward.header(name, value);
        }
    }
    let Ok(answered) = forward.body(body.clone()).send().await else {
        return Ok(Response::builder().status(502).body(Either::Left(Full::default())).unwrap());
    };
    let mut answer = Answer::of(answered, &shared.upstream, &shared.base).await;
    shared.change(head.method.as_str(), &target, &body, &mut answer);
    Ok(response(answer))
}

impl Shared {
    fn change(&self, method: &str, target: &str, body: &[u8], answer: &mut Answer) {
        let list = key(method, target, body, answer);
        if target.contains("/$batch") {
            return self.change_batch(target.trim_end_matches("/$batch"), body, answer);
        }
        self.remember(&list, answer);
        if let Some(mutation) = self.mutation.as_ref().filter(|mutation| mutation.list == list)
            && answer.status == 200
            && mutation.kind.apply(answer, &self.trap())
        {
            *self.changed.lock().unwrap() += 1;
        }
    }

    fn change_batch(&self, version: &str, body: &[u8], answer: &mut Answer) {
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        for item in told["responses"].as_array_mut().into_iter().flatten() {
            let of = asked["requests"].as_array().into_iter().flatten().find(|one| one["id"] == item["id"]);
            let target = of.and_then(|one| one["url"].as_str()).unwrap_or_default();
            let mut inner = Answer::json(&item["body"]);
            let list = key("GET", &format!("{version}{target}"), b"", &inner);
            self.remember(&list, &inner);
            let hit = self.mutation.as_ref().filter(|mutation| mutation.list == list && item["status"] == 200);
            match hit {
                // What is about the connection cannot happen to a part of an answer: it has to be asked for alone.
                Some(mutation) if mutation.kind.is_of_wire() => item["status"] = 503.into(),
                Some(mutation) if mutation.kind.apply(&mut inner, &self.trap()) => {
                    item["status"] = inner.status.into();
                    item["body"] = serde_json::from_slice(&inner.body).unwrap_or_default();
                    *self.changed.lock().unwrap() += 1;
                }
                _ => {}
            }
        }
        answer.body = told.to_string().into_bytes();
    }

    fn remember(&self, list: &str, answer: &Answer) {
        let mut seen = self.seen.lock().unwrap();
        // Of a long list a page is enough.
        let is_richer = |known: &Answer| answer.body.len() > known.body.len() && known.body.len() < 20_000;
        if answer.status == 200 && seen.get(list).is_none_or(is_richer) {
            seen.insert(list.to_owned(), answer.clone());
        }
    }

    /// Where no link may lead: another origin, whose estate would remember the visit.
    fn trap(&self) -> String {
        format!("{}/trap", self.upstream)
    }
}

/// What a request asks for, whatever it is called there: a list of every repository is one.
fn key(method: &str, target: &str, body: &[u8], answer: &Answer) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let shown: Vec<String> = (0..parts.len()).map(|at| segment(&parts, at)).collect();
    let mut key = format!("{method} /{}", shown.join("/"));
    if path.ends_with("/graphql") {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        key.push_str(&format!("#{}", body["operationName"].as_str().unwrap_or_default()));
    } else if path.ends_with("/query") {
        let table: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let columns = table["tables"][0]["columns"].as_array().cloned().unwrap_or_default();
        let names: Vec<&str> = columns.iter().filter_map(|column| column["name"].as_str()).collect();
        key.push_str(&format!("#{}", names.join(",")));
    } else if let Some(role) = query.split('&').find(|pair| pair.starts_with("role=")) {
        key.push_str(&format!("?{role}"));
    }
    key
}

/// One segment of a path, as a name of what stands there.
fn segment(parts: &[&str], at: usize) -> String {
    let part = parts[at];
    let before = at.checked_sub(1).map_or("", |before| parts[before]);
    let bare = part.trim_start_matches("users('").trim_end_matches("')");
    let is_guid = bare.len() == 36 && bare.matches('-').count() == 4;
    let named = match parts {
        ["github", "repos", ..] if at == 2 || at == 3 => true,
        ["github", ..] => [
            "orgs",
            "teams",
            "users",
            "secrets",
            "variables",
            "environments",
            "memberships",
            "apps",
            "workflows",
            "enterprises",
        ]
        .contains(&before),
        ["arm", ..] => [
            "resourcegroups",
            "userassignedidentities",
            "containergroups",
            "containerapps",
            "jobs",
            "workspaces",
            "revisions",
            "roledefinitions",
            "tables",
        ]
        .contains(&before.to_ascii_lowercase().as_str()),
        _ => false,
    };
    let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match part.split_once("='") {
        Some((name, _)) => format!("{name}='*')"),
        None if is_guid || is_number || named => "*".to_owned(),
        None => part.to_owned(),
    }
}

fn response(answer: Answer) -> Response<Content> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let length = if answer.cut { answer.body.len() + 100 } else { answer.body.len() };
    response = response.header("content-length", length);
    let content = match answer.cut {
        true => Either::Right(StreamBody::new(half(answer.body))),
        false => Either::Left(Full::from(answer.body)),
    };
    response.body(content).unwrap()
}

/// What there is of a body, then the end of the connection.
fn half(bytes: Vec<u8>) -> Broken {
    let bytes = Bytes::from(bytes);
    Box::pin(stream::unfold(Some(Some(bytes)), |state| async move {
        match state? {
            Some(bytes) => Some((Ok(Frame::data(bytes)), Some(None))),
            None => {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                Some((Err(io::ErrorKind::ConnectionReset.into()), None))
            }
        }
    }))
}
