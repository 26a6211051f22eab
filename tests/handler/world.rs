//! The handler between a Cognito and a CloudFormation, and what goes through it.

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use cfn_cognito_idp::{
    cognito::Cognito,
    delivery::Delivery,
    handler::{Error, Handler, Invocation},
    http::{self, SdkHttpClient},
    retry::{Backoff, Retry, Turns},
};
use cfn_cognito_idp_support::{
    cognito,
    events::{self, LOGICAL_ID, REQUEST_ID, STACK_ID},
    responses::Responses,
};
use serde_json::{Value, json};

/// The pool that most tests use.
pub const POOL: &str = "eu-west-1_Pool";
/// Another pool in the same region.
pub const OTHER: &str = "eu-west-1_Other";
/// A pool in another region.
pub const FAR: &str = "ap-south-2_Far";

pub struct World {
    pub cognito: cognito::Cognito,
    pub responses: Responses,
    pub handler: Handler,
    /// The time that an invocation has.
    pub time: Duration,
}

impl World {
    pub async fn new() -> Self {
        // The delays are for the quotas of the real service; here they would only cost time.
        Self::with_delay(Duration::from_millis(1)).await
    }

    /// With this delay before the first retry, and twice that before the second.
    pub async fn with_delay(first: Duration) -> Self {
        Self::with_jitter(first, || 1.0).await
    }

    pub async fn with_jitter(first: Duration, jitter: fn() -> f64) -> Self {
        let backoff = Backoff {
            first,
            most: first * 2,
            jitter,
        };
        let in_turn = Turns {
            // The first round ends at 5.6 of these, the second at 13.6.
            second: first.div_f64(5.6),
            jitter,
        };
        let cognito = cognito::Cognito::start(&[POOL, OTHER, FAR]).await;
        let responses = Responses::start().await;
        let (roots, _) = http::roots(None);
        let client = http::client(roots).unwrap();
        let sdk = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .endpoint_url(cognito.url())
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
            .http_client(SdkHttpClient(client.clone()))
            .load()
            .await;
        let handler = Handler {
            cognito: Cognito::new(
                &sdk,
                Retry {
                    soon: backoff,
                    in_turn,
                },
            ),
            delivery: Delivery::new(client, backoff),
            allowed_hosts: responses.authority().as_str().into(),
        };
        Self {
            cognito,
            responses,
            handler,
            time: Duration::from_mins(5),
        }
    }

    /// A response URL as of now.
    pub fn url(&self) -> String {
        self.responses.url(Some(&events::amz_date(0)))
    }

    pub async fn create(&self, properties: &Value) -> Value {
        self.send(events::create(&self.url(), properties)).await
    }

    pub async fn update(&self, id: &str, properties: &Value, previous: &Value) -> Value {
        let event = events::update(&self.url(), id, properties, previous);
        self.send(event).await
    }

    pub async fn delete(&self, id: &str, properties: &Value) -> Value {
        self.send(events::delete(&self.url(), id, properties)).await
    }

    /// Sends an event and returns the answer that arrived, which is also what was returned.
    pub async fn send(&self, event: Value) -> Value {
        let before = self.responses.puts().len();
        let returned = self.invoke(event).await.unwrap();
        let puts = self.responses.puts();
        assert_eq!(puts.len(), before + 1, "one answer");
        let arrived = puts.last().unwrap().json();
        assert_eq!(arrived, returned);
        undated(arrived)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "an invocation has a wall clock time"
    )]
    pub async fn invoke(&self, event: Value) -> Result<Value, Error> {
        let now = SystemTime::now();
        let invocation = Invocation {
            now,
            deadline: now + self.time,
        };
        self.handler.handle(event, invocation).await
    }

    /// The calls since the last time, by name.
    pub fn operations(&self) -> Vec<String> {
        self.cognito.take_operations()
    }

    /// The input of the last call of an operation.
    pub fn input(&self, operation: &str) -> Value {
        let calls = self.cognito.calls();
        let last = calls.iter().rfind(|call| call.operation == operation);
        last.unwrap().input.clone()
    }
}

/// Replaces the dates of an answer, which change from run to run, if they are dates.
fn undated(mut body: Value) -> Value {
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
    if body["Data"].is_null() {
        body.as_object_mut().unwrap().remove("Data");
    }
    body
}

/// SUCCESS with an id and attributes.
pub fn success(id: &str, data: Value) -> Value {
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
pub fn deleted(id: &str) -> Value {
    let mut body = success(id, json!(null));
    body.as_object_mut().unwrap().remove("Data");
    body
}

/// FAILED with an id and a reason.
pub fn failed(id: &str, reason: &str) -> Value {
    let mut body = deleted(id);
    body["Status"] = "FAILED".into();
    body["Reason"] = reason.into();
    body
}

/// The id of a failed Create that made nothing.
pub fn not_created() -> String {
    format!("not-created/{REQUEST_ID}")
}

/// The attributes of [`oidc`].
pub fn oidc_data(pool: &str, name: &str) -> Value {
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
pub fn oidc(pool: &str, name: &str) -> Value {
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
pub fn with(properties: &Value, key: &str, value: Value) -> Value {
    let mut properties = properties.clone();
    properties[key] = value;
    properties
}

/// `properties` with one key of the details set.
pub fn with_detail(properties: &Value, key: &str, value: &str) -> Value {
    let mut properties = properties.clone();
    properties["ProviderDetails"][key] = value.into();
    properties
}
