//! Property tests of the edits.

mod properties;
