//! Checks the identity providers in CloudFormation templates by the rules of the handler, before
//! they are deployed.

mod hints;
mod report;
mod review;
mod template;
mod whole;
mod yaml;

use std::{
    ffi::OsString,
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
    process::ExitCode,
};

use lexopt::prelude::*;

use report::{Finding, Format, Level};
use review::Review;

const USAGE: &str = "\
Checks the resources of type Custom::CognitoIdentityProvider in CloudFormation and SAM templates.

Usage: cfn-cognito-idp-check [--format text|json|sarif] [--skip-others] TEMPLATE...
       cfn-cognito-idp-check --version

A template is a YAML or JSON file, a serverless.yml with resources, or - for the standard input.
Values that are only known at deployment (!Ref, !Sub, other functions, dynamic references) are not
checked; both branches of an !If are. An error is something that the function would refuse. A warning
is something that the function would only log, or that Cognito or CloudFormation may refuse.

--skip-others skips files that are not CloudFormation templates, as pre-commit hooks and globs need.

Exit status: 0 without errors (warnings do not count), 1 with errors, 2 if a file cannot be read or is
not a template.
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
        return Err("no TEMPLATE given".into());
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
    let errors = findings
        .iter()
        .filter(|finding| finding.level == Level::Error)
        .count();
    let warnings = match findings.len() - errors {
        0 => String::new(),
        count => format!(", {}", plural(count, "warning")),
    };
    if errors > 0 && status == ExitCode::SUCCESS {
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
        plural(errors, "error"),
        files(skipped, "skipped"),
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
            Err(format!("{file}: not UTF-8 text"))
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
                "{file}: not a CloudFormation template: it has no Resources map"
            ))
        };
    };
    let mut whole = whole::look(&resources);
    for resource in &resources {
        let mut found = Review::new(resource);
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

fn print(text: &str, status: ExitCode) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => status,
        Err(error) => fail(&format!("cannot write to standard output: {error}\n")),
    }
}

fn fail(text: &str) -> ExitCode {
    // If even this cannot be written, the status has to do.
    let _ = io::stderr().write_all(text.as_bytes());
    ExitCode::from(2)
}
