//! Annotations as real charts have them: long, many, with line breaks and characters of every plane.

use helm_oci_fixtures::chart::ChartMetadata;
use helm_oci_fixtures::manifest::Shape;
use helm_oci_fixtures::media_type;
use http::Method;

use super::annotations::ANNOTATES_OVER_CONTAINERD;
use super::arrange_again;
use crate::helm::breaks::Break;
use crate::helm::errors::Symptom;
use crate::helm::flow::Flow;
use crate::helm::version::ORAS;
use crate::requirement::requirement;
use crate::requirement::source::{DISTRIBUTION, IMAGE, observed};
use crate::session::steps::{Chart, obstacle};
use crate::session::{Session, expect};
use crate::verdict::CheckResult;

/// A list of changes, as `artifacthub.io/changes` has it: several lines, more than a kilobyte.
fn changes() -> String {
    let line = "- kind: fixed\n  description: \"the <probe> & its port\"\n";
    line.repeat(40)
}

/// Annotations that some registry rejects, each with what is special about it.
fn unusual() -> Vec<(&'static str, Vec<(String, String)>)> {
    let one = |key: &str, value: &str| vec![(key.to_owned(), value.to_owned())];
    let many = (0..40).map(|n| (format!("example.test/key-{n}"), "a value".to_owned()));
    vec![
        ("a character of four bytes", one("category", "rocket 🚀")),
        ("line breaks", one("category", "one line\nand another\n")),
        (
            "`<`, `>`, `&` and `ö`",
            one("category", "größer <of> & less"),
        ),
        ("a value of 2 KiB", one("category", &"x".repeat(2048))),
        ("a `/` in its key", one("artifacthub.io/license", "MIT")),
        ("40 annotations", many.collect()),
    ]
}

/// The chart `1.0.0` with a manifest that has these annotations.
fn annotated(session: &Session, annotations: &[(String, String)]) -> Chart {
    let mut metadata = ChartMetadata::new(session.chart_name(), "1.0.0");
    for (key, value) in annotations {
        metadata = metadata.annotation(key, value);
    }
    let mut package = session.package("1.0.0");
    package.metadata = metadata;
    session.chart_of(package, Shape::Helm313, None)
}

requirement! {
    /// The registry accepts a manifest whose annotations have any value and any number.
    ///
    /// ## Why Helm needs it
    /// Helm 3.12 and later copy the annotations of `Chart.yaml` into the manifest. Charts on Artifact Hub have a list of
    /// changes and of images there: several lines, more than a kilobyte, sometimes an emoji.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with a plain annotation, then one for each of: a character of four bytes, line
    /// breaks, characters that JSON escapes, a long value, a key with a slash, many annotations. Each PUT must succeed.
    ANY_VALUE = "manifests/any-annotation-accepted" {
        level: Must,
        title: "the registry accepts annotations of any value and number",
        fix: "Do not validate annotations: accept line breaks, emoji, long values, `/` in keys and any number. Check the character set and the width of database columns.",
        covers: ["REG-MAN-09", "REG-PUL-24"],
        sources: [
            IMAGE.states("annotations.md, rules", "Annotations MUST be a key-value map where both the key and value MUST be strings."),
            observed("2.3", "Helm 3.12 and later copy every annotation of `Chart.yaml`, unchanged"),
        ],
        breaks: [
            Break::new(ANNOTATES_OVER_CONTAINERD, Flow::PUSHES, Symptom::ManifestPut),
            Break::new(ORAS, Flow::WRITES, Symptom::ManifestPut),
        ],
        faults: [RefusesEmojiInManifests, RefusesLineBreaksInAnnotations, LimitsAnnotationLength, LimitsAnnotationCount, RefusesSlashesInAnnotationKeys],
        consequences: [LimitsBodiesTo1Kilobyte],
        shares: "additions" as Blobs,
        check: any_value,
    }
}

async fn any_value(session: &Session) -> CheckResult {
    let plain = [("category".to_owned(), "plain".to_owned())];
    session.arrange_chart_blobs("1.0.0").await?;
    let plain = annotated(session, &plain);
    session.arrange_manifest("1.9.0", &plain.manifest).await?;
    for (number, (what, annotations)) in unusual().into_iter().enumerate() {
        let chart = annotated(session, &annotations);
        let tag = format!("2.{number}.0");
        let reply = session.put_manifest(&tag, &chart.manifest).await?;
        if reply.status.is_success() {
            continue;
        }
        // A refusal that does not repeat has another cause.
        let again = session.put_manifest(&tag, &chart.manifest).await?;
        arrange_again(session, &plain.manifest).await?;
        expect::holds(
            again.status.is_success(),
            format!("a 2xx status for a manifest with {what}, as with a plain annotation"),
            format!("status {}", again.status),
            &[&reply, &again],
        )?;
    }
    Ok(())
}

/// The chart `1.0.0` with all annotations of [`unusual`].
fn unusual_chart(session: &Session) -> Chart {
    let all: Vec<(String, String)> = unusual()
        .into_iter()
        .enumerate()
        .flat_map(|(number, (_, annotations))| {
            let renamed = annotations.into_iter();
            renamed.map(move |(key, value)| (format!("{key}-{number}"), value))
        })
        .chain([("artifacthub.io/changes".to_owned(), changes())])
        .collect();
    annotated(session, &all)
}

