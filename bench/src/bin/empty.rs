//! A Lambda function that does nothing: the least that any function on this runtime takes.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let nothing = async |event: LambdaEvent<Value>| Ok::<_, Error>(event.payload);
    lambda_runtime::run(service_fn(nothing)).await
}
