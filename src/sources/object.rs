//! An object in S3, in whichever region its bucket is.

use aws_config::{Region, SdkConfig};
use aws_sdk_s3::{
    Client,
    config::{Builder, ResponseChecksumValidation, http::HttpResponse},
    error::SdkError,
    operation::get_object::{GetObjectError, GetObjectOutput},
};

use super::{BYTES_MAX, Content, ContentError, Fetched};
use crate::{
    attempts::{Attempts, Classifier, unlimited_retry_partition},
    endpoint,
};

/// The byte order mark that some programs write before UTF-8. It is not part of the text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An object and its version.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'a> {
    /// The name of the bucket, or the ARN of an access point.
    pub bucket: &'a str,
    pub key: &'a str,
    pub version_id: Option<&'a str>,
}

/// Reads an object. Where S3 says that the bucket is in another region, reads it there.
///
/// # Errors
/// Returns the error of the last attempt.
pub(super) async fn get(
    sdk: &SdkConfig,
    object: Object<'_>,
    attempts: &Attempts,
) -> Result<Content, SdkError<GetObjectError, HttpResponse>> {
    let mut got = request(sdk, object, attempts).await;
    let region = got.as_ref().err().and_then(region_of_bucket);
    if let Some(region) = region.filter(|region| sdk.region() != Some(region)) {
        let sdk = sdk.to_builder().region(region).build();
        got = request(&sdk, object, attempts).await;
    }
    match got {
        // The body came as a whole, so that there is nothing to wait for.
        Ok(output) => Ok(match output.body.collect().await {
            Ok(body) => text(&body.into_bytes()),
            Err(_) => Err(ContentError::Incomplete),
        }),
        // The range is not satisfiable: the object is empty.
        Err(error) if status(&error) == Some(416) => Ok(Ok("".into())),
        Err(error) => Err(error),
    }
}

async fn request(
    sdk: &SdkConfig,
    Object {
        bucket,
        key,
        version_id,
    }: Object<'_>,
    attempts: &Attempts,
) -> Result<GetObjectOutput, SdkError<GetObjectError, HttpResponse>> {
    // The host of an emulator rarely resolves with a bucket before it. S3 takes no ARN in a path.
    let path_style = endpoint::is_overridden(sdk, "S3") && !bucket.starts_with("arn:");
    let config = Builder::from(sdk)
        .force_path_style(path_style)
        // They need SigV4a, which this build leaves out.
        .disable_multi_region_access_points(true)
        // The checksum of an object tells nothing of a range, and the SDK would compare after its
        // last attempt.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .retry_partition(unlimited_retry_partition())
        .retry_classifier(Classifier::<GetObjectError>::new(attempts))
        .interceptor(attempts.clone())
        .build();
    Client::from_conf(config)
        .get_object()
        .bucket(bucket)
        .key(key)
        .set_version_id(version_id.map(ToOwned::to_owned))
        // One byte more than the limit shows that an object exceeds it.
        .range(format!("bytes=0-{BYTES_MAX}"))
        .send()
        .await
}

/// Returns the region that a redirect names.
fn region_of_bucket(error: &SdkError<GetObjectError, HttpResponse>) -> Option<Region> {
    let response = error.raw_response()?;
    // The second is for a signature that names another region.
    if !matches!(response.status().as_u16(), 301 | 400) {
        return None;
    }
    let region = response.headers().get("x-amz-bucket-region")?;
    Some(Region::new(region.to_owned()))
}

fn status(error: &SdkError<GetObjectError, HttpResponse>) -> Option<u16> {
    Some(error.raw_response()?.status().as_u16())
}

fn text(bytes: &[u8]) -> Content {
    if bytes.len() > BYTES_MAX {
        return Err(ContentError::ObjectTooLong);
    }
    // The mark is not part of the text.
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let text = str::from_utf8(bytes);
    text.map(Fetched::from)
        .map_err(|_| ContentError::ObjectNotText)
}

/// Returns what to add to a refusal of S3's with that code.
pub(super) fn hint(code: Option<&str>) -> &'static str {
    match code {
        Some("AccessDenied") => {
            " (or the object does not exist: S3 says so only to those with s3:ListBucket)"
        }
        _ => "",
    }
}
