//! The model and its rules: sessions, tokens, servers. It imports nothing from the rest of the crate.

pub mod bearer_token;
pub mod device_authorization;
mod from_str;
pub mod identifier;
pub mod idp_binding;
pub mod issued_token;
pub mod new_session;
pub mod page_url;
pub mod principal;
pub mod printable;
pub mod profile;
pub mod replaced_name;
mod secret;
pub mod server_url;
pub mod session;
pub mod shown_server;
pub mod timestamp;
pub mod token;
pub mod token_summary;

pub use self::bearer_token::{BearerToken, BearerTokenError};
pub use self::device_authorization::{
    AuthorizationFault, AuthorizationFields, DeviceAuthorization, DeviceCode, InvalidAuthorization,
};
pub use self::identifier::{Identifier, NotAnIdentifier};
pub use self::idp_binding::{BindingAlias, IdpBinding, InvalidAlias};
pub use self::issued_token::{IssuedToken, TokenFacts};
pub use self::new_session::NewSession;
pub use self::page_url::PageUrl;
pub use self::principal::Principal;
pub use self::profile::{InvalidToken, Profile, ProfileToken};
pub use self::server_url::{Host, Scheme, ServerUrl, ServerUrlError};
pub use self::session::{EmptyProfileName, ProfileName, Selection, Session};
pub use self::shown_server::ShownServer;
pub use self::timestamp::Timestamp;
pub use self::token::{SessionToken, TokenError, TokenId};
pub use self::token_summary::TokenSummary;
