//! Who a token speaks for, as programs read it wherever a principal is part of a result.

use serde::Serialize;

use crate::domain::principal::Principal;

/// The principal as the server named it; what it left out is left out.
#[derive(Serialize)]
pub(super) struct PrincipalData<'a> {
    principal_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_scope: Option<&'a str>,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'a [String]>,
}

impl<'a> PrincipalData<'a> {
    /// Takes every field as it is.
    pub(super) fn new(principal: &'a Principal) -> Self {
        let Principal { principal_type, principal_scope, subject, domain_id, email, acr, amr } = principal;
        Self {
            principal_type,
            principal_scope: principal_scope.as_deref(),
            subject,
            domain_id: domain_id.as_deref(),
            email: email.as_deref(),
            acr: acr.as_deref(),
            amr: amr.as_deref(),
        }
    }
}
