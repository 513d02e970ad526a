//! IdP bindings: the list, and the one that a login uses.

use plexctl::testing::{BindingSettings, ControlPlane};
use serde_json::{Value, json};

use super::{BINDING, Client, DOMAIN};

const OTHER: &str = "0192f0c1-0000-7000-8000-00000000000c";
const SHARED: &str = "0192f0c1-0000-7000-8000-00000000000e";

fn binding(id: &str, alias: Option<&str>) -> BindingSettings {
    BindingSettings {
        id: id.to_owned(),
        alias: alias.map(str::to_owned),
        label: alias.unwrap_or("login.example").to_owned(),
        issuer_host: "login.example".to_owned(),
        is_primary: false,
        is_platform_scoped: false,
    }
}

/// A control plane whose only domain has these bindings.
fn with_bindings(bindings: impl Into<Vec<BindingSettings>>) -> ControlPlane {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.configure(|settings| {
        settings.domain_id = Some(DOMAIN.to_owned());
        settings.idp_bindings = bindings.into();
    });
    control_plane
}

/// The ids in the list for a query.
fn listed(control_plane: &ControlPlane, query: &str) -> Vec<String> {
    let request = format!("GET /v1/auth/idp-bindings{query}");
    let answered = Client::of(control_plane).ask(&request, &[], "").unwrap();
    assert_eq!(answered.header("cache-control"), Some("no-store"));
    let list = answered.json();
    list.as_array().unwrap().iter().map(|binding| binding["id"].as_str().unwrap().to_owned()).collect()
}

/// The status of a request for a device code, with the code of the problem if there is one.
fn device_code(control_plane: &ControlPlane, body: &Value) -> (u16, String) {
    let answered = Client::of(control_plane).post("/v1/auth/device-code", body).unwrap();
    let problem = if answered.status == 200 { String::new() } else { answered.problem() };
    (answered.status, problem)
}

#[test]
fn lists_bindings_of_a_domain_primary_first() {
    let primary = BindingSettings { is_primary: true, ..binding(OTHER, None) };
    let shared = BindingSettings { is_platform_scoped: true, ..binding(SHARED, Some("shared")) };
    let control_plane = with_bindings([binding(BINDING, Some("google")), primary, shared]);
    assert_eq!(listed(&control_plane, &format!("?domain_id={DOMAIN}")), [OTHER, BINDING]);
    assert_eq!(listed(&control_plane, &format!("?domain_id={BINDING}")), [SHARED], "of an unknown domain");
    assert_eq!(listed(&control_plane, &format!("?domain_id={DOMAIN}&scope=platform")), [SHARED]);
    assert_eq!(listed(&control_plane, ""), [""; 0]);
    for query in ["?domain_id=x", "?domain_id=", "?scope=domain"] {
        let request = format!("GET /v1/auth/idp-bindings{query}");
        let answered = Client::of(&control_plane).ask(&request, &[], "").unwrap();
        assert_eq!((answered.status, answered.problem().as_str()), (400, "invalid_parameter"), "{query}");
    }

    let request = format!("GET /v1/auth/idp-bindings?domain_id={DOMAIN}");
    let list = Client::of(&control_plane).ask(&request, &[], "").unwrap().json();
    let google = json!({
        "id": BINDING,
        "alias": "google",
        "label": "google",
        "issuer_host": "login.example",
        "primary": false,
        "platform_scoped": false,
    });
    assert_eq!(list[1], google);
    assert_eq!(list[0].get("alias"), None);
}

#[test]
fn shared_bindings_serve_a_domain_without_its_own() {
    let shared = BindingSettings { is_platform_scoped: true, ..binding(SHARED, Some("shared")) };
    let control_plane = with_bindings([shared]);
    assert_eq!(listed(&control_plane, &format!("?domain_id={DOMAIN}")), [SHARED]);
    assert_eq!(device_code(&control_plane, &json!({ "domain_id": DOMAIN })).0, 200);
}

#[test]
fn login_uses_named_primary_or_only_binding() {
    let named = |key: &str, value: &str| json!({ "domain_id": DOMAIN, key: value });
    let none = json!({ "domain_id": DOMAIN });
    let not_found = (404, "idp_binding_not_found".to_owned());

    let control_plane = with_bindings([binding(BINDING, Some("google")), binding(OTHER, None)]);
    assert_eq!(device_code(&control_plane, &named("idp_binding_id", OTHER)).0, 200);
    assert_eq!(device_code(&control_plane, &named("idp_binding_alias", "google")).0, 200);
    assert_eq!(device_code(&control_plane, &named("idp_binding_id", SHARED)), not_found);
    assert_eq!(device_code(&control_plane, &named("idp_binding_alias", "Google")), not_found);
    assert_eq!(device_code(&control_plane, &json!({ "domain_id": OTHER })), not_found);
    assert_eq!(device_code(&control_plane, &none), (400, "idp_binding_ambiguous".to_owned()));

    control_plane.configure(|settings| settings.idp_bindings[1].is_primary = true);
    assert_eq!(device_code(&control_plane, &none).0, 200);
    control_plane.configure(|settings| settings.idp_bindings.truncate(1));
    assert_eq!(device_code(&control_plane, &none).0, 200);
    control_plane.configure(|settings| settings.idp_bindings.clear());
    assert_eq!(device_code(&control_plane, &named("idp_binding_alias", "anything")).0, 200);
}

#[test]
fn page_names_the_binding_that_the_server_picked() {
    let control_plane = with_bindings([binding(BINDING, Some("google"))]);
    let mut client = Client::of(&control_plane);
    client.post("/v1/auth/device-code", &json!({ "domain_id": DOMAIN })).unwrap();
    let code = &control_plane.open_codes()[0];
    let page = client.ask(&format!("GET /v1/device?user_code={code}"), &[], "").unwrap();
    assert!(page.body.contains("binding</dt><dd>google</dd>"), "{}", page.body);
}
