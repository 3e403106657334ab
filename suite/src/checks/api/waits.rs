//! Who is asked to wait.

use std::time::Duration;

use http::Method;

use crate::helm::era::{Break, Flow, ORAS};
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::Session;
use crate::session::expect;
use crate::session::retry;
use crate::verdict::CheckResult;

/// The longest that any Helm waits before it tries again.
const LONGEST: Duration = Duration::from_secs(3);

requirement! {
    /// Who is asked to come again later is asked for no more than three seconds.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later read again up to five times, and wait three seconds at the most, whatever `Retry-After` says.
    /// Earlier ones give up at once, or wait as briefly.
    ///
    /// ## How it is checked
    /// A chart is pushed; its manifest, its layer and the list of tags are read once each. Where an answer is 429 or 503
    /// and has a `Retry-After`, that must be three seconds or less.
    SHORT = "api/short-waits" {
        level: Should,
        title: "`Retry-After` asks for three seconds at the most",
        covers: ["REG-API-14", "B19"],
        sources: [observed("3.8", "GET 429 is tried again up to 5 times by 3.18 and later, each wait 3 s at the most")],
        breaks: [
            Break::new(ORAS, Flow::TAG_PULLS, "failed to perform \"FetchReference\" on source: GET \"{url}/manifests/{tag}\": response status code 429: toomanyrequests"),
        ],
        faults: [LimitsTagReads],
        check: short_waits,
    }
}

async fn short_waits(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let paths = [
        session.manifest_path("1.0.0"),
        session.blob_path(&chart.layer_digest()),
        format!("/v2/{}/tags/list", session.repository()),
    ];
    for path in paths {
        let reply = session.call(Method::GET, &path).impatient().send().await?;
        let asked = retry::asked(&reply).unwrap_or_default();
        expect::holds(
            asked <= LONGEST,
            "an answer, or a `retry-after` of three seconds at the most",
            format!("status {}, and {} s to wait", reply.status, asked.as_secs()),
            &[&reply],
        )?;
    }
    Ok(())
}
