//! One event from its arrival to its answer.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::FutureExt as _;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument as _, Span, field::Empty};

use crate::{
    budget::Budget,
    cognito::Cognito,
    delivery::{AllowedHosts, Delivery, ResponseUrl},
    error::chain,
    event::{self, Envelope, Malformed, Request},
    response::Body,
    sources::SourceReader,
    stack::Stacks,
    text::printable,
};
use cfn_cognito_idp_core::{
    physical_id::{PhysicalId, ProviderId},
    plan::{self, Answer, Call, Intent, Phase, Step, Timing},
    provider::{
        Declared, ExpiredCertificates, Previous, Problem, Problems, adopts, check_given_metadata,
        check_metadata, service_timeout,
    },
    saml::Metadata,
};

/// How long CloudFormation waits for a resource without a `ServiceTimeout`.
const DEFAULT_SERVICE_TIMEOUT: Duration = Duration::from_hours(1);

/// How long reading values may take before the provider is looked at first: CloudFormation takes
/// longer than that to cancel a request and to send another.
const UNWATCHED: Duration = Duration::from_secs(2);

/// The reason of an answer to a request on which the handler panicked. The message of the panic may
/// quote the data that it failed on.
const PANICKED: &str = "internal error: the handler panicked; its log says where";

/// The handler, with all that it keeps between events.
#[derive(Debug)]
pub struct Handler {
    /// Cognito user pools.
    pub cognito: Cognito,
    /// Where values of `ProviderDetails` may live.
    pub stores: SourceReader,
    /// What CloudFormation knows of a resource.
    pub stacks: Stacks,
    /// The way to CloudFormation.
    pub delivery: Delivery,
    /// Where answers may go beside AWS.
    pub allowed_hosts: AllowedHosts,
}

/// When an event came in, and until when it has to be done with.
#[derive(Debug, Clone, Copy)]
pub struct Invocation {
    /// The wall clock at its start.
    pub now: SystemTime,
    /// The deadline of the Lambda invocation. One in the past means that there is none.
    pub deadline: SystemTime,
}

/// An error that ends the invocation, so that Lambda delivers the event again.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

impl Handler {
    /// Does what an event asks for and answers it. Returns the body of the answer.
    ///
    /// # Errors
    /// Only when CloudFormation was not answered: the event names no response URL, or none that
    /// may be used, or the answer could not be delivered. Everything else is in the answer.
    pub async fn handle(&self, event: &[u8], invocation: Invocation) -> Result<Value, Error> {
        let unanswered = |error: &dyn std::error::Error| {
            tracing::error!(error = chain(error), "the event was not answered");
        };
        let (envelope, request) = event::open(event).inspect_err(|error| unanswered(error))?;
        let url = ResponseUrl::parse(&envelope.response_url, &self.allowed_hosts)
            .inspect_err(|error| unanswered(error))?;
        // At the level of errors, so that it names the request whatever level is asked for.
        let span = tracing::error_span!(
            "request",
            stack = envelope.stack_id,
            logical_id = envelope.logical_id,
            request_id = envelope.request_id,
            pool = Empty,
            provider = Empty,
        );
        async move {
            let start = Instant::now();
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
            let (answer, metadata) = self.answer(&envelope, request, clock).await;
            let body = Body::new(&envelope, &answer, &metadata);
            log(&answer, &body);
            let text = body.document.to_string();
            let put = self.delivery.put(&url, text, clock.deadlines.answer).await;
            put.inspect_err(|error| unanswered(error))?;
            Ok(body.document)
        }
        .instrument(span)
        .await
    }

