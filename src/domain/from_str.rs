//! `str::parse` for the values that come from a text: each goes through its own rule.

use std::str::FromStr;

use super::bearer_token::{BearerToken, BearerTokenError};
use super::identifier::{Identifier, NotAnIdentifier};
use super::idp_binding::{BindingAlias, InvalidAlias};
use super::page_url::PageUrl;
use super::server_url::{ServerUrl, ServerUrlError};
use super::session::{EmptyProfileName, ProfileName};
use super::token::{SessionToken, TokenError};

macro_rules! from_str {
    ($($value:ident, $rule:ident, $error:ty;)*) => {$(
        #[doc = concat!("By the rule of [`", stringify!($value), "::", stringify!($rule), "`].")]
        impl FromStr for $value {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::$rule(text)
            }
        }
    )*};
}

from_str! {
    BearerToken, parse, BearerTokenError;
    BindingAlias, parse, InvalidAlias;
    Identifier, parse, NotAnIdentifier;
    PageUrl, parse, ServerUrlError;
    ProfileName, new, EmptyProfileName;
    ServerUrl, parse, ServerUrlError;
    SessionToken, parse, TokenError;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_by_the_rule_of_the_value() {
        let id = "0192f0c1-2345-7abc-8def-0123456789ab";
        assert_eq!(id.to_uppercase().parse::<Identifier>().unwrap().to_string(), id);
        assert_eq!(format!("psk_dev_{id}_s").parse::<SessionToken>().unwrap().id().to_string(), id);
        assert_eq!("opaque".parse::<BearerToken>().unwrap().expose_secret(), "opaque");
        assert_eq!("https://h/".parse::<ServerUrl>().unwrap().as_given(), "https://h/");
        assert_eq!("https://h/?q".parse::<PageUrl>().unwrap().as_str(), "https://h/?q");
        assert_eq!("dev".parse::<ProfileName>().unwrap().as_str(), "dev");
        assert_eq!("".parse::<ProfileName>(), Err(EmptyProfileName));
        assert_eq!("ftp://h".parse::<ServerUrl>(), Err(ServerUrlError::Scheme));
        assert!("opaque".parse::<SessionToken>().is_err() && "x y".parse::<BearerToken>().is_err());
    }
}
