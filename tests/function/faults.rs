//! Every way in which a call to Cognito can fail, for each operation that a request may begin with.

use std::time::Duration;

use cfn_cognito_idp_support::cognito::Fault;
use serde_json::Value;
use tokio::net::TcpSocket;

use crate::world::{
    ID, LOUD, POOL, World, deleted, failed, not_created, oidc, oidc_data, success, uncounted,
    with_detail,
};

/// A request whose first call, and in the normal case only one, is this.
#[derive(Clone, Copy, PartialEq)]
enum Operation {
    Create,
    Update,
    Delete,
}
use Operation::{Create, Delete, Update};

impl Operation {
    const fn name(self) -> &'static str {
        match self {
            Create => "Create",
            Update => "Update",
            Delete => "Delete",
        }
    }

    const fn doing(self) -> &'static str {
        match self {
            Create => "creating",
            Update => "updating",
            Delete => "deleting",
        }
    }

    /// A world in which there is what the request is about.
    async fn world(self) -> World {
        let world = World::new().await;
        if self != Create {
            world.cognito.put(&Self::before(), 60);
        }
        world
    }

    /// The provider before the request.
    fn before() -> Value {
        with_detail(&oidc(POOL, "Corp"), "authorize_scopes", "openid")
    }

    async fn send(self, world: &World) -> Value {
        let corp = oidc(POOL, "Corp");
        match self {
            Create => world.create(&corp).await,
            Update => world.update(ID, &corp, &Self::before()).await,
            Delete => world.delete(ID, &corp).await,
        }
    }

    /// The answer to the request when it was met.
    fn met(self) -> Value {
        match self {
            Delete => deleted(ID),
            _ => success(ID, oidc_data(POOL, "Corp")),
        }
    }

    /// The answer when it was not and nothing was done.
    fn unmet(self, why: &str) -> Value {
        let id = if self == Create {
            not_created()
        } else {
            ID.to_owned()
        };
        failed(
            &id,
            &format!("{} identity provider ({ID}): {why}", self.doing()),
        )
    }

    /// The providers that there are when the request was met.
    const fn left(self) -> &'static [&'static str] {
        match self {
            Delete => &[],
            _ => &["Corp"],
        }
    }

    /// Those when it was not.
    const fn untouched(self) -> &'static [&'static str] {
        match self {
            Create => &[],
            _ => &["Corp"],
        }
    }
}

/// The faults pass, and the request is met: a Create is tried again until it succeeds or finds its
/// own, and before an Update or a Delete is tried again, a look tells whether it is still needed.
async fn passes(operation: Operation, faults: &[Fault]) {
    let mut world = operation.world().await;
    world.time = Duration::from_mins(15);
    passes_in(world, operation, faults).await;
}

async fn passes_in(world: World, operation: Operation, faults: &[Fault]) {
    world.cognito.script(operation.name(), faults.to_vec());
    assert_eq!(operation.send(&world).await, operation.met());
    let acted = |fault: &Fault| {
        matches!(
            fault,
            Fault::ResetAfter | Fault::ErrorAfter | Fault::HangAfter
        )
    };
    let is_done = faults.iter().any(acted);
    let mut calls = vec![operation.name()];
    for _ in faults {
        match operation {
            Create => calls.push("Create"),
            _ if is_done => calls.push("Describe"),
            _ => calls.extend(["Describe", operation.name()]),
        }
    }
    if operation == Create && is_done {
        calls.push("Describe");
    }
    assert_eq!(world.operations(), calls);
    assert_eq!(world.cognito.names(POOL), operation.left());
}

/// A call that hangs costs a third of the time.
async fn hangs(operation: Operation, fault: Fault) {
    let mut world = operation.world().await;
    world.time = Duration::from_secs(12);
    passes_in(world, operation, &[fault]).await;
}

/// Cognito takes its time, as it does to fetch a `MetadataURL`, and one call is enough.
async fn is_waited_for(operation: Operation, seconds: u64) {
    let mut world = operation.world().await;
    world.time = Duration::from_mins(15);
    world
        .cognito
        .script(operation.name(), [Fault::Slow(seconds)]);
    assert_eq!(operation.send(&world).await, operation.met());
    assert_eq!(world.operations(), [operation.name()]);
}

