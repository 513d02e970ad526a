//! The promises of the ports, held against every adapter and every fake.

mod browser;
mod control_plane;
mod planted;
mod process;
mod reporters;
mod stores;
mod timer;
mod token_file;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
