//! Comparison of targets and records, and bisection of a list of targets.

use serde_json::Value;

use crate::peers::refused;
use crate::program::{Ran, Serve};

/// The selection: a few requirements suffice.
const ONLY: [&str; 4] = [
    "--only",
    "tags/lexical-order",
    "--only",
    "origins/location-on-the-registry",
];

fn compare(arguments: &[&str]) -> Ran {
    Ran::of(&[&["compare"], arguments].concat())
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}{}", ran.out, ran.err))
}

#[test]
fn equal_registries_are_reported_in_one_line() {
    let other = Serve::with(&[]);
    let url = other.url.as_str();
    // The second examination of one registry does not meet the content of the first.
    for (a, b) in [("reference", "reference"), ("reference", url), (url, url)] {
        let ran = compare(&[a, b]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        assert!(
            ran.out
                .starts_with(&format!("no difference between {a} and {b}: compared ")),
            "{}",
            ran.out
        );
        assert!(ran.out.contains("25 snapshot files"), "{}", ran.out);
        assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
        assert_eq!(ran.err, "");
    }
}

#[test]
fn differences_for_a_user_are_reported_and_are_no_failure() {
    let other = Serve::with(&["--fault", "upload-location-on-other-host"]);
    let ran = compare(&["reference", &other.url]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let parts = [
        "push ",
        "works → breaks with Helm 3.21.1-3.21.4, 3.22+, 4.2.1-4.2.4, 4.3+",
        "origins/location-on-the-registry",
        "origins/location-on-the-registry: satisfied → violated",
        "A          satisfied",
        "B          violated: a `location` on the host `other.example`, port 80",
        "source     ",
        "-  reads    location: /v2/{repository}/blobs/uploads/{upload}",
        "+  reads    location: http://other.example/{somewhere}",
    ];
    let mut rest = ran.out.as_str();
    for part in parts {
        let (_, after) = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("{part} in {}", ran.out));
        rest = after;
    }
    let back = compare(&[&[&other.url, "reference"], &ONLY[..]].concat());
    assert_eq!(back.code, Some(0), "{}{}", back.out, back.err);
    assert!(back.out.contains("violated → satisfied"), "{}", back.out);
}

#[test]
fn differences_that_helm_ignores_come_last_and_in_short() {
    let other = Serve::with(&["--fault", "blob-put-without-location"]);
    let ran = compare(&[&["reference", &other.url], &ONLY[..]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let last = ran.out.trim_end().lines().last().expect("a line");
    assert!(
        last.ends_with("Other differences in responses, which no Helm version reads: location."),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("exchanges/"), "{}", ran.out);
}

#[test]
fn records_are_compared_like_targets() {
    let folder = tempfile::tempdir().expect("a directory");
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (good, bad, both) = (path("good.json"), path("bad.json"), path("both.json"));
    let serve = Serve::with(&["--fault", "reverses-tags"]);
    let record = |targets: &[&str], file: &str| {
        Ran::of(&[&["run", "--quiet", "--json", file], targets, &ONLY[..]].concat());
    };
    record(&["reference"], &good);
    record(&[&serve.url], &bad);
    record(&["reference", &serve.url], &both);
    let ran = compare(&[&good, &bad, "--json", "-"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let comparison = json(&ran);
    assert_eq!(comparison["requirements"][0]["id"], "tags/lexical-order");
    assert_eq!(comparison["requirements"][0]["b"]["state"], "violated");
    assert_eq!(comparison["looked"]["files"], 0);
    let one = format!("{both}#{}", serve.url);
    let ran = compare(&[&[good.as_str(), &one, "--markdown", "-"], &ONLY[..]].concat());
    assert!(
        ran.out
            .contains("- `tags/lexical-order` the registry lists tags"),
        "{}",
        ran.out
    );
    // A record and a target: with the seed of the record.
    let ran = compare(&[&[good.as_str(), "reference"], &ONLY[..]].concat());
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(": compared 2 requirements"), "{}", ran.out);
    for (arguments, words) in [
        (&[good.as_str(), &both][..], "name one of them as"),
        (
            &[&good, "reference", &bad],
            "`compare` needs exactly two targets",
        ),
        (&["--bisect", &good, "reference"], "name the target instead"),
        (
            &[&text_file(&folder), "reference"],
            "this is not a run record",
        ),
        (&["reference", "zott"], "unknown target"),
        (&["reference"], "2 values required"),
    ] {
        let ran = compare(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(words), "{arguments:?}: {}", ran.err);
    }
}

/// The path of a file that is not a record.
fn text_file(folder: &tempfile::TempDir) -> String {
    let path = folder.path().join("text");
    std::fs::write(&path, "[]").expect("a file");
    path.to_str().expect("text").to_owned()
}

#[test]
fn an_unreachable_target_makes_the_comparison_inconclusive() {
    let unreachable = format!("http://{}", refused());
    let ran = compare(&[&["reference", &unreachable], &ONLY[..]].concat());
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("could not be examined"), "{}", ran.out);
    let ran = compare(&[&["--bisect", "reference", &unreachable], &ONLY[..]].concat());
    assert_eq!(ran.code, Some(3), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("is not available"), "{}", ran.out);
}

#[test]
fn a_bisection_names_the_first_target_and_examines_few() {
    let unsorted = ["--fault", "reverses-tags"];
    let good: Vec<Serve> = (0..5).map(|_| Serve::with(&[])).collect();
    let bad: Vec<Serve> = (0..2).map(|_| Serve::with(&unsorted)).collect();
    let targets: Vec<&str> = good
        .iter()
        .chain(&bad)
        .map(|one| one.url.as_str())
        .collect();
    let of = |targets: &[&str]| compare(&[&["--bisect"], targets, &ONLY[..]].concat());
    let ran = of(&targets);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains(&format!("since {}", targets[5])),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("tags/lexical-order: satisfied → violated"),
        "{}",
        ran.out
    );
    let unreachable = format!("http://{}", refused());
    let ran = of(&[targets[0], &unreachable, targets[6]]);
    let span = format!(
        "between {} and {}; unknown: {unreachable}",
        targets[0], targets[6]
    );
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let text = ran.out.replace(" ━", "");
    assert!(text.contains(&span), "{text}");
    let ran = of(&targets[..2]);
    assert!(
        ran.out.contains("no change: 2 targets examined"),
        "{}",
        ran.out
    );
}

#[test]
fn a_missing_record_is_not_taken_for_a_host() {
    for given in ["missing.json", "missing.json#zot"] {
        let ran = compare(&[given, "reference"]);
        assert_eq!(ran.code, Some(2), "{}", ran.out);
        let words = "cannot read the record missing.json";
        assert!(ran.err.contains(words), "{}", ran.err);
    }
    let ran = compare(&[&["reference", "http://127.0.0.1:1"], &ONLY[..]].concat());
    assert_eq!(ran.code, Some(3), "{}", ran.out);
    assert!(
        ran.out.contains("cannot connect to 127.0.0.1:1"),
        "{}",
        ran.out
    );
}
