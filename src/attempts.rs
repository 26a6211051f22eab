//! The attempts at one call: each is judged, logged, and remembered for what it may have done.
//! The same for every service.

use std::{
    fmt,
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_config::{SdkConfig, retry::RetryConfig};
use aws_sdk_cognitoidentityprovider::{
    config::{
        ConfigBag, IdentityCache, Intercept, RuntimeComponents, StalledStreamProtectionConfig,
        interceptors::BeforeTransmitInterceptorContextRef,
    },
    error::{BoxError, ProvideErrorMetadata, SdkError},
};
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::{
    interceptors::context::InterceptorContext,
    retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority},
};
use aws_smithy_types::retry::{ErrorKind, RetrySpec};
use tokio::time::Instant;

use crate::{
    error::chain,
    retry::{Fault, Pace, Retry, Turns},
};
use cfn_cognito_idp_core::details::Details;

/// Credentials come from the environment, or from a local endpoint.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(5);
/// Past every delay that is asked for, so that the SDK's own limit never cuts one.
const NO_LIMIT: Duration = Duration::from_hours(1);

/// The configuration of clients whose calls are retried as [`Attempts`] say. They need
/// [`unlimited`] too, which only the clients themselves can be given.
pub(crate) fn with_unlimited_retries(sdk: &SdkConfig) -> SdkConfig {
    // The SDK's retry loop with our verdict and our delays: attempts are limited by time
    // alone. The retry behaviour is pinned, because the next one bends the delays it is given.
    let loop_config = RetryConfig::standard()
        .with_max_attempts(u32::MAX)
        .with_max_backoff(NO_LIMIT)
        .with_retry_spec(RetrySpec::v2_0());
    // Without a limit of its own, the SDK adds up the delays of all the attempts that there
    // may be, one by one, before each request.
    let identities = IdentityCache::lazy()
        .load_timeout(CREDENTIALS_TIMEOUT)
        .build();
    // The SDK takes an answer that is more than five seconds away for a stalled stream.
    let patient = StalledStreamProtectionConfig::disabled();
    sdk.to_builder()
        .stalled_stream_protection(patient)
        .identity_cache(identities)
        .retry_config(loop_config)
        .build()
}

/// No budget of tokens: one that outlives the invocation has no place here.
pub(crate) fn unlimited() -> RetryPartition {
    RetryPartition::custom("cfn-cognito-idp")
        .token_bucket(TokenBucket::unlimited())
        .build()
}

/// Every failed attempt was seen by the classifier; this is for what failed before the first.
pub(crate) fn unsent<E, R>(error: &SdkError<E, R>) -> Fault
where
    E: std::error::Error + 'static,
    R: fmt::Debug,
{
    Fault::NotSent(chain(error))
}

/// How far a caller has come in the rounds of [`crate::retry::Turns`]. A look that precedes another
/// attempt goes on with the rounds of the call that it is for.
#[derive(Debug, Clone)]
pub(crate) struct Pacing(Arc<Mutex<Progress>>);

#[derive(Debug)]
struct Progress {
    start: Instant,
    /// Rounds of turns that were taken or passed.
    rounds: u32,
}

impl Pacing {
    /// Begins now.
    pub(crate) fn start() -> Self {
        Self(Arc::new(Mutex::new(Progress {
            start: Instant::now(),
            rounds: 0,
        })))
    }

    fn elapsed(&self) -> Duration {
        let progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        progress.start.elapsed()
    }

    fn next(&self, turns: &Turns) -> Duration {
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (rounds, delay) = turns.next(progress.rounds, progress.start.elapsed());
        progress.rounds = rounds;
        delay
    }
}

/// Why a call did not do what it was for.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct CallError {
    /// What was being done to what, and what came back.
    pub text: String,
    /// The service's name for the error, if it has answered.
    pub code: Option<String>,
    /// Whether the call certainly changed nothing.
    pub is_settled: bool,
}

/// The attempts at one call, so far.
#[derive(Clone)]
pub(crate) struct Attempts(Arc<Inner>);

