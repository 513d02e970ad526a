//! The config file of most tests: a session beside a bystander.

/// What is left of the config file when its session is cleared: another profile, in a style that plexctl does not write.
pub const BYSTANDER: &str = "\n\n[profiles.bystander] # another session\r\nserver = \
                             'https://bystander.example'\ntoken = \
                             'psk_prod_0192f0c1-9999-7abc-8def-0123456789ab_bystander-s3cret'\n";

/// A config file whose default profile is signed in to a server, beside the bystander.
pub fn config(server: &str, token: &str) -> String {
    format!("default = \"default\"\n\n[profiles.default]\nserver = \"{server}\"\ntoken = \"{token}\"{BYSTANDER}")
}
