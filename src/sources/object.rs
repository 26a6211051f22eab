//! An object in S3, read by one signed request through the SDK's orchestrator.
//!
//! Why not by the SDK of S3 is in `docs/decisions/0010-provider-details-from.md`.

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_runtime::auth::{
    SigV4OperationSigningConfig, SigningOptions,
    sigv4::{SCHEME_ID, SigV4AuthScheme},
};
use aws_sdk_cognitoidentityprovider::{
    config::{
        IdentityCache, Layer, RuntimeComponentsBuilder, StalledStreamProtectionConfig,
        http::HttpResponse,
    },
    error::{BoxError, ErrorMetadata, SdkError},
};
use aws_smithy_http::{
    label::{EncodingStrategy, fmt_string},
    query,
};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::{
    auth::{AuthSchemeOptionResolverParams, static_resolver::StaticAuthSchemeOptionResolver},
    identity::SharedIdentityResolver,
    orchestrator::{HttpRequest, OrchestratorError},
    runtime_plugin::StaticRuntimePlugin,
};
use aws_smithy_types::body::SdkBody;
use http::header::RANGE;
use roxmltree::Document;
use secrecy::SecretString;

use super::{BYTES_MAX, Content};
use crate::{
    attempts::{Attempts, Classifier, unlimited},
    hosts,
};

/// The longest that a part of a host name may be.
const HOST_MAX: usize = 63;

/// The request for an object, but for its host.
#[derive(Debug)]
struct Get {
    /// Path and query, encoded.
    target: String,
}

/// Reads the object, with the retry loop of that configuration.
///
/// # Errors
/// What the last attempt failed with.
pub async fn get(
    sdk: &SdkConfig,
    (bucket, key, version_id): (&str, &str, Option<&str>),
    attempts: &Attempts,
) -> Result<Content, SdkError<ErrorMetadata, HttpResponse>> {
    let mut parts = key.split('/').chain([bucket]);
    if parts.any(|part| matches!(part, "." | "..")) {
        // URLs cannot hold them: reqwest takes them for steps in the path.
        return Ok(Err("a key with . or .. between slashes cannot be read"));
    }
    let elsewhere = std::env::var("AWS_ENDPOINT_URL_S3").ok();
    let elsewhere = elsewhere.filter(|url| !url.is_empty());
    let endpoint = match elsewhere.as_deref().or_else(|| sdk.endpoint_url()) {
        Some(url) => format!("{}/{bucket}", url.trim_end_matches('/')),
        None => in_aws(sdk, bucket).await,
    };
    let mut target = format!("/{}", fmt_string(key, EncodingStrategy::Greedy));
    if let Some(version_id) = version_id {
        target = format!("{target}?versionId={}", query::fmt_string(version_id));
    }
    let retries = sdk.retry_config().cloned();
    let timeouts = sdk.timeout_config().cloned();
    let mut operation = Operation::builder()
        .service_name("s3")
        .operation_name("GetObject")
        .endpoint_url(&endpoint)
        .standard_retry(&retries.unwrap_or_else(RetryConfig::disabled))
        .timeout_config(timeouts.unwrap_or_else(TimeoutConfig::disabled))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .retry_classifier(Classifier::<ErrorMetadata>::new(attempts))
        .interceptor(attempts.clone())
        .runtime_plugin(signed(sdk))
        .serializer(|get: Get| request(&get))
        .deserializer(content);
    if let Some(client) = sdk.http_client() {
        operation = operation.http_client(client);
    }
    if let Some(sleep) = sdk.sleep_impl() {
        operation = operation.sleep_impl(sleep);
    }
    operation.build().invoke(Get { target }).await
}

/// Where AWS has the bucket: on a host of its own if its name can be one. Old names cannot, and a
/// dot would keep the certificate from matching.
async fn in_aws(sdk: &SdkConfig, bucket: &str) -> String {
    let region = sdk.region().map_or("us-east-1", AsRef::as_ref);
    let cognito = hosts::cognito(region).await.unwrap_or_default();
    let domain = hosts::domain(region, &cognito).unwrap_or("amazonaws.com");
    let fips = sdk.use_fips().unwrap_or_default();
    let dual_stack = sdk.use_dual_stack().unwrap_or_default();
    let s3 = hosts::s3(region, domain, fips, dual_stack);
    let of_hosts = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if bucket.len() <= HOST_MAX && bucket.chars().all(of_hosts) {
        format!("https://{bucket}.{s3}")
    } else {
        format!("https://{s3}/{bucket}")
    }
}

