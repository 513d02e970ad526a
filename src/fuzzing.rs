//! Doors for the fuzz targets into what is private otherwise. They exist only where cargo-fuzz builds the crate.

pub use crate::adapters::control_plane::{
    fuzzed_authorization as read_authorization, fuzzed_bindings as read_bindings,
    fuzzed_correlation_id as show_correlation_id, fuzzed_poll as read_poll, fuzzed_principal as read_principal,
    fuzzed_problem as show_problem, fuzzed_token_list as read_token_list,
};
pub use crate::adapters::toml_store::{fuzzed_cut as cut, fuzzed_pointer as point, fuzzed_session as store};
pub use crate::use_cases::login::{PollEvent, PollStep, Polling, decide};
