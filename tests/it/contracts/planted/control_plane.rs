//! Bugs in copies of the fakes that stand for the control plane.

use std::future::{pending, poll_fn};
use std::mem;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use plexctl::domain::bearer_token::BearerToken;
use plexctl::domain::device_authorization::{DeviceAuthorization, DeviceCode};
use plexctl::domain::issued_token::IssuedToken;
use plexctl::domain::server_url::ServerUrl;
use plexctl::domain::token::{SessionToken, TokenId};
use plexctl::domain::token_summary::TokenSummary;
use plexctl::domain::{Identifier, IdpBinding, Principal};
use plexctl::ports::token_issuer::BindingChoice;
use plexctl::ports::{
    AuthorizationRequest, PollFailure, PollResponse, PrincipalReader, RequestError, Revocation, TokenDirectory,
    TokenIssuer, TokenRevoker, async_trait,
};
use plexctl::testing::contract::{
    BeginCase, BindingsCase, DirectoryCase, DirectoryUnderTest, IssuerUnderTest, PollCase, ReadCase, ReaderUnderTest,
    RevokeCase, RevokerUnderTest, ServerUnderTest, a_directory_keeps_its_promises, a_reader_keeps_its_promises,
    a_revoker_keeps_its_promises, an_issuer_keeps_its_promises, device_authorization, listed_bindings,
};
use plexctl::testing::{ScriptedIssuer, ScriptedPrincipalReader, ScriptedRevoker, ScriptedTokenDirectory};

use crate::contracts::runtime;

/// A copy of a fake with the bug of this number. Number 0 has none. The bugs up to 30 are those of every port.
struct Planted<const BUG: u8, F> {
    fake: F,
    others: Mutex<Vec<ServerUrl>>,
}

impl<const BUG: u8, F> Planted<BUG, F> {
    fn new(fake: F) -> Self {
        Self { fake, others: Mutex::default() }
    }

    /// What is sent before the request of the fake, and where that goes.
    async fn destination(&self, server: &ServerUrl) -> ServerUrl {
        let elsewhere = || ServerUrl::parse("https://elsewhere.example").unwrap();
        match BUG {
            // The request is sent twice; it is sent to where the server redirects to as well.
            10 => self.others.lock().unwrap().push(server.clone()),
            11 => self.others.lock().unwrap().push(elsewhere()),
            // It is sent to another server.
            20 => return elsewhere(),
            // It never ends.
            30 => pending().await,
            _ => {}
        }
        server.clone()
    }
}

impl<const BUG: u8, F: ServerUnderTest> ServerUnderTest for Planted<BUG, F> {
    const CALL_LIMIT: Duration = Duration::from_millis(10);

    fn requested(&self) -> Vec<ServerUrl> {
        [self.fake.requested(), self.others.lock().unwrap().clone()].concat()
    }
}

type PlantedRevoker<const BUG: u8> = Planted<BUG, ScriptedRevoker>;

impl<const BUG: u8> RevokerUnderTest for PlantedRevoker<BUG> {
    fn for_case(case: RevokeCase) -> Self {
        Self::new(ScriptedRevoker::for_case(case))
    }

    fn revoker(&self) -> &dyn TokenRevoker {
        self
    }
}

#[async_trait]
impl<const BUG: u8> TokenRevoker for PlantedRevoker<BUG> {
    async fn revoke(&self, server: &ServerUrl, token: &SessionToken) -> Result<Revocation, RequestError> {
        let server = self.destination(server).await;
        match (BUG, self.fake.revoke(&server, token).await) {
            // An error shows the token.
            (40, Err(_)) => Err(RequestError::Refused { source: token.expose_secret().into() }),
            // A token that was gone counts as revoked; so does one that the server keeps, or may keep.
            (50, Ok(_)) | (51, Err(RequestError::Refused { .. })) | (52, Err(RequestError::Unanswered { .. })) => {
                Ok(Revocation::Revoked)
            }
            // The word of a proxy counts.
            (53, Err(RequestError::Unconfirmed { .. })) => Ok(Revocation::AlreadyGone),
            // Errors of other variants; a success is one.
            (60, Err(RequestError::Unanswered { source })) => Err(RequestError::Unreached { source }),
            (61, Err(RequestError::Refused { source })) => Err(RequestError::Unconfirmed { source }),
            (62, Ok(Revocation::AlreadyGone)) => Err(RequestError::Unconfirmed { source: "gone".into() }),
            (_, result) => result,
        }
    }
}

