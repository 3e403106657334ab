//! The script: its variables, its files, the requests, and the assertions.

use std::fmt::Write as _;

use helm_oci_fixtures::digest::sha256;
use helm_oci_suite::proof::RawExchange;
use http::HeaderName;

use super::Reported;
use super::assertion::{Assertion, Defect};
use super::baseline::{Baseline, encoded};
use super::bodies::{self, Digests};
use crate::handbook::request::Requests;
use crate::handbook::shell::VARIABLES;

/// The functions of every script.
const FUNCTIONS: &str = include_str!("functions.sh");

/// The registry of a script whose record names none.
const EXAMPLE: &str = "http://127.0.0.1:5000";

/// Writes the script.
pub(super) fn write(
    baseline: &Baseline,
    exchanges: &[RawExchange],
    reported: &Reported<'_>,
    assertions: &[Assertion],
) -> String {
    let last = assertions.iter().map(|own| own.position).max();
    let last = last.expect("a violation has a difference");
    let (exchanges, digests) = bodies::shortened(exchanges);
    let mut requests = Requests::new(&exchanges, baseline.repository());
    requests.are_tokens_numbered = true;
    let sent = sent(&exchanges[..=last], &baseline.prefix, &mut requests);
    let mut script = head(baseline, reported);
    script.push_str(FUNCTIONS);
    script.push('\n');
    for (variable, header) in VARIABLES {
        if sent.contains(&format!("${variable}\"")) {
            let _ = writeln!(script, "{variable}='{header}'");
        }
    }
    for (name, body) in &requests.bodies {
        script.push_str(&bodies::command(name, body));
    }
    script.push('\n');
    script.push_str(&sent);
    script.push_str(&end(baseline, reported, assertions, &digests));
    script
}