requirement! {
    /// The registry stores every character of a manifest as it was sent: it neither escapes nor unescapes any.
    ///
    /// ## Why Helm needs it
    /// A push addresses the manifest by the digest of its bytes. If the registry stores `ö` as `\\u00f6`, or the reverse,
    /// the digest is another one, and Helm 3.12 and later abort the push.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with the annotations of `manifests/any-annotation-accepted` by digest and reads it
    /// by digest. The PUT must succeed if one under a tag does, and GET must not return 404 if a plain manifest can be
    /// read.
    STORED = "manifests/characters-stored" {
        level: Must,
        title: "the registry stores every character of a manifest as it was sent",
        fix: "Store the bytes of a manifest as they were received, and compute the digest from them. Do not decode and encode the JSON: `ö` and `\\u00f6` have different digests.",
        covers: ["REG-MAN-09", "REG-MAN-10", "A28"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The registry MUST store the manifest in the exact byte representation provided by the client.",
        )],
        breaks: [
            Break::new(ANNOTATES_OVER_CONTAINERD, Flow::PUSHES, Symptom::ManifestPutDigest),
            Break::new(ORAS, Flow::PUSHES, Symptom::ManifestPush),
            Break::new(ORAS, &[Flow::RePush], Symptom::ManifestPutDigest),
        ],
        faults: [EscapesStoredManifests, UnescapesStoredManifests],
        shares: "additions" as Blobs,
        check: stored,
    }
}

async fn stored(session: &Session) -> CheckResult {
    let plain = session.arrange_chart_blobs("1.0.0").await?;
    let by_digest = session.arrange_manifest(&plain.digest, &plain.manifest);
    by_digest.await?;
    let chart = unusual_chart(session);
    let put = session.put_manifest(&chart.digest, &chart.manifest).await?;
    if !put.status.is_success() {
        // Control: if a PUT under a tag fails as well, the bytes are not the cause.
        session.arrange_manifest("2.9.0", &chart.manifest).await?;
        return Err(expect::violated(
            "a 2xx status for the digest of these bytes, as for a tag",
            format!("status {}", put.status),
            &[&put],
        ));
    }
    // `consistency/manifest-readable-at-once` judges the first response by digest.
    session.head_manifest(&chart.digest).await?;
    let reply = session.get_manifest(&chart.digest).await?;
    if reply.status.as_u16() != 404 {
        return Ok(());
    }
    session.head_manifest(&plain.digest).await?;
    let control = session.get_manifest(&plain.digest).await?;
    if !control.status.is_success() {
        return Err(obstacle("read any manifest by digest", &control));
    }
    Err(expect::violated(
        format!("the {} bytes that were pushed", chart.manifest.len()),
        format!("status {}", reply.status),
        &[&put, &reply],
    ))
}

requirement! {
    /// The registry serves every character of a manifest as it was sent: none is escaped, replaced or cut off.
    ///
    /// ## Why Helm needs it
    /// Helm compares the digest of a manifest with that of its bytes when it pulls, and since 3.18 when it pushes.
    ///
    /// ## How it is checked
    /// The check pushes a manifest with the annotations of `manifests/any-annotation-accepted` by digest and reads it
    /// by digest. The response must have the same bytes.
    SERVED = "manifests/characters-served" {
        level: Must,
        title: "the registry serves every character of a manifest as it was sent",
        fix: "Return the stored bytes of a manifest. Do not generate it from database columns, which can escape, replace or cut off characters.",
        covers: ["REG-MAN-09", "REG-MAN-10", "A28"],
        sources: [DISTRIBUTION.states(
            "pushing-manifests",
            "The registry MUST store the manifest in the exact byte representation provided by the client.",
        )],
        breaks: [
            Break::new(ANNOTATES_OVER_CONTAINERD, Flow::PULLS, Symptom::ManifestShorter),
            Break::when("where the response names the digest that was pushed", ORAS, Flow::PULLS, Symptom::ManifestShorter),
            Break::new(ORAS, Flow::WRITES, Symptom::TagReadLength),
        ],
        faults: [EscapesServedManifests, ReplacesServedEmoji, CutsLongAnnotations],
        consequences: [ReformatsManifests, ReformatsAndRehashesManifests, DropsAnnotations],
        shares: "additions" as Blobs,
        check: served,
    }
}

async fn served(session: &Session) -> CheckResult {
    session.arrange_chart_blobs("1.0.0").await?;
    let chart = unusual_chart(session);
    let by_digest = session.arrange_manifest(&chart.digest, &chart.manifest);
    by_digest.await?;
    // `consistency/manifest-readable-at-once` judges the first response by digest.
    session.head_manifest(&chart.digest).await?;
    let get = session.call(Method::GET, &session.manifest_path(&chart.digest));
    let reply = get.accept(media_type::OCI_MANIFEST).send().await?;
    if reply.status.as_u16() != 200 {
        return Err(obstacle("read the manifest by digest", &reply));
    }
    expect::same_bytes(&reply, &chart.manifest)
}
