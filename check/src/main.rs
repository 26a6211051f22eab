//! Checks the identity providers in CloudFormation templates by the rules of the handler, before
//! they are deployed.

mod hints;
mod report;
mod template;
mod whole;
mod yaml;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
    process::ExitCode,
    time::SystemTime,
};

use cfn_cognito_idp_core::{
    provider::{Declared, ExpiredCertificates, Problem, Problems, adopts, check_given_metadata},
    saml::Findings,
};
use lexopt::prelude::*;

use report::{Finding, Format, Level};
use template::{Conditions, Reading, Resource};
use yaml::Position;

/// What is looked at beyond the rules of the properties, and the map that it is in.
const METADATA: &str = "ProviderDetails.MetadataFile";
const DETAILS: &str = "ProviderDetails";

const USAGE: &str = "\
Checks the resources of type Custom::CognitoIdentityProvider in CloudFormation and SAM templates.

Usage: cfn-cognito-idp-check [--format text|json|sarif] [--skip-others] TEMPLATE...
       cfn-cognito-idp-check --version

A template is a YAML or JSON file, a serverless.yml with resources, or - for the standard input. What
only a deployment can know (!Ref, !Sub, other functions, dynamic references) is left to it; both
branches of an !If are checked. What would only be a warning in the function's log is one here, and so
is what Cognito or CloudFormation may or may not take.

With --skip-others, files that are no CloudFormation templates are passed over, as hooks and globs
need it.

Exit status: 0 if there are no problems (warnings do not count), 1 if there are, 2 if a file cannot
be read or is no template.
";

const VERSION: &str = concat!(env!("CARGO_BIN_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");

enum Command {
    Help,
    Version,
    Check {
        format: Format,
        skip_others: bool,
        files: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match arguments() {
        Ok(Command::Help) => print(USAGE, ExitCode::SUCCESS),
        Ok(Command::Version) => print(VERSION, ExitCode::SUCCESS),
        Ok(Command::Check {
            format,
            skip_others,
            files,
        }) => run(format, skip_others, &files),
        Err(error) => fail(&format!("{error}\n\n{USAGE}")),
    }
}

fn arguments() -> Result<Command, lexopt::Error> {
    let mut format = Format::Text;
    let mut skip_others = false;
    let mut files = Vec::new();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("format") => {
                format = arguments.value()?.parse_with(|name| {
                    Format::from_name(name).ok_or("it must be text, json or sarif")
                })?;
            }
            Long("skip-others") => skip_others = true,
            Short('h') | Long("help") => return Ok(Command::Help),
            Short('V') | Long("version") => return Ok(Command::Version),
            Value(file) => files.push(file),
            _ => return Err(argument.unexpected()),
        }
    }
    if files.is_empty() {
        return Err("no template was given".into());
    }
    Ok(Command::Check {
        format,
        skip_others,
        files,
    })
}

/// What came of a file.
enum Checked {
    /// So many resources were checked.
    Providers(usize),
    /// It is no template.
    Skipped,
}

fn run(format: Format, skip_others: bool, files: &[OsString]) -> ExitCode {
    let mut findings = Vec::new();
    let mut status = ExitCode::SUCCESS;
    let (mut checked, mut skipped, mut unread) = (0, 0, 0);
    for file in files {
        match check(file, skip_others, &mut findings) {
            Ok(Checked::Providers(count)) => checked += count,
            Ok(Checked::Skipped) => skipped += 1,
            Err(error) => {
                unread += 1;
                status = fail(&format!("{error}\n"));
            }
        }
    }
    let problems = findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .count();
    let warnings = match findings.len() - problems {
        0 => String::new(),
        count => format!(", {}", plural(count, "warning")),
    };
    if problems > 0 && status == ExitCode::SUCCESS {
        status = ExitCode::FAILURE;
    }
    let files = |count, what| match count {
        0 => String::new(),
        count => format!(", {} {what}", plural(count, "file")),
    };
    // Not on the standard output, which may be for a program.
    let summary = format!(
        "{} checked, {}{warnings}{}{}\n",
        plural(checked, "identity provider"),
        plural(problems, "problem"),
        files(skipped, "passed over"),
        files(unread, "not checked"),
    );
    let status = print(&format.print(&findings), status);
    let _ = io::stderr().write_all(summary.as_bytes());
    status
}

