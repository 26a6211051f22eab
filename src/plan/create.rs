//! Making a provider, for a Create, for an Update that finds it gone, and for a replacement.

use super::{
    Call, Failure, FailureKind, Observed, Outcome, Output, State, Step, call, compare,
    delete::may_be_of, fail, met, sentences, update::Identifiers,
};
use crate::{
    physical_id::PhysicalId,
    provider::{Declared, Provider},
};

/// A provider to be made, and what it is made for.
#[derive(Debug)]
pub(super) struct Goal {
    desired: Provider,
    adopt: bool,
    since: i64,
    purpose: Purpose,
}

#[derive(Debug)]
enum Purpose {
    /// A Create; the id says whether anything may be left behind.
    Create { request_id: String },
    /// An Update whose provider is gone.
    Recreate { physical_id: String },
    /// An Update of a create that was never confirmed. It keeps its id where with another the
    /// clean-up would take this provider for what the lost create made.
    Confirm { physical_id: String },
    /// An Update to another pool or name.
    Replace {
        physical_id: String,
        /// What was taken off the old provider and goes back if this fails.
        taken: Option<Identifiers>,
    },
}

impl Goal {
    pub(super) fn create(declared: Declared, since: i64, request_id: String) -> Self {
        Self::new(declared, since, Purpose::Create { request_id })
    }

    pub(super) fn recreate(declared: Declared, since: i64, physical_id: String) -> Self {
        Self::new(declared, since, Purpose::Recreate { physical_id })
    }

    pub(super) fn confirm(declared: Declared, since: i64, physical_id: String) -> Self {
        Self::new(declared, since, Purpose::Confirm { physical_id })
    }

    pub(super) fn replace(
        declared: Declared,
        since: i64,
        physical_id: String,
        taken: Option<Identifiers>,
    ) -> Self {
        Self::new(declared, since, Purpose::Replace { physical_id, taken })
    }

    fn new(declared: Declared, since: i64, purpose: Purpose) -> Self {
        Self {
            desired: declared.provider,
            adopt: declared.adopt_existing,
            since,
            purpose,
        }
    }

    pub(super) fn begin(self) -> Step {
        call(Call::Create(self.desired.clone()), State::Creating(self))
    }

    pub(super) fn created(self, outcome: Outcome) -> Step {
        match outcome {
            Ok(output) => {
                let done = match self.purpose {
                    Purpose::Create { .. } => "created",
                    Purpose::Recreate { .. } | Purpose::Confirm { .. } => "created again",
                    Purpose::Replace { .. } => "replaced",
                };
                self.met(done, output.provider())
            }
            Err(failure) if failure.kind == FailureKind::Duplicate => {
                let id = self.desired.id.clone();
                call(Call::Describe(id), State::Inspecting(self, failure))
            }
            Err(failure) if failure.settled => self.failed(failure.text, true),
            Err(failure) => {
                let id = self.desired.id.clone();
                call(Call::Describe(id), State::Settling(self, failure))
            }
        }
    }

    pub(super) fn inspected(self, duplicate: Failure, outcome: Outcome) -> Step {
        let observed = match outcome {
            Ok(Output::Provider(observed)) => observed,
            Err(failure) if failure.kind == FailureKind::NotFound => {
                let reason = sentences(
                    &duplicate.text,
                    "No provider of that name exists, so another provider of the pool holds one \
                     of its IdpIdentifiers",
                );
                return self.failed(reason, duplicate.settled);
            }
            // It may be this event's own, made by an earlier delivery. After a replacement no
            // later request names it, so that the operator has to know.
            unseen => {
                let reason = match unseen {
                    Err(failure) => format!("{}; then {}", duplicate.text, failure.text),
                    Ok(_) => duplicate.text,
                };
                let reason = sentences(&reason, "Whether this request made it is not known");
                return self.failed(reason, false);
            }
        };
        // Before anything else: a call that is not made cannot fail and leave it behind.
        if self.is_ours(&observed) {
            return self.met("found as this request left it", Some(observed));
        }
        let replacing = matches!(self.purpose, Purpose::Replace { .. });
        if replacing && compare::holds_what_is_declared(&self.desired, &observed) {
            return self.take_over("took the provider back");
        }
        let not_ours = duplicate.settled || observed.created < self.since;
        let id = &self.desired.id;
        if !self.adopt {
            let reason = format!(
                "an identity provider named {} exists already in user pool {}; it was left \
                 untouched. To have this resource take it over, set AdoptExisting to true",
                id.name, id.pool
            );
            return self.failed(reason, not_ours);
        }
        if observed.kind != self.desired.kind.as_str() {
            let reason = format!(
                "an identity provider named {} exists already in user pool {}; it was left \
                 untouched. It cannot be adopted as {}: it is of type {}, which Cognito cannot \
                 change",
                id.name,
                id.pool,
                self.desired.kind.as_str(),
                observed.kind
            );
            return self.failed(reason, not_ours);
        }
        self.take_over("adopted")
    }

    /// Made by this request: an earlier attempt or delivery, whose answer was lost.
    fn is_ours(&self, observed: &Observed) -> bool {
        observed.created >= self.since && compare::equals(&self.desired, observed)
    }

    fn take_over(self, done: &'static str) -> Step {
        let Provider {
            id,
            details,
            members,
            ..
        } = self.desired.clone();
        let update = Call::Update {
            id,
            details: Some(details),
            members,
        };
        call(update, State::TakingOver(self, done))
    }

    pub(super) fn taken_over(self, done: &'static str, outcome: Outcome) -> Step {
        match outcome {
            Ok(output) => self.met(done, output.provider()),
            // Whatever came of it, the provider was there before and is not to be deleted.
            Err(failure) => self.failed(failure.text, true),
        }
    }

    pub(super) fn settled(self, failure: Failure, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) if self.is_ours(&observed) => {
                self.met("created, though the answer was lost", Some(observed))
            }
            // Somebody else's: the lost create cannot have been carried out.
            Ok(Output::Provider(observed)) if observed.created < self.since => {
                self.failed(failure.text, true)
            }
            // A request that got no answer may still be under way, so that "not found" is no
            // proof either.
            _ => {
                let reason = sentences(
                    &failure.text,
                    "Whether the provider was created is not known",
                );
                self.failed(reason, false)
            }
        }
    }

    fn met(self, done: &'static str, observed: Option<Observed>) -> Step {
        let kept = |observed: &Observed| may_be_of(self.since, observed);
        let physical_id = match self.purpose {
            Purpose::Confirm { physical_id } if observed.as_ref().is_none_or(kept) => physical_id,
            _ => self.desired.id.to_string(),
        };
        met(physical_id, done, self.desired, observed)
    }

    /// Answers FAILED, after giving back what was taken for this.
    fn failed(self, reason: String, settled: bool) -> Step {
        match self.purpose {
            Purpose::Create { request_id } => {
                let id = if settled {
                    PhysicalId::NotCreated(request_id)
                } else {
                    PhysicalId::Unconfirmed {
                        since: self.since,
                        provider: self.desired.id,
                    }
                };
                fail(id.to_string(), reason)
            }
            Purpose::Recreate { physical_id }
            | Purpose::Confirm { physical_id }
            | Purpose::Replace {
                physical_id,
                taken: None,
            } => fail(physical_id, reason),
            Purpose::Replace {
                physical_id,
                taken: Some(taken),
            } => taken.put_back(physical_id, reason),
        }
    }
}
