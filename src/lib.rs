//! The handler of the CloudFormation custom resource `Custom::CognitoIdentityProvider`, which
//! manages identity providers of Amazon Cognito user pools.
//!
//! # Guarantees
//! - An event with a usable `ResponseURL` gets a response before the Lambda deadline and before its
//!   `ServiceTimeout`, whatever else is wrong with it. Otherwise the invocation ends in an error
//!   and Lambda delivers the event again.
//! - Repeated deliveries of an event produce the same response and leave the pool in the same
//!   state.
//! - A provider that this resource neither created nor was told to adopt is never changed or
//!   deleted, except by an `Apply` that names it. Values set by hand in undeclared members are kept.
//! - An Update that CloudFormation cancels during a wait changes nothing after the rollback.
//! - Properties that break a published limit change nothing, and one `Reason` lists all errors.
//! - No secret appears in logs, responses or `Debug` output.
//!
//! # Assumptions
//! - Cognito applies each call completely or not at all. The clocks behind its `CreationDate` and
//!   CloudFormation's `X-Amz-Date` agree to the second.
//! - At any time, only one resource in one stack manages a provider.
//!
//! # Caveats
//! - Cognito never returns `private_key` of `SignInWithApple`, so two providers that differ only in
//!   it count as equal.
//! - A running Create that CloudFormation cancels may leave a provider that no later event refers
//!   to.
//! - `docs/reliability.md` lists the exceptions to the guarantees under "Not promised".
//!
//! # How an event is processed
//! [`handler`] → [`event`] → [`provider`] → [`sources`] → [`saml`] → [`plan`] → [`cognito`] with
//! [`retry`], and [`stack`] after a wait → [`response`] → [`delivery`]. `DetectDrift` and `Apply`, which
//! come without a response URL, go through [`direct`] instead of [`event`], and return their result.
//!
//! [`provider`]: cfn_cognito_idp_core::provider
//! [`saml`]: cfn_cognito_idp_core::saml
//! [`plan`]: cfn_cognito_idp_core::plan

mod attempts;
pub mod budget;
pub mod cognito;
pub mod delivery;
pub mod direct;
mod endpoint;
pub mod error;
pub mod event;
pub mod handler;
pub mod http;
mod intent;
pub mod logging;
pub mod preconnect;
pub mod response;
pub mod retry;
pub mod sources;
pub mod stack;
pub mod text;

use std::{
    borrow::Cow,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{
    BehaviorVersion, Region, environment::EnvironmentVariableCredentialsProvider,
    retry::RetryConfig,
};
use lambda_runtime::{
    Diagnostic, LambdaEvent, LambdaInvocation, Runtime, service_fn,
    tower::{layer::layer_fn, util::MapRequest},
};
use serde_json::{Value, value::RawValue};

use crate::{
    cognito::Cognito,
    delivery::Delivery,
    direct::DirectError,
    handler::{Error, Handler, Invocation},
    http::SdkHttpClient,
    retry::{Backoff, Retry},
    sources::SourceReader,
    stack::Stacks,
};

/// Builds the handler from the environment and serves the Lambda Runtime API.
///
/// # Errors
/// Returns an error if there is no Runtime API to serve.
pub async fn run() -> Result<(), Error> {
    let handler = &configure().await?;
    let serve = service_fn(async move |event: LambdaEvent<Box<RawValue>>| {
        let payload = payload(&event.payload);
        let invocation = Invocation {
            now: now(),
            deadline: UNIX_EPOCH + Duration::from_millis(event.context.deadline),
        };
        let ended = handler.handle(&payload, invocation).await;
        ended.map_err(|error| Diagnostic {
            error_type: if error.is::<DirectError>() {
                "Failed"
            } else {
                "Unanswered"
            }
            .to_owned(),
            error_message: error.to_string(),
        })
    });
    Runtime::new(serve)
        .layer(layer_fn(|service| MapRequest::new(service, any_bytes)))
        .run()
        .await
}

/// Wraps a payload that is not JSON in a JSON string, because the runtime accepts only JSON.
fn any_bytes(mut invocation: LambdaInvocation) -> LambdaInvocation {
    if serde_json::from_slice::<&RawValue>(&invocation.body).is_err() {
        let text = String::from_utf8_lossy(&invocation.body);
        invocation.body = Value::from(text).to_string().into();
    }
    invocation
}

/// Returns the bytes of an event, unwrapped if [`any_bytes`] wrapped them.
fn payload(event: &RawValue) -> Cow<'_, [u8]> {
    match serde_json::from_str::<String>(event.get()) {
        Ok(text) => text.into_bytes().into(),
        Err(_) => event.get().as_bytes().into(),
    }
}

async fn configure() -> Result<Handler, Error> {
    let ca_bundle = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty());
    let ca_bundle = ca_bundle.map(PathBuf::from);
    let (roots, problem) = http::roots(ca_bundle.as_deref());
    let client = http::client(roots)?;
    if let Some(problem) = problem {
        tracing::warn!(problem, "AWS_CA_BUNDLE is ignored");
    }
    // Every call sets the region of its pool. A default keeps the SDK from looking one up.
    let region = std::env::var("AWS_REGION").ok();
    let region = region.filter(|region| !region.is_empty());
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new(region.clone()))
        // The clients set their own retry configuration. This one keeps the SDK from reading the
        // environment, where an invalid value makes it panic.
        .retry_config(RetryConfig::standard())
        .http_client(SdkHttpClient(client.clone()));
    if std::env::var_os("AWS_ACCESS_KEY_ID").is_some_and(|key| !key.is_empty()) {
        // Lambda sets credentials in the environment. The default provider chain would build an
        // unused STS client, which takes a quarter of the start-up time.
        loader = loader.credentials_provider(EnvironmentVariableCredentialsProvider::new());
    }
    let sdk = endpoint::without_empty(loader.load().await);
    let handler = Handler {
        cognito: Cognito::new(&sdk, Retry::AWS),
        sources: SourceReader::new(&sdk, Retry::AWS),
        stacks: Stacks::new(&sdk, Retry::AWS),
        delivery: Delivery::new(client.clone(), Backoff::DELIVERY),
        allowed_hosts: std::env::var("RESPONSE_URL_HOSTS")
            .unwrap_or_default()
            .as_str()
            .into(),
    };
    if !is_emulated() {
        preconnect::connect(&client, &region).await;
    }
    Ok(handler)
}

/// Returns whether environment variables redirect calls or responses away from AWS.
fn is_emulated() -> bool {
    std::env::vars_os().any(|(name, value)| {
        let name = name.to_string_lossy();
        let overrides = name == "RESPONSE_URL_HOSTS" || name.starts_with("AWS_ENDPOINT_URL");
        overrides && !value.is_empty()
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
fn now() -> SystemTime {
    SystemTime::now()
}
