//! The rules of plain English in CONTRIBUTING.md, held against every text of the project.
//!
//! Texts are: doc comments and string literals outside of tests, the help of every command, requirement pages, fault
//! summaries, and the documents. Quotations are exempt: the sentences that requirements cite, the output of Helm, and code.

#![expect(
    clippy::print_stdout,
    reason = "tests print their measurements for `--nocapture`"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use helm_oci_fixtures::fault::Fault;
use helm_oci_suite::checks;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Words and phrases that the glossary replaces. Lower case; matched as whole words.
const DENIED: &[&str] = &[
    "told",
    "untold",
    "anew",
    "aloud",
    "beside",
    "side by side",
    "taken away",
    "takes away",
    "hangs on",
    "stands in",
    "stands for",
    "stands at",
    "stand in",
    "stand for",
    "stand at",
    "is said",
    "are said",
    "was said",
    "is answered",
    "are answered",
    "was answered",
    "answers with",
    "is had",
    "be had",
    "fit to show",
    "mend",
    "mended",
];

/// The one denied word whose case matters: the product is called Helm.
const DENIED_PLURAL: &str = "Helms";

/// How many of a hundred doc comments may open with a question word.
const QUESTIONS_PER_CENT: usize = 3;

const QUESTION_WORDS: &[&str] = &[
    "What", "Whether", "Who", "Whom", "Whose", "Where", "How", "Why", "When",
];

/// Calls whose string arguments are quotations, and the attribute that holds names of serialized fields.
const QUOTING: &[&str] = &["states", "quotes", "serde", "strum"];

/// Files that are quotations as a whole.
const QUOTED_FILES: &[&str] = &["suite/src/helm/errors.rs"];

const DOCUMENTS: &[&str] = &[
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "fixtures/README.md",
    "fixtures/DESIGN.md",
    "suite/DESIGN.md",
    "suite/evidence/README.md",
    "suite/spec/helm-client-behaviour.md",
    "suite/spec/real-registries.md",
    "suite/spec/registry-pitfalls.md",
    "suite/spec/seed.md",
    "reports/DESIGN.md",
    "harness/DESIGN.md",
];

#[derive(Default)]
struct Texts {
    /// Place and text.
    all: Vec<(String, String)>,
    doc_comments: usize,
    questions: Vec<String>,
}

impl Texts {
    fn add(&mut self, place: &str, text: &str) {
        self.all.push((place.to_owned(), text.to_owned()));
    }

    fn doc_comment(&mut self, place: &str, text: &str) {
        self.doc_comments += 1;
        let first = text.split_whitespace().next().unwrap_or_default();
        if QUESTION_WORDS.contains(&first) {
            self.questions.push(format!("{place}: {}", text.trim()));
        }
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources is readable") {
            let path = entry.expect("an entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The text of a string literal; `None` for any other literal.
fn text_of(literal: &str) -> Option<&str> {
    let text = literal.trim_start_matches('r').trim_matches('#');
    text.strip_prefix('"')?.strip_suffix('"')
}

/// Collects doc comments and string literals, test modules and quotations left out.
fn collect(tokens: TokenStream, place: &str, texts: &mut Texts) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, word: &str| {
        tokens
            .get(at)
            .is_some_and(|token| token.to_string() == word)
    };
    let mut is_test = false;
    let mut after_doc = false;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let attribute = group.delimiter() == Delimiter::Bracket
                    && (at > 0 && is(at - 1, "#") || at > 1 && is(at - 1, "!") && is(at - 2, "#"));
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let named =
                    |word: &str| inner.first().is_some_and(|token| token.to_string() == word);
                if attribute && named("doc") {
                    if let Some(text) = inner.get(2).map(ToString::to_string) {
                        let text = text_of(&text).unwrap_or_default();
                        texts.add(place, text);
                        if !after_doc {
                            texts.doc_comment(place, text);
                        }
                    }
                    after_doc = true;
                    continue;
                }
                after_doc = false;
                if attribute && named("cfg") {
                    is_test |= group.stream().to_string().contains("(test)");
                } else if group.delimiter() == Delimiter::Brace && is_test {
                    is_test = false;
                } else {
                    let quotes = at > 0
                        && group.delimiter() == Delimiter::Parenthesis
                        && QUOTING.iter().any(|word| is(at - 1, word));
                    if !quotes {
                        collect(group.stream(), place, texts);
                    }
                }
            }
            TokenTree::Literal(literal) => {
                if let Some(text) = text_of(&literal.to_string()) {
                    texts.add(place, text);
                }
            }
            TokenTree::Punct(mark) => {
                if mark.as_char() == ';' {
                    is_test = false;
                }
                after_doc &= matches!(mark.as_char(), '#' | '!');
            }
            TokenTree::Ident(_) => after_doc = false,
        }
    }
}