struct Inner {
    /// The name of the operation, for the log.
    operation: &'static str,
    /// What is being done to what, for the operator.
    doing: String,
    /// What messages have to be cleared of.
    details: Option<Details>,
    retry: Retry,
    pacing: Pacing,
    /// Whether the caller does something else before the next attempt.
    hands_back: bool,
    seen: Mutex<Seen>,
}

/// When little time is left, so many attempts still have to fit.
const ATTEMPTS_THAT_FIT: u32 = 3;

/// Returns what one attempt gets of the time until `end`, or nothing if none is left.
pub(crate) fn attempt_timeout(most: Duration, end: Instant) -> Option<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    (!left.is_zero()).then(|| most.min(left / ATTEMPTS_THAT_FIT))
}

#[derive(Default)]
struct Seen {
    failed: u32,
    /// How long to wait before the next attempt, where the caller makes it.
    pause: Option<Duration>,
    /// Whether the attempt under way has been sent.
    sent: bool,
    /// Attempts that were sent and may have been carried out for all that is known.
    unsettled: u32,
    last: Option<Fault>,
    /// The verdict on the attempt under way: the SDK asks for it more than once.
    judged: Option<RetryAction>,
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attempts").field(&self.0.operation).finish()
    }
}

impl Attempts {
    /// The attempts at a call: its operation for the log, what it does for the operator, and the details
    /// that messages have to be cleared of.
    pub(crate) fn at(
        operation: &'static str,
        doing: String,
        details: Option<&Details>,
        retry: Retry,
    ) -> Self {
        Self::handed_back(operation, doing, details, retry, Pacing::start(), false)
    }

    /// The same in the pace of other attempts. With `hands_back`, the caller does something else before
    /// the next one.
    pub(crate) fn handed_back(
        operation: &'static str,
        doing: String,
        details: Option<&Details>,
        retry: Retry,
        pacing: Pacing,
        hands_back: bool,
    ) -> Self {
        Self(Arc::new(Inner {
            operation,
            doing,
            details: details.cloned(),
            retry,
            pacing,
            hands_back,
            seen: Mutex::default(),
        }))
    }

    /// What these are attempts at.
    pub(crate) fn doing(&self) -> &str {
        &self.0.doing
    }

    /// The rounds that these attempts have taken.
    pub(crate) fn pacing(&self) -> Pacing {
        self.0.pacing.clone()
    }

