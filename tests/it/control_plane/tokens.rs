//! The operations on tokens.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use plexctl::domain::token::SessionToken;
use plexctl::testing::{ControlPlane, LiveToken, Minting, TokenShape};
use serde_json::{Value, json};

use super::{Answered, Client, DOMAIN};

/// The token of an approved login.
fn token_of(client: &mut Client<TcpStream>, login: &Value) -> String {
    text(&client.poll(login).unwrap().json()["access_token"]).to_owned()
}

fn id_of(token: &str) -> String {
    SessionToken::parse(token).unwrap().id().to_string()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

impl Client<TcpStream> {
    fn issue(&mut self, token: &str, body: &Value) -> Answered {
        let authorization = format!("Bearer {token}");
        let fields = [("Authorization", authorization.as_str()), ("Content-Type", "application/json")];
        self.ask("POST /v1/auth/tokens", &fields, &body.to_string()).unwrap()
    }
}

#[test]
fn names_the_user_of_a_token() {
    let control_plane = ControlPlane::start().unwrap();
    let mut client = Client::of(&control_plane);
    control_plane.approve_next();
    let login = client.begin();
    let (token, other) = (token_of(&mut client, &login), control_plane.mint("dev"));
    control_plane.configure(|settings| "somebody-else".clone_into(&mut settings.subject));
    let foreign = control_plane.mint("dev");

    let principal = client.whoami(&token).unwrap().json();
    let keys = ["acr", "amr", "domain_id", "email", "principal_scope", "principal_type", "subject"];
    assert_eq!(principal.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
    assert_eq!((&principal["domain_id"], &principal["principal_type"]), (&json!(DOMAIN), &json!("user")));
    assert_eq!(principal["subject"], client.whoami(&other).unwrap().json()["subject"]);
    assert_eq!(client.whoami(&foreign).unwrap().json()["subject"], "somebody-else");

    for request in ["GET /v1/auth/whoami", "GET /v1/auth/tokens", "POST /v1/auth/tokens"] {
        let answered = client.ask(request, &[], "").unwrap();
        assert_eq!((answered.status, answered.problem().as_str()), (401, "unauthenticated"), "{request}");
    }
}

#[test]
fn revokes_each_token_of_the_user_and_no_other() {
    let control_plane = ControlPlane::start().unwrap();
    let [own, other] = [(); 2].map(|()| control_plane.mint("dev"));
    control_plane.configure(|settings| "somebody-else".clone_into(&mut settings.subject));
    let foreign = control_plane.mint("dev");
    let mut client = Client::of(&control_plane);
    for id in [&id_of(&foreign), DOMAIN, "not-a-uuid"] {
        let answered = client.revoke(id, &own).unwrap();
        assert_eq!((answered.status, answered.problem().as_str()), (404, "token_not_found"), "{id}");
    }
    assert_eq!(client.revoke(&id_of(&other).to_ascii_uppercase(), &own).unwrap().status, 204);
    assert_eq!(client.revoke(&id_of(&other), &own).unwrap().status, 404);
    let answered = client.revoke(&id_of(&own), &own).unwrap();
    assert_eq!((answered.status, answered.body.as_str(), answered.header("content-type")), (204, "", None));
    for answered in [client.whoami(&own), client.revoke(&id_of(&own), &own), client.whoami(&other)] {
        assert_eq!(answered.unwrap().problem(), "unauthenticated");
    }
    let live = LiveToken { id: id_of(&foreign), text: foreign, minting: Minting::Mint };
    assert_eq!(control_plane.live_tokens(), [live]);
}

#[test]
fn lists_tokens_of_the_user_without_plaintext() {
    let control_plane = ControlPlane::start().unwrap();
    let tokens = ["dev", "prod", "stage"].map(|environment| control_plane.mint(environment));
    let revoked = control_plane.mint("dev");
    control_plane.configure(|settings| "somebody-else".clone_into(&mut settings.subject));
    let _foreign = control_plane.mint("dev");
    let mut client = Client::of(&control_plane);
    client.revoke(&id_of(&revoked), &tokens[1]).unwrap();

    let answered = client.ask_as(&tokens[1], "GET /v1/auth/tokens").unwrap();
    assert!(tokens.iter().all(|token| !answered.body.contains(token.as_str())), "{}", answered.body);
    let list = answered.json();
    let list = list.as_array().unwrap();
    assert_eq!(list.iter().map(|token| text(&token["id"])).collect::<Vec<_>>(), tokens.each_ref().map(|t| id_of(t)));
    assert_eq!(list.iter().map(|token| text(&token["env_prefix"])).collect::<Vec<_>>(), ["dev", "prod", "stage"]);
    let used: Vec<_> = list.iter().map(|token| token.get("last_used_at").is_some()).collect();
    assert_eq!(used, [false, true, false]);
    let keys: Vec<_> = list[0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["created_at", "env_prefix", "expires_at", "id"]);
    assert!(text(&list[0]["created_at"]) < text(&list[0]["expires_at"]));
}

#[test]
fn issues_tokens_for_the_caller() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.configure(|settings| settings.token_shape = TokenShape::Jwt);
    let caller = control_plane.mint("dev");
    let mut client = Client::of(&control_plane);
    let subject = client.whoami(&caller).unwrap().json()["subject"].as_str().unwrap().to_owned();
    let own = format!("user:{subject}");
    let issued = client.issue(&caller, &json!({ "identity_ref": own, "env_prefix": "stage", "ttl_seconds": 1 }));
    assert_eq!((issued.status, issued.header("sunset")), (201, None));
    let issued = issued.json();
    let token = text(&issued["plaintext"]);
    assert_eq!((id_of(token).as_str(), text(&issued["env_prefix"])), (text(&issued["id"]), "stage"));
    assert_eq!(client.whoami(token).unwrap().json()["subject"], subject);
    assert!(control_plane.live_tokens().iter().any(|live| live.text == token && live.minting == Minting::Issue));
    thread::sleep(Duration::from_secs(1));
    assert_eq!(client.whoami(token).unwrap().status, 401);

    for body in [
        json!([]),
        json!({}),
        json!({ "identity_ref": own }),
        json!({ "identity_ref": format!("user:{DOMAIN}"), "env_prefix": "dev" }),
        json!({ "identity_ref": format!("service:{subject}"), "env_prefix": "dev" }),
        json!({ "identity_ref": own, "env_prefix": "test" }),
        json!({ "identity_ref": own, "env_prefix": "dev", "ttl_seconds": 0 }),
        json!({ "identity_ref": own, "env_prefix": "dev", "ttl_seconds": 31_536_001 }),
    ] {
        let answered = client.issue(&caller, &body);
        assert_eq!((answered.status, answered.problem().as_str()), (400, "invalid_body"), "{body}");
    }
    assert_eq!(control_plane.live_tokens().len(), 1);
}

#[test]
fn rotated_token_keeps_its_id_and_both_plaintexts_for_a_while() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.configure(|settings| settings.rotation_grace = Duration::from_millis(1500));
    let old = control_plane.mint("prod");
    let id = id_of(&old);
    let mut client = Client::of(&control_plane);
    let rotate = format!("POST /v1/auth/tokens/{id}/rotate");
    let answered = client.ask_as(&old, &rotate).unwrap();
    assert!(answered.header("sunset").unwrap().ends_with(" GMT"), "{answered:?}");
    let rotated = answered.json();
    let new = text(&rotated["plaintext"]);
    assert_eq!((text(&rotated["id"]), id_of(new)), (id.as_str(), id.clone()));
    assert!(text(&rotated["rotation_deadline"]) < text(&rotated["expires_at"]));
    let minting: Vec<_> = control_plane.live_tokens().into_iter().map(|live| (live.text, live.minting)).collect();
    assert_eq!(minting, [(old.clone(), Minting::Mint), (new.to_owned(), Minting::Rotation)]);
    let list = client.ask_as(&old, "GET /v1/auth/tokens").unwrap().json();
    let [summary] = &list.as_array().unwrap()[..] else { panic!("{list}") };
    assert!(summary["rotated_at"].is_string() && summary["env_prefix"] == "prod", "{summary}");

    thread::sleep(Duration::from_millis(1500));
    assert_eq!([&old, new].map(|token| client.whoami(token).unwrap().status), [401, 200]);
    let newest = client.ask_as(new, &rotate).unwrap().json();
    assert_eq!(client.revoke(&id, new).unwrap().status, 204);
    assert_eq!(client.whoami(text(&newest["plaintext"])).unwrap().status, 401);
    assert_eq!(control_plane.live_tokens(), []);

    let caller = control_plane.mint("dev");
    for id in [DOMAIN, "x"] {
        let answered = client.ask_as(&caller, &format!("POST /v1/auth/tokens/{id}/rotate")).unwrap();
        assert_eq!((answered.status, answered.problem().as_str()), (404, "token_not_found"));
    }
    assert_eq!(client.ask_as("", &rotate).unwrap().status, 401);
}

