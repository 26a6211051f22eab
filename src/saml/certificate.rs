//! As much of an X.509 certificate as tells when it is valid.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_smithy_types::base64;
use der::{
    Decode as _, ErrorKind, Reader, SliceReader, Tag,
    asn1::{AnyRef, GeneralizedTime, UtcTime},
};

/// From when to when a certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: SystemTime,
    pub(super) not_after: SystemTime,
}

impl Validity {
    /// Of a certificate in DER in base64.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = base64::decode(text).ok()?;
        Self::of(&bytes).ok()
    }

    /// The certificate as far as to its dates; RFC 5280 has the rest in section 4.1.
    fn of(bytes: &[u8]) -> der::Result<Self> {
        let mut certificate = SliceReader::new(AnyRef::from_der(bytes)?.value())?;
        let signed: AnyRef<'_> = certificate.decode()?;
        let mut signed = SliceReader::new(signed.value())?;
        // The version, which may be left out, before the serial number.
        if Tag::peek(&signed)? != Tag::Integer {
            AnyRef::decode(&mut signed)?;
        }
        for _ in ["serial number", "algorithm", "issuer"] {
            AnyRef::decode(&mut signed)?;
        }
        let validity: AnyRef<'_> = signed.decode()?;
        let mut validity = SliceReader::new(validity.value())?;
        Ok(Self {
            not_before: time(&mut validity)?,
            not_after: time(&mut validity)?,
        })
    }
}

fn time<'a>(reader: &mut impl Reader<'a>) -> der::Result<SystemTime> {
    let since_1970: Duration = match Tag::peek(reader)? {
        Tag::UtcTime => UtcTime::decode(reader)?.to_unix_duration(),
        Tag::GeneralizedTime => GeneralizedTime::decode(reader)?.to_unix_duration(),
        _ => return Err(ErrorKind::DateTime.into()),
    };
    Ok(UNIX_EPOCH + since_1970)
}
