//! Signatures of requests, verified by the letter of AWS's documentation of Signature Version 4 and
//! without the code that made them.

use std::fmt::Write as _;

use bytes::Bytes;
use hyper::Request;
use ring::{
    digest::{SHA256, digest},
    hmac,
};

/// Whether whoever has this secret access key signed the request for that service today: all of its
/// headers that count, and its body.
pub(crate) fn is_valid(request: &Request<Bytes>, service: &str, secret: &str) -> bool {
    verify(request, service, secret).is_some()
}

fn verify(request: &Request<Bytes>, service: &str, secret: &str) -> Option<()> {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    // AWS4-HMAC-SHA256 Credential=AKIA…/20261122/eu-west-1/s3/aws4_request, SignedHeaders=…,
    // Signature=…
    let fields = header("authorization")?.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let field = |name: &str| {
        let mut fields = fields.split(", ");
        fields.find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
    };
    let (_, scope) = field("Credential")?.split_once('/')?;
    let signed = field("SignedHeaders")?;
    let names: Vec<_> = signed.split(';').collect();
    // Temporary credentials are worth nothing without their token.
    let mut must = vec!["host", "x-amz-date", "x-amz-security-token"];
    let hash = hex(digest(&SHA256, request.body()).as_ref());
    if service == "s3" {
        must.extend(["range", "x-amz-content-sha256"]);
        if header("x-amz-content-sha256")? != hash {
            return None;
        }
    } else {
        must.push("content-type");
        if service != "cloudformation" {
            must.push("x-amz-target");
        }
    }
    let date = header("x-amz-date")?;
    let end = format!("/{service}/aws4_request");
    if !must.iter().all(|name| names.contains(name))
        || !scope.ends_with(&end)
        || scope.get(..8)? != date.get(..8)?
    {
        return None;
    }

    let uri = request.uri();
    let query = uri.query().unwrap_or_default().split('&');
    let query = query.map(|pair| {
        let parts: Vec<_> = pair.split('=').map(|part| encoded(part, b"")).collect();
        parts.join("=")
    });
    let mut query: Vec<_> = query.collect();
    query.sort_unstable();
    let path = encoded(uri.path(), b"/");
    let mut canonical = format!("{}\n{path}\n{}\n", request.method(), query.join("&"));
    for name in names {
        writeln!(canonical, "{name}:{}", header(name)?.trim()).ok()?;
    }
    write!(canonical, "\n{signed}\n{hash}").ok()?;

    let canonical = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical}");
    let key = scope
        .split('/')
        .fold(format!("AWS4{secret}").into_bytes(), |key, part| {
            mac(&key, part)
        });
    (hex(&mac(&key, &text)) == field("Signature")?).then_some(())
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The text as S3 encodes it, however it came.
fn encoded(text: &str, kept: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let encode = |byte: u8| match byte {
        plain if is_plain(&plain) || kept.contains(&plain) => char::from(plain).to_string(),
        other => format!("%{other:02X}"),
    };
    decoded(text).into_iter().map(encode).collect()
}

/// The bytes that a percent-encoded text stands for.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let pair = after.first_chunk::<2>().filter(|_| *first == b'%');
        let pair = pair.and_then(|pair| str::from_utf8(pair).ok());
        if let Some(byte) = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}
