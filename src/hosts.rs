//! The names of AWS's hosts, in every partition.

use aws_sdk_cognitoidentityprovider::config::endpoint::{
    DefaultResolver, Params, ResolveEndpoint as _,
};

/// Cognito's host in that region, by the SDK's own rules.
pub async fn cognito(region: &str) -> Option<String> {
    let parameters = Params::builder().region(region).build().ok()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&parameters).await;
    let host = endpoint.ok()?.url().strip_prefix("https://")?.to_owned();
    Some(host)
}

/// The domain of that region's partition, such as `amazonaws.com`, as Cognito's host shows it.
pub fn domain<'a>(region: &str, cognito: &'a str) -> Option<&'a str> {
    cognito
        .strip_prefix("cognito-idp.")?
        .strip_prefix(region)?
        .strip_prefix('.')
}

/// The host of the bucket that CloudFormation has its answers put into, in that region.
pub fn response_bucket(region: &str, domain: &str) -> String {
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

/// S3's host in that region.
pub fn s3(region: &str, domain: &str, fips: bool, dual_stack: bool) -> String {
    let service = if fips { "s3-fips" } else { "s3" };
    let stack = if dual_stack { ".dualstack" } else { "" };
    format!("{service}{stack}.{region}.{domain}")
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
