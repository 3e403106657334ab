//! The check on the reference registry, with the names and the content that it had in a run.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use helm_oci_suite::proof::{self, Alteration, RawExchange, RequestKey};
use helm_oci_suite::requirement::Requirement;
use helm_oci_suite::session::target::{MEBIBYTE, Target};
use helm_oci_suite::verdict::Stop;
use helm_oci_suite::wire::exchange::Exchange;
use http::{Response, StatusCode};

use super::Reported;

/// The most attempts of a check in a run.
const ATTEMPTS: u32 = 3;

/// A request of a check: its key, and the number of earlier requests with the same key.
pub(super) type Numbered = (RequestKey, usize);

/// The exchanges of a check, in their order.
pub(super) type Exchanges = Vec<(Numbered, RawExchange)>;

/// The check on the reference registry.
pub(super) struct Baseline {
    requirement: &'static Requirement,
    target: Target,
    /// The exchanges with the reference registry.
    pub(super) exchanges: Exchanges,
    /// The exchanges of the finding, with the names of the reference registry. The requests of a login that the check does
    /// not judge have no number.
    pub(super) observed: Vec<(Option<Numbered>, Exchange)>,
    /// The beginning of each repository of the run, on the reference registry.
    pub(super) prefix: String,
}

impl Baseline {
    /// The attempt whose requests have the most in common with those of the finding.
    pub(super) fn closest(reported: &Reported<'_>) -> Self {
        let attempts = (0..ATTEMPTS).flat_map(|attempt| [(attempt, true), (attempt, false)]);
        let baselines = attempts.map(|(attempt, shares)| Self::new(reported, attempt, shares));
        let closest = baselines.reduce(|best, other| {
            let is_closer = other.matches() > best.matches();
            if is_closer { other } else { best }
        });
        closest.expect("there are attempts")
    }

    fn new(reported: &Reported<'_>, attempt: u32, shares: bool) -> Self {
        let requirement = reported.requirement;
        let mut target = proof::target(requirement.proven_on, &[]);
        target.seed = reported.seed;
        target.attempt = attempt;
        target.mebibyte = MEBIBYTE;
        target.shared = shares.then(Arc::default);
        let observed_prefix = observed_prefix(reported.exchanges, requirement);
        let namespace = observed_prefix
            .as_ref()
            .and_then(|own| own.rsplit_once('/'));
        target.namespace = namespace.and_then(|(namespace, _)| namespace.parse().ok());
        let prefix = match &target.namespace {
            Some(namespace) => format!("{namespace}/{}", target.run()),
            None => target.run(),
        };
        let (exchanges, _) = proof::altered(requirement, target.clone(), &[]);
        let origin = origin(&target);
        let rename = |text: &str| {
            let text = match &observed_prefix {
                Some(observed) => text
                    .replace(observed, &prefix)
                    .replace(&encoded(observed), &encoded(&prefix)),
                None => text.to_owned(),
            };
            match reported.origin {
                Some(observed) => text.replace(observed, &origin),
                None => text,
            }
        };
        let observed = reported.exchanges.iter().map(|own| renamed(own, &rename));
        let is_judged = target.credentials.is_some();
        let observed = without_login(observed.collect(), &origin, is_judged);
        Self {
            requirement,
            target,
            exchanges: numbered(exchanges),
            observed,
            prefix,
        }
    }

    /// The number of requests that both have.
    fn matches(&self) -> usize {
        let observed = self.observed.iter();
        let numbers = observed.filter_map(|(number, _)| number.as_ref());
        let is_sent = |number: &&Numbered| self.exchanges.iter().any(|(own, _)| own == *number);
        numbers.filter(is_sent).count()
    }

    /// The check with these alterations: its exchanges, and whether the requirement is violated.
    pub(super) fn altered(&self, alterations: &[Alteration]) -> (Exchanges, bool) {
        let mut target = self.target.clone();
        // An alteration may concern the shared arrangement.
        target.shared = target.shared.map(|_| Arc::default());
        let (exchanges, result) = proof::altered(self.requirement, target, alterations);
        let is_violated = matches!(result, Err(Stop::Violated(_)));
        (numbered(exchanges), is_violated)
    }

    /// The repository of the check.
    pub(super) fn repository(&self) -> String {
        self.target.repository(self.requirement.id).into()
    }

