//! Arrays of rows in PostgreSQL's binary form, built by hand.
//!
//! One parameter carries all rows of a batch: `insert … select * from unnest($1::records.res_in[])`.
//! Each row is encoded where it is prepared, in parallel; a batch only concatenates.

use bytes::{BufMut, BytesMut};
use postgres_types::{IsNull, Kind, ToSql, Type, to_sql_checked};
use uuid::Uuid;

/// Encodes the fields of one composite value, in the order of its type.
#[derive(Debug)]
pub(crate) struct RowEncoder {
    fields: i32,
    bytes: Vec<u8>,
}

/// One encoded composite value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EncodedRow(Vec<u8>);

impl RowEncoder {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        let mut buffer = Vec::with_capacity(bytes + 4);
        buffer.put_i32(0);
        Self {
            fields: 0,
            bytes: buffer,
        }
    }

    pub(crate) fn int2(mut self, value: i16) -> Self {
        self.field(&Type::INT2, 2);
        self.bytes.put_i16(value);
        self
    }

    pub(crate) fn int4(mut self, value: i32) -> Self {
        self.field(&Type::INT4, 4);
        self.bytes.put_i32(value);
        self
    }

    pub(crate) fn int8(mut self, value: i64) -> Self {
        self.field(&Type::INT8, 8);
        self.bytes.put_i64(value);
        self
    }

    pub(crate) fn optional_int8(mut self, value: Option<i64>) -> Self {
        match value {
            Some(value) => self.int8(value),
            None => {
                self.field(&Type::INT8, -1);
                self
            }
        }
    }

    pub(crate) fn bool(mut self, value: bool) -> Self {
        self.field(&Type::BOOL, 1);
        self.bytes.put_u8(u8::from(value));
        self
    }

    pub(crate) fn uuid(mut self, value: Uuid) -> Self {
        self.field(&Type::UUID, 16);
        self.bytes.put_slice(value.as_bytes());
        self
    }

    pub(crate) fn bytea(mut self, value: &[u8]) -> Self {
        self.field(&Type::BYTEA, length(value.len()));
        self.bytes.put_slice(value);
        self
    }

    pub(crate) fn optional_bytea(mut self, value: Option<&[u8]>) -> Self {
        match value {
            Some(value) => self.bytea(value),
            None => {
                self.field(&Type::BYTEA, -1);
                self
            }
        }
    }

    pub(crate) fn int8_array(self, values: &[i64]) -> Self {
        let items = values.iter().map(|value| value.to_be_bytes());
        self.array(&Type::INT8_ARRAY, &Type::INT8, items)
    }

    pub(crate) fn int4_array(self, values: impl ExactSizeIterator<Item = i32>) -> Self {
        self.array(&Type::INT4_ARRAY, &Type::INT4, values.map(i32::to_be_bytes))
    }

    pub(crate) fn int2_array(self, values: impl ExactSizeIterator<Item = i16>) -> Self {
        self.array(&Type::INT2_ARRAY, &Type::INT2, values.map(i16::to_be_bytes))
    }

    pub(crate) fn uuid_array(self, values: impl ExactSizeIterator<Item = Uuid>) -> Self {
        self.array(&Type::UUID_ARRAY, &Type::UUID, values.map(Uuid::into_bytes))
    }

    /// A one-dimensional array of fixed-size items without nulls.
    fn array<const N: usize>(
        mut self,
        array: &Type,
        item: &Type,
        values: impl ExactSizeIterator<Item = [u8; N]>,
    ) -> Self {
        let count = values.len();
        let dimensions: i32 = i32::from(count > 0);
        self.field(array, 12 + 8 * dimensions + length(count * (4 + N)));
        self.bytes.put_i32(dimensions);
        self.bytes.put_i32(0);
        self.bytes.put_u32(item.oid());
        if dimensions == 1 {
            self.bytes.put_i32(length(count));
            self.bytes.put_i32(1);
        }
        for value in values {
            self.bytes.put_i32(length(N));
            self.bytes.put_slice(&value);
        }
        self
    }

    pub(crate) fn finish(mut self) -> EncodedRow {
        let [a, b, c, d, ..] = self.bytes.as_mut_slice() else {
            return EncodedRow(self.bytes);
        };
        [*a, *b, *c, *d] = self.fields.to_be_bytes();
        EncodedRow(self.bytes)
    }

    fn field(&mut self, ty: &Type, length: i32) {
        self.fields += 1;
        self.bytes.put_u32(ty.oid());
        self.bytes.put_i32(length);
    }
}

/// Lengths come from values far below 2 GiB: bodies are limited to 64 MiB.
fn length(size: usize) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}

/// Encoded rows as one array parameter.
#[derive(Debug)]
pub(crate) struct RowArray<'a>(Vec<&'a EncodedRow>);

impl<'a> RowArray<'a> {
    pub(crate) fn new(rows: impl IntoIterator<Item = &'a EncodedRow>) -> Self {
        Self(rows.into_iter().collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl ToSql for RowArray<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Kind::Array(member) = ty.kind() else {
            return Err("not an array".into());
        };
        let size = self.0.iter().map(|row| row.0.len() + 4).sum::<usize>();
        out.reserve(size + 20);
        out.put_i32(i32::from(!self.0.is_empty()));
        out.put_i32(0);
        out.put_u32(member.oid());
        if !self.0.is_empty() {
            out.put_i32(i32::try_from(self.0.len())?);
            out.put_i32(1);
        }
        for row in &self.0 {
            out.put_i32(i32::try_from(row.0.len())?);
            out.put_slice(&row.0);
        }
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(ty.kind(), Kind::Array(member) if matches!(member.kind(), Kind::Composite(_)))
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_its_fields_with_types_and_lengths() {
        let row = RowEncoder::with_capacity(64)
            .int2(1)
            .optional_int8(None)
            .bool(true)
            .finish();
        let mut expected = Vec::new();
        expected.put_i32(3);
        expected.put_u32(21);
        expected.put_i32(2);
        expected.put_i16(1);
        expected.put_u32(20);
        expected.put_i32(-1);
        expected.put_u32(16);
        expected.put_i32(1);
        expected.put_u8(1);
        assert_eq!(row.0, expected);
    }

    #[test]
    fn the_announced_length_of_an_array_is_its_length() {
        for values in [vec![], vec![1], vec![1, 2, 3]] {
            let row = RowEncoder::with_capacity(0).int8_array(&values).finish();
            let announced = i32::from_be_bytes(row.0[8..12].try_into().unwrap());
            assert_eq!(usize::try_from(announced).unwrap(), row.0.len() - 12);
        }
    }
}
