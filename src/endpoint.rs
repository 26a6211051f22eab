//! Endpoint overrides, by the SDK's rules: the variable of a service, else the variable for all
//! services. An empty variable counts as unset, because SAM and others export empty ones.
//! `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` applies to all of them.

use aws_config::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// A service configuration that ignores empty endpoints.
#[derive(Debug)]
struct NonEmpty(SdkConfig);

impl LoadServiceConfig for NonEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let value = self.0.service_config()?.load_config(key);
        value.filter(|value| !value.is_empty())
    }
}

/// Returns the configuration with empty endpoints taken for unset.
pub(crate) fn without_empty(sdk: SdkConfig) -> SdkConfig {
    let endpoint = sdk.endpoint_url().filter(|url| !url.is_empty());
    let endpoint = endpoint.map(ToOwned::to_owned);
    let mut cleared = sdk.clone().into_builder();
    cleared.set_endpoint_url(endpoint);
    cleared.set_service_config(Some(NonEmpty(sdk)));
    cleared.build()
}

/// Returns whether requests to that service go to another host than AWS's.
pub(crate) fn is_overridden(sdk: &SdkConfig, service_id: &str) -> bool {
    let key = ServiceConfigKey::builder()
        .service_id(service_id)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let of_service = key
        .ok()
        .zip(sdk.service_config())
        .and_then(|(key, config)| config.load_config(key));
    of_service.is_some() || sdk.endpoint_url().is_some()
}
