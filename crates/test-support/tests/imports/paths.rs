//! What a module's source declares and names.

use crate::tokens;

/// A path from the crate's root.
pub(crate) type Path = Vec<String>;

#[derive(Debug, Default)]
pub(crate) struct Source {
    /// Modules in files of their own.
    pub(crate) modules: Vec<Path>,
    /// Modules within it.
    inline: Vec<Path>,
    /// Everything that is named.
    pub(crate) named: Vec<Path>,
    /// What it has by a `use`, by the name that it has here; of another crate, if there is no path.
    pub(crate) imported: Vec<(String, Option<Path>)>,
}

impl Source {
    /// Reads the source of the module at `here`.
    pub(crate) fn read(here: &[String], text: &str) -> Self {
        let tokens = tokens::of(text);
        let mut source = Self::default();
        let mut here = here.to_vec();
        // The depths at which inline modules begin.
        let mut inline = Vec::new();
        let mut used = Vec::new();
        let mut depth = 0;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match (*token, tokens.get(at + 1..).unwrap_or_default()) {
                ("mod", [name, "{", ..]) => {
                    here.push((*name).to_owned());
                    source.inline.push(here.clone());
                    inline.push(depth);
                    depth += 1;
                    at += 3;
                }
                ("mod", [name, ";", ..]) => {
                    source.modules.push(join(&here, name));
                    at += 3;
                }
                ("use", _) => {
                    at += 1;
                    let mut names = Vec::new();
                    tree(&tokens, &mut at, &[], &mut names);
                    used.extend(names.into_iter().map(|used| (here.clone(), used)));
                }
                ("crate" | "super" | "self", ["::", ..]) => {
                    let mut names = Vec::new();
                    tree(&tokens, &mut at, &[], &mut names);
                    let paths = names.iter().filter_map(|(path, _)| absolute(&here, path));
                    source.named.extend(paths);
                }
                (token, _) => {
                    match token {
                        "{" => depth += 1,
                        "}" => {
                            depth -= 1;
                            if inline.last() == Some(&depth) {
                                inline.pop();
                                here.pop();
                            }
                        }
                        _ => {}
                    }
                    at += 1;
                }
            }
        }
        for (here, (path, name)) in used {
            let path = absolute(&here, &path).or_else(|| source.child(&here, &path));
            source.named.extend(path.clone());
            source.imported.push((name, path));
        }
        source
    }

    /// The path from the root of one that begins with a module of this source.
    fn child(&self, here: &[String], path: &[String]) -> Option<Path> {
        let child = join(here, path.first()?);
        let is_one = self.modules.contains(&child) || self.inline.contains(&child);
        is_one.then(|| here.iter().chain(path).cloned().collect())
    }
}

fn join(path: &[String], name: &str) -> Path {
    let mut path = path.to_vec();
    path.push(name.to_owned());
    path
}

/// The paths of a `use`, each with the name that it gives, or of a path that stands by itself.
fn tree(tokens: &[&str], at: &mut usize, before: &[String], found: &mut Vec<(Path, String)>) {
    let mut path = before.to_vec();
    loop {
        match tokens.get(*at) {
            Some(&"{") => {
                *at += 1;
                while !matches!(tokens.get(*at), None | Some(&"}")) {
                    tree(tokens, at, &path, found);
                    if tokens.get(*at) == Some(&",") {
                        *at += 1;
                    }
                }
                *at += 1;
                return;
            }
            Some(&"::") => *at += 1,
            Some(&"r") if tokens.get(*at + 1) == Some(&"#") => *at += 2,
            Some(name) if *name == "*" || name.starts_with(is_word) => {
                path.push((*name).to_owned());
                *at += 1;
                if tokens.get(*at) != Some(&"::") {
                    break;
                }
            }
            _ => {
                // Nothing that a path goes on with, as in `crate::a::<B>`.
                *at += usize::from(path.len() == before.len());
                break;
            }
        }
    }
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    let mut name = path.last().cloned().unwrap_or_default();
    if let (Some(&"as"), Some(new)) = (tokens.get(*at), tokens.get(*at + 1)) {
        // Not a cast: those are of values, and a value's path ends with a name too, but what it is
        // cast to is no name of this module.
        name = (*new).to_owned();
        *at += 2;
    }
    found.push((path, name));
}

fn is_word(first: char) -> bool {
    first == '_' || first.is_ascii_alphabetic()
}

/// The path from the root, if it is written as one.
fn absolute(here: &[String], path: &[String]) -> Option<Path> {
    let mut base = match path.first()?.as_str() {
        "crate" => Vec::new(),
        "super" | "self" => here.to_vec(),
        _ => return None,
    };
    let mut rest = path;
    while let Some((first, others)) = rest.split_first() {
        match first.as_str() {
            "crate" | "self" => {}
            "super" => drop(base.pop()),
            _ => break,
        }
        rest = others;
    }
    base.extend_from_slice(rest);
    Some(base)
}

#[cfg(test)]
mod tests {
    use super::Source;

    fn named(here: &str, text: &str) -> String {
        let here: Vec<_> = here.split_terminator("::").map(str::to_owned).collect();
        let source = Source::read(&here, text);
        let paths: Vec<_> = source.named.iter().map(|path| path.join("::")).collect();
        paths.join(" ")
    }

    #[test]
    fn paths_are_named_from_the_root() {
        for (text, paths) in [
            ("use crate::a::B;", "a::B"),
            ("use crate::{a::{self, B}, c, D as E};", "a a::B c D"),
            ("use super::c::*;", "c::*"),
            (
                "fn f(a: crate::b::C) { crate::d::e::<crate::F>(1) }",
                "b::C d::e F",
            ),
            ("pub(crate) fn f() -> super::g::H {}", "g::H"),
            ("$crate::Pointer::expect(x) as u8", "Pointer::expect"),
            (
                "mod inner { use super::B; use super::super::c; } use super::d;",
                "x::B c d",
            ),
            (
                "use self::child::T; use own::U; use self::r#try::V; mod own;",
                "x::child::T x::own::U x::try::V",
            ),
            ("use http::Uri; use std::fmt::{self, Debug};", ""),
            (
                "// use crate::a;\n/// [`crate::b`]\nfn f() { \"crate::c\" }",
                "",
            ),
            ("#[cfg(test)] mod tests { use crate::a; }", ""),
        ] {
            assert_eq!(named("x", text), paths, "{text}");
        }
        assert_eq!(
            named("x::y", "use super::z; use super::super::w;"),
            "x::z w"
        );
        assert_eq!(
            named("", "pub use self::a::B; pub use c::D; mod c; use d::E;"),
            "a::B c::D"
        );
    }

    #[test]
    fn modules_in_files_are_found_and_those_for_tests_are_not() {
        let source = Source::read(&[], "mod a; pub mod b { mod c; } #[cfg(test)] mod d;");
        assert_eq!(source.modules, [vec!["a"], vec!["b", "c"]]);
    }

    #[test]
    fn a_name_is_the_one_that_a_use_gives() {
        let source = Source::read(&[], "pub use self::a::{B, C as D}; use e::F;");
        let names: Vec<_> = source
            .imported
            .iter()
            .map(|(name, path)| (&name[..], path.as_ref().map(|path| path.join("::"))))
            .collect();
        let path = |path: &str| Some(path.to_owned());
        assert_eq!(
            names,
            [("B", path("a::B")), ("D", path("a::C")), ("F", None)]
        );
    }
}
