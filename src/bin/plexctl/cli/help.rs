//! What the help says besides commands and options: examples, exit codes, files and environment.
//!
//! `-h` shows the examples; `--help` adds the rest. No line is longer than 60 columns, so that none is wrapped on a narrow
//! terminal.

/// What the help of a command says after its options.
pub struct Help {
    /// The examples, which `-h` ends with.
    pub examples: &'static str,
    /// What `--help` ends with.
    pub complete: &'static str,
}

macro_rules! help {
    (examples: $examples:literal, exit_codes: $codes:literal, environment: [$($part:ident),*]) => {
        Help {
            examples: concat!("Examples:\n", $examples),
            complete: concat!(
                "Examples:\n",
                $examples,
                "\nExit codes:\n",
                $codes,
                "\nFiles and environment:\n",
                $($part!()),*
            ),
        }
    };
}

macro_rules! config {
    () => {
        "  The config file is $PLEXCTL_CONFIG, else
  $XDG_CONFIG_HOME/plexctl/config.toml, else
  $HOME/.config/plexctl/config.toml.
  An empty variable counts as unset.

  PLEXCTL_CONFIG      path of the config file
  XDG_CONFIG_HOME     its base directory, if absolute
  HOME                used if XDG_CONFIG_HOME is not set
"
    };
}

macro_rules! stored_server {
    () => {
        "  PLEXSPHERE_URL      server of a profile that stores none
"
    };
}

macro_rules! login_server {
    () => {
        "  PLEXSPHERE_URL      server, unless --server is given or
                      the profile stores one
  PLEXCTL_DOMAIN_ID   domain, unless --domain-id is given
  PLEXCTL_IDP_BINDING_ID
                      binding, unless one is given
"
    };
}

macro_rules! credential {
    () => {
        "  PLEXSPHERE_TOKEN    token to use, unless --token-file or
                      --profile is given
  PLEXSPHERE_URL      server to use, unless --server is
                      given; a stored token only goes to the
                      server stored with it
"
    };
}

macro_rules! unused_token {
    () => {
        "  PLEXSPHERE_TOKEN    not used; if set, a hint says so
"
    };
}

macro_rules! network {
    () => {
        "  HTTPS_PROXY, HTTP_PROXY, NO_PROXY
                      proxies, and hosts that need none;
                      also in lower case
  REQUEST_METHOD      if set (CGI), HTTP_PROXY is an error
  SSL_CERT_FILE, SSL_CERT_DIR
                      trusted certificate authorities
                      instead of the system's
"
    };
}

macro_rules! browser {
    () => {
        "  BROWSER             browser to open, or none
  DISPLAY, WAYLAND_DISPLAY, WSL_DISTRO_NAME
                      if none is set on Linux, no browser is
                      opened, unless BROWSER names one
  CI, SSH_CLIENT, SSH_CONNECTION, SSH_TTY
                      if one is set, no browser is opened
"
    };
}

macro_rules! search_path {
    () => {
        "  PATH                directories to search for COMMAND
"
    };
}

macro_rules! terminal {
    () => {
        "  NO_COLOR            if set, disables colors
  TERM                `dumb` disables colors and progress
  COLUMNS             width of this help without a terminal"
    };
}

macro_rules! none {
    () => {
        "  The script depends on no file and no variable."
    };
}

pub const PLEXCTL: Help = help! {
    examples: "  plexctl login --server https://plexsphere.example \\
      --domain-id 0192f0c1-0000-7000-8000-000000000002 \\
      --idp-binding-id 0192f0c1-0000-7000-8000-000000000003
  plexctl whoami
  plexctl profiles
  plexctl exec -- printenv PLEXSPHERE_URL
  plexctl logout
",
    exit_codes: "  0    success, or nothing to do
  1    failure; the error says what state is left
  2    usage error, or an unusable token or server
  3    a file with a token has a mode wider than 0600
  4    the server denied the request
",
    environment: [config, credential, network, browser, search_path, terminal]
};

pub const LOGIN: Help = help! {
    examples: "  plexctl login --server https://plexsphere.example \\
      --domain-id 0192f0c1-0000-7000-8000-000000000002 \\
      --idp-binding-id 0192f0c1-0000-7000-8000-000000000003
",
    exit_codes: "  0    logged in, and the session is stored
  1    not approved in time, or another failure
  2    usage error, unusable server, or the profile holds a
       session of another server
  3    the config file has a mode wider than 0600
  4    denied, or rejected by the server
",
    environment: [config, login_server, unused_token, network, browser, terminal]
};

