//! Builds DER certificates from the parts that the parser reads.

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// The parts of a certificate.
#[derive(Debug, Clone, Copy)]
pub(in crate::saml) struct Parts<'a> {
    pub(in crate::saml) issuer: &'a str,
    pub(in crate::saml) subject: &'a str,
    pub(in crate::saml) key: &'a str,
    pub(in crate::saml) not_before: &'a str,
    pub(in crate::saml) not_after: &'a str,
    pub(in crate::saml) is_authority: bool,
    /// The tag of texts in names.
    pub(in crate::saml) text: u8,
}

pub(in crate::saml) const UTF8: u8 = 0x0c;
pub(in crate::saml) const PRINTABLE: u8 = 0x13;

/// Returns a self-signed certificate.
pub(in crate::saml) const OWN: Parts<'_> = Parts {
    issuer: "idp.example.com",
    subject: "idp.example.com",
    key: "key",
    not_before: "240101000000Z",
    not_after: "340101000000Z",
    is_authority: false,
    text: UTF8,
};

impl Parts<'_> {
    pub(in crate::saml) fn der(&self) -> Vec<u8> {
        let name = |text: &str| {
            let part = [tlv(0x06, b"\x55\x04\x03"), tlv(self.text, text.as_bytes())];
            tlv(0x30, &tlv(0x31, &tlv(0x30, &part.concat())))
        };
        let signed = [
            tlv(0xa0, &tlv(0x02, &[2])),
            tlv(0x02, &[1]),
            tlv(0x30, &[]),
            name(self.issuer),
            tlv(0x30, &[self.not_before, self.not_after].map(time).concat()),
            name(self.subject),
            tlv(0x30, self.key.as_bytes()),
            self.extensions(),
        ];
        tlv(0x30, &tlv(0x30, &signed.concat()))
    }

    fn extensions(&self) -> Vec<u8> {
        if !self.is_authority {
            return Vec::new();
        }
        let usage = [tlv(0x06, b"\x55\x1d\x0f"), tlv(0x04, b"\x03\x02\x01\x06")];
        let constraints = [
            tlv(0x06, b"\x55\x1d\x13"),
            tlv(0x01, b"\xff"),
            tlv(0x04, &tlv(0x30, &tlv(0x01, b"\xff"))),
        ];
        let extensions = [usage.concat(), constraints.concat()].map(|parts| tlv(0x30, &parts));
        tlv(0xa3, &tlv(0x30, &extensions.concat()))
    }

    pub(in crate::saml) fn base64(&self) -> String {
        BASE64_STANDARD.encode(self.der())
    }
}

/// Encodes a `GeneralizedTime` if the year has four digits, else a `UTCTime`.
fn time(text: &str) -> Vec<u8> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    tlv(if digits < 13 { 0x17 } else { 0x18 }, text.as_bytes())
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).unwrap();
    let length = if length < 128 {
        vec![length]
    } else {
        vec![0x81, length]
    };
    [&[tag], length.as_slice(), value].concat()
}
