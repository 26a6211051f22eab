//! Fakes of what the handler talks to, over real HTTP: Cognito ([`cognito`]), the services that hold
//! values ([`stores`]), CloudFormation ([`cloudformation`]) and its response URL ([`responses`]) and the Lambda Runtime API
//! ([`lambda`]). Each can be told to fail in the ways in which the real one does, and remembers what
//! it was asked.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "a fake that cannot do its part has to stop the test"
)]

pub mod cloudformation;
pub mod cognito;
pub mod events;
pub mod http;
pub mod lambda;
pub mod proxy;
pub mod region;
pub mod responses;
mod signature;
pub mod stores;
pub mod storm;
