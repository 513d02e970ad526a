//! Whatever a server answers to the question who one is, the principal is what stands in the answer, but for the
//! credential that it may send back.
//!
//! The first byte tells whether the body came to its end and what kind of token was sent. The first line is its secret,
//! and the rest is the body, in which `$` stands for the token and `&` for its secret if a flag says so.

#![no_main]

use std::error::Error;

use libfuzzer_sys::{Corpus, fuzz_target};
use plexctl::domain::bearer_token::BearerToken;
use plexctl::domain::principal::Principal;
use plexctl::fuzzing::read_principal;
use serde_json::{Map, Value, json};

/// What stands in place of a credential. One that is part of it cannot be hidden by it.
const MASK: &str = "[redacted]";

/// The shortest secret that is masked on its own.
const MIN_MASKED_SECRET: usize = 8;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let Some((flags, rest)) = bytes.split_first() else { return Corpus::Reject };
    let Some(line_end) = rest.iter().position(|byte| *byte == b'\n') else { return Corpus::Reject };
    let Ok(secret) = str::from_utf8(&rest[..line_end]) else { return Corpus::Reject };
    let is_session = flags & 2 == 0;
    let whole =
        if is_session { format!("psk_prod_0192f0c1-2345-7abc-8def-0123456789ab_{secret}") } else { secret.to_owned() };
    let Ok(token) = BearerToken::parse(whole.as_str()) else { return Corpus::Reject };
    let mut body = rest[line_end + 1..].to_vec();
    if flags & 4 != 0 {
        body = String::from_utf8_lossy(&body).replace('$', &whole).replace('&', secret).into_bytes();
    }

    let read = read_principal(&body, flags & 1 == 0, &token);
    let members = serde_json::Deserializer::from_slice(&body).into_iter::<Map<String, Value>>().next();
    let members = members.and_then(Result::ok);
    if let Some(members) = &members {
        let is_named =
            ["principal_type", "subject"].into_iter().all(|name| members.get(name).is_some_and(Value::is_string));
        assert_eq!(read.is_ok(), is_named);
    }
    match read {
        Ok(principal) => {
            if !MASK.contains(&whole) {
                assert!(!texts(&principal).any(|text| text.contains(&whole)), "{principal:?}");
            }
            // A secret that has a part of the whole after it cannot be told from it.
            let own = whole.splitn(4, '_').nth(3).unwrap_or_default();
            if own.len() >= MIN_MASKED_SECRET && !MASK.contains(own) {
                assert!(!texts(&principal).any(|text| text.contains(own)), "{principal:?}");
            }
            if let Some(members) = &members {
                let sent = sent(members);
                let has_echo = texts(&sent).any(|text| text.contains(&whole) || !own.is_empty() && text.contains(own));
                assert!(has_echo || principal == sent, "{principal:?} is not {sent:?}");
                assert_eq!(shape(&principal), shape(&sent), "no field comes or goes");
            }
            let again = read_principal(document(&principal).to_string().as_bytes(), true, &token);
            let again = again.expect("what is told can be sent");
            assert!(MASK.contains(&whole) || MASK.contains(own) || again == principal, "masking is done at once");
        }
        Err(error) => {
            let told = error.to_string();
            let is_known = ["it is not a JSON object", "it is incomplete"].contains(&told.as_str())
                || ["principal_type", "subject"].iter().any(|field| {
                    told == format!("{field}: it is missing") || told == format!("{field}: it is not a string")
                });
            assert!(is_known && error.source().is_none(), "{told:?}");
        }
    }
    Corpus::Keep
});

fn texts(principal: &Principal) -> impl Iterator<Item = &str> {
    let Principal { principal_type, principal_scope, subject, domain_id, email, acr, amr } = principal;
    let optional = [principal_scope, domain_id, email, acr];
    let methods = amr.iter().flatten();
    [principal_type, subject].into_iter().chain(optional.into_iter().flatten()).chain(methods).map(String::as_str)
}

/// Which fields are there, and how many methods.
fn shape(principal: &Principal) -> ([bool; 4], Option<usize>) {
    let Principal { principal_scope, domain_id, email, acr, amr, .. } = principal;
    ([principal_scope, domain_id, email, acr].map(Option::is_some), amr.as_ref().map(Vec::len))
}

/// The principal of an answer, by the rule, with all that the server sent.
fn sent(members: &Map<String, Value>) -> Principal {
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let methods = members.get("amr").and_then(Value::as_array);
    let methods = methods.map(|methods| methods.iter().map(|method| method.as_str().map(str::to_owned)).collect());
    Principal {
        principal_type: text("principal_type").unwrap_or_default(),
        principal_scope: text("principal_scope"),
        subject: text("subject").unwrap_or_default(),
        domain_id: text("domain_id"),
        email: text("email"),
        acr: text("acr"),
        amr: methods.flatten(),
    }
}

fn document(principal: &Principal) -> Value {
    let Principal { principal_type, principal_scope, subject, domain_id, email, acr, amr } = principal;
    json!({
        "principal_type": principal_type,
        "principal_scope": principal_scope,
        "subject": subject,
        "domain_id": domain_id,
        "email": email,
        "acr": acr,
        "amr": amr,
    })
}
