//! The plan's calls as calls of the SDK, retried until they are settled or the time is over.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_config::{Region, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_cognitoidentityprovider::{
    Client, Config,
    error::ProvideErrorMetadata,
    types::{IdentityProviderType, IdentityProviderTypeType},
};
use aws_smithy_types::{DateTime, date_time::Format};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    attempts::{
        Attempts, CallError, Classifier, Pacing, attempt_timeout, unlimited, unsent,
        with_unlimited_retries,
    },
    retry::{Fault, Retry},
};
use cfn_cognito_idp_core::{
    plan::{Call, Failure, FailureKind, Observed, Outcome, Output},
    provider::Members,
};

/// What one attempt gets. Cognito fetches a `MetadataURL` within the call, so that seconds are
/// normal; a connection that hangs costs this once and not the deployment.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// Cognito user pools, in every region.
#[derive(Debug)]
pub struct Cognito {
    config: Config,
    clients: Mutex<HashMap<String, Client>>,
    retry: Retry,
}

impl Cognito {
    /// Clients with the credentials, endpoint and HTTP client of `sdk`. The one for the region of
    /// `sdk` is made at once, the others when they are first needed.
    pub fn new(sdk: &SdkConfig, retry: Retry) -> Self {
        let config = Config::from(&with_unlimited_retries(sdk))
            .to_builder()
            .retry_partition(unlimited())
            .build();
        let cognito = Self {
            config,
            clients: Mutex::default(),
            retry,
        };
        if let Some(region) = sdk.region() {
            cognito.client(region.as_ref());
        }
        cognito
    }

    fn client(&self, region: &str) -> Client {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(region) {
            return client.clone();
        }
        let region_config = self
            .config
            .to_builder()
            .region(Region::new(region.to_owned()))
            .build();
        let client = Client::from_conf(region_config);
        clients.insert(region.to_owned(), client.clone());
        client
    }

    /// The calls of one request.
    pub const fn calls(&self) -> Calls<'_> {
        Calls {
            cognito: self,
            pending: None,
        }
    }
}

/// The calls of one request, one after the other.
#[derive(Debug)]
pub struct Calls<'a> {
    cognito: &'a Cognito,
    /// The attempts at a call that is to be made again after a look.
    pending: Option<Attempts>,
}

impl Calls<'_> {
    /// Makes a call, again and again while that is worth it, until `end`. With `looks_again`, the
    /// caller looks first: the failure is then [`FailureKind::Waited`], once it is time.
    ///
    /// # Errors
    /// When it failed for good, or the time was over; the plan decides what that means.
    pub async fn make(&mut self, call: &Call, looks_again: bool, end: Instant) -> Outcome {
        let attempts = self.attempts(call, looks_again);
        let Some(attempt_timeout) = attempt_timeout(ATTEMPT_TIMEOUT, end) else {
            return Err(attempts.out_of_time().into());
        };
        let client = self.cognito.client(call.id().pool.region());
        let unsent = match timeout_at(end, send(&client, call, &attempts, attempt_timeout)).await {
            Ok(Ok(output)) => return Ok(output),
            Ok(Err(unsent)) => unsent,
            Err(_) => return Err(attempts.out_of_time().into()),
        };
        let Some(pause) = attempts.take_pause() else {
            return Err(attempts.failed(&unsent).into());
        };
        if Instant::now() + pause >= end {
            return Err(attempts.out_of_time().into());
        }
        sleep(pause).await;
        let failed = attempts.failed(&unsent);
        self.pending = Some(attempts);
        Err(Failure {
            kind: FailureKind::Waited,
            ..failed.into()
        })
    }

    /// The attempts so far at that call, or new ones.
    fn attempts(&mut self, call: &Call, looks_again: bool) -> Attempts {
        let doing = doing(call);
        let pacing = match self.pending.take() {
            Some(pending) if pending.doing() == doing => return pending,
            Some(pending) => {
                let pacing = pending.pacing();
                self.pending = Some(pending);
                pacing
            }
            None => Pacing::start(),
        };
        let mut retry = self.cognito.retry;
        if let Call::SigningCertificate(_) = call {
            // What is optional is not waited for, and the calls before had the permission.
            retry.grant = Duration::ZERO;
        }
        let details = match call {
            Call::Create(provider) => Some(&provider.details),
            Call::Update { details, .. } => details.as_ref(),
            Call::Describe(_)
            | Call::Delete(_)
            | Call::SigningCertificate(_)
            | Call::StackResource(_) => None,
        };
        let operation = call.operation();
        Attempts::handed_back(operation, doing, details, retry, pacing, looks_again)
    }
}

/// Sends a call with our classifier and interceptor in place.
macro_rules! sent {
    ($operation:expr, $error:path, $attempts:expr, $timeout:expr) => {
        $operation
            .customize()
            .config_override(overrides::<$error>($attempts, $timeout))
            .send()
            .await
            .map_err(|error| unsent(&error))?
    };
}

