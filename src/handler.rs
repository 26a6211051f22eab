//! One event from its arrival to its answer.

use std::{
    panic::AssertUnwindSafe,
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
    physical_id::PhysicalId,
    plan::{self, Answer, Intent, Step},
    provider::{Declared, Previous, service_timeout},
    response::Body,
};

/// The handler, with all that it keeps between events.
#[derive(Debug)]
pub struct Handler {
    /// Cognito user pools.
    pub cognito: Cognito,
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
        let start = Instant::now();
        let (envelope, request) = event::open(event)?;
        let url = ResponseUrl::parse(&envelope.response_url, &self.allowed_hosts)?;
        let span = tracing::info_span!(
            "request",
            stack = envelope.stack_id,
            logical_id = envelope.logical_id,
            request_id = envelope.request_id,
            pool = Empty,
            provider = Empty,
        );
        async move {
            // Without a date, nothing that was there before this invocation can be its work.
            // Cognito's dates may have whole seconds, so that the start is taken in those too.
            let issued = url
                .issued_at()
                .unwrap_or_else(|| epoch_seconds(invocation.now));
            let answer_by = request.as_ref().ok().and_then(|request| {
                let timeout = service_timeout(request.properties())?;
                let issued = Duration::from_secs(u64::try_from(issued).ok()?);
                Some(UNIX_EPOCH + issued + timeout)
            });
            let budget = Budget::new(invocation.now, invocation.deadline, answer_by);

            let answer = self.answer(&envelope, request, issued, start, budget).await;
            let body = Body::new(&envelope, &answer);
            log(&answer, &body);
            let text = body.document.to_string();
            self.delivery.put(&url, text, start + budget.answer).await?;
            Ok(body.document)
        }
        .instrument(span)
        .await
        .inspect_err(|error: &Error| tracing::error!(%error, "the event was not answered"))
    }

    /// An answer in any case: the work is watched, and a panic in it is a FAILED too.
    async fn answer(
        &self,
        envelope: &Envelope,
        request: Result<Request, Malformed>,
        issued: i64,
        start: Instant,
        budget: Budget,
    ) -> Answer {
        let work = self.work(envelope, request, issued, start, budget);
        // The steps keep to the budget by themselves; this holds if they do not.
        let watched = timeout_at(
            start + budget.closing,
            AssertUnwindSafe(work).catch_unwind(),
        );
        match watched.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => failed(
                envelope,
                "internal error: the handler panicked; its log says where".to_owned(),
            ),
            Err(_) => failed(envelope, "the time for this request was over".to_owned()),
        }
    }

    async fn work(
        &self,
        envelope: &Envelope,
        request: Result<Request, Malformed>,
        issued: i64,
        start: Instant,
        budget: Budget,
    ) -> Answer {
        let request = match request {
            Ok(request) => request,
            Err(malformed) => return failed(envelope, malformed.to_string()),
        };
        let kind = request.kind();
        let intent = match intent(envelope, request) {
            Ok(intent) => intent,
            Err(reason) => return failed(envelope, reason),
        };
        tracing::debug!(kind, "request");
        let mut step = plan::start(intent, issued);
        loop {
            match step {
                Step::Answer(answer) => return answer,
                Step::Call(call, plan) => {
                    let end = if plan.is_closing() {
                        budget.closing
                    } else {
                        budget.work
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

/// Reads the properties as far as the request needs them.
fn intent(envelope: &Envelope, request: Request) -> Result<Intent, String> {
    let declared = |properties: &Value| {
        let declared = Declared::try_from(properties).map_err(|problems| problems.to_string())?;
        name(
            &declared.provider.id.pool.to_string(),
            &declared.provider.id.name,
        );
        Ok::<_, String>(declared)
    };
    match request {
        Request::Create { properties } => Ok(Intent::Create {
            declared: declared(&properties)?,
            request_id: envelope.request_id.clone(),
        }),
        Request::Update {
            physical_id,
            properties,
            previous,
        } => Ok(Intent::Update {
            physical_id,
            declared: declared(&properties)?,
            previous: Previous::from(&previous),
        }),
        Request::Delete {
            physical_id,
            properties,
        } => {
            if let PhysicalId::Provider(id) | PhysicalId::Unconfirmed { provider: id, .. } =
                PhysicalId::from(physical_id.as_str())
            {
                name(&id.pool.to_string(), &id.name);
            }
            Ok(Intent::Delete {
                described: Declared::try_from(&properties)
                    .ok()
                    .map(|declared| declared.provider),
                physical_id,
            })
        }
    }
}

/// Gives the log lines of this request its provider.
fn name(pool: &str, provider: &str) {
    Span::current()
        .record("pool", pool)
        .record("provider", provider);
}

/// FAILED, with the id that came in, or the one that says that nothing was made.
fn failed(envelope: &Envelope, reason: String) -> Answer {
    let physical_id = envelope
        .physical_id
        .clone()
        .unwrap_or_else(|| PhysicalId::NotCreated(envelope.request_id.clone()).to_string());
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
