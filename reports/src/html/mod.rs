//! Reports as one self-contained HTML page. It loads nothing, and works without scripts; these add filters, copy
//! buttons, and the state of the view in the URL.
//!
//! Every text of a record is escaped twice: `text` makes control characters visible, and `maud` escapes markup. The
//! Content-Security-Policy of the page permits exactly the style sheet and the script of this folder.

mod checks;
mod comparison;
pub(crate) mod document;
pub(crate) mod evidence;
mod exchange;
mod findings;
pub(crate) mod flows;
mod lead;
mod legend;
pub(crate) mod mark;
mod matrix;
mod statements;
pub(crate) mod target;
mod unverified;
pub(crate) mod words;

use maud::{Markup, html};

pub use self::comparison::comparison;
use crate::view::{MatrixView, ReportView};

/// Renders a report as an HTML page. Several targets are columns.
pub fn report(view: &ReportView<'_>) -> String {
    let matrix = MatrixView::of(view);
    let title = match view.targets.as_slice() {
        [only] => only.name.to_owned(),
        several => format!("{} registries", several.len()),
    };
    document::render(&title, &body(&matrix))
}

fn body(matrix: &MatrixView<'_, '_>) -> Markup {
    html! {
        (lead::section(matrix))
        main {
            @if let [column] = matrix.columns.as_slice() {
                (flows::eras(column))
            } @else {
                (matrix::tables(matrix))
            }
            (findings::section(matrix))
            (unverified::section(matrix))
            (checks::section(matrix))
            (flows::section(matrix))
            (statements::section(matrix))
            (target::section(matrix))
            (legend::section())
        }
        footer { p { (words::shown(&matrix.report.header.parts().join(" · "))) } }
    }
}
