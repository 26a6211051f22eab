//! A Cognito in memory that carries out the plan's calls, or loses them.

use std::collections::BTreeMap;

use cfn_cognito_idp::{
    physical_id::ProviderId,
    plan::{self, Answer, Call, Failure, FailureKind, Intent, Observed, Outcome, Output, Step},
    provider::{Members, Provider, ProviderType},
    secret::Details,
};

/// How one call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
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
}

/// A provider as it is stored, without what changes by looking at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub kind: ProviderType,
    pub details: BTreeMap<String, String>,
    pub mapping: BTreeMap<String, String>,
    pub identifiers: Vec<String>,
    pub created: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    pub providers: BTreeMap<ProviderId, Stored>,
    /// The time at which providers are made now.
    pub now: i64,
}

/// More steps than any request takes.
const STEPS: usize = 12;

impl World {
    /// Works a request off, the calls ending as told and, after those, as they should.
    pub fn run(&mut self, intent: Intent, since: i64, faults: &[Fault]) -> Answer {
        let mut step = plan::start(intent, since);
        for number in 0..STEPS {
            match step {
                Step::Answer(answer) => return answer,
                Step::Call(call, plan) => {
                    let fault = faults.get(number).copied().unwrap_or(Fault::None);
                    step = plan.resume(self.call(&call, fault));
                }
            }
        }
        panic!("no answer after {STEPS} calls");
    }

    fn call(&mut self, call: &Call, fault: Fault) -> Outcome {
        match fault {
            Fault::None => self.apply(call),
            Fault::SentTwice => {
                // What came of the first time is not seen.
                let _ = self.apply(call);
                self.apply(call).map_err(|failure| Failure {
                    settled: false,
                    ..failure
                })
            }
            Fault::LostAfter => {
                let _ = self.apply(call);
                fail(FailureKind::Other, false)
            }
            Fault::LostBefore => fail(FailureKind::Other, false),
            Fault::Refused => fail(FailureKind::Other, true),
        }
    }

    fn apply(&mut self, call: &Call) -> Outcome {
        match call {
            Call::Create(provider) => {
                let wanted = provider.members.idp_identifiers.clone().unwrap_or_default();
                if self.providers.contains_key(&provider.id) || self.taken(&provider.id, &wanted) {
                    return fail(FailureKind::Duplicate, true);
                }
                let stored = stored(provider, self.now);
                self.providers.insert(provider.id.clone(), stored.clone());
                Ok(Output::Provider(observed(&stored)))
            }
            Call::Describe(id) => match self.providers.get(id) {
                Some(stored) => Ok(Output::Provider(observed(stored))),
                None => fail(FailureKind::NotFound, true),
            },
            Call::Update {
                id,
                details,
                members,
            } => {
                if !self.providers.contains_key(id) {
                    return fail(FailureKind::NotFound, true);
                }
                let identifiers = members.idp_identifiers.clone();
                if identifiers
                    .as_ref()
                    .is_some_and(|wanted| self.taken(id, wanted))
                {
                    return fail(FailureKind::Duplicate, true);
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
                Ok(Output::Provider(observed(stored)))
            }
            Call::Delete(id) => match self.providers.remove(id) {
                Some(_) => Ok(Output::Nothing),
                None => fail(FailureKind::NotFound, true),
            },
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

fn fail(kind: FailureKind, settled: bool) -> Outcome {
    Err(Failure {
        kind,
        text: format!("{kind:?}"),
        settled,
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
        created: stored.created,
        modified: stored.created,
        creation_date: String::new(),
        last_modified_date: String::new(),
    }
}

/// The provider as somebody made it at that time.
pub fn stored(provider: &Provider, created: i64) -> Stored {
    Stored {
        kind: provider.kind,
        details: plain(&provider.details),
        mapping: provider
            .members
            .attribute_mapping
            .clone()
            .unwrap_or_default(),
        identifiers: provider.members.idp_identifiers.clone().unwrap_or_default(),
        created,
    }
}
