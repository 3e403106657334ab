//! The verbs of judgement. Only these make a violation.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::session::{Reply, digest_of};
use crate::verdict::{CheckResult, Finding, Stop};

/// A violation: what would have been right, what came, and the answers that show it.
pub(crate) fn violated(
    expected: impl Into<String>,
    actual: impl Into<String>,
    shown: &[&Reply],
) -> Stop {
    Stop::Violated(Box::new(Finding {
        expected: vec![expected.into()],
        actual: actual.into(),
        exchanges: shown.iter().map(|reply| reply.exchange).collect(),
    }))
}

/// The statement holds.
pub(crate) fn holds(
    condition: bool,
    expected: impl Into<String>,
    actual: impl Into<String>,
    shown: &[&Reply],
) -> CheckResult {
    if condition {
        Ok(())
    } else {
        Err(violated(expected, actual, shown))
    }
}

/// The status is one of those allowed.
pub(crate) fn status(reply: &Reply, allowed: &[u16]) -> CheckResult {
    if allowed.contains(&reply.status.as_u16()) {
        return Ok(());
    }
    Err(Stop::Violated(Box::new(Finding {
        expected: allowed
            .iter()
            .map(|code| format!("status {code}"))
            .collect(),
        actual: format!("status {}", reply.status),
        exchanges: vec![reply.exchange],
    })))
}

/// The status is a success.
pub(crate) fn success(reply: &Reply) -> CheckResult {
    holds(
        reply.status.is_success(),
        "a 2xx status",
        format!("status {}", reply.status),
        &[reply],
    )
}

/// The request is refused for a reason of its own: a 4xx.
pub(crate) fn refused(reply: &Reply) -> CheckResult {
    holds(
        reply.status.is_client_error(),
        "a 4xx status",
        format!("status {}", reply.status),
        &[reply],
    )
}

/// The header is there, as text that is not empty.
pub(crate) fn header<'r>(reply: &'r Reply, name: &str) -> Result<&'r str, Stop> {
    reply
        .header(name)
        .filter(|value| !value.is_empty())
        .ok_or_else(|| {
            violated(
                format!("a `{name}` header"),
                format!("no `{name}` header"),
                &[reply],
            )
        })
}

/// The header has this value.
pub(crate) fn header_is(reply: &Reply, name: &str, value: &str) -> CheckResult {
    let actual = header(reply, name)?;
    holds(
        actual == value,
        format!("`{name}: {value}`"),
        format!("`{name}: {actual}`"),
        &[reply],
    )
}

/// The header is absent or has this value.
pub(crate) fn header_absent_or(reply: &Reply, name: &str, value: &str) -> CheckResult {
    match reply.header(name) {
        None => Ok(()),
        Some(actual) => holds(
            actual == value,
            format!("`{name}: {value}`, or no such header"),
            format!("`{name}: {actual}`"),
            &[reply],
        ),
    }
}

/// The media type, parameters aside.
pub(crate) fn media_type(reply: &Reply, expected: &str) -> CheckResult {
    let actual = reply.header("content-type").unwrap_or("none");
    holds(
        reply.media_type() == Some(expected),
        format!("`content-type: {expected}`"),
        format!("`content-type: {actual}`"),
        &[reply],
    )
}

/// The body is these bytes.
pub(crate) fn same_bytes(reply: &Reply, bytes: &Bytes) -> CheckResult {
    holds(
        reply.body == bytes,
        format!("the {} bytes of {}", bytes.len(), digest_of(bytes)),
        format!("{} bytes of {}", reply.body.len(), digest_of(&reply.body)),
        &[reply],
    )
}

/// The body is JSON of this shape.
pub(crate) fn json<T: DeserializeOwned>(reply: &Reply, shape: &str) -> Result<T, Stop> {
    serde_json::from_slice(&reply.body).map_err(|error| {
        violated(
            format!("a JSON body {shape}"),
            format!("a body that is not: {error}"),
            &[reply],
        )
    })
}