pub const WHOAMI: Help = help! {
    examples: "  plexctl whoami
  plexctl whoami --profile staging
  plexctl whoami --output json
",
    exit_codes: "  0    the server accepts the token
  1    unknown: no response, or not a usable one
  2    no credential, or an unusable token or server
  3    the file with the token has a mode wider than 0600
  4    the server does not accept the token
",
    environment: [config, credential, network, terminal]
};

pub const PROFILES: Help = help! {
    examples: "  plexctl profiles
  plexctl profiles use staging
  plexctl profiles forget staging --yes
",
    exit_codes: "  0    success
  1    the config file cannot be read or written
  2    usage error, no such profile, or --yes is missing
  3    the config file has a mode wider than 0600
",
    environment: [config, terminal]
};

pub const PROFILES_LIST: Help = help! {
    examples: "  plexctl profiles list
  plexctl profiles list --output json
",
    exit_codes: "  0    success
  1    the config file cannot be read
  2    usage error
  3    the config file has a mode wider than 0600
",
    environment: [config, terminal]
};

pub const PROFILES_USE: Help = help! {
    examples: "  plexctl profiles use staging
",
    exit_codes: "  0    the profile is the default
  1    the config file cannot be read or written
  2    usage error, or no such profile
  3    the config file has a mode wider than 0600
",
    environment: [config, terminal]
};

pub const PROFILES_FORGET: Help = help! {
    examples: "  plexctl profiles forget staging --yes
",
    exit_codes: "  0    the profile is removed; its token may still be live
  1    the config file cannot be read or written
  2    usage error, no such profile, or --yes is missing
  3    the config file has a mode wider than 0600
",
    environment: [config, terminal]
};

pub const EXEC: Help = help! {
    examples: "  plexctl exec -- printenv PLEXSPHERE_URL
  plexctl exec --profile staging -- sh -c \\
      'echo \"$PLEXCTL_PROFILE_IN_USE: $PLEXSPHERE_URL\"'
",
    exit_codes: "  1    the config file cannot be read
  2    usage error, no session, or an unusable server
  3    the config file has a mode wider than 0600
  126  COMMAND cannot be executed
  127  COMMAND was not found
  else the exit code of COMMAND
",
    environment: [config, stored_server, search_path, terminal]
};

pub const IDENTITY_TOKENS: Help = help! {
    examples: "  plexctl identity-tokens list
  plexctl identity-tokens delete \\
      --id 0192f0c1-2345-7abc-8def-0123456789ab
",
    exit_codes: "  0    success
  1    failure, or no such token
  2    usage error, no credential, or an unusable server
  3    the file with the token has a mode wider than 0600
  4    the server denied the request
",
    environment: [config, credential, network, terminal]
};

pub const IDENTITY_TOKENS_LIST: Help = help! {
    examples: "  plexctl identity-tokens list
  plexctl identity-tokens list --output json
",
    exit_codes: "  0    success
  1    failure; no list is printed
  2    usage error, no credential, or an unusable server
  3    the file with the token has a mode wider than 0600
  4    the server denied the request
",
    environment: [config, credential, network, terminal]
};

pub const IDENTITY_TOKENS_DELETE: Help = help! {
    examples: "  plexctl identity-tokens delete \\
      --id 0192f0c1-2345-7abc-8def-0123456789ab
",
    exit_codes: "  0    the token is revoked
  1    no such token, or it may still be live
  2    usage error, no credential, or an unusable server
  3    the file with the token has a mode wider than 0600
  4    the server denied the request
",
    environment: [config, credential, network, terminal]
};

pub const LOGOUT: Help = help! {
    examples: "  plexctl logout
  plexctl logout --profile staging
  plexctl logout --output json
",
    exit_codes: "  0    logged out, or there was no session
  1    failure; the session may still be live
  2    usage error, or an unusable token or server
  3    the config file has a mode wider than 0600
  4    the server refused to revoke the token
",
    environment: [config, stored_server, unused_token, network, terminal]
};

pub const COMPLETION: Help = help! {
    examples: "  source <(plexctl completion bash)
  source <(plexctl completion zsh)
  plexctl completion fish | source
  plexctl completion powershell | Out-String |
      Invoke-Expression
",
    exit_codes: "  0    the script was printed
  2    usage error, such as an unknown shell
",
    environment: [none]
};
