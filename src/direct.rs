//! Requests without CloudFormation: `DetectDrift` and `Apply`.

use std::time::SystemTime;

use aws_smithy_types::{DateTime, date_time::Format};
use serde_json::{Map, Value, json};

use cfn_cognito_idp_core::{
    physical_id::{ProviderId, UserPoolId},
    plan::{Drift, DriftStatus, Observed, PropertyDifference, StackKnowledge, pointer},
    provider::{Declared, ExpiredCertificates, PropertyError, check_properties, listed},
};

use crate::{cognito::ListedProvider, intent::record_declared};

/// What is asked for.
#[derive(Debug)]
pub(crate) enum DirectRequest {
    /// Report how a provider differs from its declaration.
    DetectDrift(Declared),
    /// Report which providers of a pool are not declared.
    DetectPoolDrift {
        pool: UserPoolId,
        declared: Vec<String>,
    },
    /// Bring a provider to its declaration.
    Apply {
        declared: Declared,
        stack_id: String,
        logical_id: String,
        stack: StackKnowledge,
    },
}

/// Why a direct request failed. It ends the invocation, so that Lambda's retries, alarms and
/// dead-letter queues see it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DirectError(pub(crate) String);

impl DirectRequest {
    /// Parses an event that has no response URL, if its `RequestType` is one of these. Records the
    /// pool and the provider in the current span.
    pub(crate) fn parse(event: &[u8], now: SystemTime) -> Option<Result<Self, DirectError>> {
        let event: Map<String, Value> = serde_json::from_slice(event).ok()?;
        if event.contains_key("ResponseURL") {
            return None;
        }
        let request_type = event.get("RequestType")?.as_str()?;
        let is_apply = match request_type {
            "Apply" => true,
            "DetectDrift" => false,
            _ => return None,
        };
        let properties = event.get("ResourceProperties").and_then(Value::as_object);
        // A request about a pool names it at the top.
        record_declared(properties.unwrap_or(&event));
        let is_of_pool = ["UserPoolId", "DeclaredProviders"]
            .iter()
            .any(|key| event.contains_key(*key));
        let mut errors = Vec::new();
        let parsed = if !is_apply && is_of_pool {
            pool_drift(&event, &mut errors)
        } else {
            let declared = declared(&event, now, &mut errors);
            let stack = stack(&event, &mut errors);
            declared.map(|declared| match stack {
                _ if !is_apply => Self::DetectDrift(declared),
                (stack_id, logical_id, stack) => Self::Apply {
                    declared,
                    stack_id,
                    logical_id,
                    stack,
                },
            })
        };
        Some(match parsed {
            Some(parsed) if errors.is_empty() => Ok(parsed),
            _ => Err(DirectError(listed(
                &format!("invalid {request_type}"),
                &errors,
            ))),
        })
    }

    /// Returns the pool and, unless the request is about a whole pool, the provider.
    pub(crate) fn subject(&self) -> (&UserPoolId, Option<&str>) {
        match self {
            Self::DetectDrift(declared) | Self::Apply { declared, .. } => {
                let id = &declared.provider.id;
                (&id.pool, Some(&id.name))
            }
            Self::DetectPoolDrift { pool, .. } => (pool, None),
        }
    }
}

fn pool_drift(event: &Map<String, Value>, errors: &mut Vec<String>) -> Option<DirectRequest> {
    for key in ["PhysicalResourceId", "ResourceProperties"] {
        if event.contains_key(key) {
            errors.push(format!(
                "{key} and DeclaredProviders exclude each other: the one is for a provider, the \
                 other for a pool"
            ));
        }
    }
    let pool = required_text(event, "UserPoolId", errors);
    let pool = pool.and_then(|text| {
        let parsed = text.parse().ok();
        if parsed.is_none() {
            errors
                .push("UserPoolId must be a user pool id, such as eu-west-1_AbCdEf123".to_owned());
        }
        parsed
    });
    let declared: Option<Vec<String>> = event
        .get("DeclaredProviders")
        .and_then(Value::as_array)
        .and_then(|names| {
            let names = names.iter().map(|name| name.as_str().map(str::to_owned));
            names.collect()
        });
    if declared.is_none() {
        errors.push("DeclaredProviders must be a list of strings".to_owned());
    }
    Some(DirectRequest::DetectPoolDrift {
        pool: pool?,
        declared: declared?,
    })
}

fn declared(
    event: &Map<String, Value>,
    now: SystemTime,
    errors: &mut Vec<String>,
) -> Option<Declared> {
    let id = required_text(event, "PhysicalResourceId", errors).map(str::parse::<ProviderId>);
    if let Some(Err(_)) = id {
        errors.push(
            "PhysicalResourceId must be the id of a provider, <UserPoolId>|<ProviderName>"
                .to_owned(),
        );
    }
    let Some(properties) = event.get("ResourceProperties") else {
        errors.push(PropertyError::Missing("ResourceProperties".into()).to_string());
        return None;
    };
    let Ok(declared) = Declared::try_from(properties) else {
        let found = check_properties(properties, ExpiredCertificates::Warn, now);
        errors.extend(found.errors.iter().map(ToString::to_string));
        return None;
    };
    if let Some(Ok(id)) = id
        && id != declared.provider.id
    {
        errors.push(format!(
            "PhysicalResourceId names {id}, and ResourceProperties name {}",
            declared.provider.id
        ));
    }
    Some(declared)
}

