//! The one HTTP client, for the PUT and, as its connector, for the SDK: one TLS stack, one set of
//! trust roots, one connection pool.

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

/// A host that does not take a connection within this time is tried again rather than waited for.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Below what AWS keeps an idle connection for. A connection that the other side has closed while
/// the function was frozen costs an attempt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// What is read of an answer: more than any has. The longest is a provider with a `MetadataFile` of
/// 131,072 characters of which JSON escapes each.
const BODY_MAX: usize = 8 << 20;

/// Mozilla's roots, which are compiled in, and those of a PEM file if there is one. A file that
/// cannot be used leaves the compiled-in roots to go on with, and comes back as the reason.
pub fn roots(ca_bundle: Option<&Path>) -> (RootCertStore, Option<String>) {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let problem = ca_bundle.and_then(|path| add_roots(&mut roots, path).err());
    (roots, problem)
}

/// A client that trusts these roots.
///
/// # Errors
/// When TLS cannot be set up, which is a mistake in this build.
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
        // A presigned URL is for one host, and the SDK follows none either.
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

/// The client in the shape in which the SDK takes one.
///
/// The SDK brings a connector of its own on the same hyper and rustls; this one saves a second
/// connection pool, a second TLS configuration and HTTP/2, which nothing here needs.
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
            // It tells of what may not be read to its end.
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
