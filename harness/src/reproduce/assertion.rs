//! The assertions of a script: for each part of a response that violates the requirement, which parts would satisfy it.

use bytes::Bytes;
use helm_oci_suite::proof::{Part, RawExchange};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use super::baseline::{Baseline, required};
use super::difference::{Difference, alterations};

/// The statuses that are tried.
const STATUSES: &[u16] = &[
    200, 201, 202, 204, 206, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 406, 409, 410, 412,
    413, 415, 416, 429, 500, 501, 502, 503,
];

/// The difference of lengths below which two bodies may be the same, with other names.
const SIMILAR: usize = 512;

/// The headers whose required value follows from the request and from what was pushed.
const STATED: &[&str] = &[
    "content-length",
    "content-range",
    "content-type",
    "docker-content-digest",
    "oci-subject",
    "range",
];

/// The condition under which a response has the defect.
#[derive(Debug)]
pub(super) struct Assertion {
    /// The position of the request in the script.
    pub(super) position: usize,
    /// The condition.
    pub(super) defect: Defect,
}

/// The condition under which a response has the defect.
#[derive(Debug)]
pub(super) enum Defect {
    /// The status is one of these.
    Status(Vec<u16>),
    /// The status is not one of these.
    StatusOtherThan(Vec<u16>),
    /// The header is absent.
    HeaderAbsent(HeaderName),
    /// The header is present.
    HeaderPresent(HeaderName),
    /// The header has another value. With `parameters`, a value that continues with `;` is the same.
    HeaderOtherThan {
        /// The name.
        name: HeaderName,
        /// The required value.
        value: String,
        /// True if parameters may follow.
        parameters: bool,
    },
    /// The header has this value, as observed.
    HeaderLike(HeaderName, String),
    /// The body has other bytes than these.
    BodyOtherThan(Bytes),
    /// The body is this text, as observed.
    BodyLike(String),
    /// The body has this length or more.
    BodyLong(usize),
    /// The body has this length or less.
    BodyShort(usize),
    /// No complete response comes.
    NoResponse,
}

/// The exchanges of the check on a registry with these differences, and the assertions: the defect is present if all of them
/// hold. Nothing if a difference is not known well enough.
pub(super) fn all(
    baseline: &Baseline,
    differences: &[Difference],
) -> Option<(Vec<RawExchange>, Vec<Assertion>)> {
    let (exchanges, _) = baseline.altered(&alterations(differences));
    let of = |at: usize| {
        let own: &Difference = &differences[at];
        let violates = |part: Part| {
            let mut differences = differences.to_vec();
            differences[at].part = part;
            baseline.altered(&alterations(&differences)).1
        };
        let position = exchanges
            .iter()
            .position(|(number, _)| *number == own.request)?;
        let good = required(&exchanges, &own.request)?;
        let mut requests = exchanges[..position].iter();
        let is_pushed = |part: &Bytes| {
            requests.any(|(_, exchange)| {
                let mut parts = exchange.request.body().windows(part.len());
                parts.any(|own| own == part)
            })
        };
        Some(Assertion {
            position,
            defect: defect(own, good, is_pushed, violates)?,
        })
    };
    let assertions = (0..differences.len()).map(of).collect::<Option<_>>()?;
    let exchanges = exchanges.into_iter().map(|(_, exchange)| exchange);
    Some((exchanges.collect(), assertions))
}

fn defect(
    own: &Difference,
    good: &Response<Bytes>,
    is_pushed: impl FnOnce(&Bytes) -> bool,
    violates: impl Fn(Part) -> bool,
) -> Option<Defect> {
    let defect = match &own.part {
        Part::Status(_) => {
            let violates = |status: &u16| {
                StatusCode::from_u16(*status).is_ok_and(|status| violates(Part::Status(status)))
            };
            let (defects, allowed): (Vec<u16>, Vec<u16>) =
                STATUSES.iter().partition(|own| violates(own));
            if allowed.len() < defects.len() {
                Defect::StatusOtherThan(allowed)
            } else {
                Defect::Status(defects)
            }
        }
        Part::Header(name, observed) => {
            let required = good.headers().get(name);
            header(name, observed, required, violates)
        }
        Part::Body(_) => body(own, good.body(), is_pushed, violates)?,
        Part::NoResponse | Part::CutBody => Defect::NoResponse,
    };
    Some(defect)
}

fn header(
    name: &HeaderName,
    observed: &[HeaderValue],
    required: Option<&HeaderValue>,
    violates: impl Fn(Part) -> bool,
) -> Defect {
    let with = |value: &str| {
        let value = HeaderValue::from_str(value).ok();
        violates(Part::Header(name.clone(), value.into_iter().collect()))
    };
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let values: Vec<String> = observed.iter().map(text).collect();
    if values.is_empty() {
        return Defect::HeaderAbsent(name.clone());
    }
    let another = with("hoc");
    match required {
        None if another => Defect::HeaderPresent(name.clone()),
        Some(required) if another && STATED.contains(&name.as_str()) => {
            let value = text(required);
            Defect::HeaderOtherThan {
                name: name.clone(),
                parameters: *name == header::CONTENT_TYPE
                    && !with(&format!("{value}; charset=utf-8")),
                value,
            }
        }
        _ => Defect::HeaderLike(name.clone(), values.join(", ")),
    }
}

fn body(
    own: &Difference,
    good: &Bytes,
    is_pushed: impl FnOnce(&Bytes) -> bool,
    violates: impl Fn(Part) -> bool,
) -> Option<Defect> {
    let mut changed = good.to_vec();
    if let Some(last) = changed.last_mut() {
        *last ^= 1;
    }
    if !good.is_empty() && is_pushed(good) && violates(Part::Body(changed.into())) {
        return Some(Defect::BodyOtherThan(good.clone()));
    }
    let length = own.body.as_ref().map_or(0, |body| body.length);
    match &own.body {
        Some(body) if body.is_whole() => {
            Some(Defect::BodyLike(body.excerpt.clone().unwrap_or_default()))
        }
        // Names may change the length of a body a little.
        _ if length > 0 && length.abs_diff(good.len()) < SIMILAR => None,
        _ if length > good.len() => Some(Defect::BodyLong(usize::midpoint(length, good.len()))),
        _ => Some(Defect::BodyShort(usize::midpoint(length, good.len()))),
    }
}
