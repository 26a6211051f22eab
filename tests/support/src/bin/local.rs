//! What the events of `events/` need: their user pool, their secret and their response URL, on port
//! 9100.

#![expect(clippy::print_stdout, reason = "to be watched in a terminal")]

use std::{future::ready, net::TcpListener, process::ExitCode};

use cfn_cognito_idp_support::{
    cognito,
    http::{Reply, Server},
    stores,
};
use hyper::Method;
use serde_json::Value;

/// As in the `ResponseURL` of the events.
const PORT: u16 = 9100;
/// As in the properties of the events.
const POOL: &str = "us-east-1_Example01";
/// As in their sources.
const SECRET: (&str, &str) = ("supplier", r#"{"client_secret": "supplier-example"}"#);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if let Err(error) = TcpListener::bind(("127.0.0.1", PORT)) {
        println!("port {PORT} cannot be used: {error}");
        return ExitCode::FAILURE;
    }
    let cognito = cognito::handler(&[POOL]);
    let stores = stores::handler(&[SECRET]);
    let _server = Server::start_on(PORT, move |request| {
        if request.method() != Method::PUT {
            let target = request.headers().get("x-amz-target");
            let is_stores = target.is_some_and(|target| target == "secretsmanager.GetSecretValue");
            return if is_stores {
                stores(request)
            } else {
                cognito(request)
            };
        }
        let answer: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        println!("CloudFormation would be told: {answer:#}");
        ready(Reply::status(200, ""))
    })
    .await;
    println!(
        "user pool {POOL}, secret {} and the response URL of events/ on http://localhost:{PORT}",
        SECRET.0
    );
    std::future::pending().await
}
