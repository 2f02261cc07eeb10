//! Rows of the committed tables (RFC 4180).

use mt_terminology::load::rows::{Delimited, Quotes};

use super::Outcome;

/// The rows below the heading, with the wanted columns in the wanted order.
pub(super) fn table<const N: usize>(text: &str, columns: [&str; N]) -> Outcome<Vec<[String; N]>> {
    let mut rows = Delimited::new(text.as_bytes(), b',', Quotes::Double);
    let heading = rows.next_row()?.ok_or("the table is empty")?.to_vec();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        *place = heading
            .iter()
            .position(|own| own == column)
            .ok_or("a column is missing")?;
    }
    let mut out = Vec::new();
    while let Some(row) = rows.next_row()? {
        out.push(places.map(|place| row.get(place).cloned().unwrap_or_default()));
    }
    Ok(out)
}
