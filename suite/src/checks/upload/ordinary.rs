//! The blobs of a chart as charts usually are.

use bytes::Bytes;

use super::{content, succeeds_like_any_other};
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ALL;
use crate::requirement::requirement;
use crate::requirement::source::observed;
use crate::session::{Session, digest_of};
use crate::verdict::CheckResult;

requirement! {
    /// The registry accepts the blobs of an ordinary chart: an archive of some ten kilobytes, and a provenance file.
    ///
    /// ## Why Helm needs it
    /// These are the blobs of `helm push`. A front end that limits or inspects bodies does so above a size that the
    /// smallest charts do not have.
    ///
    /// ## How it is checked
    /// The check uploads a blob of a few bytes, then the archive and the provenance of an ordinary chart. Each PUT must
    /// return a 2xx.
    BLOBS = "upload/blobs-of-a-chart" {
        level: Must,
        title: "the registry accepts the blobs of an ordinary chart",
        fix: "Raise the limit on request bodies in the front end above the largest chart, and exempt uploads from rules that inspect bodies. Return 201 to each PUT.",
        covers: ["REG-BLB-11", "REG-BLB-20"],
        sources: [observed("2.2", "one PUT with the whole blob, in any version")],
        breaks: [
            Break::new(ALL, Flow::PUSHES, Symptom::BlobPut),
        ],
        faults: [LimitsBodiesTo1Kilobyte, LimitsBodiesTo16Kilobytes],
        shares: "additions" as Blobs,
        check: blobs,
    }
}

/// Uploads a blob of a few bytes, then these blobs, and expects each PUT to succeed as the first does.
async fn all_accepted(session: &Session, blobs: &[&Bytes]) -> CheckResult {
    let small = content(session, "of a few bytes");
    session.arrange_blob(&small).await?;
    for blob in blobs {
        let location = session.arrange_upload().await?;
        let put = session.complete_upload(&location, &digest_of(blob), *blob);
        succeeds_like_any_other(session, &put.send().await?).await?;
    }
    Ok(())
}

async fn blobs(session: &Session) -> CheckResult {
    let package = session.ordinary_package("1.0.0");
    let provenance = session.provenance_of(&package);
    all_accepted(session, &[&package.archive, &provenance]).await
}

requirement! {
    /// The registry accepts a config blob with any characters: those of four bytes, line breaks, `<`, `>` and `&`.
    ///
    /// ## Why Helm needs it
    /// The config is the JSON of `Chart.yaml`. A registry that reads it into a database may not store a character of four
    /// bytes, such as an emoji.
    ///
    /// ## How it is checked
    /// The check uploads a blob of a few bytes, then the config of a chart with every field. The PUT must return a 2xx.
    CONFIG = "upload/config-characters" {
        level: Must,
        title: "the registry accepts a config with any characters",
        fix: "Store a config as bytes. If it is also parsed into a database, choose a character set with characters of four bytes, and do not return 500 if that fails.",
        covers: ["REG-BLB-22", "REG-MAN-04"],
        sources: [observed("7.2", "the config is the JSON of `Chart.yaml`, with every character")],
        breaks: [
            Break::new(ALL, Flow::FIRST_PUSHES, Symptom::BlobPut),
        ],
        faults: [RefusesEmojiInConfigs],
        consequences: [LimitsBodiesTo1Kilobyte],
        shares: "additions" as Blobs,
        check: config,
    }
}

async fn config(session: &Session) -> CheckResult {
    let package = session.ordinary_package("1.0.0");
    all_accepted(session, &[&package.config]).await
}
