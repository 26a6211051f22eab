//! Certificates as bytes, of the parts that are read.

use aws_smithy_types::base64;

/// The parts of a certificate.
#[derive(Debug, Clone, Copy)]
pub(in crate::saml) struct Parts<'a> {
    pub(in crate::saml) issuer: &'a str,
    pub(in crate::saml) subject: &'a str,
    pub(in crate::saml) key: &'a str,
    pub(in crate::saml) not_before: &'a str,
    pub(in crate::saml) not_after: &'a str,
    /// The tag of the texts in names.
    pub(in crate::saml) text: u8,
}

pub(in crate::saml) const UTF8: u8 = 0x0c;
pub(in crate::saml) const PRINTABLE: u8 = 0x13;

/// A certificate that its own key signed.
pub(in crate::saml) const OWN: Parts<'_> = Parts {
    issuer: "idp.example.com",
    subject: "idp.example.com",
    key: "key",
    not_before: "240101000000Z",
    not_after: "340101000000Z",
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
        ];
        tlv(0x30, &tlv(0x30, &signed.concat()))
    }

    pub(in crate::saml) fn base64(&self) -> String {
        base64::encode(self.der())
    }
}

/// A `GeneralizedTime` if the year has four digits.
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
