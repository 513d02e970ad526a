//! The environment variables that plexctl knows. This is the only place that reads them; set but empty is unset.

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use plexctl::domain::{BearerToken, BearerTokenError};

use plexctl::adapters::browser::BrowserSettings;
use plexctl::adapters::control_plane::{ProxySettings, ProxyVariable, TrustSettings};
use thiserror::Error;

/// The config file: `$PLEXCTL_CONFIG`, else below `$XDG_CONFIG_HOME` if that is absolute (XDG Base Directory
/// Specification 0.8), else below `$HOME`.
///
/// # Errors
///
/// [`ConfigPathError`], also for a `~` in the first place of a variable: outside of a shell it would be taken for the
/// name of a directory.
pub fn config_path() -> Result<PathBuf, ConfigPathError> {
    let below = |directory: PathBuf| directory.join("plexctl").join("config.toml");
    let expanded = |variable, path: PathBuf| {
        if path.as_os_str().as_bytes().starts_with(b"~") {
            return Err(ConfigPathError::Tilde(variable));
        }
        Ok(path)
    };
    if let Some(config) = path("PLEXCTL_CONFIG") {
        return expanded("PLEXCTL_CONFIG", config);
    }
    // The specification has relative paths ignored.
    if let Some(directory) = path("XDG_CONFIG_HOME").filter(|directory| directory.is_absolute()) {
        return Ok(below(directory));
    }
    let home = expanded("HOME", path("HOME").ok_or(ConfigPathError::Unknown)?)?;
    Ok(below(home.join(".config")))
}

/// Why it is not known where the config file is.
#[derive(Clone, Copy, Debug, Error)]
pub enum ConfigPathError {
    /// No variable says it.
    #[error("cannot tell where the config file is")]
    Unknown,
    /// The value of this variable begins with `~`.
    #[error("cannot tell where the config file is: {0} begins with \"~\", which only a shell expands")]
    Tilde(&'static str),
}

/// The whole environment, for the program that `exec` runs.
pub fn all() -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os()
}

/// Tells whether the config file was named by itself, rather than by its usual place.
pub fn names_config() -> bool {
    variable("PLEXCTL_CONFIG").is_some()
}

/// Tells whether the terminal can do no more than print.
pub fn is_dumb_terminal() -> bool {
    variable("TERM").is_some_and(|term| term == "dumb")
}

/// Tells whether colors are not wanted.
pub fn refuses_color() -> bool {
    variable("NO_COLOR").is_some()
}

/// The server of a profile that stores none.
pub fn server_fallback() -> Option<String> {
    text("PLEXSPHERE_URL")
}

/// The domain to log in to.
pub fn domain_id() -> Option<String> {
    text("PLEXCTL_DOMAIN_ID")
}

/// The identity provider binding to log in through.
pub fn idp_binding_id() -> Option<String> {
    text("PLEXCTL_IDP_BINDING_ID")
}

/// Tells whether other commands would authenticate by the environment.
pub fn holds_token() -> bool {
    variable("PLEXSPHERE_TOKEN").is_some()
}

/// The token of the environment, or what is wrong with it. It may have been read from a file with its line end.
pub fn token() -> Option<Result<BearerToken, BearerTokenError>> {
    text("PLEXSPHERE_TOKEN").map(|line| BearerToken::parse_line(line.as_bytes()))
}

/// The proxies, upper case before lower case.
pub fn proxy_settings() -> ProxySettings {
    ProxySettings {
        https_proxy: proxy_variable("HTTPS_PROXY").or_else(|| proxy_variable("https_proxy")),
        http_proxy: proxy_variable("HTTP_PROXY").or_else(|| proxy_variable("http_proxy")),
        no_proxy: text("NO_PROXY").or_else(|| text("no_proxy")),
        is_cgi: variable("REQUEST_METHOD").is_some(),
    }
}

fn proxy_variable(name: &str) -> Option<ProxyVariable> {
    text(name).map(|value| ProxyVariable { name: name.to_owned(), value })
}

/// Whether and how a page can be shown.
pub fn browser_settings(is_wanted: bool) -> BrowserSettings {
    let is_set = |name: &str| variable(name).is_some();
    BrowserSettings {
        is_wanted,
        is_at_terminal: io::stderr().is_terminal(),
        is_remote: ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"].into_iter().any(is_set),
        ci: text("CI"),
        browser: text("BROWSER"),
        has_screen: cfg!(target_os = "macos")
            || ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].into_iter().any(is_set),
        // A browser runs for days, and every program of the same user can read its environment.
        withheld: ["PLEXSPHERE_TOKEN", "BROWSER"].map(str::to_owned).to_vec(),
    }
}

/// What stands in for parts of the system's trust store.
pub fn trust_settings() -> TrustSettings {
    let directories = variable("SSL_CERT_DIR").unwrap_or_default();
    TrustSettings {
        // The names that OpenSSL and Go read.
        file: path("SSL_CERT_FILE"),
        directories: env::split_paths(&directories).filter(|path| path != Path::new("")).collect(),
    }
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn path(name: &str) -> Option<PathBuf> {
    variable(name).map(PathBuf::from)
}

/// A value that is not UTF-8 becomes one that no rule accepts, so it is refused where it is needed.
fn text(name: &str) -> Option<String> {
    variable(name).map(|value| value.to_string_lossy().into_owned())
}
