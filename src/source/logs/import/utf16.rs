//! Text of two bytes a character, as Windows tools write it, read as UTF-8. What is no such text ends the reading.

use std::io::{self, Read};

/// How much is read in one go.
const CHUNK: usize = 32 * 1024;

/// Which byte of a unit comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// The order that a text with this beginning is in, with or without a mark; `None`: it is no UTF-16.
    pub(super) fn of(head: &[u8]) -> Option<Order> {
        match head {
            [0xFF, 0xFE, 0, 0, ..] => return None,
            [0xFF, 0xFE, ..] => return Some(Order::Little),
            [0xFE, 0xFF, ..] => return Some(Order::Big),
            _ => {}
        }
        let pairs = head.get(..head.len().min(512) & !1).unwrap_or_default().chunks_exact(2);
        let count = |place: usize| pairs.clone().filter(|pair| pair[place] == 0 && pair[1 - place] != 0).count();
        let (first, second, all) = (count(0), count(1), pairs.len());
        // Names of columns and times are plain, so nearly every second byte is nothing.
        match (first * 4 > all * 3, second * 4 > all * 3) {
            _ if all < 8 => None,
            (true, false) => Some(Order::Big),
            (false, true) => Some(Order::Little),
            _ => None,
        }
    }

    fn unit(self, pair: [u8; 2]) -> u16 {
        match self {
            Order::Little => u16::from_le_bytes(pair),
            Order::Big => u16::from_be_bytes(pair),
        }
    }
}

/// The same text as UTF-8.
pub(super) struct Utf16<R> {
    input: R,
    order: Order,
    /// Bytes that are not decoded yet.
    raw: Vec<u8>,
    text: Vec<u8>,
    at: usize,
    /// Whether nothing more comes; the error that ended it is told once.
    ended: bool,
    broken: Option<io::Error>,
}

impl<R: Read> Utf16<R> {
    pub(super) fn new(input: R, order: Order) -> Utf16<R> {
        Utf16 { input, order, raw: Vec::new(), text: Vec::new(), at: 0, ended: false, broken: None }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.at = 0;
        while self.text.is_empty() && !self.ended {
            let before = self.raw.len();
            if let Err(error) = self.input.by_ref().take(CHUNK as u64).read_to_end(&mut self.raw) {
                self.broken = Some(error);
            }
            self.ended = self.raw.len() == before || self.broken.is_some();
            self.decode();
        }
        match self.broken.take_if(|_| self.text.is_empty()) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Decodes what is whole; the half of a character waits for the rest.
    fn decode(&mut self) {
        let units: Vec<u16> = self.raw.chunks_exact(2).map(|pair| self.order.unit([pair[0], pair[1]])).collect();
        let waits = !self.ended && units.last().is_some_and(|unit| (0xD800..0xDC00).contains(unit));
        let whole = units.len() - usize::from(waits);
        let mut buffer = [0; 4];
        for c in char::decode_utf16(units[..whole].iter().copied()) {
            match c {
                Ok(c) => self.text.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
                Err(_) => return self.breaks("half a character"),
            }
        }
        self.raw.drain(..whole * 2);
        if self.ended && !self.raw.is_empty() && self.broken.is_none() {
            self.breaks("half a character at the end");
        }
    }

    fn breaks(&mut self, what: &'static str) {
        self.ended = true;
        self.broken.get_or_insert(io::Error::new(io::ErrorKind::InvalidData, what));
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() {
            self.fill()?;
        }
        let read = buffer.len().min(self.text.len() - self.at);
        buffer[..read].copy_from_slice(&self.text[self.at..self.at + read]);
        self.at += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str, order: Order) -> Vec<u8> {
        let bytes = |unit: u16| if order == Order::Little { unit.to_le_bytes() } else { unit.to_be_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in any::<String>(), big in any::<bool>(), many in 0_usize..3000) {
            let order = if big { Order::Big } else { Order::Little };
            let text = text.repeat(many.min(200_000 / (text.len() + 1)));
            let mut back = String::new();
            Utf16::new(written(&text, order).as_slice(), order).read_to_string(&mut back).unwrap();
            prop_assert_eq!(back, text);
        }

        #[test]
        fn any_bytes_end(bytes in any::<Vec<u8>>()) {
            let mut back = Vec::new();
            let read = Utf16::new(bytes.as_slice(), Order::Little).read_to_end(&mut back);
            prop_assert!(String::from_utf8(back).is_ok());
            prop_assert!(read.is_ok() || bytes.len() % 2 == 1 || bytes.chunks(2).any(|pair| pair[1] & 0xF8 == 0xD8));
        }
    }

    #[test]
    fn the_order_is_told_by_a_mark_or_by_what_is_empty() {
        for order in [Order::Little, Order::Big] {
            assert_eq!(Order::of(&written("\u{feff}{", order)), Some(order));
            assert_eq!(Order::of(&written("TimeGenerated,caller_oid\r\n", order)), Some(order));
        }
        assert_eq!(Order::of(b"TimeGenerated,caller_oid"), None);
        assert_eq!(Order::of(b"a\0b"), None);
        assert_eq!(Order::of(b""), None);
        assert_eq!(Order::of(&[0xFF, 0xFE, 0, 0]), None);
    }

    #[test]
    fn half_a_character_is_told_behind_what_was_whole() {
        let mut bytes = written("ab", Order::Little);
        bytes.push(b'c');
        let (mut input, mut back) = (Utf16::new(bytes.as_slice(), Order::Little), Vec::new());
        assert!(input.read_to_end(&mut back).is_err());
        assert_eq!(back, b"ab");
    }
}
