//! Numbers as integers in the same order.
//!
//! Side rows hold dates and numbers in one pair of integer columns, whose comparison PostgreSQL may
//! use under row-level security.

/// The integer whose order among others is that of `value` among numbers; −0 equals 0.
pub(crate) fn sortable(value: f64) -> i64 {
    // Adding zero turns −0 into 0.
    let bits = (value + 0.0).to_bits().cast_signed();
    if bits < 0 { !bits ^ i64::MIN } else { bits }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn zeros_are_equal_and_infinities_are_the_ends() {
        assert_eq!(sortable(-0.0), sortable(0.0));
        assert!(sortable(f64::NEG_INFINITY) < sortable(f64::MIN));
        assert!(sortable(f64::MAX) < sortable(f64::INFINITY));
        assert!(sortable(-1.0) < sortable(-0.5));
    }

    proptest! {
        #[test]
        fn order_is_kept(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(!a.is_nan() && !b.is_nan());
            prop_assert_eq!(sortable(a).cmp(&sortable(b)), a.partial_cmp(&b).unwrap());
        }
    }
}
