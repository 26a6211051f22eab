//! What holds for all requests, whatever they say and however their calls end.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect"
)]

mod decisions;
mod world;
