//! The differences between the responses of a finding and those of the reference registry, and the fewest of them that
//! violate the requirement.

use bytes::Bytes;
use helm_oci_fixtures::digest::sha256;
use helm_oci_suite::proof::{Alteration, Part, RequestKey};
use helm_oci_suite::wire::exchange::{Body, Exchange, ResponseRecord};
use http::{HeaderName, HeaderValue, Method, Response, header};

use super::baseline::{Baseline, Exchanges, Numbered, required};
use super::{NotReproducible, Reported};

/// The most times that further requests are looked for.
const ROUNDS: usize = 24;

/// A part of a response that the reference registry returns otherwise.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    /// Its request.
    pub(super) request: Numbered,
    /// The part as it was observed.
    pub(super) part: Part,
    /// The observed body, if the part is a body.
    pub(super) body: Option<Body>,
}

/// The fewest differences that violate the requirement, from the exchanges that show the finding if possible.
pub(super) fn cause(
    baseline: &Baseline,
    reported: &Reported<'_>,
) -> Result<Vec<Difference>, NotReproducible> {
    let shown = reported.finding.exchanges.iter();
    let shown = shown.filter_map(|shown| baseline.observed.get(*shown)?.0.as_ref());
    let shown: Vec<&Numbered> = shown.collect();
    let violates = |differences: &[Difference]| baseline.altered(&alterations(differences)).1;
    let mut cause = between(baseline, &baseline.exchanges);
    cause.retain(|own| shown.contains(&&own.request));
    if !violates(&cause) {
        cause = all(baseline).ok_or(NotReproducible::NotInResponses)?;
    }
    let mut requests: Vec<Numbered> = cause.iter().map(|own| own.request.clone()).collect();
    requests.dedup();
    for request in requests {
        let without = cause.iter().filter(|own| own.request != request);
        let without: Vec<Difference> = without.cloned().collect();
        if violates(&without) {
            cause = without;
        }
    }
    // The status is the last to be dropped: it is the first that a reader looks at.
    for at in (0..cause.len()).rev() {
        let mut without = cause.clone();
        without.remove(at);
        if violates(&without) {
            cause = without;
        }
    }
    Ok(cause)
}

/// The alterations that make the responses of the reference registry the observed ones.
pub(super) fn alterations(differences: &[Difference]) -> Vec<Alteration> {
    let of = |own: &Difference| {
        let (request, occurrence) = own.request.clone();
        Alteration {
            request,
            occurrence,
            part: own.part.clone(),
        }
    };
    differences.iter().map(of).collect()
}

/// All differences, if they violate the requirement. A difference may have further requests as its consequence, whose
/// responses differ as well.
fn all(baseline: &Baseline) -> Option<Vec<Difference>> {
    let mut differences = between(baseline, &baseline.exchanges);
    for _ in 0..ROUNDS {
        let (exchanges, is_violated) = baseline.altered(&alterations(&differences));
        if is_violated {
            return Some(differences);
        }
        let further = between(baseline, &exchanges);
        if further.len() == differences.len() {
            return None;
        }
        differences = further;
    }
    None
}

fn between(baseline: &Baseline, exchanges: &Exchanges) -> Vec<Difference> {
    let observed = baseline.observed.iter();
    let numbered = observed.filter_map(|(number, observed)| Some((number.as_ref()?, observed)));
    let compared = numbered.filter_map(|(number, observed)| {
        let required = required(exchanges, number)?;
        Some(of_pair(number, required, observed))
    });
    compared.flatten().collect()
}

fn of_pair(request: &Numbered, good: &Response<Bytes>, observed: &Exchange) -> Vec<Difference> {
    let of = |part| Difference {
        request: request.clone(),
        part,
        body: None,
    };
    let response = match &observed.response {
        Ok(response) => response,
        Err(error) if error.contains("of the body") => return vec![of(Part::CutBody)],
        Err(_) => return vec![of(Part::NoResponse)],
    };
    let mut found = Vec::new();
    if response.status != good.status() {
        found.push(of(Part::Status(response.status)));
    }
    if request.0.method != Method::HEAD {
        let body = other_body(response, good.body());
        found.extend(body.map(|part| Difference {
            body: response.body.clone(),
            ..of(part)
        }));
    }
    found.extend(other_headers(response, good).into_iter().map(of));
    found
}

fn other_headers(response: &ResponseRecord, good: &Response<Bytes>) -> Vec<Part> {
    let observed = response.headers.iter();
    let mut names: Vec<HeaderName> = observed
        .filter_map(|(name, _)| name.parse().ok())
        .chain(good.headers().keys().cloned())
        .filter(|name| *name != header::DATE)
        .collect();
    names.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    names.dedup();
    let of_name = |name: HeaderName| {
        let observed = response
            .headers
            .iter()
            .filter(|(own, _)| own == name.as_str());
        let observed = observed.filter_map(|(_, value)| HeaderValue::from_str(value).ok());
        let observed: Vec<HeaderValue> = observed.collect();
        let required = good.headers().get_all(&name).iter();
        let is_other = !required
            .map(|value| chosen(&name, value))
            .eq(observed.iter().map(|value| chosen(&name, value)));
        is_other.then_some(Part::Header(name, observed))
    };
    names.into_iter().filter_map(of_name).collect()
}

/// The value of a header without what each registry chooses as it likes: the id of an upload.
fn chosen(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    match name.as_str() {
        "docker-upload-uuid" => String::new(),
        "location" => RequestKey::new(&Method::PUT, &text).url,
        _ => text.into_owned(),
    }
}

/// The observed body, if it is another one. Of a long body the record has the beginning only: the length and a changed
/// byte take its place.
fn other_body(response: &ResponseRecord, good: &Bytes) -> Option<Part> {
    let Some(body) = &response.body else {
        return (!good.is_empty()).then(|| Part::Body(Bytes::new()));
    };
    if body.digest == sha256(good) {
        return None;
    }
    if let Some(text) = body.excerpt.as_ref().filter(|_| body.is_whole()) {
        let text = Bytes::from(text.clone());
        return (text != good).then_some(Part::Body(text));
    }
    let mut bytes = good.to_vec();
    if bytes.len() == body.length {
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
    } else {
        bytes.resize(body.length, b'0');
    }
    Some(Part::Body(bytes.into()))
}
