
# What the generated function does not know: values after `=`, profile names, files, and commands behind `exec --`.

# Sets `profiles` to the names of the stored profiles.
_plexctl_profiles() {
    local line
    profiles=()
    while IFS= read -r line; do
        if [[ $line =~ ^\ *\"name\":\ \"(.*)\",$ ]]; then
            # `%b` reads the escapes of JSON, but for that of a quote.
            printf -v line '%b' "${BASH_REMATCH[1]//\\\"/\"}"
            profiles+=("$line")
        fi
    done <<<"$(command plexctl profiles --output json 2>/dev/null </dev/null)"
}

# Offers the words that begin with the one at the cursor, as the shell reads them: behind the opening quote, if there is
# one, else escaped. `typed` is that word; `kept` is how much of it readline does not replace.
_plexctl_offer() {
    local word quoted quote=""
    if [[ $typed == [\"\']* ]]; then
        quote=${typed:0:1}
    fi
    for word in "$@"; do
        case $quote in
            \") quoted=${word//\\/\\\\} quoted=${quoted//\"/\\\"} quoted=${quoted//\$/\\\$} quoted=${quoted//\`/\\\`} ;;
            \') quoted=${word//\'/\'\\\'\'} ;;
            *) printf -v quoted '%q' "$word" ;;
        esac
        if [[ $quoted == "${typed#"$quote"}"* || $word == "${typed#"$quote"}"* ]]; then
            COMPREPLY+=("${quoted#"$kept"}")
        fi
    done
}

# Offers the files that begin with the word at the cursor, or the commands with `-c`.
_plexctl_offer_files() {
    local file
    while IFS= read -r file; do
        if [[ -n $file ]]; then
            COMPREPLY+=("${file#"$kept"}")
        fi
    done <<<"$(compgen "${1:--f}" -- "${typed#[\"\']}")"
    compopt -o filenames 2>/dev/null
}

# Offers the values of an option.
_plexctl_offer_values() {
    case $1 in
@VALUES@
    esac
}

_plexctl_complete() {
    # A command that fails would end a shell under `set -e`.
    _plexctl_candidates || :
}

_plexctl_candidates() {
    local IFS=$' \t\n' rest=$COMP_LINE space word typed kept option="" is_behind_dashes=""
    local -i i
    local -a words=() operands=() profiles=()
    COMPREPLY=()
    # bash splits words at `=` and `:`, with nothing between the parts.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        space=${rest%%[![:space:]]*}
        rest=${rest#"$space"}
        rest=${rest#"$word"}
        if [[ i -eq 0 || -n $space ]]; then
            words+=("$word")
        else
            words[${#words[@]} - 1]+=$word
        fi
    done
    typed=${words[${#words[@]} - 1]}
    kept=${typed%"$word"}
    if [[ -n $kept && $word == [=:]* ]]; then
        kept=$typed
    fi

    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        word=${words[i]}
        if [[ -n $is_behind_dashes ]]; then
            operands+=("$word")
        elif [[ -n $option ]]; then
            option=""
        elif [[ $word == -- ]]; then
            is_behind_dashes=1
        elif [[ $word == -* ]]; then
            case $word in
                @OPTIONS@) option=$word ;;
            esac
        else
            operands+=("$word")
        fi
    done

    if [[ -n $option ]]; then
        _plexctl_offer_values "$option"
        return
    fi
    if [[ -z $is_behind_dashes && $typed == --*=* ]]; then
        option=${typed%%=*}
        typed=${typed#*=}
        kept=${kept#"$option="}
        _plexctl_offer_values "$option"
        return
    fi
    case ${operands[*]-} in
        exec*)
            if [[ -z $is_behind_dashes ]]; then
                _plexctl_offer_generated
            elif [[ ${#operands[@]} -eq 1 ]]; then
                _plexctl_offer_files -c
            else
                _plexctl_offer_files
            fi
            ;;
        @PROFILE_OPERANDS@)
            if [[ -z $is_behind_dashes && $typed == -* ]]; then
                _plexctl_offer_generated
            else
                _plexctl_profiles
                _plexctl_offer ${profiles[@]+"${profiles[@]}"}
            fi
            ;;
        *)
            _plexctl_offer_generated
            ;;
    esac
}

# Offers what the generated function knows of a command: its options behind a dash, else its commands and values.
_plexctl_offer_generated() {
    local -i COMP_CWORD=$((${#operands[@]} + 1))
    local -a COMP_WORDS=(plexctl ${operands[@]+"${operands[@]}"} "$typed") found=()
    local word is_command=""
    case ${operands[*]-} in
        @COMMANDS@) is_command=1 ;;
    esac
    _plexctl plexctl "$typed" ""
    found=(${COMPREPLY[@]+"${COMPREPLY[@]}"})
    COMPREPLY=()
    for word in ${found[@]+"${found[@]}"}; do
        if [[ $typed == -* || (-n $is_command && $word != -*) ]]; then
            COMPREPLY+=("$word")
        fi
    done
}

complete -F _plexctl_complete -o nosort plexctl 2>/dev/null || complete -F _plexctl_complete plexctl
