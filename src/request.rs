//! Sends signed requests through the SDK's orchestrator, for services whose SDKs cost too much.
//! `docs/decisions/0010-provider-details-from.md` lists them and their costs.

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_runtime::auth::{
    SigV4OperationSigningConfig, SigningOptions,
    sigv4::{SCHEME_ID, SigV4AuthScheme},
};
use aws_sdk_secretsmanager::{
    config::{
        IdentityCache, Layer, RuntimeComponentsBuilder, StalledStreamProtectionConfig,
        http::HttpResponse,
    },
    error::{ErrorMetadata, SdkError},
};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::{
    auth::{AuthSchemeOptionResolverParams, static_resolver::StaticAuthSchemeOptionResolver},
    identity::SharedIdentityResolver,
    orchestrator::{HttpRequest, OrchestratorError},
    runtime_plugin::StaticRuntimePlugin,
};
use aws_smithy_types::body::SdkBody;

use crate::attempts::{Attempts, Classifier, unlimited_retry_partition};

/// The outcome of a request.
pub(crate) type Outcome<T> = Result<T, SdkError<ErrorMetadata, HttpResponse>>;
/// The parsed response.
pub(crate) type Answer<T> = Result<T, OrchestratorError<ErrorMetadata>>;

/// A service and one of its operations.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service<T> {
    /// The name of the service in signatures.
    pub name: &'static str,
    /// The name of the operation.
    pub operation: &'static str,
    /// Sets the options for signing requests.
    pub signing: fn(&mut SigningOptions),
    /// Parses a response.
    pub read: fn(&HttpResponse) -> Answer<T>,
}

impl<T: std::fmt::Debug + Send + Sync + 'static> Service<T> {
    /// Sends the request to the endpoint, with the credentials, region and retry loop of `sdk`.
    ///
    /// # Errors
    /// Returns the error of the last attempt.
    pub(crate) async fn send(
        self,
        sdk: &SdkConfig,
        endpoint: &str,
        request: http::Request<String>,
        attempts: &Attempts,
    ) -> Outcome<T> {
        let retries = sdk.retry_config().cloned();
        let timeouts = sdk.timeout_config().cloned();
        let mut operation = Operation::builder()
            .service_name(self.name)
            .operation_name(self.operation)
            .endpoint_url(endpoint)
            .standard_retry(&retries.unwrap_or_else(RetryConfig::disabled))
            .timeout_config(timeouts.unwrap_or_else(TimeoutConfig::disabled))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_classifier(Classifier::<ErrorMetadata>::new(attempts))
            .interceptor(attempts.clone())
            .runtime_plugin(self.signed(sdk))
            .serializer(|request: http::Request<String>| {
                Ok(HttpRequest::try_from(request.map(SdkBody::from))?)
            })
            .deserializer(self.read);
        if let Some(client) = sdk.http_client() {
            operation = operation.http_client(client);
        }
        if let Some(sleep) = sdk.sleep_impl() {
            operation = operation.sleep_impl(sleep);
        }
        operation.build().invoke(request).await
    }

    fn signed(&self, sdk: &SdkConfig) -> StaticRuntimePlugin {
        let mut options = SigningOptions::default();
        (self.signing)(&mut options);
        let mut config = Layer::new(self.name);
        config.store_put(unlimited_retry_partition());
        config.store_put(AuthSchemeOptionResolverParams::new(()));
        config.store_put(SigV4OperationSigningConfig {
            region: sdk.region().cloned().map(Into::into),
            region_set: None,
            name: Some(self.name.into()),
            signing_options: options,
        });
        let cache = sdk.identity_cache();
        let schemes = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
        let mut components = RuntimeComponentsBuilder::new(self.name)
            .with_auth_scheme(SigV4AuthScheme::new())
            .with_auth_scheme_option_resolver(Some(schemes))
            .with_identity_cache(Some(cache.unwrap_or_else(IdentityCache::no_cache)));
        if let Some(credentials) = sdk.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials));
        }
        StaticRuntimePlugin::new()
            .with_config(config.freeze())
            .with_runtime_components(components)
    }
}
