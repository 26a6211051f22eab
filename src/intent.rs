//! Turns a request into the plan's intent: parses the properties, reads their sources and checks
//! the result.

use std::time::SystemTime;

use serde_json::{Map, Value};
use tracing::Span;

use crate::{
    budget::Deadlines,
    event::{Envelope, EventError, Request},
    sources::{ReadError, SourceReader},
};
use cfn_cognito_idp_core::{
    physical_id::{PROVIDER_NAME_MAX, PhysicalId, UserPoolId},
    plan::Intent,
    provider::{
        Declared, ExpiredCertificates, Previous, PropertyError, PropertyErrors, adopts,
        check_metadata, check_properties,
    },
    saml::Metadata,
};

/// The error of a request that fails before its first call.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The event is invalid.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The properties break a rule.
    #[error(transparent)]
    Properties(#[from] PropertyErrors),
    /// A source cannot be read.
    #[error(transparent)]
    Source(#[from] ReadError),
}

/// A request with parsed properties and unread sources.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it in an invocation"
)]
pub(crate) enum Parsed {
    Create {
        declared: Declared,
        request_id: String,
    },
    Update {
        physical_id: PhysicalId,
        declared: Declared,
        previous: Previous,
    },
    Delete {
        physical_id: PhysicalId,
        /// The provider to compare with, if the id requires a comparison and the properties declare
        /// it.
        compared: Option<Declared>,
    },
}

impl Parsed {
    /// Parses the properties that the request needs.
    ///
    /// # Errors
    /// Returns every error in the properties. A Delete has none.
    pub(crate) fn new(
        envelope: &Envelope,
        request: Request,
        now: SystemTime,
    ) -> Result<Self, PropertyErrors> {
        let id = |text: &str| PhysicalId::parse(text, &envelope.stack_id, &envelope.logical_id);
        match request {
            Request::Create { properties } => {
                let expired = ExpiredCertificates::on_create(adopts(&properties));
                Ok(Self::Create {
                    declared: declared(&properties, expired, now)?,
                    request_id: envelope.request_id.clone(),
                })
            }
            Request::Update {
                physical_id,
                properties,
                previous,
            } => Ok(Self::Update {
                physical_id: id(&physical_id),
                declared: declared(&properties, ExpiredCertificates::Warn, now)?,
                previous: Previous::from(&previous),
            }),
            Request::Delete {
                physical_id,
                properties,
            } => {
                let physical_id = id(&physical_id);
                let compared = match &physical_id {
                    // A comparison shows whether this resource created it.
                    PhysicalId::Unconfirmed { provider, .. } => {
                        let declared = Declared::try_from(&properties).ok();
                        declared.filter(|declared| *provider == declared.provider.id)
                    }
                    _ => None,
                };
                Ok(Self::Delete {
                    physical_id,
                    compared,
                })
            }
        }
    }

    /// Returns the id for the answer if the outcome is unknown. `issued` is in seconds since 1970.
    pub(crate) fn in_doubt_id(&self, issued: i64) -> PhysicalId {
        match self {
            Self::Create { declared, .. } => {
                PhysicalId::in_doubt(None, issued, &declared.provider.id)
            }
            Self::Update {
                physical_id,
                declared,
                ..
            } => PhysicalId::in_doubt(Some(physical_id), issued, &declared.provider.id),
            Self::Delete { physical_id, .. } => physical_id.clone(),
        }
    }

    /// Reads the sources and checks the metadata. Returns the intent and the facts in the metadata.
    ///
    /// # Errors
    /// Returns an error if a source cannot be read or contains metadata that Cognito would
    /// reject. A Delete that cannot compare the provider returns no error and leaves the provider
    /// in place.
    pub(crate) async fn complete(
        self,
        reader: &SourceReader,
        deadlines: Deadlines,
        now: SystemTime,
    ) -> Result<(Intent, Metadata), RequestError> {
        match self {
            Self::Create {
                declared,
                request_id,
            } => {
                let declared = reader.complete(declared, deadlines.apply).await?;
                let expired = ExpiredCertificates::on_create(declared.adopt_existing);
                let metadata = checked_metadata(&declared, expired, now)?;
                let intent = Intent::Create {
                    declared,
                    request_id,
                };
                Ok((intent, metadata))
            }
            Self::Update {
                physical_id,
                declared,
                previous,
            } => {
                let (declared, metadata) = complete(declared, reader, deadlines, now).await?;
                let intent = Intent::Update {
                    physical_id,
                    declared,
                    previous,
                };
                Ok((intent, metadata))
            }
            Self::Delete {
                physical_id,
                compared,
            } => {
                let described = match compared {
                    Some(declared) => {
                        let read = reader.complete(declared, deadlines.comparison).await;
                        read.inspect_err(|error| {
                            let error = error.to_string();
                            tracing::warn!(
                                error,
                                "cannot compare the provider; leaving it in place"
                            );
                        })
                        .ok()
                    }
                    None => None,
                };
                let intent = Intent::Delete {
                    physical_id,
                    described,
                };
                Ok((intent, Metadata::default()))
            }
        }
    }
}

/// Parses properties that must be valid.
fn declared(
    properties: &Value,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> Result<Declared, PropertyErrors> {
    // Reports errors in inline metadata too. Metadata from sources are checked after they are read.
    Declared::try_from(properties)
        .map_err(|_| PropertyErrors(check_properties(properties, expired, now).errors))
}

/// Completes a declaration with the values of its sources, and checks the metadata in it, as for an
/// Update.
pub(crate) async fn complete(
    declared: Declared,
    reader: &SourceReader,
    deadlines: Deadlines,
    now: SystemTime,
) -> Result<(Declared, Metadata), RequestError> {
    let declared = reader.complete(declared, deadlines.apply).await?;
    let metadata = checked_metadata(&declared, ExpiredCertificates::Warn, now)?;
    Ok((declared, metadata))
}

/// Checks the SAML metadata of a complete provider, and logs the warnings.
fn checked_metadata(
    declared: &Declared,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> Result<Metadata, PropertyErrors> {
    let found = check_metadata(&declared.provider, expired, now);
    for error in found.warnings {
        tracing::warn!(
            error,
            "ProviderDetails.MetadataFile may not work with Cognito"
        );
    }
    if found.errors.is_empty() {
        return Ok(found.metadata);
    }
    let errors = found.errors.into_iter().map(PropertyError::Metadata);
    Err(PropertyErrors(errors.collect()))
}

/// Records in the current span the pool and the provider of a request, where it names valid ones: a
/// Delete in its physical id, any other request in its properties.
pub(crate) fn record_subject(envelope: &Envelope, request: &Request) {
    let Request::Delete { physical_id, .. } = request else {
        return request.properties().as_object().map_or((), record_declared);
    };
    let id = PhysicalId::parse(physical_id, &envelope.stack_id, &envelope.logical_id);
    if let PhysicalId::Provider(provider) | PhysicalId::Unconfirmed { provider, .. } = id {
        Span::current()
            .record("pool", provider.pool.as_str())
            .record("provider", &provider.name);
    }
}

/// Records in the current span the pool and the provider that properties name, where they are valid.
pub(crate) fn record_declared(properties: &Map<String, Value>) {
    let text = |key| properties.get(key).and_then(Value::as_str);
    let pool = text("UserPoolId").filter(|text| text.parse::<UserPoolId>().is_ok());
    let name = text("ProviderName").filter(|text| text.chars().count() <= PROVIDER_NAME_MAX);
    Span::current()
        .record("pool", pool)
        .record("provider", name);
}
