//! One HTTP exchange: a `call`, sent by the `client` on a new or an idle `connection`, and its `response`.

mod body;
mod call;
mod client;
mod connection;
mod deadline;
mod idle_connection;
mod lenient_stream;
mod response;
mod transport;

pub(super) use self::body::Body;
pub(super) use self::call::{CALL_LIMIT, Call};
pub use self::client::ControlPlaneClient;
#[cfg(fuzzing)]
pub use self::response::fuzzed_correlation_id;
pub(super) use self::response::{ERROR_BODY_LIMIT, Response};
