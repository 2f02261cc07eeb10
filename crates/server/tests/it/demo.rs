//! The demonstration: its clinic is at work, and a second start changes nothing.

use std::process::Output;

use crate::running::Place;

fn check(place: &Place) -> (String, Output) {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples");
    let output = place.run(&["demo", "--check", "--samples", samples]);
    (String::from_utf8_lossy(&output.stdout).into_owned(), output)
}

#[test]
fn no_room_of_the_demonstration_is_empty_and_nothing_comes_twice() {
    let place = Place::new();
    let today = jiff::Zoned::now().date();
    let (said, output) = check(&place);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("more visits"), "{said}");
    assert!(said.contains("ok  the clinic is at work"), "{said}");
    let (said, output) = check(&place);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        said.contains("The sample records are there already."),
        "{said}"
    );
    assert!(said.contains("ok  the clinic is at work"), "{said}");
    // After midnight the visits of another day are made.
    let midnight = jiff::Zoned::now().date() != today;
    assert!(midnight || !said.contains("more visits"), "{said}");
}