#[test]
fn sign_out_clears_the_cookie_and_ends_no_token() {
    let control_plane = ControlPlane::start().unwrap();
    let token = control_plane.mint("dev");
    for token in ["", &token] {
        let answered = Client::of(&control_plane).ask_as(token, "DELETE /v1/auth/whoami").unwrap();
        assert_eq!((answered.status, answered.body.as_str()), (204, ""));
        assert!(answered.header("set-cookie").unwrap().starts_with("plexsphere_session=; "), "{answered:?}");
    }
    assert!(control_plane.is_live(&token));
}

#[test]
fn token_expires() {
    let control_plane = ControlPlane::start().unwrap();
    control_plane.configure(|settings| settings.token_lifetime = Duration::from_millis(100));
    let token = control_plane.mint("dev");
    thread::sleep(Duration::from_millis(100));
    assert!(!control_plane.is_live(&token));
    assert_eq!(Client::of(&control_plane).whoami(&token).unwrap().status, 401);
}

#[test]
fn mints_and_revokes_every_token_shape() {
    let control_plane = ControlPlane::start().unwrap();
    let mut client = Client::of(&control_plane);
    for shape in [TokenShape::Base32, TokenShape::Hyphenated, TokenShape::Jwt] {
        control_plane.configure(|settings| settings.token_shape = shape);
        control_plane.approve_next();
        let login = client.begin();
        let token = token_of(&mut client, &login);
        let [live] = &control_plane.live_tokens()[..] else { panic!("{:?}", control_plane.live_tokens()) };
        match shape {
            TokenShape::Base32 | TokenShape::Hyphenated => {
                assert_eq!(SessionToken::parse(token.as_str()).unwrap().id().to_string(), live.id);
                assert_eq!(token.contains(&live.id), shape == TokenShape::Hyphenated);
            }
            TokenShape::Jwt => {
                assert!(SessionToken::parse(token.as_str()).is_err());
                assert_eq!(token.split('.').count(), 3);
            }
        }
        assert_eq!(client.revoke(&live.id, &token).unwrap().status, 204);
    }
}
