//! `Retry-After`: the delay that the registry asks for.

use std::time::Duration;

use http::Method;

use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ORAS;
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::Session;
use crate::session::expect;
use crate::session::retry;
use crate::verdict::CheckResult;

/// The longest delay before any Helm version retries.
const LONGEST_DELAY: Duration = Duration::from_secs(3);

requirement! {
    /// A 429 or 503 with a `Retry-After` header asks for at most three seconds.
    ///
    /// ## Why Helm needs it
    /// Helm 3.18 and later retry a read up to five times and wait at most three seconds each time, whatever
    /// `Retry-After` demands. Earlier versions fail at once, or wait no longer.
    ///
    /// ## How it is checked
    /// The check pushes a chart and reads its manifest, its layer and the tag list once each. A `Retry-After` on a
    /// 429 or 503 must be three seconds or less.
    SHORT = "api/short-waits" {
        level: Should,
        title: "`Retry-After` is at most three seconds",
        fix: "Send at most `Retry-After: 3` with a 429 or 503, or raise the rate limit above what one push and one pull need.",
        covers: ["REG-API-14", "B19"],
        sources: [observed("3.8", "3.18 and later retry a GET after 429 up to 5 times and wait at most 3 s each time")],
        breaks: [
            Break::new(ORAS, Flow::TAG_PULLS, Symptom::ManifestGet),
        ],
        faults: [LimitsTagReads],
        shares: "chart",
        check: short_delays,
    }
}

async fn short_delays(session: &Session) -> CheckResult {
    let chart = session.arrange_chart("1.0.0").await?;
    let paths = [
        session.manifest_path("1.0.0"),
        session.blob_path(&chart.layer_digest()),
        format!("/v2/{}/tags/list", session.repository()),
    ];
    for path in paths {
        let reply = session.call(Method::GET, &path).no_retry().send().await?;
        let delay = retry::retry_after(&reply).unwrap_or_default();
        expect::holds(
            delay <= LONGEST_DELAY,
            "no `Retry-After`, or at most 3 s",
            format!(
                "status {} with `Retry-After: {}`",
                reply.status,
                delay.as_secs()
            ),
            &[&reply],
        )?;
    }
    Ok(())
}
