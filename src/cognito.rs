//! Makes the plan's calls with the SDK, and retries them until they succeed, fail for good or run
//! out of time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_config::{Region, SdkConfig, timeout::TimeoutConfig};
use aws_sdk_cognitoidentityprovider::{
    Client, Config,
    error::ProvideErrorMetadata,
    operation::list_identity_providers::{ListIdentityProvidersError, ListIdentityProvidersOutput},
    types::{IdentityProviderType, IdentityProviderTypeType},
};
use aws_smithy_types::{DateTime, date_time::Format};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{
    attempts::{
        Attempts, Classifier, Pacing, ServiceError, attempt_timeout, unlimited_retry_partition,
        unsent, with_unlimited_retries,
    },
    retry::{AttemptError, Retry},
};
use cfn_cognito_idp_core::{
    physical_id::UserPoolId,
    plan::{Call, CallError, CallErrorKind, Observed, Outcome, Output},
    provider::Members,
};

/// The timeout of a single attempt. Calls may take seconds, because Cognito fetches a `MetadataURL`
/// during them; a hanging connection costs only one attempt.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// The most providers in a page.
const PAGE_MAX: i32 = 60;

/// A client for Cognito user pools in all regions.
#[derive(Debug)]
pub struct Cognito {
    config: Config,
    clients: Mutex<HashMap<String, Client>>,
    retry: Retry,
}

impl Cognito {
    /// Creates clients with the credentials, endpoint and HTTP client of `sdk`: the one for the
    /// region of `sdk` now, those for other regions on first use.
    pub fn new(sdk: &SdkConfig, retry: Retry) -> Self {
        let config = Config::from(&with_unlimited_retries(sdk))
            .to_builder()
            .retry_partition(unlimited_retry_partition())
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

    /// Returns the maker of the calls of one request.
    pub const fn calls(&self) -> Calls<'_> {
        Calls {
            cognito: self,
            pending: None,
        }
    }
}

/// Makes the calls of one request, one after another.
#[derive(Debug)]
pub struct Calls<'a> {
    cognito: &'a Cognito,
    /// The attempts at a call that is retried after a check.
    pending: Option<Attempts>,
}

/// Sends a call with this crate's classifier and interceptor.
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

/// A provider in the list of its pool.
#[derive(Debug, Clone)]
pub(crate) struct ListedProvider {
    pub(crate) name: String,
    kind: String,
    creation_date: String,
    last_modified_date: String,
}

impl ListedProvider {
    /// Returns it as `ListIdentityProviders` describes it.
    pub(crate) fn document(&self) -> Value {
        json!({
            "ProviderName": self.name,
            "ProviderType": self.kind,
            "CreationDate": self.creation_date,
            "LastModifiedDate": self.last_modified_date,
        })
    }
}

impl Cognito {
    /// Lists the providers of a pool, all pages, with retries until `end`.
    ///
    /// # Errors
    /// Returns the error of the page that could not be read.
    pub(crate) async fn list(
        &self,
        pool: &UserPoolId,
        end: Instant,
    ) -> Result<Vec<ListedProvider>, ServiceError> {
        let client = self.client(pool.region());
        let mut listed = Vec::new();
        let mut next = None;
        loop {
            let action = format!("listing the identity providers of user pool {pool}");
            let attempts = Attempts::new("ListIdentityProviders", action, None, self.retry);
            let Some(attempt_timeout) = attempt_timeout(ATTEMPT_TIMEOUT, end) else {
                return Err(attempts.out_of_time());
            };
            let page = list_page(&client, pool, next, &attempts, attempt_timeout);
            let page = match timeout_at(end, page).await {
                Ok(Ok(page)) => page,
                Ok(Err(unsent)) => return Err(attempts.failed(&unsent)),
                Err(_) => return Err(attempts.out_of_time()),
            };
            listed.extend(page.providers.iter().map(|provider| {
                ListedProvider {
                    name: provider.provider_name().unwrap_or_default().to_owned(),
                    kind: provider
                        .provider_type()
                        .map_or("", IdentityProviderTypeType::as_str)
                        .to_owned(),
                    creation_date: iso_8601(provider.creation_date()),
                    last_modified_date: iso_8601(provider.last_modified_date()),
                }
            }));
            next = page.next_token;
            if next.is_none() {
                return Ok(listed);
            }
        }
    }
}

async fn list_page(
    client: &Client,
    pool: &UserPoolId,
    next: Option<String>,
    attempts: &Attempts,
    attempt_timeout: Duration,
) -> Result<ListIdentityProvidersOutput, AttemptError> {
    let operation = client
        .list_identity_providers()
        .user_pool_id(pool.as_str())
        .max_results(PAGE_MAX)
        .set_next_token(next);
    Ok(sent!(
        operation,
        ListIdentityProvidersError,
        attempts,
        attempt_timeout
    ))
}

impl Calls<'_> {
    /// Makes a call, with retries until `end` while its errors are retryable. With
    /// `looks_before_retry`, it returns before a retry, once that is due: the error is then
    /// [`CallErrorKind::RetryDue`], and the caller describes the provider first.
    ///
    /// # Errors
    /// Returns the error if it is not retryable or the deadline has passed; the plan
    /// decides what follows.
    pub async fn make(&mut self, call: &Call, looks_before_retry: bool, end: Instant) -> Outcome {
        let attempts = self.attempts(call, looks_before_retry);
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
        Err(CallError {
            kind: CallErrorKind::RetryDue,
            ..failed.into()
        })
    }

    /// Returns the attempts made so far at this call, or new ones.
    fn attempts(&mut self, call: &Call, looks_before_retry: bool) -> Attempts {
        let action = action(call);
        let pacing = match self.pending.take() {
            Some(pending) if pending.action() == action => return pending,
            Some(pending) => {
                let pacing = pending.pacing();
                self.pending = Some(pending);
                pacing
            }
            None => Pacing::start(),
        };
        let mut retry = self.cognito.retry;
        if let Call::SigningCertificate(_) = call {
            // A denied permission is not retried: the certificate is optional, and the calls before
            // it were permitted.
            retry.access_denied = Duration::ZERO;
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
        Attempts::with_pacing(
            operation,
            action,
            details,
            retry,
            pacing,
            looks_before_retry,
        )
    }
}

async fn send(
    client: &Client,
    call: &Call,
    attempts: &Attempts,
    attempt_timeout: Duration,
) -> Result<Output, AttemptError> {
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
        // Cognito does not know it.
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
        creation_date: iso_8601(provider.creation_date()),
        last_modified_date: iso_8601(provider.last_modified_date()),
    }
}

fn iso_8601(date: Option<&DateTime>) -> String {
    date.and_then(|date| date.fmt(Format::DateTime).ok())
        .unwrap_or_default()
}

fn millis(date: Option<&DateTime>) -> i64 {
    date.and_then(|date| date.to_millis().ok())
        .unwrap_or_default()
}

impl From<ServiceError> for CallError {
    fn from(error: ServiceError) -> Self {
        let kind = match error.code.as_deref() {
            Some("DuplicateProviderException") => CallErrorKind::Duplicate,
            Some("ResourceNotFoundException") => CallErrorKind::NotFound,
            _ => CallErrorKind::Other,
        };
        Self {
            kind,
            text: error.text,
            in_doubt: error.in_doubt,
        }
    }
}

fn action(call: &Call) -> String {
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
