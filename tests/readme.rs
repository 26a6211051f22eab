//! The pages hold what the code takes, returns and tests.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use cfn_cognito_idp_core::{details::PUBLIC_KEYS, provider::PROPERTIES};

const README: &str = include_str!("../README.md");
const REFERENCE: &str = include_str!("../docs/reference.md");
const RELIABILITY: &str = include_str!("../docs/reliability.md");
const SECURITY: &str = include_str!("../SECURITY.md");
const TEMPLATE: &str = include_str!("../template.yaml");

#[test]
fn every_property_and_attribute_is_in_the_reference() {
    for name in PROPERTIES.iter().chain(&PUBLIC_KEYS) {
        assert!(REFERENCE.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_test_that_the_page_on_reliability_names_is_there() {
    let count = check_tests(RELIABILITY, |name| name.contains('_'));
    assert!(count > 30, "{count}");
}

#[test]
fn every_test_that_the_readme_names_is_there() {
    // Keys of providers have fewer words.
    let is_test = |name: &str| name.starts_with("test_") || name.matches('_').count() > 3;
    let count = check_tests(README, is_test);
    assert!(count > 6, "{count}");
}

#[test]
fn every_test_that_the_page_on_security_names_is_there() {
    let count = check_tests(SECURITY, |name| name.matches('_').count() > 3);
    assert!(count > 10, "{count}");
}

#[test]
fn every_permission_is_explained() {
    let actions = TEMPLATE.lines().filter_map(|line| {
        let action = line.trim().strip_prefix("- ")?;
        let (service, name) = action.split_once(':')?;
        let is_action = service
            .chars()
            .all(|c| c.is_ascii_lowercase() || "-3".contains(c))
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphabetic());
        is_action.then_some(action)
    });
    let mut count = 0;
    for action in actions {
        count += 1;
        assert!(SECURITY.contains(&format!("`{action}`")), "{action}");
    }
    assert_eq!(count, 12);
}

#[test]
fn every_link_leads_somewhere() {
    let roots = ["README.md", "CONTRIBUTING.md", "SECURITY.md"];
    let mut pages = roots.map(PathBuf::from).to_vec();
    for folder in ["docs", "docs/decisions"] {
        let entries = fs::read_dir(folder).unwrap();
        let files = entries.map(|entry| entry.unwrap().path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|it| it == "md")));
    }
    let mut count = 0;
    for page in &pages {
        let text = fs::read_to_string(page).unwrap();
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://")) {
            count += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() {
                page.clone()
            } else {
                page.parent().unwrap().join(file)
            };
            assert!(target.exists(), "{}: {link}", page.display());
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                let found = headings.any(|line| anchor(line) == heading);
                assert!(found, "{}: {link}", page.display());
            }
        }
    }
    assert!(count > 30, "{count}");
}

/// Checks that the tests exist that a page names in code, and counts them.
fn check_tests(page: &str, is_test: impl Fn(&str) -> bool) -> usize {
    let mut sources = String::new();
    for folder in ["src", "tests", "core/tests"] {
        read(Path::new(folder), &mut sources);
    }
    let quoted = page.split('`').skip(1).step_by(2);
    let tests = quoted
        .filter(|name| is_test(name) && name.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    let mut count = 0;
    for test in tests {
        count += 1;
        // A function in Rust or Python, or a case of a macro.
        let forms = [("fn ", "("), ("def ", "("), ("    ", ":")];
        let mut forms = forms
            .iter()
            .map(|(before, after)| format!("{before}{test}{after}"));
        assert!(forms.any(|form| sources.contains(&form)), "{test}");
    }
    count
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// All sources under a folder.
fn read(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, sources);
        } else if path.extension().is_some_and(|it| it == "rs" || it == "py") {
            sources.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}
