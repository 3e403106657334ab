//! The requirements as the program prints them.

use serde_json::Value;

use crate::program::Ran;

#[test]
fn the_requirements_handbook_is_up_to_date() {
    let ran = Ran::of(&["list", "--markdown"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../suite/REQUIREMENTS.md");
    let book = std::fs::read_to_string(path).expect("it is there");
    let first = ran
        .out
        .lines()
        .zip(book.lines())
        .find(|(new, old)| new != old);
    assert!(
        ran.out == book,
        "suite/REQUIREMENTS.md is out of date, first at {first:?}; \
         run `cargo run -- list --markdown > suite/REQUIREMENTS.md`"
    );
}

#[test]
fn a_page_describes_the_requirement_completely() {
    let folder = tempfile::tempdir().expect("a directory");
    let bodies = folder.path().join("bodies");
    let path = bodies.to_str().expect("a path of text");
    let ran = Ran::of(&["explain", "tags/link-form", "--bodies", path]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for words in [
        "# tags/link-form (Helm MUST, OCI MUST)",
        "## Why Helm needs it",
        "## Sources",
        "`invalid next link \"…\": missing '<'`",
        "- `link-without-brackets`: ",
        "A07, `Link` unusable: no `<…>`: zot before 2.0.0. Evidence: S [zot 2116](https://",
        "request \"$REPOSITORY/tags/list?n=2\"  # 200 OK",
        "`body-1` has ",
    ] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let manifest = std::fs::read(bodies.join("body-3")).expect("it was written");
    let manifest: Value = serde_json::from_slice(&manifest).expect("it is a manifest");
    assert_eq!(manifest["schemaVersion"], 2);
    let ran = Ran::of(&["explain", "tags/link-from"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`tags/link-form`"), "{}", ran.err);
}

#[test]
fn the_coverage_lists_every_item() {
    let ran = Ran::of(&["list", "--coverage"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for line in [
        "REG-API-01  MUST    api/version-check",
        "REG-API-04  MUST    left out: a precondition of every request",
        "B18         B       left out: a limitation of Helm",
        "SEED-36             `pull`, `show`",
    ] {
        assert!(ran.out.contains(line), "{line}: {}", ran.out);
    }
    assert!(
        !ran.out.contains(" open  ("),
        "nothing is undecided: {}",
        ran.out
    );
    let ran = Ran::of(&["list", "--coverage", "--json"]);
    let ledger: Value = serde_json::from_str(&ran.out).expect("it is JSON");
    assert_eq!(ledger["items"].as_array().map(Vec::len), Some(156 + 98));
    assert_eq!(ledger["items"][0]["covered_by"][0], "api/version-check");
    assert_eq!(ledger["statements"][0]["flows"][0], "push");
}
