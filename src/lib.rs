//! The handler of the CloudFormation custom resource `Custom::CognitoIdentityProvider`: it makes
//! the identity providers of Amazon Cognito user pools what a stack says they are.
//!
//! # Guarantees
//! - An event that has a usable `ResponseURL` is answered before the Lambda deadline and before
//!   its `ServiceTimeout`, whatever else is wrong with it, or the invocation ends in an error and
//!   Lambda delivers the event again.
//! - An event may be delivered any number of times: the answer is the same, and so is the pool.
//! - A provider that this resource neither made nor was told to adopt is never changed or deleted,
//!   and what was set by hand in a member that the template does not declare stays.
//! - An Update that CloudFormation has cancelled while it waited changes nothing after its rollback.
//! - Properties that break a published limit change nothing, and one `Reason` names all of them.
//! - No secret is logged, answered or shown by `Debug`.
//!
//! # Assumptions
//! - Cognito applies each call wholly or not at all, and its `CreationDate` and CloudFormation's
//!   `X-Amz-Date` come from clocks that agree to the second.
//! - One resource, in one stack, manages a provider at a time.
//!
//! # Caveats
//! - `SignInWithApple`'s `private_key` is never returned, so that two providers that differ in
//!   nothing else are taken for equal.
//! - A Create that CloudFormation cancels while it runs may leave a provider that no later event
//!   names.
//! - The guarantees hold within the assumptions that `docs/reliability.md` lists under "Not promised".
//!
//! # The way of an event
//! [`handler`] → [`event`] → [`provider`] → [`sources`] → [`saml`] → [`plan`] → [`cognito`] with
//! [`retry`], and [`stack`] after a wait → [`response`] → [`delivery`].
//!
//! [`provider`]: cfn_cognito_idp_core::provider
//! [`saml`]: cfn_cognito_idp_core::saml
//! [`plan`]: cfn_cognito_idp_core::plan

mod attempts;
pub mod budget;
pub mod cognito;
pub mod delivery;
mod endpoint;
pub mod error;
pub mod event;
pub mod handler;
pub mod http;
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
    handler::{Error, Handler, Invocation},
    http::SdkHttpClient,
    retry::{Backoff, Retry},
    sources::SourceReader,
    stack::Stacks,
};

/// Builds the handler from the environment and serves the Lambda Runtime API.
///
/// # Errors
/// When there is no Runtime API to serve.
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
            error_type: "Unanswered".to_owned(),
            error_message: error.to_string(),
        })
    });
    Runtime::new(serve)
        .layer(layer_fn(|service| MapRequest::new(service, any_bytes)))
        .run()
        .await
}

/// Lets any bytes through the runtime, which takes JSON alone: others go as a JSON string.
fn any_bytes(mut invocation: LambdaInvocation) -> LambdaInvocation {
    if serde_json::from_slice::<&RawValue>(&invocation.body).is_err() {
        let text = String::from_utf8_lossy(&invocation.body);
        invocation.body = Value::from(text).to_string().into();
    }
    invocation
}

/// The bytes of an event, as they came if they are JSON, and as text otherwise.
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
        tracing::warn!(problem, "AWS_CA_BUNDLE was not used");
    }
    // Every call goes to the region of its pool. Naming one here keeps the SDK from asking for
    // it where there is none.
    let region = std::env::var("AWS_REGION").ok();
    let region = region.filter(|region| !region.is_empty());
    let region = region.unwrap_or_else(|| "us-east-1".to_owned());
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new(region.clone()))
        // The clients bring their own. Where the environment has one that cannot be read, the SDK
        // would panic.
        .retry_config(RetryConfig::standard())
        .http_client(SdkHttpClient(client.clone()));
    if std::env::var_os("AWS_ACCESS_KEY_ID").is_some_and(|key| !key.is_empty()) {
        // As in Lambda. The chain of all other places would be built first, with an STS client
        // that nobody uses: a quarter of the start.
        loader = loader.credentials_provider(EnvironmentVariableCredentialsProvider::new());
    }
    let sdk = endpoint::without_empty(loader.load().await);
    let handler = Handler {
        cognito: Cognito::new(&sdk, Retry::COGNITO),
        stores: SourceReader::new(&sdk, Retry::COGNITO),
        stacks: Stacks::new(&sdk, Retry::COGNITO),
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

/// Whether calls or answers go elsewhere than to AWS, by the names of the variables that say so.
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