    /// An answer in any case: the work is watched, and a panic in it is a FAILED too.
    async fn answer(
        &self,
        envelope: &Envelope,
        request: Result<Request, Malformed>,
        clock: Clock,
    ) -> (Answer, Metadata) {
        let refused = |physical_id, reason| (failed(physical_id, reason), Metadata::default());
        let now = clock.now;
        let read = AssertUnwindSafe(|| intent(envelope, request.map_err(|e| e.to_string())?, now));
        let intent = match catch_unwind(read).unwrap_or_else(|_| Err(PANICKED.to_owned())) {
            Ok(intent) => intent,
            Err(reason) => return refused(unmade(envelope), reason),
        };
        let in_doubt = intent.in_doubt_id(clock.timing.issued).to_string();
        // An earlier delivery may have made what this one does not come to make.
        let not_begun = if clock.timing.is_late() {
            in_doubt.clone()
        } else {
            unmade(envelope)
        };
        let work = AssertUnwindSafe(async {
            let complete = self.complete(intent, clock).await;
            let looked_at = complete.and_then(|intent| Ok((metadata(&intent, now)?, intent)));
            let (metadata, intent) = match looked_at {
                Ok(complete) => complete,
                // Nothing has been called yet.
                Err(reason) => return refused(not_begun, reason),
            };
            (self.work(envelope, intent, clock).await, metadata)
        });
        // The steps keep to their deadlines by themselves; this holds if they do not.
        match timeout_at(clock.deadlines.watchdog, work.catch_unwind()).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) => refused(in_doubt, PANICKED.to_owned()),
            Err(_) => refused(in_doubt, "the request timed out".to_owned()),
        }
    }

    /// Completes what is wanted with the values that live elsewhere.
    async fn complete(&self, mut intent: Intent, clock: Clock) -> Result<Intent, String> {
        let deadlines = clock.deadlines;
        match &mut intent {
            Intent::Create { declared, .. } | Intent::Update { declared, .. } => {
                let sources = declared.sources.clone();
                let provider = &mut declared.provider;
                let read = self.stores.read(sources, provider, deadlines.work).await;
                read.map_err(|error| error.to_string())?;
            }
            Intent::Delete { described, .. } => {
                if let Some(declared) = described {
                    // Without the values there is nothing to compare with.
                    let sources = declared.sources.clone();
                    let end = deadlines.comparison;
                    let provider = &mut declared.provider;
                    if let Err(error) = self.stores.read(sources, provider, end).await {
                        tracing::warn!(%error, "cannot compare the provider; leaving it in place");
                        *described = None;
                    }
                }
            }
        }
        Ok(intent)
    }

    /// Makes the calls that the plan asks for, up to its answer.
    async fn work(&self, envelope: &Envelope, intent: Intent, clock: Clock) -> Answer {
        let deadlines = clock.deadlines;
        let timing = Timing {
            waited: deadlines.start.elapsed() >= UNWATCHED,
            ..clock.timing
        };
        let mut calls = self.cognito.calls();
        let mut step = plan::start(intent, timing);
        loop {
            match step {
                Step::Answer(answer) => return answer,
                Step::Call(call, plan) => {
                    let end = match plan.phase() {
                        Phase::Work => deadlines.work,
                        Phase::Settling => deadlines.settling,
                        Phase::Closing => deadlines.closing,
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
                        // Few requests come here, and the others need no room for it.
                        Box::pin(asked).await
                    } else {
                        calls.make(&call, plan.looks_again(), end).await
                    };
                    let failed = outcome.as_ref().err().map(|failure| &*failure.text);
                    tracing::debug!(operation = call.operation(), failed, "called");
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
    /// When its request was issued.
    timing: Timing,
    /// Until when its parts have to be done.
    deadlines: Deadlines,
}

/// The budget of an invocation as points in time.
#[derive(Debug, Clone, Copy)]
struct Deadlines {
    start: Instant,
    /// Of reading what a Delete compares the provider with, so that there is time to delete it.
    comparison: Instant,
    work: Instant,
    settling: Instant,
    closing: Instant,
    watchdog: Instant,
    answer: Instant,
}

impl Deadlines {
    fn new(start: Instant, budget: Budget) -> Self {
        Self {
            start,
            comparison: start + budget.work / 2,
            work: start + budget.work,
            settling: start + budget.settling,
            closing: start + budget.closing,
            watchdog: start + budget.watchdog(),
            answer: start + budget.answer,
        }
    }
}

/// Returns when the request was issued, and when CloudFormation stops waiting for the answer.
///
/// A URL without a date tells neither, so that nothing that was there before this invocation is
/// taken for its work.
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

/// Parses the properties as far as the request needs them.
fn intent(envelope: &Envelope, request: Request, now: SystemTime) -> Result<Intent, String> {
    let declared = |properties: &Value, expired| {
        let declared = Declared::try_from(properties).map_err(|Problems(mut problems)| {
            let found = check_given_metadata(properties, expired, now);
            problems.extend(found.errors.into_iter().map(Problem::Metadata));
            Problems(problems).to_string()
        });
        let declared = declared?;
        name(&declared.provider.id);
        Ok::<_, String>(declared)
    };
    let id = |text: &str| PhysicalId::read(text, &envelope.stack_id, &envelope.logical_id);
    match request {
        Request::Create { properties } => {
            let expired = ExpiredCertificates::on_create(adopts(&properties));
            Ok(Intent::Create {
                declared: declared(&properties, expired)?,
                request_id: envelope.request_id.clone(),
            })
        }
        Request::Update {
            physical_id,
            properties,
            previous,
        } => Ok(Intent::Update {
            physical_id: id(&physical_id),
            declared: declared(&properties, ExpiredCertificates::Warn)?,
            previous: Previous::from(&previous),
        }),
        Request::Delete {
            physical_id,
            properties,
        } => {
            let physical_id = id(&physical_id);
            let described = match &physical_id {
                PhysicalId::Provider(id) => {
                    name(id);
                    None
                }
                // Only what nobody saw being made is compared with what was wanted.
                PhysicalId::Unconfirmed { provider, .. } => {
                    name(provider);
                    let declared = Declared::try_from(&properties).ok();
                    declared.filter(|declared| *provider == declared.provider.id)
                }
                _ => None,
            };
            Ok(Intent::Delete {
                physical_id,
                described,
            })
        }
    }
}

/// Looks at the SAML metadata of the provider that is wanted, whole and with all its values.
fn metadata(intent: &Intent, now: SystemTime) -> Result<Metadata, String> {
    let (declared, expired) = match intent {
        Intent::Create { declared, .. } => (
            declared,
            ExpiredCertificates::on_create(declared.adopt_existing),
        ),
        Intent::Update { declared, .. } => (declared, ExpiredCertificates::Warn),
        Intent::Delete { .. } => return Ok(Metadata::default()),
    };
    let found = check_metadata(&declared.provider, expired, now);
    for error in found.warnings {
        tracing::warn!(error, "ProviderDetails.MetadataFile looks wrong");
    }
    if found.errors.is_empty() {
        return Ok(found.metadata);
    }
    let problems = found.errors.into_iter().map(Problem::Metadata);
    Err(Problems(problems.collect()).to_string())
}

/// Records pool and provider in the current span.
fn name(id: &ProviderId) {
    Span::current()
        .record("pool", id.pool.as_str())
        .record("provider", &id.name);
}

/// The id of an answer to a request that was not begun: the one that came in, or the one that says
/// that nothing was made.
fn unmade(envelope: &Envelope) -> String {
    envelope
        .physical_id
        .clone()
        .unwrap_or_else(|| PhysicalId::NotCreated(envelope.request_id.clone()).to_string())
}

fn failed(physical_id: String, reason: String) -> Answer {
    Answer {
        physical_id,
        result: Err(reason),
    }
}

fn log(answer: &Answer, body: &Body) {
    let physical_id = &answer.physical_id;
    if !body.left_out.is_empty() {
        let attributes = body.left_out.join(", ");
        tracing::warn!(
            attributes,
            "attributes left out: the response would be too long or unreadable"
        );
    }
    if let Ok(success) = &answer.result
        && let Some(Err(error)) = &success.signing_certificate
    {
        tracing::warn!(error, "attribute left out: SigningCertificate");
    }
    match &answer.result {
        Ok(success) => tracing::info!(physical_id, status = "SUCCESS", "{}", success.done),
        Err(reason) => {
            let reason = printable(reason);
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
