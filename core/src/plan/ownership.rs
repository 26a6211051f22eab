//! Decides who owns an existing provider with the desired name.

use super::{
    Call, CallError, CallErrorKind, Observed, Outcome, Output, State, Step, call, compare,
    creation::{Creation, Purpose, with_doubt, with_holder},
    delete::may_be_created_at,
    join_sentences,
};

impl Creation {
    pub(super) fn on_inspected(self, duplicate: CallError, outcome: Outcome) -> Step {
        let observed = match outcome {
            Ok(Output::Provider(observed)) => observed,
            Err(error) if error.kind == CallErrorKind::NotFound => {
                let reason = join_sentences(
                    &duplicate.text,
                    "No provider has this name, so another provider in the pool must hold one of \
                     the declared IdpIdentifiers",
                );
                let reason = match &self.purpose {
                    Purpose::Recreate { other_provider, .. } => {
                        with_holder(reason, other_provider.as_ref())
                    }
                    _ => reason,
                };
                return self.failed(reason, duplicate.in_doubt);
            }
            // An earlier delivery of this event may have created the provider. No later request
            // refers to it after a failed replacement, so the operator must be told.
            unseen => {
                let reason = match unseen {
                    Err(error) => join_sentences(
                        &duplicate.text,
                        &format!("Describing the existing provider failed: {}", error.text),
                    ),
                    Ok(_) => duplicate.text,
                };
                let reason = join_sentences(
                    &reason,
                    "The existing provider may be the work of this request; it was left in place",
                );
                return self.failed(reason, true);
            }
        };
        self.decide_ownership(duplicate, observed)
    }

    /// Decides who owns the observed provider, after the error of the create.
    pub(super) fn decide_ownership(self, error: CallError, observed: Observed) -> Step {
        // Checked first: an Update of our own provider could fail and orphan it.
        if self.is_ours(&observed) {
            return self.succeeded(
                "already created by an earlier attempt of this request",
                Some(observed),
            );
        }
        if self.is_lost_create(&observed) {
            return self.take_over("confirmed", error, &observed);
        }
        if let Purpose::Replace { replaced, .. } = &self.purpose
            && compare::holds_inline_except_identifiers(&self.declared, &observed)
        {
            return match replaced.created {
                Some(created) if observed.created <= created => self.reclaim(error, observed),
                Some(_) => self.not_ours(error, &observed),
                None => {
                    let look = Call::Describe(replaced.id.clone());
                    call(look, State::ComparingAge(self, error, observed))
                }
            };
        }
        self.not_ours(error, &observed)
    }

    /// Continues after Describe: a provider older than the one that replaced it shows that this
    /// request undoes a rename.
    pub(super) fn on_old_dated(
        self,
        error: CallError,
        observed: Observed,
        outcome: Outcome,
    ) -> Step {
        match outcome {
            Ok(Output::Provider(replaced)) if observed.created <= replaced.created => {
                self.reclaim(error, observed)
            }
            Err(unseen) if unseen.kind != CallErrorKind::NotFound => {
                let in_doubt = error.in_doubt;
                self.failed(
                    join_sentences(
                        &error.text,
                        &format!("Describing the old provider failed: {}", unseen.text),
                    ),
                    in_doubt,
                )
            }
            // The replaced provider is gone and has no date to compare, so all values are compared,
            // secrets included.
            Err(_) if compare::holds_except_identifiers(self.desired(), &observed) => {
                self.reclaim(error, observed)
            }
            _ => self.not_ours(error, &observed),
        }
    }

    /// Returns whether an earlier attempt or delivery of this request created the provider.
    pub(super) fn is_ours(&self, observed: &Observed) -> bool {
        observed.created >= self.timing.issued_ms() && compare::equals(self.desired(), observed)
    }

    /// Returns whether the Create that this Update confirms created the provider.
    fn is_lost_create(&self, observed: &Observed) -> bool {
        let Purpose::Confirm { lost, previous, .. } = &self.purpose else {
            return false;
        };
        let untouched = observed.created == observed.modified;
        let as_declared_then = || {
            let mut then = self.desired().clone();
            then.kind = previous.kind.unwrap_or(then.kind);
            then.details = previous
                .details
                .without(|key| previous.sources.contains(key));
            then.members = previous.members.clone();
            compare::equals(&then, observed)
        };
        if observed.kind != self.desired().kind.as_str() {
            return false;
        }
        let is_equal = compare::equals(self.desired(), observed);
        // An earlier Update of the resource may have created it too, at any time since.
        is_equal && observed.created >= lost.saturating_mul(1_000)
            || untouched && may_be_created_at(*lost, observed) && as_declared_then()
    }

    fn reclaim(self, error: CallError, observed: Observed) -> Step {
        if compare::holds(self.desired(), &observed) {
            return self.succeeded("restored the previous provider", Some(observed));
        }
        self.take_over("restored the previous provider", error, &observed)
    }

    /// Fails a create that was rejected or had no response, when the provider with the name is not
    /// its work.
    pub(super) fn refused(self, error: CallError, nothing_made: bool) -> Step {
        let replaces = matches!(self.purpose, Purpose::Replace { .. });
        let in_doubt = !nothing_made && (error.in_doubt || !replaces);
        let reason = if error.in_doubt || !in_doubt {
            with_doubt(error.text, in_doubt)
        } else {
            join_sentences(
                &error.text,
                "The provider may have been created by an earlier delivery of this request",
            )
        };
        self.failed(reason, in_doubt)
    }

    fn not_ours(self, error: CallError, observed: &Observed) -> Step {
        let older = observed.created < self.timing.issued_ms();
        if error.kind == CallErrorKind::Duplicate {
            self.adopt(error, observed, older)
        } else {
            self.refused(error, older)
        }
    }
}
