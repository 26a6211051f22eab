//! Checks the identity providers in CloudFormation templates by the rules of the handler, before
//! they are deployed.

mod report;
mod template;
mod yaml;

use std::{
    fs,
    io::{self, Read as _, Write as _},
    process::ExitCode,
    time::SystemTime,
};

use cfn_cognito_idp::{
    provider::{Declared, Problem, Problems, adopts},
    saml::{self, Findings, Occasion},
};
use lexopt::prelude::*;

use report::{Finding, Format, Level};
use template::{Conditions, Reading, Resource};

/// What is looked at beyond the rules of the properties, and the map that it is in.
const METADATA: &str = "ProviderDetails.MetadataFile";
const DETAILS: &str = "ProviderDetails";

const USAGE: &str = "\
Checks the resources of type Custom::CognitoIdentityProvider in CloudFormation and SAM templates.

Usage: cfn-cognito-idp-check [--format text|json|sarif] TEMPLATE...

A template is a YAML or JSON file, or - for the standard input. What only a deployment can know
(!Ref, !Sub, other functions, dynamic references) is left to it; both branches of an !If are
checked. What would only be a warning in the function's log is one here.

Exit status: 0 if there are no problems (warnings do not count), 1 if there are, 2 if a file cannot
be read or is no template.
";

enum Command {
    Help,
    Check(Format, Vec<String>),
}

fn main() -> ExitCode {
    match arguments() {
        Ok(Command::Help) => print(USAGE, ExitCode::SUCCESS),
        Ok(Command::Check(format, files)) => run(format, &files),
        Err(error) => fail(&format!("{error}\n\n{USAGE}")),
    }
}

fn arguments() -> Result<Command, lexopt::Error> {
    let mut format = Format::Text;
    let mut files = Vec::new();
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("format") => {
                format = arguments.value()?.parse_with(|name| {
                    Format::from_name(name).ok_or("it must be text, json or sarif")
                })?;
            }
            Short('h') | Long("help") => return Ok(Command::Help),
            Value(file) => files.push(file.string()?),
            _ => return Err(argument.unexpected()),
        }
    }
    if files.is_empty() {
        return Err("no template was given".into());
    }
    Ok(Command::Check(format, files))
}

fn run(format: Format, files: &[String]) -> ExitCode {
    let mut findings = Vec::new();
    let mut status = ExitCode::SUCCESS;
    let mut checked = 0;
    let mut unread = 0;
    for file in files {
        match check(file, &mut findings) {
            Ok(count) => checked += count,
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
    // Not on the standard output, which may be for a program.
    let unread = match unread {
        0 => String::new(),
        count => format!(", {} not checked", plural(count, "file")),
    };
    let summary = format!(
        "{} checked, {}{warnings}{unread}\n",
        plural(checked, "identity provider"),
        plural(problems, "problem")
    );
    let status = print(&format.print(&findings), status);
    let _ = io::stderr().write_all(summary.as_bytes());
    status
}

fn plural(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// Adds what is wrong with a template, and tells how many resources it has.
fn check(file: &str, findings: &mut Vec<Finding>) -> Result<usize, String> {
    let text = if file == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    let text = text.map_err(|error| format!("{file}: {error}"))?;
    let template =
        yaml::parse(&text).map_err(|error| format!("{file}:{}: {}", error.at, error.text))?;
    let resources = template::resources(&template)
        .ok_or_else(|| format!("{file}: this is no template, as it has no map named Resources"))?;
    for resource in &resources {
        let first = findings.len();
        check_resource(file, resource, findings);
        if let Some(new) = findings.get_mut(first..) {
            new.sort_by_key(|finding| finding.at);
        }
    }
    Ok(resources.len())
}

fn check_resource(file: &str, resource: &Resource<'_>, findings: &mut Vec<Finding>) {
    let first = findings.len();
    let mut cases = resource.cases().into_iter();
    let base = cases.next().unwrap_or_default();
    for case in std::iter::once(base.clone()).chain(cases) {
        let reading = resource.read(&case);
        for (level, path, text) in said_of(&reading) {
            let at = reading.place(&path).unwrap_or(resource.at);
            // What is wrong in any case has been said in the first, if it was no better then.
            let said = findings.iter().skip(first).any(|other| {
                other.at == at && other.level >= level && other.text.starts_with(&text)
            });
            if !said {
                findings.push(Finding {
                    level,
                    file: file.to_owned(),
                    at,
                    resource: resource.name.to_owned(),
                    path,
                    text: text + &assumed(&case, &base),
                });
            }
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
        saml::check_properties(&reading.value, Occasion::create(may_adopt), now())
    };
    problems.extend(metadata.mistakes.into_iter().map(Problem::Metadata));
    let problems = problems.iter().map(|problem| {
        let path = problem.path().into_owned();
        (Level::Error, path, problem.to_string())
    });
    let doubts = metadata.doubts.iter().map(|doubt| {
        let text = format!("{METADATA} {doubt}");
        (Level::Warning, METADATA.to_owned(), text)
    });
    problems.chain(doubts).collect()
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
