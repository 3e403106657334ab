//! The coverage of the documents in `spec/`: each item of the two catalogues, and each statement of the user's page.
//!
//! An item is covered by the requirements that list it, or left out for a reason in [`LEFT_OUT`]. A statement refers to
//! requirements, to flows of real Helm binaries, or to a reason. A test ensures that nothing is open.

mod left_out;

use crate::checks;
use crate::helm::flow::Flow;
use crate::requirement::Requirement;

pub use self::left_out::LEFT_OUT;

const BEHAVIOUR: &str = include_str!("../../spec/helm-client-behaviour.md");
const PITFALLS: &str = include_str!("../../spec/registry-pitfalls.md");
const PAGE: &str = include_str!("../../spec/seed.md");

/// An item of a document: a behaviour or a failure of a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// Its id, such as `REG-API-01` or `A01`.
    pub id: &'static str,
    /// Its importance: `MUST`, `SHOULD` or `MAY`; for a failure mode the letter of its tier.
    pub rank: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// A failure mode of registries from `spec/registry-pitfalls.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pitfall {
    /// Its id, such as `A01`.
    pub id: &'static str,
    /// The failure on the wire.
    pub failure: &'static str,
    /// The registries with this failure, and the versions in which it is fixed.
    pub registries: &'static str,
    /// The reports, with links.
    pub evidence: &'static str,
}

/// The coverage of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CoverageStatus {
    /// These requirements check it on the wire.
    Covered(Vec<&'static str>),
    /// No requirement checks it, for this reason.
    LeftOut(&'static str),
    /// Not decided yet.
    Open,
}

/// One line of the coverage list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageEntry {
    /// The item.
    pub item: Item,
    /// Its coverage.
    pub status: CoverageStatus,
}

/// One statement of the user's page, with its references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its id, such as `SEED-01`.
    pub id: &'static str,
    /// The statement, in our own words.
    pub text: &'static str,
    /// Its references: requirements and flows in backticks, or a reason.
    pub leads: &'static str,
}

impl Statement {
    /// The words in backticks: each is the id of a requirement or the name of a flow.
    pub fn places(&self) -> impl Iterator<Item = &'static str> {
        self.leads.split('`').skip(1).step_by(2)
    }

    /// The requirements to which it refers.
    pub fn requirements(&self) -> impl Iterator<Item = &'static Requirement> {
        self.places().filter_map(checks::find)
    }

    /// The flows of real Helm binaries to which it refers.
    pub fn flows(&self) -> impl Iterator<Item = Flow> {
        let named = |name| Flow::ALL.iter().find(move |flow| flow.name() == name);
        self.places().filter_map(named).copied()
    }
}

/// The items of `spec/helm-client-behaviour.md` that concern a registry, in its order.
pub fn behaviours() -> Vec<Item> {
    let lines = BEHAVIOUR.lines().filter_map(|line| {
        let (id, rest) = line.strip_prefix("**")?.split_once("** (")?;
        let (rank, text) = rest.split_once(") ")?;
        id.starts_with("REG-").then_some(Item { id, rank, text })
    });
    lines.collect()
}

/// The failure modes of `spec/registry-pitfalls.md`, in its order.
pub fn pitfalls() -> Vec<Pitfall> {
    let lines = rows(PITFALLS, |id| {
        matches!(id.as_bytes(), [b'A'..=b'C', b'0'..=b'9', b'0'..=b'9'])
    });
    let pitfalls = lines.filter_map(|cells| match cells.as_slice() {
        [id, failure, _, registries, evidence, ..] => Some(Pitfall {
            id,
            failure,
            registries,
            evidence,
        }),
        _ => None,
    });
    pitfalls.collect()
}

/// The statements of the user's page, in its order.
pub fn statements() -> Vec<Statement> {
    let lines = rows(PAGE, |id| id.starts_with("SEED-"));
    let statements = lines.filter_map(|cells| match cells.as_slice() {
        [id, text, leads] => Some(Statement { id, text, leads }),
        _ => None,
    });
    statements.collect()
}

/// The rows of a document's tables whose first cell is one of these.
fn rows(
    document: &'static str,
    is_one: impl Fn(&str) -> bool,
) -> impl Iterator<Item = Vec<&'static str>> {
    document.lines().filter_map(move |line| {
        let row = line.strip_prefix("| ")?.strip_suffix(" |")?;
        let cells: Vec<&str> = row.split(" | ").collect();
        is_one(cells[0]).then_some(cells)
    })
}

/// The items of both documents, in their order.
pub fn entries() -> Vec<CoverageEntry> {
    let failures = pitfalls().into_iter().map(|pitfall| Item {
        id: pitfall.id,
        rank: &pitfall.id[..1],
        text: pitfall.failure,
    });
    let entry = |item: Item| CoverageEntry {
        status: status(item.id),
        item,
    };
    behaviours()
        .into_iter()
        .chain(failures)
        .map(entry)
        .collect()
}

/// The coverage of the item with this id.
fn status(id: &str) -> CoverageStatus {
    let covering: Vec<&str> = checks::all()
        .into_iter()
        .filter(|requirement| requirement.covers.contains(&id))
        .map(|requirement| requirement.id)
        .collect();
    if !covering.is_empty() {
        return CoverageStatus::Covered(covering);
    }
    LEFT_OUT
        .iter()
        .find(|(known, _)| *known == id)
        .map_or(CoverageStatus::Open, |(_, reason)| {
            CoverageStatus::LeftOut(reason)
        })
}

/// The number of items of a rank, and the number of covered ones.
pub fn covered(entries: &[CoverageEntry], rank: &str) -> (usize, usize) {
    let ranked = || entries.iter().filter(|entry| entry.item.rank == rank);
    let is_covered = |entry: &&CoverageEntry| matches!(entry.status, CoverageStatus::Covered(_));
    (ranked().filter(is_covered).count(), ranked().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_items_of_the_documents_are_read() {
        assert_eq!(behaviours().len(), 156);
        assert_eq!(pitfalls().len(), 98);
        let first = behaviours()[0];
        assert_eq!((first.id, first.rank), ("REG-API-01", "MUST"));
        assert!(first.text.starts_with("The API root is `/v2/`"));
        let seen = pitfalls().into_iter().find(|pitfall| pitfall.id == "A07");
        assert_eq!(
            seen.expect("it is there").registries,
            "zot before 2.0.0",
            "each column has its field"
        );
    }

    #[test]
    fn a_statement_leads_to_the_words_in_backticks() {
        let statement = Statement {
            id: "SEED-00",
            text: "",
            leads: "`push`, `names/underscore-tags`, `no such thing`",
        };
        assert_eq!(statement.flows().collect::<Vec<_>>(), [Flow::Push]);
        let requirements: Vec<_> = statement.requirements().map(|one| one.id).collect();
        assert_eq!(requirements, ["names/underscore-tags"]);
        assert_eq!(statement.places().count(), 3);
    }
}
