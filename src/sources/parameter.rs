//! A parameter of the SSM Parameter Store.

use aws_config::SdkConfig;
use aws_sdk_ssm::{
    Client,
    config::{Builder, http::HttpResponse},
    error::SdkError,
    operation::get_parameter::GetParameterError,
    types::ParameterType,
};

use super::{Content, ContentError, Fetched};
use crate::attempts::{Attempts, Classifier, unlimited_retry_partition};

/// Reads and decrypts a parameter.
///
/// # Errors
/// Returns the error of the last attempt.
pub(super) async fn get(
    sdk: &SdkConfig,
    name: &str,
    attempts: &Attempts,
) -> Result<Content, SdkError<GetParameterError, HttpResponse>> {
    let config = Builder::from(sdk)
        .retry_partition(unlimited_retry_partition())
        .retry_classifier(Classifier::<GetParameterError>::new(attempts))
        .interceptor(attempts.clone())
        .build();
    let got = Client::from_conf(config)
        .get_parameter()
        .name(name)
        .with_decryption(true)
        .send()
        .await?;
    let parameter = got.parameter.as_ref();
    let is_plain = matches!(
        parameter.and_then(|parameter| parameter.r#type()),
        Some(ParameterType::String | ParameterType::StringList)
    );
    let value = parameter.and_then(|parameter| parameter.value());
    let value = value.map(|text| Fetched {
        text: text.into(),
        is_secret: !is_plain,
    });
    Ok(value.ok_or(ContentError::NoValue))
}
