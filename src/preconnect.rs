//! Work that is done ahead of the first event.
//!
//! Until a function asks for its first event, Lambda runs it at full speed; from then on it gets
//! the share of a CPU that its memory size buys, a fourteenth at 128 MB. Opening a TLS connection
//! costs about as much as all of an event.

use std::time::Duration;

use aws_sdk_cognitoidentityprovider::config::endpoint::{
    DefaultResolver, Params, ResolveEndpoint as _,
};
use futures_util::future::join_all;
use reqwest::Client;
use tokio::time::timeout;

use crate::error::chain;

/// How long the start waits for connections. In the region, one is there in about ten
/// milliseconds; where nothing is reached, a VPC without a route, say, this is what it costs.
const PATIENCE: Duration = Duration::from_millis(50);

/// Opens the connections that the first event will want.
///
/// They go to Cognito, and to the bucket that CloudFormation has its answers put into. The event
/// may want others, and what cannot be opened in time goes on in the background or fails there.
pub async fn connect(client: &Client, region: &str) {
    let Some(host) = cognito(region).await else {
        return;
    };
    let bucket = domain(region, &host).map(|domain| response_bucket(region, domain));
    let hosts = [bucket, Some(host)];
    let connections = hosts.into_iter().flatten().map(|host| {
        let request = client.head(format!("https://{host}/")).send();
        tokio::spawn(async move {
            // Whatever it answers, the connection is open.
            if let Err(error) = request.await {
                let error = chain(&error.without_url());
                tracing::debug!(host, error, "no connection ahead of the first event");
            }
        })
    });
    // On either end of the wait, the tasks are left to themselves.
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
