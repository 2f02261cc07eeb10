//! Ports, commands and events that one context offers another.
