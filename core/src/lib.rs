//! What is decided about the identity providers of Amazon Cognito user pools, without a network: what a
//! template may say, what SAML metadata say, and which call comes next.
//!
//! # The way of a request
//! [`provider`] reads the properties and names all that is wrong with them, with [`saml`] for metadata.
//! [`plan`] turns what is wanted into one call after another, whose provider [`physical_id`] names.
//! [`details`] keeps the secrets among the values out of every text.

pub mod details;
mod named;
pub mod physical_id;
pub mod plan;
pub mod provider;
pub mod saml;
mod text;
