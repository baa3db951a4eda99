use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

/// Writes down the events of one crate. A clone shares what was written.
#[derive(Clone, Debug)]
pub struct Events {
    target: &'static str,
    most: Level,
    written: Arc<Mutex<Vec<Fields>>>,
}

/// The fields of an event, each as it is for debugging.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(&'static str, String)>);

impl Events {
    /// Of modules whose path begins with `target`, up to the level `most`.
    #[must_use]
    pub fn of(target: &'static str, most: Level) -> Self {
        Self {
            target,
            most,
            written: Arc::default(),
        }
    }

    /// Writes down the events of this thread until the guard is dropped.
    #[must_use]
    pub fn record(&self) -> DefaultGuard {
        tracing::subscriber::set_default(self.clone())
    }

    /// Takes out what was written.
    #[must_use]
    pub fn take(&self) -> Vec<Fields> {
        std::mem::take(&mut self.written.lock().expect("not poisoned"))
    }
}

impl Fields {
    /// The value of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether any value contains this text.
    #[must_use]
    pub fn contain(&self, text: &str) -> bool {
        self.0.iter().any(|(_, value)| value.contains(text))
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

impl Subscriber for Events {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with(self.target) && *metadata.level() <= self.most
    }

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.written.lock().expect("not poisoned").push(fields);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
