//! A loopback HTTP server that answers as a test says, byte by byte, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// `GET`.
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// Header lines, lower case names.
    pub(crate) headers: Vec<(String, String)>,
    /// The body as text.
    pub(crate) body: String,
}

impl Seen {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// What is written back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    length: Option<usize>,
    delay: Duration,
}

impl Reply {
    /// A status with a JSON body.
    pub(crate) fn json(status: u16, body: impl AsRef<str>) -> Reply {
        Reply::new(status, body.as_ref()).with("content-type", "application/json")
    }

    /// A status with a body and no content type.
    pub(crate) fn new(status: u16, body: impl AsRef<[u8]>) -> Reply {
        Reply { status, headers: Vec::new(), body: body.as_ref().to_vec(), length: None, delay: Duration::ZERO }
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With these bytes as the body.
    pub(crate) fn body(mut self, body: Vec<u8>) -> Reply {
        self.body = body;
        self
    }

    /// Announces more bytes than it sends, then closes.
    pub(crate) fn cut(mut self) -> Reply {
        self.length = Some(self.body.len() + 100);
        self
    }

    /// Answers after a while.
    pub(crate) fn after(mut self, delay: Duration) -> Reply {
        self.delay = delay;
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let length = self.length.unwrap_or(self.body.len());
        let mut out = format!("HTTP/1.1 {} X\r\nconnection: close\r\ncontent-length: {length}\r\n", self.status);
        for (name, value) in &self.headers {
            out.push_str(&format!("{name}: {value}\r\n"));
        }
        out.push_str("\r\n");
        [out.as_bytes(), &self.body].concat()
    }
}

/// A running server; it ends with the runtime of the test.
pub(crate) struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    load: Arc<Mutex<(usize, usize)>>,
}

impl Server {
    /// Answers the n-th request (from 0) with `answer`.
    pub(crate) async fn start(answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server { port, seen: Arc::default(), load: Arc::default() };
        let (seen, load, answer) = (Arc::clone(&server.seen), Arc::clone(&server.load), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&load), Arc::clone(&answer)));
            }
        });
        server
    }

    /// `http://127.0.0.1:<port>`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The most requests that were being answered at the same time.
    pub(crate) fn busiest(&self) -> usize {
        self.load.lock().unwrap().1
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: Arc<Mutex<Vec<Seen>>>,
    load: Arc<Mutex<(usize, usize)>>,
    answer: Arc<impl Fn(usize, &Seen) -> Reply>,
) {
    let Some(request) = read(&mut stream).await else { return };
    let index = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    {
        let mut load = load.lock().unwrap();
        load.0 += 1;
        load.1 = load.1.max(load.0);
    }
    let reply = answer(index, &request);
    tokio::time::sleep(reply.delay).await;
    load.lock().unwrap().0 -= 1;
    let _ = stream.write_all(&reply.bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let seen = parse(head, body)?;
        let length = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            return Some(seen);
        }
    }
}

fn parse(head: &str, body: &str) -> Option<Seen> {
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(k, v)| (k.to_lowercase(), v.to_owned()));
    Some(Seen {
        method: first.next()?.to_owned(),
        target: first.next()?.to_owned(),
        headers: headers.collect(),
        body: body.to_owned(),
    })
}
