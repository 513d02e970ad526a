//! The steps of a login, their order, and what a failure of each leaves.

use super::*;

#[test]
fn steps_come_in_order() {
    let mut order = Sequence::new();
    let (mut profiles, mut writer, mut store) =
        (MockProfileReader::new(), MockProfileWriter::new(), MockCredentialStore::new());
    let mut issuer = MockTokenIssuer::new();
    let (mut revoker, mut reader, mut browser) =
        (MockTokenRevoker::new(), MockPrincipalReader::new(), MockBrowser::new());
    let (mut progress, mut reporter) = (MockReporter::new(), MockReporter::new());
    let timer = ManualTimer::new(start());
    let server = ServerUrl::parse(SERVER).unwrap();
    let before = holding("dev", Some(SERVER), &session_token(OLD));
    let aside = Session {
        profile: profile(&put_aside()),
        token: SessionToken::parse(session_token(OLD)).unwrap(),
        server: Some(SERVER.to_owned()),
    };
    let session = |token: &str, expires_after, time| NewSession {
        profile: profile("dev"),
        server: server.clone(),
        token: BearerToken::parse(token).unwrap(),
        expires_at: start().after(Duration::from_secs(expires_after)),
        domain_id: authorization_request().domain_id,
        idp_binding: None,
        held_before: Some(before.clone()),
        time: start().after(Duration::from_secs(time)).unwrap(),
    };

    let held = before.clone();
    profiles
        .expect_look_up()
        .once()
        .with(eq(Selection::Named(profile("dev"))))
        .in_sequence(&mut order)
        .return_once(|_| Ok(Some(held)));
    let rehearsed = session(BearerToken::placeholder().expose_secret(), 0, 0);
    writer.expect_rehearse_save().once().with(eq(rehearsed)).in_sequence(&mut order).returning(|_| Ok(()));
    issuer
        .expect_begin()
        .once()
        .with(eq(server.clone()), eq(authorization_request()))
        .in_sequence(&mut order)
        .returning(|_, _| Ok(authorization(SERVER)));
    let is_begun = |progress: &LoginProgress| matches!(progress, LoginProgress::Begun(_));
    progress.expect_report().once().withf(is_begun).in_sequence(&mut order).returning(|_| Ok(()));
    browser.expect_show().once().in_sequence(&mut order).returning(|_| Ok(()));
    let is_waiting = |progress: &LoginProgress| matches!(progress, LoginProgress::Waiting { .. });
    progress.expect_report().once().withf(is_waiting).in_sequence(&mut order).returning(|_| Ok(()));
    issuer
        .expect_poll()
        .once()
        .with(eq(server.clone()), eq(authorization(SERVER).device_code().clone()))
        .in_sequence(&mut order)
        .returning(|_, _| issued(&session_token(OURS)));
    let saved = session(&session_token(OURS), 5 + 3600, 5);
    let replaced_profile = Profile::from(aside.clone());
    writer
        .expect_save()
        .once()
        .with(eq(saved))
        .in_sequence(&mut order)
        .return_once(|_| Ok(Saving::Saved { replaced: Some(replaced_profile), not_durable: None }));
    reader
        .expect_read()
        .once()
        .with(eq(server.clone()), eq(BearerToken::parse(session_token(OURS)).unwrap()))
        .in_sequence(&mut order)
        .returning(|_, _| Ok(principal(Some(DOMAIN))));
    let look_again = |profiles: &mut MockProfileReader, order: &mut Sequence| {
        let held = holding("dev", Some(SERVER), &session_token(OURS));
        profiles.expect_look_up().once().in_sequence(order).return_once(|_| Ok(Some(held)));
    };
    look_again(&mut profiles, &mut order);
    revoker
        .expect_revoke()
        .once()
        .with(eq(server.clone()), eq(aside.token.clone()))
        .in_sequence(&mut order)
        .returning(|_, _| Ok(Revocation::Revoked));
    store.expect_clear().once().with(eq(aside)).in_sequence(&mut order).returning(|_| Ok(Clearing::Cleared));
    look_again(&mut profiles, &mut order);
    let told = outcome(Some(replaced(ReplacedState::Revoked)));
    reporter.expect_report().once().with(eq(told.clone())).in_sequence(&mut order).returning(|_| Ok(()));

    let ports = LoginPorts {
        profiles: &profiles,
        writer: &writer,
        store: &store,
        issuer: &issuer,
        revoker: &revoker,
        reader: &reader,
        browser: &browser,
        timer: &timer,
    };
    assert_eq!(run(LoginUseCase::new(ports, &mut progress, &mut reporter).execute(&request())).unwrap(), told);
}