/// The fault is final: FAILED after one call with the service's words, nothing changed. After an
/// Update, a look tells that the provider is not as declared all the same.
async fn is_final(operation: Operation, code: &'static str, message: &'static str) {
    let world = operation.world().await;
    let fault = Fault::Error(400, code, message);
    world.cognito.script(operation.name(), [fault]);
    let body = operation.send(&world).await;
    assert_eq!(body, operation.unmet(&format!("{code}: {message}")));
    let look = (operation == Update).then_some("Describe");
    let calls: Vec<_> = std::iter::once(operation.name()).chain(look).collect();
    assert_eq!(world.operations(), calls);
    assert_eq!(world.cognito.names(POOL), operation.untouched());
}

/// The fault may pass within half a minute. Then it is final, with the service's words.
async fn is_final_after_half_a_minute(operation: Operation, fault: Fault, why: &str) {
    let world = operation.world().await;
    world.cognito.script_always(operation.name(), fault);
    assert_eq!(operation.send(&world).await, operation.unmet(why));
    assert!(world.operations().len() > 2);
    assert_eq!(world.cognito.names(POOL), operation.untouched());
}

/// The fault never passes: FAILED before the deadline, with the last of it, nothing changed.
async fn never_passes(operation: Operation, fault: Fault, last: &str) {
    let mut world = operation.world().await;
    world.time = Duration::from_secs(12);
    world.cognito.script_always(operation.name(), fault);
    let body = uncounted(operation.send(&world).await);
    let why = format!("timed out after N failed attempts; last error: {last}");
    let settled = matches!(fault, Fault::Error(400, ..));
    if settled || operation != Create {
        assert_eq!(body, operation.unmet(&why));
    } else {
        // What was sent and not refused may yet be carried out.
        let id = body["PhysicalResourceId"].as_str().unwrap();
        assert!(id.starts_with("unconfirmed/"), "{id}");
        let reason = format!(
            "creating identity provider ({ID}): {why}. The provider may or may not have been created"
        );
        assert_eq!(body, failed(id, &reason));
    }
    assert_eq!(world.cognito.names(POOL), operation.untouched());
}

/// One test of that case for each operation.
macro_rules! for_each_operation {
    ($($case:ident: $check:ident($($argument:expr),+);)+) => {$(
        mod $case {
            use super::*;

            #[tokio::test]
            async fn create() {
                $check(Create, $($argument),+).await;
            }

            #[tokio::test]
            async fn update() {
                $check(Update, $($argument),+).await;
            }

            #[tokio::test]
            async fn delete() {
                $check(Delete, $($argument),+).await;
            }
        }
    )+};
}

const BUSY: Fault = Fault::Error(400, "ConcurrentModificationException", "busy");
const DENIED: Fault = Fault::Error(400, "AccessDeniedException", "not allowed");
const INTERNAL: Fault = Fault::Error(500, "InternalErrorException", "oops");

