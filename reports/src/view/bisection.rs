//! The view of a bisection.

use crate::compare::{BisectedItem, BisectedState, Bisection};
use crate::text::plural;

/// The view of a bisection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BisectionView {
    /// The targets that were not available.
    pub unavailable: Vec<UnavailableView>,
    /// The conclusion, if nothing changed.
    pub conclusion: Option<String>,
    /// The places at which something changed, the earliest first.
    pub places: Vec<PlaceView>,
}

/// A target that was not available.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnavailableView {
    /// Its name.
    pub name: String,
    /// The reason.
    pub why: String,
}

/// A target at which something changed, or a span in which it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceView {
    /// The last target with the state before.
    pub last: String,
    /// The first target with another state.
    pub first: String,
    /// The targets between the two.
    pub between: Vec<String>,
    /// The changes.
    pub changes: Vec<ChangeView>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeView {
    /// The requirement or the flow.
    pub item: BisectedItem,
    /// The state before.
    pub before: BisectedState,
    /// The state after.
    pub after: BisectedState,
}

impl BisectionView {
    /// The view of a bisection.
    pub fn of(bisection: &Bisection) -> Self {
        let mut places: Vec<PlaceView> = Vec::new();
        for change in bisection.changes() {
            let view = ChangeView {
                item: change.item,
                before: change.before,
                after: change.after,
            };
            match places.last_mut() {
                Some(place) if place.last == change.last && place.first == change.first => {
                    place.changes.push(view);
                }
                _ => places.push(PlaceView {
                    last: change.last,
                    first: change.first,
                    between: change.between,
                    changes: vec![view],
                }),
            }
        }
        let unavailable = bisection.unavailable().into_iter();
        Self {
            unavailable: unavailable
                .map(|(name, why)| UnavailableView {
                    name: name.to_owned(),
                    why: why.to_owned(),
                })
                .collect(),
            conclusion: places.is_empty().then(|| conclusion(bisection)),
            places,
        }
    }
}

fn conclusion(bisection: &Bisection) -> String {
    let count = plural(bisection.examined(), "target");
    if bisection.is_inconclusive() {
        format!("no conclusion: {count} examined, two are required")
    } else {
        format!("no change: {count} examined")
    }
}

impl UnavailableView {
    /// The target and the reason in one sentence.
    pub fn sentence(&self) -> String {
        format!("{} is not available: {}", self.name, self.why)
    }
}

impl PlaceView {
    /// The place in words.
    pub fn heading(&self) -> String {
        let Self {
            last,
            first,
            between,
            ..
        } = self;
        if between.is_empty() {
            format!("since {first}")
        } else {
            format!(
                "between {last} and {first}; unknown: {}",
                between.join(", ")
            )
        }
    }
}

impl ChangeView {
    /// The item and its states in words.
    pub fn sentence(&self) -> String {
        let Self {
            item,
            before,
            after,
        } = self;
        match item {
            BisectedItem::Flow { flow, era } => {
                format!("{} with Helm {era}: {before} → {after}", flow.name())
            }
            BisectedItem::Requirement { id, .. } => format!("{id}: {before} → {after}"),
        }
    }

    /// The title of a requirement.
    pub fn title(&self) -> Option<&str> {
        match &self.item {
            BisectedItem::Flow { .. } => None,
            BisectedItem::Requirement { title, .. } => Some(title),
        }
    }
}