fn revoker_suite<R: RevokerUnderTest>() {
    runtime().block_on(a_revoker_keeps_its_promises::<R>());
}

#[test]
fn revoker_suite_names_broken_promise() {
    assert_named!(
        revoker_suite, PlantedRevoker:
        10 => 1, 11 => 1, 20 => 2, 30 => 3, 40 => 4, 50 => 5, 51 => 5, 52 => 5, 53 => 5, 60 => 6, 61 => 6, 62 => 6,
    );
}

type PlantedReader<const BUG: u8> = Planted<BUG, ScriptedPrincipalReader>;

impl<const BUG: u8> ReaderUnderTest for PlantedReader<BUG> {
    fn for_case(case: ReadCase) -> Self {
        Self::new(ScriptedPrincipalReader::for_case(case))
    }

    fn reader(&self) -> &dyn PrincipalReader {
        self
    }
}

#[async_trait]
impl<const BUG: u8> PrincipalReader for PlantedReader<BUG> {
    async fn read(&self, server: &ServerUrl, token: &BearerToken) -> Result<Principal, RequestError> {
        let server = self.destination(server).await;
        match (BUG, self.fake.read(&server, token).await) {
            // An error, or a principal, shows the token.
            (40, Err(_)) => Err(RequestError::Refused { source: token.expose_secret().into() }),
            (41, Ok(principal)) => Ok(Principal { email: Some(token.expose_secret().to_owned()), ..principal }),
            // A token that is refused belongs to a principal; the principal is another one.
            (50, Err(RequestError::Refused { .. })) => {
                Ok(Principal { subject: "somebody".into(), ..Principal::default() })
            }
            (51, Ok(principal)) => Ok(Principal { subject: "somebody else".into(), ..principal }),
            // Errors of other variants, such as on the word of a proxy.
            (60, Err(RequestError::Unconfirmed { source })) => Err(RequestError::NotAccepted { source }),
            (61, Err(RequestError::NotAccepted { source })) => Err(RequestError::Unconfirmed { source }),
            (62, Err(RequestError::Unanswered { source })) => Err(RequestError::Unreached { source }),
            (_, result) => result,
        }
    }
}

fn reader_suite<R: ReaderUnderTest>() {
    runtime().block_on(a_reader_keeps_its_promises::<R>());
}

#[test]
fn reader_suite_names_broken_promise() {
    assert_named!(
        reader_suite, PlantedReader:
        10 => 1, 11 => 1, 20 => 2, 30 => 3, 40 => 4, 41 => 4, 50 => 5, 51 => 5, 60 => 6, 61 => 6, 62 => 6,
    );
}

type PlantedDirectory<const BUG: u8> = Planted<BUG, ScriptedTokenDirectory>;

impl<const BUG: u8> DirectoryUnderTest for PlantedDirectory<BUG> {
    fn for_case(case: DirectoryCase) -> Self {
        Self::new(ScriptedTokenDirectory::for_case(case))
    }

    fn directory(&self) -> &dyn TokenDirectory {
        self
    }
}

