//! Hash of the name table, shared by the build script that fills the table and the code that reads
//! it.

/// Size of the table: about a quarter full, so that most names are found at the first probe.
pub(crate) const SLOTS: usize = 8192;

/// The slot at which a name's probe sequence starts: a multiplicative mix of the length and of the
/// first and last eight bytes, which tells almost all FHIR names apart.
#[inline]
pub(crate) fn slot(name: &[u8]) -> usize {
    let (first, last) = match (name.first_chunk::<8>(), name.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (short(name), 0),
    };
    let mixed = (first ^ last.rotate_left(29)).wrapping_add(name.len() as u64);
    let mixed = mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    (mixed >> 48) as usize & (SLOTS - 1)
}

/// The slot to try after one that holds another name.
#[inline]
pub(crate) fn next(slot: usize) -> usize {
    (slot + 1) & (SLOTS - 1)
}

/// Up to seven bytes as one word, without a loop.
#[inline]
fn short(name: &[u8]) -> u64 {
    match (name.first_chunk::<4>(), name.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => match *name {
            [a] => u64::from(a),
            [a, b] => u64::from(u16::from_le_bytes([a, b])),
            [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
            _ => 0,
        },
    }
}
