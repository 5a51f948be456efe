#compdef masterctl
# zsh completion for masterctl(1). masterctl itself knows what can follow; see ctl/complete.h.
local -a typed found
local line word files=
typed=("${(@)words[2,CURRENT-1]}" "$PREFIX")
[[ $PREFIX == --*=* ]] && compset -P '*='
for line in "${(@f)$("${words[1]}" complete -- "${(@)typed}" 2>/dev/null)}"; do
  word=${line%%$'\t'*}
  if [[ $word == :files ]]; then
    files=yes
  elif [[ $line == *$'\t'* ]]; then
    found+=("${word//:/\\:}:${line#*$'\t'}")
  elif [[ -n $word ]]; then
    found+=("${word//:/\\:}")
  fi
done
(( $#found )) && _describe masterctl found
[[ -n $files ]] && _files
return 0