fn plural(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// Adds what is wrong with a template.
fn check(
    path: &OsString,
    skip_others: bool,
    findings: &mut Vec<Finding>,
) -> Result<Checked, String> {
    let file = Path::new(path).display();
    let text = if path == "-" {
        let mut text = Vec::new();
        io::stdin().read_to_end(&mut text).map(|_| text)
    } else {
        fs::read(path)
    };
    let text = text.map_err(|error| format!("{file}: {error}"))?;
    let Ok(text) = String::from_utf8(text) else {
        return if skip_others {
            Ok(Checked::Skipped)
        } else {
            Err(format!("{file}: this is not in UTF-8"))
        };
    };

    let template = match yaml::parse(&text) {
        Ok(template) => template,
        Err(_) if skip_others && !template::may_be_one(&text) => return Ok(Checked::Skipped),
        Err(error) => return Err(format!("{file}:{}: {}", error.at, error.text)),
    };
    let Some(resources) = template::resources(&template) else {
        return if skip_others {
            Ok(Checked::Skipped)
        } else {
            Err(format!(
                "{file}: this is no template, as it has no map named Resources"
            ))
        };
    };
    let mut whole = whole::look(&resources);
    for resource in &resources {
        let mut found = Report::new(resource);
        if resource.was_provider() {
            found.replaced();
        }
        if resource.is_provider() {
            found.base();
            for batch in resource.batches() {
                found.batch(&batch);
            }
        }
        found.add(whole.remove(resource.name).unwrap_or_default());
        let mut said = found.findings;
        said.sort_by_key(|finding| finding.0);
        findings.extend(said.into_iter().map(|(at, level, path, text)| Finding {
            level,
            file: file.to_string(),
            at,
            resource: resource.name.to_owned(),
            path,
            text,
        }));
    }
    let providers = resources.iter().filter(|it| it.is_provider());
    Ok(Checked::Providers(providers.count()))
}

/// What is said of a resource.
struct Report<'a> {
    resource: &'a Resource<'a>,
    findings: Vec<(Position, Level, String, String)>,
    /// What is said at each place.
    said: BTreeMap<Position, Vec<(Level, String)>>,
}

impl<'a> Report<'a> {
    const fn new(resource: &'a Resource<'a>) -> Self {
        Self {
            resource,
            findings: Vec::new(),
            said: BTreeMap::new(),
        }
    }

    fn replaced(&mut self) {
        for replaced in template::replaced(self.resource.entry) {
            let what = match replaced.path.as_str() {
                "" => "this resource",
                path => path,
            };
            let text = format!(
                "{what} is given again at {}: of equal keys, CloudFormation takes the last",
                replaced.by
            );
            self.findings
                .push((replaced.at, Level::Warning, replaced.path, text));
        }
    }

    /// What is wrong whatever holds.
    fn base(&mut self) {
        self.case(&self.resource.base());
    }

    /// What is wrong in some cases that contradict each other nowhere.
    fn batch(&mut self, cases: &[Conditions<'a>]) {
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
    fn add(&mut self, found: Vec<whole::Found>) {
        for whole::Found { at, path, text } in found {
            self.findings.push((at, Level::Warning, path, text));
        }
    }
}

/// What the function would say of these properties: how bad it is, what it is about, and the text.
fn said_of(reading: &Reading) -> Vec<(Level, String, String)> {
    let mut problems = match Declared::try_from(&reading.value) {
        Ok(_) => Vec::new(),
        Err(Problems(problems)) => problems,
    };
    // The function never sees a resource without one.
    let token = reading.value.get("ServiceToken");
    if reading.value.is_object() && token.is_none_or(serde_json::Value::is_null) {
        problems.insert(0, Problem::Missing("ServiceToken".into()));
    }
    problems.retain(|problem| !reading.leaves_open(problem));
    // What else is in the details decides on some of its mistakes.
    let metadata = if reading.is_unknown(METADATA) || reading.is_open(DETAILS) {
        Findings::default()
    } else {
        let may_adopt = adopts(&reading.value) || reading.is_unknown("AdoptExisting");
        check_given_metadata(
            &reading.value,
            ExpiredCertificates::on_create(may_adopt),
            now(),
        )
    };
    problems.extend(metadata.errors.into_iter().map(Problem::Metadata));
    let problems = problems.iter().map(|problem| {
        let path = problem.path().into_owned();
        (Level::Error, path, problem.to_string())
    });
    let warnings = metadata.warnings.iter().map(|warning| {
        let text = format!("{METADATA} {warning}");
        (Level::Warning, METADATA.to_owned(), text)
    });
    let hints = hints::of(reading).into_iter();
    let hints = hints.map(|(path, text)| (Level::Warning, path, text));
    let mut said: Vec<_> = problems.chain(warnings).chain(hints).collect();
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

fn print(text: &str, status: ExitCode) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => status,
        Err(error) => fail(&format!("the standard output: {error}\n")),
    }
}

fn fail(text: &str) -> ExitCode {
    // If even this cannot be written, the status has to do.
    let _ = io::stderr().write_all(text.as_bytes());
    ExitCode::from(2)
}
