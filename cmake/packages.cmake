# What we need from the system, each with the Debian package to install when it is missing.
find_package(PkgConfig)
if(NOT PKG_CONFIG_FOUND)
  message(FATAL_ERROR "pkg-config is missing: install the Debian package 'pkg-config'")
endif()

# relay_require(<name> <pkg-config module and version> <Debian package>) -> target PkgConfig::<name>
function(relay_require name module package)
  string(REPLACE " " "" spec "${module}")
  pkg_check_modules(${name} QUIET IMPORTED_TARGET GLOBAL ${spec})
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${module} is missing: install the Debian package '${package}' "
                        "(or run ./dev setup)")
  endif()
endfunction()

# relay_require_program(<variable> <program> <Debian package>)
function(relay_require_program variable program package)
  find_program(${variable} ${program})
  if(NOT ${variable})
    message(FATAL_ERROR "${program} is missing: install the Debian package '${package}' "
                        "(or run ./dev setup)")
  endif()
endfunction()
