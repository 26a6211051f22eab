//! The small words of the model, and what they are in the handler's language.

use std::collections::BTreeMap;

use cfn_cognito_idp_core::{
    details::Details,
    physical_id::{PhysicalId, ProviderId},
    plan::{self, CallError, CallErrorKind, Observed, Output, StackResource},
    provider::{Declared, Location, Members, Previous, Provider, ProviderType, Source, Sources},
};

use crate::cognito::Call;

const POOL: &str = "eu-west-1_Pool";
const IDENTIFIER: &str = "corp.example";
const SECRET: &str = "client_secret";
/// As CloudFormation makes them up for the resource `Corp` of the stack `stack`.
const MADE_UP: &str = "stack-Corp-1ABCDEFGH";
const FOREIGN: &str = "2026/11/22/[$LATEST]0123456789abcdef";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Name {
    Corp,
    Renamed,
    /// Never the stack's.
    Other,
}

impl Name {
    pub(crate) const ALL: [Self; 3] = [Self::Corp, Self::Renamed, Self::Other];

    pub(crate) fn id(self) -> ProviderId {
        format!("{POOL}|{self:?}").parse().unwrap()
    }

    fn from_id(id: &ProviderId) -> Self {
        let named = Self::ALL.into_iter().find(|name| name.id() == *id);
        named.unwrap()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Oidc,
    Saml,
}

impl Kind {
    /// The pool signs its requests to a SAML provider, so that there is a certificate to be had.
    fn details(self, secret: Secret) -> Details {
        let signing = (self == Self::Saml).then_some(("RequestSigningAlgorithm", "rsa-sha256"));
        // Others have another client, which their template names.
        let client = match secret {
            Secret::Theirs => "theirs",
            _ => "ours",
        };
        let given = [(SECRET, secret.text()), ("client_id", client)];
        given.into_iter().chain(signing).collect()
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Oidc => Self::Saml,
            Self::Saml => Self::Oidc,
        }
    }

    const fn provider_type(self) -> ProviderType {
        match self {
            Self::Oidc => ProviderType::Oidc,
            Self::Saml => ProviderType::Saml,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Secret {
    One,
    Two,
    Theirs,
}

impl Secret {
    const fn text(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Two => "two",
            Self::Theirs => "theirs",
        }
    }

    fn of(details: &Details) -> Self {
        let text = details.expose(SECRET).unwrap();
        let all = [Self::One, Self::Two, Self::Theirs];
        all.into_iter()
            .find(|secret| secret.text() == text)
            .unwrap()
    }
}

/// The properties of the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Properties {
    pub name: Name,
    pub kind: Kind,
    pub secret: Secret,
    /// Whether `IdpIdentifiers` is declared, with the one identifier that there is.
    pub identifier: bool,
    pub adopt: bool,
    /// Whether the secret comes from a source, which may change.
    pub sourced: bool,
}

impl Properties {
    /// The provider with the secret that its source holds.
    fn provider(self, source: Secret) -> Provider {
        Provider {
            id: self.name.id(),
            kind: self.kind.provider_type(),
            details: self.kind.details(self.secret_from(source)),
            members: Members {
                idp_identifiers: self.identifier.then(|| vec![IDENTIFIER.to_owned()]),
                ..Members::default()
            },
        }
    }

    /// The secret that these properties stand for.
    pub(crate) const fn secret_from(self, source: Secret) -> Secret {
        if self.sourced { source } else { self.secret }
    }

    pub(crate) fn declared(self, source: Secret) -> Declared {
        let location = Location::Parameter {
            name: SECRET.to_owned(),
        };
        let read = Source {
            location,
            json_key: None,
        };
        let sources = self.sourced.then(|| (SECRET.to_owned(), read));
        Declared {
            provider: self.provider(source),
            sources: Sources::from_iter(sources),
            adopt_existing: self.adopt,
        }
    }

    pub(crate) fn previous(self) -> Previous {
        let provider = self.provider(self.secret);
        let sourced = self.sourced.then(|| SECRET.to_owned());
        Previous {
            id: Some(provider.id),
            kind: Some(provider.kind),
            details: provider
                .details
                .without(|key| sourced.as_deref() == Some(key)),
            sources: sourced.into_iter().collect(),
            members: provider.members,
            is_refused: false,
        }
    }

    /// What Cognito would show, had it been made of these.
    pub(crate) const fn seen(self, at: u8, source: Secret) -> Seen {
        Seen {
            kind: self.kind,
            secret: self.secret_from(source),
            identifier: self.identifier,
            by_hand: false,
            created: at,
            modified: at,
            touched: false,
        }
    }
}

/// A physical id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Id {
    Provider(Name),
    NotCreated,
    Unconfirmed {
        since: u8,
        name: Name,
    },
    /// Made up by CloudFormation.
    Generated,
    /// Issued by another handler.
    Foreign,
}

impl Id {
    pub(crate) fn text(self, tick: i64) -> String {
        match self {
            Self::Provider(name) => name.id().to_string(),
            Self::NotCreated => PhysicalId::NotCreated("request".to_owned()).to_string(),
            Self::Unconfirmed { since, name } => PhysicalId::Unconfirmed {
                since: i64::from(since) * tick,
                provider: name.id(),
            }
            .to_string(),
            Self::Generated => MADE_UP.to_owned(),
            Self::Foreign => FOREIGN.to_owned(),
        }
    }

