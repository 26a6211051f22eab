//! What the process does before it asks for its first event.

use std::{path::Path, time::Duration};

use cfn_cognito_idp_support::{
    events,
    lambda::Function,
    proxy::Proxy,
    region::{BUCKET, COGNITO, Region},
};
use tokio::net::TcpListener;

use crate::world::{BINARY, POOL, World, answer, oidc};

const TIME: Duration = Duration::from_mins(1);

#[tokio::test]
async fn connections_are_there_before_the_first_poll_and_serve_the_first_event() {
    let region = Region::start(&[POOL]).await;
    let function = Function::start(Path::new(BINARY), &region.environment()).await;
    function.polled().await;
    let mut asked = region.proxy.asked();
    asked.sort_unstable();
    assert_eq!(asked, [format!("{BUCKET}:443"), format!("{COGNITO}:443")]);

    // The start does not wait for them for long; on a busy machine they are opened behind it.
    region.cognito.server().has_answered().await;
    region.responses.server().has_answered().await;
    let event = events::create(&region.url(), &oidc(POOL, "Corp"));
    let body = answer(function.invoke(&event, TIME).await);
    assert_eq!(body["Status"], "SUCCESS");
    assert_eq!(region.cognito.take_operations(), ["Create"]);
    assert_eq!(region.responses.puts().len(), 1);
    // No others were opened for it.
    assert_eq!(region.proxy.asked().len(), 2);
}

#[tokio::test]
async fn hosts_that_cannot_be_reached_do_not_stop_the_start() {
    let refusing = Proxy::start(&[]).await;
    // It takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    for proxy in [refusing.url(), silent] {
        let mut function = Function::start(Path::new(BINARY), &[("HTTPS_PROXY", proxy)]).await;
        function.polled().await;
        assert!(!function.has_ended());
        assert_eq!(function.log().text(), "");
    }
}

#[tokio::test]
async fn nothing_is_connected_ahead_where_aws_is_emulated() {
    let proxy = Proxy::start(&[]).await;
    let world = World::with(&[("HTTPS_PROXY", &proxy.url())]).await;
    let body = world.create(&oidc(POOL, "Corp")).await;
    assert_eq!(body["Status"], "SUCCESS");
    assert_eq!(proxy.asked(), [""; 0]);
}

#[tokio::test]
async fn credentials_come_from_a_file_if_the_environment_has_none() {
    let file = std::env::temp_dir().join(format!("credentials-{}", std::process::id()));
    let profile = "[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = planted\n";
    std::fs::write(&file, profile).unwrap();
    let world = World::with(&[
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_SESSION_TOKEN", ""),
        ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap()),
    ])
    .await;
    let body = world.create(&oidc(POOL, "Corp")).await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(body["Status"], "SUCCESS");
}
