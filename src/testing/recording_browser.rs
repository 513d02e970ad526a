//! A browser that records.

use std::sync::Mutex;

use super::lock;
use crate::domain::page_url::PageUrl;
use crate::ports::browser::{Browser, BrowserSkipped};

/// A [`Browser`] that records the pages it was to show, and shows them or says why not.
///
/// ```
/// use plexctl::domain::page_url::PageUrl;
/// use plexctl::ports::browser::{Browser, BrowserSkipped};
/// use plexctl::testing::RecordingBrowser;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let page = PageUrl::parse("https://plexsphere.example/v1/device")?;
/// let browser = RecordingBrowser::new();
/// assert_eq!(browser.show(&page), Ok(()));
/// assert_eq!(browser.pages(), [page.clone()]);
///
/// let browser = RecordingBrowser::declining(BrowserSkipped::SshSession);
/// assert_eq!(browser.show(&page), Err(BrowserSkipped::SshSession));
/// assert_eq!((browser.pages(), browser.shown()), (vec![page], vec![]));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Default)]
pub struct RecordingBrowser {
    refusal: Option<BrowserSkipped>,
    pages: Mutex<Vec<PageUrl>>,
}

impl RecordingBrowser {
    /// A browser that shows every page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A browser that shows no page, for this reason.
    #[must_use]
    pub fn declining(reason: BrowserSkipped) -> Self {
        Self { refusal: Some(reason), pages: Mutex::default() }
    }

    /// The pages so far, shown or not, in order.
    #[must_use]
    pub fn pages(&self) -> Vec<PageUrl> {
        lock(&self.pages).clone()
    }

    /// Those of them that it has shown.
    #[must_use]
    pub fn shown(&self) -> Vec<PageUrl> {
        if self.refusal.is_none() { self.pages() } else { Vec::new() }
    }
}

impl Browser for RecordingBrowser {
    fn show(&self, page: &PageUrl) -> Result<(), BrowserSkipped> {
        lock(&self.pages).push(page.clone());
        self.refusal.clone().map_or(Ok(()), Err)
    }
}
