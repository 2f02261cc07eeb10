//! Tests of the whole: the walls between crates, the command, the doors.

mod layers;
