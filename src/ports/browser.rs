//! The port to the operator's web browser.

use thiserror::Error;

use crate::domain::page_url::PageUrl;

/// Shows a web page to the operator.
///
/// Every implementation promises:
///
/// 1. `Ok` means that a browser was told to show this page and, as far as can be seen, does so.
/// 2. It tells a browser only where the operator can be expected to see it, and wants it.
/// 3. The call returns soon: it does not wait until the page is closed.
/// 4. The address reaches the browser as one word, whatever is in it, and with it nothing that is secret.
/// 5. What the browser prints is not shown, and no signal for this process ends it.
///
/// ```
/// use plexctl::domain::page_url::PageUrl;
/// use plexctl::ports::browser::{Browser, NotShown};
///
/// /// A machine without a screen.
/// struct Headless;
///
/// impl Browser for Headless {
///     fn show(&self, _: &PageUrl) -> Result<(), NotShown> {
///         Err(NotShown::NoBrowser)
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Browser: Send + Sync {
    /// Shows the page, or says why not.
    ///
    /// # Errors
    ///
    /// Any variant of [`NotShown`] but [`NotShown::OtherOrigin`].
    fn show(&self, page: &PageUrl) -> Result<(), NotShown>;
}

/// Why a page was not shown. It is a fact to be told, and no failure of what the page is for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotShown {
    /// The operator wants none.
    #[error("no browser is wanted")]
    Unwanted,
    /// Nobody sits at a terminal.
    #[error("standard error is no terminal")]
    NoTerminal,
    /// The operator sits at another machine.
    #[error("this is an SSH session")]
    Remote,
    /// This is a job of a build server.
    #[error("this is a CI job")]
    Unattended,
    /// There is no way to show a page here.
    #[error("no browser is known")]
    NoBrowser,
    /// The page is not the server's own, so the operator has to decide. A browser does not judge that.
    #[error("the page is not at the server")]
    OtherOrigin,
    /// A browser was told to show it, and did not.
    #[error("{browser} failed")]
    Failed {
        /// What was told to show it, such as the name of a program.
        browser: String,
    },
}
