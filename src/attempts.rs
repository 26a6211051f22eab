//! Tracks the attempts at one call to any service: classifies each, logs it, and records whether it
//! may have been carried out.

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
use url::Url;

use crate::{
    error::chain,
    retry::{AttemptError, Retry, Retryable, Rounds},
};
use cfn_cognito_idp_core::details::Details;

/// The timeout for loading credentials, which come from the environment or a local endpoint.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than any delay that is requested, so that the SDK never shortens one.
const NO_LIMIT: Duration = Duration::from_hours(1);

/// The configuration of clients whose calls are retried as [`Attempts`] say. They need
/// [`unlimited_retry_partition`] too, which only the clients themselves can be given.
pub(crate) fn with_unlimited_retries(sdk: &SdkConfig) -> SdkConfig {
    // The SDK runs the retry loop with this crate's verdicts and delays; only time limits the
    // attempts. The retry behaviour is pinned, because the next version changes the delays.
    let loop_config = RetryConfig::standard()
        .with_max_attempts(u32::MAX)
        .with_max_backoff(NO_LIMIT)
        .with_retry_spec(RetrySpec::v2_0());
    // Without an explicit timeout, the SDK sums the delays of all possible attempts before each
    // request.
    let identities = IdentityCache::lazy()
        .load_timeout(CREDENTIALS_TIMEOUT)
        .build();
    // The SDK treats a response that takes longer than five seconds as a stalled stream.
    let patient = StalledStreamProtectionConfig::disabled();
    sdk.to_builder()
        .stalled_stream_protection(patient)
        .identity_cache(identities)
        .retry_config(loop_config)
        .build()
}

/// Returns a retry partition without a token budget, which would carry over between invocations.
pub(crate) fn unlimited_retry_partition() -> RetryPartition {
    RetryPartition::custom("cfn-cognito-idp")
        .token_bucket(TokenBucket::unlimited())
        .build()
}

/// Converts the error of a call that failed before its first attempt; the classifier handles all
/// others.
pub(crate) fn unsent<E, R>(error: &SdkError<E, R>) -> AttemptError
where
    E: std::error::Error + 'static,
    R: fmt::Debug,
{
    AttemptError::NotSent(chain(error))
}

/// The position of a caller in the [`Rounds`]. A Describe before a retry continues the rounds of
/// the call to be retried.
#[derive(Debug, Clone)]
pub(crate) struct Pacing(Arc<Mutex<Progress>>);

#[derive(Debug)]
struct Progress {
    start: Instant,
    /// The number of rounds that were used or missed.
    rounds: u32,
}

impl Pacing {
    /// Starts now, with the first round.
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

    fn next(&self, rounds: &Rounds) -> Duration {
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, delay) = rounds.next(progress.rounds, progress.start.elapsed());
        progress.rounds = taken;
        delay
    }
}

/// The error of a call.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct ServiceError {
    /// The message for the operator: the action, the provider and the error.
    pub text: String,
    /// The error code, if the service responded.
    pub code: Option<String>,
    /// Whether the service may have carried out the call.
    pub in_doubt: bool,
}

/// The attempts made so far at one call.
#[derive(Clone)]
pub(crate) struct Attempts(Arc<Inner>);

struct Inner {
    /// The name of the operation, for the log.
    operation: &'static str,
    /// The action and its object, for the operator.
    action: String,
    /// The details whose secrets are redacted in messages.
    details: Option<Details>,
    retry: Retry,
    pacing: Pacing,
    /// Whether the caller makes the next attempt itself, after a check.
    caller_retries: bool,
    state: Mutex<State>,
}

/// The number of attempts that must fit into the remaining time.
const ATTEMPTS_THAT_FIT: u32 = 3;

/// Returns the timeout of one attempt before `end`, at most `most`; `None` if no time is left.
pub(crate) fn attempt_timeout(most: Duration, end: Instant) -> Option<Duration> {
    let left = end.saturating_duration_since(Instant::now());
    (!left.is_zero()).then(|| most.min(left / ATTEMPTS_THAT_FIT))
}

#[derive(Default)]
struct State {
    failed: u32,
    /// The delay before the next attempt, if the caller makes it.
    pause: Option<Duration>,
    /// The host that the current attempt was sent to.
    host: Option<String>,
    /// The number of sent attempts that may have been carried out.
    in_doubt: u32,
    last: Option<AttemptError>,
    /// The verdict on the current attempt, kept because the SDK asks for it more than once.
    judged: Option<RetryAction>,
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Attempts").field(&self.0.operation).finish()
    }
}

impl Attempts {
    /// Creates the attempts at a call, with its operation for the log, its action for the operator,
    /// and the details whose secrets are redacted in messages.
    pub(crate) fn new(
        operation: &'static str,
        action: String,
        details: Option<&Details>,
        retry: Retry,
    ) -> Self {
        Self::with_pacing(operation, action, details, retry, Pacing::start(), false)
    }

    /// Creates attempts that continue the pacing of others. With `caller_retries`, the caller makes the
    /// next attempt itself, after a check.
    pub(crate) fn with_pacing(
        operation: &'static str,
        action: String,
        details: Option<&Details>,
        retry: Retry,
        pacing: Pacing,
        caller_retries: bool,
    ) -> Self {
        Self(Arc::new(Inner {
            operation,
            action,
            details: details.cloned(),
            retry,
            pacing,
            caller_retries,
            state: Mutex::default(),
        }))
    }

    /// Returns the action of the call.
    pub(crate) fn action(&self) -> &str {
        &self.0.action
    }

    /// Returns the pacing of these attempts.
    pub(crate) fn pacing(&self) -> Pacing {
        self.0.pacing.clone()
    }

