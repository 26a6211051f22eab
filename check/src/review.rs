//! One resource, looked at in all its cases.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

use cfn_cognito_idp_core::provider::{
    ExpiredCertificates, PropertyError, adopts, check_properties,
};

use crate::{
    hints,
    report::Level,
    template::{self, Conditions, Reading, Resource},
    whole,
    yaml::Position,
};

/// What is looked at beyond the rules of the properties, and the map that it is in.
const METADATA: &str = "ProviderDetails.MetadataFile";
const DETAILS: &str = "ProviderDetails";

/// What is said of a resource.
pub(crate) struct Review<'a> {
    resource: &'a Resource<'a>,
    /// Where it is, how bad it is, what it is about, and the text.
    pub findings: Vec<(Position, Level, String, String)>,
    /// What is said at each place.
    said: BTreeMap<Position, Vec<(Level, String)>>,
}

impl<'a> Review<'a> {
    pub(crate) const fn new(resource: &'a Resource<'a>) -> Self {
        Self {
            resource,
            findings: Vec::new(),
            said: BTreeMap::new(),
        }
    }

    pub(crate) fn replaced(&mut self) {
        for replaced in template::replaced(self.resource.entry) {
            let what = match replaced.path.as_str() {
                "" => "this resource",
                path => path,
            };
            let text = format!(
                "{what} is given again at {}; CloudFormation uses the last one",
                replaced.by
            );
            self.findings
                .push((replaced.at, Level::Warning, replaced.path, text));
        }
    }

    /// What is wrong whatever holds.
    pub(crate) fn base(&mut self) {
        self.case(&self.resource.base());
    }

    /// What is wrong in some cases that contradict each other nowhere.
    pub(crate) fn batch(&mut self, cases: &[Conditions<'a>]) {
        match cases {
            [] => {}
            [case] => self.case(case),
            cases => {
                let whole = cases.iter().flatten().map(|(name, holds)| (*name, *holds));
                if !self.news(&whole.collect()).is_empty() {
                    let (some, others) = cases.split_at(cases.len() / 2);
                    self.batch(some);
                    self.batch(others);
                }
            }
        }
    }

    fn case(&mut self, case: &Conditions<'a>) {
        let assumed = assumed(case, &self.resource.base());
        for (at, level, path, text) in self.news(case) {
            let said = self.said.entry(at).or_default();
            said.push((level, text.clone()));
            self.findings.push((at, level, path, text + &assumed));
        }
    }

    /// What is wrong in this case and was not said yet.
    fn news(&self, case: &Conditions<'a>) -> Vec<(Position, Level, String, String)> {
        let reading = self.resource.read(case);
        let mut news = Vec::new();
        for (level, path, text) in said_of(&reading) {
            let at = reading.place(&path).unwrap_or(self.resource.at);
            // What is wrong in any case has been said in the first, if it was no better then.
            let said = self.said.get(&at).into_iter().flatten();
            if !said
                .into_iter()
                .any(|(other, what)| *other >= level && *what == text)
            {
                news.push((at, level, path, text));
            }
        }
        news
    }

    /// Adds what the whole template shows.
    pub(crate) fn add(&mut self, found: Vec<whole::Found>) {
        for whole::Found { at, path, text } in found {
            self.findings.push((at, Level::Warning, path, text));
        }
    }
}

/// What the function would say of these properties: how bad it is, what it is about, and the text.
fn said_of(reading: &Reading) -> Vec<(Level, String, String)> {
    let may_adopt = adopts(&reading.value) || reading.is_unknown("AdoptExisting");
    let expired = ExpiredCertificates::on_create(may_adopt);
    let mut found = check_properties(&reading.value, expired, now());
    // What else is in the details decides on some of the metadata's errors.
    if reading.is_unknown(METADATA) || reading.is_open(DETAILS) {
        let is_metadata = |error: &PropertyError| matches!(error, PropertyError::Metadata(_));
        found.errors.retain(|error| !is_metadata(error));
        found.warnings.clear();
    }
    // The function never sees a resource without one.
    let token = reading.value.get("ServiceToken");
    if reading.value.is_object() && token.is_none_or(serde_json::Value::is_null) {
        found
            .errors
            .insert(0, PropertyError::Missing("ServiceToken".into()));
    }
    found.errors.retain(|error| !reading.leaves_open(error));
    let errors = found.errors.iter().map(|error| {
        let path = error.path().into_owned();
        (Level::Error, path, error.to_string())
    });
    let warnings = found.warnings.iter().map(|warning| {
        let text = format!("{METADATA} {warning}");
        (Level::Warning, METADATA.to_owned(), text)
    });
    let hints = hints::of(reading).into_iter();
    let hints = hints.map(|(path, text)| (Level::Warning, path, text));
    let mut said: Vec<_> = errors.chain(warnings).chain(hints).collect();
    let mut known = BTreeSet::new();
    said.retain(|said| known.insert(said.clone()));
    said
}

/// Certificates expire.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the wall clock"
)]
fn now() -> SystemTime {
    SystemTime::now()
}

/// The case in words, as far as it is not that of the whole resource.
fn assumed(case: &Conditions<'_>, base: &Conditions<'_>) -> String {
    let assumed: Vec<String> = case
        .iter()
        .filter(|(name, _)| !base.contains_key(*name))
        .map(|(name, holds)| format!("{name} is {holds}"))
        .collect();
    if assumed.is_empty() {
        String::new()
    } else {
        format!(" (where {})", assumed.join(" and "))
    }
}
