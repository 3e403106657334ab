//! Where a requirement changed in an ordered list of targets, examined as few of them as that takes.

use helm_oci_suite::helm::era::{Era, Flow};
use helm_oci_suite::prediction::table::FlowVerdict;
use serde::Serialize;

use super::State;
use crate::record::TargetRecord;

/// What may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
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

/// Where a subject changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// What changed.
    pub subject: Subject,
    /// How it was on the first target.
    pub before: String,
    /// How it is on the target at which it changed.
    pub after: String,
    /// The last target seen as the first one.
    pub last: String,
    /// The first target seen otherwise.
    pub first: String,
    /// Those between, which could not be had or told nothing of it.
    pub between: Vec<String>,
}

impl Answer {
    /// Whether something is wrong now that was not.
    pub(crate) fn hurts(&self) -> bool {
        ["breaks", State::Violated.name()].contains(&self.after.as_str())
    }
}

/// What is known of one target.
#[derive(Debug, Clone)]
enum Known {
    Nothing,
    Unavailable(String),
    Seen(Box<TargetRecord>),
}

/// A search in an ordered list of targets; it is told of one target after the other.
#[derive(Debug, Clone)]
pub struct Bisection {
    names: Vec<String>,
    known: Vec<Known>,
}

/// One step of the search for one subject.
enum Step {
    Ask(usize),
    Between(usize, usize),
}

impl Bisection {
    /// Nothing is known yet of these targets, the oldest first.
    pub fn new(names: Vec<String>) -> Self {
        let known = vec![Known::Nothing; names.len()];
        Self { names, known }
    }

    /// The target to examine next; nothing if all is answered.
    pub fn next(&self) -> Option<usize> {
        let mut unseen = self.known.iter();
        let first = unseen.position(|known| !matches!(known, Known::Unavailable(_)))?;
        if !matches!(self.known[first], Known::Seen(_)) {
            return Some(first);
        }
        let mut unseen = self.known.iter();
        let last = unseen.rposition(|known| !matches!(known, Known::Unavailable(_)))?;
        if !matches!(self.known[last], Known::Seen(_)) {
            return Some(last);
        }
        let subjects = self.changed().into_iter();
        let mut steps = subjects.map(|subject| self.search(&subject));
        steps.find_map(|step| match step {
            Step::Ask(position) => Some(position),
            Step::Between(..) => None,
        })
    }

    /// What a target was seen to do; one of which nothing could be examined is passed over.
    pub fn tell(&mut self, position: usize, record: TargetRecord) {
        self.known[position] = match &record.obstacle {
            Some(obstacle) => Known::Unavailable(obstacle.what.clone()),
            None => Known::Seen(Box::new(record)),
        };
    }

    /// The name of a target.
    pub fn name(&self, position: usize) -> &str {
        &self.names[position]
    }

    /// The targets that could not be had, and why.
    pub fn unavailable(&self) -> Vec<(&str, &str)> {
        let all = self.names.iter().zip(&self.known);
        all.filter_map(|(name, known)| match known {
            Known::Unavailable(why) => Some((name.as_str(), why.as_str())),
            Known::Nothing | Known::Seen(_) => None,
        })
        .collect()
    }

    /// Whether there were not two targets to compare.
    pub fn is_open(&self) -> bool {
        self.ends().is_none()
    }

    /// The answers as JSON, with a newline at the end.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Found<'a> {
            schema: u32,
            targets: &'a [String],
            unavailable: Vec<(&'a str, &'a str)>,
            answers: Vec<Answer>,
        }
        crate::record::safe_json(&Found {
            schema: super::SCHEMA,
            targets: &self.names,
            unavailable: self.unavailable(),
            answers: self.answers(),
        })
    }

    /// How many targets were examined.
    pub fn examined(&self) -> usize {
        let all = self.known.iter();
        all.filter(|known| matches!(known, Known::Seen(_))).count()
    }

    /// Where each subject changed that differs between the first and the last target: the earliest changes first,
    /// of those at one place what hurts.
    pub fn answers(&self) -> Vec<Answer> {
        let subjects = self.changed().into_iter();
        let mut found: Vec<((usize, usize, bool), Answer)> = subjects
            .filter_map(|subject| match self.search(&subject) {
                Step::Ask(_) => None,
                Step::Between(last, first) => {
                    let answer = self.answer(subject, last, first)?;
                    Some(((first, last, !answer.hurts()), answer))
                }
            })
            .collect();
        found.sort_by_key(|(place, _)| *place);
        found.into_iter().map(|(_, answer)| answer).collect()
    }

    fn answer(&self, subject: Subject, last: usize, first: usize) -> Option<Answer> {
        Some(Answer {
            before: self.state(&subject, last)?,
            after: self.state(&subject, first)?,
            last: self.names[last].clone(),
            first: self.names[first].clone(),
            between: self.names[last + 1..first].to_vec(),
            subject,
        })
    }

    /// First and last target that were seen, if they are two.
    fn ends(&self) -> Option<(usize, usize)> {
        let is_seen = |known: &Known| matches!(known, Known::Seen(_));
        let first = self.known.iter().position(is_seen)?;
        let last = self.known.iter().rposition(is_seen)?;
        (first < last).then_some((first, last))
    }

    fn changed(&self) -> Vec<Subject> {
        let Some((first, last)) = self.ends() else {
            return Vec::new();
        };
        let Known::Seen(record) = &self.known[first] else {
            return Vec::new();
        };
        let flows = record.eras.iter().map(|cell| Subject::Flow {
            flow: cell.flow,
            era: cell.era,
        });
        let requirements = record.checks.iter().map(|check| Subject::Requirement {
            id: check.id.clone(),
            title: check.title.clone(),
        });
        let differs = |subject: &Subject| {
            let (before, after) = (self.state(subject, first), self.state(subject, last));
            before.is_some() && after.is_some() && before != after
        };
        flows.chain(requirements).filter(differs).collect()
    }

    /// Narrows the span in which a subject changed by what was seen, as if it had changed once.
    fn search(&self, subject: &Subject) -> Step {
        let (mut last, mut first) = self.ends().unwrap_or_default();
        let before = self.state(subject, last);
        loop {
            let middle = |positions: Vec<usize>| positions.get(positions.len() / 2).copied();
            let told = middle(
                (last + 1..first)
                    .filter(|position| self.state(subject, *position).is_some())
                    .collect(),
            );
            if let Some(position) = told {
                if self.state(subject, position) == before {
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
            return unknown.map_or(Step::Between(last, first), Step::Ask);
        }
    }

    /// What a target does about a subject, in words; nothing if it could not be told.
    fn state(&self, subject: &Subject, position: usize) -> Option<String> {
        let Known::Seen(record) = &self.known[position] else {
            return None;
        };
        match subject {
            Subject::Requirement { id, .. } => {
                let check = record.checks.iter().find(|check| check.id == *id)?;
                let state = State::of(check.outcome);
                (state != State::Untold).then(|| state.name().to_owned())
            }
            Subject::Flow { flow, era } => {
                let mut cells = record.eras.iter();
                let cell = cells.find(|cell| cell.flow == *flow && cell.era == *era)?;
                match cell.verdict {
                    FlowVerdict::Works => Some("works".to_owned()),
                    FlowVerdict::Breaks => Some("breaks".to_owned()),
                    FlowVerdict::Unknown => None,
                }
            }
        }
    }
}
