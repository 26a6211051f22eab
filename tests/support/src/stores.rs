//! Secrets Manager, the SSM Parameter Store and S3, each as far as reading one value goes.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    future::{Ready, ready},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use hyper::Request;
use serde_json::{Value, json};

use crate::{
    cognito::Fault,
    http::{Reply, Server},
    lambda::SECRET_ACCESS_KEY,
    signature,
};

/// A read as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// `GetSecretValue`, `GetParameter` or `GetObject`.
    pub operation: String,
    /// The region that it was signed for.
    pub region: String,
    /// What was read: the input, or path and query of the object.
    pub input: Value,
}

/// What is stored, by its name and then by its version, the empty one being the current one.
type Stored = BTreeMap<(String, String), Bytes>;

#[derive(Debug, Default)]
struct State {
    secrets: Stored,
    parameters: Stored,
    /// The parameters that are not encrypted.
    plain: std::collections::BTreeSet<String>,
    objects: Stored,
    /// The regions of buckets that are not in every one.
    regions: BTreeMap<String, String>,
    /// Secrets that are bytes and not text.
    binary: Vec<String>,
    faults: HashMap<String, VecDeque<Fault>>,
    always: HashMap<String, Fault>,
    reads: Vec<Read>,
    /// What requests have to be signed with, if that is looked at.
    secret_key: Option<&'static str>,
}

impl State {
    fn of_the_function() -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self {
            secret_key: Some(SECRET_ACCESS_KEY),
            ..Self::default()
        }))
    }
}

/// All three, running on one port.
#[derive(Debug)]
pub struct Stores {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Stores {
    /// Starts them, empty.
    pub async fn start() -> Self {
        let state = State::of_the_function();
        let server = Server::start(handler_of(Arc::clone(&state))).await;
        Self { server, state }
    }

    /// Starts them over TLS, under those names.
    pub async fn start_tls(names: &[&str]) -> Self {
        let state = State::of_the_function();
        let server = Server::start_tls(names, handler_of(Arc::clone(&state))).await;
        Self { server, state }
    }

    /// Where they run.
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// `AWS_ENDPOINT_URL_SECRETS_MANAGER` and the like.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Stores a secret; `version` is an id, a stage, or empty for the current one.
    pub fn put_secret(&self, id: &str, version: &str, text: &str) {
        let mut state = self.lock();
        put(&mut state.secrets, id, version, text.as_bytes());
    }

    /// Stores a secret that is no text.
    pub fn put_binary_secret(&self, id: &str) {
        let mut state = self.lock();
        put(&mut state.secrets, id, "", b"");
        state.binary.push(id.to_owned());
    }

    /// Stores a parameter.
    pub fn put_parameter(&self, name: &str, text: &str) {
        put(&mut self.lock().parameters, name, "", text.as_bytes());
    }

    /// Stores a parameter of the type `String`.
    pub fn put_plain_parameter(&self, name: &str, text: &str) {
        self.put_parameter(name, text);
        self.lock().plain.insert(name.to_owned());
    }

    /// Stores an object under `bucket/key`; the empty version is the current one.
    pub fn put_object(&self, path: &str, version: &str, bytes: &[u8]) {
        put(&mut self.lock().objects, path, version, bytes);
    }

    /// Puts a bucket into that region, and out of all others.
    pub fn put_bucket(&self, name: &str, region: &str) {
        let regions = &mut self.lock().regions;
        regions.insert(name.to_owned(), region.to_owned());
    }

    /// How the next reads of an operation fail, in order; the ones after those do not.
    pub fn script(&self, operation: &str, faults: impl IntoIterator<Item = Fault>) {
        let mut state = self.lock();
        let queue = state.faults.entry(operation.to_owned()).or_default();
        queue.extend(faults);
    }

    /// How every read of an operation fails from now on.
    pub fn script_always(&self, operation: &str, fault: Fault) {
        self.lock().always.insert(operation.to_owned(), fault);
    }

