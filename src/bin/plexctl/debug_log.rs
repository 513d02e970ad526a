//! The debug messages of `--verbose`.

use log::{LevelFilter, Log, Metadata, Record};

use crate::terminal;

/// Writes the messages of plexctl to standard error, but not those of the libraries that it uses: they could hold a
/// secret.
struct DebugLog;

/// Enables debug messages.
pub fn enable() {
    // Fails only if a logger is set already, which is this one.
    let _ = log::set_logger(&DebugLog);
    log::set_max_level(LevelFilter::Debug);
}

impl Log for DebugLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().split("::").next() == Some("plexctl")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            terminal::line(&format!("debug: {}", record.args()));
        }
    }

    fn flush(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_stay_silent() {
        let is_shown = |target| DebugLog.enabled(&Metadata::builder().target(target).build());
        assert!(is_shown("plexctl") && is_shown("plexctl::adapters"));
        assert!(!is_shown("rustls::client") && !is_shown("plexctl_of_others"));
    }
}
