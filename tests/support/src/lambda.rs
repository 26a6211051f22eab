//! The Lambda service: the Runtime API, and the function's process that polls it.

use std::{
    collections::HashMap,
    fs::File,
    os::unix::fs::FileExt as _,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use hyper::{Request, Response};
use serde_json::Value;
use tokio::{
    process::{Child, Command},
    sync::{mpsc, oneshot, watch},
};

use crate::http::{Reply, Server};

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The function returned this.
    Returned(Value),
    /// The function returned this error, so that Lambda would deliver the event again.
    Failed(Value),
}

struct Invocation {
    payload: Bytes,
    deadline_ms: u64,
    ended: oneshot::Sender<Ended>,
}

type Running = Arc<Mutex<HashMap<String, oneshot::Sender<Ended>>>>;

/// What requests of the function are signed with.
pub(crate) const SECRET_ACCESS_KEY: &str = "planted-access-key-secret";

/// The Runtime API of one execution environment.
#[derive(Debug)]
pub struct RuntimeApi {
    server: Server,
    queue: mpsc::UnboundedSender<Invocation>,
    polled: watch::Receiver<Option<Instant>>,
}

impl RuntimeApi {
    /// Starts one without events.
    pub async fn start() -> Self {
        let (queue, events) = mpsc::unbounded_channel();
        let events = Arc::new(tokio::sync::Mutex::new(events));
        let running = Running::default();
        let (poll, polled) = watch::channel(None);
        let server = Server::start(move |request| {
            poll.send_if_modified(|first| note_first(first, &request));
            serve(Arc::clone(&events), Arc::clone(&running), request)
        })
        .await;
        Self {
            server,
            queue,
            polled,
        }
    }

    /// `AWS_LAMBDA_RUNTIME_API`.
    pub fn authority(&self) -> String {
        self.server.authority()
    }

    /// Waits until the function asks for its first event, and says when it did.
    pub async fn polled(&self) -> Instant {
        let mut polled = self.polled.clone();
        let first = polled.wait_for(Option::is_some).await;
        (*first.expect("the server runs")).expect("it was waited for")
    }

    /// Invokes the function with bytes that may or may not be an event, and waits for the end.
    /// The deadline is in milliseconds since 1970.
    pub async fn invoke(&self, payload: impl Into<Bytes>, deadline_ms: u64) -> Ended {
        let (ended, end) = oneshot::channel();
        self.queue
            .send(Invocation {
                payload: payload.into(),
                deadline_ms,
                ended,
            })
            .unwrap_or_else(|_| panic!("the server has ended"));
        // Lambda gives a function fifteen minutes at most.
        tokio::time::timeout(Duration::from_mins(15), end)
            .await
            .expect("the function ends its invocation")
            .expect("the server runs")
    }
}

/// Notes when the first request for an event came in.
#[expect(clippy::disallowed_methods, reason = "for whoever measures real time")]
fn note_first(first: &mut Option<Instant>, request: &Request<Bytes>) -> bool {
    let is_first = first.is_none() && request.uri().path().ends_with("/next");
    if is_first {
        *first = Some(Instant::now());
    }
    is_first
}

async fn serve(
    events: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>>,
    running: Running,
    request: Request<Bytes>,
) -> Reply {
    let path = request.uri().path().to_owned();
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    match steps.as_slice() {
        [_, "runtime", "invocation", "next"] => {
            let Some(invocation) = events.lock().await.recv().await else {
                return Reply::Hang;
            };
            let id = {
                let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
                let id = format!("00000000-0000-0000-0000-{:012}", running.len());
                running.insert(id.clone(), invocation.ended);
                id
            };
            let response = Response::builder()
                .header("Lambda-Runtime-Aws-Request-Id", id)
                .header("Lambda-Runtime-Deadline-Ms", invocation.deadline_ms)
                .header(
                    "Lambda-Runtime-Invoked-Function-Arn",
                    "arn:aws:lambda:eu-west-1:123456789012:function:cfn-cognito-idp",
                )
                .header("Content-Type", "application/json");
            let body = http_body_util::Full::new(invocation.payload);
            Reply::Answer(response.body(body).expect("valid headers"))
        }
        [_, "runtime", "invocation", id, what] => {
            let body = serde_json::from_slice(request.body()).unwrap_or_default();
            let ended = if *what == "response" {
                Ended::Returned(body)
            } else {
                Ended::Failed(body)
            };
            let sender = {
                // The entry stays, so that ids do not repeat.
                let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
                let (closed, _) = oneshot::channel();
                running.insert((*id).to_owned(), closed)
            };
            if let Some(sender) = sender {
                // Whoever asked may have stopped waiting.
                let _ = sender.send(ended);
            }
            Reply::status(202, "")
        }
        _ => Reply::status(404, ""),
    }
}

