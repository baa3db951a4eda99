//! Counts the heap allocations that each layer adds to one call on its success path.
//!
//! The figures are exact, so this is also a gate: what is written in `EXPECTED` must not rise,
//! and when it falls the figure here is lowered in the same commit.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use outbound_benches::{Visit, call, request, visit_all};
use tower::Service;

/// Allocations that each layer adds.
const EXPECTED: &[(&str, usize)] = &[
    ("auth, static", 0),
    ("auth, strict", 0),
    ("auth, fetched", 0),
    ("retry", 0),
    ("deadline", 0),
    ("collect", 0),
    ("idle timeout", 0),
    // The first extension of a response.
    ("effective URI", 3),
    // The keys of each object, and the tree that pointers are looked up in.
    ("schema, required pointer", 8),
    // The template of later requests, and the page's own state.
    ("paginate, first page's head", 7),
    ("standard stack with a credential", 3),
];

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static GLOBAL: Counting = Counting;

// SAFETY: forwards every call to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[derive(Default)]
struct Count {
    bare: usize,
    broken: bool,
}

impl Visit for Count {
    fn visit<S>(&mut self, name: &'static str, mut service: S)
    where
        S: Service<Request<Full<Bytes>>, Error: std::fmt::Debug>,
    {
        // The first calls fill what is filled once: thread locals, recycled buffers.
        for _ in 0..3 {
            drop(call(&mut service, request()));
        }
        let request = request();
        let before = ALLOCATIONS.load(Relaxed);
        drop(call(&mut service, request));
        let made = ALLOCATIONS.load(Relaxed) - before;
        if name == "bare" {
            self.bare = made;
            println!("{name:34} {made:3} allocations, which are subtracted below");
            return;
        }
        let added = made - self.bare;
        let expected = EXPECTED
            .iter()
            .find(|(layer, _)| *layer == name)
            .map(|(_, count)| *count);
        let verdict = match expected {
            Some(expected) if expected == added => "as expected",
            Some(expected) if expected > added => "fewer than expected: lower the figure",
            Some(_) => {
                self.broken = true;
                "MORE THAN EXPECTED"
            }
            None => {
                self.broken = true;
                "no figure is written down for it"
            }
        };
        println!("{name:34} {added:3}  {verdict}");
    }
}

fn main() {
    let mut count = Count::default();
    visit_all(&mut count).expect("the layers' settings are right");
    assert!(
        !count.broken,
        "a layer allocates more than EXPECTED; see above"
    );
}
