//! The other end of the response URL: CloudFormation's bucket.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Method, Request, Response};
use serde_json::Value;

use crate::{
    http::{Reply, Server},
    lambda::epoch_ms,
};

/// How the endpoint takes one PUT.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It answers with that status.
    Status(u16),
    /// It resets the connection.
    Reset,
    /// It never answers.
    Hang,
    /// It answers with that status and the place that was set with [`Responses::redirect_to`].
    Redirect(u16),
}

/// One PUT as it came in.
#[derive(Debug, Clone)]
pub struct Put {
    /// Path and query.
    pub target: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// When it came in.
    pub at: Instant,
}

impl Put {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body of a response is JSON")
    }
}

#[derive(Debug, Default)]
struct State {
    faults: VecDeque<Fault>,
    location: String,
    puts: Vec<Put>,
}

/// A running endpoint.
#[derive(Debug)]
pub struct Responses {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Responses {
    /// Starts one that takes everything.
    pub async fn start() -> Self {
        let (state, handler) = endpoint();
        let server = Server::start(handler).await;
        Self { server, state }
    }

    /// The same over TLS, by that name.
    pub async fn start_tls(name: &str) -> Self {
        let (state, handler) = endpoint();
        let server = Server::start_tls(&[name], handler).await;
        Self { server, state }
    }

    /// The server, for its certificate and port.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// `host:port`, as `RESPONSE_URL_HOSTS` wants it.
    pub fn authority(&self) -> String {
        self.server.authority()
    }

    /// A response URL of the shape that CloudFormation issues, with that `X-Amz-Date`, or without
    /// anything that tells when it was issued.
    pub fn url(&self, issued: Option<&str>) -> String {
        let Some(date) = issued else {
            return self.signed("AWSAccessKeyId=AKIAEXAMPLE&Signature");
        };
        let day = date.get(..8).unwrap_or_default();
        self.signed(&format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date={date}&X-Amz-SignedHeaders=host\
             &X-Amz-Expires=7200\
             &X-Amz-Credential=AKIAEXAMPLE%2F{day}%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Signature"
        ))
    }

    /// A response URL of the older kind, which was issued so many seconds ago and expires two hours
    /// after its issue.
    pub fn older_url(&self, seconds_ago: u64) -> String {
        let expires = epoch_ms() / 1_000 + 7_200 - seconds_ago;
        self.signed(&format!(
            "AWSAccessKeyId=AKIAEXAMPLE&Expires={expires}&Signature"
        ))
    }

    fn signed(&self, query: &str) -> String {
        format!(
            "{}/arn%3Aaws%3Acloudformation%3Aeu-west-1%3A123456789012%3Astack/idp/1%7CCorp%7Cr-1\
             ?{query}=planted%2Fsignature",
            self.server.url()
        )
    }

    /// How the next PUTs are taken, in order; the ones after those are accepted.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.extend(faults);
    }

    /// Where redirects lead.
    pub fn redirect_to(&self, location: &str) {
        location.clone_into(&mut self.lock().location);
    }

    /// Everything that was PUT so far.
    pub fn puts(&self) -> Vec<Put> {
        self.lock().puts.clone()
    }

    /// Everything that was PUT so far, and forgets it.
    pub fn take_puts(&self) -> Vec<Put> {
        std::mem::take(&mut self.lock().puts)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn endpoint() -> (
    Arc<Mutex<State>>,
    impl Fn(Request<Bytes>) -> std::future::Ready<Reply> + Send + Sync + 'static,
) {
    let state = Arc::<Mutex<State>>::default();
    let shared = Arc::clone(&state);
    let handler = move |request| std::future::ready(take(&shared, request));
    (state, handler)
}

#[expect(clippy::disallowed_methods, reason = "for whoever measures real time")]
fn take(state: &Mutex<State>, request: Request<Bytes>) -> Reply {
    let (parts, body) = request.into_parts();
    if parts.method != Method::PUT {
        return Reply::status(405, "");
    }
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.puts.push(Put {
        target: parts.uri.to_string(),
        headers: parts.headers,
        body,
        at: Instant::now(),
    });
    match state.faults.pop_front() {
        None => Reply::status(200, ""),
        Some(Fault::Status(status)) => Reply::status(status, ""),
        Some(Fault::Reset) => Reply::Reset,
        Some(Fault::Hang) => Reply::Hang,
        Some(Fault::Redirect(status)) => Reply::Answer(
            Response::builder()
                .status(status)
                .header("location", &state.location)
                .body(Full::default())
                .expect("a status and a place make a response"),
        ),
    }
}
