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
    event::{self, Envelope, Malformed, Request},
    http::chain,
    physical_id::{PhysicalId, ProviderId},
    plan::{self, Answer, Intent, Phase, Step},
    provider::{Declared, Previous, Problem, Problems, Sources, adopts, service_timeout},
    response::Body,
    saml::{self, Metadata, Occasion},
    sources::Stores,
};

/// How long CloudFormation waits for a resource without a `ServiceTimeout`.
const DEFAULT_SERVICE_TIMEOUT: Duration = Duration::from_hours(1);

/// The reason of an answer to a request on which the handler panicked. The message of the panic may
/// quote the data that it failed on.
const PANICKED: &str = "internal error: the handler panicked; its log says where";

/// The handler, with all that it keeps between events.
#[derive(Debug)]
pub struct Handler {
    /// Cognito user pools.
    pub cognito: Cognito,
    /// Where values of `ProviderDetails` may live.
    pub stores: Stores,
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
    pub async fn handle(&self, event: Value, invocation: Invocation) -> Result<Value, Error> {
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
            let (since, answer_by) = bounds(&url, invocation.now, timeout);
            let budget = Budget::new(invocation.now, invocation.deadline, answer_by);

            let answer = self
                .answer(&envelope, request, since, invocation.now, start, budget)
                .await;
            let body = Body::new(&envelope, &answer);
            log(&answer, &body);
            let text = body.document.to_string();
            let put = self.delivery.put(&url, text, start + budget.answer).await;
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
        since: i64,
        now: SystemTime,
        start: Instant,
        budget: Budget,
    ) -> Answer {
        let read = AssertUnwindSafe(|| intent(envelope, request.map_err(|e| e.to_string())?, now));
        let (intent, sources) =
            match catch_unwind(read).unwrap_or_else(|_| Err(PANICKED.to_owned())) {
                Ok(read) => read,
                Err(reason) => return failed(unmade(envelope), reason),
            };
        // What a create has done by then is not known.
        let physical_id = match &intent {
            Intent::Create { declared, .. } => PhysicalId::Unconfirmed {
                since,
                provider: declared.provider.id.clone(),
            }
            .to_string(),
            Intent::Update { physical_id, .. } | Intent::Delete { physical_id, .. } => {
                physical_id.clone()
            }
        };
        let work = AssertUnwindSafe(async {
            let complete = self.complete(intent, sources, start, budget).await;
            let looked_at = complete.and_then(|intent| Ok((metadata(&intent, now)?, intent)));
            let (metadata, intent) = match looked_at {
                Ok(complete) => complete,
                // Nothing has been called yet.
                Err(reason) => return failed(unmade(envelope), reason),
            };
            let mut answer = self.work(intent, since, start, budget).await;
            if let Ok(success) = &mut answer.result {
                success.metadata = metadata;
            }
            answer
        });
        // The steps keep to the budget by themselves; this holds if they do not.
        match timeout_at(start + budget.watchdog(), work.catch_unwind()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => failed(physical_id, PANICKED.to_owned()),
            Err(_) => failed(physical_id, "the time for this request was over".to_owned()),
        }
    }

    /// Completes what is wanted with the values that live elsewhere.
    async fn complete(
        &self,
        mut intent: Intent,
        sources: Sources,
        start: Instant,
        budget: Budget,
    ) -> Result<Intent, String> {
        match &mut intent {
            _ if sources.is_empty() => {}
            Intent::Create { declared, .. } | Intent::Update { declared, .. } => {
                let provider = &mut declared.provider;
                let end = start + budget.work;
                self.stores.read(sources, provider, end).await?;
            }
            Intent::Delete { described, .. } => {
                if let Some(provider) = described {
                    // Without its values, this is no description, and the Delete goes on.
                    let end = start + budget.work / 2;
                    if let Err(error) = self.stores.read(sources, provider, end).await {
                        tracing::warn!(
                            error,
                            "what an unconfirmed create may have made is left alone"
                        );
                        *described = None;
                    }
                }
            }
        }
        Ok(intent)
    }

    /// Makes the calls that the plan asks for, up to its answer.
    async fn work(&self, intent: Intent, since: i64, start: Instant, budget: Budget) -> Answer {
        let mut step = plan::start(intent, since);
        loop {
            match step {
                Step::Answer(answer) => return answer,
                Step::Call(call, plan) => {
                    let end = match plan.phase() {
                        Phase::Work => budget.work,
                        Phase::Settling => budget.settling,
                        Phase::Closing => budget.closing,
                    };
                    let outcome = self.cognito.call(&call, start + end).await;
                    let failed = outcome.as_ref().err().map(|failure| &*failure.text);
                    tracing::debug!(operation = call.operation(), failed, "called");
                    step = plan.resume(outcome);
                }
            }
        }
    }
}

