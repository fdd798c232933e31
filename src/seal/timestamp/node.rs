//! One element of DER: its tag, its content, and all of it. Over `der`'s reader, which takes no other encoding.

use der::{Encode, Header, Length, Reader, SliceReader, Tag};

pub(super) const INTEGER: Tag = Tag::Integer;
pub(super) const OCTETS: Tag = Tag::OctetString;
pub(super) const OID: Tag = Tag::ObjectIdentifier;
pub(super) const SEQUENCE: Tag = Tag::Sequence;
pub(super) const SET: Tag = Tag::Set;
pub(super) const TIME: Tag = Tag::GeneralizedTime;

/// One element.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) tag: Tag,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
}

impl<'a> Node<'a> {
    /// The one element that `bytes` are.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Node<'a>, String> {
        match nodes(bytes)?.as_slice() {
            [only] => Ok(*only),
            _ => Err("it is not one DER element".to_owned()),
        }
    }

    /// The elements inside a constructed one.
    pub(super) fn children(&self) -> Result<Vec<Node<'a>>, String> {
        match self.tag.is_constructed() {
            true => nodes(self.content),
            false => Err("a DER element holds no others".to_owned()),
        }
    }
}

/// `[number]`, constructed.
pub(super) fn context(number: u32) -> Tag {
    der::TagNumber(number).context_specific(true)
}

fn nodes(bytes: &[u8]) -> Result<Vec<Node<'_>>, String> {
    let read = || -> der::Result<Vec<Node<'_>>> {
        let mut reader = SliceReader::new(bytes)?;
        let mut nodes = Vec::new();
        while !reader.is_finished() {
            let header = Header::peek(&reader)?;
            let whole = reader.tlv_bytes()?;
            let content = &whole[usize::try_from(header.encoded_len()?)?..];
            nodes.push(Node { tag: header.tag(), content, whole });
        }
        Ok(nodes)
    };
    read().map_err(|_| "it is no DER".to_owned())
}

/// An element of these parts.
pub(super) fn tlv(tag: Tag, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = Length::try_from(content.len()).unwrap_or(Length::MAX);
    let mut out = Header::new(tag, length).to_der().unwrap_or_default();
    out.extend(content);
    out
}
