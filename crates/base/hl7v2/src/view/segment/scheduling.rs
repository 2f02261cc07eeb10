//! Appointments and their resources.

use super::segments;

segments! {
    /// SCH: an appointment.
    Sch "SCH" {
        /// The placer's number.
        1 placer_id -> one Ei;
        /// The filler's number.
        2 filler_id -> one Ei;
        /// Which occurrence of a series.
        3 occurrence -> one Leaf;
        /// Schedule.
        5 schedule -> one Cwe;
        /// Why the event happened.
        6 event_reason -> one Cwe;
        /// Why the appointment is made.
        7 reason -> one Cwe;
        /// Kind; table 0277.
        8 kind -> one Cwe;
        /// Duration, before version 2.5.
        9 duration -> one Leaf;
        /// Its units.
        10 duration_units -> one Cwe;
        /// Timing; its start and end are the appointment's.
        11 timings -> each Tq;
        /// Who placed it.
        12 placers -> each Xcn;
        /// Who answers for it at the filler.
        16 fillers -> each Xcn;
        /// Who entered it.
        20 entered_by -> each Xcn;
        /// The parent's placer number.
        23 parent_placer_id -> one Ei;
        /// The parent's filler number.
        24 parent_filler_id -> one Ei;
        /// Status; table 0278.
        25 status -> one Cwe;
        /// The placer's order numbers.
        26 placer_orders -> each Ei;
        /// The filler's order numbers.
        27 filler_orders -> each Ei;
    }
    /// RGS: a group of resources.
    Rgs "RGS" {
        /// Number.
        1 set_id -> one Leaf;
        /// Add, delete, update; table 0206.
        2 action -> one Leaf;
        /// The group.
        3 group -> one Cwe;
    }
    /// AIS: a service.
    Ais "AIS" {
        /// Number.
        1 set_id -> one Leaf;
        /// Add, delete, update; table 0206.
        2 action -> one Leaf;
        /// The service.
        3 service -> one Cwe;
        /// Start.
        4 start -> one Leaf;
        /// Offset from the appointment's start.
        5 start_offset -> one Leaf;
        /// Its units.
        6 start_offset_units -> one Cwe;
        /// Duration.
        7 duration -> one Leaf;
        /// Its units.
        8 duration_units -> one Cwe;
        /// Status; table 0278.
        10 status -> one Cwe;
    }
    /// AIG: a general resource.
    Aig "AIG" {
        /// Number.
        1 set_id -> one Leaf;
        /// Add, delete, update; table 0206.
        2 action -> one Leaf;
        /// The resource.
        3 resource -> one Cwe;
        /// Its kind.
        4 kind -> one Cwe;
        /// Start.
        8 start -> one Leaf;
        /// Duration.
        11 duration -> one Leaf;
        /// Its units.
        12 duration_units -> one Cwe;
        /// Status; table 0278.
        14 status -> one Cwe;
    }
    /// AIL: a place.
    Ail "AIL" {
        /// Number.
        1 set_id -> one Leaf;
        /// Add, delete, update; table 0206.
        2 action -> one Leaf;
        /// The places.
        3 locations -> each Pl;
        /// Their kind.
        4 kind -> one Cwe;
        /// Start.
        6 start -> one Leaf;
        /// Duration.
        9 duration -> one Leaf;
        /// Its units.
        10 duration_units -> one Cwe;
        /// Status; table 0278.
        12 status -> one Cwe;
    }
    /// AIP: a person.
    Aip "AIP" {
        /// Number.
        1 set_id -> one Leaf;
        /// Add, delete, update; table 0206.
        2 action -> one Leaf;
        /// The persons.
        3 persons -> each Xcn;
        /// Their role.
        4 role -> one Cwe;
        /// Start.
        6 start -> one Leaf;
        /// Duration.
        9 duration -> one Leaf;
        /// Its units.
        10 duration_units -> one Cwe;
        /// Status; table 0278.
        12 status -> one Cwe;
    }
}