    /// How long to wait before the next attempt, if there is to be one by the caller.
    pub(crate) fn take_pause(&self) -> Option<Duration> {
        self.seen().pause.take()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the call failed with: the last attempt's fault, or `unsent` if there was none.
    pub(crate) fn failed(&self, unsent: &Fault) -> CallError {
        let seen = self.seen();
        let fault = seen.last.as_ref().unwrap_or(unsent);
        CallError {
            text: format!("{}: {fault}", self.0.doing),
            code: match fault {
                Fault::Answered { code, .. } => Some(code.clone()),
                _ => None,
            },
            is_settled: seen.unsettled == 0,
        }
    }

    /// What the call failed with if nobody waited for its end.
    pub(crate) fn out_of_time(&self) -> CallError {
        let seen = self.seen();
        let doing = &self.0.doing;
        let text = match (&seen.last, seen.failed) {
            (None, _) if seen.unsettled == 0 => format!("{doing}: there was no time left for it"),
            (None, _) => format!("{doing}: no answer before the time was over"),
            (Some(last), 1) => format!("{doing}: the time was over after a failed attempt: {last}"),
            (Some(last), failed) => {
                format!(
                    "{doing}: the time was over after {failed} failed attempts, the last: {last}"
                )
            }
        };
        CallError {
            text,
            code: None,
            is_settled: seen.unsettled == 0,
        }
    }

    fn judge(&self, fault: Fault) -> RetryAction {
        let verdict = fault.verdict();
        let mut seen = self.seen();
        if let Some(judged) = &seen.judged {
            return judged.clone();
        }
        seen.failed += 1;
        if verdict.settled && seen.sent {
            seen.unsettled = seen.unsettled.saturating_sub(1);
        }
        let left = verdict.retry.and_then(|pace| {
            let patience = self.0.retry.patience(pace);
            let left = patience.checked_sub(self.0.pacing.elapsed())?;
            Some((pace, left)).filter(|_| !left.is_zero())
        });
        let action = match left {
            None => RetryAction::RetryForbidden,
            Some((pace, left)) => {
                let delay = self.delay(pace, seen.failed).min(left);
                tracing::warn!(
                    operation = self.0.operation,
                    attempt = seen.failed,
                    fault = fault.name(),
                    delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                    "retrying"
                );
                if self.0.hands_back {
                    seen.pause = Some(delay);
                    RetryAction::RetryForbidden
                } else {
                    let kind = ErrorKind::TransientError;
                    RetryAction::retryable_error_with_explicit_delay(kind, delay)
                }
            }
        };
        seen.last = Some(fault);
        seen.judged = Some(action.clone());
        action
    }

    fn delay(&self, pace: Pace, failed: u32) -> Duration {
        match pace {
            Pace::Soon | Pace::Granting | Pace::Resolving => self.0.retry.soon.delay(failed),
            Pace::InTurn => self.0.pacing.next(&self.0.retry.in_turn),
        }
    }

    fn redact(&self, text: &str) -> String {
        self.0
            .details
            .as_ref()
            .map_or_else(|| text.to_owned(), |details| details.redact(text))
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut seen = self.seen();
        seen.judged = None;
        seen.sent = false;
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut seen = self.seen();
        seen.sent = true;
        seen.unsettled += 1;
        Ok(())
    }
}

/// Tells the SDK's retry loop what [`Fault::verdict`] says, as the last to be asked.
pub(crate) struct Classifier<E> {
    attempts: Attempts,
    error: PhantomData<fn() -> E>,
}

impl<E> Classifier<E> {
    pub(crate) fn new(attempts: &Attempts) -> Self {
        Self {
            attempts: attempts.clone(),
            error: PhantomData,
        }
    }
}

impl<E> fmt::Debug for Classifier<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.attempts.fmt(f)
    }
}

impl<E> ClassifyRetry for Classifier<E>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        "Verdict"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }

    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.output_or_error() {
            Some(Err(_)) => self.attempts.judge(self.fault(context)),
            _ => RetryAction::NoActionIndicated,
        }
    }
}

impl<E> Classifier<E>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    fn fault(&self, context: &InterceptorContext) -> Fault {
        let status = context
            .response()
            .map(|response| response.status().as_u16());
        let Some(Err(error)) = context.output_or_error() else {
            return Fault::NotSent("no error was given".to_owned());
        };
        if error.is_timeout_error() {
            return Fault::TimedOut;
        }
        if let Some(error) = error.as_connector_error() {
            let why = chain(error);
            let source = std::error::Error::source(error);
            let cause = source.and_then(|source| source.downcast_ref::<reqwest::Error>());
            return if cause.is_some_and(reqwest::Error::is_connect) {
                // As the connector calls it; it has no type for it.
                if why.contains("dns error") {
                    Fault::NotResolved(why)
                } else {
                    Fault::NotConnected(why)
                }
            } else if error.is_timeout() {
                Fault::TimedOut
            } else if error.is_user() {
                Fault::NotSent(why)
            } else {
                Fault::Broken(why)
            };
        }
        let modeled = error
            .as_operation_error()
            .and_then(|error| error.downcast_ref::<E>());
        let code = modeled
            .and_then(ProvideErrorMetadata::code)
            .unwrap_or_default();
        let message = modeled
            .and_then(ProvideErrorMetadata::message)
            .unwrap_or_default();
        match status {
            Some(status) if !(200..300).contains(&status) => Fault::Answered {
                status,
                code: code.to_owned(),
                message: self.attempts.redact(message),
            },
            Some(status) => Fault::Unreadable(format!("HTTP status {status}")),
            None => Fault::NotSent(self.attempts.redact(&chain(error))),
        }
    }
}
