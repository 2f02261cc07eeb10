//! Tokens of the FHIRPath grammar, read from bytes on demand.
//!
//! Keywords (`and`, `is`, `div`, …) are ordinary identifiers here, because most of them may also
//! be element names; the parser decides by position.

use rust_decimal::Decimal;

use crate::system::{Date, DateTime, Quantity, Time, Unit};

/// Why an expression is not FHIRPath, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at offset {position}")]
pub struct ParseError {
    /// Byte offset in the expression.
    pub position: usize,
    /// What is wrong.
    pub kind: ParseErrorKind,
}

/// The kinds of [`ParseError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorKind {
    /// The text ends in the middle of an expression.
    #[error("unexpected end of the expression")]
    UnexpectedEnd,
    /// Something else was needed here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A byte that starts no token.
    #[error("unexpected character {0:?}")]
    UnexpectedCharacter(char),
    /// A string, delimited identifier or comment without its end.
    #[error("unterminated {0}")]
    Unterminated(&'static str),
    /// An escape sequence that the grammar does not know.
    #[error("invalid escape sequence")]
    InvalidEscape,
    /// A number, date or time that cannot be represented.
    #[error("invalid {0} literal")]
    InvalidLiteral(&'static str),
    /// No function has this name.
    #[error("unknown function {0}")]
    UnknownFunction(Box<str>),
    /// A function with too few or too many arguments.
    #[error("wrong number of arguments for {0}")]
    ArgumentCount(&'static str),
    /// More nesting than [`crate::MAX_DEPTH`].
    #[error("the expression is nested too deeply")]
    TooDeep,
    /// More text than [`crate::MAX_LENGTH`].
    #[error("the expression is too long")]
    TooLong,
}

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare identifier or keyword.
    Identifier(Box<str>),
    /// A `` `delimited` `` identifier: never a keyword.
    Delimited(Box<str>),
    String(Box<str>),
    Integer(i64),
    Decimal(Decimal),
    Date(Date),
    DateTime(DateTime),
    Time(Time),
    /// `$this`, `$index`, `$total` without the dollar sign.
    Dollar(Box<str>),
    /// Punctuation, one or two bytes.
    Symbol(&'static str),
    End,
}

/// Reads tokens from an expression.
pub(super) struct Lexer<'s> {
    text: &'s str,
    position: usize,
}

const SYMBOLS: [&str; 25] = [
    "!=", "!~", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "&", "|",
    "=", "~", "<", ">", "%", "$", "@",
];

impl<'s> Lexer<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        Self { text, position: 0 }
    }

    /// Skips blanks and returns the next token with its offset.
    pub(super) fn next(&mut self) -> Result<(Token, usize), ParseError> {
        self.skip_blanks()?;
        let start = self.position;
        let Some(byte) = self.peek(0) else {
            return Ok((Token::End, start));
        };
        let token = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' => Token::Identifier(self.word().into()),
            b'`' => Token::Delimited(self.quoted(b'`', "delimited identifier")?),
            b'\'' => Token::String(self.quoted(b'\'', "string")?),
            b'0'..=b'9' => self.number()?,
            b'@' => self.temporal()?,
            b'$' => {
                self.position += 1;
                Token::Dollar(self.word().into())
            }
            _ => self.symbol()?,
        };
        Ok((token, start))
    }

    pub(super) fn error<T>(&self, position: usize, kind: ParseErrorKind) -> Result<T, ParseError> {
        Err(ParseError { position, kind })
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.position + ahead).copied()
    }

    fn skip_blanks(&mut self) -> Result<(), ParseError> {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(b' ' | b'\t' | b'\r' | b'\n'), _) => self.position += 1,
                // A byte order mark or no-break space is what word processors leave behind.
                (Some(0xC2), Some(0xA0)) => self.position += 2,
                (Some(b'/'), Some(b'/')) => {
                    let rest = &self.text.as_bytes()[self.position..];
                    self.position += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                }
                (Some(b'/'), Some(b'*')) => {
                    let Some(length) = self.text[self.position + 2..].find("*/") else {
                        return self.error(self.position, ParseErrorKind::Unterminated("comment"));
                    };
                    self.position += length + 4;
                }
                _ => return Ok(()),
            }
        }
    }

    fn word(&mut self) -> &'s str {
        let start = self.position;
        while matches!(
            self.peek(0),
            Some(b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_')
        ) {
            self.position += 1;
        }
        &self.text[start..self.position]
    }

    fn symbol(&mut self) -> Result<Token, ParseError> {
        let rest = &self.text[self.position..];
        for symbol in SYMBOLS {
            if rest.starts_with(symbol) {
                self.position += symbol.len();
                return Ok(Token::Symbol(symbol));
            }
        }
        let character = rest.chars().next().unwrap_or('\u{FFFD}');
        self.error(
            self.position,
            ParseErrorKind::UnexpectedCharacter(character),
        )
    }

    /// The text between two `quote` bytes, unescaped.
    fn quoted(&mut self, quote: u8, what: &'static str) -> Result<Box<str>, ParseError> {
        let start = self.position;
        self.position += 1;
        let mut text = String::new();
        loop {
            let run = self.position;
            while self.peek(0).is_some_and(|b| b != quote && b != b'\\') {
                self.position += 1;
            }
            text.push_str(&self.text[run..self.position]);
            match self.peek(0) {
                None => return self.error(start, ParseErrorKind::Unterminated(what)),
                Some(b'\\') => self.escape(&mut text)?,
                Some(_) => {
                    self.position += 1;
                    return Ok(text.into());
                }
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), ParseError> {
        let start = self.position;
        let character = match self.peek(1) {
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'f') => '\u{c}',
            Some(byte @ (b'\\' | b'/' | b'"' | b'`' | b'\'')) => char::from(byte),
            Some(b'u') => {
                text.push(self.unicode_escape(start)?);
                return Ok(());
            }
            _ => return self.error(start, ParseErrorKind::InvalidEscape),
        };
        self.position += 2;
        text.push(character);
        Ok(())
    }

    /// `\uXXXX`, or a pair of them for a surrogate pair.
    fn unicode_escape(&mut self, start: usize) -> Result<char, ParseError> {
        let unit = self.code_unit(start)?;
        if let Some(character) = char::from_u32(unit) {
            return Ok(character);
        }
        let low = self.code_unit(start)?;
        let decoded = char::decode_utf16([unit, low].map(|u| u as u16)).next();
        match decoded {
            Some(Ok(character)) => Ok(character),
            _ => self.error(start, ParseErrorKind::InvalidEscape),
        }
    }

    fn code_unit(&mut self, start: usize) -> Result<u32, ParseError> {
        let digits = self
            .text
            .get(self.position..self.position + 6)
            .and_then(|t| t.strip_prefix("\\u"))
            .filter(|t| t.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(unit) = digits.and_then(|d| u32::from_str_radix(d, 16).ok()) else {
            return self.error(start, ParseErrorKind::InvalidEscape);
        };
        self.position += 6;
        Ok(unit)
    }

    fn number(&mut self) -> Result<Token, ParseError> {
        let start = self.position;
        self.digits();
        let is_decimal =
            self.peek(0) == Some(b'.') && self.peek(1).is_some_and(|b| b.is_ascii_digit());
        if is_decimal {
            self.position += 1;
            self.digits();
        }
        let text = &self.text[start..self.position];
        if is_decimal {
            return match Decimal::from_str_exact(text) {
                Ok(value) => Ok(Token::Decimal(value)),
                Err(_) => self.error(start, ParseErrorKind::InvalidLiteral("decimal")),
            };
        }
        // A trailing L marks a Long; both kinds are 64-bit here.
        let is_long =
            self.peek(0) == Some(b'L') && !self.peek(1).is_some_and(|b| b.is_ascii_alphanumeric());
        if is_long {
            self.position += 1;
        }
        match text.parse() {
            Ok(value) => Ok(Token::Integer(value)),
            Err(_) => self.error(start, ParseErrorKind::InvalidLiteral("integer")),
        }
    }

    fn digits(&mut self) {
        while self.peek(0).is_some_and(|b| b.is_ascii_digit()) {
            self.position += 1;
        }
    }

    /// `@2015`, `@2015-02-04T14:34:28+10:00`, `@T14:34`.
    fn temporal(&mut self) -> Result<Token, ParseError> {
        let start = self.position;
        self.position += 1;
        if self.peek(0) == Some(b'T') {
            self.position += 1;
            let text = self.temporal_run(b":.");
            return match Time::parse(text) {
                Some(time) => Ok(Token::Time(time)),
                None => self.error(start, ParseErrorKind::InvalidLiteral("time")),
            };
        }
        let date_start = self.position;
        self.temporal_run(b"-");
        let is_date_time = self.peek(0) == Some(b'T');
        if is_date_time {
            self.position += 1;
            self.temporal_run(b":.");
            match self.peek(0) {
                Some(b'Z') => self.position += 1,
                Some(b'+' | b'-') if self.peek(1).is_some_and(|b| b.is_ascii_digit()) => {
                    self.position += 1;
                    self.temporal_run(b":");
                }
                _ => {}
            }
        }
        let text = &self.text[date_start..self.position];
        let token = if is_date_time {
            DateTime::parse(text).map(Token::DateTime)
        } else {
            Date::parse(text).map(Token::Date)
        };
        match token {
            Some(token) => Ok(token),
            None => self.error(start, ParseErrorKind::InvalidLiteral("date")),
        }
    }

    /// Digits and those `separators` that stand before a digit.
    fn temporal_run(&mut self, separators: &[u8]) -> &'s str {
        let start = self.position;
        while let Some(byte) = self.peek(0) {
            let joins =
                separators.contains(&byte) && self.peek(1).is_some_and(|b| b.is_ascii_digit());
            if !byte.is_ascii_digit() && !joins {
                break;
            }
            self.position += 1;
        }
        &self.text[start..self.position]
    }
}

/// Reads the text form of a quantity: `4 days`, `10.5 'mg'` or a bare number (unit `'1'`).
pub(crate) fn parse_quantity_text(text: &str) -> Option<Quantity<'static>> {
    let text = text.trim();
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (Decimal::NEGATIVE_ONE, rest),
        None => (Decimal::ONE, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut lexer = Lexer::new(unsigned);
    let magnitude = match lexer.next().ok()?.0 {
        Token::Integer(value) => Decimal::from(value),
        Token::Decimal(value) => value,
        _ => return None,
    };
    let unit = match lexer.next().ok()?.0 {
        Token::End => Unit::ucum("1".to_owned()),
        Token::String(code) => Unit::ucum(code.into_string()),
        Token::Identifier(word) => Unit::calendar(&word)?,
        _ => return None,
    };
    let at_end = matches!(lexer.next().ok()?.0, Token::End);
    at_end.then(|| Quantity::new(sign * magnitude, unit))
}
