//! A region of AWS under its own names: Cognito and the bucket for answers over TLS, reached by a
//! proxy.

use std::{fs, path::PathBuf};

use crate::{cognito::Cognito, events, proxy::Proxy, responses::Responses};

/// Cognito's host in `eu-west-1`.
pub const COGNITO: &str = "cognito-idp.eu-west-1.amazonaws.com";
/// The host of CloudFormation's bucket in `eu-west-1`.
pub const BUCKET: &str =
    "cloudformation-custom-resource-response-euwest1.s3-eu-west-1.amazonaws.com";

/// `eu-west-1`.
#[derive(Debug)]
pub struct Region {
    /// Cognito, with the pools that were asked for.
    pub cognito: Cognito,
    /// The bucket for answers.
    pub responses: Responses,
    /// The way to both.
    pub proxy: Proxy,
    roots: PathBuf,
}

impl Region {
    /// Starts all of it.
    pub async fn start(pools: &[&str]) -> Self {
        let cognito = Cognito::start_tls(pools, COGNITO).await;
        let responses = Responses::start_tls(BUCKET).await;
        let ports = [cognito.server().port(), responses.server().port()];
        let proxy = Proxy::start(&[(COGNITO, ports[0]), (BUCKET, ports[1])]).await;
        let roots = std::env::temp_dir().join(format!("roots-{}.pem", ports[0]));
        let certificates = [&cognito.server(), &responses.server()].map(|of| of.certificate());
        fs::write(&roots, certificates.concat()).expect("a file can be written");
        Self {
            cognito,
            responses,
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
