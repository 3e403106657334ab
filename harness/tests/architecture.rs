//! The import graph between the folders of each crate, held against the arrows that the crate's DESIGN.md lists.
//!
//! A folder below `src`, or a file in it, is a node; `crate::…` and `super::…` outside of tests are arrows. The graph
//! has no cycle, and DESIGN.md lists each arrow and no other. Run with `--nocapture` to print the graph.

#![expect(
    clippy::print_stdout,
    reason = "tests print their measurements for `--nocapture`"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

type Graph = BTreeMap<String, BTreeSet<String>>;

const CRATES: &[&str] = &["fixtures", "suite", "reports", "harness"];

/// Files that are one table each, and may be longer than others.
const TABLES: &[&str] = &[
    // One line for each fault.
    "fixtures/src/fault/table.rs",
    // One line for each legal variation.
    "fixtures/src/fault/legal.rs",
    // The words of each symptom by Helm version.
    "suite/src/helm/errors.rs",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust files below `folder`, sorted.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources is readable") {
            let path = entry.expect("an entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The module path of a file: `session/mod.rs` is `[session]`, `lib.rs` is `[]`.
fn module_of(file: &Path, source: &Path) -> Vec<String> {
    let relative = file
        .strip_prefix(source)
        .expect("it is below")
        .with_extension("");
    let mut module: Vec<String> = relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if matches!(
        module.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        module.pop();
    }
    module
}

/// The first segments below the crate root of every path in the tokens, test modules left out.
fn imports(tokens: TokenStream, module: &[String], found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |at: usize, word: &str| {
        tokens
            .get(at)
            .is_some_and(|token| token.to_string() == word)
    };
    let mut is_test = false;
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => {
                let attribute =
                    at > 0 && is(at - 1, "#") && group.delimiter() == Delimiter::Bracket;
                let text: String = group.stream().to_string().split_whitespace().collect();
                if attribute && text == "cfg(test)" {
                    is_test = true;
                } else if group.delimiter() == Delimiter::Brace && at >= 2 && is(at - 2, "mod") {
                    if !is_test {
                        let inner = [module, &[tokens[at - 1].to_string()]].concat();
                        imports(group.stream(), &inner, found);
                    }
                    is_test = false;
                } else if !(is_test && group.delimiter() == Delimiter::Brace) {
                    imports(group.stream(), module, found);
                } else {
                    is_test = false;
                }
            }
            TokenTree::Ident(word) if word == "crate" || word == "super" => {
                let mut base = if word == "crate" {
                    Vec::new()
                } else {
                    module.to_vec()
                };
                if word == "super" {
                    base.pop();
                }
                at += 1;
                while is(at, ":") && is(at + 1, ":") && is(at + 2, "super") {
                    base.pop();
                    at += 3;
                }
                if is(at, ":") && is(at + 1, ":") {
                    first_segments(&base, tokens.get(at + 2), found);
                    at += 2;
                }
                continue;
            }
            TokenTree::Punct(mark) if mark.as_char() == ';' => is_test = false,
            _ => {}
        }
        at += 1;
    }
}

fn first_segments(base: &[String], next: Option<&TokenTree>, found: &mut BTreeSet<String>) {
    if let Some(first) = base.first() {
        found.insert(first.clone());
        return;
    }
    match next {
        Some(TokenTree::Ident(name)) => {
            found.insert(name.to_string());
        }
        Some(TokenTree::Group(group)) => {
            let mut begins = true;
            for token in group.stream() {
                match token {
                    TokenTree::Ident(name) if begins => {
                        found.insert(name.to_string());
                        begins = false;
                    }
                    TokenTree::Punct(mark) if mark.as_char() == ',' => begins = true,
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn graph(name: &str) -> Graph {
    let source = workspace().join(name).join("src");
    let files = sources(&source);
    let nodes: BTreeSet<String> = files
        .iter()
        .filter_map(|file| module_of(file, &source).into_iter().next())
        .collect();
    let mut graph = Graph::new();
    for file in &files {
        let module = module_of(file, &source);
        let Some(node) = module.first() else { continue };
        // Test modules in files of their own; the others are left out below.
        if module.iter().any(|segment| segment == "tests") {
            continue;
        }
        let text = fs::read_to_string(file).expect("a source is readable");
        let mut found = BTreeSet::new();
        imports(text.parse().expect("a source is Rust"), &module, &mut found);
        found.remove(node);
        for name in &found {
            assert!(
                nodes.contains(name),
                "{} imports `{name}` from the crate root, where nothing but modules should be",
                file.display()
            );
        }
        graph.entry(node.clone()).or_default().extend(found);
    }
    graph
}

/// The arrows in the block ```` ```arrows ```` of a DESIGN.md: `folder → folder folder`, from the bottom up.
fn listed(name: &str) -> Vec<(String, BTreeSet<String>)> {
    let path = workspace().join(name).join("DESIGN.md");
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let block = text
        .split("```arrows\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap_or_else(|| panic!("{} has no block ```arrows", path.display()));
    let line = |line: &str| {
        let (from, to) = line.split_once('→').unwrap_or((line, ""));
        let to = to.split_whitespace().map(ToOwned::to_owned).collect();
        (from.trim().to_owned(), to)
    };
    block
        .lines()
        .filter(|text| !text.trim().is_empty())
        .map(line)
        .collect()
}

#[test]
fn every_arrow_between_folders_is_listed_and_points_down() {
    let graphs: Vec<(&str, Graph)> = CRATES.iter().map(|name| (*name, graph(name))).collect();
    for (name, graph) in &graphs {
        println!("{name}");
        for (from, to) in graph {
            let to: Vec<&str> = to.iter().map(String::as_str).collect();
            println!("  {from} → {}", to.join(" "));
        }
    }
    for (name, graph) in graphs {
        let listed = listed(name);
        let mut below = BTreeSet::new();
        for (from, to) in &listed {
            let upward: Vec<&String> = to.difference(&below).collect();
            assert!(
                upward.is_empty(),
                "{name}/DESIGN.md: `{from}` → {upward:?} does not point down"
            );
            below.insert(from.clone());
        }
        let listed: Graph = listed.into_iter().collect();
        assert_eq!(
            graph, listed,
            "the import graph of {name}, and the one that {name}/DESIGN.md lists"
        );
    }
}

#[test]
fn no_file_is_too_long() {
    let mut long = Vec::new();
    for name in CRATES {
        for file in sources(&workspace().join(name).join("src")) {
            let path = file
                .strip_prefix(workspace())
                .expect("it is below")
                .display()
                .to_string();
            let limit = if path.contains("/src/checks/") {
                250
            } else {
                400
            };
            let lines = fs::read_to_string(&file)
                .expect("a source is readable")
                .lines()
                .count();
            if lines > limit && !TABLES.contains(&path.as_str()) {
                long.push(format!("{path} has {lines} lines, {limit} are allowed"));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}
