//! The table era × flow in brief: what works everywhere is only counted, and what is alike is shown once.

use helm_oci_suite::helm::era::Era;
use helm_oci_suite::helm::flow::Flow;
use helm_oci_suite::prediction::table::FlowVerdict;

use super::eras::{EraRow, EraTable};
use super::reach;

/// The part of the table era × flow that differs from ✓.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefTable {
    /// The columns: adjacent eras with the same verdicts form one.
    pub columns: Vec<String>,
    /// The rows: flows with the same verdicts form one.
    pub rows: Vec<BriefRow>,
    /// The sentence about everything else; none if nothing else was examined.
    pub rest: Option<String>,
}

/// Flows with the same verdicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BriefRow {
    /// The flows.
    pub flows: Vec<Flow>,
    /// The verdict in each column; none where no era of it has the flow.
    pub verdicts: Vec<Option<FlowVerdict>>,
}

/// Adjacent eras with their verdicts on some flows.
struct Column {
    eras: Vec<Era>,
    verdicts: Vec<Option<FlowVerdict>>,
}

impl BriefTable {
    /// The table in brief.
    pub fn of(table: &EraTable<'_>) -> Self {
        let examined: Vec<&EraRow> = table.rows.iter().filter(|row| row.is_examined).collect();
        let (rows, working): (Vec<&EraRow>, Vec<&EraRow>) = examined
            .into_iter()
            .partition(|row| !row.verdicts.iter().all(|one| works(*one)));
        let columns = columns(table, &rows);
        let has_column = |era: &Era| columns.iter().any(|column| column.eras.contains(era));
        let rest = rest(
            rows.len(),
            working.len(),
            !table.eras.iter().all(has_column),
        );
        Self {
            rows: folded(&rows, &columns),
            columns: columns
                .iter()
                .map(|column| reach::spans(&column.eras).join(", "))
                .collect(),
            rest,
        }
    }
}

const fn works(verdict: Option<FlowVerdict>) -> bool {
    matches!(verdict, None | Some(FlowVerdict::Works))
}

/// The eras in which one of the flows does not work, adjacent ones together.
fn columns(table: &EraTable<'_>, rows: &[&EraRow]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (place, era) in table.eras.iter().enumerate() {
        let verdicts: Vec<_> = rows.iter().map(|row| row.verdicts[place]).collect();
        if verdicts.iter().all(|one| works(*one)) {
            continue;
        }
        match columns.last_mut() {
            Some(last) if last.takes(*era, &verdicts) => last.add(*era, &verdicts),
            _ => columns.push(Column {
                eras: vec![*era],
                verdicts,
            }),
        }
    }
    columns
}

impl Column {
    /// True if the era is adjacent, and no flow that both have has another verdict there.
    fn takes(&self, era: Era, verdicts: &[Option<FlowVerdict>]) -> bool {
        let mut eras = self.eras.clone();
        eras.push(era);
        let mut pairs = self.verdicts.iter().zip(verdicts);
        reach::spans(&eras).len() == 1
            && pairs.all(|(own, other)| own.is_none() || other.is_none() || own == other)
    }

    fn add(&mut self, era: Era, verdicts: &[Option<FlowVerdict>]) {
        self.eras.push(era);
        for (own, other) in self.verdicts.iter_mut().zip(verdicts) {
            *own = own.or(*other);
        }
    }
}

/// The rows, those with the same verdicts together.
fn folded(rows: &[&EraRow], columns: &[Column]) -> Vec<BriefRow> {
    let mut folded: Vec<BriefRow> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let verdicts: Vec<_> = columns
            .iter()
            .map(|column| column.verdicts[place])
            .collect();
        match folded.iter_mut().find(|known| known.verdicts == verdicts) {
            Some(known) => known.flows.push(row.flow),
            None => folded.push(BriefRow {
                flows: vec![row.flow],
                verdicts,
            }),
        }
    }
    folded
}

fn rest(broken: usize, working: usize, has_other_versions: bool) -> Option<String> {
    let flows = match (broken, working) {
        (_, 0) => None,
        (0, _) => Some("every flow works with every Helm version"),
        (_, 1) => Some("the other flow works with every Helm version"),
        _ => Some("all other flows work with every Helm version"),
    };
    let versions =
        (broken > 0 && has_other_versions).then_some("all flows work with other versions");
    let parts: Vec<&str> = [flows, versions].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}
