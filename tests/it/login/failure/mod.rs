//! The rows of the outcome table in which nobody is logged in.

mod not_issued;
mod not_stored;
