//! Parses the fields of an X.509 certificate that tell its validity and its issuer.
//!
//! Forms that X.509 libraries read differently are accepted and marked as unusual: dates that do
//! not follow RFC 5280, and bytes after the end.

use std::time::SystemTime;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use der::{
    Decode as _, ErrorKind, Reader as _, SliceReader, Tag, TagNumber, Tagged as _, asn1::AnyRef,
};
use time::{Date, Duration, Month, PrimitiveDateTime, Time};

/// The tag of a `SEQUENCE`, the first byte of a DER certificate.
const SEQUENCE: u8 = 0x30;
const EXTENSIONS: Tag = Tag::ContextSpecific {
    constructed: true,
    number: TagNumber(3),
};
/// The object identifier of the basic constraints extension, 2.5.29.19.
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// The first of the years that two digits denote: 1950 to 2049 (RFC 5280, section 4.1.2.5.1).
const FIRST_YEAR: i32 = 1950;

/// A distinguished name: the type and value of each attribute.
type Name = Vec<(Vec<u8>, Vec<u8>)>;

/// The fields of a certificate that the checks need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) not_before: SystemTime,
    pub(super) not_after: SystemTime,
    /// Whether it has a form that some libraries cannot read.
    pub(super) is_unusual: bool,
    /// Whether it is marked as the certificate of an authority.
    pub(super) is_authority: bool,
    /// The name of its issuer, normalised for comparison.
    pub(super) issuer: Name,
    /// The name of its subject, normalised for comparison.
    pub(super) subject: Name,
    /// Its public key, including the algorithm.
    pub(super) key: Vec<u8>,
}

impl Certificate {
    /// Parses the content of an `X509Certificate`: the base64 of a DER certificate or of a PEM
    /// text, which common libraries accept too. Returns `None` if any certificate cannot be parsed.
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

    /// Returns whether the issuer is the subject.
    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// Parses the needed fields (RFC 5280, section 4.1).
    fn from_der(bytes: &[u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(bytes)?;
        let whole: AnyRef<'_> = reader.decode()?;
        let mut certificate = SliceReader::new(whole.value())?;
        let signed: AnyRef<'_> = certificate.decode()?;
        let mut signed = SliceReader::new(signed.value())?;
        // The optional version precedes the serial number.
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

/// Returns whether the basic constraints after the public key mark an authority (RFC 5280, section
/// 4.2.1.9).
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
            // The critical flag is optional.
            if content.tag() == Tag::Boolean {
                content = AnyRef::decode(&mut extension)?;
            }
            let constraints = AnyRef::from_der(content.value())?;
            let mut constraints = SliceReader::new(constraints.value())?;
            // An empty sequence means that this is not an authority.
            let is_authority = AnyRef::decode(&mut constraints)?;
            return Ok(is_authority.tag() == Tag::Boolean && is_authority.value() != [0]);
        }
    }
    Ok(false)
}

/// Returns the body of each certificate in a PEM text without white space; `None` if it has no end
/// line.
fn pem_bodies(text: &str) -> impl Iterator<Item = Option<String>> {
    let blocks = text.split("-----BEGIN ").skip(1);
    let blocks = blocks.filter_map(|block| block.split_once("-----"));
    let certificates = blocks.filter(|(label, _)| label.ends_with("CERTIFICATE"));
    certificates.map(|(_, rest)| {
        let (body, _) = rest.split_once("-----END ")?;
        Some(body.split_ascii_whitespace().collect())
    })
}

/// Parses a `UTCTime` or `GeneralizedTime`.
fn moment(value: AnyRef<'_>) -> der::Result<SystemTime> {
    let text = str::from_utf8(value.value()).ok();
    let moment = match value.tag() {
        Tag::UtcTime => text.and_then(utc_time),
        Tag::GeneralizedTime => text.and_then(generalized_time),
        _ => None,
    };
    moment.ok_or_else(|| ErrorKind::DateTime.into())
}

/// Returns whether a date has the only form that RFC 5280 allows: with seconds, in UTC.
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
    // Fractions of a second are ignored.
    let zone = rest.strip_prefix(['.', ',']).map_or(rest, |fraction| {
        fraction.trim_start_matches(|c: char| c.is_ascii_digit())
    });
    in_utc(
        moment.checked_add(Duration::seconds(below(seconds, 60)?))?,
        zone,
    )
}

/// Parses month, day, hours and minutes.
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

/// Parses the zone and returns the time in UTC.
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

/// Normalises a name: names that are equal under RFC 5280 (section 7.1) compare equal, whatever the
/// encoding, case and white space of their texts.
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
