//! What there is to tell of a login while it runs. None of it is a result, so all of it goes to standard error, and there
//! are only two forms: instructions for people, and one object for programs of any format.

use serde::Serialize;

use super::json::to_json_line;
use super::notes::{Note, NoteWriter};
use super::qr::QrCode;
use crate::domain::issued_token::TokenFacts;
use crate::domain::page_url::PageUrl;
use crate::domain::printable::escape_unprintable;
use crate::domain::session::ProfileName;
use crate::ports::browser::BrowserSkipped;
use crate::ports::login_outcome::{Instructions, Lifetime, LoginProgress, ReplacedToken};
use crate::ports::reporter::{ReportError, Reporter};

/// How to find a token that may have been issued and is stored nowhere.
pub const LIST_HINT: &str = "once you are logged in, `plexctl identity-tokens list` shows tokens that no profile holds";

/// A [`Reporter`] of what happens while a login runs.
pub struct ProgressReporter<E> {
    err: E,
    /// How to draw the page. Programs get no instructions in words, and no drawing.
    qr_code: Option<QrCode>,
}

impl<E: NoteWriter> ProgressReporter<E> {
    /// Tells people what to do, and draws the page for them where that is asked for.
    pub fn for_people(err: E, qr_code: QrCode) -> Self {
        Self { err, qr_code: Some(qr_code) }
    }

    /// Tells programs what to do in one line, and people of nothing but what they have to be warned of.
    pub fn for_programs(err: E) -> Self {
        Self { err, qr_code: None }
    }
}

impl<E: NoteWriter> Reporter<LoginProgress> for ProgressReporter<E> {
    fn report(&mut self, progress: &LoginProgress) -> Result<(), ReportError> {
        let notes = match (progress, self.qr_code) {
            (LoginProgress::Begun(begun), Some(qr_code)) => vec![Note::plain(instructions(begun, qr_code))],
            (LoginProgress::Begun(begun), None) => vec![Note::plain(pending(begun)?)],
            (LoginProgress::Waiting { browser, page, lifetime }, Some(_)) => {
                vec![Note::plain(rest_of_instructions(browser, page.as_ref(), Lifetime(*lifetime)))]
            }
            // A program opens the page itself, and knows from the object how long it may wait.
            (LoginProgress::Waiting { .. }, None) => return Ok(()),
            (LoginProgress::PageElsewhere { page, server }, _) => {
                let text = format!("the approval page is at {page}, not at {server}; approve only if you know it");
                vec![Note::warning(&text)]
            }
            (LoginProgress::PollFailed { origin, cause }, _) => {
                vec![Note::warning(&format!("polling {origin} failed: {cause}; still waiting for approval"))]
            }
            (LoginProgress::Interrupted { limit }, _) => vec![Note::plain(format!(
                "interrupted: waiting up to {} s for a response that may hold a token; interrupt again to stop at once",
                limit.as_secs()
            ))],
            (LoginProgress::ResponseLost, _) => vec![
                Note::warning("an earlier response was lost, so a token may have been issued that is stored nowhere"),
                Note::hint(LIST_HINT),
            ],
            (LoginProgress::ReplacedLost(token), _) => replaced_lost(token),
            (LoginProgress::NotConfirmed { profile, token, cause }, _) => not_confirmed(profile, token, cause),
        };
        self.err.write_notes(&notes).map_err(|error| ReportError { source: error.into() })
    }
}

/// That a token is stored nowhere, and how to end it.
fn replaced_lost(token: &ReplacedToken) -> Vec<Note> {
    let warning = format!("{}, and another program has removed it from the config", token.liveness());
    let hint = |id| format!("once you are logged in, run `plexctl identity-tokens delete --id {id}`");
    warning_and_hint(&warning, token.id.map(hint))
}