    /// All reads since the last time.
    pub fn take_reads(&self) -> Vec<Read> {
        std::mem::take(&mut self.lock().reads)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(stored: &mut Stored, name: &str, version: &str, bytes: &[u8]) {
    let entry = (name.to_owned(), version.to_owned());
    stored.insert(entry, Bytes::copy_from_slice(bytes));
}

/// The services without a server, with these secrets, for whatever credentials.
pub fn handler(
    secrets: &[(&str, &str)],
) -> impl Fn(Request<Bytes>) -> Ready<Reply> + Send + Sync + 'static {
    let mut state = State::default();
    for (id, text) in secrets {
        put(&mut state.secrets, id, "", text.as_bytes());
    }
    handler_of(Arc::new(Mutex::new(state)))
}

fn handler_of(
    state: Arc<Mutex<State>>,
) -> impl Fn(Request<Bytes>) -> Ready<Reply> + Send + Sync + 'static {
    move |request| ready(serve(&state, &request))
}

fn serve(state: &Mutex<State>, request: &Request<Bytes>) -> Reply {
    let header = |name| {
        let value = request.headers().get(name)?;
        value.to_str().ok()
    };
    // Credential=AKIA…/20261122/eu-west-1/s3/aws4_request
    let region = header("authorization")
        .and_then(|authorization| authorization.split('/').nth(2))
        .unwrap_or_default();
    let (operation, service, input) = match header("x-amz-target") {
        Some("secretsmanager.GetSecretValue") => {
            ("GetSecretValue", "secretsmanager", body(request))
        }
        Some("AmazonSSM.GetParameter") => ("GetParameter", "ssm", body(request)),
        Some(_) => return json_error(400, "UnknownOperationException", ""),
        None => ("GetObject", "s3", target(request).into()),
    };
    let error = if operation == "GetObject" {
        xml_error
    } else {
        json_error
    };
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let mut verified = state.secret_key.iter();
    if !verified.all(|key| signature::is_valid(request, service, key)) {
        let message = "The request signature we calculated does not match.";
        return error(403, "SignatureDoesNotMatch", message);
    }
    state.reads.push(Read {
        operation: operation.to_owned(),
        region: region.to_owned(),
        input: input.clone(),
    });
    let scripted = state
        .faults
        .get_mut(operation)
        .and_then(VecDeque::pop_front);
    let fault = scripted.or_else(|| state.always.get(operation).copied());
    match fault.unwrap_or(Fault::None) {
        Fault::Error(status, name, message) => error(status, name, message),
        Fault::ErrorAfter => error(500, "InternalError", "Internal error"),
        Fault::ResetBefore | Fault::ResetAfter => Reply::Reset,
        Fault::HangBefore | Fault::HangAfter => Reply::Hang,
        Fault::NotJson(status) => Reply::status(status, "<html>Service Unavailable</html>"),
        Fault::None => read(&state, operation, region, &input, header("range")),
        Fault::Slow(seconds) => match read(&state, operation, region, &input, header("range")) {
            Reply::Answer(answer) => Reply::Late(Duration::from_secs(seconds), answer),
            reply => reply,
        },
    }
}

/// `bucket/key?query`, wherever the bucket or the access point stands.
fn target(request: &Request<Bytes>) -> String {
    let host = request.headers().get("host");
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let mut services = [".s3.", ".s3-accesspoint."].into_iter();
    let bucket = services.find_map(|service| Some(host.split_once(service)?.0));
    let path = String::from_utf8_lossy(&signature::decoded(request.uri().path())).into_owned();
    let query = request.uri().query().unwrap_or_default();
    let bucket = bucket.unwrap_or_default();
    format!(
        "{}?{query}",
        format!("{bucket}{path}").trim_start_matches('/')
    )
}

fn read(state: &State, operation: &str, region: &str, input: &Value, range: Option<&str>) -> Reply {
    match operation {
        "GetSecretValue" => secret(state, input),
        "GetParameter" => parameter(state, input),
        _ => match elsewhere(state, input, region) {
            Some(region) => {
                let message = "The bucket you are attempting to access must be addressed using \
                               the specified endpoint.";
                xml_error(301, "PermanentRedirect", message)
                    .with_header("x-amz-bucket-region", region)
            }
            None => object(state, input, range.unwrap_or_default()),
        },
    }
}

fn body(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap_or_default()
}

fn secret(state: &State, input: &Value) -> Reply {
    let text = |member: &str| input[member].as_str().unwrap_or_default().to_owned();
    let id = text("SecretId");
    let version = text("VersionId") + &text("VersionStage");
    let Some(bytes) = state.secrets.get(&(id.clone(), version)) else {
        let message = "Secrets Manager can't find the specified secret.";
        return json_error(400, "ResourceNotFoundException", message);
    };
    let mut found = json!({"ARN": id, "Name": id, "VersionStages": ["AWSCURRENT"]});
    if state.binary.contains(&id) {
        found["SecretBinary"] = "cGxhbnRlZA==".into();
    } else {
        found["SecretString"] = String::from_utf8_lossy(bytes).into();
    }
    Reply::status(200, found.to_string())
}

fn parameter(state: &State, input: &Value) -> Reply {
    let name = input["Name"].as_str().unwrap_or_default().to_owned();
    let Some(bytes) = state.parameters.get(&(name.clone(), String::new())) else {
        return json_error(400, "ParameterNotFound", "");
    };
    // Without `WithDecryption`, a `SecureString` comes encrypted.
    let value = if input["WithDecryption"] == true {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        "AQICAHh-encrypted".to_owned()
    };
    let is_plain = state.plain.contains(&name);
    let (kind, value) = if is_plain {
        ("String", String::from_utf8_lossy(bytes).into_owned())
    } else {
        ("SecureString", value)
    };
    let found = json!({"Parameter": {"Name": name, "Type": kind, "Value": value}});
    Reply::status(200, found.to_string())
}

/// The region of that bucket, if it is not the one in which it was asked for.
fn elsewhere<'a>(state: &'a State, target: &Value, asked: &str) -> Option<&'a str> {
    let (bucket, _) = target.as_str()?.split_once('/')?;
    let region = state.regions.get(bucket)?;
    (region != asked).then_some(region)
}

