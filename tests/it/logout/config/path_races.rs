//! Somebody who turns the path while it is used: a user in whose tree root's config lies exchanges the directory for a
//! link to one of root's. Whatever they do, nothing there is replaced or created.

use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::{chown, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{NO_CONTENT, config, logged_out};
use crate::support::bystander::BYSTANDER;
use crate::support::sandbox::{Sandbox, file_state};
use crate::support::scripted_server::{Record, ScriptedServer};
use crate::support::unprivileged::NOBODY;
use crate::support::{runs_as_root, skip};

/// What root keeps elsewhere under the name that the config has.
const VICTIM: &str = "# root's own\n";

/// How often each attack is made. One that succeeds by chance does so in one of a few.
const ROUNDS: usize = 20;

/// A sandbox whose config is a link into a directory of another user, and root's file of the same name elsewhere.
struct Scene {
    sandbox: Sandbox,
    server: ScriptedServer,
}

impl Scene {
    /// `None`, and said loudly, where there is no other user or nothing can be exchanged.
    fn new() -> Option<Self> {
        if !runs_as_root() {
            skip("a directory that its owner exchanges", "only root has files that others cannot reach");
            return None;
        }
        let scene = Self { sandbox: Sandbox::new(), server: ScriptedServer::answering(NO_CONTENT) };
        let mut sandbox = scene.sandbox;
        fs::create_dir_all(sandbox.path().join("theirs/d")).unwrap();
        fs::create_dir(sandbox.path().join("root")).unwrap();
        sandbox.write(&sandbox.path().join("theirs/d/shadow.toml"), config(&scene.server.url()));
        sandbox.write(&sandbox.path().join("root/shadow.toml"), VICTIM);
        symlink("../root", sandbox.path().join("theirs/link")).unwrap();
        symlink("../../theirs/d/shadow.toml", sandbox.config()).unwrap();
        for theirs in ["theirs", "theirs/d", "theirs/d/shadow.toml"] {
            chown(sandbox.path().join(theirs), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        sandbox.count_requests_to(&scene.server);
        if let Err(error) = exchange(sandbox.path()).and_then(|()| exchange(sandbox.path())) {
            skip("a directory that its owner exchanges", &error.to_string());
            return None;
        }
        Some(Self { sandbox, ..scene })
    }

    fn at(&self, path: &str) -> PathBuf {
        self.sandbox.path().join(path)
    }

    /// Puts the directory back in its place, and holds that root's file is as it was and that both are alone.
    fn assert_harmless(&self) {
        if fs::symlink_metadata(self.at("theirs/d")).unwrap().is_symlink() {
            exchange(self.sandbox.path()).unwrap();
        }
        let victim = file_state(&self.at("root/shadow.toml"));
        assert_eq!(String::from_utf8_lossy(&victim.bytes), VICTIM);
        assert_eq!((victim.mode, victim.owner), (0o600, (0, 0)));
        let theirs = file_state(&self.at("theirs/d/shadow.toml"));
        assert_eq!((theirs.mode, theirs.owner), (0o600, (NOBODY, NOBODY)));
        for directory in ["root", "theirs/d"] {
            let names: Vec<_> =
                fs::read_dir(self.at(directory)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names, ["shadow.toml"], "{directory}");
        }
    }
}

fn exchange(sandbox: &Path) -> io::Result<()> {
    let theirs = sandbox.join("theirs");
    Ok(renameat_with(CWD, theirs.join("d"), CWD, theirs.join("link"), RenameFlags::EXCHANGE)?)
}

/// Somebody at work in another thread until told to stop.
struct Attacker {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<usize>,
}

impl Attacker {
    /// Exchanges the directory as soon as the config in it is opened for the second time, that is under the lock.
    fn at_second_open(scene: &Scene) -> Self {
        let events = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        inotify::add_watch(&events, scene.at("theirs/d"), WatchFlags::OPEN).unwrap();
        let sandbox = scene.sandbox.path().to_owned();
        Self::start(move |stop| {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut events = inotify::Reader::new(events, &mut buffer);
            let mut opens = 0;
            while !stop.load(Ordering::Relaxed) {
                let Ok(event) = events.next() else { continue };
                opens += usize::from(event.file_name().is_some_and(|name| name.to_bytes() == b"shadow.toml"));
                if opens == 2 {
                    exchange(&sandbox).unwrap();
                    return 1;
                }
            }
            0
        })
    }

    /// Exchanges the directory over and over, from the request on.
    fn restless(scene: &Scene) -> Self {
        let (sandbox, record): (_, Record) = (scene.sandbox.path().to_owned(), scene.server.record());
        Self::start(move |stop| {
            let mut exchanges = 0;
            while !stop.load(Ordering::Relaxed) {
                if !record.requests().is_empty() {
                    exchange(&sandbox).unwrap();
                    exchanges += 1;
                }
            }
            exchanges
        })
    }

    fn start(attack: impl FnOnce(&AtomicBool) -> usize + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        Self { stop, thread: thread::spawn(move || attack(&stopped)) }
    }

    /// Says how often they have exchanged the directory.
    fn finish(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

#[test]
fn writes_in_locked_directory_after_exchange() {
    let mut exchanges = 0;
    for _ in 0..ROUNDS {
        let Some(scene) = Scene::new() else { return };
        let attacker = Attacker::at_second_open(&scene);
        let output = scene.sandbox.command(["logout"]).output().unwrap();
        exchanges += attacker.finish();
        scene.assert_harmless();
        assert_eq!(scene.sandbox.judge(&output), logged_out());
        assert_eq!(fs::read_to_string(scene.at("theirs/d/shadow.toml")).unwrap(), BYSTANDER);
    }
    assert!(exchanges > ROUNDS / 4, "the attacker came too late for {} of {ROUNDS} runs", ROUNDS - exchanges);
}

#[test]
fn repeated_exchange_reaches_no_other_file() {
    let mut exchanges = 0;
    for _ in 0..ROUNDS {
        let Some(scene) = Scene::new() else { return };
        let attacker = Attacker::restless(&scene);
        let output = scene.sandbox.command(["logout"]).output().unwrap();
        exchanges += attacker.finish();
        scene.assert_harmless();
        let run = scene.sandbox.judge(&output);
        let text = fs::read_to_string(scene.at("theirs/d/shadow.toml")).unwrap();
        assert!(text == BYSTANDER || text == config(&scene.server.url()), "{text}");
        assert!(run == logged_out() || run.exit == 1, "{run:?}");
        assert_eq!(scene.server.requests().len(), 1);
    }
    assert!(exchanges > ROUNDS, "the attacker hardly came to it: {exchanges} times in {ROUNDS} runs");
}
