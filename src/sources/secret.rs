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

use super::{Content, ContentError, Fetched};
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
    Ok(text.ok_or(ContentError::BinarySecret))
}

/// Returns whether a text is a JSON object.
pub(super) fn is_object(content: &SecretString) -> bool {
    serde_json::from_str::<BTreeMap<String, &RawValue>>(content.expose_secret()).is_ok()
}

/// Returns the value under a key of the JSON object that a secret holds. Numbers are taken as they
/// are written, however many digits they have.
pub(super) fn member(content: &SecretString, key: &str) -> Result<SecretString, ContentError> {
    let members = serde_json::from_str::<BTreeMap<String, &RawValue>>(content.expose_secret());
    let Ok(members) = members else {
        return Err(ContentError::NotAnObject(key.to_owned()));
    };
    let Some(value) = members.get(key).map(|value| value.get()) else {
        return Err(ContentError::NoKey(key.to_owned()));
    };
    match value.as_bytes() {
        [b'{' | b'[', ..] | b"null" => Err(ContentError::NotScalar(key.to_owned())),
        [b'"', ..] => serde_json::from_str::<String>(value)
            .map(SecretString::from)
            .map_err(|_| ContentError::NotText(key.to_owned())),
        _ => Ok(value.into()),
    }
}
