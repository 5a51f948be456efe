# bash completion for masterd(8): what its --help tells.
_masterd() {
  local help cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}
  [[ $option == = ]] && option=${COMP_WORDS[COMP_CWORD - 2]}
  [[ $cur == = ]] && cur= option=${COMP_WORDS[COMP_CWORD - 1]}
  help=$("$1" --help 2>/dev/null)
  COMPREPLY=()
  case $option in
  --config | --session | --profiles)
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    return
    ;;
  --config-dir)
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -d -- "$cur")
    return
    ;;
  --hook-command)
    mapfile -t COMPREPLY < <(compgen -c -- "$cur")
    return
    ;;
  --endpoint | --events | --hook-interval) return ;;
  esac
  # An option with a closed set of values shows it: --log-format TEXT:{text,json}
  local values
  values=$(sed -n "s/^ *$option [A-Z]*:{\(.*\)}.*/\1/p" <<<"$help")
  if [[ -n $values ]]; then
    mapfile -t COMPREPLY < <(compgen -W "${values//,/ }" -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -- '^ +(-h,)?--[a-z-]+' <<<"$help" | grep -oE -- '--[a-z-]+')" -- "$cur")
  fi
}
complete -F _masterd masterd
