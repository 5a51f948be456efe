# One warning set for all targets.
add_compile_options(-Wall -Wextra -Wpedantic)
if(MASTERD_WERROR)
  add_compile_options(-Werror)
endif()