fn object(state: &State, target: &Value, range: &str) -> Reply {
    let target = target.as_str().unwrap_or_default();
    let (path, query) = target.rsplit_once('?').unwrap_or((target, ""));
    let version = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("versionId="))
        .map(signature::decoded)
        .unwrap_or_default();
    let version = String::from_utf8_lossy(&version);
    let Some(bytes) = state.objects.get(&(path.to_owned(), version.into_owned())) else {
        return xml_error(404, "NoSuchKey", "The specified key does not exist.");
    };
    let last = range
        .strip_prefix("bytes=0-")
        .and_then(|last| last.parse::<usize>().ok());
    match last {
        Some(_) if bytes.is_empty() => xml_error(
            416,
            "InvalidRange",
            "The requested range is not satisfiable",
        ),
        // As a store does that knows no ranges.
        Some(_) if path.ends_with("whole") => Reply::status(200, bytes.clone()),
        Some(last) => Reply::status(206, bytes.slice(..bytes.len().min(last + 1))),
        None => Reply::status(200, bytes.clone()),
    }
}

fn json_error(status: u16, name: &str, message: &str) -> Reply {
    let error = json!({"__type": name, "message": message});
    Reply::status(status, error.to_string())
}

fn xml_error(status: u16, name: &str, message: &str) -> Reply {
    let error = format!("<Error><Code>{name}</Code><Message>{message}</Message></Error>");
    Reply::status(status, error)
}
