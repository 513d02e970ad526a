//! A credential store over an asynchronous database, used without blocking the thread that awaits the logout.

use std::sync::{Mutex, MutexGuard, PoisonError};

use plexctl::domain::{Selection, Session};
use plexctl::ports::{BoxError, Clearing, CredentialStore, LogoutOutcome, Revocation, StoreError, TokenRevoker};
use plexctl::testing::{RecordingReporter, ScriptedRevoker, session};
use plexctl::use_cases::{LogoutError, LogoutRequest, LogoutUseCase};
use tokio::runtime::{Builder, Handle};
use tokio::task::{spawn_blocking, yield_now};

/// A database client. Its methods stand for queries.
struct Database(Mutex<Option<Session>>);

impl Database {
    async fn select(&self, _: &Selection) -> Result<Option<Session>, BoxError> {
        yield_now().await;
        Ok(lock(&self.0).clone())
    }

    /// In one transaction.
    async fn delete_if_same(&self, session: &Session) -> Result<Clearing, BoxError> {
        yield_now().await;
        let mut row = lock(&self.0);
        row.take_if(|stored| stored.token.id() == session.token.id());
        Ok(if row.is_none() { Clearing::Cleared } else { Clearing::Superseded })
    }
}

struct DatabaseStore {
    database: Database,
    runtime: Handle,
}

impl CredentialStore for DatabaseStore {
    fn find(&self, selection: &Selection) -> Result<Option<Session>, StoreError> {
        let found = self.runtime.block_on(self.database.select(selection));
        found.map_err(|source| StoreError::Unusable { place: "the database".to_owned(), source })
    }

    fn rehearse_clear(&self, _: &Session) -> Result<(), StoreError> {
        Ok(())
    }

    fn clear(&self, session: &Session) -> Result<Clearing, StoreError> {
        let cleared = self.runtime.block_on(self.database.delete_if_same(session));
        cleared.map_err(|source| StoreError::NotCleared { place: "the database".to_owned(), source })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a session without blocking the caller's thread.
async fn log_out(
    store: impl CredentialStore + 'static,
    revoker: impl TokenRevoker + 'static,
) -> Result<LogoutOutcome, LogoutError> {
    let runtime = Handle::current();
    let run = move || {
        // Ports can use the runtime's timers and sockets. Only a port may block on the runtime: tokio panics if one
        // `block_on` runs inside another, so this one is pollster's.
        let _context = runtime.enter();
        let mut reporter = RecordingReporter::new();
        pollster::block_on(LogoutUseCase::new(&store, &revoker, &mut reporter).execute(&LogoutRequest::default()))
    };
    spawn_blocking(run).await.expect("a logout does not panic")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Builder::new_current_thread().build()?.block_on(async {
        let database = Database(Mutex::new(Some(session("default", 1))));
        let store = DatabaseStore { database, runtime: Handle::current() };
        let outcome = log_out(store, ScriptedRevoker::new([Ok(Revocation::Revoked)])).await?;
        assert!(matches!(outcome, LogoutOutcome::LoggedOut { clearing: Clearing::Cleared, .. }));
        Ok(())
    })
}
