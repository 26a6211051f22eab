//! As much of an X.509 certificate as tells when it is valid, and which of several issued another.
//!
//! What libraries for X.509 read in different ways is read here too, and marked as unusual: a date
//! that is not in the form of RFC 5280, bytes after the end.

use std::time::SystemTime;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use der::{
    Decode as _, ErrorKind, Reader as _, SliceReader, Tag, TagNumber, Tagged as _, asn1::AnyRef,
};
use time::{Date, Duration, Month, PrimitiveDateTime, Time};

/// The tag of a `SEQUENCE`, with which a certificate in DER begins.
const SEQUENCE: u8 = 0x30;
const EXTENSIONS: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(3),
};
/// Their identifier, 2.5.29.19.
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// Two digits of a year mean 1950 to 2049 (RFC 5280, section 4.1.2.5.1).
const FIRST_YEAR: i32 = 1950;

/// The kinds of the parts of a name, and their values.
type Name = Vec<(Vec<u8>, Vec<u8>)>;

/// One certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) not_before: SystemTime,
    pub(super) not_after: SystemTime,
    /// Whether it has a form that not every library reads.
    pub(super) is_unusual: bool,
    /// Whether it says that its key signs other certificates.
    pub(super) is_authority: bool,
    /// The name of the one whose key signed it, in a form that can be compared.
    pub(super) issuer: Name,
    /// Its own name, likewise.
    pub(super) subject: Name,
    /// Its public key, with its algorithm.
    pub(super) key: Vec<u8>,
}

impl Certificate {
    /// Reads the content of an `X509Certificate`: DER in base64, or a text in base64 that has
    /// certificates in PEM, which common libraries read too. Returns none if one cannot be read.
    pub(super) fn read(text: &str) -> Option<Vec<Self>> {
        let bytes = BASE64_STANDARD.decode(text).ok()?;
        if bytes.first() == Some(&SEQUENCE) {
            return Some(vec![Self::from_der(&bytes).ok()?]);
        }
        let bodies = pem_bodies(str::from_utf8(&bytes).ok()?);
        let certificates = bodies.map(|body| {
            let bytes = BASE64_STANDARD.decode(body?).ok()?;
            Self::from_der(&bytes).ok()
        });
        let certificates: Vec<_> = certificates.collect::<Option<_>>()?;
        Some(certificates).filter(|certificates| !certificates.is_empty())
    }

