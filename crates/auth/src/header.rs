//! Adding a header that gives way to the caller's own.

use http::header::{AUTHORIZATION, Entry};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Adds `value`, unless there is one of that name. Whether it did.
///
/// To look first and add then takes the name's hash twice, which is half of what either costs.
/// It is added in any case, and taken back in the rarer one. One function for all services, and not
/// a part of each, so that the map's own is a part of this.
pub(crate) fn add(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue) -> bool {
    let taken = if *name == AUTHORIZATION {
        headers.append(AUTHORIZATION, value.clone()) // nearly always, and without a copy of the name
    } else {
        headers.append(name, value.clone())
    };
    if taken {
        take_back(headers, name);
    }
    !taken
}

/// Removes the last value of `name`. The others stay in their place and order.
#[cold]
fn take_back(headers: &mut HeaderMap, name: &HeaderName) {
    let mut values: Vec<_> = headers.get_all(name).iter().cloned().collect();
    values.pop();
    let Entry::Occupied(mut entry) = headers.entry(name) else {
        return;
    };
    let mut values = values.into_iter();
    if let Some(first) = values.next() {
        entry.insert(first);
    }
    for value in values {
        entry.append(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_is_there_stays_as_it_is() {
        let name = HeaderName::from_static("x-key");
        for own in [1, 2, 3] {
            let mut headers = HeaderMap::new();
            headers.insert("a", HeaderValue::from_static("a"));
            for number in 0..own {
                headers.append(&name, HeaderValue::from(number));
                headers.append("b", HeaderValue::from(number));
            }
            let before = headers.clone();
            assert!(!add(
                &mut headers,
                &name,
                &HeaderValue::from_static("secret")
            ));
            assert!(headers.iter().eq(before.iter()), "{headers:?}");
            assert_eq!(headers, before);
        }
    }

    #[test]
    fn a_header_that_is_not_there_is_added() {
        let name = HeaderName::from_static("x-key");
        let mut headers = HeaderMap::new();
        assert!(add(
            &mut headers,
            &name,
            &HeaderValue::from_static("secret")
        ));
        assert_eq!(headers["x-key"], "secret");
    }
}
