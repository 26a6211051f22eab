//! A region of AWS under its own names: Cognito, the bucket for answers, buckets for metadata and SSM
//! over TLS, reached by a proxy.

use std::{fs, path::PathBuf};

use crate::{
    cognito::Cognito, events, http::Server, proxy::Proxy, responses::Responses, stores::Stores,
};

/// Cognito's host in `eu-west-1`.
pub const COGNITO: &str = "cognito-idp.eu-west-1.amazonaws.com";
/// The host of CloudFormation's bucket in `eu-west-1`.
pub const BUCKET: &str =
    "cloudformation-custom-resource-response-euwest1.s3-eu-west-1.amazonaws.com";
/// The host of the bucket `meta` in `eu-west-1`.
pub const META: &str = "meta.s3.eu-west-1.amazonaws.com";
/// The host of the bucket `far` in `eu-west-1`, where it is not.
pub const FAR: &str = "far.s3.eu-west-1.amazonaws.com";
/// The host of the bucket `far` in `us-west-2`, where it is.
pub const FAR_HOME: &str = "far.s3.us-west-2.amazonaws.com";
/// The host of the access point `corp` of the account `123456789012` in `ap-south-2`.
pub const ACCESS_POINT: &str = "corp-123456789012.s3-accesspoint.ap-south-2.amazonaws.com";
/// SSM's host in `eu-west-1`.
pub const SSM: &str = "ssm.eu-west-1.amazonaws.com";

/// `eu-west-1`.
#[derive(Debug)]
pub struct Region {
    /// Cognito, with the pools that were asked for.
    pub cognito: Cognito,
    /// The bucket for answers.
    pub responses: Responses,
    /// The buckets `meta` and `far`, the access point, and SSM.
    pub stores: Stores,
    /// The way to all of them.
    pub proxy: Proxy,
    roots: PathBuf,
}

impl Region {
    /// Starts all of it.
    pub async fn start(pools: &[&str]) -> Self {
        let cognito = Cognito::start_tls(pools, COGNITO).await;
        let responses = Responses::start_tls(BUCKET).await;
        let of_stores = [META, FAR, FAR_HOME, ACCESS_POINT, SSM];
        let stores = Stores::start_tls(&of_stores).await;
        stores.put_bucket("far", "us-west-2");
        let servers = [cognito.server(), responses.server(), stores.server()];
        let of_stores = of_stores.map(|name| (name, stores.server().port()));
        let mut hosts = vec![
            (COGNITO, cognito.server().port()),
            (BUCKET, responses.server().port()),
        ];
        hosts.extend(of_stores);
        let proxy = Proxy::start(&hosts).await;
        let roots = std::env::temp_dir().join(format!("roots-{}.pem", cognito.server().port()));
        let certificates = servers.map(Server::certificate);
        fs::write(&roots, certificates.concat()).expect("a file can be written");
        Self {
            cognito,
            responses,
            stores,
            proxy,
            roots,
        }
    }

    /// What a function needs in its environment to be there.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("HTTPS_PROXY", self.proxy.url()),
            ("AWS_CA_BUNDLE", self.roots.display().to_string()),
        ]
    }

    /// A response URL as of now.
    pub fn url(&self) -> String {
        let url = self.responses.url(Some(&events::amz_date(0)));
        url.replace(&self.responses.server().url(), &format!("https://{BUCKET}"))
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // A temporary file that is left behind does no harm.
        let _ = fs::remove_file(&self.roots);
    }
}
