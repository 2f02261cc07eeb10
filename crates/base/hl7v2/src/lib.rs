//! HL7 v2 messages: parse, edit, build, acknowledge, MLLP framing.
