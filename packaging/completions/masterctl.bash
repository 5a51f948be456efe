# bash completion for masterctl(1). masterctl itself knows what can follow; see ctl/complete.h.
_masterctl() {
  local line word cur=${COMP_WORDS[COMP_CWORD]}
  local -a typed
  # Not COMP_WORDS: bash takes words apart at `:` and `=`, which endpoints have.
  line=${COMP_LINE:0:COMP_POINT}
  IFS=$' \t' read -ra typed <<<"${line#*"$1"}"
  [[ $line == *[[:blank:]] ]] && typed+=("")
  # Of `--text=FILE` only what follows is replaced.
  [[ $cur == = ]] && cur=
  COMPREPLY=()
  while IFS=$'\t' read -r word _; do
    if [[ $word == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
    else
      COMPREPLY+=("$word")
    fi
  done < <("$1" complete -- "${typed[@]}" 2>/dev/null)
}
complete -F _masterctl masterctl
