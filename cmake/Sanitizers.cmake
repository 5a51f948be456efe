if(MASTERD_SANITIZE)
  # Without vptr: it looks at memory through a pipe of its own (sanitizer_common,
  # IsAccessibleMemoryRange), and calls every object bad where a test has used up the descriptors.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr
                      -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(MASTERD_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
