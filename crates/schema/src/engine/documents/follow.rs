//! What a reference leads to.

use serde_json::Value;

use super::uri::resolve;
use super::{Documents, SchemaId, is_well_known};
use crate::engine::draft::pointer_segment;
use crate::engine::refused::Refused;

/// What a reference was found to lead to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) schema: SchemaId,
    /// Its fragment names a dynamic anchor.
    pub(crate) is_dynamic: bool,
}

impl Documents<'_> {
    /// What `reference`, which stands in `from`, leads to.
    pub(crate) fn follow(
        &mut self,
        from: SchemaId,
        keyword: &str,
        reference: &str,
    ) -> Result<Target, Refused> {
        let (own, pointer) = (self.place(from).resource, self.name(from));
        let at = || format!("{pointer}/{keyword}");
        let elsewhere = || {
            let fault = format!("{keyword} to a name that stands where the draft reads none");
            Refused::unsupported(at(), fault)
        };
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = if base.is_empty() {
            own
        } else {
            let uri = resolve(&self.resources[own].base, base);
            match self.by_uri.get(&uri) {
                Some(resource) => *resource,
                None if is_well_known(&uri) => {
                    let fault = format!("{keyword} names a meta-schema: {uri}");
                    return Err(Refused::unsupported(at(), fault));
                }
                None if self.mentioned.contains(&uri) => return Err(elsewhere()),
                None => {
                    let fault = format!("{keyword} names a document that is not registered: {uri}");
                    return Err(Refused::invalid(at(), fault));
                }
            }
        };
        let nowhere = || Refused::invalid(at(), format!("{keyword} leads nowhere: {reference}"));
        let fragment = decode(fragment).ok_or_else(nowhere)?;
        if fragment.is_empty() || fragment.starts_with('/') {
            let root = self.resources[resource].root;
            let schema = self.descend(root, &fragment)?.ok_or_else(nowhere)?;
            if self.draft(schema) != self.resources[resource].draft {
                // To `jsonschema` it is of the draft that the pointer begins in.
                let fault = format!("{keyword} leads into a schema of another draft by a pointer");
                return Err(Refused::unsupported(at(), fault));
            }
            return Ok(Target {
                schema,
                is_dynamic: false,
            });
        }
        let resource = &self.resources[resource];
        let schema = match resource.anchors.get(&fragment) {
            Some(schema) => *schema,
            None if self
                .mentioned
                .contains(&format!("{}#{fragment}", resource.base)) =>
            {
                return Err(elsewhere());
            }
            None => return Err(nowhere()),
        };
        let is_dynamic = resource
            .dynamic
            .iter()
            .any(|(name, id)| *name == fragment && *id == schema);
        Ok(Target { schema, is_dynamic })
    }

    /// Follows a JSON Pointer from a schema.
    fn descend(&mut self, root: SchemaId, pointer: &str) -> Result<Option<SchemaId>, Refused> {
        let place = self.place(root);
        let document = place.document;
        let (mut value, mut own) = (place.value, place.pointer.clone());
        let mut enclosing = root;
        for segment in pointer.split('/').skip(1) {
            let name = segment.replace("~1", "/").replace("~0", "~");
            let within = match value {
                Value::Object(members) => members.get(&name),
                Value::Array(elements) => name.parse::<usize>().ok().and_then(|i| elements.get(i)),
                _ => None,
            };
            let Some(within) = within else {
                return Ok(None);
            };
            value = within;
            own.push('/');
            own.push_str(&pointer_segment(&name));
            if let Some(known) = self.by_pointer.get(&(document, own.clone())) {
                enclosing = *known;
            }
        }
        if let Some(known) = self.by_pointer.get(&(document, own.clone())) {
            return Ok(Some(*known));
        }
        // Below a keyword that holds no schemas, where no `$id` has a meaning.
        let resource = self.place(enclosing).resource;
        self.walk(document, resource, &own, value, 0, false)
            .map(Some)
    }

    /// The schema within that one, at the rest of its pointer.
    pub(crate) fn within(&mut self, schema: SchemaId, rest: &str) -> Result<SchemaId, Refused> {
        match self.descend(schema, rest)? {
            Some(within) => Ok(within),
            None => Err(Refused::invalid(
                self.name(schema),
                format!("there is no {rest}"),
            )),
        }
    }
}

/// Percent-decodes a fragment.
pub(crate) fn decode(fragment: &str) -> Option<String> {
    if !fragment.contains('%') {
        return Some(fragment.to_owned());
    }
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let high = char::from(rest.next()?).to_digit(16)?;
        let low = char::from(rest.next()?).to_digit(16)?;
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}
