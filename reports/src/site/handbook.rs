//! The Markdown of a requirement's page as elements: headings, paragraphs, lists, code, links. Everything else is text.

use maud::{Markup, html};

use crate::html::{evidence, words};

/// A block of a page.
enum Block<'a> {
    Heading(usize, &'a str),
    Paragraph(String),
    List(Vec<&'a str>),
    Code(Vec<&'a str>),
}

/// The page as elements. The heading of the page is left out.
pub(super) fn render(markdown: &str) -> Markup {
    html! {
        @for block in blocks(markdown) {
            @match block {
                Block::Heading(1, _) => {},
                Block::Heading(_, text) => h2 { (inline(text)) },
                Block::Paragraph(text) => p { (inline(&text)) },
                Block::List(items) => ul { @for item in items { li { (inline(item)) } } },
                Block::Code(lines) => pre.code { (words::block(&lines.join("\n"))) },
            }
        }
    }
}

fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut is_new = true;
    let mut in_code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_code = !in_code;
            if in_code {
                blocks.push(Block::Code(Vec::new()));
            }
            is_new = true;
            continue;
        }
        match blocks.last_mut() {
            Some(Block::Code(lines)) if in_code => lines.push(line),
            _ if line.trim().is_empty() => is_new = true,
            _ if line.starts_with('#') => {
                let text = line.trim_start_matches('#');
                blocks.push(Block::Heading(line.len() - text.len(), text.trim()));
                is_new = true;
            }
            Some(Block::List(items)) if line.starts_with("- ") && !is_new => items.push(&line[2..]),
            _ if line.starts_with("- ") => {
                blocks.push(Block::List(vec![&line[2..]]));
                is_new = false;
            }
            Some(Block::Paragraph(text)) if !is_new => {
                text.push(' ');
                text.push_str(line);
            }
            _ => {
                blocks.push(Block::Paragraph(line.to_owned()));
                is_new = false;
            }
        }
    }
    blocks
}

/// Text with code, links, and bold text at its start.
fn inline(text: &str) -> Markup {
    let bold = text
        .strip_prefix("**")
        .and_then(|rest| rest.split_once("**"));
    let (bold, rest) = bold.map_or((None, text), |(bold, rest)| (Some(bold), rest));
    html! {
        @if let Some(bold) = bold { b { (bold) } }
        @for (position, part) in rest.split('`').enumerate() {
            @if position % 2 == 1 { code { (words::shown(part)) } } @else { (links(part)) }
        }
    }
}

/// Text with links to the web.
fn links(text: &str) -> Markup {
    let link = |text: &str| {
        let (before, rest) = text.split_once('[')?;
        let (label, rest) = rest.split_once("](")?;
        let (url, after) = rest.split_once(')')?;
        Some([before, label, url, after].map(ToOwned::to_owned))
    };
    html! {
        @if let Some([before, label, url, after]) = link(text) {
            (before) (evidence::link(&url, &label)) (links(&after))
        } @else {
            (text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_headings_paragraphs_lists_code_and_links() {
        let markdown = "# a/b (MUST)\n\nOne\ntwo `<x>`.\n\n**To fix:** it\n\n## Why\n\n- a [b](https://c.example) d\n- e\n\n```sh\ncurl <x>\n```\n[j](javascript:x)\n";
        let page = render(markdown).into_string();
        assert_eq!(
            page,
            "<p>One two <code>&lt;x&gt;</code>.</p><p><b>To fix:</b> it</p><h2>Why</h2>\
             <ul><li>a <a href=\"https://c.example\" rel=\"noreferrer\">b</a> d</li><li>e</li></ul>\
             <pre class=\"code\">curl &lt;x&gt;</pre><p>j</p>"
        );
    }
}
