# What LinuxCNC's launcher puts into the environment and a profile cannot say, because it depends on the
# user: programs and modules that were installed for that user alone (pip install --user). Sourced.

[ ! -d "$HOME/.local/bin" ] || PATH=${PATH%%:*}:$HOME/.local/bin:${PATH#*:}
