//! Helm versions and flows in few words.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;

use super::eras::EraTable;
use crate::record::BreakRecord;
use crate::text::plural;

/// The number of flows that are named.
const NAMED: usize = 4;

/// The flows of some Helm versions that a cause breaks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach<'a> {
    /// The eras, oldest first.
    pub eras: Vec<Era>,
    /// The flows.
    pub flows: Vec<Flow>,
    /// True if no other flow has a row in the table.
    pub is_every_flow: bool,
    /// The condition under which they break, if an ordinary run of the flows works.
    pub condition: Option<&'a str>,
}

impl<'a> Reach<'a> {
    /// The cells of the table that some requirements or failed flows break; otherwise the breaks of a requirement under its
    /// first condition.
    pub(super) fn of(
        table: Option<&EraTable<'a>>,
        ids: &[&str],
        breaks: &'a [BreakRecord],
    ) -> Self {
        let causes = table.iter().flat_map(|table| &table.causes);
        let causes: Vec<_> = causes
            .filter(|one| ids.contains(&one.requirement))
            .collect();
        if causes.is_empty() {
            return Self::on_a_condition(breaks);
        }
        let rows = table.iter().flat_map(|table| &table.rows);
        let is_broken = |flow: &Flow| causes.iter().any(|one| one.flows.contains(flow));
        let flows: Vec<Flow> = rows.map(|row| row.flow).collect();
        let broken: Vec<Flow> = flows.iter().copied().filter(is_broken).collect();
        let is_affected = |era: &&Era| causes.iter().any(|one| one.era == **era);
        Self {
            eras: Era::ALL.iter().filter(is_affected).copied().collect(),
            is_every_flow: broken.len() == flows.len(),
            flows: broken,
            condition: None,
        }
    }

    fn on_a_condition(breaks: &'a [BreakRecord]) -> Self {
        let condition = breaks.iter().find_map(|brk| brk.condition.as_deref());
        let same = breaks
            .iter()
            .filter(|brk| condition.is_some() && brk.condition.as_deref() == condition);
        // Helm versions print different errors for one break.
        let is_named = |flow: &&Flow| {
            let mut names = same.clone().flat_map(|brk| &brk.flows);
            names.any(|name| name == flow.name())
        };
        let is_affected = |era: &&Era| {
            let mut names = same.clone().flat_map(|brk| &brk.eras);
            names.any(|name| name == era.name())
        };
        Self {
            eras: Era::ALL.iter().filter(is_affected).copied().collect(),
            flows: Flow::ALL.iter().filter(is_named).copied().collect(),
            is_every_flow: false,
            condition,
        }
    }

    /// `push and 2 more flows break with Helm 3.18-4.3+`; none if no flow breaks.
    pub fn sentence(&self) -> Option<String> {
        let flows = match &self.flows[..] {
            [] => return None,
            _ if self.is_every_flow => "every flow".to_owned(),
            all => {
                let named: Vec<&str> = all.iter().take(NAMED).map(|flow| flow.name()).collect();
                let rest = all.len() - named.len();
                let rest = (rest > 0).then(|| format!(" and {}", plural(rest, "more flow")));
                named.join(", ") + &rest.unwrap_or_default()
            }
        };
        let versions = versions(&self.eras);
        let condition = self.condition.map(|one| format!(", {one}"));
        let condition = condition.unwrap_or_default();
        let verb = if self.flows.len() == 1 || self.is_every_flow {
            "breaks"
        } else {
            "break"
        };
        Some(format!("{flows} {verb} with {versions}{condition}"))
    }
}

/// The eras of a break.
pub(super) fn eras(brk: &BreakRecord) -> Vec<Era> {
    let is_named = |era: &&Era| brk.eras.iter().any(|name| name == era.name());
    Era::ALL.iter().filter(is_named).copied().collect()
}

/// Eras in words, adjacent ones together: `Helm 3.0-3.6, 3.18-4.3+`.
pub fn versions(eras: &[Era]) -> String {
    if eras.len() == Era::ALL.len() {
        return "all Helm versions".to_owned();
    }
    format!("Helm {}", spans(eras).join(", "))
}

/// The spans that eras form, adjacent ones together.
pub(super) fn spans(eras: &[Era]) -> Vec<String> {
    let mut spans: Vec<(Era, Era)> = Vec::new();
    for era in eras {
        match spans.last_mut() {
            Some((_, last)) if is_next(*last, *era) => *last = *era,
            _ => spans.push((*era, *era)),
        }
    }
    spans
        .iter()
        .map(|(first, last)| span(*first, *last))
        .collect()
}

fn is_next(era: Era, next: Era) -> bool {
    let position = |era: Era| Era::ALL.iter().position(|one| *one == era);
    position(era).map(|at| at + 1) == position(next)
}

fn span(first: Era, last: Era) -> String {
    if first == last {
        return first.name().to_owned();
    }
    let start = first.name().split(['-', '+']).next().unwrap_or_default();
    let end = last.name().rsplit('-').next().unwrap_or_default();
    format!("{start}-{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_under_one_condition_are_one() {
        let brk = |era: Era, flow: Flow, condition: &str| BreakRecord {
            eras: vec![era.name().to_owned()],
            versions: String::new(),
            flows: vec![flow.name().to_owned()],
            condition: Some(condition.to_owned()),
            symptom: String::new(),
        };
        let breaks = [
            brk(Era::Containerd, Flow::Push, "for large charts"),
            brk(Era::Oras3, Flow::PushProv, "for large charts"),
            brk(Era::Oras4, Flow::Pull, "for signed charts"),
        ];
        let sentence = Reach::of(None, &[], &breaks).sentence();
        let expected = "push, push-prov break with Helm 3.8-3.21.0, for large charts";
        assert_eq!(sentence.as_deref(), Some(expected));
        assert_eq!(Reach::of(None, &[], &[]).sentence(), None);
    }

    #[test]
    fn adjacent_eras_are_one_span() {
        use Era::SameOrigin4;
        use Era::{Chart, Containerd, Hardened3, Hardened4, Hip6, Oras3, Oras4, SameOrigin3};
        for (eras, expected) in [
            (&[Chart][..], "Helm 3.0-3.6"),
            (&[Chart, Hip6, Containerd], "Helm 3.0-3.17"),
            (&[Hip6, Oras3], "Helm 3.7, 3.18-3.21.0"),
            (
                &[Hardened3, SameOrigin3, Hardened4, SameOrigin4],
                "Helm 3.21.1-3.22+, 4.2.1-4.3+",
            ),
            (&[SameOrigin3, Oras4], "Helm 3.22-4.2.0"),
            (Era::ALL, "all Helm versions"),
        ] {
            assert_eq!(versions(eras), expected);
        }
    }
}