/// Returns what the event says of the stack and of its own time.
fn stack(event: &Map<String, Value>, errors: &mut Vec<String>) -> (String, String, StackKnowledge) {
    let mut text = |key: &str| match event.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => {
            errors.push(format!("{key} must be a string"));
            None
        }
    };
    let (stack_id, logical_id, time) = (text("StackId"), text("LogicalResourceId"), text("Time"));
    if stack_id.is_some() != logical_id.is_some() {
        errors.push("StackId and LogicalResourceId must be given together".to_owned());
    }
    let sent = time.and_then(|time| {
        let sent = DateTime::from_str(&time, Format::DateTime).ok();
        let sent = sent.and_then(|sent| sent.to_millis().ok());
        if sent.is_none() {
            errors.push("Time must be a date and time in ISO 8601, in UTC".to_owned());
        }
        sent
    });
    let knowledge = match (&stack_id, sent) {
        (None, _) => StackKnowledge::Unknown,
        (Some(_), None) => StackKnowledge::Stack,
        (Some(_), Some(sent)) => StackKnowledge::StackSince(sent),
    };
    (
        stack_id.unwrap_or_default(),
        logical_id.unwrap_or_default(),
        knowledge,
    )
}

fn required_text<'a>(
    event: &'a Map<String, Value>,
    key: &'static str,
    errors: &mut Vec<String>,
) -> Option<&'a str> {
    match event.get(key) {
        None | Some(Value::Null) => {
            errors.push(PropertyError::Missing(key.into()).to_string());
            None
        }
        Some(value) => {
            let text = value.as_str();
            if text.is_none() {
                errors.push(format!("{key} must be a string"));
            }
            text
        }
    }
}

/// The result of a direct request: what it returns, and what its log line says.
#[derive(Debug)]
pub(crate) struct DirectResult {
    /// The return value of the invocation.
    pub(crate) document: Value,
    /// The log line's message.
    pub(crate) message: &'static str,
    /// The metric and its value.
    pub(crate) metric: (&'static str, bool),
    /// The paths that differ.
    pub(crate) paths: Vec<String>,
}

impl DirectResult {
    /// Makes the result of comparing a provider.
    pub(crate) fn of_drift(id: &ProviderId, drift: &Drift, observed: Option<&Observed>) -> Self {
        let mut document = json!({
            "PhysicalResourceId": id.to_string(),
            "ResourceType": "Custom::CognitoIdentityProvider",
            "StackResourceDriftStatus": drift.status.as_str(),
            "PropertyDifferences": differences(&drift.differences),
            "PropertiesNotCompared": drift.not_compared,
        });
        if let (Some(document), Some(observed)) = (document.as_object_mut(), observed) {
            let date = observed.last_modified_date.clone();
            document.insert("LastModifiedDate".to_owned(), date.into());
        }
        Self {
            document,
            message: message(drift.status),
            metric: (
                "Drifted",
                matches!(drift.status, DriftStatus::Modified | DriftStatus::Deleted),
            ),
            paths: paths(&drift.differences),
        }
    }

    /// Makes the result of comparing a pool's providers with the declared names.
    pub(crate) fn of_pool_drift(
        pool: &UserPoolId,
        declared: &[String],
        listed: &[ListedProvider],
    ) -> Self {
        let path = |name: &str| pointer("DeclaredProviders", name);
        let undeclared = listed
            .iter()
            .filter(|provider| !declared.contains(&provider.name))
            .map(|provider| PropertyDifference {
                path: path(&provider.name),
                expected: None,
                actual: Some(provider.document().to_string()),
            });
        let missing = declared
            .iter()
            .filter(|name| listed.iter().all(|provider| provider.name != **name))
            .map(|name| PropertyDifference {
                path: path(name),
                expected: Some(name.clone()),
                actual: None,
            });
        let found: Vec<PropertyDifference> = undeclared.chain(missing).collect();
        let status = if found.is_empty() {
            DriftStatus::InSync
        } else {
            DriftStatus::Modified
        };
        Self {
            document: json!({
                "UserPoolId": pool.to_string(),
                "StackResourceDriftStatus": status.as_str(),
                "PropertyDifferences": differences(&found),
            }),
            message: message(status),
            metric: ("Drifted", !found.is_empty()),
            paths: paths(&found),
        }
    }

    /// Makes the result of an Apply.
    pub(crate) fn of_apply(physical_id: &str, summary: &'static str, is_applied: bool) -> Self {
        Self {
            document: json!({"PhysicalResourceId": physical_id, "Applied": is_applied}),
            message: summary,
            metric: ("Applied", is_applied),
            paths: Vec::new(),
        }
    }
}

const fn message(status: DriftStatus) -> &'static str {
    match status {
        DriftStatus::InSync => "no drift",
        DriftStatus::Modified => "drift: modified",
        DriftStatus::Deleted => "drift: deleted",
        DriftStatus::NotChecked => "no drift, but for properties that cannot be compared",
    }
}

fn paths(differences: &[PropertyDifference]) -> Vec<String> {
    let paths = differences.iter().map(|difference| &difference.path);
    paths.cloned().collect()
}

/// Returns differences as CloudFormation describes them: a value that does not exist is "null".
fn differences(differences: &[PropertyDifference]) -> Value {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
    let differences = differences.iter().map(|difference| {
        json!({
            "PropertyPath": difference.path,
            "ExpectedValue": text(&difference.expected),
            "ActualValue": text(&difference.actual),
            "DifferenceType": difference.kind().as_str(),
        })
    });
    differences.collect()
}