    /// Whether it names itself as its issuer.
    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// Reads the fields that are needed; RFC 5280 has them in section 4.1.
    fn from_der(bytes: &[u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(bytes)?;
        let whole: AnyRef<'_> = reader.decode()?;
        let mut certificate = SliceReader::new(whole.value())?;
        let signed: AnyRef<'_> = certificate.decode()?;
        let mut signed = SliceReader::new(signed.value())?;
        // The version, which may be left out, before the serial number.
        if Tag::peek(&signed)? != Tag::Integer {
            AnyRef::decode(&mut signed)?;
        }
        for _ in ["serial number", "algorithm"] {
            AnyRef::decode(&mut signed)?;
        }
        let issuer = AnyRef::decode(&mut signed)?;
        let validity = AnyRef::decode(&mut signed)?;
        let subject = AnyRef::decode(&mut signed)?;
        let key = AnyRef::decode(&mut signed)?;
        let mut validity = SliceReader::new(validity.value())?;
        let [not_before, not_after] = [validity.decode()?, validity.decode()?];
        Ok(Self {
            not_before: moment(not_before)?,
            not_after: moment(not_after)?,
            is_authority: is_authority(&mut signed).unwrap_or(false),
            is_unusual: !reader.is_finished() || !is_usual(not_before) || !is_usual(not_after),
            issuer: comparable(issuer),
            subject: comparable(subject),
            key: key.value().to_vec(),
        })
    }
}

/// Reads what follows the public key as far as the basic constraints (RFC 5280, section 4.2.1.9).
fn is_authority(signed: &mut SliceReader<'_>) -> der::Result<bool> {
    while !signed.is_finished() {
        let field = AnyRef::decode(signed)?;
        if !matches!(field.tag(), EXTENSIONS) {
            continue;
        }
        let extensions = AnyRef::from_der(field.value())?;
        let mut extensions = SliceReader::new(extensions.value())?;
        while !extensions.is_finished() {
            let mut extension = SliceReader::new(AnyRef::decode(&mut extensions)?.value())?;
            if AnyRef::decode(&mut extension)?.value() != BASIC_CONSTRAINTS {
                continue;
            }
            let mut content = AnyRef::decode(&mut extension)?;
            // Whether it is critical may be left out.
            if content.tag() == Tag::Boolean {
                content = AnyRef::decode(&mut extension)?;
            }
            let constraints = AnyRef::from_der(content.value())?;
            let mut constraints = SliceReader::new(constraints.value())?;
            // An empty sequence says that it is none.
            let is_authority = AnyRef::decode(&mut constraints)?;
            return Ok(is_authority.tag() == Tag::Boolean && is_authority.value() != [0]);
        }
    }
    Ok(false)
}

/// Returns what stands between the lines of each certificate in a PEM text, without white space.
fn pem_bodies(text: &str) -> impl Iterator<Item = Option<String>> {
    let blocks = text.split("-----BEGIN ").skip(1);
    let blocks = blocks.filter_map(|block| block.split_once("-----"));
    let certificates = blocks.filter(|(label, _)| label.ends_with("CERTIFICATE"));
    certificates.map(|(_, rest)| {
        let (body, _) = rest.split_once("-----END ")?;
        Some(body.split_ascii_whitespace().collect())
    })
}

/// Reads a `UTCTime` or `GeneralizedTime`.
fn moment(value: AnyRef<'_>) -> der::Result<SystemTime> {
    let text = str::from_utf8(value.value()).ok();
    let moment = match value.tag() {
        Tag::UtcTime => text.and_then(utc_time),
        Tag::GeneralizedTime => text.and_then(generalized_time),
        _ => None,
    };
    moment.ok_or_else(|| ErrorKind::DateTime.into())
}

/// Whether a date has the one form that RFC 5280 allows: with seconds, in UTC.
fn is_usual(value: AnyRef<'_>) -> bool {
    let digits = match value.tag() {
        Tag::UtcTime => 12,
        _ => 14,
    };
    matches!(value.value().split_at_checked(digits), Some((_, b"Z")))
}

fn utc_time(text: &str) -> Option<SystemTime> {
    let (year, rest) = number(text, 2)?;
    let century = if year < FIRST_YEAR % 100 { 100 } else { 0 };
    let (moment, rest) = up_to_minutes(FIRST_YEAR / 100 * 100 + century + year, rest)?;
    let (seconds, zone) = number(rest, 2).unwrap_or((0, rest));
    in_utc(
        moment.checked_add(Duration::seconds(below(seconds, 60)?))?,
        zone,
    )
}

fn generalized_time(text: &str) -> Option<SystemTime> {
    let (year, rest) = number(text, 4)?;
    let (moment, rest) = up_to_minutes(year, rest)?;
    let (seconds, rest) = number(rest, 2).unwrap_or((0, rest));
    // What is less than a second does not matter.
    let zone = rest.strip_prefix(['.', ',']).map_or(rest, |fraction| {
        fraction.trim_start_matches(|c: char| c.is_ascii_digit())
    });
    in_utc(
        moment.checked_add(Duration::seconds(below(seconds, 60)?))?,
        zone,
    )
}

/// Reads month, day, hours and minutes.
fn up_to_minutes(year: i32, text: &str) -> Option<(PrimitiveDateTime, &str)> {
    let (month, rest) = number(text, 2)?;
    let (day, rest) = number(rest, 2)?;
    let (hours, rest) = number(rest, 2)?;
    let (minutes, rest) = number(rest, 2)?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    let time = Time::from_hms(u8::try_from(hours).ok()?, u8::try_from(minutes).ok()?, 0).ok()?;
    Some((PrimitiveDateTime::new(date, time), rest))
}

/// Reads the zone, and returns the time in UTC.
fn in_utc(local: PrimitiveDateTime, zone: &str) -> Option<SystemTime> {
    let offset = if zone == "Z" {
        Duration::ZERO
    } else {
        let (hours, rest) = number(zone.strip_prefix(['+', '-'])?, 2)?;
        let (minutes, rest) = number(rest, 2)?;
        let offset = Duration::hours(below(hours, 24)?) + Duration::minutes(below(minutes, 60)?);
        let is_east = zone.starts_with('+');
        rest.is_empty()
            .then_some(if is_east { offset } else { -offset })?
    };
    let utc = local.checked_sub(offset)?;
    (utc.year() >= 0).then(|| utc.assume_utc().into())
}

fn number(text: &str, digits: usize) -> Option<(i32, &str)> {
    let (number, rest) = text.split_at_checked(digits)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    Some((number.parse().ok().filter(|_| is_number)?, rest))
}

fn below(number: i32, limit: i32) -> Option<i64> {
    (number < limit).then_some(number.into())
}

/// Returns a name in a form in which two are equal that RFC 5280 (section 7.1) calls equal: texts
/// count whatever their encoding, case and white space.
fn comparable(name: AnyRef<'_>) -> Name {
    parts(name).unwrap_or_else(|_| vec![(Vec::new(), name.value().to_vec())])
}

fn parts(name: AnyRef<'_>) -> der::Result<Name> {
    let mut parts = Vec::new();
    let mut names = SliceReader::new(name.value())?;
    while !names.is_finished() {
        let mut set = SliceReader::new(AnyRef::decode(&mut names)?.value())?;
        while !set.is_finished() {
            let mut part = SliceReader::new(AnyRef::decode(&mut set)?.value())?;
            let kind = AnyRef::decode(&mut part)?;
            let value = AnyRef::decode(&mut part)?;
            parts.push((kind.value().to_vec(), comparable_value(value)));
        }
    }
    Ok(parts)
}

fn comparable_value(value: AnyRef<'_>) -> Vec<u8> {
    let is_text = matches!(
        value.tag(),
        Tag::Utf8String | Tag::PrintableString | Tag::TeletexString | Tag::Ia5String
    );
    match str::from_utf8(value.value()) {
        Ok(text) if is_text => {
            let words: Vec<_> = text.split_ascii_whitespace().collect();
            words.join(" ").to_lowercase().into_bytes()
        }
        _ => value.value().to_vec(),
    }
}
