//! The rows of the outcome table in which nobody is logged in.

mod not_issued;
mod not_stored;

use plexctl::testing::{Answer, Endpoint, Script};

use crate::login::{Login, at_once};

#[test]
fn failure_as_data_tells_session_state() {
    let unavailable = || Script::answer(Answer::bare(503));
    let cases = [
        (Endpoint::DeviceCode, Script::answer(Answer::bare(403)), 4, "refused", "untouched", false),
        (Endpoint::DeviceCode, Script::answer(Answer::bare(404)), 1, "unconfirmed", "untouched", false),
        (Endpoint::DeviceCode, unavailable(), 1, "unconfirmed", "untouched", false),
        (Endpoint::DeviceCode, Script::hang_up(), 1, "unanswered", "untouched", false),
        (Endpoint::DeviceToken, Script::answer(Answer::bare(403)), 4, "refused", "untouched", false),
        (Endpoint::DeviceToken, Script::answer(Answer::bare(404)), 1, "unconfirmed", "untouched", false),
        (Endpoint::Whoami, Script::answer(Answer::bare(401)), 1, "not_accepted", "kept", true),
        (Endpoint::Whoami, Script::answer(Answer::bare(403)), 4, "not_accepted", "kept", true),
    ];
    at_once(&cases, |(endpoint, script, exit, code, session, has_token)| {
        let login = Login::approved();
        login.server.once(*endpoint, script.clone());
        let run = login.run(&["--output", "json"]);
        let failure: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        let error = &failure["error"];
        assert_eq!(run.exit, *exit, "{run:?}");
        assert_eq!((error["code"].as_str(), error["session"].as_str()), (Some(*code), Some(*session)), "{error}");
        assert_eq!((&error["profile"], &error["server"]), (&"default".into(), &"[ORIGIN]".into()));
        assert_eq!(error["token_id"].as_str(), has_token.then_some("[NEW]"));
        let message = error["message"].as_str().unwrap();
        assert!(run.stderr.contains(&format!("error: {message}\n")), "{}", run.stderr);
    });
}
