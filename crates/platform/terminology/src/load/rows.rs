//! Rows of delimited files: CSV as LOINC is published, tab-separated SNOMED CT, and the pipes of
//! RxNorm and CPT. Read line by line, so that a file of gigabytes needs no memory.

use std::io::{self, BufRead};

/// Bytes of one row at most.
const MAX_ROW: usize = 1 << 20;

/// How a field may hold the delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quotes {
    /// It cannot; a quotation mark is a character like others.
    None,
    /// Inside double quotation marks (RFC 4180).
    Double,
}

/// Why a row cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The file cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The row is longer than any real one.
    #[error("line {line} is too long")]
    TooLong {
        /// Line, from 1.
        line: u64,
    },
    /// The row is not UTF-8.
    #[error("line {line} is not UTF-8")]
    NotUtf8 {
        /// Line, from 1.
        line: u64,
    },
    /// A quotation mark is not closed.
    #[error("a quotation mark opened on line {line} is not closed")]
    OpenQuote {
        /// Line, from 1.
        line: u64,
    },
}

/// Reads rows.
#[derive(Debug)]
pub struct Delimited<R> {
    input: R,
    delimiter: u8,
    quotes: Quotes,
    line: u64,
    bytes: u64,
    raw: Vec<u8>,
    row: Vec<String>,
}

impl<R: BufRead> Delimited<R> {
    /// A reader of rows.
    pub fn new(input: R, delimiter: u8, quotes: Quotes) -> Self {
        Self {
            input,
            delimiter,
            quotes,
            line: 0,
            bytes: 0,
            raw: Vec::new(),
            row: Vec::new(),
        }
    }

    /// Line of the last row, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next row that is not empty.
    ///
    /// # Errors
    /// See [`RowError`].
    pub fn next_row(&mut self) -> Result<Option<&[String]>, RowError> {
        self.raw.clear();
        loop {
            let start = self.line + 1;
            if !self.read_line()? {
                return Ok(None);
            }
            while self.quotes == Quotes::Double && self.has_open_quote() {
                if !self.read_line()? {
                    return Err(RowError::OpenQuote { line: start });
                }
            }
            if !self.raw.is_empty() {
                break;
            }
        }
        self.split()?;
        Ok(Some(&self.row))
    }

    /// Adds a line to the raw row, without its end unless the row goes on.
    fn read_line(&mut self) -> Result<bool, RowError> {
        if !self.raw.is_empty() {
            self.raw.push(b'\n');
        }
        let room = (MAX_ROW - self.raw.len().min(MAX_ROW)) as u64 + 1;
        let read = io::Read::take(&mut self.input, room).read_until(b'\n', &mut self.raw)?;
        self.line += 1;
        self.bytes += read as u64;
        if self.raw.len() > MAX_ROW {
            return Err(RowError::TooLong { line: self.line });
        }
        if self.line == 1 && self.raw.starts_with("\u{feff}".as_bytes()) {
            self.raw.drain(..3);
        }
        if self.raw.last() == Some(&b'\n') {
            self.raw.pop();
        }
        if self.raw.last() == Some(&b'\r') {
            self.raw.pop();
        }
        Ok(read > 0)
    }

    fn has_open_quote(&self) -> bool {
        self.raw.iter().filter(|byte| **byte == b'"').count() % 2 == 1
    }

    fn split(&mut self) -> Result<(), RowError> {
        let line = self.line;
        let text = std::str::from_utf8(&self.raw).map_err(|_| RowError::NotUtf8 { line })?;
        self.row.clear();
        let delimiter = char::from(self.delimiter);
        if self.quotes == Quotes::None {
            self.row.extend(text.split(delimiter).map(str::to_owned));
            return Ok(());
        }
        let mut field = String::new();
        let (mut quoted, mut chars) = (false, text.chars().peekable());
        while let Some(char) = chars.next() {
            match char {
                '"' if quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
                '"' => quoted = !quoted,
                other if other == delimiter && !quoted => self.row.push(std::mem::take(&mut field)),
                other => field.push(other),
            }
        }
        self.row.push(field);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, delimiter: u8, quotes: Quotes) -> Result<Vec<Vec<String>>, RowError> {
        let mut input = Delimited::new(text.as_bytes(), delimiter, quotes);
        let mut all = Vec::new();
        while let Some(row) = input.next_row()? {
            all.push(row.to_vec());
        }
        Ok(all)
    }

    #[test]
    fn quoted_fields_hold_delimiters_quotes_and_line_ends() {
        let text = "\u{feff}a,b\r\n\"1,2\",\"say \"\"x\"\"\"\n\n\"two\nlines\",\n";
        let read = rows(text, b',', Quotes::Double).expect("well formed");
        assert_eq!(read, [["a", "b"], ["1,2", "say \"x\""], ["two\nlines", ""]]);
    }

    #[test]
    fn quotes_are_characters_where_the_format_has_none() {
        let read = rows("5\" tube|x|\n", b'|', Quotes::None).expect("well formed");
        assert_eq!(read, [["5\" tube", "x", ""]]);
    }

    #[test]
    fn an_open_quote_and_a_broken_character_are_refused() {
        assert!(matches!(
            rows("\"a\nb", b',', Quotes::Double),
            Err(RowError::OpenQuote { line: 1 })
        ));
        let mut input = Delimited::new(&b"a\xff\n"[..], b',', Quotes::None);
        assert!(matches!(
            input.next_row(),
            Err(RowError::NotUtf8 { line: 1 })
        ));
    }
}
