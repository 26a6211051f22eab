//! A Cognito in memory that carries out the plan's calls, or loses them.

use std::collections::BTreeMap;

use cfn_cognito_idp_core::{
    details::Details,
    physical_id::ProviderId,
    plan::{
        self, Answer, Call, CallError, CallErrorKind, Intent, Observed, Outcome, Output,
        StackResource, Step, Timing,
    },
    provider::{Members, Provider, ProviderType},
};

/// How one call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// As it should.
    None,
    /// Its first answer is lost, and it is sent again.
    SentTwice,
    /// It is carried out, and nobody learns of it.
    LostAfter,
    /// It never arrives, and nobody knows.
    LostBefore,
    /// It is refused.
    Refused,
    /// It is throttled, and the caller waits for its turn.
    Waited,
}

/// A provider as it is stored, without what changes by looking at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    pub kind: ProviderType,
    pub details: BTreeMap<String, String>,
    pub mapping: BTreeMap<String, String>,
    pub identifiers: Vec<String>,
    /// In seconds since 1970.
    pub created: i64,
    /// Where it differs from `created`.
    pub modified: i64,
}

impl Stored {
    /// The same but for the time of its last change, which every Update moves.
    pub(crate) fn settled(&self) -> Self {
        let modified = self.created;
        Self {
            modified,
            ..self.clone()
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct World {
    pub providers: BTreeMap<ProviderId, Stored>,
    /// The time at which providers are made and changed now, in seconds since 1970.
    pub now: i64,
    /// What CloudFormation says of the request that asks.
    pub superseded: bool,
}

/// A request that came in as soon as it was issued.
pub(crate) const fn at(issued: i64) -> Timing {
    Timing {
        issued,
        received_ms: issued * 1_000,
        waited: false,
    }
}

/// More steps than any request takes.
const STEPS: usize = 24;

impl World {
    /// Works a request off, the calls ending as told and, after those, as they should.
    pub(crate) fn run(&mut self, intent: Intent, timing: Timing, faults: &[Fault]) -> Answer {
        self.run_while(intent, timing, faults, |_| {})
    }

    /// The same, with something that happens in each wait.
    pub(crate) fn run_while(
        &mut self,
        intent: Intent,
        timing: Timing,
        faults: &[Fault],
        mut meanwhile: impl FnMut(&mut Self),
    ) -> Answer {
        let mut step = plan::start(intent, timing);
        for number in 0..STEPS {
            match step {
                Step::Answer(answer) => return answer,
                Step::Call(call, plan) => {
                    let fault = faults.get(number).copied().unwrap_or(Fault::None);
                    let waits = fault == Fault::Waited && plan.looks_before_retry();
                    let outcome = if waits {
                        meanwhile(self);
                        fail(CallErrorKind::RetryDue, false)
                    } else {
                        self.call(&call, fault)
                    };
                    step = plan.resume(outcome);
                }
            }
        }
        panic!("no answer after {STEPS} calls");
    }

    /// A provider as Describe shows it.
    pub(crate) fn observe(&self, id: &ProviderId) -> Option<Observed> {
        self.providers.get(id).map(observed)
    }

    /// The world but for the times of last changes.
    pub(crate) fn settled(&self) -> BTreeMap<ProviderId, Stored> {
        let providers = self.providers.iter();
        providers
            .map(|(id, stored)| (id.clone(), stored.settled()))
            .collect()
    }

    fn call(&mut self, call: &Call, fault: Fault) -> Outcome {
        match fault {
            // A call that is not handed back is made again by itself.
            Fault::None | Fault::Waited => self.apply(call),
            Fault::SentTwice => {
                // What came of the first time is not seen.
                let _ = self.apply(call);
                self.apply(call).map_err(|failure| CallError {
                    in_doubt: true,
                    ..failure
                })
            }
            Fault::LostAfter => {
                let _ = self.apply(call);
                fail(CallErrorKind::Other, true)
            }
            Fault::LostBefore => fail(CallErrorKind::Other, true),
            Fault::Refused => fail(CallErrorKind::Other, false),
        }
    }

    fn apply(&mut self, call: &Call) -> Outcome {
        match call {
            Call::Create(provider) => {
                let wanted = provider.members.idp_identifiers.clone().unwrap_or_default();
                if self.providers.contains_key(&provider.id) || self.taken(&provider.id, &wanted) {
                    return fail(CallErrorKind::Duplicate, false);
                }
                let stored = stored(provider, self.now);
                self.providers.insert(provider.id.clone(), stored.clone());
                Ok(Output::Provider(answered(&stored, &provider.members)))
            }
            Call::Describe(id) => match self.providers.get(id) {
                Some(stored) => Ok(Output::Provider(observed(stored))),
                None => fail(CallErrorKind::NotFound, false),
            },
            Call::Update {
                id,
                details,
                members,
            } => {
                if !self.providers.contains_key(id) {
                    return fail(CallErrorKind::NotFound, false);
                }
                let identifiers = members.idp_identifiers.clone();
                if identifiers
                    .as_ref()
                    .is_some_and(|wanted| self.taken(id, wanted))
                {
                    return fail(CallErrorKind::Duplicate, false);
                }
                let stored = self.providers.get_mut(id).unwrap();
                if let Some(details) = details {
                    stored.details = plain(details);
                }
                if let Some(mapping) = &members.attribute_mapping {
                    stored.mapping.clone_from(mapping);
                }
                if let Some(identifiers) = identifiers {
                    stored.identifiers = identifiers;
                }
                stored.modified = self.now;
                Ok(Output::Provider(answered(stored, members)))
            }
            Call::Delete(id) => match self.providers.remove(id) {
                Some(_) => Ok(Output::Nothing),
                None => fail(CallErrorKind::NotFound, false),
            },
            Call::StackResource(_) => Ok(Output::StackResource(StackResource {
                is_busy: false,
                changed_ms: 0,
                superseded: self.superseded,
                physical_id: None,
            })),
            Call::SigningCertificate(_) => Ok(Output::Certificate("MIIC".to_owned())),
        }
    }

    /// Whether another provider of the pool holds one of these identifiers.
    fn taken(&self, id: &ProviderId, identifiers: &[String]) -> bool {
        self.providers.iter().any(|(other, stored)| {
            other != id
                && other.pool == id.pool
                && stored
                    .identifiers
                    .iter()
                    .any(|held| identifiers.contains(held))
        })
    }
}

fn fail(kind: CallErrorKind, in_doubt: bool) -> Outcome {
    Err(CallError {
        kind,
        text: format!("{kind:?}"),
        in_doubt,
    })
}

fn plain(details: &Details) -> BTreeMap<String, String> {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    details.expose_all().map(owned).collect()
}

fn observed(stored: &Stored) -> Observed {
    Observed {
        kind: stored.kind.as_str().to_owned(),
        details: stored
            .details
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect(),
        members: Members {
            attribute_mapping: Some(stored.mapping.clone()),
            idp_identifiers: Some(stored.identifiers.clone()),
            acr_mapping: None,
        },
        created: stored.created * 1_000,
        modified: stored.modified * 1_000,
        creation_date: String::new(),
        last_modified_date: String::new(),
    }
}

/// Returns what Create and Update answer: identifiers only if the request had some.
fn answered(stored: &Stored, sent: &Members) -> Observed {
    let mut answered = observed(stored);
    if sent.idp_identifiers.is_none() {
        answered.members.idp_identifiers = None;
    }
    answered
}

/// Returns what Cognito maps where a Create has no mapping. What a SAML provider gets is not
/// published.
fn default_mapping(kind: ProviderType) -> BTreeMap<String, String> {
    if kind == ProviderType::Saml {
        return BTreeMap::new();
    }
    BTreeMap::from([("username".to_owned(), "sub".to_owned())])
}

/// The provider as somebody made it at that time.
pub(crate) fn stored(provider: &Provider, created: i64) -> Stored {
    Stored {
        kind: provider.kind,
        details: plain(&provider.details),
        mapping: provider
            .members
            .attribute_mapping
            .clone()
            .unwrap_or_else(|| default_mapping(provider.kind)),
        identifiers: provider.members.idp_identifiers.clone().unwrap_or_default(),
        created,
        modified: created,
    }
}