/// Signs a request as S3 wants it: a path that is encoded once and left as it is, and the hash of
/// the body in a header.
fn signed(sdk: &SdkConfig) -> StaticRuntimePlugin {
    let mut options = SigningOptions::default();
    options.double_uri_encode = false;
    options.normalize_uri_path = false;
    options.content_sha256_header = true;
    let mut config = Layer::new("s3");
    config.store_put(unlimited());
    config.store_put(AuthSchemeOptionResolverParams::new(()));
    config.store_put(SigV4OperationSigningConfig {
        region: sdk.region().cloned().map(Into::into),
        region_set: None,
        name: Some("s3".into()),
        signing_options: options,
    });
    let cache = sdk.identity_cache();
    let mut components = RuntimeComponentsBuilder::new("s3")
        .with_auth_scheme(SigV4AuthScheme::new())
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![
            SCHEME_ID,
        ])))
        .with_identity_cache(Some(cache.unwrap_or_else(IdentityCache::no_cache)));
    if let Some(credentials) = sdk.credentials_provider() {
        components.set_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials));
    }
    StaticRuntimePlugin::new()
        .with_config(config.freeze())
        .with_runtime_components(components)
}

fn request(get: &Get) -> Result<HttpRequest, BoxError> {
    let request = http::Request::get(&get.target)
        // One byte past the limit tells that it is passed.
        .header(RANGE, format!("bytes=0-{BYTES_MAX}"))
        .body(SdkBody::empty())?;
    Ok(HttpRequest::try_from(request)?)
}

fn content(response: &HttpResponse) -> Result<Content, OrchestratorError<ErrorMetadata>> {
    let body = response.body().bytes().unwrap_or_default();
    match response.status().as_u16() {
        200..300 => Ok(text(body)),
        // There is no first byte: the object is empty.
        416 => Ok(Ok(SecretString::default())),
        _ => Err(OrchestratorError::operation(error(body))),
    }
}

fn text(bytes: &[u8]) -> Content {
    if bytes.len() > BYTES_MAX {
        return Err("the object is longer than Cognito takes, it has more than 524288 bytes");
    }
    let text = str::from_utf8(bytes);
    text.map(SecretString::from)
        .map_err(|_| "the object is not UTF-8 text")
}

/// What S3 says of an error, if it is S3 that says it.
fn error(body: &[u8]) -> ErrorMetadata {
    let mut error = ErrorMetadata::builder();
    let text = str::from_utf8(body).unwrap_or_default();
    if let Ok(document) = Document::parse(text) {
        let of = |name| {
            let members = document.root_element().children();
            let mut members = members.filter(|member| member.has_tag_name(name));
            members.next().and_then(|member| member.text())
        };
        if let Some(code) = of("Code") {
            error = error.code(code);
        }
        let hint = match of("Code") {
            Some("AccessDenied") => {
                " (or there is no such object, which S3 does not tell without s3:ListBucket)"
            }
            _ => "",
        };
        if let Some(message) = of("Message") {
            error = error.message(format!("{message}{hint}"));
        }
    }
    error.build()
}

#[cfg(test)]
mod tests {
    use aws_config::Region;

    use super::*;

    #[tokio::test]
    async fn a_bucket_is_a_host_in_the_region_of_its_partition() {
        let cases = [
            ("eu-west-1", "https://meta.s3.eu-west-1.amazonaws.com"),
            ("cn-north-1", "https://meta.s3.cn-north-1.amazonaws.com.cn"),
            (
                "eusc-de-east-1",
                "https://meta.s3.eusc-de-east-1.amazonaws.eu",
            ),
        ];
        for (region, endpoint) in cases {
            let sdk = SdkConfig::builder().region(Region::new(region)).build();
            assert_eq!(in_aws(&sdk, "meta").await, endpoint);
        }
        let sdk = SdkConfig::builder()
            .region(Region::new("us-east-1"))
            .build();
        let long = "a".repeat(64);
        for name in ["meta.example.com", "Meta", "my_meta", &long] {
            let expected = format!("https://s3.us-east-1.amazonaws.com/{name}");
            assert_eq!(in_aws(&sdk, name).await, expected);
        }
        let other = sdk
            .into_builder()
            .use_fips(true)
            .use_dual_stack(true)
            .build();
        assert_eq!(
            in_aws(&other, "meta").await,
            "https://meta.s3-fips.dualstack.us-east-1.amazonaws.com"
        );
    }

    #[test]
    fn errors_are_read_if_they_are_those_of_s3() {
        let s3 = "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>Not &lt;here&gt;\
                  </Message><Key>k</Key></Error>";
        let read = error(s3.as_bytes());
        assert_eq!(read.code(), Some("NoSuchKey"));
        assert_eq!(read.message(), Some("Not <here>"));
        for other in ["", "<html>Service Unavailable", "<html><body/></html>"] {
            assert_eq!(error(other.as_bytes()), ErrorMetadata::builder().build());
        }
    }
}
