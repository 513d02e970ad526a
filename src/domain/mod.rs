//! The model and its rules: sessions, tokens, servers. It imports nothing from the rest of the crate.

// Use the names below. The modules are public because version 0.1 had no other paths.
#[doc(hidden)]
pub mod bearer_token;
#[doc(hidden)]
pub mod device_authorization;
mod from_str;
#[doc(hidden)]
pub mod identifier;
#[doc(hidden)]
pub mod idp_binding;
#[doc(hidden)]
pub mod issued_token;
#[doc(hidden)]
pub mod new_session;
#[doc(hidden)]
pub mod page_url;
#[doc(hidden)]
pub mod principal;
#[doc(hidden)]
pub mod printable;
#[doc(hidden)]
pub mod profile;
#[doc(hidden)]
pub mod replaced_name;
mod secret;
#[doc(hidden)]
pub mod server_url;
#[doc(hidden)]
pub mod session;
#[doc(hidden)]
pub mod shown_server;
#[doc(hidden)]
pub mod timestamp;
#[doc(hidden)]
pub mod token;
#[doc(hidden)]
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
pub use self::printable::{escape_unprintable, is_unprintable};
pub use self::profile::{InvalidToken, Profile, ProfileToken};
pub use self::replaced_name::replaced_names;
pub use self::server_url::{Host, Scheme, ServerUrl, ServerUrlError};
pub use self::session::{EmptyProfileName, ProfileName, Selection, Session, quoted_list};
pub use self::shown_server::ShownServer;
pub use self::timestamp::Timestamp;
pub use self::token::{SessionToken, TokenError, TokenId};
pub use self::token_summary::TokenSummary;

/// A path of version 0.1.
#[doc(hidden)]
pub mod stored_token {
    pub use crate::domain::ProfileToken as StoredToken;
}
