//! Header, event, acknowledgement, error and note segments.

use super::segments;

segments! {
    /// MSH: message header.
    Msh "MSH" {
        /// Sending application.
        3 sending_application -> one Hd;
        /// Sending facility.
        4 sending_facility -> one Hd;
        /// Receiving application.
        5 receiving_application -> one Hd;
        /// Receiving facility.
        6 receiving_facility -> one Hd;
        /// When the message was made.
        7 timestamp -> one Leaf;
        /// Security token.
        8 security -> one Leaf;
        /// Message code, event and structure.
        9 message_type -> one Msg;
        /// Message control id.
        10 control_id -> one Leaf;
        /// `P`, `T` or `D`.
        11 processing_id -> one Leaf;
        /// Version of the standard.
        12 version -> one Leaf;
        /// Sequence number protocol.
        13 sequence_number -> one Leaf;
        /// When the sender wants accept acknowledgements: `AL`, `NE`, `ER`, `SU`.
        15 accept_acknowledgement -> one Leaf;
        /// When the sender wants application acknowledgements.
        16 application_acknowledgement -> one Leaf;
        /// Country.
        17 country -> one Leaf;
        /// Character sets.
        18 character_sets -> each Leaf;
        /// Conformance profiles.
        21 profiles -> each Ei;
    }
    /// EVN: what happened and when.
    Evn "EVN" {
        /// Event code, before MSH-9 carried it.
        1 event -> one Leaf;
        /// When it was recorded.
        2 recorded -> one Leaf;
        /// When it is planned.
        3 planned -> one Leaf;
        /// Why; table 0062.
        4 reason -> one Cwe;
        /// Who recorded it.
        5 operators -> each Xcn;
        /// When it occurred.
        6 occurred -> one Leaf;
        /// Where it occurred.
        7 facility -> one Hd;
    }
    /// MSA: acknowledgement.
    Msa "MSA" {
        /// `AA`, `AE`, `AR`, `CA`, `CE`, `CR`.
        1 code -> one Leaf;
        /// Control id of the message acknowledged.
        2 control_id -> one Leaf;
        /// Text, before version 2.5.
        3 text -> one Leaf;
        /// Expected sequence number.
        4 expected_sequence_number -> one Leaf;
        /// Error condition, before version 2.5.
        6 error -> one Cwe;
    }
    /// ERR: an error in the message acknowledged.
    Err "ERR" {
        /// Code and location, before version 2.5.
        1 legacy -> each Leaf;
        /// Where.
        2 locations -> each Erl;
        /// What; table 0357.
        3 code -> one Cwe;
        /// `E`, `W`, `I`, `F`.
        4 severity -> one Leaf;
        /// The application's own code.
        5 application_code -> one Cwe;
        /// For the system's staff.
        7 diagnostic -> one Leaf;
        /// For the user.
        8 user_message -> one Leaf;
    }
    /// NTE: a note on what stands before it.
    Nte "NTE" {
        /// Number.
        1 set_id -> one Leaf;
        /// Who wrote it: `L`, `P`, `O`.
        2 source -> one Leaf;
        /// Lines of the note, formatted text.
        3 comments -> each Leaf;
        /// Kind of note.
        4 kind -> one Cwe;
    }
}
