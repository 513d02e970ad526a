//! Whatever a server answers to the question for the codes, it is taken if and only if every field keeps its rule, which
//! is written here by hand a second time, and an error shows nothing of it.
//!
//! The first byte tells of the server, and whether the body came to its end.

#![no_main]

use std::error::Error;

use libfuzzer_sys::{Corpus, fuzz_target};
use percent_encoding::percent_decode_str;
use plexctl::domain::device_authorization::DeviceAuthorization;
use plexctl::domain::page_url::PageUrl;
use plexctl::domain::server_url::{Scheme, ServerUrl};
use plexctl::fuzzing::read_authorization;
use serde_json::{Map, Value, json};

const SERVERS: [&str; 4] =
    ["https://plexsphere.example", "http://plexsphere.example", "https://[::1]", "http://localhost:8080"];

/// All that an error may say, after the name of a field.
const FAULTS: [&str; 14] = [
    "it is missing",
    "it is not a string",
    "it is not an integer",
    "it is empty",
    "it has invalid characters",
    "it is less than 1",
    "it is http, but the server is https",
    "it is longer than 64 bytes",
    "it is longer than 2048 bytes",
    "it is longer than 4096 bytes",
    "it is not a URL",
    "its scheme is not http or https",
    "it has no valid host",
    "it has userinfo",
];

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((head, body)) = bytes.split_first() else { return Corpus::Reject };
    let server = ServerUrl::parse(SERVERS[usize::from(head >> 1) % SERVERS.len()]).unwrap();
    let is_complete = head & 1 == 0;
    let read = read_authorization(body, is_complete, &server);

    match &read {
        Ok(authorization) => assert_taken(authorization, &server),
        Err(error) => {
            let told = error.to_string();
            assert!(error.source().is_none(), "all is told at once: {error:?}");
            let is_of_body = if is_complete {
                told == "it is not a JSON object"
            } else {
                ["it is not a JSON object", "it is incomplete"].contains(&told.as_str())
            };
            let is_of_field = told.split_once(": ").is_some_and(|(field, fault)| {
                let has_port_fault = field == "verification_uri" && fault == "its port is not from 1 to 65535";
                let fields = ["device_code", "user_code", "verification_uri", "expires_in", "interval"];
                fields.contains(&field) && (FAULTS.contains(&fault) || has_port_fault)
            });
            assert!(is_of_body || is_of_field, "{told:?}");
        }
    }
    // What serde_json cannot read as a whole is left to the checks above.
    if let Some(Ok(members)) = serde_json::Deserializer::from_slice(body).into_iter::<Map<String, Value>>().next() {
        assert_eq!(read.ok().map(|read| facts(&read)), expected(&members, &server).map(|expected| facts(&expected)));
    }
    Corpus::Keep
});

fn assert_taken(authorization: &DeviceAuthorization, server: &ServerUrl) {
    let device_code = authorization.device_code().expose_secret();
    assert!((1..=1800).contains(&authorization.lifetime().as_secs()));
    assert!((1..=60).contains(&authorization.interval().as_secs()));
    let again = json!({
        "device_code": device_code,
        "user_code": authorization.user_code(),
        "verification_uri": authorization.page().as_str(),
        "verification_uri_complete": authorization.complete_page().map(PageUrl::as_str),
        "expires_in": authorization.lifetime().as_secs(),
        "interval": authorization.interval().as_secs(),
    });
    let again = read_authorization(again.to_string().as_bytes(), true, server).expect("what is taken can be sent");
    assert_eq!(facts(&again), facts(authorization));
    // A code of letters that stand in every one says nothing.
    let shown = format!("{authorization:?}");
    let rest = [
        authorization.user_code().escape_debug().to_string(),
        authorization.page().as_str().to_owned(),
        authorization.complete_page().map(|page| page.as_str().to_owned()).unwrap_or_default(),
    ];
    if device_code.len() >= 16 && !rest.iter().any(|text| text.contains(device_code)) {
        assert!(!shown.contains(device_code), "{shown}");
    }
}

/// All that an authorization says, however its pages were spelled.
fn facts(authorization: &DeviceAuthorization) -> ([String; 3], Option<String>, [u64; 2]) {
    let texts = [authorization.device_code().expose_secret(), authorization.user_code(), authorization.page().as_str()];
    let seconds = [authorization.lifetime(), authorization.interval()].map(|duration| duration.as_secs());
    (texts.map(str::to_owned), authorization.complete_page().map(|page| page.as_str().to_owned()), seconds)
}

/// The rule, once more.
fn expected(members: &Map<String, Value>, server: &ServerUrl) -> Option<DeviceAuthorization> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let device_code = text("device_code").filter(|code| (1..=4096).contains(&code.len()));
    let device_code = device_code.filter(|code| code.bytes().all(|byte| (0x21..=0x7e).contains(&byte)))?;
    let user_code = text("user_code").filter(|code| (1..=64).contains(&code.len()));
    let user_code = user_code.filter(|code| code.bytes().all(|byte| (0x20..=0x7e).contains(&byte)))?;
    let page = |name: &str| {
        let page = text(name).filter(|text| text.len() <= 2048).and_then(|text| PageUrl::parse(text).ok())?;
        (server.scheme() == Scheme::Http || !page.is_exposed()).then_some(page)
    };
    let plain = page("verification_uri")?;
    let complete = page("verification_uri_complete").filter(|page| {
        let shown = percent_decode_str(page.as_str()).collect::<Vec<_>>();
        page.origin() == plain.origin() && shown.windows(user_code.len()).any(|part| part == user_code.as_bytes())
    });
    let lifetime = whole(members.get("expires_in")?).filter(|seconds| *seconds >= 1.0)?.min(1800.0);
    let interval = match members.get("interval") {
        None | Some(Value::Null) => 5.0,
        Some(value) => whole(value)?.clamp(1.0, 60.0),
    };
    let rebuilt = json!({
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": plain.as_str(),
        "verification_uri_complete": complete.as_ref().map(PageUrl::as_str),
        "expires_in": lifetime,
        "interval": interval,
    });
    let rebuilt = read_authorization(rebuilt.to_string().as_bytes(), true, server).expect("it keeps every rule");
    let is_rebuilt = (rebuilt.device_code().expose_secret(), rebuilt.user_code()) == (device_code, user_code)
        && rebuilt.page().as_str() == plain.as_str()
        && rebuilt.complete_page().map(PageUrl::as_str) == complete.as_ref().map(PageUrl::as_str)
        && (rebuilt.lifetime().as_secs_f64(), rebuilt.interval().as_secs_f64()) == (lifetime, interval);
    assert!(is_rebuilt, "{rebuilt:?}");
    Some(rebuilt)
}

/// A number without a fraction.
fn whole(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.fract() == 0.0)
}
