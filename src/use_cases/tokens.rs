//! The tokens of a principal on the server: which there are, and the end of one of them.

use std::collections::HashMap;

use super::credential::{Credential, CredentialRequest};
use super::identity_error::{IdentityError, IdentityRequest};
use crate::domain::server_url::ServerUrl;
use crate::domain::session::ProfileName;
use crate::domain::token::TokenId;
use crate::ports::chain::chain;
use crate::ports::profile_reader::ProfileReader;
use crate::ports::reporter::{ListedToken, Reporter, TokensOutcome};
use crate::ports::token_directory::TokenDirectory;
use crate::ports::token_file::TokenFile;

/// What the operator asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokensRequest {
    /// The credential that is sent, as the operator named it.
    pub credential: CredentialRequest,
    /// The token to revoke. Without one, the tokens are listed.
    pub revoke: Option<TokenId>,
}

/// Lists the tokens of a principal, or revokes one of them.
///
/// ```
/// # #[cfg(feature = "testing")] {
/// use plexctl::domain::bearer_token::BearerToken;
/// use plexctl::domain::token_summary::TokenSummary;
/// use plexctl::ports::reporter::TokensOutcome;
/// use plexctl::testing::{InMemoryStore, InMemoryTokenFile, RecordingReporter, ScriptedTokenDirectory};
/// use plexctl::use_cases::{CredentialRequest, TokensRequest, TokensUseCase};
///
/// let (store, token_file) = (InMemoryStore::new(), InMemoryTokenFile::new());
/// let directory = ScriptedTokenDirectory::new([Ok(vec![TokenSummary::default()])], []);
/// let mut reporter = RecordingReporter::new();
/// let credential = CredentialRequest {
///     token_variable: Some(BearerToken::parse("any-token")),
///     server_flag: Some("https://plexsphere.example".to_owned()),
///     ..CredentialRequest::default()
/// };
/// let request = TokensRequest { credential, revoke: None };
/// let mut tokens = TokensUseCase::new(&store, &token_file, &directory, &mut reporter);
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let outcome = runtime.block_on(async {
/// let outcome = tokens.execute(&request).await?;
/// # Ok::<_, plexctl::use_cases::IdentityError>(outcome) })?;
/// assert!(matches!(outcome, TokensOutcome::Listed { tokens, .. } if tokens.len() == 1));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TokensUseCase<'a> {
    profiles: &'a dyn ProfileReader,
    token_file: &'a dyn TokenFile,
    directory: &'a dyn TokenDirectory,
    reporter: &'a mut dyn Reporter<TokensOutcome>,
}

impl<'a> TokensUseCase<'a> {
    /// Wires the use case to its ports.
    pub fn new(
        profiles: &'a dyn ProfileReader,
        token_file: &'a dyn TokenFile,
        directory: &'a dyn TokenDirectory,
        reporter: &'a mut dyn Reporter<TokensOutcome>,
    ) -> Self {
        Self { profiles, token_file, directory, reporter }
    }

    /// Finds the credential, sends the one request, looks up which profiles hold the tokens, then reports.
    ///
    /// # Errors
    ///
    /// - [`IdentityError::Credential`]: nothing was sent.
    /// - [`IdentityError::Request`]: the tokens are not known, not even in part, or the token is not known to be dead.
    /// - [`IdentityError::Report`]: what was asked for is done, but the outcome could not be written.
    pub async fn execute(&mut self, request: &TokensRequest) -> Result<TokensOutcome, IdentityError> {
        let credential = request.credential.resolve(self.profiles, self.token_file)?;
        let outcome = match request.revoke {
            None => self.list(credential).await?,
            Some(id) => self.revoke(credential, id).await?,
        };
        self.reporter.report(&outcome).map_err(IdentityError::Report)?;
        Ok(outcome)
    }

    async fn list(&self, credential: Credential) -> Result<TokensOutcome, IdentityError> {
        let listed = self.directory.list(&credential.server, &credential.token).await;
        let summaries = listed.map_err(|error| IdentityError::new(IdentityRequest::ListTokens, &credential, error))?;
        let (holders, profiles_error) = self.holders(&credential.server);
        let tokens = summaries.into_iter().map(|summary| {
            let profile = summary.token_id().and_then(|id| holders.get(&id).cloned());
            ListedToken { summary, profile }
        });
        Ok(TokensOutcome::Listed { tokens: tokens.collect(), server: credential.server, profiles_error })
    }

    async fn revoke(&self, credential: Credential, id: TokenId) -> Result<TokensOutcome, IdentityError> {
        let revoked = self.directory.revoke(&credential.server, &credential.token, id).await;
        revoked.map_err(|error| IdentityError::new(IdentityRequest::RevokeToken(id), &credential, error))?;
        let Credential { source, token, server, .. } = credential;
        let (holders, profiles_error) = self.holders(&server);
        // The operator may have revoked what authenticates them.
        let credential = (token.id() == Some(id)).then_some(source);
        Ok(TokensOutcome::Revoked { profile: holders.get(&id).cloned(), server, id, credential, profiles_error })
    }

    /// The profiles that hold tokens of a server, by token. The token itself does not depend on them, so a store that
    /// cannot be read is no failure, but an error to report beside the outcome.
    fn holders(&self, server: &ServerUrl) -> (HashMap<TokenId, ProfileName>, Option<String>) {
        let (profiles, error) = match self.profiles.list() {
            Ok(list) => (list.profiles, None),
            // The server has done its part by now, so an unreadable config is a note and no failure.
            Err(error) => (Vec::new(), Some(chain(&error))),
        };
        let mut holders = HashMap::new();
        for profile in profiles {
            // An id means something only at the server that issued it.
            let is_of_server = profile.server_url().is_some_and(|stored| stored.same_origin(server));
            if let Some(id) = profile.token_id().filter(|_| is_of_server) {
                // The first in the file, if two profiles hold the same token.
                holders.entry(id).or_insert(profile.name);
            }
        }
        (holders, error)
    }
}

#[cfg(feature = "testing")]
#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::domain::bearer_token::BearerToken;
    use crate::domain::profile::{Profile, ProfileToken};
    use crate::domain::token_summary::TokenSummary;
    use crate::ports::failure_report::SessionState;
    use crate::ports::profile_reader::{MockProfileReader, ProfileList};
    use crate::ports::reporter::CredentialSource;
    use crate::ports::request_error::RequestError;
    use crate::ports::store_error::StoreError;
    use crate::ports::token_file::MockTokenFile;
    use crate::testing::{RecordingReporter, ScriptedTokenDirectory};
    use crate::use_cases::failure_kind::FailureKind;

    const ID: &str = "0192f0c1-2345-7abc-8def-0123456789ab";
    const OTHER_ID: &str = "0192f0c1-2345-7abc-8def-0123456789ac";

    fn id(text: &str) -> TokenId {
        TokenId::parse(text).unwrap()
    }

    fn profile(name: &str, server: Option<&str>, token: &str) -> Profile {
        let name = ProfileName::new(name).unwrap();
        Profile { server: server.map(str::to_owned), token: ProfileToken::new(token), ..Profile::new(name) }
    }

    fn holding(profiles: Vec<Profile>) -> MockProfileReader {
        let mut reader = MockProfileReader::new();
        let list = move || Ok(ProfileList { place: "memory".into(), default: None, profiles: profiles.clone() });
        reader.expect_list().times(..=1).returning(list);
        reader
    }

    fn credential(token: &str) -> CredentialRequest {
        CredentialRequest {
            token_variable: Some(BearerToken::parse(token)),
            server_flag: Some("https://h/base".into()),
            ..CredentialRequest::default()
        }
    }

    /// Fakes never wait, so a single poll is the whole run.
    fn execute(
        profiles: &MockProfileReader,
        directory: &ScriptedTokenDirectory,
        request: &TokensRequest,
    ) -> Result<TokensOutcome, IdentityError> {
        let (token_file, mut reporter) = (MockTokenFile::new(), RecordingReporter::new());
        let mut use_case = TokensUseCase::new(profiles, &token_file, directory, &mut reporter);
        let result = match pin!(use_case.execute(request)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result,
            Poll::Pending => panic!("a fake waited"),
        };
        assert_eq!(reporter.outcomes().len(), usize::from(result.is_ok()));
        result
    }

    fn listed(ids: &[&str]) -> Vec<TokenSummary> {
        ids.iter().map(|id| TokenSummary { id: (*id).to_owned(), ..TokenSummary::default() }).collect()
    }

    #[test]
    fn matches_profiles_by_id_and_origin() {
        let of = |id: &str| format!("psk_dev_{id}_s3cret");
        let profiles = holding(vec![
            profile("elsewhere", Some("https://other"), &of(ID)),
            profile("nowhere", None, &of(ID)),
            profile("unusable", Some("junk"), &of(ID)),
            profile("first", Some("https://H:443/other/base"), &of(ID)),
            profile("second", Some("https://h"), &of(ID)),
            profile("jwt", Some("https://h"), "eyJhbGci.e30.c2ln"),
        ]);
        let ids = [ID, OTHER_ID, &ID.to_uppercase(), "junk"];
        let directory = ScriptedTokenDirectory::new([Ok(listed(&ids))], []);
        let outcome =
            execute(&profiles, &directory, &TokensRequest { credential: credential("t"), revoke: None }).unwrap();
        let TokensOutcome::Listed { tokens, profiles_error: None, .. } = outcome else { panic!("{outcome:?}") };
        let holders = tokens.iter().map(|token| token.profile.as_ref().map(ProfileName::as_str));
        assert_eq!(holders.collect::<Vec<_>>(), [Some("first"), None, Some("first"), None]);
        assert!(tokens.iter().map(|token| token.summary.id.as_str()).eq(ids));
    }

    #[test]
    fn an_unreadable_store_is_reported_beside_the_outcome() {
        let unreadable = || {
            let mut profiles = MockProfileReader::new();
            let error = || StoreError::Unusable { place: "memory".into(), source: "broken".into() };
            profiles.expect_list().once().returning(move || Err(error()));
            profiles
        };
        let error = Some("memory cannot be used: broken".to_owned());
        let directory = ScriptedTokenDirectory::new([Ok(listed(&[ID]))], [Ok(())]);
        let outcome =
            execute(&unreadable(), &directory, &TokensRequest { credential: credential("t"), revoke: None }).unwrap();
        assert!(matches!(&outcome, TokensOutcome::Listed { profiles_error, .. } if *profiles_error == error));
        let request = TokensRequest { credential: credential("t"), revoke: Some(id(ID)) };
        let outcome = execute(&unreadable(), &directory, &request).unwrap();
        assert!(matches!(&outcome, TokensOutcome::Revoked { profiles_error, .. } if *profiles_error == error));
    }

    #[test]
    fn names_all_holders_of_a_revoked_token() {
        let own = format!("psk_dev_{ID}_s3cret");
        for (token, revoked, is_own) in [(own.as_str(), ID, true), (&own, OTHER_ID, false), ("jwt", ID, false)] {
            let profiles = holding(vec![profile("dev", Some("https://h"), &own)]);
            let directory = ScriptedTokenDirectory::new([], [Ok(())]);
            let request = TokensRequest { credential: credential(token), revoke: Some(id(revoked)) };
            let outcome = execute(&profiles, &directory, &request).unwrap();
            let TokensOutcome::Revoked { profile, credential, .. } = outcome else { panic!("{outcome:?}") };
            assert_eq!(profile.is_some(), revoked == ID);
            assert_eq!(credential, is_own.then_some(CredentialSource::Variable), "{token} {revoked}");
            let calls = directory.calls();
            assert_eq!(
                (calls.len(), calls[0].revoked, calls[0].server.as_given()),
                (1, Some(id(revoked)), "https://h/base")
            );
        }
    }

    #[test]
    fn nothing_is_looked_up_after_a_failure() {
        let refusals = [
            (RequestError::NotAccepted { source: "401".into() }, FailureKind::NotAuthenticated),
            (RequestError::Refused { source: "403".into() }, FailureKind::Refused),
            (RequestError::NoSuchToken { source: "404".into() }, FailureKind::NoSuchToken),
            (RequestError::Unconfirmed { source: "500".into() }, FailureKind::Unconfirmed),
            (RequestError::Unanswered { source: "closed".into() }, FailureKind::Unanswered),
            (RequestError::Unreached { source: "refused".into() }, FailureKind::Unreached),
        ];
        for (error, kind) in refusals {
            // The mock panics if it is asked for the profiles.
            let profiles = MockProfileReader::new();
            let directory = ScriptedTokenDirectory::new([], [Err(error)]);
            let request = TokensRequest { credential: credential("t"), revoke: Some(id(ID)) };
            let error = execute(&profiles, &directory, &request).unwrap_err();
            assert_eq!((error.kind(), error.facts().token_id), (kind, Some(id(ID))));
            assert_eq!(
                (error.facts().session, error.facts().server.as_deref()),
                (SessionState::Kept, Some("https://h/base"))
            );
        }
    }
}
