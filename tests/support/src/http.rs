//! An HTTP/1.1 server on a free port whose handler may also reset the connection or hang.

use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, pki_types::PrivatePkcs8KeyDer},
};

/// What becomes of a request.
#[derive(Debug)]
pub enum Reply {
    /// It is answered.
    Answer(Response<Full<Bytes>>),
    /// It is answered after that time.
    Late(Duration, Response<Full<Bytes>>),
    /// The connection is reset.
    Reset,
    /// Nothing ever comes.
    Hang,
}

impl Reply {
    /// An answer with that status and body.
    pub fn status(status: u16, body: impl Into<Bytes>) -> Self {
        Self::Answer(
            Response::builder()
                .status(status)
                .body(Full::new(body.into()))
                .expect("a status and a body make a response"),
        )
    }

    /// The same answer with another header.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Answer(response) | Self::Late(_, response) = &mut self {
            let value = value.parse().expect("the value of a header");
            response.headers_mut().insert(name, value);
        }
        self
    }
}

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
    certificate: Option<String>,
    answered: watch::Receiver<usize>,
}

impl Server {
    /// Serves on a free port of the loopback interface.
    pub async fn start<H, F>(handler: H) -> Self
    where
        H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        Self::serve(0, handler, None, None).await
    }

    /// Serves on that port.
    pub async fn start_on<H, F>(port: u16, handler: H) -> Self
    where
        H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        Self::serve(port, handler, None, None).await
    }

    /// The same over TLS, by those names, with a certificate of its own making.
    pub async fn start_tls<H, F>(names: &[&str], handler: H) -> Self
    where
        H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).expect("a self-signed certificate");
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring supports the default protocol versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .expect("a certificate and its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Self::serve(0, handler, Some(acceptor), Some(made.cert.pem())).await
    }

    async fn serve<H, F>(
        port: u16,
        handler: H,
        tls: Option<TlsAcceptor>,
        certificate: Option<String>,
    ) -> Self
    where
        H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .unwrap_or_else(|error| panic!("port {port}: {error}"));
        let address = listener.local_addr().expect("a bound address");
        let handler = Arc::new(handler);
        let (count, answered) = watch::channel(0);
        let count = Arc::new(count);
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    continue;
                };
                // Dropped before its answer, the connection is reset and not closed politely.
                stream.set_zero_linger().expect("a live socket");
                stream.set_nodelay(true).expect("a live socket");
                let handler = Arc::clone(&handler);
                let tls = tls.clone();
                let count = Arc::clone(&count);
                tokio::spawn(async move {
                    let service = service_fn(async |request| {
                        let reply = reply(&*handler, request).await;
                        count.send_modify(|count| *count += 1);
                        reply
                    });
                    let http = http1::Builder::new();
                    // A client that goes away is not this server's concern.
                    if let Some(tls) = tls {
                        if let Ok(stream) = tls.accept(stream).await {
                            let _ = http.serve_connection(TokioIo::new(stream), service).await;
                        }
                    } else {
                        let _ = http.serve_connection(TokioIo::new(stream), service).await;
                    }
                });
            }
        });
        Self {
            address,
            task,
            certificate,
            answered,
        }
    }

    /// Waits until a request was answered.
    pub async fn has_answered(&self) {
        let mut answered = self.answered.clone();
        let waited = answered.wait_for(|count| *count > 0).await;
        waited.expect("a running server");
    }

    /// The certificate of a server with TLS, in PEM.
    pub fn certificate(&self) -> &str {
        self.certificate.as_deref().expect("a server with TLS")
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// `host:port`.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// `http://host:port`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Ends the connection without an answer.
#[derive(Debug)]
struct Reset;

impl std::fmt::Display for Reset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("reset on purpose")
    }
}

impl std::error::Error for Reset {}

async fn reply<H, F>(
    handler: &H,
    request: Request<hyper::body::Incoming>,
) -> Result<Response<Full<Bytes>>, Reset>
where
    H: Fn(Request<Bytes>) -> F,
    F: Future<Output = Reply>,
{
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Reset)?.to_bytes();
    match handler(Request::from_parts(parts, body)).await {
        Reply::Answer(response) => Ok(response),
        Reply::Late(time, response) => {
            tokio::time::sleep(time).await;
            Ok(response)
        }
        Reply::Reset => Err(Reset),
        Reply::Hang => {
            std::future::pending::<Infallible>().await;
            Err(Reset)
        }
    }
}
