//! The port to the operator's web browser.

use thiserror::Error;

use crate::domain::page_url::PageUrl;

/// Opens a web page in the operator's browser.
///
/// Every implementation promises:
///
/// 1. `Ok` means that a browser was started with this page.
/// 2. No browser is started where the operator cannot be expected to see it, or has disabled it.
/// 3. The call returns soon: it does not wait until the page is closed.
/// 4. The browser gets the address as one word, and no secret beside it.
/// 5. The browser's output is not shown, and no signal of the terminal ends the browser.
///
/// ```
/// use plexctl::domain::page_url::PageUrl;
/// use plexctl::ports::browser::{Browser, BrowserSkipped};
///
/// /// A machine without a screen.
/// struct Headless;
///
/// impl Browser for Headless {
///     fn show(&self, _: &PageUrl) -> Result<(), BrowserSkipped> {
///         Err(BrowserSkipped::NoScreen)
///     }
/// }
/// ```
#[cfg_attr(feature = "testing", mockall::automock)]
pub trait Browser: Send + Sync {
    /// Opens the page.
    ///
    /// # Errors
    ///
    /// Any variant of [`BrowserSkipped`] but [`BrowserSkipped::OtherOrigin`].
    fn show(&self, page: &PageUrl) -> Result<(), BrowserSkipped>;
}

/// Why no browser was opened. It is not a failure: the operator can open the page anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BrowserSkipped {
    /// The operator disabled it.
    #[error("opening one is disabled")]
    Disabled,
    /// Standard error is not a terminal.
    #[error("standard error is not a terminal")]
    NoTerminal,
    /// The operator sits at another machine.
    #[error("this is an SSH session")]
    SshSession,
    /// A build server runs this.
    #[error("this is a CI job")]
    CiJob,
    /// No graphical session, and no browser that was named by the operator.
    #[error("there is no graphical session")]
    NoScreen,
    /// The system has no program that opens a link.
    #[error("no browser was found")]
    NotFound,
    /// The page is on another origin than the server. The caller decides that, not the browser.
    #[error("the page is not on the server")]
    OtherOrigin,
    /// The browser runs in the terminal, which belongs to this process.
    #[error("{browser} runs in the terminal")]
    TextBrowser {
        /// The program, as the operator named it.
        browser: String,
    },
    /// The address has a character that a shell in the operator's command may act on and that cannot be escaped.
    #[error("the link contains `&`, which a command in BROWSER may run")]
    UnsafeLink,
    /// The browser could not be started.
    #[error("{browser} cannot be started")]
    NotStarted {
        /// The program, as the operator named it.
        browser: String,
    },
}

/// The name in version 0.1.
#[doc(hidden)]
pub use self::BrowserSkipped as NotShown;
