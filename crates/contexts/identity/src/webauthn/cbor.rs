//! CBOR as authenticators write it (RFC 8949 in the canonical form of CTAP 2.2 §8), and nothing more.
//!
//! Small on purpose: what no authenticator sends (floats, tags, lengths that are not known beforehand) is
//! refused before anything looks at it.

use super::WebAuthnError;

/// Deepest nesting of arrays and maps; CTAP allows four.
const DEEPEST: u8 = 4;
const MALFORMED: WebAuthnError = WebAuthnError::Malformed("CBOR");

/// A data item. Bytes and text are borrowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Integer(i64),
    Bytes(&'a [u8]),
    Text(&'a str),
    Array(Vec<Value<'a>>),
    Map(Vec<(Value<'a>, Value<'a>)>),
    Bool(bool),
    Null,
}

impl<'a> Value<'a> {
    /// The item that `bytes` are, to the last byte.
    pub(super) fn whole(bytes: &'a [u8]) -> Result<Self, WebAuthnError> {
        match Self::first(bytes)? {
            (value, []) => Ok(value),
            _ => Err(MALFORMED),
        }
    }

    /// The item at the start of `bytes`, and what follows it.
    pub(super) fn first(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), WebAuthnError> {
        let mut reader = Reader { rest: bytes };
        let value = reader.item(0)?;
        Ok((value, reader.rest))
    }

    /// The member of a map under an integer key.
    pub(super) fn at(&self, key: i64) -> Option<&Self> {
        self.member(&Value::Integer(key))
    }

    /// The member of a map under a text key.
    pub(super) fn named(&self, key: &str) -> Option<&Self> {
        self.member(&Value::Text(key))
    }

    fn member(&self, key: &Value<'_>) -> Option<&Self> {
        let Self::Map(members) = self else {
            return None;
        };
        let found = members.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value)
    }

    pub(super) const fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => Some(*integer),
            _ => None,
        }
    }

    pub(super) const fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn item(&mut self, depth: u8) -> Result<Value<'a>, WebAuthnError> {
        let [initial] = self.take::<1>()?;
        let (major, info) = (initial >> 5, initial & 0x1f);
        if major == 7 {
            return match info {
                20 => Ok(Value::Bool(false)),
                21 => Ok(Value::Bool(true)),
                22 => Ok(Value::Null),
                _ => Err(MALFORMED),
            };
        }
        let argument = self.argument(info)?;
        match major {
            0 => signed(argument).map(Value::Integer),
            1 => signed(argument).map(|value| Value::Integer(-1 - value)),
            2 => self.slice(argument).map(Value::Bytes),
            3 => {
                let text = std::str::from_utf8(self.slice(argument)?);
                text.map(Value::Text).map_err(|_| MALFORMED)
            }
            4 | 5 if depth >= DEEPEST => Err(MALFORMED),
            4 => {
                let items = (0..self.count(argument)?).map(|_| self.item(depth + 1));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            5 => self.map(argument, depth),
            _ => Err(MALFORMED),
        }
    }

    fn map(&mut self, argument: u64, depth: u8) -> Result<Value<'a>, WebAuthnError> {
        let mut members: Vec<(Value<'a>, Value<'a>)> = Vec::new();
        for _ in 0..self.count(argument)? {
            let key = self.item(depth + 1)?;
            // A member that comes twice means one thing to us and another to somebody else.
            if members.iter().any(|(known, _)| *known == key) {
                return Err(MALFORMED);
            }
            members.push((key, self.item(depth + 1)?));
        }
        Ok(Value::Map(members))
    }

    /// The number behind the initial byte, in the shortest form that holds it.
    fn argument(&mut self, info: u8) -> Result<u64, WebAuthnError> {
        let (value, least) = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => (u64::from(self.take::<1>()?[0]), 24),
            25 => (u64::from(u16::from_be_bytes(self.take()?)), 1 << 8),
            26 => (u64::from(u32::from_be_bytes(self.take()?)), 1 << 16),
            27 => (u64::from_be_bytes(self.take()?), 1 << 32),
            _ => return Err(MALFORMED),
        };
        if value < least {
            Err(MALFORMED)
        } else {
            Ok(value)
        }
    }

    /// How many items follow: never more than there are bytes, so that a short message allocates little.
    fn count(&self, argument: u64) -> Result<usize, WebAuthnError> {
        let count = usize::try_from(argument).map_err(|_| MALFORMED)?;
        if count > self.rest.len() {
            Err(MALFORMED)
        } else {
            Ok(count)
        }
    }

    fn slice(&mut self, length: u64) -> Result<&'a [u8], WebAuthnError> {
        let length = usize::try_from(length).map_err(|_| MALFORMED)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(MALFORMED)?;
        self.rest = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], WebAuthnError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(MALFORMED)?;
        self.rest = rest;
        Ok(*taken)
    }
}

fn signed(argument: u64) -> Result<i64, WebAuthnError> {
    i64::try_from(argument).map_err(|_| MALFORMED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pairs = digits.chunks_exact(2);
        pairs
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        // RFC 8949, appendix A.
        for (hex, expected) in [
            ("00", Value::Integer(0)),
            ("17", Value::Integer(23)),
            ("1818", Value::Integer(24)),
            ("1903e8", Value::Integer(1_000)),
            ("1b000000e8d4a51000", Value::Integer(1_000_000_000_000)),
            ("20", Value::Integer(-1)),
            ("3903e7", Value::Integer(-1_000)),
            ("f5", Value::Bool(true)),
            ("f6", Value::Null),
            ("4401020304", Value::Bytes(&[1, 2, 3, 4])),
            ("62c3bc", Value::Text("ü")),
            ("80", Value::Array(vec![])),
        ] {
            assert_eq!(Value::whole(&bytes(hex)), Ok(expected), "{hex}");
        }
        let map = bytes("a26161016162820203");
        let map = Value::whole(&map).unwrap();
        assert_eq!(map.named("a").and_then(Value::integer), Some(1));
        assert!(map.named("c").is_none() && map.at(1).is_none());
    }

    #[test]
    fn what_no_authenticator_writes_is_refused() {
        for (hex, why) in [
            ("", "nothing"),
            ("0000", "more than one item"),
            ("1817", "a longer form than needed"),
            ("1900ff", "a longer form than needed"),
            ("1bffffffffffffffff", "a number beyond what we count"),
            ("5f42010243030405ff", "no length beforehand"),
            ("c074323031332d30332d32315432303a30343a30305a", "a tag"),
            ("f93c00", "a float"),
            ("f7", "undefined"),
            ("42 01", "cut"),
            ("9bffffffff00000000", "a length beyond the message"),
            ("61ff", "no UTF-8"),
            ("a2 01 02 01 03", "a member twice"),
            ("8181818181 00", "too deep"),
        ] {
            assert_eq!(Value::whole(&bytes(hex)), Err(MALFORMED), "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_input_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Value::whole(&bytes);
        }
    }
}
