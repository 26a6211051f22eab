//! Cognito's identity provider operations, and its signing certificates, over its JSON protocol, with its limits.

mod limits;
mod provider;
pub mod quotas;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    future::{Ready, ready},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hyper::Request;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{
    http::{Reply, Server},
    lambda::epoch_ms,
};
use provider::{Refusal, Rules};
use quotas::Quotas;

/// The one operation here that is not about a provider.
const CERTIFICATE: &str = "GetSigningCertificate";
/// The operation about all providers of a pool.
const LIST: &str = "ListIdentityProviders";

/// How the service fails one call.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// An error with that status, name and message, and nothing done.
    Error(u16, &'static str, &'static str),
    /// The call is carried out, and then answered with a 500.
    ErrorAfter,
    /// The connection is reset before anything is done.
    ResetBefore,
    /// The call is carried out, and then the connection is reset.
    ResetAfter,
    /// Nothing is done and no answer ever comes.
    HangBefore,
    /// The call is carried out and no answer ever comes.
    HangAfter,
    /// Nothing is done, and the answer is a proxy's page with that status.
    NotJson(u16),
    /// The call is carried out and answered after so many seconds.
    Slow(u64),
    /// Nothing goes wrong.
    None,
}

impl Fault {
    /// What a quota does.
    pub const THROTTLED: Self = Self::Error(400, "TooManyRequestsException", "Rate exceeded");
}

/// A call as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The operation, without `IdentityProvider`: `Create`, `Describe`, `Update`, `Delete`,
    /// `GetSigningCertificate` or `ListIdentityProviders`.
    pub operation: String,
    /// The region that it was signed for.
    pub region: String,
    /// Its input.
    pub input: Value,
}

#[derive(Debug, Default)]
struct State {
    /// Pool to name to provider, everything stored, what is never returned included.
    pools: BTreeMap<String, BTreeMap<String, Value>>,
    faults: HashMap<String, VecDeque<Fault>>,
    always: HashMap<String, Fault>,
    calls: Vec<Call>,
    rules: Rules,
    quotas: Option<Quotas>,
    hung: Arc<Notify>,
    called: Arc<Notify>,
}

/// A running service.
#[derive(Debug)]
pub struct Cognito {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Cognito {
    /// Starts one with these user pools.
    pub async fn start(pools: &[&str]) -> Self {
        let (state, handler) = service(pools);
        let server = Server::start(handler).await;
        Self { server, state }
    }

    /// The same over TLS, by that name.
    pub async fn start_tls(pools: &[&str], name: &str) -> Self {
        let (state, handler) = service(pools);
        let server = Server::start_tls(&[name], handler).await;
        Self { server, state }
    }

    /// The server, for its certificate and port.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// How the next calls of an operation fail, in order; the ones after those do not.
    pub fn script(&self, operation: &str, faults: impl IntoIterator<Item = Fault>) {
        let mut state = self.lock();
        let queue = state.faults.entry(operation.to_owned()).or_default();
        queue.extend(faults);
    }

    /// How every call of an operation fails from now on.
    pub fn script_always(&self, operation: &str, fault: Fault) {
        self.lock().always.insert(operation.to_owned(), fault);
    }

    /// Throttles as the published quotas say, from now on.
    pub fn throttle_as_published(&self) {
        self.lock().quotas = Some(Quotas::full());
    }

    /// How many providers a pool may have.
    pub fn limit(&self, providers: usize) {
        self.lock().rules.providers = Some(providers);
    }

    /// The metadata at that URL are gone: the server answers with 404.
    pub fn metadata_down(&self, url: &str) {
        self.lock().rules.down.insert(url.to_owned());
    }

    /// All calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// The names of the operations called so far, and forgets them.
    pub fn take_operations(&self) -> Vec<String> {
        let calls = std::mem::take(&mut self.lock().calls);
        calls.into_iter().map(|call| call.operation).collect()
    }

    /// A provider as it is stored, `private_key` included.
    pub fn provider(&self, pool: &str, name: &str) -> Option<Value> {
        self.lock().pools.get(pool)?.get(name).cloned()
    }

    /// Waits until so many calls have come in since they were last taken.
    pub async fn until_called(&self, calls: usize) {
        loop {
            let called = {
                let state = self.lock();
                if state.calls.len() >= calls {
                    return;
                }
                Arc::clone(&state.called).notified_owned()
            };
            called.await;
        }
    }

    /// Waits until there is a call that hangs.
    pub async fn until_hung(&self) {
        let hung = Arc::clone(&self.lock().hung);
        hung.notified().await;
    }

    /// The names of all providers of a pool.
    pub fn names(&self, pool: &str) -> Vec<String> {
        let state = self.lock();
        let names = state.pools.get(pool).into_iter().flat_map(BTreeMap::keys);
        names.cloned().collect()
    }

    /// Stores a provider as somebody else made it, so many seconds ago. Its name may be one that
    /// Cognito no longer gives.
    pub fn put(&self, input: &Value, seconds_ago: u64) {
        let mut state = self.lock();
        let then = now() - precise(seconds_ago);
        let made = provider::store(&mut state.pools, &Rules::default(), input, then);
        made.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    }

    /// Changes a provider in nothing but the time of its last change.
    pub fn touch(&self, pool: &str, name: &str) {
        let mut state = self.lock();
        let input = json!({"UserPoolId": pool, "ProviderName": name});
        let touched = provider::update(&mut state.pools, &Rules::default(), &input, now());
        touched.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    }

