//! Before a create is tried again: whether it is still wanted, and what an attempt without an answer
//! has made.

use super::{
    Call, Failure, FailureKind, Outcome, Output, State, Step, call, compare,
    creation::{Creation, Purpose, doubted},
    sentences,
    superseded::{self, Found, Stop},
};

impl Creation {
    /// Goes on with a replacement, unless CloudFormation has cancelled it and rolled it back: no
    /// later request would name what it makes.
    pub(super) fn old_looked(mut self, waited: &Failure, outcome: Outcome) -> Step {
        let Purpose::Replace { replaced, .. } = &mut self.purpose else {
            return self.begin();
        };
        let found = match outcome {
            // One of that name that is younger than the request is another's.
            Ok(Output::Provider(observed)) if !self.timing.precedes(observed.created) => {
                replaced.created = Some(observed.created);
                let known = replaced.modified.replace(observed.modified);
                let is_known = known.is_some_and(|known| observed.modified <= known);
                if self.timing.precedes(observed.modified) && !is_known {
                    let taken = replaced.taken.take();
                    replaced.taken = taken.filter(|taken| !taken.are_back(&observed));
                    Found::Changed
                } else {
                    Found::Unchanged
                }
            }
            Err(failure) if failure.kind != FailureKind::NotFound => {
                return self.failed_after(&waited.text, &failure.text);
            }
            _ => {
                replaced.taken = None;
                Found::Gone
            }
        };
        let waited = waited.text.clone();
        superseded::ask(&replaced.id.clone(), found, move |stop| match stop {
            Ok(()) => self.begin(),
            Err(stop) => self.withdraw(&waited, &stop),
        })
    }

    /// Goes on with making a provider again, unless it is there by now.
    pub(super) fn reappeared(self, waited: &Failure, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) if compare::holds(self.desired(), &observed) => {
                self.succeeded("found as it is declared", Some(observed))
            }
            Ok(Output::Provider(observed)) => {
                let waited = waited.clone();
                superseded::ask(
                    &self.desired().id.clone(),
                    Found::Changed,
                    move |stop| match stop {
                        Ok(()) => self.take_over("updated", waited, &observed),
                        Err(stop) => self.failed_after(&waited.text, &stop.reason),
                    },
                )
            }
            Err(failure) if failure.kind != FailureKind::NotFound => {
                self.failed_after(&waited.text, &failure.text)
            }
            _ => {
                let waited = waited.text.clone();
                superseded::ask(
                    &self.desired().id.clone(),
                    Found::Gone,
                    move |stop| match stop {
                        Ok(()) => self.begin(),
                        Err(stop) => self.failed_after(&waited, &stop.reason),
                    },
                )
            }
        }
    }

    /// Fails a replacement that was overtaken, and deletes what it may have made: no later request
    /// names that, unless another delivery of this one has answered for it.
    fn withdraw(self, waited: &str, stop: &Stop) -> Step {
        let id = self.desired().id.to_string();
        if !self.in_doubt || stop.physical_id.as_ref().is_none_or(|held| *held == id) {
            return self.failed_after(waited, &stop.reason);
        }
        let reason = sentences(waited, &format!("Then {}", stop.reason));
        call(self.describe(), State::Withdrawing(self, reason))
    }

    pub(super) fn withdrawing(self, reason: String, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) if self.is_ours(&observed) => {
                let delete = Call::Delete(self.desired().id.clone());
                call(delete, State::Withdrawn(self, reason))
            }
            _ => self.failed(doubted(reason, false), false),
        }
    }

    pub(super) fn withdrawn(self, reason: String, outcome: Outcome) -> Step {
        match outcome {
            Ok(_) => self.failed(reason, true),
            Err(failure) if failure.kind == FailureKind::NotFound => self.failed(reason, true),
            Err(failure) => self.failed(doubted(sentences(&reason, &failure.text), false), false),
        }
    }

    /// Fails for a reason that was found after a wait.
    fn failed_after(self, waited: &str, reason: &str) -> Step {
        let settled = !self.in_doubt;
        let reason = sentences(waited, &format!("Then {reason}"));
        self.failed(doubted(reason, settled), settled)
    }
}
