//! What to do about a failed `plexctl exec`.

use plexctl::use_cases::{ExecError, ExecFault};

use super::{HintContext, no_session_hint, server, store};

/// What to do next.
pub fn hint(error: &ExecError, context: &HintContext) -> Option<String> {
    match &error.fault {
        ExecFault::Load(error) => store::hint(error, context),
        ExecFault::NoSession { reason, .. } => {
            let hint = no_session_hint(reason.as_ref(), &context.config);
            hint.or_else(|| Some(format!("run {} to log in", context.login(context.profile.as_ref()))))
        }
        ExecFault::Server(fault) => Some(server::hint(fault, context)),
        ExecFault::NulInName { .. } | ExecFault::Program(_) => None,
    }
}
