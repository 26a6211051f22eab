//! What the events of `events/` need: their user pool and their response URL, on port 9100.

#![expect(clippy::print_stdout, reason = "to be watched in a terminal")]

use std::future::ready;

use cfn_cognito_idp_support::{
    cognito,
    http::{Reply, Server},
};
use hyper::Method;
use serde_json::Value;

/// As in the `ResponseURL` of the events.
const PORT: u16 = 9100;
/// As in the properties of the events.
const POOL: &str = "us-east-1_Example01";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let cognito = cognito::handler(&[POOL]);
    let _server = Server::start_on(PORT, move |request| {
        if request.method() != Method::PUT {
            return cognito(request);
        }
        let answer: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        println!("CloudFormation would be told: {answer:#}");
        ready(Reply::status(200, ""))
    })
    .await;
    println!("user pool {POOL} and the response URL of events/ on http://localhost:{PORT}");
    std::future::pending::<()>().await;
}