#[test]
fn first_login_stores_its_session() {
    let mut world = World::approved();
    assert_eq!(world.log_in().unwrap(), outcome(None));
    assert_eq!(world.reporter.outcomes(), [outcome(None)]);
    assert_eq!(world.held("dev"), contents(Some(SERVER), &session_token(OURS)));
    assert_eq!(world.expiry(), outcome(None).expires_at);
    assert_eq!(world.store.pointer(), Some(profile("dev")));
    assert_eq!((world.issuer.beginnings().len(), world.issuer.polls().len(), world.reader.calls().len()), (1, 1, 1));
}

#[test]
fn ends_a_replaced_session_and_clears_it() {
    for (revocation, state) in
        [(Revocation::Revoked, ReplacedState::Revoked), (Revocation::AlreadyGone, ReplacedState::Gone)]
    {
        let mut world = World::replacing(Some(SERVER), &session_token(OLD));
        world.revoker = Box::new(ScriptedRevoker::new([Ok(revocation)]));
        assert_eq!(world.log_in().unwrap(), outcome(Some(replaced(state))));
        assert_eq!(world.store.profiles(), ["dev"]);
    }
}

#[test]
fn keeps_a_replaced_token_that_may_be_live() {
    let cases = [
        (Some(SERVER), session_token(OLD), "the script has no more answers"),
        (None, session_token(OLD), "the profile stores no server"),
        (Some("ftp://h"), session_token(OLD), "the stored server is not a valid URL"),
        (Some(SERVER), "eyJhbGciOiJFZERTQSJ9.e30.c2ln".to_owned(), "it is not a session token"),
    ];
    for (server, token, words) in cases {
        let mut world = World::replacing(server, &token);
        world.revoker = Box::new(ScriptedRevoker::new([]));
        let Replaced { token: aside, state } = world.log_in().unwrap().replaced.unwrap();
        let ReplacedState::Kept { cause } = state else { panic!("{state:?}") };
        assert!(cause.contains(words), "{cause}");
        assert_eq!(world.held(aside.kept_as.as_str()), contents(server, &token));
        assert_eq!(world.held("dev"), contents(Some(SERVER), &session_token(OURS)));
        let has_id = token.starts_with("psk_");
        assert_eq!((aside.id.is_some(), aside.origin.is_some()), (has_id, server == Some(SERVER)));
        let name = if has_id { put_aside() } else { "dev-replaced-20261124T134650Z".to_owned() };
        assert_eq!(aside.kept_as.as_str(), name);
    }
}

#[test]
fn reports_a_dead_token_that_is_still_stored() {
    for ended in [Revocation::Revoked, Revocation::AlreadyGone] {
        let mut world = World::replacing(Some(SERVER), &session_token(OLD));
        world.revoker = Box::new(ScriptedRevoker::new([Ok(ended)]));
        world.store.fail_next_clear(StoreError::NotCleared { place: "memory".into(), source: "full".into() });
        let state = world.log_in().unwrap().replaced.unwrap().state;
        assert!(matches!(state, ReplacedState::NotCleared { revocation, .. } if revocation == ended), "{state:?}");
    }
}

#[test]
fn the_same_token_again_replaces_nothing() {
    let mut world = World::replacing(Some(SERVER), &session_token(OURS));
    assert_eq!(world.log_in().unwrap(), outcome(None));
    assert_eq!(world.store.profiles(), ["dev"]);
}

#[test]
fn stores_a_token_without_an_id() {
    let mut world = World::polled([issued("eyJhbGciOiJFZERTQSJ9.e30.c2ln").into()]);
    let told = world.log_in().unwrap();
    assert_eq!(told, LoginOutcome { token_id: None, ..outcome(None) });
    assert_eq!(world.held("dev"), contents(Some(SERVER), "eyJhbGciOiJFZERTQSJ9.e30.c2ln"));
}

#[test]
fn unknown_or_unwritable_expiry_is_none() {
    for lifetime in [None, Some(Duration::from_secs(i64::MAX.unsigned_abs()))] {
        let token = BearerToken::parse(session_token(OURS)).unwrap();
        let mut world = World::polled([PollResponse::Issued(IssuedToken { token, lifetime }).into()]);
        assert_eq!(world.log_in().unwrap().expires_at, None);
        assert_eq!(world.expiry(), None);
    }
}

#[test]
fn begins_nothing_without_a_usable_store() {
    let exposed = || StoreError::Exposed { place: "memory".into(), source: "open".into() };
    let unusable = || StoreError::Unusable { place: "memory".into(), source: "junk".into() };
    let unstorable = || StoreError::NotStorable { place: "memory".into(), source: "full".into() };
    for (look_up, rehearsal) in [(Some(exposed()), None), (Some(unusable()), None), (None, Some(unstorable()))] {
        let mut world = World::approved();
        if let Some(error) = look_up {
            world.store.fail_next_look_up(error);
        }
        if let Some(error) = rehearsal {
            world.store.fail_next_save_rehearsal(error);
        }
        let cause = cause_of_nothing(world.log_in().unwrap_err());
        assert!(matches!(cause, LoginCause::Store(_)), "{cause:?}");
        assert!(world.is_untouched());
    }
}

