//! Any bytes as an invocation of the function: it never panics, whoever names a `ResponseURL` gets
//! an answer that CloudFormation can read, and nothing that is returned or logged tells a secret.
//!
//! A panic that the handler catches is found too: libFuzzer's hook ends the process before.

#![no_main]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target stops at what it did not expect"
)]

use std::{
    cell::RefCell,
    io,
    sync::LazyLock,
    time::{Duration, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use cfn_cognito_idp::{
    cognito::Cognito,
    delivery::Delivery,
    handler::{Error, Handler, Invocation},
    http::{self, SdkHttpClient},
    response::BODY_MAX,
    retry::{Backoff, Retry, Rounds},
    sources::SourceReader,
    stack::Stacks,
};
use cfn_cognito_idp_fuzz::{MARK, mark_secrets, mutate};
use cfn_cognito_idp_support::{cognito, responses::Responses};
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use serde_json::{Map, Value};
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::{
    filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// The pool of `events/`, and another in another region.
const POOLS: [&str; 2] = ["us-east-1_Example01", "eu-west-1_Pool"];

/// Before the fake's clock, so that what it makes is never older than the request. Always the
/// same, so that a finding is found again.
const NOW: Duration = Duration::from_secs(1_700_000_000);

static WORLD: LazyLock<(Runtime, World)> = LazyLock::new(|| {
    let lines = fmt::layer().json().with_writer(|| Log);
    let own = Targets::new().with_target("cfn_cognito_idp", tracing::Level::TRACE);
    tracing_subscriber::registry().with(lines).with(own).init();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    (runtime, world)
});

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let (runtime, world) = &*WORLD;
    let Ok(event) = serde_json::from_slice::<Value>(bytes) else {
        runtime.block_on(world.junk(bytes));
        return Corpus::Keep;
    };
    if event.to_string().contains(MARK) {
        return Corpus::Reject;
    }
    runtime.block_on(world.live(event));
    Corpus::Keep
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});

struct World {
    cognito: cognito::Cognito,
    responses: Responses,
    handler: Handler,
}

impl World {
    async fn new() -> Self {
        let cognito = cognito::Cognito::start(&POOLS).await;
        let responses = Responses::start().await;
        let (roots, _) = http::roots(None);
        let client = http::client(roots).unwrap();
        let sdk = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .endpoint_url(cognito.url())
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "fuzz"))
            .http_client(SdkHttpClient(client.clone()))
            .load()
            .await;
        let backoff = Backoff {
            first: Duration::from_millis(1),
            most: Duration::from_millis(2),
            jitter: || 1.0,
        };
        let throttled = Rounds {
            unit: Duration::from_millis(1),
            jitter: || 1.0,
        };
        let retry = Retry {
            transient: backoff,
            throttled,
            access_denied: Duration::ZERO,
            host_not_found: Duration::ZERO,
        };
        Self {
            handler: Handler {
                cognito: Cognito::new(&sdk, retry),
                sources: SourceReader::new(&sdk, retry),
                stacks: Stacks::new(&sdk, retry),
                delivery: Delivery::new(client, backoff),
                allowed_hosts: responses.authority().as_str().into(),
            },
            cognito,
            responses,
        }
    }

    /// Sends an event twice, as Lambda may, to a pool that is as the event says it is.
    async fn live(&self, mut event: Value) {
        for properties in ["ResourceProperties", "OldResourceProperties"] {
            if let Some(properties) = event.get_mut(properties) {
                mark_secrets(properties);
            }
        }
        if let Some(Value::String(url)) = event.get_mut("ResponseURL") {
            // What is in the query, its date for one, is the input's.
            let query = url.find('?').map_or("", |at| &url[at..]);
            *url = format!("{}/answer{query}", self.responses.server().url());
        }
        if let Some(create) = before(&event, &self.responses.server().url()) {
            self.send(&create).await;
        }
        if let Some(refused) = refused(&event) {
            self.send(&refused).await;
        }
        self.send(&event).await;
        self.send(&event).await;

        self.cognito.take_operations();
        for pool in POOLS {
            for name in self.cognito.names(pool) {
                self.cognito.remove(pool, &name);
            }
        }
    }

    /// Sends what is no JSON, or more than a value can hold. Its URL is none that may be used.
    async fn junk(&self, bytes: &[u8]) {
        let returned = self.invoke(bytes).await;
        let puts = self.responses.take_puts();
        LOG.take();
        assert!(returned.is_err() && puts.is_empty(), "an answer to nobody");
    }

    async fn send(&self, event: &Value) {
        let returned = self.invoke(event.to_string().as_bytes()).await;
        let puts = self.responses.take_puts();
        let log = LOG.take();
        let log = String::from_utf8_lossy(&log);
        assert!(!log.contains(MARK), "a secret in the log: {log}");
        if event.get("ResponseURL").is_none_or(|url| !url.is_string()) {
            assert!(puts.is_empty(), "a response to nobody");
            match returned {
                Ok(result) => {
                    assert!(is_direct(event), "a result for nobody: {result}");
                    assert!(!holds(&result, MARK), "a secret in the result: {result}");
                }
                Err(error) => {
                    let error = error.to_string();
                    assert!(!error.contains(MARK), "a secret in the error: {error}");
                }
            }
            return;
        }
        let returned = returned.expect("an answer");
        let [put] = puts.as_slice() else {
            panic!("{} answers", puts.len());
        };
        assert_eq!(put.json(), returned);
        check(event, &put.body, returned.as_object().expect("an object"));
    }

    async fn invoke(&self, event: &[u8]) -> Result<Value, Error> {
        let now = UNIX_EPOCH + NOW;
        let invocation = Invocation {
            now,
            deadline: now + Duration::from_secs(60),
        };
        self.handler.handle(event, invocation).await
    }
}

