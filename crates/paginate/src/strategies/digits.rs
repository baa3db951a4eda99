/// The digits of a number, which need no memory of their own.
pub(super) struct Digits([u8; 20]);

impl Digits {
    pub(super) const fn new() -> Self {
        Self([b'0'; 20])
    }

    /// The number in decimal.
    pub(super) fn of(&mut self, mut number: u64) -> &str {
        let mut at = self.0.len();
        loop {
            at -= 1;
            self.0[at] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        std::str::from_utf8(&self.0[at..]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are() {
        for number in [0, 9, 10, 12_345, u64::MAX - 1, u64::MAX] {
            assert_eq!(Digits::new().of(number), number.to_string());
        }
    }
}
