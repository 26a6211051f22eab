//! CloudFormation's `DescribeStackResource`: what it knows of the request that a resource waits for.

use std::{
    collections::{HashMap, VecDeque},
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hyper::{Method, Request};
use time::{OffsetDateTime, macros::format_description};

use crate::{
    http::{Reply, Server},
    lambda::{SECRET_ACCESS_KEY, epoch_ms},
    signature,
};

/// How the service fails.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// An error with that status, name and message.
    Error(u16, &'static str, &'static str),
    /// No answer ever comes.
    Hang,
}

impl Fault {
    /// Too many questions at once.
    pub const THROTTLED: Self = Self::Error(400, "Throttling", "Rate exceeded");
}

#[derive(Debug)]
struct Resource {
    status: String,
    /// Since when it has that status, in milliseconds since 1970.
    since: u64,
    physical_id: String,
}

#[derive(Debug, Default)]
struct State {
    /// By logical id.
    resources: HashMap<String, Resource>,
    faults: VecDeque<Fault>,
    always: Option<Fault>,
    asked: Vec<String>,
}

/// A running service.
#[derive(Debug)]
pub struct CloudFormation {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl CloudFormation {
    /// Starts one that knows no resource.
    pub async fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let server = Server::start(move |request| ready(serve(&shared, &request))).await;
        Self { server, state }
    }

    /// `AWS_ENDPOINT_URL_CLOUDFORMATION`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Gives a resource that status as of now, and that physical id.
    pub fn set(&self, logical_id: &str, status: &str, physical_id: &str) {
        let resource = Resource {
            status: status.to_owned(),
            since: epoch_ms(),
            physical_id: physical_id.to_owned(),
        };
        self.lock()
            .resources
            .insert(logical_id.to_owned(), resource);
    }

    /// How the next questions fail, in order; the ones after those do not.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.extend(faults);
    }

    /// How every question is answered from now on.
    pub fn script_always(&self, fault: Fault) {
        self.lock().always = Some(fault);
    }

    /// The resources that were asked about, and forgets them.
    pub fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().asked)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(state: &Mutex<State>, request: &Request<Bytes>) -> Reply {
    if !signature::is_valid(request, "cloudformation", SECRET_ACCESS_KEY) {
        let message = "The request signature we calculated does not match.";
        return error(403, "SignatureDoesNotMatch", message);
    }
    let form: HashMap<_, _> = String::from_utf8_lossy(request.body())
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| {
            let value = signature::decoded(value);
            (key.to_owned(), String::from_utf8_lossy(&value).into_owned())
        })
        .collect();
    let of = |key: &str| form.get(key).cloned().unwrap_or_default();
    if request.method() != Method::POST
        || of("Action") != "DescribeStackResource"
        || of("Version") != "2010-05-15"
        || !of("StackName").starts_with("arn:")
    {
        return error(400, "ValidationError", "not a question of this service");
    }
    let id = of("LogicalResourceId");
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.asked.push(id.clone());
    let scripted = state.faults.pop_front();
    match scripted.or(state.always) {
        Some(Fault::Error(status, name, message)) => return error(status, name, message),
        Some(Fault::Hang) => return Reply::Hang,
        None => {}
    }
    let Some(Resource {
        status,
        since,
        physical_id,
    }) = state.resources.get(&id)
    else {
        let message = format!("Resource {id} does not exist for stack");
        return error(400, "ValidationError", &message);
    };
    let since = OffsetDateTime::from_unix_timestamp_nanos(i128::from(*since) * 1_000_000)
        .expect("a time in this age")
        .format(format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
        ))
        .expect("a date");
    Reply::status(
        200,
        format!(
            "<DescribeStackResourceResponse \
             xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
             <DescribeStackResourceResult><StackResourceDetail>\
             <LogicalResourceId>{id}</LogicalResourceId>\
             <PhysicalResourceId>{physical_id}</PhysicalResourceId><ResourceStatus>{status}</ResourceStatus>\
             <LastUpdatedTimestamp>{since}</LastUpdatedTimestamp>\
             </StackResourceDetail></DescribeStackResourceResult>\
             </DescribeStackResourceResponse>"
        ),
    )
}

fn error(status: u16, name: &str, message: &str) -> Reply {
    Reply::status(
        status,
        format!(
            "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error>\
             <Type>Sender</Type><Code>{name}</Code><Message>{message}</Message></Error>\
             <RequestId>1</RequestId></ErrorResponse>"
        ),
    )
}
