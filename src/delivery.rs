//! Delivers the response by a PUT to the response URL.

use std::{fmt, time::Duration};

use reqwest::{
    Client, StatusCode, Url,
    header::{CONTENT_TYPE, HOST, HeaderValue, LOCATION},
};
use time::{PrimitiveDateTime, macros::format_description};
use tokio::time::{Instant, sleep, timeout};

use crate::{error::chain, retry::Backoff};

/// The timeout of one PUT, or half of the remaining time if that is less. S3 responds in tens of
/// milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// The validity of CloudFormation's response URLs, in seconds.
const LIFETIME: i64 = 7_200;
/// The largest difference between two AWS clocks, in seconds.
const SKEW: i64 = 60;

/// The most redirects that one attempt follows. S3 needs one.
const REDIRECTS_MAX: u32 = 3;

/// The DNS suffixes of AWS's partitions. A presigned URL on any other host is not CloudFormation's.
const AWS_SUFFIXES: [&str; 7] = [
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
];

/// Hosts outside AWS that a response URL may name, such as emulators and private endpoints.
#[derive(Debug, Clone, Default)]
pub struct AllowedHosts(Vec<String>);

impl From<&str> for AllowedHosts {
    /// Parses a list of `host[:port]`, separated by commas.
    fn from(list: &str) -> Self {
        let hosts = list.split(',').map(|host| host.trim().to_ascii_lowercase());
        Self(hosts.filter(|host| !host.is_empty()).collect())
    }
}

impl AllowedHosts {
    fn allow(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        self.0
            .iter()
            .any(|allowed| *allowed == host || *allowed == format!("{host}:{port}"))
    }
}

/// A permitted response URL. Its query is a credential and is not shown.
#[derive(Clone)]
pub struct ResponseUrl {
    url: Url,
    allowed: AllowedHosts,
}

/// The error for a response URL that is not permitted.
#[derive(Debug, thiserror::Error)]
pub enum ResponseUrlError {
    /// The event has none.
    #[error(
        "the event has no ResponseURL, so it is not from CloudFormation, and its RequestType is neither Apply nor DetectDrift"
    )]
    Missing,
    /// The text is not a URL.
    #[error("the ResponseURL is not a URL: {0}")]
    Invalid(#[from] url::ParseError),
    /// The URL is not https and its host is not allowed.
    #[error(
        "the ResponseURL must use https; add its host to RESPONSE_URL_HOSTS to allow plain http"
    )]
    NotHttps,
    /// The host is not one of AWS's and not allowed.
    #[error(
        "the ResponseURL points to {0}, which is not an AWS host; add it to RESPONSE_URL_HOSTS to allow it"
    )]
    Host(String),
}

impl ResponseUrl {
    /// Parses a response URL and checks its host and scheme.
    ///
    /// # Errors
    /// Returns an error if the response would go outside AWS or be sent unencrypted.
    pub fn parse(text: &str, allowed: &AllowedHosts) -> Result<Self, ResponseUrlError> {
        let url = Url::parse(text)?;
        if url.as_str() != text {
            // The signature covers the original bytes. URLs from CloudFormation are always
            // canonical.
            tracing::warn!("the ResponseURL is not in its canonical form and was normalised");
        }
        check(&url, allowed)?;
        Ok(Self {
            url,
            allowed: allowed.clone(),
        })
    }

    /// Returns the URL at the endpoint of a redirect, if it is permitted. S3's redirects change
    /// only the host.
    fn at(&self, location: &str) -> Option<Url> {
        let endpoint = self.url.join(location).ok()?;
        check(&endpoint, &self.allowed).ok()?;
        let mut url = self.url.clone();
        url.set_scheme(endpoint.scheme()).ok()?;
        url.set_host(endpoint.host_str()).ok()?;
        url.set_port(endpoint.port()).ok()?;
        Some(url)
    }

