# Everything comes from Debian 12 packages; nothing is fetched.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
set(Boost_NO_WARN_NEW_VERSIONS ON)  # CMake 3.25 knows Boost up to 1.80
find_package(Boost 1.81 EXACT REQUIRED COMPONENTS context json)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
pkg_check_modules(zmq REQUIRED IMPORTED_TARGET libzmq)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
