//! The connection after a response.

use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::{ALL, CONTAINERD, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::{HTTP, HTTP_1_1};
use crate::session::{Session, expect};
use crate::verdict::CheckResult;
use crate::wire::AfterResponse;

requirement! {
    /// The registry keeps a connection open after a response, or announces with `Connection: close` that it closes it.
    ///
    /// ## Why Helm needs it
    /// Every Helm version sends its next request on the same connection. If that is a POST or a PUT, Go does not send it
    /// again, and the push ends with `EOF`.
    ///
    /// ## How it is checked
    /// The check sends GET of `/v2/` on a connection of its own, and watches the connection after the response. It must
    /// stay open, unless the response has `Connection: close`. Three connections in a row must not be closed.
    CLOSE_ANNOUNCED = "api/close-announced" {
        level: Must,
        title: "the registry announces that it closes a connection",
        fix: "Keep the connection open after a response, or send `Connection: close` with the response after which the server closes it. Check the keep-alive settings of the registry and of the front end.",
        covers: ["REG-API-14"],
        sources: [HTTP_1_1.states(
            "persistent.connections",
            "A server that does not support persistent connections MUST send the \"close\" connection option in every response message that does not have a 1xx (Informational) status code.",
        )],
        breaks: [
            Break::by_chance("where the next request meets the closed connection", ALL, Flow::PUSHES, Symptom::UploadPostClosed),
            Break::by_chance("where the next request meets the closed connection", ORAS, &[Flow::RePush], Symptom::TagPutClosed),
            Break::by_chance("with a token, where its request meets the closed connection", CONTAINERD, Flow::CHARTS, Symptom::TokenPostClosed),
        ],
        faults: [ClosesAfterEachResponse],
        check: close_announced,
    }
}

/// The number of connections that a registry may close by chance, less one.
const CONNECTIONS: usize = 3;

async fn close_announced(session: &Session) -> CheckResult {
    for _ in 1..CONNECTIONS {
        let (_, after) = session.send_alone(Method::GET, "/v2/").await?;
        if after != AfterResponse::Closed {
            return Ok(());
        }
    }
    let (reply, after) = session.send_alone(Method::GET, "/v2/").await?;
    expect::holds(
        after != AfterResponse::Closed,
        "an open connection after the response, or `Connection: close`",
        "the connection is closed without it, three times",
        &[&reply],
    )
}

requirement! {
    /// Nothing follows the response to HEAD.
    ///
    /// ## Why Helm needs it
    /// Go takes the bytes behind the header for the next response, and closes the connection; a request that is
    /// already on its way is lost.
    ///
    /// ## How it is checked
    /// The check pushes a chart, sends HEAD of its manifest on a connection of its own, and watches the connection after
    /// the response. No byte may follow.
    NOTHING_AFTER_HEAD = "api/nothing-after-head" {
        level: Must,
        title: "nothing follows the response to HEAD",
        fix: "Send the header of a response to HEAD, and no byte after it. Check that the handler of GET does not write its body for HEAD.",
        covers: ["REG-PUL-01"],
        sources: [HTTP.states(
            "HEAD",
            "The HEAD method is identical to GET except that the server MUST NOT send content in the response.",
        )],
        breaks: [
            Break::by_chance("where the next request meets these bytes", ALL, Flow::CHARTS, Symptom::HeadFollowed),
        ],
        faults: [SendsBodiesAfterHead],
        shares: "chart",
        check: nothing_after_head,
    }
}

async fn nothing_after_head(session: &Session) -> CheckResult {
    session.arrange_chart("1.0.0").await?;
    let path = session.manifest_path("1.0.0");
    let (reply, after) = session.send_alone(Method::HEAD, &path).await?;
    expect::holds(
        after != AfterResponse::SentMore,
        "no byte after the response to HEAD",
        "bytes after the response to HEAD",
        &[&reply],
    )
}
