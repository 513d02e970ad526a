//! The instructions, and the page that is shown.

use super::*;

#[test]
fn gives_instructions_and_shows_the_complete_page() {
    let mut world = World::approved();
    world.log_in().unwrap();
    let codes = authorization(SERVER);
    let instructions = Instructions {
        server: ServerUrl::parse(SERVER).unwrap(),
        user_code: "ABCD-EFGH".into(),
        page: codes.page().clone(),
        complete_page: codes.complete_page().cloned(),
        lifetime: Duration::from_secs(600),
        interval: Duration::from_secs(5),
    };
    let page = Some(codes.page().clone());
    let waiting = LoginProgress::Waiting { browser: Ok(()), page, lifetime: Duration::from_secs(600) };
    assert_eq!(world.progress.outcomes(), [LoginProgress::Begun(Box::new(instructions)), waiting]);
    assert_eq!(world.browser.pages(), [codes.complete_page().unwrap().clone()]);
}

#[test]
fn reports_a_page_that_is_not_shown() {
    let mut world = World { browser: RecordingBrowser::declining(BrowserSkipped::SshSession), ..World::approved() };
    world.log_in().unwrap();
    let page = Some(authorization(SERVER).page().clone());
    let waiting =
        LoginProgress::Waiting { browser: Err(BrowserSkipped::SshSession), page, lifetime: Duration::from_secs(600) };
    assert_eq!(world.progress.outcomes()[1], waiting);
}

#[test]
fn warns_first_of_a_page_elsewhere() {
    let issuer = ScriptedIssuer::new(Ok(authorization("https://evil.example")), [issued(&session_token(OURS)).into()]);
    let mut world = World { issuer, ..World::approved() };
    world.log_in().unwrap();
    let page = Some(authorization("https://evil.example").page().clone());
    let warning = LoginProgress::PageElsewhere { page: "https://evil.example".into(), server: SERVER.into() };
    let waiting =
        LoginProgress::Waiting { browser: Err(BrowserSkipped::OtherOrigin), page, lifetime: Duration::from_secs(600) };
    let told = world.progress.outcomes();
    assert_eq!((&told[0], &told[2], told.len()), (&warning, &waiting, 3));
    assert!(matches!(told[1], LoginProgress::Begun(_)) && world.browser.pages().is_empty());
}

#[test]
fn without_a_complete_page_the_plain_one_is_shown() {
    let fields = AuthorizationFields {
        device_code: "d3vice".into(),
        user_code: "ABCD-EFGH".into(),
        verification_uri: "https://plexsphere.example/v1/device".into(),
        expires_in: 600,
        ..AuthorizationFields::default()
    };
    let codes = DeviceAuthorization::parse(fields, &ServerUrl::parse(SERVER).unwrap()).unwrap();
    let issuer = ScriptedIssuer::new(Ok(codes), [issued(&session_token(OURS)).into()]);
    let mut world = World { issuer, ..World::approved() };
    world.log_in().unwrap();
    assert_eq!(world.browser.pages(), [authorization(SERVER).page().clone()]);
}

#[test]
fn continues_if_progress_cannot_be_reported() {
    let mut world = World::approved();
    world.progress.fail_next(ReportError { source: "closed".into() });
    assert_eq!(world.log_in().unwrap(), outcome(None));
}
