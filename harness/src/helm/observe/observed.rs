//! One observed run of Helm, and the observation that the evidence records of it.

use helm_oci_fixtures::transport::{ClientHelloReaction, TransportEffect};
use helm_oci_suite::evidence::{FlowResult, Observation};
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::requirement::Setup;
use http::{Method, StatusCode};

use super::fault::ObservedFault;
use super::replay::{self, Altered};
use super::test_bed::Environment;
use crate::helm::scenario::ScenarioResult;
use crate::helm::{Exit, ObservedExchange, Placeholders};

/// The number of requests from which a timeout counts as an endless loop instead of a deadlock.
const LOOP_REQUESTS: usize = 100;

/// One run: its result, and the exchanges that the registry observed.
pub(super) struct Observed {
    pub(super) result: ScenarioResult,
    pub(super) placeholders: Placeholders,
    pub(super) seen: Vec<ObservedExchange>,
    pub(super) hellos: usize,
}

fn is_refused(seen: &ObservedExchange) -> bool {
    let status = seen.response.status();
    status.is_client_error() || status.is_server_error()
}

/// True for a started upload or a redirect, after which Helm sends another request.
fn is_intermediate(seen: &ObservedExchange) -> bool {
    let is_upload = seen.request.uri().path().ends_with("/blobs/uploads/");
    let is_opened = seen.request.method() == Method::POST && is_upload && !is_refused(seen);
    is_opened || seen.response.status().is_redirection()
}

/// True for the 404 to a HEAD that precedes each push of a blob or manifest.
fn is_absence(seen: &ObservedExchange) -> bool {
    seen.request.method() == Method::HEAD
        && seen.response.status() == StatusCode::NOT_FOUND
        && !seen.is_altered
}

impl Observed {
    /// True if Helm timed out without sending further requests.
    pub(super) fn timed_out_silently(&self) -> bool {
        self.result.exit() == Some(Exit::Timeout) && self.seen.len() < LOOP_REQUESTS
    }

    /// The exchanges that the fault alters.
    pub(super) fn altered(
        &self,
        environment: &Environment,
        setup: Setup,
        fault: ObservedFault,
    ) -> Altered {
        let mut altered =
            replay::altered(&environment.access, &self.seen, &self.placeholders, fault);
        let client_hello_reaction =
            ObservedFault::server(Some(fault), &environment.access).client_hello_reaction();
        if setup == Setup::PlainHttp
            && self.hellos > 0
            && client_hello_reaction != ClientHelloReaction::HttpResponse
        {
            altered.insert(("ClientHello".to_owned(), String::new(), 0));
        }
        altered
    }

    pub(super) fn observation(&self, setup: Setup, flow: Flow) -> Observation {
        let flows = vec![flow];
        let Some(failure) = &self.result.failure else {
            let result = FlowResult::Works;
            return Observation {
                setup,
                result,
                flows,
                exit: None,
                error: None,
                stopped_at: None,
            };
        };
        let exit = match self.result.exit() {
            Some(Exit::Code(code)) => Some(code),
            Some(Exit::Signal | Exit::Timeout) | None => None,
        };
        Observation {
            setup,
            result: FlowResult::Fails,
            flows,
            exit,
            error: Some(failure.clone()),
            stopped_at: self.stopped_at(),
        }
    }

    /// The last exchange that a fault altered or that failed; the last of all if there is none.
    ///
    /// Helm sends concurrent requests. Therefore a request that a fault made fail takes precedence over an intermediate
    /// response, and an altered exchange over the 404 for content that is not pushed yet, whichever came last. Of two
    /// chains of redirects, the one that Helm followed further takes precedence.
    fn stopped_at(&self) -> Option<String> {
        let of_helm = || self.seen.iter().filter(|seen| !seen.is_arranged);
        let last = of_helm().rfind(|seen| seen.is_altered || is_refused(seen));
        let last = match last {
            Some(last) if is_intermediate(last) => of_helm()
                .rfind(|seen| seen.is_altered && is_refused(seen))
                .or_else(|| self.deepest_redirect(last)),
            Some(last) if is_absence(last) => of_helm()
                .rfind(|seen| seen.is_altered)
                .filter(|altered| !is_refused(altered))
                .or(Some(last)),
            Some(last) => Some(last),
            None => of_helm().next_back(),
        }?;
        let url = format!("{}{}", self.placeholders.origin, last.request.uri());
        let url = self.placeholders.normalise(&url);
        let status = last.response.status().as_u16();
        let outcome = match last.effect {
            TransportEffect::None
            | TransportEffect::Delay(_)
            | TransportEffect::CloseAfterResponse
            | TransportEffect::WriteAfterResponse(_) => status.to_string(),
            TransportEffect::CloseBeforeResponse => "closed".to_owned(),
            TransportEffect::CutBodyAfter(_) => format!("{status} cut"),
        };
        Some(format!("{} {url} {outcome}", last.request.method()))
    }

    /// The altered redirect that Helm followed furthest: before it, its path was requested most often. `last` if that is
    /// no redirect.
    fn deepest_redirect<'a>(&'a self, last: &'a ObservedExchange) -> Option<&'a ObservedExchange> {
        let is_redirect = |seen: &ObservedExchange| seen.response.status().is_redirection();
        if !is_redirect(last) {
            return Some(last);
        }
        let redirects = self
            .seen
            .iter()
            .enumerate()
            .filter(|(_, seen)| !seen.is_arranged && seen.is_altered && is_redirect(seen));
        let path = |seen: &ObservedExchange| seen.request.uri().path().to_owned();
        let deepest = redirects.max_by_key(|(position, seen)| {
            let earlier = self.seen[..*position].iter();
            earlier.filter(|one| path(one) == path(seen)).count()
        });
        deepest.map_or(Some(last), |(_, seen)| Some(seen))
    }
}
