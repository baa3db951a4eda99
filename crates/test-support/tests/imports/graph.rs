//! Which of a crate's modules names which.

use std::collections::BTreeMap;

use crate::paths::{Path, Source};

/// Stands for what the crate's root defines itself.
pub(crate) const ROOT: &str = "lib";

/// For each module those that it names, each with a path that does.
pub(crate) type Graph = BTreeMap<String, BTreeMap<String, String>>;

type Sources = BTreeMap<Path, Source>;

/// A graph for each module that has others: the root's modules, and within each of them its own. What
/// a file within a folder names its folder names. `read` gives each module's source.
///
/// What a module has by a `use` belongs, for the modules within it, to where it comes from, so that a
/// root may re-export. What it defines is its own; where that is the root, it stands above all its
/// modules.
pub(crate) fn of(read: &dyn Fn(&[String]) -> String) -> Vec<Graph> {
    let mut sources = Sources::new();
    let mut open = vec![Path::new()];
    while let Some(module) = open.pop() {
        let source = Source::read(&module, &read(&module));
        open.extend(source.modules.iter().cloned());
        sources.insert(module, source);
    }
    let levels = sources
        .iter()
        .filter(|(_, source)| !source.modules.is_empty());
    levels.map(|(level, _)| within(&sources, level)).collect()
}

/// The graph of the modules within `level`.
fn within(sources: &Sources, level: &[String]) -> Graph {
    let node = |module: &[String]| {
        let top = module
            .get(..=level.len())
            .filter(|top| top.starts_with(level));
        top.map(|top| top.join("::"))
    };
    let mut graph = Graph::new();
    for (module, source) in sources {
        let Some(from) = node(module) else { continue };
        if level.is_empty() {
            let named = graph.entry(ROOT.to_owned()).or_default();
            named.insert(from.clone(), format!("mod {from}"));
        }
        let named = graph.entry(from.clone()).or_default();
        for path in &source.named {
            let to = owner(sources, module, path, 0);
            let to = to.and_then(|to| match &to[..] {
                [] if level.is_empty() => Some(ROOT.to_owned()),
                to => node(to),
            });
            if let Some(to) = to.filter(|to| *to != from) {
                named.entry(to).or_insert_with(|| path.join("::"));
            }
        }
    }
    graph
}

/// The module that a path leads to from `module`, unless it is another crate's.
///
/// It is followed through the modules around this one, and no further than into another.
fn owner(sources: &Sources, module: &[String], path: &[String], depth: u8) -> Option<Path> {
    let mut at = 0;
    while at < path.len() && sources.contains_key(&path[..=at]) {
        at += 1;
        if !module.starts_with(&path[..at]) {
            return Some(path[..at].to_vec());
        }
    }
    let here = &path[..at];
    let imported = sources
        .get(here)
        .zip(path.get(at))
        .and_then(|(source, name)| {
            source
                .imported
                .iter()
                .find(|(imported, _)| imported == name)
        });
    match imported {
        // A name that leads back to itself is one of a macro or of a glob.
        Some((_, Some(from))) if from != path && depth < 16 => {
            let path: Path = from.iter().chain(&path[at + 1..]).cloned().collect();
            owner(sources, module, &path, depth + 1)
        }
        Some((_, None)) => None,
        _ => Some(here.to_vec()),
    }
}
