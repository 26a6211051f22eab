//! The pages hold what the code takes, returns and tests.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::{fs, path::Path};

use cfn_cognito_idp_core::{details::PUBLIC_KEYS, provider::PROPERTIES};

const README: &str = include_str!("../README.md");
const RELIABILITY: &str = include_str!("../docs/reliability.md");

#[test]
fn every_property_and_attribute_is_in_the_readme() {
    for name in PROPERTIES.iter().chain(&PUBLIC_KEYS) {
        assert!(README.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_test_that_the_page_on_reliability_names_is_there() {
    let mut sources = String::new();
    for folder in ["tests", "core/tests"] {
        read(Path::new(folder), &mut sources);
    }
    let quoted = RELIABILITY.split('`').skip(1).step_by(2);
    let tests = quoted.filter(|name| {
        name.contains('_') && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    });
    let mut count = 0;
    for test in tests {
        count += 1;
        // A function, or a case of a macro.
        let forms = [format!("fn {test}("), format!("    {test}:")];
        assert!(forms.iter().any(|form| sources.contains(form)), "{test}");
    }
    assert!(count > 30, "{count}");
}

/// All sources under a folder.
fn read(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
