//! Opens connections before the first event.
//!
//! Lambda runs a function at full speed until it asks for its first event. After that it gets a CPU
//! share by memory size: a fourteenth at 128 MB. Opening a TLS connection costs about as much CPU
//! time as an event.

use std::time::Duration;

use aws_sdk_cognitoidentityprovider::config::endpoint::{
    DefaultResolver, Params, ResolveEndpoint as _,
};
use futures_util::future::join_all;
use reqwest::Client;
use tokio::time::timeout;

use crate::error::chain;

/// The time that the start waits for connections. A connection within the region takes about ten
/// milliseconds; without a network route, the start takes this much longer.
const PATIENCE: Duration = Duration::from_millis(50);

/// Opens the connections that the first event will need.
///
/// They lead to Cognito and to CloudFormation's bucket for responses. The event may need others. A
/// connection that is not open in time continues or fails in the background.
pub async fn connect(client: &Client, region: &str) {
    let Some(host) = cognito(region).await else {
        return;
    };
    let bucket = domain(region, &host).map(|domain| response_bucket(region, domain));
    let hosts = [bucket, Some(host)];
    let connections = hosts.into_iter().flatten().map(|host| {
        let request = client.head(format!("https://{host}/")).send();
        tokio::spawn(async move {
            // Any response means that the connection is open.
            if let Err(error) = request.await {
                let error = chain(&error.without_url());
                tracing::debug!(host, error, "could not connect before the first event");
            }
        })
    });
    // After the wait, the tasks continue in the background.
    let _ = timeout(PATIENCE, join_all(connections)).await;
}

/// Returns Cognito's host in that region, by the SDK's own rules.
async fn cognito(region: &str) -> Option<String> {
    let parameters = Params::builder().region(region).build().ok()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&parameters).await;
    let host = endpoint.ok()?.url().strip_prefix("https://")?.to_owned();
    Some(host)
}

/// Returns the domain of that region's partition, such as `amazonaws.com`, as Cognito's host shows
/// it.
fn domain<'a>(region: &str, cognito: &'a str) -> Option<&'a str> {
    cognito
        .strip_prefix("cognito-idp.")?
        .strip_prefix(region)?
        .strip_prefix('.')
}

/// Returns the host of the bucket that CloudFormation has its answers put into, in that region.
fn response_bucket(region: &str, domain: &str) -> String {
    /// Regions whose URLs have the older form of S3's hosts.
    const DASHED: [&str; 8] = [
        "ap-northeast-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-west-1",
        "sa-east-1",
        "us-gov-west-1",
        "us-west-1",
        "us-west-2",
    ];
    let s3 = match region {
        "us-east-1" => "s3".to_owned(),
        _ if DASHED.contains(&region) => format!("s3-{region}"),
        _ => format!("s3.{region}"),
    };
    let name = region.replace('-', "");
    format!("cloudformation-custom-resource-response-{name}.{s3}.{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_hosts_of_a_region_are_those_of_its_urls() {
        let cases = [
            ("us-east-1", "amazonaws.com", "useast1.s3.amazonaws.com"),
            (
                "eu-west-1",
                "amazonaws.com",
                "euwest1.s3-eu-west-1.amazonaws.com",
            ),
            (
                "eu-central-1",
                "amazonaws.com",
                "eucentral1.s3.eu-central-1.amazonaws.com",
            ),
            (
                "cn-north-1",
                "amazonaws.com.cn",
                "cnnorth1.s3.cn-north-1.amazonaws.com.cn",
            ),
        ];
        for (region, expected, bucket) in cases {
            let cognito = cognito(region).await.unwrap();
            let domain = domain(region, &cognito).unwrap();
            assert_eq!(domain, expected);
            assert_eq!(
                response_bucket(region, domain),
                format!("cloudformation-custom-resource-response-{bucket}")
            );
        }
    }
}
