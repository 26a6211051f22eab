//! Handles one event, from its delivery to the response.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::FutureExt as _;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument as _, field::Empty};

use crate::{
    budget::{Budget, Deadlines},
    cognito::Cognito,
    delivery::{AllowedHosts, Delivery, ResponseUrl, ResponseUrlError},
    direct::{DirectError, DirectRequest, DirectResult},
    error::chain,
    event::{self, Envelope, EventError, Request},
    intent::{self, Parsed, RequestError},
    logging,
    response::Body,
    sources::SourceReader,
    stack::Stacks,
    text::printable,
};
use cfn_cognito_idp_core::{
    physical_id::PhysicalId,
    plan::{self, Answer, Call, CallErrorKind, Drift, Intent, Output, Phase, Reason, Step, Timing},
    provider::{public_properties, service_timeout},
    saml::Metadata,
};

/// The version of this crate, on every line of the log.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The time that CloudFormation waits for a resource without a `ServiceTimeout`.
const DEFAULT_SERVICE_TIMEOUT: Duration = Duration::from_hours(1);

/// The time that reading values may take before the plan must describe the provider first.
/// CloudFormation takes longer to cancel a request and send another.
const UNCHECKED_DELAY_MAX: Duration = Duration::from_secs(2);

/// The reason after a panic. It leaves out the panic's message, which may quote data.
const PANICKED: &str = "internal error: the function panicked; its log has the location";
/// The reason if the steps of a request overran their deadlines.
const TIMED_OUT: &str = "the request timed out";

/// The handler with the state that it keeps between events.
#[derive(Debug)]
pub struct Handler {
    /// The client for Cognito user pools.
    pub cognito: Cognito,
    /// The reader of values of `ProviderDetails`.
    pub sources: SourceReader,
    /// The client for CloudFormation's view of a resource.
    pub stacks: Stacks,
    /// The delivery of responses to CloudFormation.
    pub delivery: Delivery,
    /// The hosts outside AWS to which responses may be sent.
    pub allowed_hosts: AllowedHosts,
}

/// The start and the deadline of an invocation.
#[derive(Debug, Clone, Copy)]
pub struct Invocation {
    /// The wall-clock time at the start of the invocation.
    pub now: SystemTime,
    /// The deadline of the Lambda invocation. A past time means that there is none.
    pub deadline: SystemTime,
}

/// An error that ends the invocation, so that Lambda delivers the event again.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

impl Handler {
    /// Handles an event, sends the response and returns its body.
    ///
    /// # Errors
    /// Returns an error only if no response was sent: the event has no permitted response
    /// URL, or the response could not be delivered. Every other error is in the response.
    pub async fn handle(&self, event: &[u8], invocation: Invocation) -> Result<Value, Error> {
        let (envelope, request) = event::open(event);
        let given = |text| Some(text).filter(|text: &&str| !text.is_empty());
        // The span has the level of errors, so that every log level includes it.
        let span = tracing::error_span!(
            "request",
            version = VERSION,
            stack = given(&envelope.stack_id),
            logical_id = given(&envelope.logical_id),
            request_id = given(&envelope.request_id),
            pool = Empty,
            provider = Empty,
        );
        let direct = || DirectRequest::parse(event, invocation.now);
        if envelope.response_url.is_none()
            && let Some(request) = span.in_scope(direct)
        {
            let result = self.direct(request, invocation).instrument(span).await;
            return Ok(result?);
        }
        let unanswered = |error: &dyn std::error::Error| {
            tracing::error!(
                error = chain(error),
                "no response was sent to CloudFormation"
            );
        };
        async move {
            let start = Instant::now();
            if let Ok(request) = &request {
                intent::record_subject(&envelope, request);
            }
            let url = envelope.response_url.as_deref();
            let url = url.ok_or(ResponseUrlError::Missing);
            let url = url.and_then(|url| ResponseUrl::parse(url, &self.allowed_hosts));
            let url = url.inspect_err(|error| unanswered(error))?;
            let timeout = request
                .as_ref()
                .ok()
                .and_then(|request| service_timeout(request.properties()));
            let (timing, answer_by) = bounds(&url, invocation.now, timeout);
            let budget = Budget::new(invocation.now, invocation.deadline, answer_by);
            let clock = Clock {
                now: invocation.now,
                timing,
                deadlines: Deadlines::new(start, budget),
            };
            let properties = request
                .as_ref()
                .ok()
                .and_then(|request| public_properties(request.properties()));
            let (answer, metadata) = self.answer(&envelope, request, clock).await;
            let body = Body::new(&envelope, &answer, &metadata, properties);
            log(&answer, &body);
            let text = body.document.to_string();
            let put = self.delivery.put(&url, text, clock.deadlines.answer).await;
            put.inspect_err(|error| unanswered(error))?;
            Ok(body.document)
        }
        .instrument(span)
        .await
    }

