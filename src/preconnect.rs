//! Opens connections before the first event.
//!
//! Lambda runs a function at full speed until it asks for its first event. After that it gets a CPU
//! share by memory size: a fourteenth at 128 MB. Opening a TLS connection costs about as much CPU
//! time as an event.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Client;
use tokio::time::timeout;

use crate::{error::chain, hosts};

/// The time that the start waits for connections. A connection within the region takes about ten
/// milliseconds; without a network route, the start takes this much longer.
const PATIENCE: Duration = Duration::from_millis(50);

/// Opens the connections that the first event will need.
///
/// They lead to Cognito and to CloudFormation's bucket for responses. The event may need others. A
/// connection that is not open in time continues or fails in the background.
pub async fn connect(client: &Client, region: &str) {
    let Some(host) = hosts::cognito(region).await else {
        return;
    };
    let bucket = hosts::domain(region, &host).map(|domain| hosts::response_bucket(region, domain));
    let hosts = [bucket, Some(host)];
    let connections = hosts.into_iter().flatten().map(|host| {
        let request = client.head(format!("https://{host}/")).send();
        tokio::spawn(async move {
            // Any response means that the connection is open.
            if let Err(error) = request.await {
                let error = chain(&error.without_url());
                tracing::debug!(host, error, "could not connect before the first event");
            }
        })
    });
    // After the wait, the tasks continue in the background.
    let _ = timeout(PATIENCE, join_all(connections)).await;
}
