//! Orders.

use super::segments;

segments! {
    /// ORC: common order.
    Orc "ORC" {
        /// New, cancel, results, …; table 0119.
        1 control -> one Leaf;
        /// The placer's number.
        2 placer_number -> one Ei;
        /// The filler's number.
        3 filler_number -> one Ei;
        /// The placer's group number.
        4 group_number -> one Ei;
        /// Status; table 0038.
        5 status -> one Leaf;
        /// Timing, before version 2.5.
        7 timings -> each Tq;
        /// Parent order.
        8 parent -> one Leaf;
        /// When the transaction happened.
        9 transaction_time -> one Leaf;
        /// Who entered it.
        10 entered_by -> each Xcn;
        /// Who verified it.
        11 verified_by -> each Xcn;
        /// Who ordered it.
        12 ordering_providers -> each Xcn;
        /// Where it was entered.
        13 location -> one Pl;
        /// Call-back telephones.
        14 callback_phones -> each Xtn;
        /// Effective.
        15 effective -> one Leaf;
        /// Why.
        16 reason -> one Cwe;
        /// Ordering facilities.
        21 ordering_facilities -> each Xon;
        /// Their addresses.
        22 ordering_facility_addresses -> each Xad;
    }
    /// OBR: a requested observation.
    Obr "OBR" {
        /// Number.
        1 set_id -> one Leaf;
        /// The placer's number.
        2 placer_number -> one Ei;
        /// The filler's number.
        3 filler_number -> one Ei;
        /// What is requested.
        4 service -> one Cwe;
        /// Priority, before version 2.5.
        5 priority -> one Leaf;
        /// Requested for, before version 2.5.
        6 requested -> one Leaf;
        /// Observed from.
        7 observed -> one Leaf;
        /// Observed until.
        8 observed_end -> one Leaf;
        /// Who collected the specimen.
        10 collectors -> each Xcn;
        /// What to do with the specimen.
        11 specimen_action -> one Leaf;
        /// Clinical information.
        13 clinical_information -> one Cwe;
        /// When the specimen was received, before version 2.5.
        14 specimen_received -> one Leaf;
        /// Specimen source, before version 2.5.
        15 specimen_source -> one Leaf;
        /// Who ordered it.
        16 ordering_providers -> each Xcn;
        /// Call-back telephones.
        17 callback_phones -> each Xtn;
        /// Placer's field 1, often the accession number.
        18 placer_field -> one Leaf;
        /// When the results changed.
        22 results_changed -> one Leaf;
        /// Department; table 0074.
        24 section -> one Leaf;
        /// Status of the results; table 0123.
        25 status -> one Leaf;
        /// Parent result.
        26 parent_result -> one Leaf;
        /// Timing, before version 2.5.
        27 timings -> each Tq;
        /// Copies to.
        28 copies_to -> each Xcn;
        /// Parent order.
        29 parent -> one Leaf;
        /// Why.
        31 reasons -> each Cwe;
        /// Who interpreted it.
        32 interpreter -> one Leaf;
        /// Scheduled for.
        36 scheduled -> one Leaf;
        /// Procedure.
        44 procedure -> one Cwe;
    }
    /// TQ1: timing and quantity.
    Tq1 "TQ1" {
        /// Number.
        1 set_id -> one Leaf;
        /// Quantity of one service.
        2 quantity -> one Cq;
        /// Repeat patterns such as `BID` or `Q6H`.
        3 repeat_patterns -> each Leaf;
        /// Times of day.
        4 times -> each Leaf;
        /// Periods after an event.
        5 periods -> each Cq;
        /// How long.
        6 durations -> each Cq;
        /// Start.
        7 start -> one Leaf;
        /// End.
        8 end -> one Leaf;
        /// Stat, routine, …; table 0485.
        9 priorities -> each Cwe;
        /// When as text.
        10 condition -> one Leaf;
        /// Instructions.
        11 instruction -> one Leaf;
        /// Duration of one occurrence.
        13 occurrence_duration -> one Cq;
        /// How many in all.
        14 total_occurrences -> one Leaf;
    }
}
