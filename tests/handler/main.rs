//! The handler in this process, over real HTTP against fakes of Cognito and CloudFormation: one
//! test for each case of a resource's life, each with the whole answer and all calls.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect"
)]
#![expect(clippy::needless_pass_by_value, reason = "json!() makes values")]

mod answer;
mod create;
mod delete;
mod operator;
mod replace;
mod retry;
mod update;
mod world;
