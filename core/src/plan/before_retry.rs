//! Checks before the retry of a create: whether the request is still current, and whether an
//! attempt without a response created the provider.

use super::{
    Call, CallError, CallErrorKind, Outcome, Output, State, Step, call, compare,
    creation::{Creation, Purpose, with_doubt},
    join_sentences,
    superseded::{self, Found, Stop},
};

impl Creation {
    /// Continues a replacement, unless CloudFormation has cancelled it and rolled it back: the new
    /// provider would be orphaned.
    pub(super) fn on_old_described(mut self, waited: &CallError, outcome: Outcome) -> Step {
        let Purpose::Replace { replaced, .. } = &mut self.purpose else {
            return self.begin();
        };
        let found = match outcome {
            // A provider created after the request belongs to another.
            Ok(Output::Provider(observed)) if !self.timing.precedes(observed.created) => {
                replaced.created = Some(observed.created);
                let known = replaced.modified.replace(observed.modified);
                let is_known = known.is_some_and(|known| observed.modified <= known);
                if self.timing.precedes(observed.modified) && !is_known {
                    let taken = replaced.taken.take();
                    replaced.taken = taken.filter(|taken| !taken.are_restored(&observed));
                    Found::Changed
                } else {
                    Found::Unchanged
                }
            }
            Err(error) if error.kind != CallErrorKind::NotFound => {
                return self.failed_after(&waited.text, &error.text);
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

    /// Continues to recreate a provider, unless it exists by now.
    pub(super) fn on_described(self, waited: &CallError, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) if compare::holds(self.desired(), &observed) => {
                self.succeeded("already as declared", Some(observed))
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
            Err(error) if error.kind != CallErrorKind::NotFound => {
                self.failed_after(&waited.text, &error.text)
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

    /// Fails a superseded replacement and deletes the provider that it may have created: no later
    /// request refers to it, unless another delivery of this request has responded with its id.
    fn withdraw(self, waited: &str, stop: &Stop) -> Step {
        let id = self.desired().id.to_string();
        if !self.in_doubt || stop.physical_id.as_ref().is_none_or(|held| *held == id) {
            return self.failed_after(waited, &stop.reason);
        }
        let reason = join_sentences(waited, &format!("Not retried: {}", stop.reason));
        call(self.describe(), State::CheckingWithdrawal(self, reason))
    }

    pub(super) fn on_withdrawal_checked(self, reason: String, outcome: Outcome) -> Step {
        match outcome {
            Ok(Output::Provider(observed)) if self.is_ours(&observed) => {
                let delete = Call::Delete(self.desired().id.clone());
                call(delete, State::Withdrawing(self, reason))
            }
            _ => self.failed(with_doubt(reason, true), true),
        }
    }

    pub(super) fn on_withdrawn(self, reason: String, outcome: Outcome) -> Step {
        match outcome {
            Ok(_) => self.failed(reason, false),
            Err(error) if error.kind == CallErrorKind::NotFound => self.failed(reason, false),
            Err(error) => self.failed(with_doubt(join_sentences(&reason, &error.text), true), true),
        }
    }

    /// Fails with the error of the attempt and the reason against a retry.
    fn failed_after(self, waited: &str, reason: &str) -> Step {
        let in_doubt = self.in_doubt;
        let reason = join_sentences(waited, &format!("Not retried: {reason}"));
        self.failed(with_doubt(reason, in_doubt), in_doubt)
    }
}
