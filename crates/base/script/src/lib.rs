//! NCPDP SCRIPT messages: strict builder, tolerant reader.
