//! A standard error that nobody reads: a full pipe.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Child;

use rustix::fs::OFlags;
use rustix::pipe::fcntl_setpipe_size;

/// How much room there is once somebody reads: as much as a user may ask for.
const ROOM: usize = 1024 * 1024;

/// The standard error of a child that was started with a pipe for it, full to the brim.
pub struct BlockedStderr(File);

impl BlockedStderr {
    /// Fills the pipe with empty lines.
    pub fn of(child: &Child) -> Self {
        let pipe = format!("/proc/self/fd/{}", child.stderr.as_ref().unwrap().as_raw_fd());
        let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).unwrap();
        let mut pipe = OpenOptions::new().write(true).custom_flags(nonblocking).open(pipe).unwrap();
        for size in [4096, 1] {
            while pipe.write(&vec![b'\n'; size]).is_ok() {}
        }
        Self(pipe)
    }

    /// Goes on, as if somebody had begun to read.
    pub fn unblock(self) {
        fcntl_setpipe_size(&self.0, ROOM).unwrap();
    }
}
