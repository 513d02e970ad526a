# powershell completion for plexctl

using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'plexctl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # What the generated code does not know: options before a command, values, profile names and files.
    $typed = $wordToComplete
    $prefix = ''
    $option = ''
    $isBehindDashes = $false
    $operands = @()
    foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
        if ($element.Extent.EndOffset -ge $cursorPosition) {
            break
        }
        $word = $element.Extent.Text
        if ($isBehindDashes) {
            $operands += $word
        } elseif ($option) {
            $option = ''
        } elseif ($word -eq '--') {
            $isBehindDashes = $true
        } elseif ($word.StartsWith('-')) {
            if (@('--profile', '--output', '--server', '--token-file', '--domain-id', '--idp-binding-id', '--idp-binding-alias', '--profile-name', '--id') -ccontains $word) {
                $option = $word
            }
        } else {
            $operands += $word
        }
    }
    if (-not $option -and -not $isBehindDashes -and $typed -cmatch '^(--[a-z-]+)=(.*)$') {
        $option = $Matches[1]
        $prefix = "$option="
        $typed = $Matches[2]
    }
    $command = (@('plexctl') + $operands) -join ';'

    if ($isBehindDashes -and $operands[0] -ceq 'exec') {
        if ($operands.Count -eq 1) {
            [CompletionCompleters]::CompleteCommand($typed)
        }
        # Where nothing is returned the shell completes files.
        return
    }
    if (@('--token-file') -ccontains $option) {
        foreach ($file in [CompletionCompleters]::CompleteFilename($typed)) {
            [CompletionResult]::new($prefix + $file.CompletionText, $file.ListItemText, $file.ResultType, $file.ToolTip)
        }
        return
    }
    $isOption = -not $option -and -not $isBehindDashes -and $typed.StartsWith('-')
    $takesProfile = @('--profile', '--profile-name') -ccontains $option
    if (-not $option -and -not $isOption) {
        $takesProfile = @('plexctl;profiles;use', 'plexctl;profiles;forget', 'plexctl;profiles;rm') -ccontains $command
    }
    $values = @()
    if ($takesProfile) {
        try {
            $values = @((plexctl profiles --output json 2>$null | Out-String | ConvertFrom-Json).profiles.name)
        } catch {
            $values = @()
        }
    } elseif (-not $isOption) {
        $key = $command
        if ($option) {
            $key = $option
        }
        $values = @(switch -CaseSensitive ($key) {
            '--output' { 'text', 'json', 'yaml' }
            'plexctl;completion' { 'bash', 'zsh', 'fish', 'powershell' }
        })
    }
    $typed = $typed.Trim("'", '"')
    $found = @(foreach ($value in $values) {
        if ($value -and $value.StartsWith($typed, [StringComparison]::Ordinal)) {
            $quoted = $value
            if ($value -cnotmatch '^[A-Za-z0-9_./][A-Za-z0-9_./-]*$') {
                $quoted = "'" + [CodeGeneration]::EscapeSingleQuotedStringContent($value) + "'"
            }
            [CompletionResult]::new($prefix + $quoted, $value, [CompletionResultType]::ParameterValue, $value)
        }
    })

    $completions = @(switch ($command) {
        'plexctl' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in: approve the login in a browser and store the session')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Show who you are logged in as')
            [CompletionResult]::new('profiles', 'profiles', [CompletionResultType]::ParameterValue, 'List the stored profiles, choose the default, or forget one')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run another program with the session of a profile')
            [CompletionResult]::new('identity-tokens', 'identity-tokens', [CompletionResultType]::ParameterValue, 'List and revoke your tokens on the server')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Log out: revoke the token, then remove its profile')
            [CompletionResult]::new('completion', 'completion', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'plexctl;login' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--domain-id', '--domain-id', [CompletionResultType]::ParameterName, 'Domain to log in to [default: last used]')
            [CompletionResult]::new('--idp-binding-id', '--idp-binding-id', [CompletionResultType]::ParameterName, 'Identity provider binding of the domain')
            [CompletionResult]::new('--idp-binding-alias', '--idp-binding-alias', [CompletionResultType]::ParameterName, 'Alias of the binding, in place of its id')
            [CompletionResult]::new('--profile-name', '--profile-name', [CompletionResultType]::ParameterName, 'Profile to write [default: default]')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Do not open a browser')
            [CompletionResult]::new('--qr', '--qr', [CompletionResultType]::ParameterName, 'Also show the link as a QR code')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;whoami' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;profiles' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the stored profiles, like `plexctl profiles`')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the stored profiles, like `plexctl profiles`')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Set the default profile')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Remove a profile without revoking its token; needs --yes')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Remove a profile without revoking its token; needs --yes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'plexctl;profiles;list' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;profiles;ls' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;profiles;use' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;profiles;forget' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;profiles;rm' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;profiles;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the stored profiles, like `plexctl profiles`')
            [CompletionResult]::new('use', 'use', [CompletionResultType]::ParameterValue, 'Set the default profile')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Remove a profile without revoking its token; needs --yes')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'plexctl;profiles;help;list' {
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
        'plexctl;exec' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;identity-tokens' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List your tokens, newest first')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List your tokens, newest first')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Revoke a token by its id')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Revoke a token by its id')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'plexctl;identity-tokens;list' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;identity-tokens;ls' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;identity-tokens;delete' {
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Id of the token to revoke')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;identity-tokens;rm' {
            [CompletionResult]::new('--id', '--id', [CompletionResultType]::ParameterName, 'Id of the token to revoke')
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;identity-tokens;help' {
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List your tokens, newest first')
            [CompletionResult]::new('delete', 'delete', [CompletionResultType]::ParameterValue, 'Revoke a token by its id')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'plexctl;identity-tokens;help;list' {
            break
        }
        'plexctl;identity-tokens;help;delete' {
            break
        }
        'plexctl;identity-tokens;help;help' {
            break
        }
        'plexctl;logout' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;completion' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use this profile instead of the default')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Output format: text (default), json or yaml')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Server to log in to, or to use if none is stored')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Token file for whoami and identity-tokens')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Confirm replacing or forgetting a session')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print debug messages on standard error')
            [CompletionResult]::new('--reveal-secrets', '--reveal-secrets', [CompletionResultType]::ParameterName, 'No effect: plexctl never prints secrets')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'plexctl;help' {
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Log in: approve the login in a browser and store the session')
            [CompletionResult]::new('whoami', 'whoami', [CompletionResultType]::ParameterValue, 'Show who you are logged in as')
            [CompletionResult]::new('profiles', 'profiles', [CompletionResultType]::ParameterValue, 'List the stored profiles, choose the default, or forget one')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run another program with the session of a profile')
            [CompletionResult]::new('identity-tokens', 'identity-tokens', [CompletionResultType]::ParameterValue, 'List and revoke your tokens on the server')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Log out: revoke the token, then remove its profile')
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
            break
        }
        'plexctl;help;exec' {
            break
        }
        'plexctl;help;identity-tokens' {
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

    if (-not $option -and -not $isBehindDashes) {
        $found += @($completions | Where-Object {
            $_.CompletionText.StartsWith($typed) -and $_.CompletionText.StartsWith('-') -eq $isOption
        } | Sort-Object -Property ListItemText)
    }
    # Where nothing is returned the shell completes files.
    if ($found) { $found } else { '' }
}
