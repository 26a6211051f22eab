//! Whose a provider is that is found under the desired name.

use super::{
    Call, Failure, FailureKind, Observed, Outcome, Output, State, Step, call, compare,
    creation::{Creation, Purpose, doubted, held_by},
    delete::may_be_of,
    sentences,
};

impl Creation {
    pub(super) fn inspected(self, duplicate: Failure, outcome: Outcome) -> Step {
        let observed = match outcome {
            Ok(Output::Provider(observed)) => observed,
            Err(failure) if failure.kind == FailureKind::NotFound => {
                let reason = sentences(
                    &duplicate.text,
                    "No provider of that name exists, so another provider of the pool holds one \
                     of its IdpIdentifiers",
                );
                let reason = match &self.purpose {
                    Purpose::Recreate { rival, .. } => held_by(reason, rival.as_ref()),
                    _ => reason,
                };
                return self.failed(reason, duplicate.settled);
            }
            // It may be this event's own, made by an earlier delivery. After a replacement no
            // later request names it, so that the operator has to know.
            unseen => {
                let reason = match unseen {
                    Err(failure) => format!("{}; then {}", duplicate.text, failure.text),
                    Ok(_) => duplicate.text,
                };
                let reason = sentences(&reason, "It may have been created by this request");
                return self.failed(reason, false);
            }
        };
        self.judge(duplicate, observed)
    }

    /// Decides whose provider of the desired name this is, after `failure`.
    pub(super) fn judge(self, failure: Failure, observed: Observed) -> Step {
        // Checked first: a call that is not made cannot fail and leave the provider behind.
        if self.is_ours(&observed) {
            return self.succeeded("found as this request left it", Some(observed));
        }
        if self.is_lost_create(&observed) {
            return self.take_over("confirmed", failure, &observed);
        }
        if let Purpose::Replace { replaced, .. } = &self.purpose
            && compare::holds_inline_but_identifiers(&self.declared, &observed)
        {
            return match replaced.created {
                Some(created) if observed.created <= created => self.take_back(failure, observed),
                Some(_) => self.not_ours(failure, &observed),
                None => {
                    let look = Call::Describe(replaced.id.clone());
                    call(look, State::Dating(self, failure, observed))
                }
            };
        }
        self.not_ours(failure, &observed)
    }

    /// Whether the provider is older than the one that replaced it, so that this undoes a rename.
    pub(super) fn dated(self, failure: Failure, observed: Observed, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(replaced)) if observed.created <= replaced.created => {
                self.take_back(failure, observed)
            }
            Err(unseen) if unseen.kind != FailureKind::NotFound => {
                let settled = failure.settled;
                self.failed(format!("{}; then {}", failure.text, unseen.text), settled)
            }
            // Without the other's date, the secrets have to tell.
            Err(_) if compare::holds_but_identifiers(self.desired(), &observed) => {
                self.take_back(failure, observed)
            }
            _ => self.not_ours(failure, &observed),
        }
    }

    /// Made by this request: an earlier attempt or delivery, whose answer was lost.
    pub(super) fn is_ours(&self, observed: &Observed) -> bool {
        observed.created >= self.timing.issued_ms() && compare::equals(self.desired(), observed)
    }

    /// Made by the create that this Update confirms.
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
        // Or by an earlier Update of it, at any time since.
        is_equal && observed.created >= lost.saturating_mul(1_000)
            || untouched && may_be_of(*lost, observed) && as_declared_then()
    }

    fn take_back(self, failure: Failure, observed: Observed) -> Step {
        if compare::holds(self.desired(), &observed) {
            return self.succeeded("took the provider back", Some(observed));
        }
        self.take_over("took the provider back", failure, &observed)
    }

    /// Fails a create that was refused or without an answer, where the provider of that name is
    /// not its work.
    pub(super) fn refused(self, failure: Failure, nothing_made: bool) -> Step {
        let settled =
            nothing_made || failure.settled && matches!(self.purpose, Purpose::Replace { .. });
        let reason = if settled || !failure.settled {
            doubted(failure.text, settled)
        } else {
            sentences(
                &failure.text,
                "The provider may have been created by an earlier delivery of this request",
            )
        };
        self.failed(reason, settled)
    }

    fn not_ours(self, failure: Failure, observed: &Observed) -> Step {
        let older = observed.created < self.timing.issued_ms();
        if failure.kind == FailureKind::Duplicate {
            self.adopt(failure, observed, older)
        } else {
            self.refused(failure, older)
        }
    }
}