for_each_operation! {
    throttled_once: passes(&[Fault::THROTTLED]);
    throttled_three_times: passes(&[Fault::THROTTLED; 3]);
    throttled_twelve_times: passes(&[Fault::THROTTLED; 12]);
    throttled_for_ever:
        never_passes(Fault::THROTTLED, "TooManyRequestsException: Rate exceeded");
    throttled_by_the_front_end: passes(&[Fault::Error(400, "ThrottlingException", ""), Fault::NotJson(429)]);
    contended_three_times: passes(&[BUSY; 3]);
    contended_for_ever: never_passes(BUSY, "ConcurrentModificationException: busy");
    internal_errors: passes(&[INTERNAL; 3]);
    internal_errors_for_ever: never_passes(INTERNAL, "InternalErrorException: oops");
    a_page_in_place_of_an_error: passes(&[Fault::NotJson(500), Fault::NotJson(503)]);
    a_page_in_place_of_an_answer: passes(&[Fault::NotJson(200); 2]);
    reset_before_it_acted: passes(&[Fault::ResetBefore; 2]);
    reset_after_it_acted: passes(&[Fault::ResetAfter]);
    an_error_after_it_acted: passes(&[Fault::ErrorAfter]);
    hung_before_it_acted: hangs(Fault::HangBefore);
    hung_after_it_acted: hangs(Fault::HangAfter);
    an_answer_that_takes_its_time: is_waited_for(12);
    one_of_everything: passes(&[Fault::THROTTLED, INTERNAL, Fault::ResetBefore, BUSY, Fault::NotJson(200)]);
    an_invalid_parameter: is_final("InvalidParameterException", "Error while fetching metadata.");
    not_authorized: is_final("NotAuthorizedException", "no");
    a_permission_that_is_not_in_force_yet: passes(&[DENIED; 3]);
    no_permission: is_final_after_half_a_minute(DENIED, "AccessDeniedException: not allowed");
    expired_credentials: is_final("ExpiredTokenException", "The security token is expired.");
    an_unsupported_provider: is_final("UnsupportedIdentityProviderException", "no");
    a_quota_that_is_used_up: is_final("LimitExceededException", "Too many identity providers.");
    an_error_that_nobody_has_seen: is_final("SomethingNewException", "what now");
}

#[tokio::test]
async fn a_host_that_takes_no_connection_is_tried_until_the_time_is_over() {
    // Nobody listens on a port that is bound only, and nobody else gets it.
    let bound = TcpSocket::new_v4().unwrap();
    bound.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", bound.local_addr().unwrap());
    let endpoint = ("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", url.as_str());
    let mut world = World::with(&[LOUD[0], LOUD[1], endpoint]).await;
    world.time = Duration::from_secs(12);
    let body = world.create(&oidc(POOL, "Corp")).await;
    let reason = body["Reason"].as_str().unwrap();
    assert!(
        reason.contains("last error: could not connect to 127.0.0.1: "),
        "{reason}"
    );
    for line in world.log() {
        if line["message"] == "retrying" {
            assert_eq!(line["host"], "127.0.0.1");
        }
    }
    // Nothing was sent, so nothing can be left behind.
    assert_eq!(body["PhysicalResourceId"], not_created());
}

#[tokio::test]
async fn a_host_whose_name_does_not_resolve_is_tried_for_half_a_minute() {
    let endpoint = (
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
        "http://nowhere.invalid",
    );
    let mut world = World::with(&[LOUD[0], LOUD[1], endpoint]).await;
    // Past half a minute, and no longer than a test should take to fail.
    world.time = Duration::from_secs(50);
    for body in [
        world.create(&oidc(POOL, "Corp")).await,
        world.delete(ID, &oidc(POOL, "Corp")).await,
    ] {
        let reason = body["Reason"].as_str().unwrap();
        let why = "the host name nowhere.invalid does not resolve; check the region in UserPoolId \
                   or the ARN: ";
        assert!(reason.contains(why), "{reason}");
        assert!(!reason.contains("the time was over"), "{reason}");
    }
}

#[tokio::test]
async fn an_update_throttled_while_it_looks_at_the_old_provider_is_met() {
    let old = crate::world::with(
        &oidc(POOL, "Corp"),
        "IdpIdentifiers",
        serde_json::json!(["a.example"]),
    );
    let new = crate::world::with(&old, "ProviderName", serde_json::json!("Renamed"));
    let world = World::new().await;
    world.cognito.put(&old, 60);
    for operation in ["Describe", "Update", "Create"] {
        world.cognito.script(operation, [Fault::THROTTLED]);
    }
    let body = world.update(ID, &new, &old).await;
    assert_eq!(
        body,
        success("eu-west-1_Pool|Renamed", oidc_data(POOL, "Renamed"))
    );
    assert_eq!(
        world.operations(),
        [
            // The old provider is read, and read again before its identifiers come off it, and
            // looked at before the new one is made.
            "Describe", "Describe", "Update", "Describe", "Update", "Create", "Describe", "Create"
        ]
    );
}
