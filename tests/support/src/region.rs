//! A region of AWS under its own names: Cognito, the bucket for answers, one for metadata and SSM over
//! TLS, reached by a proxy.

use std::{fs, path::PathBuf};

use crate::{cognito::Cognito, events, proxy::Proxy, responses::Responses, stores::Stores};

/// Cognito's host in `eu-west-1`.
pub const COGNITO: &str = "cognito-idp.eu-west-1.amazonaws.com";
/// The host of CloudFormation's bucket in `eu-west-1`.
pub const BUCKET: &str =
    "cloudformation-custom-resource-response-euwest1.s3-eu-west-1.amazonaws.com";
/// The host of the bucket `meta` in `eu-west-1`.
pub const META: &str = "meta.s3.eu-west-1.amazonaws.com";

/// SSM's host in `eu-west-1`.
pub const SSM: &str = "ssm.eu-west-1.amazonaws.com";

/// `eu-west-1`.
#[derive(Debug)]
pub struct Region {
    /// Cognito, with the pools that were asked for.
    pub cognito: Cognito,
    /// The bucket for answers.
    pub responses: Responses,
    /// The bucket `meta`, and SSM.
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
        let stores = Stores::start_tls(&[META, SSM]).await;
        let hosts = [
            (COGNITO, cognito.server()),
            (BUCKET, responses.server()),
            (META, stores.server()),
            (SSM, stores.server()),
        ];
        let proxy = Proxy::start(&hosts.map(|(name, server)| (name, server.port()))).await;
        let roots = std::env::temp_dir().join(format!("roots-{}.pem", cognito.server().port()));
        let certificates = hosts.map(|(_, server)| server.certificate());
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
