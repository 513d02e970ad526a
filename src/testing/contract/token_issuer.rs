//! What a [`TokenIssuer`] promises.

use std::time::Duration;

use super::{SECRET, SERVER, id, session_token, shown};
use crate::domain::bearer_token::BearerToken;
use crate::domain::device_authorization::{AuthorizationFields, DeviceAuthorization};
use crate::domain::identifier::Identifier;
use crate::domain::idp_binding::IdpBinding;
use crate::domain::issued_token::IssuedToken;
use crate::domain::server_url::ServerUrl;
use crate::ports::token_issuer::{AuthorizationRequest, BeginError, PollFailure, PollResponse, TokenIssuer};
use crate::testing::ScriptedIssuer;

/// How a server meets the wish to log in.
#[derive(Clone, Copy, Debug)]
pub enum BeginCase {
    /// It begins a device authorization.
    Begun,
    /// It answers with an error of its own.
    Rejected,
    /// It declines.
    Refused,
    /// It fails, or something in its place does.
    Unconfirmed,
    /// It begins one with a field that breaks its rule.
    Unusable,
    /// There is no server.
    Unreached,
}

/// How a server meets a poll.
#[derive(Clone, Copy, Debug)]
pub enum PollCase {
    /// It issues the [`session_token`] with the number 1.
    Issued,
    /// Nobody has approved yet.
    Pending,
    /// It is asked too often.
    SlowDown,
    /// Somebody denied it.
    Denied,
    /// Nobody approved it in time.
    Expired,
    /// It does not know the device code.
    Rejected,
    /// It declines.
    Refused,
    /// It issues something that is no token.
    Unusable,
    /// It fails.
    ServerError,
    /// It is busy, and to be asked again after 7 seconds.
    Busy,
    /// It hangs up without an answer.
    Unanswered,
    /// There is no server.
    Unreached,
}

/// An issuer with the server that it meets. What a server says holds the secret wherever it can.
pub trait IssuerUnderTest {
    /// An issuer whose server meets the wish to log in so.
    fn beginning(beginning: BeginCase) -> Self;

    /// An issuer whose server meets a poll so.
    fn polled(polled: PollCase) -> Self;

    /// The issuer.
    fn issuer(&self) -> &dyn TokenIssuer;

    /// The server that it is sent to.
    fn server(&self) -> ServerUrl;

    /// How many requests that server saw.
    fn requests(&self) -> usize;
}

impl IssuerUnderTest for ScriptedIssuer {
    fn beginning(beginning: BeginCase) -> Self {
        let source = || "told to".into();
        let answer = match beginning {
            BeginCase::Begun => Ok(device_authorization()),
            BeginCase::Rejected => Err(BeginError::Rejected { source: source() }),
            BeginCase::Refused => Err(BeginError::Refused { source: source() }),
            BeginCase::Unconfirmed => Err(BeginError::Unconfirmed { source: source() }),
            BeginCase::Unusable => Err(BeginError::Unusable { source: source() }),
            BeginCase::Unreached => Err(BeginError::Unreached { source: source() }),
        };
        Self::new(answer, [])
    }

    fn polled(polled: PollCase) -> Self {
        let source = || "told to".into();
        let failed = |may_have_issued, retry_after| {
            PollResponse::Failed(PollFailure { source: source(), may_have_issued, retry_after })
        };
        let answer = match polled {
            PollCase::Issued => PollResponse::Issued(IssuedToken {
                token: BearerToken::parse(session_token(1)).unwrap(),
                lifetime: Some(Duration::from_secs(3600)),
            }),
            PollCase::Pending => PollResponse::Pending,
            PollCase::SlowDown => PollResponse::SlowDown,
            PollCase::Denied => PollResponse::Denied,
            PollCase::Expired => PollResponse::Expired,
            PollCase::Rejected => PollResponse::Rejected { source: source() },
            PollCase::Refused => PollResponse::Refused { source: source() },
            PollCase::Unusable => PollResponse::Unusable { source: source() },
            PollCase::ServerError | PollCase::Unanswered => failed(true, None),
            PollCase::Busy => failed(false, Some(Duration::from_secs(7))),
            PollCase::Unreached => return Self::new(Ok(device_authorization()), []),
        };
        Self::new(Ok(device_authorization()), [answer.into()])
    }

