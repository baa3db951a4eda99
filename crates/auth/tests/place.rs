//! Where a token goes in a request, and in which services.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use outbound_auth::{AuthLayer, Bearer, Token, Tokens, from_fn};
use tower::Layer;

use self::support::{HOME, api, bearer, credentials, get, home, numbered_at_once, replaying, send};

#[tokio::test]
async fn a_token_can_go_in_a_header_of_its_own_without_a_scheme() {
    let tokens = Tokens::builder(from_fn(|_| async { Ok(Token::new("raw secret")) }));
    let (inner, sent) = api(|_| 200);
    let bearer = Bearer::new(home(), tokens.prefix("").unwrap().build());
    let bearer = bearer.header(http::HeaderName::from_static("x-vault-token"));
    let service = AuthLayer::new(bearer).layer(inner);
    send(&service, get(HOME)).await.unwrap();
    let request = &sent.all()[0];
    assert_eq!(
        (request.headers().len(), &request.headers()["x-vault-token"]),
        (1, &"raw secret".parse().unwrap())
    );
}

#[test]
fn a_prefix_that_no_header_can_carry_is_refused_at_once() {
    let builder = || Tokens::builder(from_fn(|_| async { Ok(Token::new("token")) }));
    for prefix in [
        " ", " Bearer ", "Bearer\n", "a\r\nb: ", "\0", "\t", "Träger ",
    ] {
        assert!(builder().prefix(prefix).is_err(), "{prefix:?}");
    }
    for prefix in ["", "token ", "Bearer ", "x=", "SSWS "] {
        assert!(builder().prefix(prefix).is_ok(), "{prefix:?}");
    }
}

#[tokio::test]
async fn a_long_lived_service_and_its_clones_each_see_a_new_token() {
    let (tokens, _) = numbered_at_once();
    let (inner, sent) = api(|_| 200);
    let mut one = replaying(&tokens, inner);
    for _ in 0..3 {
        tower::Service::call(tower::ServiceExt::ready(&mut one).await.unwrap(), get(HOME))
            .await
            .unwrap();
    }
    let mut other = one.clone();
    tokens.invalidate();
    for service in [&mut one, &mut other] {
        for _ in 0..3 {
            let ready = tower::ServiceExt::ready(service).await.unwrap();
            tower::Service::call(ready, get(HOME)).await.unwrap();
        }
    }
    let expected: Vec<_> = [1, 1, 1, 2, 2, 2, 2, 2, 2].map(bearer).into();
    assert_eq!(credentials(&sent), expected);
}
