//! The numbers and the names of a run's end: the only place that chooses either.

use plexctl::ports::credential_reader::CredentialError;
use plexctl::ports::credential_store::StoreError;
use plexctl::ports::principal_reader::ReadError;
use plexctl::ports::profile_book::BookError;
use plexctl::ports::session_keeper::KeepError;
use plexctl::ports::token_issuer::BeginError;
use plexctl::ports::token_revoker::RevokeError;
use plexctl::use_cases::ending::Ending;
use plexctl::use_cases::login::LoginError;
use plexctl::use_cases::login::NotIssued::{Denied, NotApproved, Refused, Rejected, Unusable};
use plexctl::use_cases::logout::LogoutError;
use plexctl::use_cases::profiles::ProfilesError;
use plexctl::use_cases::server::ServerError;
use plexctl::use_cases::whoami::WhoamiError;

use crate::failure::Failure;

/// The number that the process ends with.
pub fn of(result: &Result<(), Failure>) -> u8 {
    let ending = match result {
        Ok(()) => Ending::Done,
        Err(Failure::NoConfigPlace | Failure::NotStarted(_) | Failure::Stdout(_)) => Ending::Failed,
        Err(Failure::Usage(_)) => Ending::Unusable,
        Err(Failure::Login(failure)) => failure.error.ending(),
        Err(Failure::Logout(failure)) => failure.error.ending(),
        Err(Failure::Whoami(failure)) => failure.error.ending(),
        Err(Failure::Profiles(failure)) => failure.error.ending(),
    };
    ending.exit_code()
}

/// The `code` of the failure as data.
pub fn code(failure: &Failure) -> &'static str {
    match failure {
        Failure::NoConfigPlace => "config_unusable",
        Failure::Usage(_) | Failure::NotStarted(_) | Failure::Stdout(_) => "internal",
        Failure::Login(failure) => of_login(&failure.error),
        Failure::Logout(failure) => of_logout(&failure.error),
        Failure::Whoami(failure) => of_whoami(&failure.error),
        Failure::Profiles(failure) => of_profiles(&failure.error),
    }
}

fn of_login(error: &LoginError) -> &'static str {
    use LoginError::{
        Begin, Interrupted, LiveUnstored, NotAccepted, NotBegun, NotDurable, NotIssued, NotStored, OtherDomain, Report,
        Server, Superseded,
    };

    match error {
        NotBegun(KeepError::Exposed { .. }) => "config_exposed",
        NotBegun(
            KeepError::Unusable { .. }
            | KeepError::Unstorable { .. }
            | KeepError::NotSaved { .. }
            | KeepError::NotDurable { .. },
        ) => "config_unusable",
        Server { source, .. } => of_server(source),
        Begin { source: BeginError::Refused { .. }, .. } | NotIssued { source: Refused { .. }, .. } => "refused",
        Begin { source: BeginError::Rejected { .. } | BeginError::Unconfirmed { .. }, .. }
        | NotIssued { source: Rejected { .. }, .. } => "unconfirmed",
        Begin { source: BeginError::Unusable { .. }, .. } | NotIssued { source: Unusable { .. }, .. } => {
            "answer_unusable"
        }
        Begin { source: BeginError::Unanswered { .. }, .. } => "unanswered",
        Begin { source: BeginError::Unreached { .. }, .. } => "unreached",
        NotIssued { source: Denied, .. } => "denied",
        NotIssued { source: NotApproved { .. }, .. } => "not_approved",
        NotStored { .. } | LiveUnstored { .. } => "not_stored",
        Superseded { .. } => "superseded",
        NotDurable { .. } => "not_durable",
        NotAccepted { .. } | OtherDomain { .. } => "not_accepted",
        Report(_) | Interrupted(_) => "internal",
    }
}

fn of_logout(error: &LogoutError) -> &'static str {
    use LogoutError::{Clear, Load, Rehearse, Report, Revoke, Server};

    match error {
        Load(StoreError::Exposed { .. }) => "config_exposed",
        Load(StoreError::NotASessionToken { .. }) => "not_a_session_token",
        Load(StoreError::Unusable { .. } | StoreError::NotCleared { .. } | StoreError::NotDurable { .. })
        | Rehearse { .. } => "config_unusable",
        Server { source, .. } => of_server(source),
        Revoke { source: RevokeError::Refused { .. }, .. } => "refused",
        Revoke { source: RevokeError::Unconfirmed { .. }, .. } => "unconfirmed",
        Revoke { source: RevokeError::Unanswered { .. }, .. } => "unanswered",
        Revoke { source: RevokeError::Unreached { .. }, .. } => "unreached",
        Clear { source: StoreError::NotDurable { .. }, .. } => "not_durable",
        Clear {
            source:
                StoreError::Exposed { .. }
                | StoreError::Unusable { .. }
                | StoreError::NotASessionToken { .. }
                | StoreError::NotCleared { .. },
            ..
        } => "not_cleared",
        Report(_) => "internal",
    }
}

fn of_whoami(error: &WhoamiError) -> &'static str {
    match error {
        WhoamiError::Load(CredentialError::Exposed { .. }) => "config_exposed",
        WhoamiError::Load(CredentialError::Unreadable { .. }) => "config_unusable",
        WhoamiError::Load(CredentialError::NotABearerToken { .. }) | WhoamiError::Variable(_) => "not_a_session_token",
        WhoamiError::NoCredential { .. } => "no_credential",
        WhoamiError::Server { source, .. } => of_server(source),
        WhoamiError::Read { source: ReadError::NotAccepted { .. }, .. } => "not_authenticated",
        WhoamiError::Read { source: ReadError::Refused { .. }, .. } => "refused",
        WhoamiError::Read { source: ReadError::Unusable { .. }, .. } => "unconfirmed",
        WhoamiError::Read { source: ReadError::Unanswered { .. }, .. } => "unanswered",
        WhoamiError::Read { source: ReadError::Unreached { .. }, .. } => "unreached",
        WhoamiError::Report(_) => "internal",
    }
}

fn of_profiles(error: &ProfilesError) -> &'static str {
    match error {
        ProfilesError::Unconfirmed { .. } => "confirmation_needed",
        ProfilesError::NoSuchProfile { .. } => "no_such_profile",
        ProfilesError::Book(BookError::Exposed { .. }) => "config_exposed",
        ProfilesError::Book(BookError::Unusable { .. }) => "config_unusable",
        ProfilesError::Book(BookError::NotWritten { .. }) => "not_stored",
        ProfilesError::Book(BookError::NotDurable { .. }) => "not_durable",
        ProfilesError::Report(_) => "internal",
    }
}

fn of_server(error: &ServerError) -> &'static str {
    match error {
        ServerError::Unknown => "server_unknown",
        ServerError::Unusable { .. } => "server_unusable",
        ServerError::OtherOrigin { .. } => "server_mismatch",
    }
}
