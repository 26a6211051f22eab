//! Work that is done ahead of the first event.
//!
//! Until a function asks for its first event, Lambda runs it at full speed; from then on it gets
//! the share of a CPU that its memory size buys, a fourteenth at 128 MB. Opening a TLS connection
//! costs about as much as all of an event.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Client;
use tokio::time::timeout;

use crate::{error::chain, hosts};

/// How long the start waits for connections. In the region, one is there in about ten
/// milliseconds; where nothing is reached, a VPC without a route, say, this is what it costs.
const PATIENCE: Duration = Duration::from_millis(50);

/// Opens the connections that the first event will want.
///
/// They go to Cognito, and to the bucket that CloudFormation has its answers put into. The event
/// may want others, and what cannot be opened in time goes on in the background or fails there.
pub async fn connect(client: &Client, region: &str) {
    let Some(host) = hosts::cognito(region).await else {
        return;
    };
    let bucket = hosts::domain(region, &host).map(|domain| hosts::response_bucket(region, domain));
    let hosts = [bucket, Some(host)];
    let connections = hosts.into_iter().flatten().map(|host| {
        let request = client.head(format!("https://{host}/")).send();
        tokio::spawn(async move {
            // Whatever it answers, the connection is open.
            if let Err(error) = request.await {
                let error = chain(&error.without_url());
                tracing::debug!(host, error, "no connection ahead of the first event");
            }
        })
    });
    // On either end of the wait, the tasks are left to themselves.
    let _ = timeout(PATIENCE, join_all(connections)).await;
}
