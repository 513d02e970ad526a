# powershell completion for plexctl

using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'plexctl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'plexctl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'plexctl' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile to use, instead of the command''s default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of what is printed [default: text]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or of a profile without one; redirects no stored token')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token that whoami asks with')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm what login or profiles forget would refuse')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'Accepted and without effect: no secret is ever shown')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Begin a session: approve it in a browser, then store it in a profile')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Tell who you are at the server')
            [CompletionResult]::new('profiles', 'profiles', [CompletionResultType]::ParameterValue, 'List the stored profiles, set the default, or forget one')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'End a session: revoke its token on the server, then clear its profile')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'plexctl;login' {
            [CompletionResult]::new('--domain-id', '--domain-id', [CompletionResultType]::ParameterName, 'Domain to log in to')
            [CompletionResult]::new('--idp-binding-id', '--idp-binding-id', [CompletionResultType]::ParameterName, 'Binding of that domain to its identity provider')
            [CompletionResult]::new('--profile-name', '--profile-name', [CompletionResultType]::ParameterName, 'Profile to write; --profile is a synonym [default: default]')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile to use, instead of the command''s default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of what is printed [default: text]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or of a profile without one; redirects no stored token')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token that whoami asks with')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Never open a browser')
            [CompletionResult]::new('--qr', '--qr', [CompletionResultType]::ParameterName, 'Draw the link as a QR code, too')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm what login or profiles forget would refuse')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'Accepted and without effect: no secret is ever shown')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'plexctl;whoami' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile to use, instead of the command''s default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of what is printed [default: text]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or of a profile without one; redirects no stored token')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token that whoami asks with')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm what login or profiles forget would refuse')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'Accepted and without effect: no secret is ever shown')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'plexctl;profiles' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile to use, instead of the command''s default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of what is printed [default: text]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or of a profile without one; redirects no stored token')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token that whoami asks with')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm what login or profiles forget would refuse')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'Accepted and without effect: no secret is ever shown')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Set the default profile')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Remove a profile without revoking its token; needs --yes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'plexctl;profiles;use' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile to use, instead of the command''s default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of what is printed [default: text]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or of a profile without one; redirects no stored token')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token that whoami asks with')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm what login or profiles forget would refuse')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'Accepted and without effect: no secret is ever shown')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'plexctl;profiles;forget' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile to use, instead of the command''s default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of what is printed [default: text]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or of a profile without one; redirects no stored token')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token that whoami asks with')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm what login or profiles forget would refuse')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'Accepted and without effect: no secret is ever shown')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'plexctl;profiles;help' {
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Set the default profile')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Remove a profile without revoking its token; needs --yes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'plexctl;profiles;help;use' {
            break
        }
        'plexctl;profiles;help;forget' {
            break
        }
        'plexctl;profiles;help;help' {
            break
        }
        'plexctl;logout' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile to use, instead of the command''s default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of what is printed [default: text]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or of a profile without one; redirects no stored token')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token that whoami asks with')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm what login or profiles forget would refuse')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'Accepted and without effect: no secret is ever shown')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'plexctl;completion' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Profile to use, instead of the command''s default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Format of what is printed [default: text]')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or of a profile without one; redirects no stored token')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'File with the bearer token that whoami asks with')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm what login or profiles forget would refuse')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'Accepted and without effect: no secret is ever shown')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'plexctl;help' {
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Begin a session: approve it in a browser, then store it in a profile')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Tell who you are at the server')
            [CompletionResult]::new('profiles', 'profiles', [CompletionResultType]::ParameterValue, 'List the stored profiles, set the default, or forget one')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'End a session: revoke its token on the server, then clear its profile')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'plexctl;help;login' {
            break
        }
        'plexctl;help;whoami' {
            break
        }
        'plexctl;help;profiles' {
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Set the default profile')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Remove a profile without revoking its token; needs --yes')
            break
        }
        'plexctl;help;profiles;use' {
            break
        }
        'plexctl;help;profiles;forget' {
            break
        }
        'plexctl;help;logout' {
            break
        }
        'plexctl;help;completion' {
            break
        }
        'plexctl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
