//! What a [`TokenIssuer`] promises.

use std::error::Error;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use super::server::{check_calls, error_of, observe};
use super::{SECRET, SERVER, ServerFailure, ServerUnderTest, id, promise, session_token};
use crate::domain::bearer_token::BearerToken;
use crate::domain::device_authorization::{AuthorizationFields, DeviceAuthorization};
use crate::domain::identifier::Identifier;
use crate::domain::idp_binding::{BindingAlias, IdpBinding};
use crate::domain::issued_token::IssuedToken;
use crate::domain::server_url::ServerUrl;
use crate::ports::request_error::RequestError;
use crate::ports::token_issuer::{AuthorizationRequest, BindingChoice, PollFailure, PollResponse, TokenIssuer};
use crate::testing::ScriptedIssuer;

/// How a server responds to the beginning of a login. The [`SECRET`] is in no response but the successes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeginCase {
    /// It begins a device authorization.
    Begun,
    /// It begins one with a field that breaks its rule.
    Unusable,
    /// It rejects the domain.
    Rejected,
    /// It declines.
    Refused,
    /// It fails.
    Failing(ServerFailure),
}

/// How a server responds to a poll. Every text in a response that has no meaning holds the [`SECRET`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollCase {
    /// It issues [`issued_token`].
    Issued,
    /// It issues that token, and closes the connection before the end of the body.
    IssuedCut,
    /// It issues that token and another one.
    SeveralTokens,
    /// It issues something that is not a token.
    Unusable,
    /// The login is not approved yet.
    Pending,
    /// The login is not approved yet, and the polls are too frequent.
    SlowDown,
    /// The login is denied.
    Denied,
    /// The login was not approved in time.
    Expired,
    /// It does not know the device code.
    Rejected,
    /// It declines.
    Refused,
    /// It is busy: it asks for a wait of 7 seconds (429).
    Busy,
    /// It is out of service, in its own words (503 with problem details).
    OutOfService,
    /// It fails.
    Failing(ServerFailure),
}

const POLL_CASES: [PollCase; 12] = [
    PollCase::Issued,
    PollCase::IssuedCut,
    PollCase::SeveralTokens,
    PollCase::Unusable,
    PollCase::Pending,
    PollCase::SlowDown,
    PollCase::Denied,
    PollCase::Expired,
    PollCase::Rejected,
    PollCase::Refused,
    PollCase::Busy,
    PollCase::OutOfService,
];

/// How a server responds to the question which bindings a domain has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingsCase {
    /// It lists [`listed_bindings`].
    Listed,
    /// It fails.
    Failing(ServerFailure),
}

/// An issuer with its server.
pub trait IssuerUnderTest: ServerUnderTest {
    /// An issuer whose server responds so to the beginning of a login.
    fn for_begin(case: BeginCase) -> Self;

    /// An issuer whose server responds so to a poll.
    fn for_poll(case: PollCase) -> Self;

    /// An issuer whose server responds so to the question which bindings a domain has.
    fn for_bindings(case: BindingsCase) -> Self;

    /// The issuer.
    fn issuer(&self) -> &dyn TokenIssuer;
}

impl ServerUnderTest for ScriptedIssuer {
    fn requested(&self) -> Vec<ServerUrl> {
        let beginnings = self.beginnings().into_iter().map(|beginning| beginning.server);
        beginnings.chain(self.polls().into_iter().map(|poll| poll.server)).collect()
    }
}

impl IssuerUnderTest for ScriptedIssuer {
    fn for_begin(case: BeginCase) -> Self {
        let source = "told to".into();
        let response = match case {
            BeginCase::Begun => Ok(device_authorization()),
            BeginCase::Unusable => Err(RequestError::Unusable { source }),
            BeginCase::Rejected => Err(RequestError::Rejected { source }),
            BeginCase::Refused => Err(RequestError::Refused { source }),
            BeginCase::Failing(failure) => Err(failure.error()),
        };
        Self::new(response, [])
    }