    /// Returns an answer in every case: a timeout and a panic become FAILED.
    async fn answer(
        &self,
        envelope: &Envelope,
        request: Result<Request, EventError>,
        clock: Clock,
    ) -> (Answer, Metadata) {
        let failed = |physical_id: String, reason: &dyn ToString| {
            let answer = Answer {
                physical_id,
                result: Err(Reason::from(reason.to_string())),
            };
            (answer, Metadata::default())
        };
        let parse = AssertUnwindSafe(|| {
            let parsed = Parsed::new(envelope, request?, clock.now)?;
            Ok::<_, RequestError>(parsed)
        });
        let parsed = match catch_unwind(parse) {
            Ok(Ok(parsed)) => parsed,
            Ok(Err(error)) => return failed(unchanged_id(envelope), &error),
            Err(_) => return failed(unchanged_id(envelope), &PANICKED),
        };
        let in_doubt_id = parsed.in_doubt_id(clock.timing.issued).to_string();
        // An earlier delivery may have created the provider even if this one fails before its first
        // call.
        let not_begun_id = if clock.timing.is_late() {
            in_doubt_id.clone()
        } else {
            unchanged_id(envelope)
        };
        let work = AssertUnwindSafe(async {
            let completed = parsed.complete(&self.sources, clock.deadlines, clock.now);
            match completed.await {
                Ok((intent, metadata)) => (self.work(envelope, intent, clock).await, metadata),
                // No call has been made yet.
                Err(error) => failed(not_begun_id, &error),
            }
        });
        // The steps observe their own deadlines; this timeout is a safeguard.
        match timeout_at(clock.deadlines.watchdog, work.catch_unwind()).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) => failed(in_doubt_id, &PANICKED),
            Err(_) => failed(in_doubt_id, &TIMED_OUT),
        }
    }

    /// Handles a request without CloudFormation, writes its log line and returns its result.
    async fn direct(
        &self,
        request: Result<DirectRequest, DirectError>,
        invocation: Invocation,
    ) -> Result<Value, DirectError> {
        let budget = Budget::new(invocation.now, invocation.deadline, None);
        let deadlines = Deadlines::new(Instant::now(), budget);
        let work = async move {
            let request = request?;
            let (pool, provider) = request.subject();
            let mut fields = Map::new();
            fields.insert("version".to_owned(), VERSION.into());
            fields.insert("pool".to_owned(), pool.as_str().into());
            if let Some(provider) = provider {
                fields.insert("provider".to_owned(), provider.into());
            }
            let work = AssertUnwindSafe(self.direct_work(request, invocation.now, deadlines));
            let result = match timeout_at(deadlines.watchdog, work.catch_unwind()).await {
                Ok(Ok(result)) => result?,
                Ok(Err(_)) => return Err(DirectError(PANICKED.to_owned())),
                Err(_) => return Err(DirectError(TIMED_OUT.to_owned())),
            };
            fields.insert("message".to_owned(), result.message.into());
            if let Some(status) = result.document.get("StackResourceDriftStatus") {
                fields.insert("status".to_owned(), status.clone());
                fields.insert("properties".to_owned(), result.paths.into());
            }
            let (metric, value) = result.metric;
            logging::metric(metric, value, invocation.now, fields);
            Ok(result.document)
        };
        work.await.inspect_err(|error| {
            let reason = error.to_string();
            tracing::error!("{}", printable(&reason));
        })
    }

    async fn direct_work(
        &self,
        request: DirectRequest,
        now: SystemTime,
        deadlines: Deadlines,
    ) -> Result<DirectResult, DirectError> {
        let failed = |error: &dyn ToString| DirectError(error.to_string());
        match request {
            DirectRequest::DetectDrift(declared) => {
                let (declared, _) = intent::complete(declared, &self.sources, deadlines, now)
                    .await
                    .map_err(|error| failed(&error))?;
                let id = declared.provider.id.clone();
                let mut calls = self.cognito.calls();
                let describe = Call::Describe(id.clone());
                let observed = match calls.make(&describe, false, deadlines.apply).await {
                    Ok(Output::Provider(observed)) => Some(observed),
                    Err(error) if error.kind != CallErrorKind::NotFound => {
                        return Err(DirectError(error.text));
                    }
                    _ => None,
                };
                let drift = Drift::new(&declared, observed.as_ref());
                Ok(DirectResult::of_drift(&id, &drift, observed.as_ref()))
            }
            DirectRequest::DetectPoolDrift { pool, declared } => {
                let listed = self.cognito.list(&pool, deadlines.apply).await;
                let listed = listed.map_err(|error| failed(&error))?;
                Ok(DirectResult::of_pool_drift(&pool, &declared, &listed))
            }
            DirectRequest::Apply {
                declared,
                stack_id,
                logical_id,
                stack,
            } => {
                let (declared, _) = intent::complete(declared, &self.sources, deadlines, now)
                    .await
                    .map_err(|error| failed(&error))?;
                let envelope = Envelope::without_response(stack_id, logical_id);
                let clock = Clock {
                    now,
                    timing: Timing {
                        issued: epoch_millis(now) / 1_000,
                        received_ms: epoch_millis(now),
                        waited: false,
                    },
                    deadlines,
                };
                let intent = Intent::Apply { declared, stack };
                let answer = self.work(&envelope, intent, clock).await;
                let success = answer.result.map_err(|reason| failed(&reason))?;
                let is_applied = success.is_applied();
                let id = &answer.physical_id;
                Ok(DirectResult::of_apply(id, success.summary, is_applied))
            }
        }
    }

    /// Makes the calls that the plan requests, and returns its answer.
    async fn work(&self, envelope: &Envelope, intent: Intent, clock: Clock) -> Answer {
        let deadlines = clock.deadlines;
        let timing = Timing {
            waited: deadlines.start.elapsed() >= UNCHECKED_DELAY_MAX,
            ..clock.timing
        };
        let mut calls = self.cognito.calls();
        let mut step = plan::start(intent, timing);
        loop {
            match step {
                Step::Answer(answer) => return answer,
                Step::Call(call, plan) => {
                    let end = match plan.phase() {
                        Phase::Apply => deadlines.apply,
                        Phase::Verify => deadlines.verify,
                        Phase::Undo => deadlines.undo,
                    };
                    let outcome = if let Call::StackResource(_) = *call {
                        let Envelope {
                            stack_id,
                            logical_id,
                            ..
                        } = envelope;
                        let stacks = &self.stacks;
                        let issued = timing.issued;
                        let asked = stacks.resource(stack_id, logical_id, issued, end);
                        // Boxed, because few requests need this large future.
                        Box::pin(asked).await
                    } else {
                        calls.make(&call, plan.looks_before_retry(), end).await
                    };
                    let error = outcome.as_ref().err().map(|error| &*error.text);
                    tracing::debug!(operation = call.operation(), error, "called");
                    step = plan.resume(outcome);
                }
            }
        }
    }
}