/// A Markdown document without code blocks, code spans, block quotes and quotations.
fn prose(text: &str) -> String {
    let mut prose = String::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        } else if !in_code && !line.trim_start().starts_with('>') {
            prose.push_str(line);
            prose.push('\n');
        }
    }
    prose
}

/// A text without code spans and quotations.
fn unquoted(text: &str) -> String {
    let mut plain = String::new();
    let mut until = None;
    for character in text.chars() {
        match (until, character) {
            (Some(end), _) if character == end => until = None,
            (Some(_), _) => {}
            (None, '`') => until = Some('`'),
            (None, '“') => until = Some('”'),
            (None, _) => plain.push(character),
        }
    }
    plain
}

/// The denied words in a text.
fn denied_in(text: &str) -> Vec<&'static str> {
    let text = unquoted(text);
    let is_letter =
        |character: char| character.is_alphanumeric() || character == '_' || character == '-';
    let words: String = text
        .chars()
        .map(|character| if is_letter(character) { character } else { ' ' })
        .collect();
    let padded = format!(
        " {} ",
        words.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    let lower = padded.to_lowercase();
    let mut found: Vec<&str> = DENIED
        .iter()
        .copied()
        .filter(|word| lower.contains(&format!(" {word} ")))
        .collect();
    if padded.contains(" Helms ") {
        found.push(DENIED_PLURAL);
    }
    found
}

fn help(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_helm-oci-conformance"))
        .args(words)
        .arg("--help")
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{words:?} --help");
    String::from_utf8(output.stdout).expect("help is text")
}

/// The subcommands that a help text lists.
fn subcommands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|word| *word != "help")
        .map(ToOwned::to_owned)
        .collect()
}

fn texts() -> Texts {
    let mut texts = Texts::default();
    let workspace = workspace();
    for name in ["fixtures", "suite", "reports", "harness"] {
        for file in files(&workspace.join(name).join("src"), "rs") {
            let place = file
                .strip_prefix(&workspace)
                .expect("it is below")
                .display()
                .to_string();
            if QUOTED_FILES.contains(&place.as_str()) {
                continue;
            }
            let source = fs::read_to_string(&file).expect("a source is readable");
            collect(
                source.parse().expect("a source is Rust"),
                &place,
                &mut texts,
            );
        }
    }
    let main = help(&[]);
    texts.add("--help", &main);
    let commands = subcommands(&main);
    assert!(
        commands.len() > 10,
        "the help lists its commands: {commands:?}"
    );
    for command in &commands {
        let own = help(&[command]);
        texts.add(&format!("{command} --help"), &own);
        for inner in subcommands(&own) {
            texts.add(
                &format!("{command} {inner} --help"),
                &help(&[command, &inner]),
            );
        }
    }
    for requirement in checks::all() {
        texts.add(requirement.id, requirement.title);
        texts.add(requirement.id, requirement.doc);
        texts.add(requirement.id, requirement.fix.unwrap_or_default());
    }
    for fault in Fault::ALL {
        texts.add(fault.name(), fault.summary());
    }
    let guide = files(&workspace.join("harness/guide"), "md");
    for file in DOCUMENTS
        .iter()
        .map(|name| workspace.join(name))
        .chain(guide)
    {
        let place = file
            .strip_prefix(&workspace)
            .expect("it is below")
            .display()
            .to_string();
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{place}: {error}"));
        // CONTRIBUTING.md lists the words in its glossary, as code.
        for paragraph in prose(&text).split("\n\n") {
            texts.add(&place, paragraph);
        }
    }
    texts
}

#[test]
fn texts_use_the_words_of_the_field() {
    let texts = texts();
    let mut hits = String::new();
    let mut count = 0;
    for (place, text) in &texts.all {
        for word in denied_in(text) {
            count += 1;
            let shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let shown: String = shown.chars().take(160).collect();
            let _ = writeln!(hits, "{place}: `{word}` in: {shown}");
        }
    }
    println!("{} texts, {count} denied words", texts.all.len());
    assert!(
        hits.is_empty(),
        "{count} denied words; see the glossary in CONTRIBUTING.md\n{hits}"
    );
}

#[test]
fn doc_comments_open_with_a_noun_or_a_verb() {
    let texts = texts();
    let (questions, all) = (texts.questions.len(), texts.doc_comments);
    println!("{questions} of {all} doc comments open with a question word");
    assert!(
        questions * 100 <= all * QUESTIONS_PER_CENT,
        "{questions} of {all} doc comments open with a question word, {QUESTIONS_PER_CENT} % are allowed\n{}",
        texts.questions.join("\n")
    );
}

#[test]
fn a_denied_word_is_found_outside_of_quotations() {
    for (text, expected) in [
        ("the Helms of the evidence", vec!["Helms"]),
        ("Helm versions are told apart", vec!["told"]),
        ("It Stands\n  for a digest", vec!["stands for"]),
        ("quoted: `told` and “it is said”", vec![]),
        ("a toldable besides", vec![]),
    ] {
        assert_eq!(denied_in(text), expected, "{text}");
    }
}