    fn for_poll(case: PollCase) -> Self {
        let source = "told to".into();
        let response = match case {
            PollCase::Issued | PollCase::IssuedCut => PollResponse::Issued(issued_token()),
            PollCase::SeveralTokens | PollCase::Unusable => PollResponse::NotIssued(RequestError::Unusable { source }),
            PollCase::Pending => PollResponse::Pending,
            PollCase::SlowDown => PollResponse::SlowDown,
            PollCase::Denied => PollResponse::Denied,
            PollCase::Expired => PollResponse::Expired,
            PollCase::Rejected => PollResponse::NotIssued(RequestError::Rejected { source }),
            PollCase::Refused => PollResponse::NotIssued(RequestError::Refused { source }),
            PollCase::Failing(ServerFailure::Unreached) => return Self::new(Ok(device_authorization()), []),
            PollCase::Busy | PollCase::OutOfService | PollCase::Failing(_) => PollResponse::Failed(PollFailure {
                source,
                may_have_issued: may_have_issued(case),
                retry_after: (case == PollCase::Busy).then_some(Duration::from_secs(7)),
            }),
        };
        Self::new(Ok(device_authorization()), [response.into()])
    }

    fn for_bindings(case: BindingsCase) -> Self {
        let bindings = if case == BindingsCase::Listed { listed_bindings() } else { Vec::new() };
        Self::new(Ok(device_authorization()), []).with_bindings(bindings)
    }

    fn issuer(&self) -> &dyn TokenIssuer {
        self
    }
}

/// The device authorization of [`BeginCase::Begun`], with the [`SECRET`] as its device code.
#[must_use]
pub fn device_authorization() -> DeviceAuthorization {
    let fields = AuthorizationFields {
        device_code: SECRET.into(),
        user_code: "ABCD-EFGH".into(),
        verification_uri: "https://plexsphere.example/v1/device".into(),
        expires_in: 600,
        ..AuthorizationFields::default()
    };
    DeviceAuthorization::parse(fields, &ServerUrl::parse(SERVER).unwrap()).unwrap()
}

/// The token of [`PollCase::Issued`]: the [`session_token`] with the number 1, for an hour.
#[must_use]
pub fn issued_token() -> IssuedToken {
    let token = BearerToken::parse(session_token(1)).unwrap();
    IssuedToken { token, lifetime: Some(Duration::from_secs(3600)) }
}

/// A login to begin.
#[must_use]
pub fn authorization_request() -> AuthorizationRequest {
    let id = Identifier::parse(&id(1)).unwrap();
    AuthorizationRequest { domain_id: id, idp_binding: Some(IdpBinding::Id(id)) }
}

/// The bindings that a server lists in [`BindingsCase::Listed`].
#[must_use]
pub fn listed_bindings() -> Vec<BindingChoice> {
    // In no order but the server's own.
    let aliases = ["okta", "google"].map(|alias| BindingAlias::parse(alias).unwrap());
    let binding = |alias: BindingAlias| BindingChoice {
        label: format!("The {} of example", alias.as_str()),
        issuer_host: format!("{}.example", alias.as_str()),
        binding: IdpBinding::Alias(alias),
    };
    aliases.map(binding).into()
}

/// Whether the server may have issued a token that did not arrive.
fn may_have_issued(case: PollCase) -> bool {
    match case {
        PollCase::SeveralTokens | PollCase::Unusable => true,
        PollCase::Failing(failure) => failure == ServerFailure::ServerError || failure.is_unanswered(),
        _ => false,
    }
}

