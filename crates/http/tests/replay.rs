//! Bodies that are sent again: what each attempt reads, and what it must not.

use std::error::Error;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, HeaderValue};
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use outbound_http::{
    BoxError, BufferBody, CloneBody, NoReplay, Replay, ReplayBody, Rewind, Superseded,
};
use test_support::{Body, assert_send_sync};

const LIMIT: BufferBody = BufferBody::new(16);

fn trailers() -> HeaderMap {
    let mut trailers = HeaderMap::new();
    trailers.insert("checksum", HeaderValue::from_static("7"));
    trailers
}

async fn read<B>(body: B) -> Result<(Bytes, Option<HeaderMap>), BoxError>
where
    B: http_body::Body<Data = Bytes, Error = BoxError>,
{
    let collected = body.collect().await?;
    let trailers = collected.trailers().cloned();
    Ok((collected.to_bytes(), trailers))
}

/// Reads one frame of `body`, which must have one.
async fn frame(body: &mut ReplayBody<Body>) -> Result<Bytes, BoxError> {
    let frame = body.frame().await.expect("a frame")?;
    Ok(frame.into_data().expect("a data frame"))
}

#[tokio::test]
async fn every_attempt_reads_the_same_chunks_and_trailers() {
    let source = Body::chunks(["ab", "cd", "ef"]).with_trailers(trailers());
    let (first, saved) = LIMIT.split(source);
    let saved = saved.unwrap();

    let expected = (Bytes::from("abcdef"), Some(trailers()));
    assert_eq!(read(first).await.unwrap(), expected);
    for _ in 0..3 {
        assert_eq!(read(LIMIT.again(&saved).unwrap()).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn trailers_are_read_again_although_the_first_reader_stopped_at_them() {
    let (mut first, saved) = LIMIT.split(Body::chunks(["ab"]).with_trailers(trailers()));
    // As hyper does: after them it asks for nothing.
    assert_eq!(frame(&mut first).await.unwrap(), "ab");
    assert!(first.frame().await.unwrap().unwrap().is_trailers());
    assert!(first.is_end_stream());
    assert!(first.frame().await.is_none());

    let expected = (Bytes::from("ab"), Some(trailers()));
    for _ in 0..2 {
        let again = LIMIT.again(saved.as_ref().unwrap()).unwrap();
        assert_eq!(read(again).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_recording_ends() {
    let (mut first, saved) = LIMIT.split(Body::chunks(["ab", "cd", "ef"]));
    assert_eq!(frame(&mut first).await.unwrap(), "ab");

    let mut second = LIMIT.again(saved.as_ref().unwrap()).unwrap();
    assert_eq!(frame(&mut second).await.unwrap(), "ab");
    assert_eq!(frame(&mut second).await.unwrap(), "cd");

    let third = LIMIT.again(saved.as_ref().unwrap()).unwrap();
    assert_eq!(read(third).await.unwrap().0, "abcdef");
}

#[tokio::test]
async fn a_new_attempt_takes_over_while_the_old_handle_is_still_held() {
    let (mut old, saved) = LIMIT.split(Body::chunks(["ab", "cd"]));
    assert_eq!(frame(&mut old).await.unwrap(), "ab");

    let mut new = LIMIT.again(&saved.unwrap()).unwrap();
    assert_eq!(frame(&mut new).await.unwrap(), "ab");

    let error = frame(&mut old).await.unwrap_err();
    assert!(error.downcast_ref::<Superseded>().is_some(), "{error}");
    assert_eq!(frame(&mut new).await.unwrap(), "cd", "nothing was stolen");
    assert!(new.frame().await.is_none());
}

#[tokio::test]
async fn an_old_handle_reads_nothing_more_once_the_next_attempt_is_decided_on() {
    let (mut old, saved) = LIMIT.split(Body::chunks(["0123456789", "0123456789", "end"]));
    assert_eq!(frame(&mut old).await.unwrap(), "0123456789");

    // Else it would read beyond the limit during the pause, and the attempt would have no body.
    let new = LIMIT.again(&saved.unwrap()).unwrap();
    let error = frame(&mut old).await.unwrap_err();
    assert!(error.downcast_ref::<Superseded>().is_some(), "{error}");
    assert_eq!(read(new).await.unwrap().0, "01234567890123456789end");
}

#[tokio::test]
async fn an_old_handle_that_waits_is_told_that_it_lost_its_source() {
    let again: fn(&ReplayBody<Body>) -> ReplayBody<Body> = |saved| LIMIT.again(saved).unwrap();
    // The one takes over as it is made, the other as it is polled.
    for next in [again, ReplayBody::clone] {
        let (mut old, saved) = LIMIT.split(Body::stalling_after([""; 0]));
        let mut waiting = tokio_test::task::spawn(old.frame());
        assert!(waiting.poll().is_pending());
        let mut new = next(&saved.unwrap());
        assert!(new.frame().now_or_never().is_none());
        // Else the transport would wait for it, and hold its connection, for good.
        assert!(waiting.is_woken());
        let error = waiting.await.unwrap().unwrap_err();
        assert!(error.downcast_ref::<Superseded>().is_some(), "{error}");
    }
}

#[tokio::test]
async fn an_old_handle_that_was_never_read_does_not_take_the_source_back() {
    let (mut old, saved) = LIMIT.split(Body::chunks(["ab", "cd"]));
    let mut new = LIMIT.again(&saved.unwrap()).unwrap();
    assert_eq!(frame(&mut new).await.unwrap(), "ab");
    assert!(frame(&mut old).await.is_err());
    assert_eq!(frame(&mut new).await.unwrap(), "cd");
}

#[tokio::test]
async fn a_clone_may_be_sent_in_place_of_its_original() {
    let body = LIMIT.once(Body::chunks(["ab"]));
    assert_eq!(read(body.clone()).await.unwrap().0, "ab");
    assert!(read(body).await.is_err(), "it is sent once");
}

#[tokio::test]
async fn empty_chunks_fill_no_memory() {
    let (first, saved) = LIMIT.split(Body::chunks(["", "ab", "", "cd", ""]));
    assert_eq!(read(first).await.unwrap().0, "abcd");
    let mut again = LIMIT.again(&saved.unwrap()).unwrap();
    assert_eq!(frame(&mut again).await.unwrap(), "ab");
    assert_eq!(frame(&mut again).await.unwrap(), "cd");
    assert!(again.frame().await.is_none());
}

#[tokio::test]
async fn nothing_is_read_ahead() {
    let (mut first, saved) = LIMIT.split(Body::stalling_after(["ab"]));
    assert_eq!(frame(&mut first).await.unwrap(), "ab");

    let mut second = LIMIT.again(&saved.unwrap()).unwrap();
    assert_eq!(frame(&mut second).await.unwrap(), "ab");
    assert!(second.frame().now_or_never().is_none());
}

#[tokio::test]
async fn a_body_over_the_limit_is_sent_whole_and_only_once() {
    let (first, saved) = LIMIT.split(Body::chunks(["0123456789", "0123456789", "end"]));
    let saved = saved.expect("its size is not known beforehand");

    assert_eq!(read(first).await.unwrap().0, "01234567890123456789end");
    assert!(!saved.can_replay());
    assert!(LIMIT.again(&saved).is_none());
}

#[tokio::test]
async fn a_body_known_to_be_over_the_limit_is_not_recorded_at_all() {
    let (first, saved) = BufferBody::new(3).split(Full::new(Bytes::from("abcd")));
    assert!(saved.is_none());
    assert_eq!(read(first).await.unwrap().0, "abcd");

    let (_, saved) = BufferBody::new(4).split(Full::new(Bytes::from("abcd")));
    assert!(saved.is_some());
}

#[tokio::test]
async fn extreme_limits_neither_overflow_nor_refuse() {
    let (first, saved) = BufferBody::new(0).split(Body::chunks(["a"]));
    assert_eq!(read(first).await.unwrap().0, "a");
    assert!(BufferBody::new(0).again(&saved.unwrap()).is_none());

    let unlimited = BufferBody::new(usize::MAX);
    let (first, saved) = unlimited.split(Body::chunks(["a"]));
    assert_eq!(read(first).await.unwrap().0, "a");
    assert_eq!(
        read(unlimited.again(&saved.unwrap()).unwrap())
            .await
            .unwrap()
            .0,
        "a"
    );
}

#[tokio::test]
async fn a_failed_source_is_not_sent_again() {
    let (first, saved) = LIMIT.split(Body::failing_after(["ab"], "source broke"));
    assert_eq!(read(first).await.unwrap_err().to_string(), "source broke");
    assert!(LIMIT.again(&saved.unwrap()).is_none());
}

#[tokio::test]
async fn what_is_sent_once_is_not_recorded() {
    let body = LIMIT.once(Body::chunks(["ab"]));
    let clone = body.clone();
    assert_eq!(read(body).await.unwrap().0, "ab");
    assert!(!clone.can_replay());
}

#[test]
fn every_attempt_announces_the_same_size() {
    let (first, saved) = LIMIT.split(Full::new(Bytes::from("abcd")));
    assert_eq!(first.size_hint().exact(), Some(4));
    assert!(!first.is_end_stream());
    let second = LIMIT.again(&saved.unwrap()).unwrap();
    assert_eq!(second.size_hint().exact(), Some(4));
    assert!(!second.is_end_stream());
}

#[tokio::test]
async fn an_empty_body_is_known_to_be_empty_on_every_attempt() {
    let (first, saved) = LIMIT.split(Full::new(Bytes::new()));
    let second = LIMIT.again(&saved.unwrap()).unwrap();
    for body in [first, second] {
        assert!(body.is_end_stream());
        assert_eq!(body.size_hint().exact(), Some(0));
        assert_eq!(read(body).await.unwrap().0, "");
    }
}

#[tokio::test]
async fn rewind_repeats_what_an_outer_layer_records() {
    let (outer, saved_outside) = LIMIT.split(Body::chunks(["ab", "cd"]));
    let (inner, saved_inside) = Rewind.split(outer);
    assert_eq!(read(inner).await.unwrap().0, "abcd");
    assert_eq!(
        read(Rewind.again(&saved_inside.unwrap()).unwrap())
            .await
            .unwrap()
            .0,
        "abcd"
    );
    assert_eq!(
        read(LIMIT.again(&saved_outside.unwrap()).unwrap())
            .await
            .unwrap()
            .0,
        "abcd"
    );

    let (over, _) = LIMIT.split(Body::chunks(["0123456789", "0123456789"]));
    let (sent, saved) = Rewind.split(over);
    assert_eq!(read(sent).await.unwrap().0.len(), 20);
    assert!(Rewind.again(&saved.unwrap()).is_none());
}

#[test]
fn a_cloned_body_is_repeated_and_none_is_where_replay_is_off() {
    let (sent, saved) = CloneBody.split("body");
    assert_eq!(
        (sent, CloneBody.again(&saved.unwrap())),
        ("body", Some("body"))
    );
    let (sent, saved) = NoReplay.split("body");
    assert_eq!((sent, saved), ("body", None));
}

#[tokio::test]
async fn a_recorded_body_prints_nothing_of_what_it_holds() {
    let (first, saved) = LIMIT.split(Body::chunks(["canary"]));
    assert_eq!(read(first).await.unwrap().0, "canary");
    assert!(!format!("{saved:?}").contains("canary"));
    let error: &dyn Error = &*read(saved.unwrap())
        .await
        .map(|_| ())
        .err()
        .unwrap_or("none".into());
    assert!(!error.to_string().contains("canary"));
}

#[test]
fn a_recorded_body_crosses_threads() {
    assert_send_sync::<ReplayBody<Full<Bytes>>>();
}

#[tokio::test]
async fn an_attempt_that_is_not_certain_yet_leaves_the_body_to_the_old_handle() {
    for strategy in [true, false] {
        let (mut old, saved) = LIMIT.split(Body::chunks(["ab", "cd", "ef"]));
        let saved = saved.unwrap();
        let mut new = match strategy {
            true => LIMIT.prospect(&saved).unwrap(),
            false => Rewind.prospect(&saved).unwrap(),
        };
        assert_eq!(frame(&mut old).await.unwrap(), "ab");
        assert_eq!(frame(&mut old).await.unwrap(), "cd");

        assert!(match strategy {
            true => LIMIT.take_over(&mut new),
            false => Rewind.take_over(&mut new),
        });
        let error = frame(&mut old).await.unwrap_err();
        assert!(error.downcast_ref::<Superseded>().is_some(), "{error}");
        assert_eq!(read(new).await.unwrap().0, "abcdef");
    }
}

#[tokio::test]
async fn an_attempt_that_comes_too_late_takes_nothing() {
    let (old, saved) = LIMIT.split(Body::chunks(["0123456789", "0123456789", "end"]));
    let mut new = LIMIT.prospect(&saved.unwrap()).unwrap();
    assert_eq!(read(old).await.unwrap().0, "01234567890123456789end");
    assert!(!LIMIT.take_over(&mut new));
}

#[tokio::test]
async fn a_handle_that_was_read_from_does_not_come_back_in_the_middle() {
    let (mut first, saved) = LIMIT.split(Body::chunks(["ab", "cd"]));
    assert_eq!(frame(&mut first).await.unwrap(), "ab");
    let new = LIMIT.again(&saved.unwrap()).unwrap();
    assert!(!LIMIT.take_over(&mut first));
    assert_eq!(read(new).await.unwrap().0, "abcd");
}

#[test]
fn a_clone_is_sent_in_any_case() {
    let mut body = CloneBody.prospect(&"body").unwrap();
    assert!(CloneBody.take_over(&mut body));
    assert_eq!(body, "body");
}
