//! The UCUM grammar (case-sensitive), evaluated while it is read.

use crate::atoms::{self, ATOMS, PREFIXES};
use crate::error::{UnitError, UnitErrorKind};
use crate::factor::Factor;
use crate::measure::Measure;

const MAX_LENGTH: usize = 512;
const MAX_DEPTH: usize = 16;

type Result<T> = std::result::Result<T, UnitError>;

/// Parses a code with the resolved table.
pub(crate) fn parse(code: &str) -> Result<Measure> {
    parse_with(code, &mut atoms::measure)
}

/// Parses a code, asking `resolve` for the measure of a symbol.
pub(crate) fn parse_with(code: &str, resolve: &mut dyn FnMut(usize) -> Measure) -> Result<Measure> {
    let mut parser = Parser {
        code,
        position: 0,
        depth: 0,
        resolve,
    };
    if code.is_empty() {
        return parser.fail(0, UnitErrorKind::Empty);
    }
    if code.len() > MAX_LENGTH {
        return parser.fail(MAX_LENGTH, UnitErrorKind::TooComplex);
    }
    let measure = parser.term()?;
    if parser.position < code.len() {
        return parser.unexpected();
    }
    Ok(measure)
}

struct Parser<'c, 'r> {
    code: &'c str,
    position: usize,
    depth: usize,
    resolve: &'r mut dyn FnMut(usize) -> Measure,
}

impl<'c> Parser<'c, '_> {
    fn fail<T>(&self, position: usize, kind: UnitErrorKind) -> Result<T> {
        Err(UnitError { position, kind })
    }

    fn unexpected<T>(&self) -> Result<T> {
        match self.code[self.position..].chars().next() {
            Some(found) => self.fail(self.position, UnitErrorKind::UnexpectedCharacter(found)),
            None => self.fail(self.position, UnitErrorKind::Expected("a unit")),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.code.as_bytes().get(self.position).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    /// `/`? component (`.` component | `/` component)*, each `/` for the component after it only.
    fn term(&mut self) -> Result<Measure> {
        let mut product = Measure::default();
        let mut is_divisor = self.accept(b'/');
        loop {
            let component = self.component()?;
            let component = if is_divisor {
                component.power(-1)
            } else {
                component
            };
            product = product.multiply(component);
            is_divisor = match self.peek() {
                Some(b'.') => false,
                Some(b'/') => true,
                _ => return Ok(product),
            };
            self.position += 1;
        }
    }

    fn component(&mut self) -> Result<Measure> {
        let start = self.position;
        match self.peek() {
            Some(b'(') => {
                self.position += 1;
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return self.fail(start, UnitErrorKind::TooComplex);
                }
                let inner = self.term()?;
                if !self.accept(b')') {
                    return match self.peek() {
                        None => self.fail(start, UnitErrorKind::Unclosed('(')),
                        Some(_) => self.unexpected(),
                    };
                }
                self.depth -= 1;
                Ok(inner)
            }
            Some(b'{') => {
                self.annotation()?;
                Ok(Measure::default())
            }
            Some(b'0'..=b'9') if !self.at_power_of_ten() => {
                let factor = self.number()?;
                self.annotation()?;
                Ok(Measure::number(factor))
            }
            _ => {
                let unit = self.simple_unit()?;
                let exponent = self.exponent()?;
                self.annotation()?;
                Ok(unit.power(exponent))
            }
        }
    }

    /// `10*` and `10^` are symbols of their own.
    fn at_power_of_ten(&self) -> bool {
        let rest = &self.code[self.position..];
        rest.starts_with("10*") || rest.starts_with("10^")
    }

    fn number(&mut self) -> Result<Factor> {
        let start = self.position;
        let digits = self.digits();
        match digits.parse().ok().and_then(Factor::integer) {
            Some(factor) => Ok(factor),
            None => self.fail(start, UnitErrorKind::NumberTooLarge),
        }
    }

    fn digits(&mut self) -> &'c str {
        let start = self.position;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
        &self.code[start..self.position]
    }

    fn exponent(&mut self) -> Result<i32> {
        let start = self.position;
        let is_signed = matches!(self.peek(), Some(b'+' | b'-'));
        self.position += usize::from(is_signed);
        let digits = self.digits();
        if digits.is_empty() {
            if is_signed {
                return self.fail(self.position, UnitErrorKind::Expected("an exponent"));
            }
            return Ok(1);
        }
        if digits.len() > 4 {
            return self.fail(start, UnitErrorKind::NumberTooLarge);
        }
        // At most four digits: always a number.
        let exponent = digits.parse().unwrap_or(0);
        let is_negative = self.code.as_bytes()[start] == b'-';
        Ok(if is_negative { -exponent } else { exponent })
    }

    /// `{…}`, which means nothing to arithmetic.
    fn annotation(&mut self) -> Result<()> {
        if self.peek() != Some(b'{') {
            return Ok(());
        }
        let rest = &self.code[self.position + 1..];
        let Some(length) = rest.find('}') else {
            return self.fail(self.position, UnitErrorKind::Unclosed('{'));
        };
        let is_plain = |c: char| c.is_ascii() && c != '{' && !c.is_ascii_control();
        if let Some((at, found)) = rest[..length].char_indices().find(|(_, c)| !is_plain(*c)) {
            let kind = UnitErrorKind::UnexpectedCharacter(found);
            return self.fail(self.position + 1 + at, kind);
        }
        self.position += length + 2;
        Ok(())
    }

    fn simple_unit(&mut self) -> Result<Measure> {
        let start = self.position;
        let symbol = self.symbol()?;
        if let Some(index) = atoms::find(symbol) {
            return Ok((self.resolve)(index));
        }
        let mut refused = None;
        for (prefix, value) in PREFIXES {
            let Some(index) = symbol.strip_prefix(prefix).and_then(atoms::find) else {
                continue;
            };
            let atom = &ATOMS[index];
            if atom.is_metric {
                let prefix = Factor::decimal(value).unwrap_or(Factor::ONE);
                return Ok((self.resolve)(index).prefixed(prefix));
            }
            refused = Some(atom.code);
        }
        let kind = match refused {
            Some(code) => UnitErrorKind::NotMetric(code.into()),
            None => UnitErrorKind::UnknownSymbol(symbol.into()),
        };
        self.fail(start, kind)
    }

    /// The text of a unit symbol with its prefix. Inside brackets anything goes.
    fn symbol(&mut self) -> Result<&'c str> {
        let start = self.position;
        if self.at_power_of_ten() {
            self.position += 3;
            return Ok(&self.code[start..self.position]);
        }
        while let Some(byte) = self.peek() {
            match byte {
                b'[' => {
                    let rest = &self.code[self.position..];
                    let Some(length) = rest.find(']') else {
                        return self.fail(self.position, UnitErrorKind::Unclosed('['));
                    };
                    self.position += length + 1;
                }
                b'.' | b'/' | b'(' | b')' | b'{' | b'}' | b'+' | b'-' | b'0'..=b'9' => break,
                b'!'..=b'~' => self.position += 1,
                _ => return self.unexpected(),
            }
        }
        if self.position == start {
            return self.unexpected();
        }
        Ok(&self.code[start..self.position])
    }
}
