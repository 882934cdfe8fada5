# shellcheck shell=bash
# Completion of the assay command in bash. Nothing is listed here that the program can be asked for: commands, options and
# the words that they take, algorithms, implementations, checks, workloads and sizes are those of the program typed.

# The options of a command: lines of its help that begin with one.
_assay_options()
{
    "$1" "$2" --help 2>/dev/null | sed -nE 's/^ {2,6}(-., )?(--[a-z-]+).*/\2/p'
}

# Whether an option of a command takes a value.
_assay_takes_value()
{
    "$1" "$2" --help 2>/dev/null | grep -qE -- "^ {2,6}(-., )?$3="
}

# The words that an option takes, from the complaint about a wrong one: "... is "", must be text, json or csv".
_assay_words()
{
    "$1" "$2" "$3" '' 2>&1 | sed -nE 's/ or /, /; s/^assay [a-z]+: --[a-z]+ is "", must be (.*)$/\1/p' | tr -d ,
}

# Patterns that begin as what is typed: algorithm, algorithm/implementation, and then a check or a workload and its size.
_assay_patterns() # PROGRAM verify|bench TYPED
{
    local algorithm=${3%%/*}
    [[ $3 == */* ]] || algorithm='*'
    "$1" list --format json "$algorithm" 2>/dev/null | tr '{' '\n' | awk -F'"' -v kind="$2" -v typed="$3" '
        function offer(what) { print typed_depth ? algorithm "/" what : what }
        BEGIN { typed_depth = gsub("/", "/", typed); split(typed, part, "/") }
        /^"algorithm":/ { algorithm = $4; if (typed_depth == 0) print algorithm }
        typed_depth == 1 && /^"name":.*"runs":/ { offer($4) }
        typed_depth == 2 && kind != "bench" && /^"name":.*"kind":/ { offer(part[2] "/" $4) }
        typed_depth >= 2 && kind == "bench" && /^"name":.*"size_label":/ {
            if (typed_depth == 2) offer(part[2] "/" $4)
            else if ($4 == part[3]) {
                sizes = $0; sub(/.*"sizes":\[/, "", sizes); sub(/\].*/, "", sizes)
                count = split(sizes, size, ",")
                for (i = 1; i <= count; i++) offer(part[2] "/" $4 "/" size[i])
            }
        }'
}

_assay()
{
    local program=${COMP_WORDS[0]/#\~/$HOME} word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} option='' before
    COMPREPLY=()
    if ((COMP_CWORD == 1)) || { [[ $command == help ]] && ((COMP_CWORD == 2)); }; then
        mapfile -t COMPREPLY < <(compgen -W "$("$program" help 2>/dev/null | sed -nE 's/^  ([a-z]+) .*/\1/p') \
            $( ((COMP_CWORD == 1)) && echo --help --version)" -- "$word")
        return
    fi
    # The option whose value is being typed: "--cpu avx2" or, as bash divides it, "--cpu" "=" "avx2".
    before=${COMP_WORDS[COMP_CWORD - 1]}
    if [[ $word == = ]]; then
        option=$before word=''
    elif [[ $before == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $before == --* ]] && _assay_takes_value "$program" "$command" "$before"; then
        option=$before
    elif [[ $before == -[oCf] ]]; then
        option=$before
    fi
    case $option in
    '') ;;
    --format | --cpu)
        mapfile -t COMPREPLY < <(compgen -W "$(_assay_words "$program" "$command" "$option")" -- "$word")
        return
        ;;
    --base)
        mapfile -t COMPREPLY < <(compgen -W "$(git for-each-ref --format='%(refname:short)' 2>/dev/null)" -- "$word")
        return
        ;;
    --family | -f)
        mapfile -t COMPREPLY < <(compgen -W "$("$program" list --format json 2>/dev/null |
            sed -nE 's/.*"family":"([^"]*)".*/\1/p' | sort -u)" -- "$word")
        return
        ;;
    --directory | -C)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$word")
        return
        ;;
    *)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_assay_options "$program" "$command")" -- "$word")
        return
    fi
    # What else a command takes stands in the first line of its help.
    local help kind=verify
    help=$("$program" "$command" --help 2>/dev/null)
    [[ $help == *workload/size* ]] && kind=bench
    case ${help%%$'\n'*} in
    *PATTERN* | *ALGORITHM*)
        mapfile -t COMPREPLY < <(compgen -W "$(_assay_patterns "$program" $kind "$word")" -- "$word")
        ;;
    *.db*)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        ;;
    esac
}

complete -F _assay assay
