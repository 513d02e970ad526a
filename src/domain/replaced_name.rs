//! The names under which a login puts a replaced token aside.

use std::iter;

use super::profile::ProfileToken;
use super::session::ProfileName;
use super::timestamp::Timestamp;

/// The profiles that a token which `profile` held may be put aside to, the first that is free before the others:
/// `NAME-replaced-ID`, then the same with `-2`, `-3` and so on. A token without an id goes by the time.
pub fn replaced_names(
    profile: &ProfileName,
    token: &ProfileToken,
    time: Timestamp,
) -> impl Iterator<Item = ProfileName> + use<> {
    // The basic format of ISO 8601, such as `20261125T134600Z`.
    let id = token.id().map_or_else(|| time.to_string().replace(['-', ':'], ""), |id| id.to_string());
    let first = format!("{}-replaced-{id}", profile.as_str());
    let further = first.clone();
    // Nothing reserves the first name, so an operator may have given it to another profile.
    let names = iter::once(first).chain((2_u64..).map(move |number| format!("{further}-{number}")));
    names.filter_map(|name| ProfileName::new(name).ok())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn names(profile: &str, token: &str) -> Vec<String> {
        let time = Timestamp::from(UNIX_EPOCH + Duration::from_secs(1_795_528_005));
        let names = replaced_names(&ProfileName::new(profile).unwrap(), &ProfileToken::new(token).unwrap(), time);
        names.take(3).map(|name| name.as_str().to_owned()).collect()
    }

    #[test]
    fn names_follow_the_id_else_the_time() {
        let by_id = "dev-replaced-0192f0c1-2345-7abc-8def-0123456789ab";
        let session_token = "psk_dev_0192f0c1-2345-7abc-8def-0123456789ab_s3cret";
        assert_eq!(names("dev", session_token), [by_id, &format!("{by_id}-2"), &format!("{by_id}-3")]);
        let by_time = "a b-replaced-20261124T134645Z";
        assert_eq!(names("a b", "s3cret"), [by_time, &format!("{by_time}-2"), &format!("{by_time}-3")]);
    }
}