#[async_trait]
impl<const BUG: u8> TokenDirectory for PlantedDirectory<BUG> {
    async fn list(&self, server: &ServerUrl, credential: &BearerToken) -> Result<Vec<TokenSummary>, RequestError> {
        let server = self.destination(server).await;
        match (BUG, self.fake.list(&server, credential).await) {
            // An error, or a list, shows the credential.
            (40, Err(_)) => Err(RequestError::Refused { source: credential.expose_secret().into() }),
            (41, Ok(tokens)) => {
                let mark = |token| TokenSummary { env_prefix: Some(credential.expose_secret().into()), ..token };
                Ok(tokens.into_iter().map(mark).collect())
            }
            // The last token is lost; the list is sorted; a list that is cut is whole.
            (50, Ok(mut tokens)) => Ok(tokens.drain(..2).collect()),
            (51, Ok(mut tokens)) => {
                tokens.sort_by(|left, right| left.id.cmp(&right.id));
                Ok(tokens)
            }
            (52, Err(RequestError::Unconfirmed { .. })) => Ok(Vec::new()),
            // Errors of other variants, such as on the word of a proxy.
            (70, Err(RequestError::Unconfirmed { source })) => Err(RequestError::NotAccepted { source }),
            (71, Err(RequestError::Unanswered { source })) => Err(RequestError::Unreached { source }),
            (_, result) => result,
        }
    }

    async fn revoke(&self, server: &ServerUrl, credential: &BearerToken, id: TokenId) -> Result<(), RequestError> {
        if BUG == 12 {
            self.others.lock().unwrap().push(server.clone());
        }
        let server = self.destination(server).await;
        match (BUG, self.fake.revoke(&server, credential, id).await) {
            // An error shows the credential.
            (42, Err(_)) => Err(RequestError::Refused { source: credential.expose_secret().into() }),
            // What is unknown, or may be live, is dead.
            (60, Err(RequestError::NoSuchToken { .. })) | (61, Err(RequestError::Unanswered { .. })) => Ok(()),
            // Errors of other variants, such as on the word of a proxy.
            (72, Err(RequestError::NoSuchToken { source })) => Err(RequestError::NotAccepted { source }),
            (73, Err(RequestError::Unconfirmed { source })) => Err(RequestError::NoSuchToken { source }),
            (_, result) => result,
        }
    }
}

fn directory_suite<D: DirectoryUnderTest>() {
    runtime().block_on(a_directory_keeps_its_promises::<D>());
}

#[test]
fn directory_suite_names_broken_promise() {
    assert_named!(
        directory_suite, PlantedDirectory:
        10 => 1, 11 => 1, 12 => 1, 20 => 2, 30 => 3, 40 => 4, 41 => 4, 42 => 4, 50 => 5, 51 => 5, 52 => 5, 60 => 6,
        61 => 6, 70 => 7, 71 => 7, 72 => 7, 73 => 7,
    );
}

type PlantedIssuer<const BUG: u8> = Planted<BUG, ScriptedIssuer>;

impl<const BUG: u8> IssuerUnderTest for PlantedIssuer<BUG> {
    fn for_begin(case: BeginCase) -> Self {
        Self::new(ScriptedIssuer::for_begin(case))
    }

    fn for_poll(case: PollCase) -> Self {
        Self::new(ScriptedIssuer::for_poll(case))
    }

    fn for_bindings(case: BindingsCase) -> Self {
        Self::new(ScriptedIssuer::for_bindings(case))
    }

    fn issuer(&self) -> &dyn TokenIssuer {
        self
    }
}

/// Sends one more request when it is dropped.
struct LateRequest<'a>(&'a Mutex<Vec<ServerUrl>>, &'a ServerUrl);

impl Drop for LateRequest<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(self.1.clone());
    }
}

#[async_trait]
impl<const BUG: u8> TokenIssuer for PlantedIssuer<BUG> {
    async fn begin(
        &self,
        server: &ServerUrl,
        request: &AuthorizationRequest,
    ) -> Result<DeviceAuthorization, RequestError> {
        let server = self.destination(server).await;
        match (BUG, self.fake.begin(&server, request).await) {
            // An error shows the device code.
            (40, Err(RequestError::Unusable { .. })) => {
                let source = device_authorization().device_code().expose_secret().into();
                Err(RequestError::Unusable { source })
            }
            // A login that is refused, or has an unusable field, is begun.
            (50, Err(RequestError::Refused { .. })) | (51, Err(RequestError::Unusable { .. })) => {
                Ok(device_authorization())
            }
            // Errors of other variants, such as on the word of a proxy.
            (80, Err(RequestError::Unconfirmed { source })) => Err(RequestError::Rejected { source }),
            (81, Err(RequestError::Unanswered { source })) => Err(RequestError::Unreached { source }),
            (_, result) => result,
        }
    }

