//! The four delimiters, read from the fixed-length interchange header (X12.5).

use thiserror::Error;

/// The length in bytes of an ISA segment with its terminator.
pub const HEADER_LENGTH: usize = 106;

/// Offsets of the element separator inside an ISA, one before each of its sixteen elements.
const SEPARATOR_OFFSETS: [usize; 16] = [
    3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103,
];

/// The separators that one interchange uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delimiters {
    /// Between elements: the byte at offset 3.
    pub element: u8,
    /// Between repetitions of an element: ISA11, unless it holds a letter (`U` before 5010).
    pub repetition: Option<u8>,
    /// Between components of a composite: ISA16.
    pub component: u8,
    /// After each segment: the byte at offset 105.
    pub segment: u8,
}

/// Why a header does not yield delimiters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// The file ends inside the header.
    #[error("the ISA segment is cut short: {found} of 106 bytes")]
    Short {
        /// Bytes present.
        found: usize,
    },
    /// An element of the ISA has the wrong length, so that a separator is not in its place.
    #[error(
        "ISA{element:02} does not begin at its fixed offset: an earlier element has the wrong length"
    )]
    Misaligned {
        /// The element that should begin there.
        element: usize,
    },
    /// Two delimiters are the same byte, or one is a letter, a digit, a space or not ASCII.
    #[error(
        "the ISA declares unusable delimiters: each must be a distinct punctuation or control character"
    )]
    Unusable,
}

impl Delimiters {
    /// The usual choice: `*`, `^`, `:`, `~`.
    pub const USUAL: Self = Self {
        element: b'*',
        repetition: Some(b'^'),
        component: b':',
        segment: b'~',
    };

    /// Reads the delimiters from the start of an interchange: offsets 3, 82, 104 and 105.
    pub fn from_header(header: &[u8]) -> Result<Self, HeaderError> {
        if header.len() < HEADER_LENGTH {
            return Err(HeaderError::Short {
                found: header.len(),
            });
        }
        let element = header[3];
        if let Some(found) = SEPARATOR_OFFSETS
            .iter()
            .position(|&at| header[at] != element)
        {
            return Err(HeaderError::Misaligned { element: found + 1 });
        }
        let repetition = Some(header[82]).filter(|byte| !byte.is_ascii_alphanumeric());
        let found = Self {
            element,
            repetition,
            component: header[104],
            segment: header[105],
        };
        if found.is_usable() {
            Ok(found)
        } else {
            Err(HeaderError::Unusable)
        }
    }

    /// Whether `byte` is one of the delimiters.
    pub fn contains(&self, byte: u8) -> bool {
        byte == self.element
            || byte == self.component
            || byte == self.segment
            || Some(byte) == self.repetition
    }

    fn is_usable(&self) -> bool {
        let all = [
            Some(self.element),
            Some(self.component),
            Some(self.segment),
            self.repetition,
        ];
        let distinct = all
            .iter()
            .enumerate()
            .all(|(at, byte)| byte.is_none() || !all[..at].contains(byte));
        distinct
            && all.iter().flatten().all(|byte| {
                byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b' ' && *byte != 0
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260601*1200*^*00501*000000001*0*P*:~";

    #[test]
    fn the_header_gives_all_four_delimiters() {
        assert_eq!(
            Delimiters::from_header(HEADER.as_bytes()),
            Ok(Delimiters::USUAL)
        );
    }

    #[test]
    fn a_letter_in_isa11_means_that_nothing_repeats() {
        let old = HEADER.replace('^', "U");
        let found = Delimiters::from_header(old.as_bytes()).expect("a usable header");
        assert_eq!(found.repetition, None);
    }

    #[test]
    fn a_header_with_a_short_element_is_refused_with_the_element_named() {
        let short = HEADER.replacen("          ", "         ", 1) + "G";
        assert_eq!(
            Delimiters::from_header(short.as_bytes()),
            Err(HeaderError::Misaligned { element: 3 })
        );
    }

    #[test]
    fn equal_or_alphanumeric_delimiters_are_refused() {
        for (from, to) in [
            ("*:~", "*~~"),
            ("*:~", "*A~"),
            ("*:~", "* ~"),
            ("*:~", "*:*"),
        ] {
            let bad = HEADER.replace(from, to);
            assert_eq!(
                Delimiters::from_header(bad.as_bytes()),
                Err(HeaderError::Unusable),
                "{to}"
            );
        }
    }
}
