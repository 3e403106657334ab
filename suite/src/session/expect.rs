//! Expectations. Only these make a violation.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::oci::in_words;
use crate::session::steps::Blob;
use crate::session::{Reply, Session, digest_of};
use crate::verdict::{CheckResult, Finding, Stop};

/// A violation: expected, observed, and the replies that show it.
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

/// A violation: the connection closed each of three times before the expected response.
pub(crate) fn connection_closed(session: &Session, expected: &str) -> Stop {
    Stop::Violated(Box::new(Finding {
        expected: vec![expected.to_owned()],
        actual: "the connection closed three times before that".to_owned(),
        exchanges: session.failed_exchanges(),
    }))
}

/// The condition is true.
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

/// The request is refused: the status is 4xx.
pub(crate) fn refused(reply: &Reply) -> CheckResult {
    holds(
        reply.status.is_client_error(),
        "a 4xx status",
        format!("status {}", reply.status),
        &[reply],
    )
}

/// The header is present, as text that is not empty.
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

/// The body is this blob.
pub(crate) fn same_blob(reply: &Reply, blob: &Blob) -> CheckResult {
    let shown = |length, digest: &str| format!("{length} bytes of {digest}");
    let actual = reply.content();
    holds(
        blob.is_in(reply),
        format!("the {}", shown(blob.length(), &blob.digest())),
        shown(actual.length, &actual.digest),
        &[reply],
    )
}

/// The body is JSON of this shape.
pub(crate) fn json<T: DeserializeOwned>(reply: &Reply, shape: &str) -> Result<T, Stop> {
    serde_json::from_slice(&reply.body).map_err(|error| {
        violated(
            format!("a JSON body {shape}"),
            match reply.body.len() {
                0 => "an empty body".to_owned(),
                _ => format!("a body that is not: {}", in_words(&error.to_string())),
            },
            &[reply],
        )
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode, Uri};

    use super::*;

    const SHOWN: usize = 4;

    /// A reply with one header, whose position in the transcript is `SHOWN`.
    fn reply(status: u16, name: &'static str, value: &'static str, body: &'static str) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        Reply {
            status: StatusCode::from_u16(status).expect("a status"),
            headers,
            body: Bytes::from_static(body.as_bytes()),
            measured: None,
            exchange: SHOWN,
            uri: Uri::from_static("https://registry.test/v2/"),
        }
    }

    /// The expected and the observed of a violation that the one reply shows.
    fn finding<T: std::fmt::Debug>(result: Result<T, Stop>) -> (Vec<String>, String) {
        let Err(Stop::Violated(finding)) = result else {
            panic!("no violation: {result:?}")
        };
        assert_eq!(finding.exchanges, [SHOWN]);
        (finding.expected, finding.actual)
    }

    fn is_blamed(result: CheckResult, expected: &[&str], actual: &str) {
        let (wanted, came) = finding(result);
        assert_eq!(wanted, expected);
        assert_eq!(came, actual);
    }

    #[test]
    fn a_status_is_judged_by_the_set_that_is_allowed() {
        for (code, is_allowed, is_success, is_refused) in [
            (199, false, false, false),
            (200, true, true, false),
            (201, false, true, false),
            (299, false, true, false),
            (302, false, false, false),
            (400, false, false, true),
            (404, true, false, true),
            (499, false, false, true),
            (500, false, false, false),
        ] {
            let reply = reply(code, "server", "s", "");
            assert_eq!(status(&reply, &[200, 404]).is_ok(), is_allowed, "{code}");
            assert_eq!(success(&reply).is_ok(), is_success, "{code}");
            assert_eq!(refused(&reply).is_ok(), is_refused, "{code}");
        }
        let reply = reply(500, "server", "s", "");
        let came = "status 500 Internal Server Error";
        let wanted = ["status 201", "status 202"];
        is_blamed(status(&reply, &[201, 202]), &wanted, came);
        is_blamed(success(&reply), &["a 2xx status"], came);
        is_blamed(refused(&reply), &["a 4xx status"], came);
    }

    #[test]
    fn a_header_is_judged_by_its_presence_and_its_value() {
        let with = reply(200, "range", "0-8", "");
        assert_eq!(header(&with, "range"), Ok("0-8"));
        assert_eq!(header_is(&with, "range", "0-8"), Ok(()));
        assert_eq!(header_absent_or(&with, "range", "0-8"), Ok(()));
        is_blamed(
            header_is(&with, "range", "0-9"),
            &["`range: 0-9`"],
            "`range: 0-8`",
        );
        is_blamed(
            header_absent_or(&with, "range", "0-9"),
            &["`range: 0-9`, or no such header"],
            "`range: 0-8`",
        );
        let without = reply(200, "server", "s", "");
        assert_eq!(header_absent_or(&without, "range", "0-9"), Ok(()));
        for missing in [&without, &reply(200, "range", "", "")] {
            let (wanted, came) = finding(header(missing, "range"));
            assert_eq!(wanted, ["a `range` header"]);
            assert_eq!(came, "no `range` header");
            let (_, came) = finding(header_is(missing, "range", "0-9"));
            assert_eq!(came, "no `range` header");
        }
    }

    #[test]
    fn parameters_are_no_part_of_a_media_type() {
        let json = "application/json";
        for right in ["application/json", "application/json; charset=utf-8"] {
            let reply = reply(200, "content-type", right, "");
            assert_eq!(media_type(&reply, json), Ok(()), "{right}");
        }
        let wanted = ["`content-type: application/json`"];
        let wrong = reply(200, "content-type", "text/html; charset=utf-8", "");
        let came = "`content-type: text/html; charset=utf-8`";
        is_blamed(media_type(&wrong, json), &wanted, came);
        let none = reply(200, "server", "s", "");
        is_blamed(media_type(&none, json), &wanted, "`content-type: none`");
    }

    #[test]
    fn a_body_is_judged_by_its_bytes_or_its_shape() {
        let reply = reply(200, "server", "s", "[1,2]");
        assert_eq!(same_bytes(&reply, &Bytes::from_static(b"[1,2]")), Ok(()));
        let (wanted, came) = finding(same_bytes(&reply, &Bytes::from_static(b"[1, 2]")));
        let whole = |bytes: &[u8]| format!("bytes of {}", digest_of(bytes));
        assert_eq!(wanted, [format!("the 6 {}", whole(b"[1, 2]"))]);
        assert_eq!(came, format!("5 {}", whole(b"[1,2]")));
        assert_eq!(json::<Vec<u8>>(&reply, "of numbers"), Ok(vec![1, 2]));
        let (wanted, came) = finding(json::<Vec<String>>(&reply, "of texts"));
        assert_eq!(wanted, ["a JSON body of texts"]);
        assert!(
            came.starts_with("a body that is not: ") && came.contains("expected a string"),
            "{came}"
        );
    }

    #[test]
    fn what_does_not_hold_is_shown_by_all_the_answers_given() {
        let one = reply(200, "server", "s", "");
        let other = Reply {
            exchange: 9,
            ..one.clone()
        };
        assert_eq!(holds(true, "this", "that", &[&one]), Ok(()));
        let Err(Stop::Violated(finding)) = holds(false, "this", "that", &[&one, &other]) else {
            panic!("it does not hold")
        };
        assert_eq!(finding.exchanges, [SHOWN, 9]);
        assert_eq!(
            (finding.expected, finding.actual),
            (vec!["this".to_owned()], "that".to_owned())
        );
    }
}