/// That a token may be stored nowhere, and how to end it then.
fn not_confirmed(profile: &ProfileName, token: &TokenFacts, cause: &str) -> Vec<Note> {
    let warning = format!("cannot check that profile \"{profile}\" still holds {token}: {cause}");
    let hint = |id| {
        format!(
            "if `plexctl profiles` does not list that token, run `plexctl identity-tokens delete --id {id}` once you are \
             logged in"
        )
    };
    warning_and_hint(&warning, token.id.map(hint))
}

fn warning_and_hint(warning: &str, hint: Option<String>) -> Vec<Note> {
    [Note::warning(warning)].into_iter().chain(hint.map(|hint| Note::hint(&hint))).collect()
}

/// The instructions up to the code. They are the same with and without a terminal, so that they can be read from a log.
fn instructions(begun: &Instructions, qr_code: QrCode) -> String {
    let Instructions { server, user_code, page, complete_page, .. } = begun;
    let (link, code) = match complete_page {
        Some(complete) => (complete, "Check that it shows this code"),
        None => (page, "Enter this code there"),
    };
    let (server, user_code) = (escape_unprintable(server.as_given()), escape_unprintable(user_code));
    let text = format!("To log in to {server}, open this page:\n\n    {link}\n\n{code}: {user_code}\n");
    (text + &qr_code.draw(link)).trim_end_matches('\n').to_owned()
}

/// The rest of the instructions, which depends on whether a browser shows the page.
fn rest_of_instructions(browser: &Result<(), BrowserSkipped>, page: Option<&PageUrl>, lifetime: Lifetime) -> String {
    let other_device = match (browser, page) {
        (Err(_), Some(page)) => format!("On another device, open {page} and enter the code.\n"),
        _ => String::new(),
    };
    let opened = match browser {
        Ok(()) => "Opened your browser.".to_owned(),
        Err(reason) => format!("Browser not opened: {}.", escape_unprintable(&reason.to_string())),
    };
    format!(
        "{other_device}Only approve a login that you started yourself.\n{opened}\nWaiting up to {lifetime} for approval. \
         Press Ctrl-C to cancel."
    )
}

/// What a program needs to have the login approved.
#[derive(Serialize)]
struct Pending<'a> {
    status: &'static str,
    server: &'a str,
    verification_uri: &'a str,
    verification_uri_complete: Option<&'a str>,
    user_code: &'a str,
    expires_in: u64,
    interval: u64,
}

