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
            if (@(@OPTIONS@) -ccontains $word) {
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
    if (@(@FILE_OPTIONS@) -ccontains $option) {
        foreach ($file in [CompletionCompleters]::CompleteFilename($typed)) {
            [CompletionResult]::new($prefix + $file.CompletionText, $file.ListItemText, $file.ResultType, $file.ToolTip)
        }
        return
    }
    $isOption = -not $option -and -not $isBehindDashes -and $typed.StartsWith('-')
    $takesProfile = @(@PROFILE_OPTIONS@) -ccontains $option
    if (-not $option -and -not $isOption) {
        $takesProfile = @(@PROFILE_COMMANDS@) -ccontains $command
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
@VALUES@
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
