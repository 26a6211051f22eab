//! Reads values of `ProviderDetails` from Secrets Manager, the SSM Parameter Store and S3.

mod object;
mod parameter;
mod secret;

use std::{collections::BTreeMap, time::Duration};

use aws_config::{Region, SdkConfig, timeout::TimeoutConfig};
use futures_util::future::join_all;
use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};

use crate::{
    attempts::{Attempts, attempt_timeout, unsent, with_unlimited_retries},
    retry::{AttemptError, Retry},
};
use cfn_cognito_idp_core::{
    details::{Details, VALUE_MAX},
    provider::{Declared, Location},
};

/// The timeout of a single attempt. These services respond in tens of milliseconds.
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

/// The fetched text, or the reason why the item is not text.
type Content = Result<Fetched, &'static str>;

/// A text from a source.
#[derive(Debug, Clone)]
struct Fetched {
    text: SecretString,
    /// Whether it must not be shown. Only plain parameters may be.
    is_secret: bool,
}

/// The errors of all sources that could not be read, with secrets redacted.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(String);

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
    /// Creates a reader with the credentials, endpoints, region and HTTP client of `sdk`. Service
    /// clients are created for each read.
    pub fn new(sdk: &SdkConfig, retry: Retry) -> Self {
        Self {
            sdk: sdk.clone(),
            retry,
        }
    }

    /// Reads all sources concurrently until `end`, and adds their values to the declared provider.
    /// One call reads all values from the same place, so they have the same version.
    ///
    /// # Errors
    /// Returns an error if a source cannot be read or a value breaks a rule.
    pub(crate) async fn complete(
        &self,
        mut declared: Declared,
        end: Instant,
    ) -> Result<Declared, ReadError> {
        let provider = &mut declared.provider;
        let mut places: BTreeMap<Location, Vec<(String, Option<String>)>> = BTreeMap::new();
        for (key, source) in &declared.sources {
            let keys = places.entry(source.place.clone()).or_default();
            keys.push((key.clone(), source.json_key.clone()));
        }
        let reads = places.iter().map(|(place, keys)| {
            let names: Vec<_> = keys.iter().map(|(key, _)| key.as_str()).collect();
            self.fetch(place, action(place, &names), &provider.details, end)
        });
        let contents = join_all(reads).await;
        let mut failed = Vec::new();
        for ((place, keys), content) in places.into_iter().zip(contents) {
            let content = match content {
                Ok(content) => content,
                Err(text) => {
                    failed.push(text);
                    continue;
                }
            };
            for (key, json_key) in keys {
                let value = match &json_key {
                    Some(json_key) => secret::member(&content.text, json_key),
                    None => Ok(content.text.clone()),
                };
                let action = action(&place, &[&key]);
                let added = value.and_then(|value| {
                    let added = provider.add(key, value, content.is_secret);
                    added.map_err(|problem| problem.to_string())
                });
                if let Err(why) = added {
                    failed.push(format!("{action}: {why}"));
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
        place: &Location,
        action: String,
        given: &Details,
        end: Instant,
    ) -> Result<Fetched, String> {
        let operation = operation(place);
        let attempts = Attempts::new(operation, action.clone(), Some(given), self.retry);
        let Some(attempt_timeout) = attempt_timeout(ATTEMPT_TIMEOUT, end) else {
            return Err(attempts.out_of_time().text);
        };
        let got = timeout_at(end, self.get(place, &attempts, attempt_timeout)).await;
        let fetched = match got {
            Ok(Ok(Ok(content))) => Ok(content),
            Ok(Ok(Err(why))) => Err(format!("{action}: {why}")),
            Ok(Err(unsent)) => Err(attempts.failed(&unsent).text),
            Err(_) => Err(attempts.out_of_time().text),
        };
        // The error is not logged: it may quote a value that another read is fetching.
        tracing::debug!(operation, failed = fetched.is_err(), "called");
        fetched
    }

    async fn get(
        &self,
        place: &Location,
        attempts: &Attempts,
        attempt_timeout: Duration,
    ) -> Result<Content, AttemptError> {
        let mut sdk = with_unlimited_retries(&self.sdk).into_builder();
        if let Some(region) = place.region() {
            sdk = sdk.region(Region::new(region.to_owned()));
        }
        let sdk = sdk
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(attempt_timeout)
                    .build(),
            )
            .build();
        match place {
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
                let object = (bucket.as_str(), key.as_str(), version_id.as_deref());
                let got = object::get(&sdk, object, attempts).await;
                got.map_err(|error| unsent(&error))
            }
        }
    }
}

const fn operation(place: &Location) -> &'static str {
    match place {
        Location::Secret { .. } => "GetSecretValue",
        Location::Parameter { .. } => "GetParameter",
        Location::Object { .. } => "GetObject",
    }
}

/// Returns a description of the action, for the operator.
fn action(place: &Location, keys: &[&str]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| format!("ProviderDetails.{key}"))
        .collect();
    format!("reading {} from {place}", keys.join(" and "))
}
