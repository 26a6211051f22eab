//! The HTTP client that the PUT and the SDK share, with one TLS stack, one set of trust roots and
//! one connection pool.

use std::{error::Error, path::Path, sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use reqwest::{Client, header::CONTENT_LENGTH, redirect};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::error::chain;

/// The timeout of a connection. After it, the attempt is retried.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The idle timeout of a connection, below AWS's own. A connection that AWS closed while the
/// function was frozen costs an attempt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// The most bytes to read of a response body, more than any response has. The longest describes a
/// provider with a `MetadataFile` of 131,072 characters, each escaped in JSON.
const BODY_MAX: usize = 8 << 20;

/// Returns Mozilla's compiled-in roots and those of a PEM file, if given. If the file cannot be
/// used, returns the compiled-in roots and the error.
pub fn roots(ca_bundle: Option<&Path>) -> (RootCertStore, Option<String>) {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let problem = ca_bundle.and_then(|path| add_roots(&mut roots, path).err());
    (roots, problem)
}

/// Creates a client that trusts these roots.
///
/// # Errors
/// Returns an error if TLS cannot be set up, which would be a bug in this build.
pub fn client(roots: RootCertStore) -> Result<Client, Box<dyn Error + Send + Sync>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        // A presigned URL is valid for one host, and the SDK does not follow redirects either.
        .redirect(redirect::Policy::none())
        .build()?;
    Ok(client)
}

fn add_roots(roots: &mut RootCertStore, path: &Path) -> Result<(), String> {
    let unreadable = |error: &dyn Error| format!("{}: {}", path.display(), chain(error));
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    Ok(())
}

/// The client as an SDK HTTP client.
///
/// The SDK has its own connector on the same hyper and rustls. This one avoids a second connection
/// pool, a second TLS configuration and HTTP/2, which nothing here needs.
#[derive(Debug, Clone)]
pub struct SdkHttpClient(pub Client);

impl HttpClient for SdkHttpClient {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for SdkHttpClient {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = convert(request).map_err(ConnectorError::user)?;
            let mut response = client.execute(request).await.map_err(classify)?;
            let status = response.status();
            let mut headers = response.headers().clone();
            // The body may be truncated, and then its length header would be wrong.
            headers.remove(CONTENT_LENGTH);
            let mut body = Vec::new();
            while body.len() <= BODY_MAX
                && let Some(chunk) = response.chunk().await.map_err(classify)?
            {
                body.extend_from_slice(&chunk);
            }
            let mut response = http::Response::new(SdkBody::from(body));
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            HttpResponse::try_from(response).map_err(|error| ConnectorError::user(error.into()))
        })
    }
}

fn convert(request: HttpRequest) -> Result<reqwest::Request, Box<dyn Error + Send + Sync>> {
    let (parts, body) = request.try_into_http1x()?.into_parts();
    let body = body.bytes().ok_or("a streaming request body")?.to_vec();
    Ok(http::Request::from_parts(parts, body).try_into()?)
}

fn classify(error: reqwest::Error) -> ConnectorError {
    let error = error.without_url();
    if error.is_connect() {
        ConnectorError::io(error.into()).never_connected()
    } else if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else {
        ConnectorError::io(error.into())
    }
}