    /// Removes a provider behind the stack's back.
    pub fn remove(&self, pool: &str, name: &str) {
        let mut state = self.lock();
        let providers = state.pools.get_mut(pool).expect("the pool is there");
        assert!(
            providers.remove(name).is_some(),
            "there is no {name} to remove"
        );
    }

    /// Adds an empty pool, if there is none of that id.
    pub fn add_pool(&self, pool: &str) {
        self.lock().pools.entry(pool.to_owned()).or_default();
    }

    /// Removes a pool with everything in it.
    pub fn remove_pool(&self, pool: &str) {
        self.lock().pools.remove(pool);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The service without a server: what answers one request.
pub fn handler(pools: &[&str]) -> impl Fn(Request<Bytes>) -> Ready<Reply> + Send + Sync + 'static {
    service(pools).1
}

fn service(
    pools: &[&str],
) -> (
    Arc<Mutex<State>>,
    impl Fn(Request<Bytes>) -> Ready<Reply> + Send + Sync + 'static,
) {
    let state = Arc::new(Mutex::new(State {
        pools: pools
            .iter()
            .map(|pool| ((*pool).to_owned(), BTreeMap::new()))
            .collect(),
        ..State::default()
    }));
    let shared = Arc::clone(&state);
    let handler = move |request| ready(serve(&shared, &request));
    (state, handler)
}

fn serve(state: &Mutex<State>, request: &Request<Bytes>) -> Reply {
    let header = |name| {
        let value = request.headers().get(name)?;
        value.to_str().ok()
    };
    let operation = header("x-amz-target")
        .and_then(|target| target.strip_prefix("AWSCognitoIdentityProviderService."))
        .filter(|target| {
            target.ends_with("IdentityProvider") || [CERTIFICATE, LIST].contains(target)
        })
        .map(|target| target.trim_end_matches("IdentityProvider"));
    let (Some(operation), Ok(input)) = (operation, serde_json::from_slice(request.body())) else {
        return refuse(400, "UnknownOperationException", "");
    };
    // Credential=AKIA…/20261122/eu-west-1/cognito-idp/aws4_request
    let region = header("authorization")
        .and_then(|authorization| authorization.split('/').nth(2))
        .unwrap_or_default();

    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.calls.push(Call {
        operation: operation.to_owned(),
        region: region.to_owned(),
        input: Value::clone(&input),
    });
    state.called.notify_waiters();
    let pool = input.get("UserPoolId").and_then(Value::as_str);
    let quotas = state.quotas.as_mut();
    if quotas.is_some_and(|quotas| !quotas.admit(operation, pool.unwrap_or_default())) {
        return refuse(400, "TooManyRequestsException", "Rate exceeded");
    }
    let scripted = state
        .faults
        .get_mut(operation)
        .and_then(VecDeque::pop_front);
    let fault = scripted.or_else(|| state.always.get(operation).copied());
    match fault.unwrap_or(Fault::None) {
        Fault::None => act(&mut state, operation, &input),
        Fault::Error(status, name, message) => refuse(status, name, message),
        Fault::ErrorAfter => {
            act(&mut state, operation, &input);
            refuse(500, "InternalErrorException", "Internal error")
        }
        Fault::ResetBefore => Reply::Reset,
        Fault::ResetAfter => {
            act(&mut state, operation, &input);
            Reply::Reset
        }
        Fault::HangBefore => {
            state.hung.notify_one();
            Reply::Hang
        }
        Fault::HangAfter => {
            act(&mut state, operation, &input);
            state.hung.notify_one();
            Reply::Hang
        }
        Fault::Slow(seconds) => match act(&mut state, operation, &input) {
            Reply::Answer(answer) => Reply::Late(Duration::from_secs(seconds), answer),
            reply => reply,
        },
        Fault::NotJson(status) => Reply::status(status, "<html>Service Unavailable</html>"),
    }
}

fn act(state: &mut State, operation: &str, input: &Value) -> Reply {
    let done = match operation {
        "Create" => provider::create(&mut state.pools, &state.rules, input, now()),
        "Describe" => provider::describe(&mut state.pools, input),
        "Update" => provider::update(&mut state.pools, &state.rules, input, now()),
        LIST => {
            return match provider::list(&mut state.pools, input) {
                Ok(page) => Reply::status(200, page.to_string()),
                Err(Refusal(name, message)) => refuse(400, name, &message),
            };
        }
        CERTIFICATE => match provider::signing_certificate(&mut state.pools, input) {
            Ok(certificate) => {
                let answer = json!({"Certificate": certificate});
                return Reply::status(200, answer.to_string());
            }
            Err(refusal) => Err(refusal),
        },
        _ => provider::delete(&mut state.pools, input),
    };
    match done {
        Ok(None) => Reply::status(200, "{}"),
        Ok(Some(provider)) => Reply::status(200, json!({"IdentityProvider": provider}).to_string()),
        Err(Refusal(name, message)) => refuse(400, name, &message),
    }
}

fn refuse(status: u16, name: &str, message: &str) -> Reply {
    Reply::status(
        status,
        json!({"__type": name, "message": message}).to_string(),
    )
}

/// Cognito's clock: seconds since 1970, to the millisecond.
fn now() -> f64 {
    precise(epoch_ms()) / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "times fit into 52 bits")]
const fn precise(number: u64) -> f64 {
    number as f64
}
