//! An HTTP proxy, for TLS to servers that go by the names of others.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A running proxy. It ends when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    task: JoinHandle<()>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts one that knows these hosts, by their ports on the loopback interface, and refuses
    /// all others.
    pub async fn start(hosts: &[(&str, u16)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let hosts = hosts
            .iter()
            .map(|(host, port)| (format!("{host}:443"), *port));
        let hosts: Arc<HashMap<String, u16>> = Arc::new(hosts.collect());
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (hosts, log) = (Arc::clone(&hosts), Arc::clone(&log));
                // A client that goes away is not this proxy's concern.
                tokio::spawn(async move { tunnel(stream, &hosts, &log).await });
            }
        });
        Self {
            address,
            task,
            asked,
        }
    }

    /// `HTTPS_PROXY`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Whom it was asked for, as `host:port`, each time.
    pub fn asked(&self) -> Vec<String> {
        self.asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn tunnel(
    stream: TcpStream,
    hosts: &HashMap<String, u16>,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(());
        }
    }
    // CONNECT host:port HTTP/1.1
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let port = hosts.get(&target).copied();
    log.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(target);
    let Some(port) = port else {
        return stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    };
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    server.set_nodelay(true)?;
    stream.get_ref().set_nodelay(true)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut server).await?;
    Ok(())
}