/// The instructions as an object on one line.
fn pending(begun: &Instructions) -> Result<String, ReportError> {
    to_json_line(&Pending {
        status: "pending",
        server: begun.server.as_given(),
        verification_uri: begun.page.as_str(),
        verification_uri_complete: begun.complete_page.as_ref().map(PageUrl::as_str),
        user_code: &begun.user_code,
        expires_in: begun.lifetime.as_secs(),
        interval: begun.interval.as_secs(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::time::Duration;

    use super::*;
    use crate::domain::server_url::ServerUrl;
    use crate::domain::token::{SessionToken, TokenId};

    const COMPLETE: &str = "https://plexsphere.example/v1/device?user_code=ABCD-EFGH";

    fn begun(complete_page: Option<&str>) -> LoginProgress {
        LoginProgress::Begun(Box::new(Instructions {
            server: ServerUrl::parse("https://plexsphere.example").unwrap(),
            user_code: "ABCD-EFGH".to_owned(),
            page: PageUrl::parse("https://plexsphere.example/v1/device").unwrap(),
            complete_page: complete_page.map(|page| PageUrl::parse(page).unwrap()),
            lifetime: Duration::from_secs(600),
            interval: Duration::from_secs(5),
        }))
    }

    fn waiting(browser: Result<(), BrowserSkipped>, seconds: u64) -> LoginProgress {
        let page = Some(PageUrl::parse("https://plexsphere.example/v1/device").unwrap());
        LoginProgress::Waiting { browser, page, lifetime: Duration::from_secs(seconds) }
    }

    fn to_people(progress: &LoginProgress, qr_code: QrCode) -> String {
        let mut err = Vec::new();
        ProgressReporter::for_people(&mut err, qr_code).report(progress).unwrap();
        String::from_utf8(err).unwrap()
    }

    fn to_programs(progress: &LoginProgress) -> String {
        let mut err = Vec::new();
        ProgressReporter::for_programs(&mut err).report(progress).unwrap();
        String::from_utf8(err).unwrap()
    }

    #[test]
    fn instructions_with_a_complete_link() {
        let text =
            to_people(&begun(Some(COMPLETE)), QrCode::Unwanted) + &to_people(&waiting(Ok(()), 600), QrCode::Unwanted);
        let expected = "\
To log in to https://plexsphere.example, open this page:

    https://plexsphere.example/v1/device?user_code=ABCD-EFGH

Check that it shows this code: ABCD-EFGH
Only approve a login that you started yourself.
Opened your browser.
Waiting up to 10 minutes for approval. Press Ctrl-C to cancel.
";
        assert_eq!(text, expected);
    }

    #[test]
    fn instructions_without_a_complete_link() {
        let expected = "\
To log in to https://plexsphere.example, open this page:

    https://plexsphere.example/v1/device

Enter this code there: ABCD-EFGH
";
        assert_eq!(to_people(&begun(None), QrCode::Unwanted), expected);
        let waiting = LoginProgress::Waiting {
            browser: Err(BrowserSkipped::SshSession),
            page: None,
            lifetime: Duration::from_secs(600),
        };
        assert!(!to_people(&waiting, QrCode::Unwanted).contains("another device"));
    }

    #[test]
    fn tells_why_no_browser_was_opened() {
        let failed = BrowserSkipped::NotStarted { browser: "fire\u{1b}[2Jfox".to_owned() };
        for (browser, seconds, expected) in [
            (BrowserSkipped::Disabled, 1, "opening one is disabled.\nWaiting up to 1 second for"),
            (BrowserSkipped::NoTerminal, 60, "standard error is not a terminal.\nWaiting up to 1 minute for"),
            (BrowserSkipped::SshSession, 61, "this is an SSH session.\nWaiting up to 2 minutes for"),
            (failed, 1800, "fire\\u{1b}[2Jfox cannot be started.\nWaiting up to 30 minutes for"),
        ] {
            let expected = format!(
                "On another device, open https://plexsphere.example/v1/device and enter the code.\n\
                 Only approve a login that you started yourself.\nBrowser not opened: {expected} approval. Press Ctrl-C \
                 to cancel.\n"
            );
            assert_eq!(to_people(&waiting(Err(browser), seconds), QrCode::Unwanted), expected);
        }
    }

    #[test]
    fn draws_the_printed_link_below_the_code() {
        let qr_code = QrCode::Terminal { columns: 80, is_colored: false };
        for link in [Some(COMPLETE), None] {
            let LoginProgress::Begun(instructions) = begun(link) else { unreachable!() };
            let page = instructions.complete_page.as_ref().unwrap_or(&instructions.page);
            let drawing = qr_code.draw(page);
            let plain = to_people(&begun(link), QrCode::Unwanted);
            let expected = plain.replace(": ABCD-EFGH\n", &format!(": ABCD-EFGH\n{drawing}"));
            assert_eq!(to_people(&begun(link), qr_code), expected);
            assert!(drawing.lines().count() > 10);
        }
    }

    #[test]
    fn programs_get_one_line() {
        let line = r#"{"status":"pending","server":"https://plexsphere.example","verification_uri":"https://plexsphere.example/v1/device","verification_uri_complete":"https://plexsphere.example/v1/device?user_code=ABCD-EFGH","user_code":"ABCD-EFGH","expires_in":600,"interval":5}"#;
        assert_eq!(to_programs(&begun(Some(COMPLETE))), format!("{line}\n"));
        let line = line.replace(&format!("\"{COMPLETE}\""), "null");
        assert_eq!(to_programs(&begun(None)), format!("{line}\n"));
        assert_eq!(to_programs(&waiting(Ok(()), 600)), "");
    }

    #[test]
    fn escapes_the_code() {
        let LoginProgress::Begun(mut instructions) = begun(None) else { unreachable!() };
        instructions.user_code = "A\n\u{1b}[2J\u{202e}\"".to_owned();
        let hostile = LoginProgress::Begun(instructions);
        assert!(to_people(&hostile, QrCode::Unwanted).contains("there: A\\n\\u{1b}[2J\\u{202e}\"\n"));
        let line = to_programs(&hostile);
        assert_eq!(line.lines().count(), 1);
        assert!(line.contains(r#""user_code":"A\n\u001b[2J\u202e\"","#), "{line}");
    }

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";

    fn not_confirmed(id: Option<&str>) -> LoginProgress {
        let id = id.map(|id| SessionToken::parse(format!("psk_dev_{id}_s3cret")).unwrap().id());
        let token = TokenFacts { id, origin: "https://plexsphere.example".to_owned(), expires_at: None };
        let cause = "unreadable".to_owned();
        LoginProgress::NotConfirmed { profile: ProfileName::new("dev").unwrap(), token, cause }
    }

    #[test]
    fn warns_people_and_programs_alike() {
        let cause = "the summary could not be written: con\nnection refused".into();
        for (progress, expected) in [
            (
                LoginProgress::PageElsewhere {
                    page: "https://login.example".to_owned(),
                    server: "https://plexsphere.example".to_owned(),
                },
                "warning: the approval page is at https://login.example, not at https://plexsphere.example; approve \
                 only if you know it\n",
            ),
            (
                LoginProgress::PollFailed { origin: "https://plexsphere.example".to_owned(), cause },
                "warning: polling https://plexsphere.example failed: the summary could not be written: con\\nnection \
                 refused; still waiting for approval\n",
            ),
            (
                LoginProgress::Interrupted { limit: Duration::from_secs(10) },
                "interrupted: waiting up to 10 s for a response that may hold a token; interrupt again to stop at once\n",
            ),
            (
                not_confirmed(Some(ID)),
                "warning: cannot check that profile \"dev\" still holds token 0192f0c1-2345-7abc-8def-0123456789ab: \
                 unreadable\nhint: if `plexctl profiles` does not list that token, run `plexctl identity-tokens delete \
                 --id 0192f0c1-2345-7abc-8def-0123456789ab` once you are logged in\n",
            ),
            (
                not_confirmed(None),
                "warning: cannot check that profile \"dev\" still holds a token without an id: unreadable\n",
            ),
            (
                LoginProgress::ReplacedLost(ReplacedToken {
                    id: Some(TokenId::parse(ID).unwrap()),
                    origin: Some("https://plexsphere.example".to_owned()),
                    kept_as: ProfileName::new("dev-replaced").unwrap(),
                }),
                "warning: the replaced token 0192f0c1-2345-7abc-8def-0123456789ab may still be live at \
                 https://plexsphere.example, and another program has removed it from the config\nhint: once you are \
                 logged in, run `plexctl identity-tokens delete --id 0192f0c1-2345-7abc-8def-0123456789ab`\n",
            ),
            (
                LoginProgress::ResponseLost,
                "warning: an earlier response was lost, so a token may have been issued that is stored nowhere\nhint: once \
                 you are logged in, `plexctl identity-tokens list` shows tokens that no profile holds\n",
            ),
        ] {
            assert_eq!(to_people(&progress, QrCode::Unwanted), expected);
            assert_eq!(to_programs(&progress), expected);
        }
    }

    #[test]
    fn writes_each_report_at_once_and_flushes() {
        #[derive(Default)]
        struct Tape(Vec<&'static str>);

        impl Write for Tape {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.push("write");
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                self.0.push("flush");
                Ok(())
            }
        }

        let mut tape = Tape::default();
        ProgressReporter::for_programs(&mut tape).report(&begun(None)).unwrap();
        ProgressReporter::for_people(&mut tape, QrCode::Unwanted).report(&begun(None)).unwrap();
        assert_eq!(tape.0, ["write", "flush", "write", "flush"]);
    }
}
