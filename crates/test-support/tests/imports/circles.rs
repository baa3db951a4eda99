//! Modules that name each other in circles.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Graph;

/// The sets of modules that name each other in circles.
pub(crate) fn of(graph: &Graph) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<&String, BTreeSet<&String>> = graph
        .keys()
        .map(|from| (from, reach(graph, from)))
        .collect();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for (from, to) in &reached {
        let circle = to
            .iter()
            .filter(|to| reached.get(**to).is_some_and(|back| back.contains(from)));
        let circle: BTreeSet<String> = circle.map(|module| (*module).clone()).collect();
        if !circle.is_empty() && !seen.contains(*from) {
            seen.extend(circle.clone());
            found.push(circle);
        }
    }
    found
}

/// All modules that lie behind one.
fn reach<'a>(graph: &'a Graph, from: &String) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        for to in graph.get(module).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(to) {
                open.push(to);
            }
        }
    }
    reached
}

/// The arrows within a circle, a line each.
pub(crate) fn arrows(graph: &Graph, circle: &BTreeSet<String>) -> String {
    let mut lines = String::new();
    for from in circle {
        for (to, path) in &graph[from] {
            if circle.contains(to) {
                lines += &format!("    {from} → {to} ({path})\n");
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{arrows, of};
    use crate::graph;

    /// The circles of a crate of these modules, `lib` first.
    fn found(modules: &[(&str, &str)]) -> Vec<String> {
        let graphs = graph::of(&|path| {
            let name = if path.is_empty() {
                "lib".to_owned()
            } else {
                path.join("::")
            };
            let module = modules.iter().find(|(module, _)| *module == name);
            module.expect("it is there").1.to_owned()
        });
        let found = graphs.iter().flat_map(|graph| {
            let circles = of(graph).into_iter();
            circles.map(move |circle| arrows(graph, &circle))
        });
        found.collect()
    }

    #[test]
    fn a_circle_is_found_whatever_its_length() {
        let two = found(&[
            ("lib", "mod a; mod b;"),
            ("a", "use crate::b::B;"),
            ("b", "fn f(a: &crate::a::A) {}"),
        ]);
        assert_eq!(two, ["    a → b (b::B)\n    b → a (a::A)\n"]);
        let three = found(&[
            ("lib", "mod a; mod b; mod c; mod d;"),
            ("a", "use super::b::B;"),
            ("b", "use crate::{c::C, d};"),
            ("c", "mod inner { use super::super::a; }"),
            ("d", ""),
        ]);
        assert_eq!(three.len(), 1);
        assert!(!three[0].contains('d'), "{three:?}");
    }

    #[test]
    fn two_circles_are_two() {
        let two = found(&[
            ("lib", "mod a; mod b; mod c; mod d;"),
            ("a", "use crate::b;"),
            ("b", "use crate::{a, c};"),
            ("c", "use crate::d;"),
            ("d", "use crate::c;"),
        ]);
        assert_eq!(two.len(), 2, "{two:?}");
    }

    #[test]
    fn arrows_that_run_one_way_are_none() {
        let none = found(&[
            (
                "lib",
                "mod a; mod b; mod c; pub use self::c::C; pub use other::Thing;",
            ),
            ("a", "use crate::b::B; use crate::C; use crate::Thing;"),
            (
                "b",
                "mod inner; use self::inner::X; use crate::c; use std::a;",
            ),
            ("b::inner", "use super::B; use crate::C;"),
            (
                "c",
                "//! [`A`](crate::a::A)\n#[cfg(test)] mod tests { use crate::a; }",
            ),
        ]);
        assert_eq!(none, [""; 0]);
    }

    #[test]
    fn a_name_of_the_root_belongs_to_where_it_comes_from() {
        let circle = found(&[
            ("lib", "mod a; mod b; pub use self::a::{A, X as Y};"),
            ("a", "use crate::b;"),
            ("b", "use crate::Y;"),
        ]);
        assert_eq!(circle, ["    a → b (b)\n    b → a (Y)\n"]);
    }

    #[test]
    fn what_the_root_defines_is_above_all_modules() {
        let circle = found(&[("lib", "mod a; pub type T = u8;"), ("a", "use crate::T;")]);
        assert_eq!(circle, ["    a → lib (T)\n    lib → a (mod a)\n"]);
    }

    #[test]
    fn a_file_within_a_folder_names_for_its_folder() {
        let circle = found(&[
            ("lib", "mod a; mod b;"),
            ("a", "mod inner;"),
            ("a::inner", "use crate::b;"),
            ("b", "use crate::a;"),
        ]);
        assert_eq!(circle.len(), 1);
    }

    #[test]
    fn modules_within_another_are_held_to_the_same() {
        let circle = found(&[
            ("lib", "mod a; mod b;"),
            ("a", "mod one; mod two; pub use self::two::T; use crate::b;"),
            ("a::one", "use super::T;"),
            ("a::two", "use crate::a::one; use super::b;"),
            ("b", ""),
        ]);
        assert_eq!(
            circle,
            ["    a::one → a::two (a::T)\n    a::two → a::one (a::one)\n"]
        );
        let none = found(&[
            ("lib", "mod a;"),
            ("a", "mod one; mod two; struct A; use self::one::X;"),
            ("a::one", "use super::A; use super::two;"),
            ("a::two", "use crate::a::A;"),
        ]);
        assert_eq!(none, [""; 0], "a module and those within it are one");
    }
}
