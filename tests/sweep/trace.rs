//! What strace wrote, call by call.

/// One system call.
pub struct Call<'a> {
    pub name: String,
    /// The line without the process id, which is there where strace follows forks.
    pub text: &'a str,
}

/// The calls in a trace, in the order in which they began.
pub fn calls(trace: &str) -> Vec<Call<'_>> {
    trace.lines().filter_map(Call::parse).collect()
}

impl<'a> Call<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let text = line.trim_start_matches(|character: char| character.is_ascii_digit()).trim_start();
        let name = text.split_once('(')?.0;
        // What is no call: `<... read resumed>`, `+++ exited with 0 +++`, `--- SIGPIPE … ---`.
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_name.then(|| Self { name: name.to_owned(), text })
    }

    pub fn first_argument(&self) -> &'a str {
        let arguments = self.text.split_once('(').map_or("", |(_, arguments)| arguments);
        arguments.split([',', ')']).next().unwrap_or_default()
    }

    /// What the call returned.
    pub fn result(&self) -> Option<&'a str> {
        self.text.rsplit_once(" = ")?.1.split_whitespace().next()
    }
}