/// The times of one invocation.
#[derive(Debug, Clone, Copy)]
struct Clock {
    /// The wall clock at its start.
    now: SystemTime,
    /// The timing of the request.
    timing: Timing,
    /// The deadlines of its phases.
    deadlines: Deadlines,
}

/// Returns when the request was issued and when CloudFormation stops waiting for the response.
///
/// A URL without a date tells neither. The request then counts as issued now, so that no older
/// provider counts as its work.
fn bounds(
    url: &ResponseUrl,
    now: SystemTime,
    timeout: Option<Duration>,
) -> (Timing, Option<SystemTime>) {
    let now_ms = epoch_millis(now);
    let issued_at = url.issued_at(now_ms / 1_000);
    let timing = Timing {
        issued: issued_at.unwrap_or(now_ms / 1_000),
        received_ms: now_ms,
        waited: false,
    };
    let begin = u64::try_from(timing.issued).map(|issued| UNIX_EPOCH + Duration::from_secs(issued));
    let timeout = timeout.or_else(|| issued_at.map(|_| DEFAULT_SERVICE_TIMEOUT));
    let answer_by = begin
        .ok()
        .zip(timeout)
        .map(|(begin, timeout)| begin + timeout);
    (timing, answer_by)
}

/// Returns the id for an answer without any call: the id in the request, or a new `not-created` id.
fn unchanged_id(envelope: &Envelope) -> String {
    envelope
        .physical_id
        .clone()
        .unwrap_or_else(|| PhysicalId::NotCreated(envelope.request_id.clone()).to_string())
}

fn log(answer: &Answer, body: &Body) {
    let physical_id = &answer.physical_id;
    if !body.omitted.is_empty() {
        let attributes = body.omitted.join(", ");
        tracing::warn!(
            attributes,
            "attributes omitted: the response would exceed 4096 bytes or hold characters that \
             stack outputs cannot"
        );
    }
    if let Ok(success) = &answer.result
        && let Some(Err(error)) = &success.signing_certificate
    {
        let error = error.as_str();
        tracing::warn!(error, "attribute omitted: SigningCertificate");
    }
    match &answer.result {
        Ok(success) => tracing::info!(physical_id, status = "SUCCESS", "{}", success.summary),
        Err(reason) => {
            let reason = printable(reason.as_str());
            tracing::error!(physical_id, status = "FAILED", "{reason}");
        }
    }
}

fn epoch_millis(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .unwrap_or_default()
}