/// Since when a provider may be this request's work, in seconds since 1970, and until when
/// CloudFormation waits for the answer.
///
/// A URL without a date tells neither, so that nothing that was there before this invocation is
/// taken for its work. Cognito's dates may have whole seconds, so that the start has those too.
fn bounds(
    url: &ResponseUrl,
    now: SystemTime,
    timeout: Option<Duration>,
) -> (i64, Option<SystemTime>) {
    let issued = url.issued_at();
    let since = issued.unwrap_or_else(|| epoch_seconds(now));
    let begin = u64::try_from(since).map(|since| UNIX_EPOCH + Duration::from_secs(since));
    let timeout = timeout.or_else(|| issued.map(|_| DEFAULT_SERVICE_TIMEOUT));
    let answer_by = begin
        .ok()
        .zip(timeout)
        .map(|(begin, timeout)| begin + timeout);
    (since, answer_by)
}

/// Reads the properties as far as the request needs them: what it wants, and where what of that is
/// yet to be read.
fn intent(
    envelope: &Envelope,
    request: Request,
    now: SystemTime,
) -> Result<(Intent, Sources), String> {
    let declared = |properties: &Value, occasion| {
        let declared = Declared::try_from(properties).map_err(|Problems(mut problems)| {
            let found = saml::check_properties(properties, occasion, now);
            problems.extend(found.mistakes.into_iter().map(Problem::Metadata));
            Problems(problems).to_string()
        });
        let mut declared = declared?;
        name(&declared.provider.id);
        let sources = std::mem::take(&mut declared.sources);
        Ok::<_, String>((declared, sources))
    };
    match request {
        Request::Create { properties } => {
            let occasion = Occasion::create(adopts(&properties));
            let (declared, sources) = declared(&properties, occasion)?;
            let request_id = envelope.request_id.clone();
            let intent = Intent::Create {
                declared,
                request_id,
            };
            Ok((intent, sources))
        }
        Request::Update {
            physical_id,
            properties,
            previous,
        } => {
            let (declared, sources) = declared(&properties, Occasion::Update)?;
            let intent = Intent::Update {
                physical_id,
                declared,
                previous: Previous::from(&previous),
            };
            Ok((intent, sources))
        }
        Request::Delete {
            physical_id,
            properties,
        } => {
            let id = PhysicalId::from(physical_id.as_str());
            if let PhysicalId::Provider(id) | PhysicalId::Unconfirmed { provider: id, .. } = &id {
                name(id);
            }
            // Only what nobody saw being made is compared with what was wanted.
            let described = Declared::try_from(&properties).ok().filter(|declared| {
                matches!(&id, PhysicalId::Unconfirmed { provider, .. } if *provider == declared.provider.id)
            });
            let (described, sources) = described
                .map(|declared| (declared.provider, declared.sources))
                .unzip();
            let intent = Intent::Delete {
                physical_id,
                described,
            };
            Ok((intent, sources.unwrap_or_default()))
        }
    }
}

/// Looks at the SAML metadata of the provider that is wanted, whole and with all its values.
fn metadata(intent: &Intent, now: SystemTime) -> Result<Metadata, String> {
    let (declared, occasion) = match intent {
        Intent::Create { declared, .. } => (declared, Occasion::create(declared.adopt_existing)),
        Intent::Update { declared, .. } => (declared, Occasion::Update),
        Intent::Delete { .. } => return Ok(Metadata::default()),
    };
    let found = saml::check(&declared.provider, occasion, now);
    for error in found.doubts {
        tracing::warn!(error, "ProviderDetails.MetadataFile looks wrong");
    }
    if found.mistakes.is_empty() {
        return Ok(found.metadata);
    }
    let problems = found.mistakes.into_iter().map(Problem::Metadata);
    Err(Problems(problems.collect()).to_string())
}

/// Gives the log lines of this request its provider.
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
            "attributes left out: the response would be too long"
        );
    }
    if let Ok(success) = &answer.result
        && let Some(Err(error)) = &success.signing_certificate
    {
        tracing::warn!(error, "attribute left out: SigningCertificate");
    }
    match &answer.result {
        Ok(success) => tracing::info!(physical_id, status = "SUCCESS", "{}", success.done),
        Err(reason) => tracing::error!(physical_id, status = "FAILED", "{reason}"),
    }
}

fn epoch_seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .unwrap_or_default()
}
