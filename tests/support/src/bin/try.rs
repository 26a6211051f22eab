//! `make try`: starts a built function and sends it one Create, over TLS, as CloudFormation and
//! Lambda do. For executables that the tests do not build: the packaged ones, and those for another
//! processor, which qemu runs.

#![expect(clippy::print_stdout, reason = "a report for a terminal")]

use std::{env, process::ExitCode, time::Duration};

use cfn_cognito_idp_support::{
    events,
    lambda::{Ended, Function},
    region::Region,
};
use tokio::process::Command;

const POOL: &str = "eu-west-1_Pool";
/// Long enough for an emulated processor.
const TIME: Duration = Duration::from_mins(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        println!("usage: try COMMAND...");
        return ExitCode::from(2);
    };
    let mut command = Command::new(program);
    command.args(arguments);
    let region = Region::start(&[POOL]).await;
    let mut function = Function::start_command(command, &region.environment()).await;
    let event = events::create(&region.url(), &events::provider(POOL, "Corp"));
    let ended = tokio::select! {
        ended = function.invoke(&event, TIME) => Some(ended),
        () = tokio::time::sleep(TIME) => None,
    };
    function.kill().await;
    let answered = match &ended {
        Some(Ended::Returned(answer)) => answer.get("Status").is_some_and(|it| it == "SUCCESS"),
        _ => false,
    };
    let puts = region.responses.puts().len();
    if answered && puts == 1 && region.cognito.names(POOL) == ["Corp"] {
        println!("it created a provider and answered CloudFormation");
        return ExitCode::SUCCESS;
    }
    println!("it did not create a provider: {ended:?}, {puts} answers");
    println!("{}", function.log().text());
    ExitCode::FAILURE
}
