//! A panic in the work is an answer. Nothing from outside makes the handler panic, so that it runs
//! in this process, with a retry delay that does.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at what it did not expect"
)]

use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use cfn_cognito_idp::{
    cognito::Cognito,
    delivery::Delivery,
    handler::{Handler, Invocation},
    http::{self, SdkHttpClient},
    retry::{Backoff, Retry, Rounds},
    sources::SourceReader,
    stack::Stacks,
};
use cfn_cognito_idp_support::{
    cognito::{self, Fault},
    events,
    responses::Responses,
};
use serde_json::{Value, json};

const POOL: &str = "eu-west-1_Pool";

struct World {
    cognito: cognito::Cognito,
    responses: Responses,
    handler: Handler,
}

impl World {
    async fn new() -> Self {
        let jitter = || panic!("planted-panic");
        let retry = Retry {
            transient: Backoff {
                jitter,
                ..Retry::AWS.transient
            },
            throttled: Rounds {
                jitter,
                ..Retry::AWS.throttled
            },
            ..Retry::AWS
        };
        let cognito = cognito::Cognito::start(&[POOL]).await;
        let responses = Responses::start().await;
        let client = http::client(http::roots(None).0).unwrap();
        let sdk = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(Region::new("eu-west-1"))
            .endpoint_url(cognito.url())
            .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
            .http_client(SdkHttpClient(client.clone()))
            .load()
            .await;
        let handler = Handler {
            cognito: Cognito::new(&sdk, retry),
            sources: SourceReader::new(&sdk, retry),
            stacks: Stacks::new(&sdk, retry),
            delivery: Delivery::new(client, Backoff::DELIVERY),
            allowed_hosts: responses.authority().as_str().into(),
        };
        Self {
            cognito,
            responses,
            handler,
        }
    }

    fn url(&self) -> String {
        self.responses.url(Some(&events::amz_date(0)))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "an invocation has a wall clock time"
    )]
    async fn send(&self, event: Value) -> Value {
        let now = SystemTime::now();
        let deadline = now + Duration::from_mins(1);
        let returned = self
            .handler
            .handle(event.to_string().as_bytes(), Invocation { now, deadline })
            .await;
        let arrived = self.responses.puts().pop().unwrap().json();
        assert_eq!(arrived, returned.unwrap());
        arrived
    }
}

#[tokio::test]
async fn a_panic_in_the_work_is_an_answer() {
    let world = World::new().await;
    let reason = "internal error: the function panicked; its log has the location";
    let properties = json!({
        "UserPoolId": POOL, "ProviderName": "Corp", "ProviderType": "SAML",
        "ProviderDetails": {"MetadataURL": "https://idp.example.com/metadata"},
    });
    // The attempt before the panic was carried out, so that its Delete has to look.
    world.cognito.script("Create", [Fault::ResetAfter]);
    let body = world.send(events::create(&world.url(), &properties)).await;
    assert_eq!(
        (&body["Status"], &body["Reason"]),
        (&json!("FAILED"), &json!(reason))
    );
    let id = body["PhysicalResourceId"].as_str().unwrap();
    assert!(id.starts_with("unconfirmed/"), "{id}");
    let body = world
        .send(events::delete(&world.url(), id, &properties))
        .await;
    assert_eq!(body["Status"], "SUCCESS");
    assert!(world.cognito.names(POOL).is_empty());

    world.cognito.script("Delete", [Fault::THROTTLED]);
    let id = "eu-west-1_Pool|Corp";
    let body = world
        .send(events::delete(&world.url(), id, &properties))
        .await;
    assert_eq!(
        (&body["Status"], &body["Reason"]),
        (&json!("FAILED"), &json!(reason))
    );
    assert_eq!(body["PhysicalResourceId"], id);
}
