_f1cap_completion() {
    local IFS=$'
'
    COMPREPLY=( $( env COMP_WORDS="${COMP_WORDS[*]}" \
                   COMP_CWORD=$COMP_CWORD \
                   _F1CAP_COMPLETE=complete_bash $1 ) )
    return 0
}

complete -o default -F _f1cap_completion f1cap
