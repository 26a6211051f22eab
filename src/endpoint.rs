//! Endpoints other than AWS's, by the SDK's rules: the variable of a service, or else that of all. An
//! empty one means unset, as SAM and others export it, and
//! `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` counts for all of them.

use aws_config::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// The configuration of every service without the endpoints that are set and empty.
#[derive(Debug)]
struct NonEmpty(SdkConfig);

impl LoadServiceConfig for NonEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let value = self.0.service_config()?.load_config(key);
        value.filter(|value| !value.is_empty())
    }
}

/// The configuration with empty endpoints taken for unset.
pub(crate) fn without_empty(sdk: SdkConfig) -> SdkConfig {
    let endpoint = sdk.endpoint_url().filter(|url| !url.is_empty());
    let endpoint = endpoint.map(ToOwned::to_owned);
    let mut cleared = sdk.clone().into_builder();
    cleared.set_endpoint_url(endpoint);
    cleared.set_service_config(Some(NonEmpty(sdk)));
    cleared.build()
}

/// Where requests to that service go instead of AWS, if anywhere.
pub(crate) fn configured(sdk: &SdkConfig, service_id: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service_id)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    let own = sdk
        .service_config()
        .and_then(|config| config.load_config(key));
    let url = own.or_else(|| sdk.endpoint_url().map(ToOwned::to_owned))?;
    Some(url.trim_end_matches('/').to_owned())
}
