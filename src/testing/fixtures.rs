//! What a test can begin with.

use crate::domain::session::{ProfileName, Session};
use crate::domain::token::SessionToken;

/// A session of this profile at `https://plexsphere.example`, whose token has the last digits of its id from a number, so
/// that equal numbers make equal tokens.
///
/// ```
/// use plexctl::testing::session;
///
/// let (old, new) = (session("default", 1), session("default", 2));
/// assert_eq!(old.token.id().to_string(), "0192f0c1-2345-7abc-8def-000000000001");
/// assert_ne!(old.token, new.token);
/// ```
///
/// # Panics
///
/// If the name is empty.
#[must_use]
pub fn session(profile: &str, number: u32) -> Session {
    let token = format!("psk_dev_0192f0c1-2345-7abc-8def-{number:012x}_not-a-secret");
    Session {
        profile: ProfileName::new(profile).expect("a profile has a name"),
        token: SessionToken::parse(token).expect("the token follows the rule"),
        server: Some("https://plexsphere.example".to_owned()),
    }
}
