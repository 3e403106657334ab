//! The frame of a page: head, style sheet, script, and the policy that permits them and nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::words;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The icon, so that a browser requests none.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23326ce5'/%3E%3C/svg%3E";

/// The whole page.
pub(super) fn render(title: &str, body: &Markup) -> String {
    render_with(title, body, "")
}

/// The whole page, with rules of style in addition to those of every page.
pub(crate) fn render_with(title: &str, body: &Markup, rules: &str) -> String {
    let style = format!("{STYLE}{rules}");
    let title = format!("{} · Helm charts in OCI registries", words::shown(title));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(&style));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                link rel="icon" href=(ICON);
                style { (PreEscaped(&style)) }
            }
            body {
                (body)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// The Content-Security-Policy: the one style sheet, the one script, and no request.
fn policy(style: &str) -> String {
    let (style, script) = (digest(style), digest(SCRIPT));
    format!(
        "default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
}

fn digest(content: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content)))
}