    /// Returns the host and port that the signature covers.
    fn authority(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// Returns when CloudFormation issued the request, in seconds since 1970: `X-Amz-Date` or, in
    /// an older form of URL, two hours before `Expires`. Returns `None` for an older URL that has
    /// expired by `now`, which is a sample.
    pub fn issued_at(&self, now: i64) -> Option<i64> {
        let query = |name| {
            let mut pairs = self.url.query_pairs();
            pairs.find_map(|(key, value)| (key == name).then_some(value))
        };
        if let Some(date) = query("X-Amz-Date") {
            let format = format_description!("[year][month][day]T[hour][minute][second]Z");
            let issued = PrimitiveDateTime::parse(&date, format).ok()?;
            return Some(issued.assume_utc().unix_timestamp());
        }
        let expires: i64 = query("Expires")?.parse().ok()?;
        let latest = now.saturating_add(LIFETIME + SKEW);
        let is_live = (now..=latest).contains(&expires);
        is_live.then(|| expires.saturating_sub(LIFETIME))
    }
}

impl fmt::Debug for ResponseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.host_str().unwrap_or_default())
    }
}

/// Checks the host and the scheme of a URL.
fn check(url: &Url, allowed: &AllowedHosts) -> Result<(), ResponseUrlError> {
    let host = url.host_str().unwrap_or_default();
    if allowed.allow(url) && matches!(url.scheme(), "https" | "http") {
        return Ok(());
    }
    if !AWS_SUFFIXES.iter().any(|suffix| host.ends_with(suffix)) {
        return Err(ResponseUrlError::Host(host.to_owned()));
    }
    if url.scheme() != "https" {
        return Err(ResponseUrlError::NotHttps);
    }
    Ok(())
}

/// The error for a response that was not delivered.
#[derive(Debug, thiserror::Error)]
#[error("the response could not be delivered to {host} (attempts: {attempts}): {why}")]
pub struct DeliveryError {
    host: String,
    attempts: u32,
    why: String,
}

/// The delivery of responses.
#[derive(Debug)]
pub struct Delivery {
    client: Client,
    backoff: Backoff,
}

impl Delivery {
    /// Creates a delivery with a client and the backoff between attempts.
    pub const fn new(client: Client, backoff: Backoff) -> Self {
        Self { client, backoff }
    }

    /// Sends a body, with retries until `end` while the error is retryable.
    ///
    /// # Errors
    /// Returns an error if the body was rejected or the deadline has passed.
    pub async fn put(
        &self,
        url: &ResponseUrl,
        body: String,
        end: Instant,
    ) -> Result<(), DeliveryError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let left = end.saturating_duration_since(Instant::now());
            let error = match timeout(ATTEMPT_TIMEOUT.min(left / 2), self.attempt(url, &body)).await
            {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => error,
                Err(_) => PutError::passing("the attempt timed out".to_owned()),
            };
            let delay = self.backoff.delay(attempts);
            let left = end.saturating_duration_since(Instant::now());
            if error.is_final || delay >= left {
                return Err(DeliveryError {
                    host: format!("{url:?}"),
                    attempts,
                    why: error.why,
                });
            }
            tracing::warn!(
                operation = "PUT response",
                attempt = attempts,
                error = error.why,
                host = ?url,
                delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                "retrying"
            );
            sleep(delay).await;
        }
    }

    /// Sends a body once and follows S3's redirects: the name of a new bucket may resolve to
    /// another region for a while. The Host header stays unchanged, because the signature covers it
    /// and S3 finds the bucket by it.
    async fn attempt(&self, url: &ResponseUrl, body: &str) -> Result<(), PutError> {
        let mut target = url.url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let sent = self
                .client
                .put(target)
                .header(HOST, url.authority())
                // The signature covers no content type, so older URLs reject a JSON one with 403.
                .header(CONTENT_TYPE, HeaderValue::from_static(""))
                .body(body.to_owned())
                .send()
                .await
                .map_err(|error| PutError::passing(chain(&error.without_url())))?;
            let status = sent.status();
            if status.is_success() {
                return Ok(());
            }
            let location = sent.headers().get(LOCATION);
            let location = location.and_then(|location| location.to_str().ok());
            let elsewhere = location.filter(|_| status.is_redirection());
            target = match elsewhere.and_then(|location| url.at(location)) {
                Some(target) => target,
                None => {
                    return Err(PutError {
                        is_final: !status.is_server_error()
                            && status != StatusCode::TOO_MANY_REQUESTS,
                        why: format!("HTTP status {status}"),
                    });
                }
            };
        }
        Err(PutError::passing("too many redirects".to_owned()))
    }
}

struct PutError {
    why: String,
    is_final: bool,
}

