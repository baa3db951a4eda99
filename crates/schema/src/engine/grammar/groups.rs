//! The groups of a pattern and their names.

use super::cursor::Cursor;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Matching,
    /// It looks ahead or behind.
    Looking,
}

/// The names in a group that is open.
#[derive(Debug)]
struct Open {
    group: Group,
    /// Of the alternative that is read.
    here: Vec<String>,
    /// Of those before it.
    before: Vec<String>,
}

/// The groups that are open, and what they are called by.
#[derive(Debug)]
pub(super) struct Groups {
    /// The first is the pattern itself.
    open: Vec<Open>,
    /// Those that a number may refer to.
    pub(super) numbered: u64,
    names: Vec<String>,
}

impl Groups {
    pub(super) fn new() -> Self {
        let mut groups = Self {
            open: Vec::new(),
            numbered: 0,
            names: Vec::new(),
        };
        groups.push(Group::Matching);
        groups
    }

    fn push(&mut self, group: Group) {
        self.open.push(Open {
            group,
            here: Vec::new(),
            before: Vec::new(),
        });
    }

    pub(super) fn are_closed(&self) -> bool {
        self.open.len() == 1
    }

    pub(super) fn has(&self, name: &String) -> bool {
        self.names.contains(name)
    }

    /// At a `|`.
    pub(super) fn another_alternative(&mut self) {
        if let Some(open) = self.open.last_mut() {
            open.before.append(&mut open.here);
        }
    }

    /// Behind an opening parenthesis.
    pub(super) fn begin(&mut self, at: &mut Cursor<'_>) -> Option<()> {
        if !at.eat('?') {
            self.numbered += 1;
            self.push(Group::Matching);
            return Some(());
        }
        let group = match at.next()? {
            ':' => Group::Matching,
            '=' | '!' => Group::Looking,
            '<' if at.eat('=') || at.eat('!') => Group::Looking,
            '<' => {
                let name = at.name()?;
                self.declare(name)?;
                self.numbered += 1;
                Group::Matching
            }
            first => {
                at.flags(first)?;
                Group::Matching
            }
        };
        self.push(group);
        Some(())
    }

    /// At a closing parenthesis.
    pub(super) fn end(&mut self) -> Option<Group> {
        let closed = self.open.pop()?;
        // None is left if it closed the pattern itself.
        let around = self.open.last_mut()?;
        around.here.extend(closed.here);
        around.here.extend(closed.before);
        Some(closed.group)
    }

    /// A name may stand twice only in alternatives, of which one alone matches.
    fn declare(&mut self, name: String) -> Option<()> {
        if self.open.iter().any(|open| open.here.contains(&name)) {
            return None;
        }
        self.names.push(name.clone());
        self.open.last_mut()?.here.push(name);
        Some(())
    }
}

impl Cursor<'_> {
    /// A group's name, behind `<`.
    pub(super) fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        loop {
            let next = match self.next()? {
                '>' => return (!name.is_empty()).then_some(name),
                '\\' => {
                    self.expect('u')?;
                    char::from_u32(self.code_point()?)?
                }
                other => other,
            };
            let may_stand = matches!(next, '$' | '_')
                || if name.is_empty() {
                    next.is_alphabetic()
                } else {
                    next.is_alphanumeric() || matches!(next, '\u{200c}' | '\u{200d}')
                };
            if !may_stand {
                return None;
            }
            name.push(next);
        }
    }

    /// `ims-ims:`, each letter once at the most and one at least.
    fn flags(&mut self, first: char) -> Option<()> {
        let (mut seen, mut next) = (String::new(), first);
        while next != ':' {
            if !"ims-".contains(next) || seen.contains(next) {
                return None;
            }
            seen.push(next);
            next = self.next()?;
        }
        (!seen.trim_matches('-').is_empty()).then_some(())
    }
}