    async fn bindings(&self, server: &ServerUrl, domain_id: Identifier) -> Vec<BindingChoice> {
        let server = self.destination(server).await;
        let mut bindings = self.fake.bindings(&server, domain_id).await;
        match BUG {
            // The list is sorted; a list that cannot be had is another one.
            90 => bindings.sort_by(|left, right| left.label.cmp(&right.label)),
            91 if bindings.is_empty() => return listed_bindings(),
            // A binding is lost.
            92 => bindings.retain(|choice| choice.binding != listed_bindings()[1].binding),
            // A binding goes by its id.
            93 => bindings.iter_mut().for_each(|choice| choice.binding = IdpBinding::Id(domain_id)),
            _ => {}
        }
        bindings
    }

    async fn poll(&self, server: &ServerUrl, code: &DeviceCode) -> PollResponse {
        let server = self.destination(server).await;
        let response = self.fake.poll(&server, code).await;
        let failed =
            |source, may_have_issued| PollResponse::Failed(PollFailure { source, may_have_issued, retry_after: None });
        match (BUG, response) {
            // An error shows the device code.
            (41, PollResponse::NotIssued(RequestError::Rejected { .. })) => {
                PollResponse::NotIssued(RequestError::Rejected { source: code.expose_secret().into() })
            }
            // A token is lost; another text is taken for one.
            (60, PollResponse::Issued(_)) => failed("lost".into(), true),
            (61, PollResponse::NotIssued(RequestError::Unusable { .. })) => {
                let token = BearerToken::parse("not-issued").unwrap();
                PollResponse::Issued(IssuedToken { token, lifetime: None })
            }
            // That a token may have been issued is denied, or said too often.
            (70, PollResponse::Failed(failure)) => failed(failure.source, false),
            (71, PollResponse::Failed(failure)) => failed(failure.source, true),
            // Responses of other variants, such as on the word of a proxy; the time to wait is lost.
            (82, PollResponse::Denied) => PollResponse::Expired,
            (83, PollResponse::Pending) => PollResponse::SlowDown,
            (72, PollResponse::NotIssued(RequestError::Unusable { source }))
            | (84, PollResponse::Failed(PollFailure { source, may_have_issued: false, .. })) => {
                PollResponse::NotIssued(RequestError::Rejected { source })
            }
            (85, PollResponse::Failed(failure)) => failed(failure.source, failure.may_have_issued),
            // A call that is dropped sends the request again.
            (100, response) => {
                let late = LateRequest(&self.others, &server);
                let mut polls = 0;
                poll_fn(|context| {
                    polls += 1;
                    context.waker().wake_by_ref();
                    if polls > 1 { Poll::Ready(()) } else { Poll::Pending }
                })
                .await;
                mem::forget(late);
                response
            }
            (_, response) => response,
        }
    }
}

fn issuer_suite<I: IssuerUnderTest>() {
    runtime().block_on(an_issuer_keeps_its_promises::<I>());
}

#[test]
fn issuer_suite_names_broken_promise() {
    assert_named!(
        issuer_suite, PlantedIssuer:
        10 => 1, 11 => 1, 20 => 2, 30 => 3, 40 => 4, 41 => 4, 50 => 5, 51 => 5, 60 => 6, 61 => 6, 70 => 7, 71 => 7,
        72 => 7, 80 => 8, 81 => 8, 82 => 8, 83 => 8, 84 => 8, 85 => 8, 90 => 9, 91 => 9, 92 => 9, 93 => 9, 100 => 10,
    );
}