    pub(crate) fn parsed(self, tick: i64) -> PhysicalId {
        PhysicalId::parse(
            &self.text(tick),
            "arn:aws:cloudformation:::stack/stack/1",
            "Corp",
        )
    }

    pub(crate) fn read(text: &str, tick: i64) -> Self {
        match PhysicalId::parse(text, "arn:aws:cloudformation:::stack/stack/1", "Corp") {
            PhysicalId::Provider(id) => Self::Provider(Name::from_id(&id)),
            PhysicalId::NotCreated(_) => Self::NotCreated,
            PhysicalId::Unconfirmed { since, provider } => Self::Unconfirmed {
                since: u8::try_from(since / tick).unwrap(),
                name: Name::from_id(&provider),
            },
            PhysicalId::Generated(_) => Self::Generated,
            PhysicalId::Foreign(_) => Self::Foreign,
        }
    }
}

/// How long after a request was issued a provider is changed, in milliseconds.
const TOUCH_MS: i64 = 1_500;

/// A provider as Describe shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub kind: Kind,
    pub secret: Secret,
    pub identifier: bool,
    /// Whether it has a mapping, which the stack never declares.
    pub by_hand: bool,
    pub created: u8,
    pub modified: u8,
    /// Whether it was changed since it was made, be it in the same tick.
    pub touched: bool,
}

impl Seen {
    fn observed(self, tick: i64) -> Observed {
        let mapping = [("email".to_owned(), "mail".to_owned())];
        Observed {
            kind: self.kind.provider_type().as_str().to_owned(),
            details: self.kind.details(self.secret),
            members: Members {
                attribute_mapping: self.by_hand.then(|| BTreeMap::from(mapping)),
                idp_identifiers: Some(Vec::from_iter(
                    self.identifier.then(|| IDENTIFIER.to_owned()),
                )),
                acr_mapping: None,
            },
            created: i64::from(self.created) * tick * 1_000,
            modified: i64::from(self.modified) * tick * 1_000
                + if self.touched { TOUCH_MS } else { 0 },
            creation_date: String::new(),
            last_modified_date: String::new(),
        }
    }
}

/// How a call ended, to the execution that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Outcome {
    Done(Option<Seen>),
    Certificate,
    Duplicate {
        in_doubt: bool,
    },
    NotFound {
        in_doubt: bool,
    },
    Other {
        in_doubt: bool,
    },
    /// It was throttled, say, and it is time for another attempt.
    Waited {
        in_doubt: bool,
    },
    /// What CloudFormation says of the request.
    StackResource {
        superseded: bool,
        held: Id,
    },
}

impl Outcome {
    pub(crate) const DUPLICATE: Self = Self::Duplicate { in_doubt: false };
    pub(crate) const NOT_FOUND: Self = Self::NotFound { in_doubt: false };

    /// The same after an attempt that nobody had an answer to.
    pub(crate) const fn in_doubt(self) -> Self {
        match self {
            Self::Duplicate { .. } => Self::Duplicate { in_doubt: true },
            Self::NotFound { .. } => Self::NotFound { in_doubt: true },
            other => other,
        }
    }

    pub(crate) fn told(self, tick: i64) -> plan::Outcome {
        let (kind, in_doubt) = match self {
            Self::Done(Some(seen)) => return Ok(Output::Provider(seen.observed(tick))),
            Self::Done(None) => return Ok(Output::Nothing),
            Self::Certificate => return Ok(Output::Certificate("MIIC".to_owned())),
            Self::Duplicate { in_doubt } => (CallErrorKind::Duplicate, in_doubt),
            Self::NotFound { in_doubt } => (CallErrorKind::NotFound, in_doubt),
            Self::Other { in_doubt } => (CallErrorKind::Other, in_doubt),
            Self::Waited { in_doubt } => (CallErrorKind::RetryDue, in_doubt),
            Self::StackResource { superseded, held } => {
                return Ok(Output::StackResource(StackResource {
                    is_busy: false,
                    changed_ms: 0,
                    superseded,
                    physical_id: Some(held.text(tick)),
                }));
            }
        };
        let text = "why".to_owned();
        Err(CallError {
            kind,
            text,
            in_doubt,
        })
    }
}

impl From<&plan::Call> for Call {
    fn from(call: &plan::Call) -> Self {
        let name = Name::from_id(call.id());
        match call {
            plan::Call::Create(provider) => Self::Create {
                name,
                kind: match provider.kind {
                    ProviderType::Saml => Kind::Saml,
                    _ => Kind::Oidc,
                },
                secret: Secret::of(&provider.details),
                identifier: provider
                    .members
                    .idp_identifiers
                    .as_ref()
                    .is_some_and(|list| !list.is_empty()),
            },
            plan::Call::Describe(_) => Self::Describe(name),
            plan::Call::Update {
                details, members, ..
            } => Self::Update {
                name,
                secret: details.as_ref().map(Secret::of),
                identifier: members
                    .idp_identifiers
                    .as_ref()
                    .map(|list| !list.is_empty()),
                by_hand: members
                    .attribute_mapping
                    .as_ref()
                    .map(|map| !map.is_empty()),
            },
            plan::Call::Delete(_) => Self::Delete(name),
            plan::Call::SigningCertificate(_) => Self::SigningCertificate,
            plan::Call::StackResource(_) => Self::StackResource,
        }
    }
}