async fn send(
    client: &Client,
    call: &Call,
    attempts: &Attempts,
    attempt_timeout: Duration,
) -> Result<Output, Fault> {
    use aws_sdk_cognitoidentityprovider::operation::{
        create_identity_provider::CreateIdentityProviderError as CreateError,
        delete_identity_provider::DeleteIdentityProviderError as DeleteError,
        describe_identity_provider::DescribeIdentityProviderError as DescribeError,
        get_signing_certificate::GetSigningCertificateError as CertificateError,
        update_identity_provider::UpdateIdentityProviderError as UpdateError,
    };
    let map =
        |entries: &cfn_cognito_idp_core::provider::StringMap| entries.clone().into_iter().collect();
    let details = |details: &cfn_cognito_idp_core::details::Details| {
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        details.expose_all().map(owned).collect()
    };
    match call {
        Call::Create(provider) => {
            let operation = client
                .create_identity_provider()
                .user_pool_id(provider.id.pool.as_str())
                .provider_name(&provider.id.name)
                .provider_type(IdentityProviderTypeType::from(provider.kind.as_str()))
                .set_provider_details(Some(details(&provider.details)))
                .set_attribute_mapping(provider.members.attribute_mapping.as_ref().map(map))
                .set_idp_identifiers(provider.members.idp_identifiers.clone())
                .set_acr_mapping(provider.members.acr_mapping.as_ref().map(map));
            let output = sent!(operation, CreateError, attempts, attempt_timeout);
            Ok(described(output.identity_provider.as_ref()))
        }
        Call::Describe(id) => {
            let operation = client
                .describe_identity_provider()
                .user_pool_id(id.pool.as_str())
                .provider_name(&id.name);
            let output = sent!(operation, DescribeError, attempts, attempt_timeout);
            Ok(described(output.identity_provider.as_ref()))
        }
        Call::Update {
            id,
            details: new,
            members,
        } => {
            let operation = client
                .update_identity_provider()
                .user_pool_id(id.pool.as_str())
                .provider_name(&id.name)
                .set_provider_details(new.as_ref().map(details))
                .set_attribute_mapping(members.attribute_mapping.as_ref().map(map))
                .set_idp_identifiers(members.idp_identifiers.clone())
                .set_acr_mapping(members.acr_mapping.as_ref().map(map));
            let output = sent!(operation, UpdateError, attempts, attempt_timeout);
            Ok(described(output.identity_provider.as_ref()))
        }
        Call::Delete(id) => {
            let operation = client
                .delete_identity_provider()
                .user_pool_id(id.pool.as_str())
                .provider_name(&id.name);
            sent!(operation, DeleteError, attempts, attempt_timeout);
            Ok(Output::Nothing)
        }
        // Not Cognito's to tell.
        Call::StackResource(_) => Ok(Output::Nothing),
        Call::SigningCertificate(id) => {
            let operation = client
                .get_signing_certificate()
                .user_pool_id(id.pool.as_str());
            let output = sent!(operation, CertificateError, attempts, attempt_timeout);
            Ok(output
                .certificate
                .map_or(Output::Nothing, Output::Certificate))
        }
    }
}

fn overrides<E>(
    attempts: &Attempts,
    attempt_timeout: Duration,
) -> aws_sdk_cognitoidentityprovider::config::Builder
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    Config::builder()
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(attempt_timeout)
                .build(),
        )
        .retry_classifier(Classifier::<E>::new(attempts))
        .interceptor(attempts.clone())
}

fn described(returned: Option<&IdentityProviderType>) -> Output {
    returned.map_or(Output::Nothing, |provider| {
        Output::Provider(observe(provider))
    })
}

fn observe(provider: &IdentityProviderType) -> Observed {
    let date = |date: Option<&DateTime>| {
        date.and_then(|date| date.fmt(Format::DateTime).ok())
            .unwrap_or_default()
    };
    let map = |entries: &HashMap<String, String>| entries.clone().into_iter().collect();
    Observed {
        kind: provider
            .provider_type()
            .map_or("", IdentityProviderTypeType::as_str)
            .to_owned(),
        details: provider
            .provider_details()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect(),
        members: Members {
            attribute_mapping: provider.attribute_mapping().map(map),
            idp_identifiers: Some(provider.idp_identifiers().to_vec()),
            acr_mapping: provider.acr_mapping().map(map),
        },
        created: millis(provider.creation_date()),
        modified: millis(provider.last_modified_date()),
        creation_date: date(provider.creation_date()),
        last_modified_date: date(provider.last_modified_date()),
    }
}

fn millis(date: Option<&DateTime>) -> i64 {
    date.and_then(|date| date.to_millis().ok())
        .unwrap_or_default()
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let kind = match error.code.as_deref() {
            Some("DuplicateProviderException") => FailureKind::Duplicate,
            Some("ResourceNotFoundException") => FailureKind::NotFound,
            _ => FailureKind::Other,
        };
        Self {
            kind,
            text: error.text,
            settled: error.is_settled,
        }
    }
}

fn doing(call: &Call) -> String {
    let verb = match call {
        Call::Create(_) => "creating",
        Call::Describe(_) => "describing",
        Call::Update { .. } => "updating",
        Call::Delete(_) => "deleting",
        Call::SigningCertificate(_) => "getting the signing certificate for",
        Call::StackResource(_) => "asking CloudFormation about",
    };
    format!("{verb} identity provider ({})", call.id())
}
