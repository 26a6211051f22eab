//! The decisions of the handler, walked exhaustively.
//!
//! CloudFormation leads one resource through every life that it may have. On the way calls to
//! Cognito fail, their answers get lost, executions die, events come twice, and others work on the
//! same pool. What decides is the production code; everything else is a model. `promised` holds
//! the handler to its promises, `not_promised` shows where they end.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect"
)]

mod assumptions;
mod beginnings;
mod cloudformation;
mod cognito;
mod execution;
mod exploration;
mod not_promised;
mod promised;
mod promises;
mod state;
mod symbols;
mod transitions;
