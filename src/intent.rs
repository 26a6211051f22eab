//! From a request to the plan's intent: its properties are parsed, completed with the values of their
//! sources, and checked.

use std::time::SystemTime;

use serde_json::Value;
use tracing::Span;

use crate::{
    budget::Deadlines,
    event::{Envelope, EventError, Request},
    sources::{ReadError, SourceReader},
};
use cfn_cognito_idp_core::{
    physical_id::{PhysicalId, ProviderId},
    plan::Intent,
    provider::{
        Declared, ExpiredCertificates, Previous, Problem, Problems, adopts, check_metadata,
        check_properties,
    },
    saml::Metadata,
};

/// Why a request fails before a call is made for it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The event cannot be understood.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The properties break a rule.
    #[error(transparent)]
    Properties(#[from] Problems),
    /// A source cannot be read.
    #[error(transparent)]
    Source(#[from] ReadError),
}

/// A request whose properties are parsed and whose sources are not read yet.
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
        /// What the provider is compared with, if the id asks for it and the properties declare it.
        compared: Option<Declared>,
    },
}

impl Parsed {
    /// Parses the properties as far as the request needs them, and names the provider in the log.
    ///
    /// # Errors
    /// Everything that is wrong with the properties. A Delete has no errors.
    pub(crate) fn new(
        envelope: &Envelope,
        request: Request,
        now: SystemTime,
    ) -> Result<Self, Problems> {
        let id = |text: &str| PhysicalId::read(text, &envelope.stack_id, &envelope.logical_id);
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
                    PhysicalId::Provider(provider) => {
                        record_provider(provider);
                        None
                    }
                    // Whether this resource made it is seen by comparing.
                    PhysicalId::Unconfirmed { provider, .. } => {
                        record_provider(provider);
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

    /// Returns the id of an answer to this request, issued at that time in seconds since 1970, if its
    /// outcome is unknown.
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

    /// Reads the sources and checks the metadata. Returns the intent, and what the metadata say.
    ///
    /// # Errors
    /// When a source cannot be read, or holds metadata that Cognito would refuse. A Delete that
    /// cannot compare the provider has no error: it leaves the provider in place.
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
                let declared = reader.complete(declared, deadlines.work).await?;
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
                let declared = reader.complete(declared, deadlines.work).await?;
                let metadata = checked_metadata(&declared, ExpiredCertificates::Warn, now)?;
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

/// Parses properties that have to be right, and names their provider in the log.
fn declared(
    properties: &Value,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> Result<Declared, Problems> {
    let declared = Declared::try_from(properties)
        // The metadata may be wrong as well; whether they are is seen only when all is there.
        .map_err(|_| Problems(check_properties(properties, expired, now).problems))?;
    record_provider(&declared.provider.id);
    Ok(declared)
}

/// Checks the SAML metadata of a provider that is complete, and logs what looks wrong with it.
fn checked_metadata(
    declared: &Declared,
    expired: ExpiredCertificates,
    now: SystemTime,
) -> Result<Metadata, Problems> {
    let found = check_metadata(&declared.provider, expired, now);
    for error in found.warnings {
        tracing::warn!(error, "ProviderDetails.MetadataFile looks wrong");
    }
    if found.errors.is_empty() {
        return Ok(found.metadata);
    }
    let problems = found.errors.into_iter().map(Problem::Metadata);
    Err(Problems(problems.collect()))
}

/// Records pool and provider in the current span.
fn record_provider(id: &ProviderId) {
    Span::current()
        .record("pool", id.pool.as_str())
        .record("provider", &id.name);
}
