//! Distances on the globe.

/// Mean radius of the earth in metres (IUGG).
const EARTH: f64 = 6_371_008.8;

/// Great-circle distance in metres between two positions, degrees north and east.
pub(super) fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (north_a, north_b) = (a.0.to_radians(), b.0.to_radians());
    let half_north = ((north_b - north_a) / 2.0).sin();
    let half_east = ((b.1 - a.1).to_radians() / 2.0).sin();
    let chord = half_north * half_north + north_a.cos() * north_b.cos() * half_east * half_east;
    2.0 * EARTH * chord.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_distances_come_out_right() {
        let (berlin, hamburg) = ((52.520, 13.405), (53.551, 9.994));
        assert!((distance(berlin, hamburg) - 255_000.0).abs() < 1_000.0);
        assert_eq!(distance(berlin, berlin), 0.0);
        assert!((distance((0.0, 179.5), (0.0, -179.5)) - 111_195.0).abs() < 10.0);
    }
}
