//! The function between a Cognito and a CloudFormation, and what goes through it.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use cfn_cognito_idp_support::{
    cloudformation::CloudFormation,
    cognito::Cognito,
    events::{self, LOGICAL_ID, REQUEST_ID, STACK_ID},
    lambda::{Ended, Function, Log},
    responses::Responses,
};
use serde_json::{Value, json};

/// The function's executable.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cfn-cognito-idp");
/// The pool that most tests use.
pub(crate) const POOL: &str = "eu-west-1_Pool";
/// Another pool in the same region.
pub(crate) const OTHER: &str = "eu-west-1_Other";
/// A pool in another region.
pub(crate) const FAR: &str = "ap-south-2_Far";
/// The id of the provider that most tests are about.
pub(crate) const ID: &str = "eu-west-1_Pool|Corp";

/// A Cognito, a response endpoint and a function. When it ends, nothing of what the function has
/// logged at any level, answered or returned may hold a secret; each of those that go in holds
/// [`PLANTED`].
pub(crate) struct World {
    pub cognito: Cognito,
    pub cloudformation: CloudFormation,
    pub responses: Responses,
    pub function: Function,
    /// The time that an invocation has.
    pub time: Duration,
    environment: Vec<(&'static str, String)>,
    said: Mutex<Said>,
}

#[derive(Default)]
struct Said {
    logs: Vec<Log>,
    returned: Vec<Ended>,
}

/// In every secret of these tests, and in the signature of the response URL.
const PLANTED: &str = "planted";

/// Everything that the function can log.
pub(crate) const LOUD: [(&str, &str); 2] =
    [("AWS_LAMBDA_LOG_LEVEL", "TRACE"), ("RUST_LOG", "trace")];

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&LOUD).await
    }

    /// With that in the function's environment.
    pub(crate) async fn with(environment: &[(&'static str, &str)]) -> Self {
        let cognito = Cognito::start(&[POOL, OTHER, FAR]).await;
        let cloudformation = CloudFormation::start().await;
        let responses = Responses::start().await;
        let mut all = vec![
            ("AWS_ENDPOINT_URL", cognito.url()),
            ("AWS_ENDPOINT_URL_CLOUDFORMATION", cloudformation.url()),
            ("RESPONSE_URL_HOSTS", responses.authority()),
        ];
        let given = environment.iter();
        all.extend(given.map(|(key, value)| (*key, (*value).to_owned())));
        let function = Function::start(Path::new(BINARY), &all).await;
        let said = Said {
            logs: vec![function.log()],
            ..Said::default()
        };
        Self {
            cognito,
            cloudformation,
            responses,
            function,
            time: Duration::from_mins(5),
            environment: all,
            said: Mutex::new(said),
        }
    }

    /// The same function, which may answer to these hosts.
    pub(crate) async fn with_hosts(&self, hosts: &str) -> Function {
        let mut environment = self.environment.clone();
        environment.push(("RESPONSE_URL_HOSTS", hosts.to_owned()));
        let function = Function::start(Path::new(BINARY), &environment).await;
        self.said().logs.push(function.log());
        function
    }

    /// Another execution environment of the same function.
    pub(crate) async fn another(&self) -> Function {
        let function = Function::start(Path::new(BINARY), &self.environment).await;
        self.said().logs.push(function.log());
        function
    }

    /// A variable in the function's environment.
    pub(crate) fn environment(&self, name: &str) -> &str {
        let mut found = self.environment.iter().filter(|(key, _)| *key == name);
        &found.next().unwrap().1
    }

    /// A response URL as of now.
    pub(crate) fn url(&self) -> String {
        self.responses.url(Some(&events::amz_date(0)))
    }

    pub(crate) async fn create(&self, properties: &Value) -> Value {
        self.send(events::create(&self.url(), properties)).await
    }

    pub(crate) async fn update(&self, id: &str, properties: &Value, previous: &Value) -> Value {
        let event = events::update(&self.url(), id, properties, previous);
        self.send(event).await
    }

    pub(crate) async fn delete(&self, id: &str, properties: &Value) -> Value {
        self.send(events::delete(&self.url(), id, properties)).await
    }

    /// Sends an event and returns the answer that arrived, which is also what was returned.
    pub(crate) async fn send(&self, event: Value) -> Value {
        let before = self.responses.puts().len();
        let returned = answer(self.invoke(event).await);
        let puts = self.responses.puts();
        assert_eq!(puts.len(), before + 1, "one answer");
        assert_eq!(puts.last().unwrap().json(), returned);
        undated(returned)
    }

    pub(crate) async fn invoke(&self, event: Value) -> Ended {
        self.invoke_on(&self.function, event).await
    }

    pub(crate) async fn invoke_on(&self, function: &Function, event: Value) -> Ended {
        let ended = function.invoke(&event, self.time).await;
        self.said().returned.push(ended.clone());
        ended
    }

    /// The calls since the last time, by name.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.cognito.take_operations()
    }

    /// The input of the last call of an operation.
    pub(crate) fn input(&self, operation: &str) -> Value {
        let calls = self.cognito.calls();
        let last = calls.iter().rfind(|call| call.operation == operation);
        last.unwrap().input.clone()
    }

    /// What the function has logged, line by line.
    pub(crate) fn log(&self) -> Vec<Value> {
        let log = self.function.log().text();
        let lines = log.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
            .collect()
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that left the function, but for the calls to Cognito.
    fn outward(&self) -> Vec<String> {
        let said = self.said();
        let logs = said.logs.iter().map(Log::text);
        let returned = said.returned.iter().map(|ended| format!("{ended:?}"));
        let puts = self.responses.puts().into_iter();
        let puts = puts.map(|put| String::from_utf8_lossy(&put.body).into_owned());
        logs.chain(returned).chain(puts).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for text in self.outward() {
            assert!(!text.contains(PLANTED), "a secret: {text}");
        }
    }
}

/// The answer that an invocation returned.
pub(crate) fn answer(ended: Ended) -> Value {
    match ended {
        Ended::Returned(body) => body,
        Ended::Failed(error) => panic!("the invocation failed: {error}"),
    }
}

/// The error that an invocation ended in.
pub(crate) fn error(ended: Ended) -> String {
    match ended {
        Ended::Returned(body) => panic!("the invocation was answered: {body}"),
        Ended::Failed(error) => error["errorMessage"].as_str().unwrap().to_owned(),
    }
}

/// FAILED, its reason without the number of attempts, which chance decides.
pub(crate) fn uncounted(mut body: Value) -> Value {
    let reason = body["Reason"].as_str().unwrap();
    let (before, after) = reason.split_once(" failed attempts").unwrap();
    let before = before.trim_end_matches(|c: char| c.is_ascii_digit());
    body["Reason"] = format!("{before}N failed attempts{after}").into();
    body
}

/// Replaces the dates of an answer, which change from run to run, if they are dates, and removes the
/// properties that it repeats.
pub(crate) fn undated(mut body: Value) -> Value {
    for key in ["CreationDate", "LastModifiedDate"] {
        if let Some(date) = body["Data"].get_mut(key) {
            let text = date.as_str().unwrap();
            assert!(
                text.starts_with("20") && text.ends_with('Z') && text.len() >= 20,
                "{text}"
            );
            *date = "a date".into();
        }
    }
    // What was sent, as one attribute; a test of its own looks at it.
    if let Some(data) = body["Data"].as_object_mut() {
        data.remove("ResourceProperties");
    }
    if body["Data"].is_null() {
        body.as_object_mut().unwrap().remove("Data");
    }
    body
}

/// SUCCESS with an id and attributes.
pub(crate) fn success(id: &str, data: Value) -> Value {
    json!({
        "Status": "SUCCESS",
        "PhysicalResourceId": id,
        "StackId": STACK_ID,
        "RequestId": REQUEST_ID,
        "LogicalResourceId": LOGICAL_ID,
        "Data": data,
    })
}

/// SUCCESS without attributes, as for a Delete.
pub(crate) fn deleted(id: &str) -> Value {
    let mut body = success(id, json!(null));
    body.as_object_mut().unwrap().remove("Data");
    body
}

/// FAILED with an id and a reason.
pub(crate) fn failed(id: &str, reason: &str) -> Value {
    let mut body = deleted(id);
    body["Status"] = "FAILED".into();
    body["Reason"] = reason.into();
    body
}

/// The id of a failed Create that made nothing.
pub(crate) fn not_created() -> String {
    format!("not-created/{REQUEST_ID}")
}

/// The attributes of [`oidc`].
pub(crate) fn oidc_data(pool: &str, name: &str) -> Value {
    json!({
        "UserPoolId": pool,
        "ProviderName": name,
        "ProviderType": "OIDC",
        "SamlEntityId": format!("urn:amazon:cognito:sp:{pool}"),
        "CreationDate": "a date",
        "LastModifiedDate": "a date",
        "client_id": "client-1",
        "authorize_scopes": "openid email",
        "oidc_issuer": "https://idp.example.com",
        "attributes_request_method": "GET",
        "attributes_url_add_attributes": "false",
    })
}

/// The properties of an OIDC provider.
pub(crate) fn oidc(pool: &str, name: &str) -> Value {
    json!({
        "ServiceToken": "arn:aws:lambda:eu-west-1:123456789012:function:cfn-cognito-idp",
        "UserPoolId": pool,
        "ProviderName": name,
        "ProviderType": "OIDC",
        "ProviderDetails": {
            "client_id": "client-1",
            "client_secret": "planted-client-secret",
            "authorize_scopes": "openid email",
            "oidc_issuer": "https://idp.example.com",
            "attributes_request_method": "GET",
        },
    })
}

/// `properties` with one of them set.
pub(crate) fn with(properties: &Value, key: &str, value: Value) -> Value {
    let mut properties = properties.clone();
    properties[key] = value;
    properties
}

/// `properties` with one key of the details set.
pub(crate) fn with_detail(properties: &Value, key: &str, value: &str) -> Value {
    let mut properties = properties.clone();
    properties["ProviderDetails"][key] = value.into();
    properties
}