#[test]
fn begins_nothing_without_a_valid_server() {
    let mut world = World::approved();
    let request = LoginRequest { server_flag: None, ..request() };
    let cause = cause_of_nothing(world.log_in_as(&request).unwrap_err());
    assert!(matches!(cause, LoginCause::Missing { needs_domain: false, needs_server: true }), "{cause:?}");
    let request = LoginRequest { server_flag: Some("ftp://h".to_owned()), ..request };
    let cause = cause_of_nothing(world.log_in_as(&request).unwrap_err());
    assert!(matches!(cause, LoginCause::Server(ServerError::Unusable { place: None, .. })), "{cause:?}");
    assert!(world.is_untouched());

    let mut world = World::replacing(Some("ftp://h"), &session_token(OLD));
    let request = LoginRequest { server_flag: None, ..request };
    match cause_of_nothing(world.log_in_as(&request).unwrap_err()) {
        LoginCause::Server(ServerError::Unusable { place: Some(place), .. }) => assert_eq!(place, "memory"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn changes_nothing_if_the_server_begins_no_login() {
    let source = || "said".into();
    let errors = [
        RequestError::Rejected { source: source() },
        RequestError::Refused { source: source() },
        RequestError::Unconfirmed { source: source() },
        RequestError::Unusable { source: source() },
        RequestError::Unanswered { source: source() },
        RequestError::Unreached { source: source() },
    ];
    for error in errors {
        let expected = error.to_string();
        let mut world = World { issuer: ScriptedIssuer::new(Err(error), []), ..World::approved() };
        let error = world.log_in().unwrap_err();
        assert_eq!(error.server.as_deref().map(ServerUrl::as_given), Some(SERVER));
        match cause_of_nothing(error) {
            LoginCause::Begin { error, bindings } => {
                assert_eq!((error.to_string(), bindings.len()), (expected, 0));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(world.issuer.listings(), 0);
        assert!(world.store.profiles().is_empty() && world.progress.outcomes().is_empty());
    }
}

#[test]
fn lists_bindings_if_a_code_is_refused_without_one() {
    let response = |is_problem| ResponseFacts { is_problem, ..ResponseFacts::default() };
    let rejected =
        |is_problem| RequestError::Rejected { source: CallError::from("no").with_response(response(is_problem)) };
    let refused = || RequestError::Refused { source: CallError::from("no").with_response(response(true)) };
    let binding = || IdpBinding::Alias(BindingAlias::parse("google").unwrap());
    let choice =
        BindingChoice { binding: binding(), label: "Google".into(), issuer_host: "accounts.google.com".into() };
    for (error, named, is_listed) in [
        (rejected(true), None, true),
        (rejected(false), None, false),
        (refused(), None, false),
        (rejected(true), Some(binding()), false),
    ] {
        let issuer = ScriptedIssuer::new(Err(error), []).with_bindings(vec![choice.clone()]);
        let mut world = World { issuer, ..World::approved() };
        let request = LoginRequest { idp_binding: named, ..request() };
        match cause_of_nothing(world.log_in_as(&request).unwrap_err()) {
            LoginCause::Begin { bindings, .. } => assert_eq!(bindings.len(), usize::from(is_listed)),
            other => panic!("{other:?}"),
        }
        assert_eq!(world.issuer.listings(), usize::from(is_listed));
    }
}

#[test]
fn the_next_login_needs_neither_domain_nor_binding() {
    let binding = IdpBinding::Alias(BindingAlias::parse("google").unwrap());
    let store = {
        let mut world = World::approved();
        world.log_in_as(&LoginRequest { idp_binding: Some(binding.clone()), ..request() }).unwrap();
        world.store
    };
    let mut world = World { store, ..World::approved() };
    let request = LoginRequest { domain_id: None, server_flag: None, ..request() };
    world.log_in_as(&request).unwrap();
    let expected = AuthorizationRequest { idp_binding: Some(binding), ..authorization_request() };
    assert_eq!(world.issuer.beginnings()[0].request, expected);
}

#[test]
fn reports_after_everything_is_done() {
    let mut world = World::replacing(Some(SERVER), &session_token(OLD));
    world.reporter.fail_next(ReportError { source: "full".into() });
    let (stored, cause) = stored_and_cause(world.log_in().unwrap_err());
    assert!(matches!(cause, LoginCause::Report(_)), "{cause:?}");
    assert_eq!(stored, stored_login(None));
    assert_eq!(world.store.profiles(), ["dev"]);
}

#[test]
fn the_future_can_be_spawned() {
    fn is_send<T: Send>(_: &T) {}
    let world = World::approved();
    let (mut progress, mut reporter) = (RecordingReporter::new(), RecordingReporter::new());
    let request = request();
    is_send(&LoginUseCase::new(world.ports(), &mut progress, &mut reporter).execute(&request));
}
