    if (-not $option -and -not $isBehindDashes) {
        $found += @($completions | Where-Object {
            $_.CompletionText.StartsWith($typed) -and $_.CompletionText.StartsWith('-') -eq $isOption
        } | Sort-Object -Property ListItemText)
    }
    # Where nothing is returned the shell completes files.
    if ($found) { $found } else { '' }
}