/// Returns whether an event is a request without CloudFormation.
fn is_direct(event: &Value) -> bool {
    let request_type = event.get("RequestType").and_then(Value::as_str);
    event.get("ResponseURL").is_none() && matches!(request_type, Some("Apply" | "DetectDrift"))
}

/// The Create without which there would be nothing to update, delete or compare.
fn before(event: &Value, responses: &str) -> Option<Value> {
    let properties = match event.get("RequestType")?.as_str()? {
        "Update" => event.get("OldResourceProperties")?,
        "Delete" | "Apply" | "DetectDrift" => event.get("ResourceProperties")?,
        _ => return None,
    };
    let mut create = event.clone();
    let envelope = create.as_object_mut()?;
    if is_direct(event) {
        envelope.insert("ResponseURL".into(), format!("{responses}/answer").into());
    }
    envelope.insert("RequestType".into(), "Create".into());
    envelope.insert("ResourceProperties".into(), properties.clone());
    envelope.remove("PhysicalResourceId");
    Some(create)
}

/// The same event with a key that the fake refuses, and quotes the secret as it does so. Chance
/// alone comes to that about once in 100,000 runs.
fn refused(event: &Value) -> Option<Value> {
    let mut event = event.clone();
    let properties = event.get_mut("ResourceProperties")?;
    let details = properties.get_mut("ProviderDetails")?.as_object_mut()?;
    details.insert("refused".into(), "x".into());
    Some(event)
}

/// Whether an answer is one that CloudFormation takes for the answer to that event.
fn check(event: &Value, body: &[u8], answer: &Map<String, Value>) {
    let given = |key| event.get(key).and_then(Value::as_str);
    let said = |key| answer.get(key).and_then(Value::as_str);
    let texts = Value::Object(answer.clone());
    assert!(!holds(&texts, MARK), "a secret in the answer: {texts}");
    for key in ["StackId", "RequestId", "LogicalResourceId"] {
        assert_eq!(said(key), Some(given(key).unwrap_or_default()), "{key}");
    }
    let id = said("PhysicalResourceId").expect("a physical id");
    match said("Status") {
        Some("SUCCESS") => {}
        Some("FAILED") => {
            let reason = said("Reason").expect("a reason");
            assert!(!reason.is_empty() || body.len() > BODY_MAX - 16, "{texts}");
            // A Create has none, whatever it says.
            if given("RequestType") != Some("Create")
                && let Some(given) = given("PhysicalResourceId")
            {
                assert_eq!(id, given, "an id that changes on a failure");
            }
        }
        status => panic!("{status:?}"),
    }

    // What is repeated is as long as CloudFormation made it: at most 1,024 bytes for a physical
    // id. Nothing is gained by an answer that repeats it cut.
    let physical_id = given("PhysicalResourceId").is_some_and(|given| given == id);
    let request_id = given("RequestId").is_some_and(|given| id == format!("not-created/{given}"));
    if !physical_id && !request_id {
        assert!((1..=1_024).contains(&id.len()), "{} bytes of id", id.len());
    }
    let mut least = answer.clone();
    least.remove("Data");
    if let Some(reason) = least.get_mut("Reason") {
        *reason = "".into();
    }
    let least = Value::Object(least).to_string().len();
    // An empty "Data" is 10 bytes.
    assert!(
        body.len() <= BODY_MAX.max(least + 10),
        "{} bytes",
        body.len()
    );
}

fn holds(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found.contains(text),
        Value::Array(items) => items.iter().any(|item| holds(item, text)),
        Value::Object(entries) => entries
            .iter()
            .any(|(key, value)| key.contains(text) || holds(value, text)),
        _ => false,
    }
}

thread_local! {
    /// The lines of one invocation.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.write(line))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