    /// Takes the delay before the next attempt, if the caller is to make one.
    pub(crate) fn take_pause(&self) -> Option<Duration> {
        self.state().pause.take()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the error of the call: that of the last attempt, or `unsent` if there was none.
    pub(crate) fn failed(&self, unsent: &AttemptError) -> ServiceError {
        let state = self.state();
        let error = state.last.as_ref().unwrap_or(unsent);
        ServiceError {
            text: format!("{}: {error}", self.0.action),
            code: match error {
                AttemptError::Service { code, .. } => Some(code.clone()),
                _ => None,
            },
            in_doubt: state.in_doubt > 0,
        }
    }

    /// Returns the error of a call that ran out of time.
    pub(crate) fn out_of_time(&self) -> ServiceError {
        let state = self.state();
        let action = &self.0.action;
        let text = match (&state.last, state.failed) {
            (None, _) if state.in_doubt == 0 => format!("{action}: not attempted: no time left"),
            (None, _) => {
                let host = state.host.clone();
                format!("{action}: {}", AttemptError::TimedOut { host })
            }
            (Some(last), 1) => {
                format!("{action}: timed out after 1 failed attempt; last error: {last}")
            }
            (Some(last), failed) => {
                format!("{action}: timed out after {failed} failed attempts; last error: {last}")
            }
        };
        ServiceError {
            text,
            code: None,
            in_doubt: state.in_doubt > 0,
        }
    }

    fn judge(&self, error: AttemptError) -> RetryAction {
        let verdict = error.verdict();
        let mut state = self.state();
        if let Some(judged) = &state.judged {
            return judged.clone();
        }
        state.failed += 1;
        if !verdict.in_doubt && state.host.is_some() {
            state.in_doubt = state.in_doubt.saturating_sub(1);
        }
        let left = verdict.retry.and_then(|reason| {
            let window = self.0.retry.window(reason);
            let left = window.checked_sub(self.0.pacing.elapsed())?;
            Some((reason, left)).filter(|_| !left.is_zero())
        });
        let action = match left {
            None => RetryAction::RetryForbidden,
            Some((reason, left)) => {
                let delay = self.delay(reason, state.failed).min(left);
                tracing::warn!(
                    operation = self.0.operation,
                    attempt = state.failed,
                    error = error.name(),
                    host = error.host(),
                    delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
                    "retrying"
                );
                if self.0.caller_retries {
                    state.pause = Some(delay);
                    RetryAction::RetryForbidden
                } else {
                    let kind = ErrorKind::TransientError;
                    RetryAction::retryable_error_with_explicit_delay(kind, delay)
                }
            }
        };
        state.last = Some(error);
        state.judged = Some(action.clone());
        action
    }

    fn delay(&self, reason: Retryable, failed: u32) -> Duration {
        match reason {
            Retryable::Transient | Retryable::AccessDenied | Retryable::HostNotFound => {
                self.0.retry.transient.delay(failed)
            }
            Retryable::Throttled => self.0.pacing.next(&self.0.retry.throttled),
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
        let mut state = self.state();
        state.judged = None;
        state.host = None;
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let url = Url::parse(context.request().uri());
        let host = url.ok().and_then(|url| url.host_str().map(str::to_owned));
        let mut state = self.state();
        state.host = Some(host.unwrap_or_default());
        state.in_doubt += 1;
        Ok(())
    }
}

/// Passes [`AttemptError::verdict`] to the SDK's retry loop, with priority over the SDK's own
/// classifiers.
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
            Some(Err(_)) => self.attempts.judge(self.error(context)),
            _ => RetryAction::NoActionIndicated,
        }
    }
}

impl<E> Classifier<E>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    fn error(&self, context: &InterceptorContext) -> AttemptError {
        let status = context
            .response()
            .map(|response| response.status().as_u16());
        let Some(Err(error)) = context.output_or_error() else {
            return AttemptError::NotSent("the SDK reported no error".to_owned());
        };
        let host = self.attempts.state().host.clone();
        if error.is_timeout_error() {
            return AttemptError::TimedOut { host };
        }
        if let Some(error) = error.as_connector_error() {
            let why = chain(error);
            let source = std::error::Error::source(error);
            let cause = source.and_then(|source| source.downcast_ref::<reqwest::Error>());
            return if cause.is_some_and(reqwest::Error::is_connect) {
                // The connector has no error type for this, so its text is checked.
                let host = host.unwrap_or_default();
                if why.contains("dns error") {
                    AttemptError::NotResolved { host, why }
                } else {
                    AttemptError::NotConnected { host, why }
                }
            } else if error.is_timeout() {
                AttemptError::TimedOut { host }
            } else if error.is_user() {
                AttemptError::NotSent(why)
            } else {
                let host = host.unwrap_or_default();
                AttemptError::ConnectionClosed { host, why }
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
            Some(status) if !(200..300).contains(&status) => AttemptError::Service {
                status,
                code: code.to_owned(),
                message: self.attempts.redact(message),
            },
            Some(status) => AttemptError::InvalidResponse(format!("HTTP status {status}")),
            None => AttemptError::NotSent(self.attempts.redact(&chain(error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_runs_out_of_time_names_the_host_it_waits_for() {
        let attempts = Attempts::new("Operation", "acting".to_owned(), None, Retry::AWS);
        assert_eq!(
            attempts.out_of_time().text,
            "acting: not attempted: no time left"
        );
        {
            let mut state = attempts.state();
            state.host = Some("example.com".to_owned());
            state.in_doubt = 1;
        }
        let error = attempts.out_of_time();
        assert_eq!(
            error.text,
            "acting: the attempt timed out: example.com did not respond"
        );
        assert!(error.in_doubt);
    }
}
