//! Reads an object in S3 with one request.

use aws_config::SdkConfig;
use aws_runtime::auth::SigningOptions;
use aws_sdk_secretsmanager::{config::http::HttpResponse, error::ErrorMetadata};
use aws_smithy_http::{
    label::{EncodingStrategy, fmt_string},
    query,
};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use http::header::RANGE;
use roxmltree::Document;

use super::{BYTES_MAX, Content, Fetched};
use crate::{
    attempts::Attempts,
    endpoint,
    hosts::Hosts,
    request::{Answer, Outcome, Service},
};

const S3: Service<Content> = Service {
    name: "s3",
    operation: "GetObject",
    signing,
    read,
};

/// The byte order mark that some programs write before UTF-8. It is not part of the text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The longest label of a host name.
const HOST_MAX: usize = 63;

/// Reads an object.
///
/// # Errors
/// Returns the error of the last attempt.
pub(super) async fn get(
    sdk: &SdkConfig,
    (bucket, key, version_id): (&str, &str, Option<&str>),
    attempts: &Attempts,
) -> Outcome<Content> {
    let endpoint = match endpoint::configured(sdk, "S3") {
        Some(url) => format!("{url}/{bucket}"),
        None => on(&Hosts::of(sdk).await.s3(), bucket),
    };
    let mut target = format!("/{}", fmt_string(key, EncodingStrategy::Greedy));
    if let Some(version_id) = version_id {
        target = format!("{target}?versionId={}", query::fmt_string(version_id));
    }
    // One byte more than the limit shows that an object exceeds it.
    let range = format!("bytes=0-{BYTES_MAX}");
    let request = http::Request::get(target).header(RANGE, range);
    match request.body(String::new()) {
        Ok(request) => S3.send(sdk, &endpoint, request, attempts).await,
        Err(_) => Ok(Err("its key cannot be part of a URL")),
    }
}

/// Returns the URL of a bucket: with a host of its own if the name is a valid label, else with a
/// path. A dot in the name would not match the certificate.
fn on(s3: &str, bucket: &str) -> String {
    let of_hosts = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if bucket.len() <= HOST_MAX && bucket.chars().all(of_hosts) {
        format!("https://{bucket}.{s3}")
    } else {
        format!("https://{s3}/{bucket}")
    }
}

/// Sets S3's signing options: the path is encoded once and not normalised, and a header contains
/// the body's hash.
const fn signing(options: &mut SigningOptions) {
    options.double_uri_encode = false;
    options.normalize_uri_path = false;
    options.content_sha256_header = true;
}

fn read(response: &HttpResponse) -> Answer<Content> {
    let body = response.body().bytes().unwrap_or_default();
    match response.status().as_u16() {
        200..300 => Ok(text(body)),
        // The range is not satisfiable: the object is empty.
        416 => Ok(Ok("".into())),
        _ => Err(OrchestratorError::operation(error(body))),
    }
}

fn text(bytes: &[u8]) -> Content {
    if bytes.len() > BYTES_MAX {
        return Err("the object is longer than Cognito takes, it has more than 524288 bytes");
    }
    // The mark is not part of the text.
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let text = str::from_utf8(bytes);
    text.map(Fetched::from)
        .map_err(|_| "the object is not UTF-8 text")
}

/// Parses an error response of S3. Other responses yield empty metadata.
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
            Some("PermanentRedirect" | "TemporaryRedirect" | "AuthorizationHeaderMalformed") => {
                " (the bucket has to be in the region of the function)"
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
    use super::*;

    #[test]
    fn a_bucket_is_a_host_if_its_name_can_be_one() {
        let s3 = "s3.eu-west-1.amazonaws.com";
        assert_eq!(on(s3, "meta-1"), format!("https://meta-1.{s3}"));
        let long = "a".repeat(64);
        for name in ["meta.example.com", "Meta", "my_meta", &long] {
            assert_eq!(on(s3, name), format!("https://{s3}/{name}"));
        }
    }

    #[test]
    fn errors_are_read_if_they_are_those_of_s3() {
        let s3 = "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>Not &lt;here&gt;\
                  </Message><Key>k</Key></Error>";
        let read = error(s3.as_bytes());
        assert_eq!(read.code(), Some("NoSuchKey"));
        assert_eq!(read.message(), Some("Not <here>"));
        let s3 = "<Error><Code>PermanentRedirect</Code><Message>Elsewhere.</Message></Error>";
        assert_eq!(
            error(s3.as_bytes()).message(),
            Some("Elsewhere. (the bucket has to be in the region of the function)")
        );
        for other in ["", "<html>Service Unavailable", "<html><body/></html>"] {
            assert_eq!(error(other.as_bytes()), ErrorMetadata::builder().build());
        }
    }
}