impl PutError {
    const fn passing(why: String) -> Self {
        Self {
            why,
            is_final: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<ResponseUrl, String> {
        let allowed = AllowedHosts::from("localhost:4566, Emulator.test");
        ResponseUrl::parse(url, &allowed).map_err(|refused| refused.to_string())
    }

    #[test]
    fn every_host_that_cloudformation_uses_is_taken() {
        for host in [
            "cloudformation-custom-resource-response-useast1.s3.amazonaws.com",
            "cloudformation-custom-resource-response-euwest1.s3-eu-west-1.amazonaws.com",
            "cloudformation-custom-resource-response-eucentral1.s3.eu-central-1.amazonaws.com",
            "cloudformation-custom-resource-response-cnnorth1.s3.cn-north-1.amazonaws.com.cn",
            "cloudformation-custom-resource-response.s3.eusc-de-east-1.amazonaws.eu",
        ] {
            assert!(parse(&format!("https://{host}/a?X-Amz-Signature=b")).is_ok());
        }
    }

    #[test]
    fn other_hosts_and_plain_http_are_refused_by_name_and_without_the_query() {
        let refused = |url: &str| parse(url).unwrap_err();
        for url in [
            "https://example.com/?X-Amz-Signature=s3cret",
            "https://amazonaws.com.example.com/?X-Amz-Signature=s3cret",
            "https://s3.amazonaws.com@example.com/?X-Amz-Signature=s3cret",
            "https://fake-amazonaws.com/?X-Amz-Signature=s3cret",
        ] {
            let reason = refused(url);
            assert!(reason.contains("which is not an AWS host"), "{reason}");
            assert!(!reason.contains("s3cret"), "{reason}");
        }
        assert_eq!(
            refused("http://s3.amazonaws.com/?X-Amz-Signature=s3cret"),
            "the ResponseURL must use https; add its host to RESPONSE_URL_HOSTS to allow plain http"
        );
        assert_eq!(
            refused("nonsense"),
            "the ResponseURL is not a URL: relative URL without a base"
        );
    }

    #[test]
    fn allowed_hosts_may_be_plain() {
        assert!(parse("http://localhost:4566/cfn-response/1").is_ok());
        assert!(parse("https://emulator.test/1").is_ok());
        assert!(parse("http://emulator.test:8080/1").is_ok());
        assert!(parse("http://localhost:4567/1").is_err());
        assert!(parse("ftp://emulator.test/1").is_err());
    }

    #[test]
    fn the_signature_tells_when_the_request_was_issued() {
        const ISSUED: i64 = 1_795_330_800;
        let issued = |query: &str, now| {
            let url = format!("https://s3.amazonaws.com/a?{query}");
            parse(&url).unwrap().issued_at(now)
        };
        let date =
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20261122T070000Z&X-Amz-Expires=7200";
        assert_eq!(issued(date, 0), Some(ISSUED));
        assert_eq!(issued("X-Amz-Date=yesterday", ISSUED), None);

        let older = "AWSAccessKeyId=A&Expires=1795338000&Signature=s";
        for (now, expected) in [
            (ISSUED, Some(ISSUED)),
            (ISSUED + 60, Some(ISSUED)),
            (ISSUED + 7_200, Some(ISSUED)),
            (ISSUED - 60, Some(ISSUED)),
            // Expired, or of another lifetime.
            (ISSUED + 7_201, None),
            (ISSUED - 61, None),
        ] {
            assert_eq!(issued(older, now), expected);
        }
        assert_eq!(issued("Expires=soon", ISSUED), None);
    }

    #[test]
    fn a_redirect_keeps_path_and_query_and_stays_within_the_allowed_hosts() {
        let url = parse("https://bucket.s3.amazonaws.com/a%3Ab?X-Amz-Signature=c%2Fd").unwrap();
        let at = |location| url.at(location).map(|url| url.to_string());
        assert_eq!(
            at("https://bucket.s3-us-west-2.amazonaws.com/other?query").as_deref(),
            Some("https://bucket.s3-us-west-2.amazonaws.com/a%3Ab?X-Amz-Signature=c%2Fd")
        );
        for elsewhere in [
            "https://example.com/",
            "http://bucket.s3-us-west-2.amazonaws.com/",
            "//example.com/",
            "https://",
        ] {
            assert_eq!(at(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn debug_shows_the_host_and_nothing_else() {
        let url = parse("https://s3.amazonaws.com/path?X-Amz-Signature=s3cret").unwrap();
        assert_eq!(format!("{url:?}"), "s3.amazonaws.com");
    }
}
