//! What the program says of its own requirements.

use serde_json::Value;

use crate::program::Ran;

#[test]
fn the_ledger_says_what_becomes_of_every_item() {
    let ran = Ran::of(&["list", "--coverage"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for line in [
        "REG-API-01  MUST    api/version-check",
        "REG-MAN-23  MUST    left out: garbage collection",
        "B18         B       left out: a limit of Helm",
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
