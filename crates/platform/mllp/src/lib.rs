//! MLLP transport: asynchronous server and client.
