//! The record of a run and its renderings. This floor decides nothing: no clock, no file, no socket.

pub mod record;
