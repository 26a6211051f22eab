//! Host names of AWS services in all partitions.

use aws_config::SdkConfig;
use aws_sdk_cognitoidentityprovider::config::endpoint::{
    DefaultResolver, Params, ResolveEndpoint as _,
};

/// The domains of AWS's partitions, with the domains of their dual-stack hosts.
const DOMAINS: [(&str, &str); 7] = [
    ("amazonaws.com", "api.aws"),
    ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
    ("amazonaws.eu", "api.amazonwebservices.eu"),
    ("c2s.ic.gov", "api.aws.ic.gov"),
    ("sc2s.sgov.gov", "api.aws.scloud"),
    ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
    ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
];

/// Returns Cognito's host in a region, by the SDK's own rules.
pub(crate) async fn cognito(region: &str) -> Option<String> {
    let parameters = Params::builder().region(region).build().ok()?;
    let endpoint = DefaultResolver::new().resolve_endpoint(&parameters).await;
    let host = endpoint.ok()?.url().strip_prefix("https://")?.to_owned();
    Some(host)
}

/// Returns the domain of a region's partition, such as `amazonaws.com`, from Cognito's host.
pub(crate) fn domain<'a>(region: &str, cognito: &'a str) -> Option<&'a str> {
    cognito
        .strip_prefix("cognito-idp.")?
        .strip_prefix(region)?
        .strip_prefix('.')
}

/// Returns the host of CloudFormation's bucket for responses in a region.
pub(crate) fn response_bucket(region: &str, domain: &str) -> String {
    /// The regions whose URLs use the older form of S3 hosts.
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

/// The hosts of services in a region.
#[derive(Debug, Clone)]
pub(crate) struct Hosts {
    region: String,
    domain: String,
    fips: bool,
    dual_stack: bool,
}

impl Hosts {
    /// Returns the hosts for a configuration's region, with FIPS or dual-stack if configured.
    pub(crate) async fn of(sdk: &SdkConfig) -> Self {
        let region = sdk.region().map_or("us-east-1", AsRef::as_ref);
        let cognito = cognito(region).await.unwrap_or_default();
        Self {
            region: region.to_owned(),
            domain: domain(region, &cognito).unwrap_or(DOMAINS[0].0).to_owned(),
            fips: sdk.use_fips().unwrap_or_default(),
            dual_stack: sdk.use_dual_stack().unwrap_or_default(),
        }
    }

    /// Returns S3's host.
    pub(crate) fn s3(&self) -> String {
        let service = if self.fips { "s3-fips" } else { "s3" };
        let stack = if self.dual_stack { ".dualstack" } else { "" };
        format!("{service}{stack}.{}.{}", self.region, self.domain)
    }

    /// Returns CloudFormation's host without FIPS, because it has a FIPS host only in some regions.
    pub(crate) fn cloudformation(&self) -> String {
        format!("cloudformation.{}.{}", self.region, self.domain)
    }

    /// Returns SSM's host.
    pub(crate) fn ssm(&self) -> String {
        // All plain hosts in GovCloud support FIPS.
        let is_plain = self.region.starts_with("us-gov-") && !self.dual_stack;
        let service = if self.fips && !is_plain {
            "ssm-fips"
        } else {
            "ssm"
        };
        let dual_stack = DOMAINS.iter().find(|(domain, _)| *domain == self.domain);
        let domain = match dual_stack {
            Some((_, dual_stack)) if self.dual_stack => dual_stack,
            _ => self.domain.as_str(),
        };
        format!("{service}.{}.{domain}", self.region)
    }
}

#[cfg(test)]
mod tests {
    use aws_config::Region;

    use super::*;

    async fn hosts(region: &'static str, fips: bool, dual_stack: bool) -> Hosts {
        let sdk = SdkConfig::builder().region(Region::new(region));
        let sdk = sdk.use_fips(fips).use_dual_stack(dual_stack).build();
        Hosts::of(&sdk).await
    }

    #[tokio::test]
    async fn services_have_hosts_of_each_kind_in_every_partition() {
        let plain = hosts("eu-west-1", false, false).await;
        assert_eq!(plain.s3(), "s3.eu-west-1.amazonaws.com");
        assert_eq!(plain.ssm(), "ssm.eu-west-1.amazonaws.com");
        assert_eq!(
            plain.cloudformation(),
            "cloudformation.eu-west-1.amazonaws.com"
        );
        let china = hosts("cn-north-1", false, false).await;
        assert_eq!(china.s3(), "s3.cn-north-1.amazonaws.com.cn");
        assert_eq!(china.ssm(), "ssm.cn-north-1.amazonaws.com.cn");
        let fips = hosts("us-east-1", true, false).await;
        assert_eq!(fips.s3(), "s3-fips.us-east-1.amazonaws.com");
        assert_eq!(fips.ssm(), "ssm-fips.us-east-1.amazonaws.com");
        let gov = hosts("us-gov-west-1", true, false).await;
        assert_eq!(gov.ssm(), "ssm.us-gov-west-1.amazonaws.com");
        let dual_stack = hosts("eusc-de-east-1", false, true).await;
        assert_eq!(dual_stack.s3(), "s3.dualstack.eusc-de-east-1.amazonaws.eu");
        assert_eq!(
            dual_stack.ssm(),
            "ssm.eusc-de-east-1.api.amazonwebservices.eu"
        );
        let both = hosts("us-west-2", true, true).await;
        assert_eq!(both.s3(), "s3-fips.dualstack.us-west-2.amazonaws.com");
        assert_eq!(both.ssm(), "ssm-fips.us-west-2.api.aws");
    }

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
