//! Rules and decisions about identity providers of Amazon Cognito user pools, without network
//! access: the validation of templates, the check of SAML metadata, and the choice of the next
//! call.
//!
//! # The way of a request
//! [`provider`] parses the properties and reports every error in them; [`saml`] checks metadata.
//! [`plan`] turns the intent of a request into a sequence of calls; [`physical_id`] identifies
//! their provider.
//! [`details`] keeps secret values out of messages and logs.

pub mod details;
mod named;
pub mod physical_id;
pub mod plan;
pub mod provider;
pub mod saml;
mod text;
