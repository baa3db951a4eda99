//! `fetch` against a server that breaks in every way: exact sends, exact exit codes.
//!
//! Every way in which a transport can fail is here, in the order of the retry layer's own list of
//! what it is told (`crates/retry/tests/transport.rs`):
//!
//! | what happens | whether it is sent again | test |
//! |---|---|---|
//! | the connection is refused | by any method | `wire::a_connection_that_is_refused_is_tried_again_for_any_method` |
//! | it is closed or reset, the request unread | if it may be repeated | `wire::a_connection_that_ends_unread_is_one_that_ends` |
//! | it is closed or reset, the request read | if it may be repeated | `wire::what_broke_once_is_had_at_the_second_send` and those beside it |
//! | it is reset during an upload | if it may be repeated | `uploads::an_upload_that_is_reset_is_sent_again_by_idempotent_methods_alone` |
//! | it ends within the head, or within the body, by length or in chunks | if it may be repeated | `wire::what_broke_once_is_had_at_the_second_send` and those beside it |
//! | it had been kept, and was closed meanwhile | if it may be repeated | `wire::a_kept_connection_that_has_gone_stale_is_replaced` |
//! | the answer is no HTTP | never | `wire::what_is_no_http_is_not_retried` |
//! | the certificate is not trusted | never | `tls::a_certificate_that_is_not_trusted_is_not_tried_again` |
//! | the answer comes before the upload has ended | if it may be repeated, whole | `uploads::an_upload_that_is_answered_before_its_end_is_sent_again_whole` |
//! | nothing comes | if it may be repeated | `time::a_stall_is_given_up_for_another_attempt_and_the_last_ends_at_the_deadline` |
//! | an HTTP/2 stream is refused or reset, its connection goes away | | `fetch` speaks HTTP/1.1 alone: its connector offers no other. `crates/retry/tests/transport.rs` has them |
//! | the URL is none, the caller's body fails | never sent | `what_cannot_be_meant_is_2_and_sends_nothing` in `tests/fetch`; `fetch` has its bodies in memory |

#[path = "../support/mod.rs"]
mod support;

mod elsewhere;
mod json;
mod time;
#[cfg(all(unix, feature = "rustls"))]
mod tls;
mod uploads;
mod wire;

use test_support::{Act, FaultyServer};
use tokio::runtime::Runtime;

use crate::support::{Run, run};

/// Runs `fetch` against a server with this script, one list of acts a connection; also says
/// how many requests reached the server.
fn against(script: Vec<Vec<Act>>, options: &[&str]) -> (Run, usize) {
    let runtime = Runtime::new().expect("a runtime");
    let server = runtime.block_on(FaultyServer::start(script));
    let url = server.url("/");
    let run = run(&[&[&*url][..], options].concat());
    (run, server.requests().len())
}

fn twice(act: fn() -> Act) -> Vec<Vec<Act>> {
    vec![vec![act()], vec![act()]]
}

const JSON: &str = r#"[{"id":1},{"id":2}]"#;
