//! The executable as Lambda runs it: a process that polls a Runtime API, over real HTTP between
//! fakes of Cognito and CloudFormation. One test for each case of a resource's life, each with the
//! whole answer and all calls.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect"
)]
#![expect(clippy::needless_pass_by_value, reason = "json!() makes values")]

mod answer;
mod create;
mod delete;
mod deliveries;
mod direct;
mod environment;
mod faults;
mod operator;
mod process;
mod replace;
mod rollback;
mod saml;
mod shapes;
mod sources;
mod start;
mod update;
mod world;
