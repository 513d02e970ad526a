//! What a login reports: its progress, and its outcome.

use std::fmt;
use std::time::Duration;

use super::browser::BrowserSkipped;
use super::call_error::CallError;
use super::token_revoker::Revocation;
use crate::domain::issued_token::TokenFacts;
use crate::domain::page_url::PageUrl;
use crate::domain::principal::Principal;
use crate::domain::server_url::ServerUrl;
use crate::domain::session::ProfileName;
use crate::domain::timestamp::Timestamp;
use crate::domain::token::TokenId;

/// What happens while a login runs. A login continues if it cannot be reported.
///
/// A reporter of progress must not block for long: a token may be on its way when it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginProgress {
    /// The page is not the server's own: a warning, told before the instructions.
    PageElsewhere {
        /// The origin of the page.
        page: String,
        /// The origin of the server.
        server: String,
    },
    /// The login is begun, and these are the instructions for its approval.
    Begun(Box<Instructions>),
    /// The instructions are given, the page was opened or not, and the operator is waited for.
    Waiting {
        /// Whether the page was opened.
        browser: Result<(), BrowserSkipped>,
        /// The page to enter the code on at another device, if the link in the instructions holds the code.
        page: Option<PageUrl>,
        /// How long the login can be approved.
        lifetime: Duration,
    },
    /// The server does not answer any more, and will be asked again: a warning, told once until it answers.
    PollFailed {
        /// The origin of the server.
        origin: String,
        /// What happened instead of an answer.
        cause: CallError,
    },
    /// The operator interrupted during a poll, whose response is awaited.
    Interrupted {
        /// How long it is awaited at most.
        limit: Duration,
    },
    /// The token has arrived, but an answer before it was lost, so another may have been issued that is stored nowhere: a
    /// warning.
    ResponseLost,
    /// Another program has removed the token that was replaced, which may be live, and the login fails: a warning.
    ReplacedLost(ReplacedToken),
    /// The session was stored, but the store could not be read afterwards. Another program may have removed the session,
    /// and its token is live: a warning.
    NotConfirmed {
        /// The profile that is to hold the session.
        profile: ProfileName,
        /// The token of the session.
        token: TokenFacts,
        /// Why the store could not be read.
        cause: String,
    },
}

/// How long a login can be approved, as an operator reads it: `10 minutes`, `1 minute`, `45 seconds`, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime(pub Duration);

impl fmt::Display for Lifetime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_millis().div_ceil(1000);
        let (number, unit) = if seconds < 60 { (seconds, "second") } else { (seconds.div_ceil(60), "minute") };
        write!(formatter, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

/// What an operator needs to approve a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instructions {
    /// The server that is logged in to.
    pub server: ServerUrl,
    /// The code that the page must show or be told: printable ASCII.
    pub user_code: String,
    /// The page on which the code is typed.
    pub page: PageUrl,
    /// The page on which the code stands already, if there is one.
    pub complete_page: Option<PageUrl>,
    /// How long the login can be approved.
    pub lifetime: Duration,
    /// How long to wait before each poll.
    pub interval: Duration,
}

/// A login that is complete: the session is stored, and the server did not say that it does not accept it.
///
/// Three of its facts come with a warning, since the operator may have to act: a missing `token_id`, an unknown
/// `principal`, and a replaced token that is [`Kept`](ReplacedState::Kept) or [`NotCleared`](ReplacedState::NotCleared).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginOutcome {
    /// The profile that holds the session.
    pub profile: ProfileName,
    /// The server that issued the token, as it was given.
    pub server: ServerUrl,
    /// The id of the token. One that is not a session token has none, so a logout cannot end it.
    pub token_id: Option<TokenId>,
    /// When the token expires, if that is known.
    pub expires_at: Option<Timestamp>,
    /// Who is logged in, or why the server did not say, in words.
    pub principal: Result<Principal, String>,
    /// The token that the profile held before, and what became of it.
    pub replaced: Option<Replaced>,
}

/// A token that had to make room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The token, and where it was put.
    pub token: ReplacedToken,
    /// What became of it.
    pub state: ReplacedState,
}

/// A token that was put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedToken {
    /// The id of a session token. A token without one cannot be ended by a logout.
    pub id: Option<TokenId>,
    /// The origin of the server that issued it, if its profile stores a usable one.
    pub origin: Option<String>,
    /// The profile that it was put into.
    pub kept_as: ProfileName,
}

/// Names the token.
impl fmt::Display for ReplacedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(formatter, "the replaced token {id}"),
            None => formatter.write_str("the replaced token, a token without an id,"),
        }
    }
}

impl ReplacedToken {
    /// Says that the token may still be live, and where.
    #[must_use]
    pub fn liveness(&self) -> String {
        let place = self.origin.as_ref().map(|origin| format!(" at {origin}")).unwrap_or_default();
        format!("{self} may still be live{place}")
    }
}

/// What became of a token that was put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplacedState {
    /// It was revoked, and its profile is cleared.
    Revoked,
    /// Its server says that it was gone before; its profile is cleared.
    Gone,
    /// It may still be live, and another program has removed its profile.
    Unstored {
        /// Why it is not known to be dead, in words.
        cause: String,
    },
    /// It may still be live, so it is kept in its profile.
    Kept {
        /// Why it is not known to be dead, in words.
        cause: String,
    },
    /// It is dead, but its profile is still stored, or may be after a power loss.
    NotCleared {
        /// Whether this login ended it.
        revocation: Revocation,
        /// What failed, in words.
        cause: String,
    },
}

/// The name in version 0.1.
#[doc(hidden)]
pub use self::ReplacedState as Fate;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetime_is_rounded_up_in_one_unit() {
        for (millis, text) in [
            (1, "1 second"),
            (1000, "1 second"),
            (1001, "2 seconds"),
            (59_000, "59 seconds"),
            (59_001, "1 minute"),
            (60_000, "1 minute"),
            (60_001, "2 minutes"),
            (600_000, "10 minutes"),
            (1_799_000, "30 minutes"),
        ] {
            assert_eq!(Lifetime(Duration::from_millis(millis)).to_string(), text);
        }
    }
}