/// A function: its process, under a Runtime API of its own.
#[derive(Debug)]
pub struct Function {
    api: RuntimeApi,
    process: Child,
    started: Instant,
    log: Log,
}

/// What a function has printed, to be read at any time and after its end.
///
/// A file and not a pipe: a line is in it before whatever the function does next.
#[derive(Debug, Clone)]
pub struct Log(Arc<File>);

impl Log {
    /// All of it so far.
    pub fn text(&self) -> String {
        let length = self.0.metadata().expect("an open file").len();
        let mut bytes = vec![0; usize::try_from(length).expect("a log fits into memory")];
        // The process writes where this file stands, so that it must not be moved.
        self.0.read_exact_at(&mut bytes, 0).expect("a log is read");
        String::from_utf8(bytes).expect("a log is UTF-8")
    }
}

impl Function {
    /// Starts the binary with that environment beside what Lambda sets.
    pub async fn start(binary: &Path, environment: &[(&str, String)]) -> Self {
        Self::start_command(Command::new(binary), environment).await
    }

    /// Starts the command, which runs the binary in some way, with that environment beside what
    /// Lambda sets.
    #[expect(clippy::disallowed_methods, reason = "for whoever measures real time")]
    pub async fn start_command(mut command: Command, environment: &[(&str, String)]) -> Self {
        let api = RuntimeApi::start().await;
        let log = tempfile::tempfile().expect("a temporary file");
        let output = || log.try_clone().expect("an open file");
        command
            .env_clear()
            .envs([
                ("AWS_LAMBDA_FUNCTION_NAME", "cfn-cognito-idp"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_REGION", "eu-west-1"),
                ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
                ("AWS_SESSION_TOKEN", "planted-session-token"),
            ])
            .env("AWS_LAMBDA_RUNTIME_API", api.authority())
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(output())
            .stderr(output())
            .kill_on_drop(true);
        let started = Instant::now();
        let process = command.spawn().expect("the binary starts");
        Self {
            api,
            process,
            started,
            log: Log(Arc::new(log)),
        }
    }

    /// Invokes it with an event and the time that it has.
    pub async fn invoke(&self, event: &Value, time: Duration) -> Ended {
        self.invoke_until(event.to_string(), epoch_ms() + millis(time))
            .await
    }

    /// Invokes it with any bytes and any deadline.
    pub async fn invoke_until(&self, payload: impl Into<Bytes>, deadline_ms: u64) -> Ended {
        self.api.invoke(payload, deadline_ms).await
    }

    /// When the process was started.
    pub const fn started(&self) -> Instant {
        self.started
    }

    /// Waits until it asks for its first event, and says when it did.
    pub async fn polled(&self) -> Instant {
        self.api.polled().await
    }

    /// The process, as long as it runs.
    pub fn process_id(&self) -> u32 {
        self.process.id().expect("a child that runs")
    }

    /// Whether the process has ended.
    pub fn has_ended(&mut self) -> bool {
        self.process
            .try_wait()
            .expect("a child can be asked")
            .is_some()
    }

    /// Ends the process in the middle of whatever it does.
    pub async fn kill(&mut self) {
        self.process.kill().await.expect("a child can be killed");
    }

    /// What it has printed.
    pub fn log(&self) -> Log {
        self.log.clone()
    }
}

/// The wall clock, in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "deadlines are wall clock times")]
pub fn epoch_ms() -> u64 {
    millis(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default(),
    )
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
