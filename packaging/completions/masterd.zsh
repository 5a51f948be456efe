#compdef masterd
# zsh completion for masterd(8): what its --help tells.
_gnu_generic
