//! Doors for the fuzz targets into what is private otherwise. They exist only where cargo-fuzz builds the crate.

use std::mem;
use std::time::Duration;

use crate::adapters::control_plane;
pub use crate::adapters::toml_store::{fuzzed_cut as cut, fuzzed_pointer as point, fuzzed_session as store};
use crate::domain::bearer_token::BearerToken;
use crate::domain::device_authorization::DeviceAuthorization;
use crate::domain::issued_token::IssuedToken;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;
use crate::domain::token::SessionToken;
use crate::domain::token_summary::TokenSummary;
use crate::ports::call_error::CallError;
use crate::ports::token_issuer::PollResponse;
use crate::use_cases::login::{NotIssued, PollEvent, PollStep, Polling, decide};

/// What an operator would see of a problem document.
pub struct Shown {
    /// Its title, code and detail.
    pub texts: [Option<String>; 3],
    /// The three in one line.
    pub line: String,
}

/// Reads and sanitizes a body as a problem document, if it is one.
#[must_use]
pub fn show_problem(body: &[u8], token: &SessionToken) -> Option<Shown> {
    let (texts, line) = control_plane::fuzzed_problem(body, token)?;
    Some(Shown { texts, line })
}

/// What has happened to a login that waits for its approval.
pub enum Event {
    /// The codes have arrived.
    Begun,
    /// The wait is over.
    Waited,
    /// A poll has ended.
    Responded(PollResponse),
}

/// What such a login does next.
#[derive(Debug)]
pub enum Step {
    /// It waits.
    Wait {
        /// For how long.
        duration: Duration,
        /// Whether the operator is told that the server does not answer.
        is_told: bool,
    },
    /// It polls.
    Poll,
    /// It takes the token.
    Take(IssuedToken),
    /// It gives up.
    GiveUp(NotIssued),
}

/// The table of polls, from event and time to step, and whether an answer is lost by then.
pub fn polling(authorization: &DeviceAuthorization, begun: Duration) -> impl FnMut(Event, Duration) -> (Step, bool) {
    let begin = move || Polling::new(authorization, begun);
    let mut state = begin();
    move |event, now| {
        let event = match event {
            Event::Begun => PollEvent::Begun,
            Event::Waited => PollEvent::Waited,
            Event::Responded(response) => PollEvent::Responded(response),
        };
        let (after, step) = decide(mem::replace(&mut state, begin()), event, now);
        state = after;
        let step = match step {
            PollStep::Wait { duration, first_failure } => Step::Wait { duration, is_told: first_failure.is_some() },
            PollStep::Poll => Step::Poll,
            PollStep::Take(token) => Step::Take(token),
            PollStep::GiveUp(reason) => Step::GiveUp(reason),
        };
        (step, state.is_response_lost())
    }
}

/// What the body of a 200 says to whoever asked for the codes.
///
/// # Errors
///
/// What is wrong with it, as the client would tell.
pub fn read_authorization(
    body: &[u8],
    is_complete: bool,
    server: &ServerUrl,
) -> Result<DeviceAuthorization, CallError> {
    control_plane::fuzzed_authorization(body, is_complete, server)
}

/// The head of an answer to a poll.
pub struct PollHead {
    /// The number in the status line.
    pub status: u16,
    /// The value of `Retry-After`.
    pub retry_after: Option<String>,
    /// Whether the body is said to be problem details.
    pub is_problem: bool,
    /// Whether a proxy could have answered.
    pub is_proxied: bool,
}

/// What an answer says to whoever polled with this code.
#[must_use]
pub fn read_poll(head: &PollHead, body: &[u8], is_complete: bool, code: &str) -> PollResponse {
    let PollHead { status, retry_after, is_problem, is_proxied } = head;
    let answer = (*status, retry_after.as_deref());
    control_plane::fuzzed_poll(answer, (*is_problem, *is_proxied), (body, is_complete), code)
}

/// What the body of a 200 says to whoever asked with this token.
///
/// # Errors
///
/// What is wrong with it, as the client would tell.
pub fn read_principal(body: &[u8], is_complete: bool, token: &BearerToken) -> Result<Principal, CallError> {
    control_plane::fuzzed_principal(body, is_complete, token)
}

/// The tokens of a list that arrives in pieces of this length.
///
/// # Errors
///
/// What is wrong with it, as the client would tell.
pub fn read_token_list(list: &[u8], piece: usize) -> Result<Vec<TokenSummary>, String> {
    control_plane::fuzzed_token_list(list, piece)
}
