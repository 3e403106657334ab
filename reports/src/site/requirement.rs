//! The page of a requirement that some registry violates.

use maud::html;

use super::{STYLE, handbook, path};
use crate::html::{document, words};

/// The path of the page.
pub(super) fn path(id: &str) -> String {
    format!("requirement/{}.html", path::slug(id))
}

/// The page, from the page of the requirements handbook.
pub(super) fn render(id: &str, markdown: &str) -> String {
    let body = html! {
        header {
            p.kind { a href="../index.html" { "Helm charts in OCI registries" } " · a requirement" }
            h1 { code { (words::shown(id)) } }
        }
        main.text { (handbook::render(markdown)) }
    };
    document::render_with(id, &body, STYLE)
}
