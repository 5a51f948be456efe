// broken_files -- session files with one fault each, and where it is. tests/config has the
// messages.
#pragma once

namespace masterd::test {

struct BrokenFile {
  const char* text;
  unsigned line;
  const char* key;  // empty: a fault of the syntax
};

inline constexpr BrokenFile kBrokenFiles[] = {
    {"[session]\nname = \"a\n", 2, ""},
    {"[coprocess.a]\ncommand = [\"x\"\n", 2, ""},
    {"[coprocess.a]\ncommand = [\"x\"]\ncommand = [\"y\"]\n", 3, ""},
    {"[.", 1, ""},
    {"[sessions]\n[coprocess.a]\ncommand = [\"x\"]\n", 1, "sessions"},
    {"[session]\ntitle = \"a\"\n[coprocess.a]\ncommand = [\"x\"]\n", 2, "session.title"},
    {"[session]\nname = 5\n[coprocess.a]\ncommand = [\"x\"]\n", 2, "session.name"},
    {"[session]\nname = \"a b\"\n[coprocess.a]\ncommand = [\"x\"]\n", 2, "session.name"},
    {"coprocess = 5\n", 1, "coprocess"},
    {"[coprocess.a]\nvital = true\n", 1, "coprocess.a"},
    {"[coprocess.a]\ncommand = \"x\"\n", 2, "coprocess.a.command"},
    {"[coprocess.a]\ncommand = []\n", 2, "coprocess.a.command"},
    {"[coprocess.a]\ncommand = [\"\"]\n", 2, "coprocess.a.command[0]"},
    {"[coprocess.a]\ncommand = [\"x\",\n1]\n", 3, "coprocess.a.command[1]"},
    {"[coprocess.a]\ncommand = [\"${config.file}\"]\n", 2, "coprocess.a.command[0]"},
    {"[coprocess.a]\ncommand = [\"x\"]\ncommands = [\"x\"]\n", 3, "coprocess.a.commands"},
    {"[coprocess.a]\ncommand = [\"x\"]\nvital = \"yes\"\n", 3, "coprocess.a.vital"},
    {"[coprocess.a]\ncommand = [\"x\"]\ncwd = \"\"\n", 3, "coprocess.a.cwd"},
    {"[coprocess.a]\ncommand = [\"x\"]\nenv = { A = 1 }\n", 3, "coprocess.a.env.A"},
    {"[coprocess.a]\ncommand = [\"x\"]\nenv = { \"A=B\" = \"1\" }\n", 3, "coprocess.a.env.\"A=B\""},
    {"[coprocess.a]\ncommand = [\"x\"]\nrestart = \"always\"\n", 3, "coprocess.a.restart"},
    {"[coprocess.a]\ncommand = [\"x\"]\nrestart.policy = \"sometimes\"\n", 3,
     "coprocess.a.restart.policy"},
    {"[coprocess.a]\ncommand = [\"x\"]\nrestart.delay = \"soon\"\n", 3,
     "coprocess.a.restart.delay"},
    {"[coprocess.a]\ncommand = [\"x\"]\nrestart.limit = -1\n", 3, "coprocess.a.restart.limit"},
    {"[coprocess.a]\ncommand = [\"x\"]\nrestart.dely = \"1s\"\n", 3, "coprocess.a.restart.dely"},
    {"[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = [\"INT\"]\n", 3,
     "coprocess.a.stop.ladder[0]"},
    {"[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = [{ signal = \"SIGNOPE\" }]\n", 3,
     "coprocess.a.stop.ladder[0].signal"},
    {"[coprocess.a]\ncommand = [\"x\"]\non_exit = \"restart\"\n", 3, "coprocess.a.on_exit"},
    {"[coprocess.a]\ncommand = [\"x\"]\nrequires = [\"b\"]\n", 3, "coprocess.a.requires[0]"},
    {"[coprocess.a]\ncommand = [\"x\"]\nrequires = [\"a\"]\n", 3, "coprocess.a.requires[0]"},
    {"[coprocess.\"a b\"]\ncommand = [\"x\"]\n", 1, "coprocess.\"a b\""},
    {"[group.g]\nrequires = []\n[coprocess.a]\ncommand = [\"x\"]\n", 1, "group.g"},
    {"[defaults]\ncommand = [\"x\"]\n[coprocess.a]\ncommand = [\"x\"]\n", 2, "defaults.command"},
    {"[defaults]\nvitale = true\n[coprocess.a]\ncommand = [\"x\"]\n", 2, "defaults.vitale"},
};

}  // namespace masterd::test
