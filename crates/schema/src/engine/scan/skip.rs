//! Values that no rule is for: the grammar alone.

use super::Scan;
use crate::engine::Fail;
use crate::engine::digits::scan_number;

impl Scan<'_, '_> {
    /// A value that no rule is for.
    pub(super) fn skip(&mut self, depth: usize) -> Result<(), Fail> {
        match self.peek() {
            b'"' => self.skip_string(),
            b'{' => self.skip_object(depth),
            b'[' => self.skip_array(depth),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            b'-' | b'0'..=b'9' => {
                self.at = scan_number(self.body, self.at)?.end;
                Ok(())
            }
            _ => Err(Fail::Syntax),
        }
    }

    pub(super) fn skip_array(&mut self, depth: usize) -> Result<(), Fail> {
        let depth = Self::deepen(depth)?;
        self.at += 1;
        self.space();
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            self.skip(depth)?;
            self.space();
            if !self.eat(b',') {
                break;
            }
            self.space();
        }
        if self.eat(b']') {
            Ok(())
        } else {
            Err(Fail::Syntax)
        }
    }

    pub(super) fn skip_object(&mut self, depth: usize) -> Result<(), Fail> {
        let depth = Self::deepen(depth)?;
        self.at += 1;
        self.space();
        if self.eat(b'}') {
            return Ok(());
        }
        let mark = self.scratch.keys.mark();
        loop {
            if self.peek() != b'"' {
                return Err(Fail::Syntax);
            }
            let name = self.string()?;
            if self.scratch.keys.add(self.body, mark, name) {
                return Err(Fail::Twice);
            }
            self.colon()?;
            self.skip(depth)?;
            self.space();
            if !self.eat(b',') {
                break;
            }
            self.space();
        }
        self.end_object(mark)
    }
}
