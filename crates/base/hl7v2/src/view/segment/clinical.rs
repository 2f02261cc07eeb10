//! Observations, specimens and documents.

use super::segments;

segments! {
    /// OBX: an observation.
    Obx "OBX" {
        /// Number.
        1 set_id -> one Leaf;
        /// Type of the values: `NM`, `ST`, `CWE`, `ED`, …
        2 value_type -> one Leaf;
        /// What was observed.
        3 identifier -> one Cwe;
        /// Tells observations with one identifier apart.
        4 sub_id -> one Leaf;
        /// The values as codes or other composites; for text see the segment's field 5.
        5 values -> each Cwe;
        /// Units.
        6 units -> one Cwe;
        /// Reference range.
        7 reference_range -> one Leaf;
        /// Interpretation: `N`, `H`, `LL`, …; table 0078.
        8 interpretations -> each Cwe;
        /// Status: `F` final, `C` correction, `P` preliminary, `W` wrong, `D` delete, `X` none;
        /// table 0085.
        11 status -> one Leaf;
        /// When it was observed.
        14 observed -> one Leaf;
        /// Who is responsible.
        15 producer -> one Cwe;
        /// Who observed.
        16 observers -> each Xcn;
        /// How.
        17 methods -> each Cwe;
        /// With what.
        18 equipment -> each Ei;
        /// When it was analysed.
        19 analysed -> one Leaf;
        /// Performing organisation.
        23 performing_organization -> one Xon;
        /// Its address.
        24 performing_address -> one Xad;
        /// Its director.
        25 performing_director -> one Xcn;
    }
    /// SPM: a specimen.
    Spm "SPM" {
        /// Number.
        1 set_id -> one Leaf;
        /// Identifier: placer's and filler's, one level deeper.
        2 identifier -> one Leaf;
        /// What it is.
        4 kind -> one Cwe;
        /// How it was collected.
        7 collection_method -> one Cwe;
        /// Where on the body.
        8 source_site -> one Cwe;
        /// How much.
        12 amount -> one Cq;
        /// Collected from and until.
        17 collected -> one Dr;
        /// Received.
        18 received -> one Leaf;
        /// Why it was rejected.
        21 reject_reasons -> each Cwe;
        /// Its condition.
        24 conditions -> each Cwe;
    }
    /// TXA: a document.
    Txa "TXA" {
        /// Number.
        1 set_id -> one Leaf;
        /// Kind of document; table 0270.
        2 kind -> one Cwe;
        /// How its content is presented; table 0191.
        3 presentation -> one Leaf;
        /// When the activity happened.
        4 activity_time -> one Leaf;
        /// Who did it.
        5 primary_providers -> each Xcn;
        /// Originated.
        6 originated -> one Leaf;
        /// Transcribed.
        7 transcribed -> one Leaf;
        /// Edited.
        8 edited -> each Leaf;
        /// Who originated it.
        9 originators -> each Xcn;
        /// Who authenticated it.
        10 authenticators -> each Xcn;
        /// Who typed it.
        11 transcriptionists -> each Xcn;
        /// Its unique number.
        12 document_number -> one Ei;
        /// The document it amends or replaces.
        13 parent_number -> one Ei;
        /// The placer's order numbers.
        14 placer_orders -> each Ei;
        /// The filler's order number.
        15 filler_order -> one Ei;
        /// File name.
        16 file_name -> one Leaf;
        /// In progress, authenticated, …; table 0271.
        17 completion -> one Leaf;
        /// Confidentiality; table 0272.
        18 confidentiality -> one Leaf;
        /// Availability; table 0273.
        19 availability -> one Leaf;
        /// Title, from version 2.8.
        25 title -> one Leaf;
    }
}