    /// Scheme and host of the reference registry.
    pub(super) fn origin(&self) -> String {
        origin(&self.target)
    }

    /// True if the check judges the login.
    pub(super) const fn judges_login(&self) -> bool {
        self.target.credentials.is_some()
    }
}

/// The response of the reference registry to this request: to the last one with its key, if the check sends it more often
/// to the other registry.
pub(super) fn required<'e>(
    exchanges: &'e Exchanges,
    (key, occurrence): &Numbered,
) -> Option<&'e Response<Bytes>> {
    let alike = exchanges.iter().filter(|((own, _), _)| own == key);
    let (_, exchange) = alike.take(occurrence + 1).last()?;
    Some(exchange.unaltered.as_ref().unwrap_or(&exchange.response))
}

/// The prefix in a query.
pub(super) fn encoded(prefix: &str) -> String {
    prefix.replace('/', "%2F")
}

fn origin(target: &Target) -> String {
    let origin = target.origin().to_string();
    origin.trim_end_matches('/').to_owned()
}

fn numbered(exchanges: Vec<RawExchange>) -> Exchanges {
    let mut numbers = HashMap::new();
    let with_number = |exchange: RawExchange| {
        let request = &exchange.request;
        let key = RequestKey::new(request.method(), &request.uri().to_string());
        (number(&mut numbers, key), exchange)
    };
    exchanges.into_iter().map(with_number).collect()
}

fn number(numbers: &mut HashMap<RequestKey, usize>, key: RequestKey) -> Numbered {
    let next = numbers.entry(key.clone()).or_default();
    *next += 1;
    (key, *next - 1)
}

/// The beginning of the repositories of a run: the namespace and the name of the run.
fn observed_prefix(exchanges: &[Exchange], requirement: &Requirement) -> Option<String> {
    let slug = requirement.id.replace(['/', '.'], "-");
    exchanges.iter().find_map(|exchange| {
        let path = exchange.request.uri.strip_prefix("/v2/")?;
        let end = path.find(&slug).or_else(|| path.find("shared-"))?;
        Some(path[..end].trim_end_matches(['/', '-']).to_owned())
    })
}

/// An exchange with other names.
fn renamed(exchange: &Exchange, rename: &impl Fn(&str) -> String) -> Exchange {
    let mut exchange = exchange.clone();
    exchange.request.uri = rename(&exchange.request.uri);
    if let Ok(response) = &mut exchange.response {
        for (_, value) in &mut response.headers {
            *value = rename(value);
        }
        if let Some(body) = &mut response.body {
            let is_whole = body.is_whole();
            if let Some(excerpt) = &mut body.excerpt {
                *excerpt = rename(excerpt);
                if is_whole {
                    body.length = excerpt.len();
                }
            }
        }
    }
    exchange
}

/// The exchanges with their numbers, which those of a login have only if the check judges it.
fn without_login(
    observed: Vec<Exchange>,
    origin: &str,
    is_judged: bool,
) -> Vec<(Option<Numbered>, Exchange)> {
    let key = |exchange: &Exchange| {
        let url = match exchange.request.uri.as_str() {
            path if path.starts_with('/') => format!("{origin}{path}"),
            url => url.to_owned(),
        };
        RequestKey::new(&exchange.request.method, &url)
    };
    let has_login = |exchange: &Exchange| {
        let mut headers = exchange.request.headers.iter();
        headers.any(|(name, _)| name == "authorization")
    };
    let is_challenge = |at: usize| {
        let status = observed[at]
            .response
            .as_ref()
            .map(|response| response.status);
        let mut later = observed[at + 1..].iter().take(2);
        let own = key(&observed[at]);
        !is_judged
            && status == Ok(StatusCode::UNAUTHORIZED)
            && later.any(|later| key(later) == own && has_login(later))
    };
    let challenges: Vec<bool> = (0..observed.len()).map(is_challenge).collect();
    let mut numbers = HashMap::new();
    let pairs = observed.iter().zip(challenges);
    let of = |(exchange, is_challenge): (&Exchange, bool)| {
        (!is_challenge).then(|| number(&mut numbers, key(exchange)))
    };
    let numbered: Vec<_> = pairs.map(of).collect();
    numbered.into_iter().zip(observed).collect()
}