/// Holds an issuer to every promise of [`TokenIssuer`].
pub async fn an_issuer_keeps_its_promises<I: IssuerUnderTest>() {
    let (mut beginnings, mut polls, mut lists) = (Vec::new(), Vec::new(), Vec::new());
    let cases = [BeginCase::Begun, BeginCase::Unusable, BeginCase::Rejected, BeginCase::Refused];
    for case in cases.into_iter().chain(ServerFailure::ALL.map(BeginCase::Failing)) {
        let under_test = I::for_begin(case);
        let (server, request) = (under_test.server(), authorization_request());
        beginnings.push(observe(case, &under_test, under_test.issuer().begin(&server, &request)).await);
    }
    let code = device_authorization().device_code().clone();
    for case in POLL_CASES.into_iter().chain(ServerFailure::ALL.map(PollCase::Failing)) {
        let under_test = I::for_poll(case);
        let server = under_test.server();
        polls.push(observe(case, &under_test, under_test.issuer().poll(&server, &code)).await);
    }
    for case in [BindingsCase::Listed].into_iter().chain(ServerFailure::ALL.map(BindingsCase::Failing)) {
        let under_test = I::for_bindings(case);
        let server = under_test.server();
        let call = under_test.issuer().bindings(&server, authorization_request().domain_id);
        lists.push(observe(case, &under_test, call).await);
    }

    check_calls(&beginnings, error_of);
    check_calls(&polls, source_of);
    check_calls(&lists, |_| None);
    promise(5, "a login is begun if the server began it, with fields that keep their rules", || {
        for call in &beginnings {
            assert!(!matches!(call.result, Some(Ok(_))) || call.case == BeginCase::Begun, "{call:?}");
        }
    });
    promise(6, "a usable token that has arrived is issued, even if the response breaks off behind it", || {
        for call in &polls {
            let issued = match &call.result {
                Some(PollResponse::Issued(issued)) => Some(issued.token.expose_secret()),
                _ => None,
            };
            let is_expected = [PollCase::Issued, PollCase::IssuedCut].contains(&call.case);
            assert_eq!(issued, is_expected.then(|| session_token(1)).as_deref(), "{call:?}");
        }
    });
    promise(7, "where a token may have been issued that did not arrive, the response says so", || {
        for call in &polls {
            let is_said = match &call.result {
                Some(PollResponse::Failed(failure)) => failure.may_have_issued,
                response => matches!(response, Some(PollResponse::NotIssued(RequestError::Unusable { .. }))),
            };
            assert_eq!(is_said, may_have_issued(call.case), "{call:?}");
        }
    });
    promise(8, "any other response means what its variant says, on the word of the server itself", || {
        for call in &beginnings {
            let Some(Err(error)) = &call.result else { continue };
            let is_expected = match (error, call.case) {
                (RequestError::Rejected { .. }, BeginCase::Rejected)
                | (RequestError::Refused { .. }, BeginCase::Refused)
                | (RequestError::Unusable { .. }, BeginCase::Unusable) => true,
                (error, BeginCase::Failing(failure)) => failure.is_said_by(error),
                _ => false,
            };
            assert!(is_expected, "{call:?}");
        }
        for call in &polls {
            let is_expected = match (call.result.as_ref().unwrap(), call.case) {
                (PollResponse::Issued(_) | PollResponse::NotIssued(RequestError::Unusable { .. }), _)
                | (PollResponse::Pending, PollCase::Pending)
                | (PollResponse::SlowDown, PollCase::SlowDown)
                | (PollResponse::Denied, PollCase::Denied)
                | (PollResponse::Expired, PollCase::Expired)
                | (PollResponse::NotIssued(RequestError::Rejected { .. }), PollCase::Rejected)
                | (PollResponse::NotIssued(RequestError::Refused { .. }), PollCase::Refused)
                | (PollResponse::Failed(_), PollCase::OutOfService | PollCase::Failing(_)) => true,
                (PollResponse::Failed(failure), PollCase::Busy) => failure.retry_after == Some(Duration::from_secs(7)),
                _ => false,
            };
            assert!(is_expected, "{call:?}");
        }
    });
    promise(9, "bindings are listed in the order of the server, and not at all if that fails", || {
        for call in &lists {
            let expected = if call.case == BindingsCase::Listed { listed_bindings() } else { Vec::new() };
            assert_eq!(call.result, Some(expected), "{call:?}");
        }
    });
    let dropped = I::for_poll(PollCase::Failing(ServerFailure::Silent));
    {
        let server = dropped.server();
        let mut call = dropped.issuer().poll(&server, &code);
        poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_ready())).await;
    }
    promise(10, "a call that is dropped sends nothing more", || {
        assert!(dropped.requested().len() <= 1, "{:?}", dropped.requested());
    });
}

fn source_of(response: &PollResponse) -> Option<&dyn Error> {
    match response {
        PollResponse::NotIssued(error) => Some(error),
        PollResponse::Failed(PollFailure { source, .. }) => Some(source),
        _ => None,
    }
}
