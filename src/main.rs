//! The executable of the Lambda function.

use std::process::ExitCode;

use cfn_cognito_idp::{error::chain, logging, run};

/// Runs the function on one thread: Lambda sends one event at a time, and most of the work is
/// waiting for the network.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == "--version")
    {
        #[expect(clippy::print_stdout, reason = "it is asked for")]
        {
            println!("cfn-cognito-idp {}", env!("CARGO_PKG_VERSION"));
        }
        return ExitCode::SUCCESS;
    }
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        eprintln!(
            "cfn-cognito-idp {} is the AWS Lambda handler of the CloudFormation resource type \
             Custom::CognitoIdentityProvider; to run it here, use `cargo lambda watch` and \
             `cargo lambda invoke`",
            env!("CARGO_PKG_VERSION")
        );
        return ExitCode::from(2);
    }
    logging::init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(
                error = chain(&*error),
                "cannot serve the Lambda Runtime API"
            );
            ExitCode::FAILURE
        }
    }
}
