//! What page streams cost: memory and instructions on one very large page, allocations on many
//! small ones, and time over loopback beside the loop that one writes by hand.
//!
//! The first three are exact, and gates. The last prints ratios of one run and no verdict;
//! `cargo bench -p outbound-benches --features peers --bench pages -- drain 5` runs it five times.

use std::alloc::{GlobalAlloc, Layout, System};
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use outbound_benches::callgrind;

#[path = "pages/big.rs"]
mod big;
#[path = "pages/drain.rs"]
mod drain;
#[path = "pages/many.rs"]
mod many;

struct Counting;

/// Off where time is measured: it takes three atomic operations for an allocation, and contestants
/// make a million of them.
static COUNTS: AtomicBool = AtomicBool::new(true);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static GLOBAL: Counting = Counting;

fn grown(by: usize) {
    let live = LIVE.fetch_add(by, Relaxed) + by;
    PEAK.fetch_max(live, Relaxed);
}

// SAFETY: forwards every call to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Relaxed) {
            ALLOCATIONS.fetch_add(1, Relaxed);
            grown(layout.size());
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if COUNTS.load(Relaxed) {
            ALLOCATIONS.fetch_add(1, Relaxed);
            grown(size);
            LIVE.fetch_sub(layout.size(), Relaxed);
        }
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if COUNTS.load(Relaxed) {
            LIVE.fetch_sub(layout.size(), Relaxed);
        }
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Bytes that a stream of items may hold at once, beside what the socket has read.
const MOST_MEMORY: usize = 2_048;

/// What typed items may cost of a typed `Vec` of the whole page, in per cent.
const MOST_OF_A_VEC: u64 = 86;

/// How much more than a typed `Vec` items may cost that are known for JSON before a function of the
/// caller's decodes them, in per cent.
const MOST_FOR_THE_CHECK: u64 = 33;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench");
    match arguments.next().as_deref() {
        Some("callgrind") => {
            let page = big::page();
            match arguments.next().as_deref() {
                Some("vec") => drop(run(big::vec(page))),
                Some("items") => drop(run(big::items(page, || ()))),
                Some("lent") => drop(run(big::lent(page))),
                _ => {}
            }
        }
        Some("serve") => {
            COUNTS.store(false, Relaxed);
            drain::server(&arguments.next().unwrap_or_default());
        }
        Some("contest") => {
            COUNTS.store(false, Relaxed);
            let (name, port) = (arguments.next(), arguments.next());
            drain::contestant(&name.unwrap_or_default(), &port.unwrap_or_default());
        }
        Some("drain") => {
            let rounds = arguments.next().and_then(|rounds| rounds.parse().ok());
            drain::tables(rounds.unwrap_or(3));
        }
        Some("memory") => {
            memory();
            allocations();
        }
        Some("allocations") => allocations(),
        Some("instructions") => instructions(),
        _ => {
            memory();
            allocations();
            instructions();
        }
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    futures_util::FutureExt::now_or_never(work).expect("nothing here waits")
}

/// Runs `work` and tells how much more than before it held at once.
fn peak<T>(work: impl FnOnce() -> T) -> usize {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    drop(work());
    PEAK.load(Relaxed) - before
}

fn memory() {
    let page = big::page();
    println!("one page of {} items, {} bytes", big::ITEMS, page.len());
    let whole = peak(|| run(big::vec(page.clone())));
    let mut frames = 0;
    big::FRAMES.store(0, Relaxed);
    let streamed = peak(|| {
        run(big::items(page.clone(), || {
            frames = big::FRAMES.load(Relaxed);
        }))
    });
    println!("  peak memory, typed Vec     {whole:12} bytes");
    println!("  peak memory, items         {streamed:12} bytes, at most {MOST_MEMORY}");
    println!("  the first item came with frame {frames} of its page");
    assert!(streamed < MOST_MEMORY, "items hold more than they should");
    assert_eq!(
        frames, 1,
        "the first item waits for more than its own bytes"
    );
}

/// Runs `work`, of which nothing is counted.
fn uncounted<T>(work: impl FnOnce() -> T) -> T {
    COUNTS.store(false, Relaxed);
    let result = work();
    COUNTS.store(true, Relaxed);
    result
}

fn allocations() {
    /// Allocations of each page, from the difference of two runs.
    fn each<F: Future<Output = ()>>(drain: impl Fn(u64) -> F) -> u64 {
        let count = |pages| {
            let before = ALLOCATIONS.load(Relaxed);
            run(drain(pages));
            ALLOCATIONS.load(Relaxed) - before
        };
        count(3);
        // What the memory of cursors costs when it grows is spread over many pages.
        (count(4000) - count(2000) + 1000) / 2000
    }
    println!("many pages of 10 items: allocations a page");
    println!("  by                     the loop's requests   items   pages   to be");
    for scheme in many::schemes() {
        let by_hand = each(|pages| scheme.by_hand(pages));
        let items = each(|pages| scheme.items(pages));
        let pages = each(|pages| scheme.whole(pages));
        let many::Scheme { name, exactly, .. } = scheme;
        println!("  {name:20} {by_hand:21} {items:7} {pages:7} {exactly:7}");
        assert_eq!((items, pages), (exactly, exactly), "{name}");
        assert!(
            exactly <= by_hand,
            "{name}: a page stream allocates more than the requests of the loop by hand"
        );
    }
}

fn instructions() {
    let Some(none) = callgrind(["callgrind", "none"]) else {
        println!("valgrind is not installed here; instructions were not counted");
        return;
    };
    let of = |what| callgrind(["callgrind", what]).map_or(0, |all| all.saturating_sub(none));
    let (vec, items, lent) = (of("vec"), of("items"), of("lent"));
    println!("one page of {} items: instructions", big::ITEMS);
    println!("  typed Vec                  {vec:12}");
    println!("  items                      {items:12}, at most {MOST_OF_A_VEC} % of that");
    println!(
        "  items_with                 {lent:12}, which are checked before; at most {MOST_FOR_THE_CHECK} % more"
    );
    assert!(
        items <= vec * MOST_OF_A_VEC / 100,
        "items cost more than {MOST_OF_A_VEC} % of a typed Vec of the whole page"
    );
    let most = vec + vec * MOST_FOR_THE_CHECK / 100;
    assert!(lent <= most, "items_with cost more than {most}");
}