fn head(baseline: &Baseline, reported: &Reported<'_>) -> String {
    let requirement = reported.requirement;
    let prefix = reported_prefix(baseline);
    let login = if baseline.judges_login() {
        "logs_in=yes\n"
    } else {
        ""
    };
    format!(
        "#!/bin/sh
# {id}: {title}
#
# Sends the requests of this check to $REGISTRY, and looks at the responses that violate it. Requires curl 7.87 or later.
# Exit code: 1 if the defect is present, 0 if not, 2 if that could not be determined.
# USERNAME and PASSWORD are used where the registry asks for them; CURL_OPTIONS are added to each request, such as
# --cacert FILE. What the script pushes remains in the repositories whose names begin with $PREFIX.
REGISTRY=${{REGISTRY:-{registry}}}
PREFIX=${{PREFIX:-{prefix}}}
ENCODED_PREFIX=$(printf %s \"$PREFIX\" | sed 's|/|%2F|g')
{login}",
        id = requirement.id,
        title = requirement.title,
        registry = reported.origin.filter(|own| is_inert(own)).unwrap_or(EXAMPLE),
    )
}

/// True if a URL of a record holds nothing that the shell interprets.
fn is_inert(url: &str) -> bool {
    url.chars()
        .all(|own| own.is_ascii_alphanumeric() || ":/.-_[]".contains(own))
}

/// The beginning of repositories: the namespace of the run, and a name that is new in each execution.
fn reported_prefix(baseline: &Baseline) -> String {
    let namespace = baseline
        .prefix
        .rsplit_once('/')
        .map(|(namespace, _)| namespace);
    let namespace = namespace.map_or_else(String::new, |namespace| format!("{namespace}/"));
    format!("{namespace}hoc$(date +%s)")
}

/// The commands that send the requests, and keep what later ones need of their responses.
fn sent(exchanges: &[RawExchange], prefix: &str, requests: &mut Requests<'_>) -> String {
    let own = format!("$REGISTRY/v2/{}/", requests.repository());
    let encoded = encoded(prefix);
    let arguments = |position| {
        let arguments = requests.arguments(position);
        let arguments = arguments.replace("$REPOSITORY/", &own);
        let arguments = arguments.replace(prefix, "${PREFIX}");
        let arguments = arguments.replace(&encoded, "${ENCODED_PREFIX}");
        arguments.replace("@body-", "@\"$directory\"/body-")
    };
    let arguments: Vec<String> = (0..exchanges.len()).map(arguments).collect();
    let is_used = |variable: &str| arguments.iter().any(|own| own.contains(variable));
    let mut sent = String::new();
    for (position, (exchange, arguments)) in exchanges.iter().zip(&arguments).enumerate() {
        let number = position + 1;
        let _ = writeln!(
            sent,
            "send {number} {} {arguments}",
            exchange.request.method()
        );
        if is_used(&format!("$TOKEN_{position}\"")) {
            let _ = writeln!(sent, "TOKEN_{position}=$(token {number})");
        }
        if is_used(&format!("$LOCATION_{position}\"")) {
            let _ = writeln!(sent, "LOCATION_{position}=$(location {number})");
        }
    }
    sent
}

fn end(
    baseline: &Baseline,
    reported: &Reported<'_>,
    assertions: &[Assertion],
    digests: &Digests,
) -> String {
    let finding = reported.finding;
    let mut end = "\n".to_owned();
    let _ = writeln!(end, "echo");
    let expected = finding.expected.join(" or ");
    let _ = writeln!(end, "echo {}", quoted(&format!("expected  {expected}")));
    let observed = format!("reported  {}", finding.actual);
    let _ = writeln!(end, "echo {}", quoted(&observed));
    let fails = |own: &Assertion| matches!(own.defect, Defect::NoResponse);
    if !assertions.iter().any(fails) {
        let last = assertions.iter().map(|own| own.position).max();
        let last = last.unwrap_or_default() + 1;
        let _ = writeln!(
            end,
            "[ \"$(cat \"$directory/{last}.exit\")\" = 0 ] || {{ echo \"request {last} has no response\"; exit 2; }}"
        );
    }
    for Assertion { position, defect } in assertions {
        let condition = condition(*position + 1, defect);
        let condition = digests
            .replaced(&condition)
            .replace(&baseline.prefix, "'\"$PREFIX\"'")
            .replace(&baseline.origin(), "'\"$REGISTRY\"'");
        let _ = writeln!(
            end,
            "{condition} || {{ echo 'The defect is not present.'; exit 0; }}"
        );
    }
    end.push_str("echo 'The defect is present.'\nexit 1\n");
    end
}

fn condition(number: usize, defect: &Defect) -> String {
    let of_header = |function: &str, name: &HeaderName| format!("{function} {number} {name}");
    match defect {
        Defect::Status(statuses) => format!("status_is {number} '{}'", listed(statuses)),
        Defect::StatusOtherThan(statuses) => {
            format!("status_other_than {number} '{}'", listed(statuses))
        }
        Defect::HeaderAbsent(name) => of_header("header_absent", name),
        Defect::HeaderPresent(name) => of_header("header_present", name),
        Defect::HeaderOtherThan {
            name,
            value,
            parameters,
        } => {
            let parameters = if *parameters { " parameters" } else { "" };
            let test = of_header("header_other_than", name);
            format!("{test} {}{parameters}", quoted(value))
        }
        Defect::HeaderLike(name, value) => {
            format!("{} {}", of_header("header_like", name), quoted(value))
        }
        Defect::BodyOtherThan(bytes) => {
            let digest = sha256(bytes);
            let digest = digest.trim_start_matches("sha256:");
            format!("body_other_than {number} {digest}")
        }
        Defect::BodyLike(text) => format!("body_like {number} {}", quoted(text)),
        Defect::BodyLong(length) => format!("body_length {number} -ge {length}"),
        Defect::BodyShort(length) => format!("body_length {number} -le {length}"),
        Defect::NoResponse => format!("no_response {number}"),
    }
}

fn listed(statuses: &[u16]) -> String {
    let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
    statuses.join(" ")
}

/// A word of the shell. A registry may send anything; control characters are left out.
fn quoted(text: &str) -> String {
    let shown = text.chars().filter(|own| !own.is_control());
    format!("'{}'", shown.collect::<String>().replace('\'', "'\\''"))
}
