//! The handler of the CloudFormation custom resource `Custom::CognitoIdentityProvider`: it makes
//! the identity providers of Amazon Cognito user pools what a stack says they are.
//!
//! # Guarantees
//! - An event that has a usable `ResponseURL` is answered before the Lambda deadline and before
//!   its `ServiceTimeout`, whatever else is wrong with it, or the invocation ends in an error and
//!   Lambda delivers the event again.
//! - An event may be delivered any number of times: the answer is the same, and so is the pool.
//! - A provider that this resource neither made nor was told to adopt is never changed or deleted.
//! - Properties that break a published limit change nothing, and one `Reason` names all of them.
//! - No secret is logged, answered or shown by `Debug`.
//!
//! # Assumptions
//! - Cognito applies each call wholly or not at all, and its `CreationDate` and CloudFormation's
//!   `X-Amz-Date` come from clocks that agree to the second.
//! - One resource, in one stack, manages a provider at a time.
//!
//! # Caveats
//! - `SignInWithApple`'s `private_key` is never returned, so that two providers that differ in
//!   nothing else are taken for equal.
//! - A Create that CloudFormation cancels while it runs may leave a provider that no later event
//!   names.

pub mod budget;
pub mod event;
pub mod physical_id;
pub mod plan;
pub mod provider;
pub mod response;
pub mod retry;
pub mod secret;
