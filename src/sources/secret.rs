//! Reads secrets of Secrets Manager with its SDK, and keys in them.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::{
    Client,
    config::{Builder, http::HttpResponse},
    error::SdkError,
    operation::get_secret_value::GetSecretValueError,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::value::RawValue;

use super::{Content, Fetched};
use crate::attempts::{Attempts, Classifier, unlimited_retry_partition};

/// Reads the version of the secret with the given id and stage.
///
/// # Errors
/// Returns the error of the last attempt.
pub(super) async fn get(
    sdk: &SdkConfig,
    id: &str,
    (version_id, version_stage): (Option<&str>, Option<&str>),
    attempts: &Attempts,
) -> Result<Content, SdkError<GetSecretValueError, HttpResponse>> {
    let config = Builder::from(sdk)
        .retry_partition(unlimited_retry_partition())
        .retry_classifier(Classifier::<GetSecretValueError>::new(attempts))
        .interceptor(attempts.clone())
        .build();
    let got = Client::from_conf(config)
        .get_secret_value()
        .secret_id(id)
        .set_version_id(version_id.map(ToOwned::to_owned))
        .set_version_stage(version_stage.map(ToOwned::to_owned))
        .send()
        .await?;
    let text = got.secret_string.as_deref().map(Fetched::from);
    Ok(text.ok_or("the secret is binary, not text"))
}

/// Returns the value of a key of the JSON object in a secret. Numbers keep all the digits they are
/// written with.
pub(super) fn member(content: &SecretString, key: &str) -> Result<SecretString, String> {
    let members = serde_json::from_str::<BTreeMap<String, &RawValue>>(content.expose_secret());
    let Ok(members) = members else {
        return Err(format!(
            "the secret is not a JSON object, so it has no key {key}"
        ));
    };
    let Some(value) = members.get(key).map(|value| value.get()) else {
        return Err(format!("the secret has no key {key}"));
    };
    match value.as_bytes() {
        [b'{' | b'[', ..] | b"null" => Err(format!(
            "the value of the secret's key {key} must be a string, a number or a boolean"
        )),
        [b'"', ..] => serde_json::from_str::<String>(value)
            .map(SecretString::from)
            .map_err(|_| format!("the value of the secret's key {key} is not text")),
        _ => Ok(value.into()),
    }
}
