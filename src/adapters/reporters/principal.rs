//! Who a token speaks for, as programs read it wherever a principal is part of a result.

use serde::Serialize;

use crate::domain::principal::Principal;

/// The principal as the server named it; what it left out is left out.
#[derive(Serialize)]
pub(super) struct PrincipalData<'a>(#[serde(with = "Fields")] pub(super) &'a Principal);

/// The fields of a [`Principal`], which the domain does not serialize.
#[derive(Serialize)]
#[serde(remote = "Principal")]
struct Fields {
    principal_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_scope: Option<String>,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<String>>,
}

/// What a person goes by.
pub(super) fn name(principal: &Principal) -> Option<&str> {
    // People know each other by their address; a subject is mostly an id.
    let names = [principal.email.as_deref(), Some(principal.subject.as_str())];
    names.into_iter().flatten().find(|name| !name.is_empty())
}
