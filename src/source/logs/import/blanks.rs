//! A table without the blanks that some tools write behind the separator, where a quote would then be no quote.

use std::io::{self, Read};

/// Where in a field the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before its first character.
    Start,
    Plain,
    Quoted,
    /// Behind a quote that ends it, unless another one follows.
    Closing,
}

/// The same table; blanks in front of a field are gone.
pub(super) struct Unblanked<R> {
    input: R,
    separator: u8,
    state: State,
}

impl<R> Unblanked<R> {
    pub(super) fn new(input: R, separator: u8) -> Unblanked<R> {
        Unblanked { input, separator, state: State::Start }
    }

    /// Whether a byte stays.
    fn keeps(&mut self, byte: u8) -> bool {
        let (state, keeps) = match (self.state, byte) {
            (State::Start, b' ') => (State::Start, false),
            (State::Start, b'"') => (State::Quoted, true),
            (State::Quoted, b'"') => (State::Closing, true),
            (State::Closing, b'"') | (State::Quoted, _) => (State::Quoted, true),
            (_, b'\n' | b'\r') => (State::Start, true),
            _ if byte == self.separator => (State::Start, true),
            // Between the quote at its end and the separator.
            (State::Closing, b' ') => (State::Closing, false),
            _ => (State::Plain, true),
        };
        self.state = state;
        keeps
    }
}

impl<R: Read> Read for Unblanked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.input.read(buffer)?;
            let mut kept = 0;
            for at in 0..read {
                let byte = buffer[at];
                if self.keeps(byte) {
                    buffer[kept] = byte;
                    kept += 1;
                }
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_before_a_field_go_and_those_in_it_stay() {
        for (text, expected) in [
            ("a, \"b, c\" ,d\n", "a,\"b, c\",d\n"),
            ("  \"a \"\" , b\", c d \n x", "\"a \"\" , b\",c d \nx"),
            ("5\" disk, \"x\"\r\n", "5\" disk,\"x\"\r\n"),
            (",,  ,", ",,,"),
        ] {
            let mut read = String::new();
            Unblanked::new(text.as_bytes(), b',').read_to_string(&mut read).unwrap();
            assert_eq!(read, expected);
        }
    }
}
