//! A bisection: finds the first target of an ordered list at which a result changed, and examines as few as possible.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use serde::Serialize;

use super::BisectedState;
use crate::json;
use crate::record::TargetRecord;

/// A requirement or a flow that may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BisectedItem {
    /// A requirement.
    Requirement {
        /// Its id.
        id: String,
        /// Its title.
        title: String,
    },
    /// A flow of an era.
    Flow {
        /// The flow.
        flow: Flow,
        /// The era.
        era: Era,
    },
}

/// The change of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BisectedChange {
    /// The item.
    #[serde(rename = "subject")]
    pub item: BisectedItem,
    /// Its state on the first target.
    pub before: BisectedState,
    /// Its state on the target at which it changed.
    pub after: BisectedState,
    /// The last target with the state before.
    pub last: String,
    /// The first target with the state after the change.
    pub first: String,
    /// The targets between the two: not available, or inconclusive.
    pub between: Vec<String>,
}

/// The examination of one target: not begun, not possible, or its record.
#[derive(Debug, Clone)]
enum Known {
    Nothing,
    Unavailable(String),
    Examined(Box<TargetRecord>),
}

/// A search in an ordered list of targets. The caller examines them, one after the other.
#[derive(Debug, Clone)]
pub struct Bisection {
    names: Vec<String>,
    known: Vec<Known>,
}

/// One step of the search for one item.
enum SearchStep {
    Examine(usize),
    Found { last: usize, first: usize },
}

impl Bisection {
    /// Starts a search in these targets, ordered from oldest to newest.
    pub fn new(names: Vec<String>) -> Self {
        let known = vec![Known::Nothing; names.len()];
        Self { names, known }
    }

    /// The position of the target to examine next; none if the search is complete.
    pub fn next(&self) -> Option<usize> {
        let mut unseen = self.known.iter();
        let first = unseen.position(|known| !matches!(known, Known::Unavailable(_)))?;
        if !matches!(self.known[first], Known::Examined(_)) {
            return Some(first);
        }
        let mut unseen = self.known.iter();
        let last = unseen.rposition(|known| !matches!(known, Known::Unavailable(_)))?;
        if !matches!(self.known[last], Known::Examined(_)) {
            return Some(last);
        }
        let items = self.changed().into_iter();
        let mut steps = items.map(|item| self.search(&item));
        steps.find_map(|step| match step {
            SearchStep::Examine(position) => Some(position),
            SearchStep::Found { .. } => None,
        })
    }

    /// Takes the results of a target; a target that could not be examined is skipped.
    pub fn record(&mut self, position: usize, record: TargetRecord) {
        self.known[position] = match &record.obstacle {
            Some(obstacle) => Known::Unavailable(obstacle.what.clone()),
            None => Known::Examined(Box::new(record)),
        };
    }

    /// The targets that were not available, each with the reason.
    pub fn unavailable(&self) -> Vec<(&str, &str)> {
        let all = self.names.iter().zip(&self.known);
        all.filter_map(|(name, known)| match known {
            Known::Unavailable(why) => Some((name.as_str(), why.as_str())),
            Known::Nothing | Known::Examined(_) => None,
        })
        .collect()
    }

    /// True if fewer than two targets could be examined.
    pub fn is_inconclusive(&self) -> bool {
        self.ends().is_none()
    }

    /// The changes as JSON, with a newline at the end.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Document<'a> {
            schema: u32,
            targets: &'a [String],
            unavailable: Vec<(&'a str, &'a str)>,
            #[serde(rename = "answers")]
            changes: Vec<BisectedChange>,
        }
        json::write(&Document {
            schema: super::SCHEMA,
            targets: &self.names,
            unavailable: self.unavailable(),
            changes: self.changes(),
        })
    }

    /// The number of examined targets.
    pub fn examined(&self) -> usize {
        let all = self.known.iter();
        all.filter(|known| matches!(known, Known::Examined(_)))
            .count()
    }

    /// The change of each item that differs between the first and the last target: the earliest first, and of those at
    /// one place first the ones that affect users.
    pub fn changes(&self) -> Vec<BisectedChange> {
        let items = self.changed().into_iter();
        let mut found: Vec<((usize, usize, bool), BisectedChange)> = items
            .filter_map(|item| match self.search(&item) {
                SearchStep::Examine(_) => None,
                SearchStep::Found { last, first } => {
                    let change = self.change(item, last, first)?;
                    Some(((first, last, !change.after.is_bad()), change))
                }
            })
            .collect();
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, change)| change).collect()
    }

    fn change(&self, item: BisectedItem, last: usize, first: usize) -> Option<BisectedChange> {
        Some(BisectedChange {
            before: self.state(&item, last)?,
            after: self.state(&item, first)?,
            last: self.names[last].clone(),
            first: self.names[first].clone(),
            between: self.names[last + 1..first].to_vec(),
            item,
        })
    }

    /// The first and the last examined target, if they are two.
    fn ends(&self) -> Option<(usize, usize)> {
        let is_examined = |known: &Known| matches!(known, Known::Examined(_));
        let first = self.known.iter().position(is_examined)?;
        let last = self.known.iter().rposition(is_examined)?;
        (first < last).then_some((first, last))
    }

    /// The items that differ between the two ends.
    fn changed(&self) -> Vec<BisectedItem> {
        let Some((first, last)) = self.ends() else {
            return Vec::new();
        };
        let Known::Examined(record) = &self.known[first] else {
            return Vec::new();
        };
        let flows = record.eras.iter().map(|cell| BisectedItem::Flow {
            flow: cell.flow,
            era: cell.era,
        });
        let requirements = record.checks.iter().map(|check| BisectedItem::Requirement {
            id: check.id.clone(),
            title: check.title.clone(),
        });
        let differs = |item: &BisectedItem| {
            let (before, after) = (self.state(item, first), self.state(item, last));
            before.is_some() && after.is_some() && before != after
        };
        flows.chain(requirements).filter(differs).collect()
    }

    /// Narrows the span in which an item changed, on the assumption that it changed once.
    fn search(&self, item: &BisectedItem) -> SearchStep {
        let (mut last, mut first) = self.ends().unwrap_or_default();
        let before = self.state(item, last);
        loop {
            let middle = |positions: Vec<usize>| positions.get(positions.len() / 2).copied();
            let determined = middle(
                (last + 1..first)
                    .filter(|position| self.state(item, *position).is_some())
                    .collect(),
            );
            if let Some(position) = determined {
                if self.state(item, position) == before {
                    last = position;
                } else {
                    first = position;
                }
                continue;
            }
            let unknown = middle(
                (last + 1..first)
                    .filter(|position| matches!(self.known[*position], Known::Nothing))
                    .collect(),
            );
            return unknown.map_or(SearchStep::Found { last, first }, SearchStep::Examine);
        }
    }

    /// The state of an item on a target; none if it could not be determined.
    fn state(&self, item: &BisectedItem, position: usize) -> Option<BisectedState> {
        let Known::Examined(record) = &self.known[position] else {
            return None;
        };
        match item {
            BisectedItem::Requirement { id, .. } => {
                let check = record.checks.iter().find(|check| check.id == *id)?;
                BisectedState::of_requirement(check.outcome)
            }
            BisectedItem::Flow { flow, era } => {
                let mut cells = record.eras.iter();
                let cell = cells.find(|cell| cell.flow == *flow && cell.era == *era)?;
                BisectedState::of_flow(cell.verdict)
            }
        }
    }
}
