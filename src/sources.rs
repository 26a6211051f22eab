//! Values of `ProviderDetails` that are read from Secrets Manager, the SSM Parameter Store or S3.

mod object;
mod parameter;
mod secret;

use std::{collections::BTreeMap, time::Duration};

use aws_config::{Region, SdkConfig, timeout::TimeoutConfig};
use futures_util::future::join_all;
use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};

use crate::{
    attempts::{Attempts, ServiceError, attempt_timeout, unsent, with_unlimited_retries},
    retry::{AttemptError, Retry},
};
use cfn_cognito_idp_core::{
    details::{Details, VALUE_MAX},
    provider::{Declared, Location, PropertyError, Provider},
};
use object::Object;

/// Timeout of a single attempt. These services answer in tens of milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest value in bytes of UTF-8. At most one byte more of an object is downloaded.
const BYTES_MAX: usize = VALUE_MAX * 4;

/// A reader of values. It creates a service client for each read, because most stacks need none;
/// the shared HTTP client keeps the connections.
#[derive(Debug)]
pub struct SourceReader {
    sdk: SdkConfig,
    retry: Retry,
}

/// The reads that failed, and why. The text holds no secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(String);

/// Why one value could not be read, or not be used.
#[derive(Debug, thiserror::Error)]
enum SourceError {
    #[error(transparent)]
    Call(#[from] ServiceError),
    #[error("{action}: {error}")]
    Content { action: String, error: ContentError },
    #[error("{action}: {error}")]
    Value {
        action: String,
        error: PropertyError,
    },
}

/// Why what was fetched holds no value.
#[derive(Debug, thiserror::Error)]
enum ContentError {
    #[error("the secret is binary, not text")]
    BinarySecret,
    #[error("the secret is not a JSON object, so it has no key {0}")]
    NotAnObject(String),
    #[error("the secret has no key {0}")]
    NoKey(String),
    #[error("the value of the secret's key {0} must be a string, a number or a boolean")]
    NotScalar(String),
    #[error("the value of the secret's key {0} is not text")]
    NotText(String),
    #[error("the parameter has no value")]
    NoValue,
    #[error("the object exceeds Cognito's limit of {} bytes", BYTES_MAX)]
    ObjectTooLong,
    #[error("the object is not UTF-8 text")]
    ObjectNotText,
    #[error("the object ended early")]
    Incomplete,
}

/// What was fetched, or why it holds no value.
type Content = Result<Fetched, ContentError>;

/// A text from a source.
#[derive(Debug, Clone)]
struct Fetched {
    text: SecretString,
    /// Whether it must not be shown. Only plain parameters may be.
    is_secret: bool,
}

impl From<&str> for Fetched {
    /// Returns a text that must not be shown.
    fn from(text: &str) -> Self {
        Self {
            text: text.into(),
            is_secret: true,
        }
    }
}

impl SourceReader {
    /// Creates a reader with the credentials, endpoints, region and HTTP client of `sdk`. Clients are
    /// built when a value is read.
    pub fn new(sdk: &SdkConfig, retry: Retry) -> Self {
        Self {
            sdk: sdk.clone(),
            retry,
        }
    }

    /// Reads all sources at once, until `end`, and completes the declared provider with their values.
    /// Values of the same location come from one call, and so from the same version.
    ///
    /// # Errors
    /// Returns an error if a source cannot be read or a value breaks a rule.
    pub(crate) async fn complete(
        &self,
        mut declared: Declared,
        end: Instant,
    ) -> Result<Declared, ReadError> {
        let provider = &mut declared.provider;
        let mut locations: BTreeMap<Location, Vec<(String, Option<String>)>> = BTreeMap::new();
        for (key, source) in &declared.sources {
            let keys = locations.entry(source.location.clone()).or_default();
            keys.push((key.clone(), source.json_key.clone()));
        }
        let reads = locations.iter().map(|(location, keys)| {
            let names: Vec<_> = keys.iter().map(|(key, _)| key.as_str()).collect();
            self.fetch(location, action(location, &names), &provider.details, end)
        });
        let contents = join_all(reads).await;
        let mut failed = Vec::new();
        for ((location, keys), content) in locations.into_iter().zip(contents) {
            let content = match content {
                Ok(content) => content,
                Err(error) => {
                    failed.push(error.to_string());
                    continue;
                }
            };
            for (key, json_key) in keys {
                // Cognito takes it, but it is hardly meant.
                if matches!(location, Location::Secret { .. })
                    && json_key.is_none()
                    && secret::is_object(&content.text)
                {
                    tracing::warn!(
                        key,
                        "the value is a whole JSON object: use JsonKey to take one of its values"
                    );
                }
                let action = action(&location, &[&key]);
                if let Err(error) = add(provider, key, json_key.as_deref(), &content, action) {
                    failed.push(error.to_string());
                }
            }
        }
        if failed.is_empty() {
            Ok(declared)
        } else {
            // A message of one service may quote a value from another.
            Err(ReadError(provider.details.redact(&failed.join("; "))))
        }
    }

