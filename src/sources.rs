//! Values of `ProviderDetails` from where they live: Secrets Manager, the SSM Parameter Store, S3.

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
    retry::{Fault, Retry},
};
use cfn_cognito_idp_core::{
    details::{Details, VALUE_MAX},
    provider::{Declared, Place},
};

/// What one attempt gets. These services answer in tens of milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest a value may be, in bytes of UTF-8. More than that of an object is not downloaded.
const BYTES_MAX: usize = VALUE_MAX * 4;

/// The services that hold values. Their clients are made for each read: most stacks never need
/// one, and a connection is kept by the HTTP client that all of them share.
#[derive(Debug)]
pub struct SourceReader {
    sdk: SdkConfig,
    retry: Retry,
}

/// What was fetched, or why it is no text.
type Content = Result<Fetched, &'static str>;

/// A text from a source.
#[derive(Debug, Clone)]
struct Fetched {
    text: SecretString,
    /// Whether it must not be shown: only a plain parameter may be.
    is_secret: bool,
}

/// All the sources that could not be read, and why, without secrets.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(String);

impl From<&str> for Fetched {
    /// A text that must not be shown.
    fn from(text: &str) -> Self {
        Self {
            text: text.into(),
            is_secret: true,
        }
    }
}

impl SourceReader {
    /// With the credentials, endpoints, region and HTTP client of `sdk`. This does nothing yet.
    pub fn new(sdk: &SdkConfig, retry: Retry) -> Self {
        Self {
            sdk: sdk.clone(),
            retry,
        }
    }

    /// Reads all sources at once, until `end`, and completes the declared provider with their values.
    /// Values of the same place come from one call, and so from the same version.
    ///
    /// # Errors
    /// When a source cannot be read, or a value breaks a rule.
    pub(crate) async fn complete(
        &self,
        mut declared: Declared,
        end: Instant,
    ) -> Result<Declared, ReadError> {
        let provider = &mut declared.provider;
        let mut places: BTreeMap<Place, Vec<(String, Option<String>)>> = BTreeMap::new();
        for (key, source) in &declared.sources {
            let keys = places.entry(source.place.clone()).or_default();
            keys.push((key.clone(), source.json_key.clone()));
        }
        let reads = places.iter().map(|(place, keys)| {
            let names: Vec<_> = keys.iter().map(|(key, _)| key.as_str()).collect();
            self.fetch(place, doing(place, &names), &provider.details, end)
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
                let doing = doing(&place, &[&key]);
                let added = value.and_then(|value| {
                    let added = provider.add(key, value, content.is_secret);
                    added.map_err(|problem| problem.to_string())
                });
                if let Err(why) = added {
                    failed.push(format!("{doing}: {why}"));
                }
            }
        }
        if failed.is_empty() {
            Ok(declared)
        } else {
            // One service may quote what another has returned.
            Err(ReadError(provider.details.redact(&failed.join("; "))))
        }
    }

    async fn fetch(
        &self,
        place: &Place,
        doing: String,
        given: &Details,
        end: Instant,
    ) -> Result<Fetched, String> {
        let operation = operation(place);
        let attempts = Attempts::at(operation, doing.clone(), Some(given), self.retry);
        let Some(attempt_timeout) = attempt_timeout(ATTEMPT_TIMEOUT, end) else {
            return Err(attempts.out_of_time().text);
        };
        let got = timeout_at(end, self.get(place, &attempts, attempt_timeout)).await;
        let fetched = match got {
            Ok(Ok(Ok(content))) => Ok(content),
            Ok(Ok(Err(why))) => Err(format!("{doing}: {why}")),
            Ok(Err(unsent)) => Err(attempts.failed(&unsent).text),
            Err(_) => Err(attempts.out_of_time().text),
        };
        // Not why: that may quote what is being read elsewhere at this moment.
        tracing::debug!(operation, failed = fetched.is_err(), "called");
        fetched
    }

    async fn get(
        &self,
        place: &Place,
        attempts: &Attempts,
        attempt_timeout: Duration,
    ) -> Result<Content, Fault> {
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
            Place::Secret {
                secret_id,
                version_id,
                version_stage,
            } => {
                let version = (version_id.as_deref(), version_stage.as_deref());
                let got = secret::get(&sdk, secret_id, version, attempts).await;
                got.map_err(|error| unsent(&error))
            }
            Place::Parameter { name } => {
                let got = parameter::get(&sdk, name, attempts).await;
                got.map_err(|error| unsent(&error))
            }
            Place::Object {
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

const fn operation(place: &Place) -> &'static str {
    match place {
        Place::Secret { .. } => "GetSecretValue",
        Place::Parameter { .. } => "GetParameter",
        Place::Object { .. } => "GetObject",
    }
}

/// What is being done, for the operator.
fn doing(place: &Place, keys: &[&str]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| format!("ProviderDetails.{key}"))
        .collect();
    format!("reading {} from {place}", keys.join(" and "))
}
