//! Events as CloudFormation sends them.

use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

use crate::lambda::epoch_ms;

/// `StackId` of every event.
pub const STACK_ID: &str =
    "arn:aws:cloudformation:eu-west-1:123456789012:stack/idp/51af3dc0-da77-11e4-872e-1234567db123";
/// `RequestId` of every event that is not [`numbered`].
pub const REQUEST_ID: &str = "f4ef1b10-c39a-44e3-99c0-fbf7e53c3943";
/// `LogicalResourceId` of every event.
pub const LOGICAL_ID: &str = "Corp";

/// `ServiceToken` of every event, and a property of every resource.
const SERVICE_TOKEN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:cfn-cognito-idp";

/// A Create.
pub fn create(url: &str, properties: &Value) -> Value {
    json!({
        "RequestType": "Create",
        "ServiceToken": SERVICE_TOKEN,
        "ResponseURL": url,
        "StackId": STACK_ID,
        "RequestId": REQUEST_ID,
        "ResourceType": "Custom::CognitoIdentityProvider",
        "LogicalResourceId": LOGICAL_ID,
        "ResourceProperties": sent(properties),
    })
}

/// An Update.
pub fn update(url: &str, id: &str, properties: &Value, previous: &Value) -> Value {
    let mut event = create(url, properties);
    event["RequestType"] = "Update".into();
    event["PhysicalResourceId"] = id.into();
    event["OldResourceProperties"] = sent(previous);
    event
}

/// A Delete.
pub fn delete(url: &str, id: &str, properties: &Value) -> Value {
    let mut event = create(url, properties);
    event["RequestType"] = "Delete".into();
    event["PhysicalResourceId"] = id.into();
    event
}

/// Properties as CloudFormation sends them: with the token of the template among them.
fn sent(properties: &Value) -> Value {
    let mut properties = properties.clone();
    if let Some(properties) = properties.as_object_mut() {
        let token = properties.entry("ServiceToken");
        token.or_insert_with(|| SERVICE_TOKEN.into());
    }
    properties
}

/// The same with a `RequestId` of its own, where a test sends several requests.
pub fn numbered(mut event: Value, number: u32) -> Value {
    event["RequestId"] = request_id(number).into();
    event
}

/// `RequestId` of the event of that number.
pub fn request_id(number: u32) -> String {
    format!("{number:08x}-c39a-44e3-99c0-fbf7e53c3943")
}

/// The properties of an OIDC provider, for where it does not matter which.
pub fn provider(pool: &str, name: &str) -> Value {
    json!({
        "UserPoolId": pool,
        "ProviderName": name,
        "ProviderType": "OIDC",
        "ProviderDetails": {
            "client_id": "client-1",
            "client_secret": "secret",
            "authorize_scopes": "openid",
            "oidc_issuer": "https://idp.example.com",
            "attributes_request_method": "GET",
        },
    })
}

/// `X-Amz-Date` of a URL that was signed so many seconds ago.
pub fn amz_date(seconds_ago: i64) -> String {
    let now = i64::try_from(epoch_ms() / 1_000).unwrap_or_default();
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    OffsetDateTime::from_unix_timestamp(now - seconds_ago)
        .expect("a time in this age")
        .format(format)
        .expect("a plain format")
}
