//! Small numbers among extensions. A value there is an allocation of its own unless its type has no
//! size, so each of them is a type.

use std::marker::PhantomData;

use http::Extensions;

/// A number of the kind `K`, which is its type.
struct Small<K, const N: u32>(PhantomData<fn() -> K>);

impl<K, const N: u32> Clone for Small<K, N> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

/// Adds the number, if it is one from 1 to 3; a smaller one that is there already stays hidden.
pub(crate) fn insert<K: 'static>(extensions: &mut Extensions, number: u32) -> bool {
    match number {
        1 => extensions.insert(Small::<K, 1>(PhantomData)).is_some(),
        2 => extensions.insert(Small::<K, 2>(PhantomData)).is_some(),
        3 => extensions.insert(Small::<K, 3>(PhantomData)).is_some(),
        _ => return false,
    };
    true
}

/// The largest number of this kind, or 0.
pub(crate) fn get<K: 'static>(extensions: &Extensions) -> u32 {
    if extensions.get::<Small<K, 3>>().is_some() {
        3
    } else if extensions.get::<Small<K, 2>>().is_some() {
        2
    } else {
        extensions.get::<Small<K, 1>>().is_some().into()
    }
}

/// Takes out all numbers of this kind.
pub(crate) fn remove<K: 'static>(extensions: &mut Extensions) {
    extensions.remove::<Small<K, 1>>();
    extensions.remove::<Small<K, 2>>();
    extensions.remove::<Small<K, 3>>();
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One;
    struct Other;

    #[test]
    fn what_is_read_is_the_largest_of_its_kind_and_none_of_another() {
        let mut extensions = Extensions::new();
        for (number, largest) in [(1, 1), (3, 3), (2, 3)] {
            assert!(insert::<One>(&mut extensions, number));
            assert_eq!(get::<One>(&extensions), largest);
            assert_eq!(get::<Other>(&extensions), 0);
        }
        assert_eq!(get::<One>(&extensions.clone()), 3);
        remove::<Other>(&mut extensions);
        assert_eq!(extensions.len(), 3);
        remove::<One>(&mut extensions);
        assert!(extensions.is_empty());
    }

    #[test]
    fn a_number_is_small_or_not_there() {
        let mut extensions = Extensions::new();
        for number in [0, 4, u32::MAX] {
            assert!(!insert::<One>(&mut extensions, number));
        }
        assert!(extensions.is_empty());
        assert_eq!(size_of::<Small<One, 1>>(), 0);
    }
}