    async fn fetch(
        &self,
        location: &Location,
        action: String,
        given: &Details,
        end: Instant,
    ) -> Result<Fetched, SourceError> {
        let operation = operation(location);
        let attempts = Attempts::new(operation, action.clone(), Some(given), self.retry);
        let Some(attempt_timeout) = attempt_timeout(ATTEMPT_TIMEOUT, end) else {
            return Err(attempts.out_of_time().into());
        };
        let got = timeout_at(end, self.get(location, &attempts, attempt_timeout)).await;
        let fetched = match got {
            Ok(Ok(content)) => content.map_err(|error| SourceError::Content { action, error }),
            Ok(Err(unsent)) => {
                let mut error = attempts.failed(&unsent);
                error.text += &self.hint(location, error.code.as_deref());
                Err(error.into())
            }
            Err(_) => Err(attempts.out_of_time().into()),
        };
        // Not error: that may quote what is being read elsewhere at this moment.
        tracing::debug!(operation, failed = fetched.is_err(), "called");
        fetched
    }

    /// Returns what to add to a refusal with that code.
    fn hint(&self, location: &Location, code: Option<&str>) -> String {
        let region = || {
            location
                .region()
                .or_else(|| Some(self.sdk.region()?.as_ref()))
        };
        match (location, code) {
            (Location::Object { .. }, code) => object::hint(code).to_owned(),
            // The name may be right, and the region another.
            (_, Some("ResourceNotFoundException" | "ParameterNotFound")) => {
                region().map_or_else(String::new, |region| format!(" (in region {region})"))
            }
            _ => String::new(),
        }
    }

    async fn get(
        &self,
        location: &Location,
        attempts: &Attempts,
        attempt_timeout: Duration,
    ) -> Result<Content, AttemptError> {
        let mut sdk = with_unlimited_retries(&self.sdk).into_builder();
        if let Some(region) = location.region() {
            sdk = sdk.region(Region::new(region.to_owned()));
        }
        let sdk = sdk
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(attempt_timeout)
                    .build(),
            )
            .build();
        match location {
            Location::Secret {
                secret_id,
                version_id,
                version_stage,
            } => {
                let version = (version_id.as_deref(), version_stage.as_deref());
                let got = secret::get(&sdk, secret_id, version, attempts).await;
                got.map_err(|error| unsent(&error))
            }
            Location::Parameter { name } => {
                let got = parameter::get(&sdk, name, attempts).await;
                got.map_err(|error| unsent(&error))
            }
            Location::Object {
                bucket,
                key,
                version_id,
            } => {
                let object = Object {
                    bucket,
                    key,
                    version_id: version_id.as_deref(),
                };
                let got = object::get(&sdk, object, attempts).await;
                got.map_err(|error| unsent(&error))
            }
        }
    }
}

/// Adds to the provider what was fetched for a key, or the member of it under `json_key`.
fn add(
    provider: &mut Provider,
    key: String,
    json_key: Option<&str>,
    content: &Fetched,
    action: String,
) -> Result<(), SourceError> {
    let value = match json_key {
        Some(json_key) => secret::member(&content.text, json_key),
        None => Ok(content.text.clone()),
    };
    match value {
        Ok(value) => {
            let added = provider.add(key, value, content.is_secret);
            added.map_err(|error| SourceError::Value { action, error })
        }
        Err(error) => Err(SourceError::Content { action, error }),
    }
}

const fn operation(location: &Location) -> &'static str {
    match location {
        Location::Secret { .. } => "GetSecretValue",
        Location::Parameter { .. } => "GetParameter",
        Location::Object { .. } => "GetObject",
    }
}

/// Says what is being done, for the operator.
fn action(location: &Location, keys: &[&str]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| format!("ProviderDetails.{key}"))
        .collect();
    format!("reading {} from {location}", keys.join(" and "))
}
