//! Bugs in copies of the browser.

use std::sync::Mutex;

use plexctl::domain::page_url::PageUrl;
use plexctl::ports::{Browser, BrowserSkipped};
use plexctl::testing::RecordingBrowser;
use plexctl::testing::contract::{BrowserUnderTest, a_browser_keeps_its_promises};

/// A copy of the fake with the bug of this number. Number 0 has none.
struct Planted<const BUG: u8> {
    fake: RecordingBrowser,
    /// What the browser got although it is not recorded.
    others: Mutex<Vec<String>>,
}

impl<const BUG: u8> From<RecordingBrowser> for Planted<BUG> {
    fn from(fake: RecordingBrowser) -> Self {
        Self { fake, others: Mutex::default() }
    }
}

impl<const BUG: u8> BrowserUnderTest for Planted<BUG> {
    fn willing() -> Self {
        RecordingBrowser::willing().into()
    }

    fn staying_open() -> Self {
        RecordingBrowser::staying_open().into()
    }

    fn declining(reason: &BrowserSkipped) -> Self {
        RecordingBrowser::declining(reason.clone()).into()
    }

    fn browser(&self) -> &dyn Browser {
        self
    }

    fn wait_until_shown(&self) {}

    fn shown(&self) -> Vec<String> {
        [BrowserUnderTest::shown(&self.fake), self.others.lock().unwrap().clone()].concat()
    }

    fn close(&self) -> bool {
        // The call has waited until the page was closed.
        BUG != 30
    }

    fn knows_secret(&self) -> bool {
        BUG == 41
    }

    fn is_attached(&self) -> bool {
        BUG == 50
    }
}

impl<const BUG: u8> Browser for Planted<BUG> {
    fn show(&self, page: &PageUrl) -> Result<(), BrowserSkipped> {
        let also = |word: &str| self.others.lock().unwrap().push(word.to_owned());
        match BUG {
            // Nothing is started; another page is shown.
            10 => return Ok(()),
            11 => return self.fake.show(&PageUrl::parse("https://plexsphere.example/").unwrap()),
            _ => {}
        }
        let address = page.to_string();
        match (BUG, self.fake.show(page)) {
            // A page is shown although it is not wanted, with and without saying so; another reason is given.
            (20, Err(_)) => {
                also(&address);
                Ok(())
            }
            (21, Err(reason)) => {
                also(&address);
                Err(reason)
            }
            (22, Err(BrowserSkipped::CiJob)) => Err(BrowserSkipped::NoScreen),
            // A word beside the address, such as an option or a part of it.
            (40, Ok(())) => {
                also("--new-window");
                Ok(())
            }
            (_, result) => result,
        }
    }
}

#[test]
fn browser_suite_names_broken_promise() {
    assert_named!(
        a_browser_keeps_its_promises, Planted:
        10 => 1, 11 => 1, 20 => 2, 21 => 2, 22 => 2, 30 => 3, 40 => 4, 41 => 4, 50 => 5,
    );
}
