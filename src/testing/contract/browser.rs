//! What a [`Browser`] promises.

use super::promise;
use crate::domain::page_url::PageUrl;
use crate::ports::browser::{Browser, BrowserSkipped};
use crate::testing::RecordingBrowser;

/// A link in which a shell, or a browser that splits words, would find several.
const LINK: &str = "https://plexsphere.example/v1/device?user_code=A-B%20--help#%09--new";

/// A browser that a test can set up, and look at.
pub trait BrowserUnderTest {
    /// A browser that shows every page, and ends at once.
    fn willing() -> Self;

    /// A browser that shows every page until [`close`](Self::close).
    fn staying_open() -> Self;

    /// A browser that shows nothing, for this reason.
    fn declining(reason: &BrowserSkipped) -> Self;

    /// The browser.
    fn browser(&self) -> &dyn Browser;

    /// Waits until a page is shown.
    fn wait_until_shown(&self);

    /// The words that the browser got so far, over all pages.
    fn shown(&self) -> Vec<String>;

    /// Closes the page, and tells whether it was open until then.
    fn close(&self) -> bool;

    /// Whether the browser got a secret of this process.
    fn knows_secret(&self) -> bool;

    /// Whether the browser writes to a stream of this process, or gets the signals of its terminal.
    fn is_attached(&self) -> bool;
}

impl BrowserUnderTest for RecordingBrowser {
    fn willing() -> Self {
        Self::new()
    }

    fn staying_open() -> Self {
        Self::new()
    }

    fn declining(reason: &BrowserSkipped) -> Self {
        Self::declining(reason.clone())
    }

    fn browser(&self) -> &dyn Browser {
        self
    }

    fn wait_until_shown(&self) {}

    fn shown(&self) -> Vec<String> {
        self.shown().iter().map(ToString::to_string).collect()
    }

    fn close(&self) -> bool {
        true
    }

    fn knows_secret(&self) -> bool {
        false
    }

    fn is_attached(&self) -> bool {
        false
    }
}

/// Holds a browser to every promise of [`Browser`].
pub fn a_browser_keeps_its_promises<B: BrowserUnderTest>() {
    let page = PageUrl::parse(LINK).unwrap();
    let willing = B::willing();
    promise(1, "`Ok` means that a browser was started with this page", || {
        assert_eq!(willing.browser().show(&page), Ok(()));
        willing.wait_until_shown();
        assert!(willing.shown().concat().contains(LINK), "{:?}", willing.shown());
    });
    promise(2, "no browser is started where the operator would not see it, or has disabled it", || {
        let named = |browser: &str| browser.to_owned();
        for reason in [
            BrowserSkipped::Disabled,
            BrowserSkipped::NoTerminal,
            BrowserSkipped::SshSession,
            BrowserSkipped::CiJob,
            BrowserSkipped::NoScreen,
            BrowserSkipped::NotStarted { browser: named("plexctl-no-such-program") },
            BrowserSkipped::TextBrowser { browser: named("lynx") },
        ] {
            let declining = B::declining(&reason);
            assert_eq!(declining.browser().show(&page), Err(reason));
            assert_eq!(declining.shown(), [""; 0]);
        }
    });
    promise(3, "the call does not wait until the page is closed", || {
        let staying_open = B::staying_open();
        assert_eq!(staying_open.browser().show(&page), Ok(()));
        staying_open.wait_until_shown();
        assert!(staying_open.close());
    });
    promise(4, "the browser gets the address as one word, and no secret beside it", || {
        assert_eq!(willing.shown(), [LINK]);
        assert!(!willing.knows_secret());
    });
    promise(5, "the browser's output is not shown, and no signal of the terminal ends it", || {
        assert!(!willing.is_attached());
    });
}