    fn issuer(&self) -> &dyn TokenIssuer {
        self
    }

    fn server(&self) -> ServerUrl {
        ServerUrl::parse(SERVER).unwrap()
    }

    fn requests(&self) -> usize {
        self.beginnings().len() + self.polls().len()
    }
}

/// A device authorization as a server would begin it, with the secret as its device code.
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

/// A wish to log in.
#[must_use]
pub fn authorization_request() -> AuthorizationRequest {
    let id = Identifier::parse(&id(1)).unwrap();
    AuthorizationRequest { domain_id: id, idp_binding: Some(IdpBinding::Id(id)) }
}

/// Holds an issuer against every promise of its port that can be seen from outside.
pub async fn an_issuer_keeps_its_promises<I: IssuerUnderTest>() {
    for beginning in [
        BeginCase::Begun,
        BeginCase::Rejected,
        BeginCase::Refused,
        BeginCase::Unconfirmed,
        BeginCase::Unusable,
        BeginCase::Unreached,
    ] {
        let under_test = I::beginning(beginning);
        let result = under_test.issuer().begin(&under_test.server(), &authorization_request()).await;
        let is_as_met = matches!(
            (&result, beginning),
            (Ok(_), BeginCase::Begun)
                | (Err(BeginError::Rejected { .. }), BeginCase::Rejected)
                | (Err(BeginError::Refused { .. }), BeginCase::Refused)
                | (Err(BeginError::Unconfirmed { .. }), BeginCase::Unconfirmed)
                | (Err(BeginError::Unusable { .. }), BeginCase::Unusable)
                | (Err(BeginError::Unreached { .. }), BeginCase::Unreached)
        );
        assert!(is_as_met, "{beginning:?}: {result:?}");
        assert!(under_test.requests() <= 1, "{beginning:?}");
        assert!(!format!("{result:?}").contains(SECRET), "{beginning:?}: {result:?}");
        if let Err(error) = result {
            assert!(!shown(&error).contains(SECRET), "{beginning:?}: {error:?}");
        }
    }
    for polled in [
        PollCase::Issued,
        PollCase::Pending,
        PollCase::SlowDown,
        PollCase::Denied,
        PollCase::Expired,
        PollCase::Rejected,
        PollCase::Refused,
        PollCase::Unusable,
        PollCase::ServerError,
        PollCase::Busy,
        PollCase::Unanswered,
        PollCase::Unreached,
    ] {
        let under_test = I::polled(polled);
        let code = device_authorization().device_code().clone();
        let answer = under_test.issuer().poll(&under_test.server(), &code).await;
        let is_as_met = match (&answer, polled) {
            (PollResponse::Issued(issued), PollCase::Issued) => issued.token.expose_secret() == session_token(1),
            (PollResponse::Pending, PollCase::Pending)
            | (PollResponse::SlowDown, PollCase::SlowDown)
            | (PollResponse::Denied, PollCase::Denied)
            | (PollResponse::Expired, PollCase::Expired)
            | (PollResponse::Rejected { .. }, PollCase::Rejected)
            | (PollResponse::Refused { .. }, PollCase::Refused)
            | (PollResponse::Unusable { .. }, PollCase::Unusable) => true,
            (PollResponse::Failed(failure), PollCase::ServerError | PollCase::Unanswered) => failure.may_have_issued,
            (PollResponse::Failed(failure), PollCase::Busy) => {
                !failure.may_have_issued && failure.retry_after == Some(Duration::from_secs(7))
            }
            (PollResponse::Failed(failure), PollCase::Unreached) => {
                !failure.may_have_issued && failure.retry_after.is_none()
            }
            _ => false,
        };
        assert!(is_as_met, "{polled:?}: {answer:?}");
        assert!(under_test.requests() <= 1, "{polled:?}");
        assert!(!format!("{answer:?}").contains(SECRET), "{polled:?}: {answer:?}");
        if let PollResponse::Rejected { source }
        | PollResponse::Refused { source }
        | PollResponse::Unusable { source }
        | PollResponse::Failed(PollFailure { source, .. }) = answer
        {
            assert!(!shown(&source).contains(SECRET), "{polled:?}: {source:?}");
        }
    }
}
