//! What to do about a request that failed.

use plexctl::domain::ServerUrl;
use plexctl::ports::{Remedy, RequestError};

use super::HintContext;

/// How to see a list of tokens that is too long for plexctl, and to end one of them.
const OTHER_PROGRAM: &str = "request /v1/auth/tokens with another program, such as curl in `plexctl exec`; `plexctl \
                             identity-tokens delete --id ID` works without the list";

/// What to do before the command is run again.
pub fn hint(error: &RequestError, server: &ServerUrl, context: &HintContext) -> String {
    let (retry, url) = (&context.retry, server.as_given());
    let first = match error.call_error().remedy() {
        Some(Remedy::ProxyCredentials { address, variable }) => {
            let host = address.trim_start_matches("http://");
            format!("add the proxy's credentials to {variable}: http://USER:PASSWORD@{host}")
        }
        Some(Remedy::FixProxy { variable }) => format!("correct {variable}, or list the server in NO_PROXY"),
        Some(Remedy::CheckHost) => format!("check the host of {}", server_name(context)),
        Some(Remedy::CheckPort) => format!("start the server, or check the port of {}", server_name(context)),
        Some(Remedy::CheckNetwork) => "check the network connection".to_owned(),
        Some(Remedy::CheckClock) => "check this machine's clock".to_owned(),
        Some(Remedy::TrustAuthority) => {
            "add the authority to the system's trust store, or set SSL_CERT_FILE to a file that contains it".to_owned()
        }
        Some(Remedy::InstallTrustStore) => {
            "install the system's CA certificates, or set SSL_CERT_FILE to a file that contains some".to_owned()
        }
        Some(Remedy::ReplaceCertificate) => "replace the server's certificate".to_owned(),
        Some(Remedy::UseOtherProgram) => return OTHER_PROGRAM.to_owned(),
        Some(Remedy::UseHttp) => return other_scheme(url, "https://", "http://", context),
        Some(Remedy::UseHttps) => return other_scheme(url, "http://", "https://", context),
        Some(Remedy::CheckServer) => {
            format!("check {}: {url} may not be a plexsphere server", server_name(context))
        }
        Some(Remedy::FollowRedirect { location }) => {
            format!("if the server is at {location} now, change {}", server_name(context))
        }
        Some(Remedy::Wait { duration: Some(duration) }) => format!("wait {} s", duration.as_secs()),
        _ => return format!("run {retry} again"),
    };
    format!("{first}; then run {retry} again")
}

/// The same server with the scheme that its port uses.
fn other_scheme(server: &str, from: &str, to: &str, context: &HintContext) -> String {
    let retry = &context.retry;
    let url = server.strip_prefix(from).map(|address| format!("{to}{address}"));
    match (&context.place_of_server, url) {
        (Some(place), Some(url)) => format!("change the server at {place} to {url}; then run {retry} again"),
        // A server that is not stored was typed or comes from the environment, and a flag overrides both.
        (None, Some(url)) => format!("run {}", retry.without("--server").with("--server", Some(url))),
        (_, None) => format!("use {to} for the server; then run {retry} again"),
    }
}

/// Where the server of the request is configured.
fn server_name(context: &HintContext) -> String {
    match (&context.place_of_server, context.retry.value_of("--server")) {
        (Some(place), _) => format!("the server at {place}"),
        (None, Some(_)) => "--server".to_owned(),
        (None, None) => "PLEXSPHERE_URL".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use plexctl::ports::CallError;

    use super::*;
    use crate::retry_command::RetryCommand;

    fn context(server: Option<&str>, place_of_server: Option<&str>) -> HintContext {
        HintContext {
            retry: RetryCommand::new("whoami").with("--server", server),
            profile: None,
            token_file: None,
            config: PathBuf::new(),
            place_of_server: place_of_server.map(str::to_owned),
        }
    }

    #[test]
    fn server_is_named_by_where_it_stands() {
        assert_eq!(server_name(&context(None, None)), "PLEXSPHERE_URL");
        assert_eq!(server_name(&context(Some("https://h"), None)), "--server");
        assert_eq!(server_name(&context(None, Some("/config:2:10"))), "the server at /config:2:10");
        assert_eq!(server_name(&context(Some("https://h"), Some("/config:2:10"))), "the server at /config:2:10");
    }

    /// What cannot be provoked in every place where the tests of the binary run.
    #[test]
    fn each_remedy_has_its_words() {
        let context = context(None, None);
        let server = ServerUrl::parse("https://h").unwrap();
        let again = |first: &str| format!("{first}; then run `plexctl whoami` again");
        let trust_store = "install the system's CA certificates, or set SSL_CERT_FILE to a file that contains some";
        for (remedy, expected) in [
            (Some(Remedy::CheckNetwork), again("check the network connection")),
            (Some(Remedy::InstallTrustStore), again(trust_store)),
            (Some(Remedy::UseOtherProgram), OTHER_PROGRAM.to_owned()),
            (Some(Remedy::Wait { duration: None }), "run `plexctl whoami` again".to_owned()),
            (None, "run `plexctl whoami` again".to_owned()),
        ] {
            let error = RequestError::Unreached { source: CallError::from("it failed").with_remedy(remedy) };
            assert_eq!(hint(&error, &server, &context), expected);
        }
    }
}
