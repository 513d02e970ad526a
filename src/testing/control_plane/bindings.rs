//! The IdP bindings: the list for a sign-in chooser, and which binding a login uses.

use serde_json::{Value, json};
use uuid::Uuid;

use super::State;
use super::answer::Answer;
use super::request::RecordedRequest;
use super::settings::{BindingSettings, ControlPlaneSettings};

/// Why a login cannot use an IdP binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BindingError {
    /// The domain has no such binding, or none at all.
    NotFound,
    /// The domain has several, none of them is the primary one, and the request names none.
    Ambiguous,
}

impl State {
    /// Serves `GET /v1/auth/idp-bindings`. Unknown domains are listed like known ones, so that the list reveals nothing
    /// about which domains exist.
    pub(super) fn list_bindings(&self, request: &RecordedRequest) -> Answer {
        let invalid = |detail| Answer::problem_at(&request.path(), 400, "Bad Request", "invalid_parameter", detail);
        let bindings = match (request.query_parameter("scope").as_deref(), request.query_parameter("domain_id")) {
            (Some("platform"), _) => self.settings.platform_bindings(),
            (Some(_), _) => return invalid("The scope must be platform."),
            (None, None) => Vec::new(),
            (None, Some(id)) => match Uuid::try_parse(&id) {
                Ok(id) => self.settings.bindings_of(&id),
                Err(_) => return invalid("The domain_id must be a UUID."),
            },
        };
        Answer::json(200, &bindings.into_iter().map(document).collect())
    }
}

impl ControlPlaneSettings {
    /// Whether a domain exists.
    pub(super) fn has_domain(&self, id: &Uuid) -> bool {
        self.domain_id.as_ref().is_none_or(|known| known.eq_ignore_ascii_case(&id.to_string()))
    }

    /// The binding that a login uses: the one with this id, else the one with this alias, else the primary one, else
    /// the only one. `None` if the settings name no bindings: then every binding exists.
    pub(super) fn resolve_binding(
        &self,
        domain: &Uuid,
        id: Option<&Uuid>,
        alias: Option<&str>,
    ) -> Result<Option<&BindingSettings>, BindingError> {
        if self.idp_bindings.is_empty() {
            return Ok(None);
        }
        let bindings = self.bindings_of(domain);
        let find = |is_meant: &dyn Fn(&&BindingSettings) -> bool| bindings.iter().copied().find(is_meant);
        let binding = match (id, alias) {
            (Some(id), _) => find(&|binding| binding.id.eq_ignore_ascii_case(&id.to_string())),
            (None, Some(alias)) => find(&|binding| binding.alias.as_deref() == Some(alias)),
            (None, None) => match (find(&|binding| binding.is_primary), &bindings[..]) {
                (Some(primary), _) => Some(primary),
                (None, []) => None,
                (None, [only]) => Some(*only),
                (None, _) => return Err(BindingError::Ambiguous),
            },
        };
        binding.map(Some).ok_or(BindingError::NotFound)
    }

    /// The bindings that a domain can use, the primary one first: its own, or the shared ones if it has none.
    fn bindings_of(&self, domain: &Uuid) -> Vec<&BindingSettings> {
        let mut own: Vec<_> = self.idp_bindings.iter().filter(|binding| !binding.is_platform_scoped).collect();
        if own.is_empty() || !self.has_domain(domain) {
            return self.platform_bindings();
        }
        own.sort_by_key(|binding| !binding.is_primary);
        own
    }

    fn platform_bindings(&self) -> Vec<&BindingSettings> {
        let mut bindings: Vec<_> = self.idp_bindings.iter().filter(|binding| binding.is_platform_scoped).collect();
        bindings.sort_by_key(|binding| !binding.is_primary);
        bindings
    }
}

fn document(binding: &BindingSettings) -> Value {
    let mut document = json!({
        "id": binding.id,
        "label": binding.label,
        "issuer_host": binding.issuer_host,
        "primary": binding.is_primary,
        "platform_scoped": binding.is_platform_scoped,
    });
    if let Some(alias) = &binding.alias {
        document["alias"] = alias.as_str().into();
    }
    document
}
