//! What was found, for people and for programs.

use serde_json::{Value, json};

use crate::yaml::Position;

/// Whether the function would refuse it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// It would only log it.
    Warning,
    /// It would.
    Error,
}

impl Level {
    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// Something that is wrong with a template, or looks so.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub level: Level,
    pub file: String,
    pub at: Position,
    pub resource: String,
    /// The property, or the key or item in it.
    pub path: String,
    pub text: String,
}

impl Finding {
    /// The text names the path itself.
    fn line(&self) -> String {
        let Self {
            file,
            at,
            resource,
            text,
            level,
            ..
        } = self;
        match level {
            Level::Error => format!("{file}:{at}: {resource}: {text}\n"),
            Level::Warning => format!("{file}:{at}: {resource}: warning: {text}\n"),
        }
    }
}

/// What all findings are of.
const RULE: &str = "identity-provider";

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format {
    Text,
    Json,
    Sarif,
}

impl Format {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            "sarif" => Some(Self::Sarif),
            _ => None,
        }
    }

    pub(crate) fn print(self, findings: &[Finding]) -> String {
        match self {
            Self::Text => findings.iter().map(Finding::line).collect(),
            Self::Json => lines(&findings.iter().map(json).collect()),
            Self::Sarif => lines(&sarif(findings)),
        }
    }
}

fn lines(value: &Value) -> String {
    format!("{value:#}\n")
}

fn json(it: &Finding) -> Value {
    json!({
        "file": it.file,
        "line": it.at.line,
        "column": it.at.column,
        "resource": it.resource,
        "level": it.level.name(),
        "path": it.path,
        "message": it.text,
    })
}

/// A path as a relative URI.
fn uri(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encode = |byte: u8| match byte {
        plain if is_plain(plain) => char::from(plain).to_string(),
        other => format!("%{other:02X}"),
    };
    path.bytes().map(encode).collect()
}

fn sarif(findings: &[Finding]) -> Value {
    let results: Vec<Value> = findings
        .iter()
        .map(|it| {
            json!({
                "ruleId": RULE,
                "level": it.level.name(),
                "message": {"text": format!("{}: {}", it.resource, it.text)},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": uri(&it.file)},
                    "region": {"startLine": it.at.line, "startColumn": it.at.column},
                }}],
            })
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_BIN_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [{"id": RULE, "shortDescription": {"text": "Identity provider properties \
                 that Cognito, CloudFormation or the function would refuse"}}],
            }},
            "results": results,
        }],
    })
}
