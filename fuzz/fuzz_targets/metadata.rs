//! What it costs to read SAML metadata: nothing ends a parser that is at work, so no document within
//! Cognito's limit may cost more than a few times what a real one of that length does.

#![no_main]

use std::{
    sync::LazyLock,
    time::{Duration, Instant, UNIX_EPOCH},
};

use cfn_cognito_idp_core::saml;
use libfuzzer_sys::fuzz_target;

/// What Cognito takes of one value.
const LONGEST: usize = 131_072;
const REAL: &str = include_str!("../../tests/metadata/okta.xml");
/// Times what a real document costs.
const DEAREST: u32 = 10;
/// The least of so many: the machine has other things to do.
const TRIES: usize = 5;

/// Many real ones in one.
static REAL_COST: LazyLock<Duration> = LazyLock::new(|| {
    let root = REAL.find("<md:EntityDescriptor").unwrap_or_default();
    let many = filled(&REAL[root..], "<m>", "</m>");
    let costs = (0..TRIES).map(|_| cost(&many));
    costs.min().unwrap_or_default()
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = str::from_utf8(bytes) else {
        return;
    };
    if text.is_empty() {
        return;
    }
    // Short, so that there are many.
    let value: String = text
        .chars()
        .filter(|c| c.is_alphanumeric())
        .take(4)
        .collect();
    let count = bytes.len();
    let attributes = (0..count).map(|number| format!(" a{number}='{value}'"));
    let attributes = format!("<m{}/>", attributes.collect::<String>());
    let nested = (0..count).map(|number| format!("<m xmlns:a{number}='{value}'>"));
    let nested = nested.collect::<String>() + &"</m>".repeat(count);
    for document in [
        text.to_owned(),
        filled(text, "", ""),
        filled(text, "<m>", "</m>"),
        filled(text, "<m ", "/>"),
        filled(&attributes, "<m>", "</m>"),
        filled(&nested, "<m>", "</m>"),
    ] {
        let limit = *REAL_COST * DEAREST;
        let cheap = (0..TRIES).any(|_| cost(&document) < limit);
        assert!(cheap, "more than {limit:?}: {document:.200}");
    }
});

/// As long as Cognito takes, of one fragment.
fn filled(text: &str, before: &str, after: &str) -> String {
    let room = LONGEST.saturating_sub(before.len() + after.len());
    format!("{before}{}{after}", text.repeat(room / text.len()))
}

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn cost(document: &str) -> Duration {
    let started = Instant::now();
    let _ = saml::check(document, UNIX_EPOCH);
    started.elapsed()
}
