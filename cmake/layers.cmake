# relay_sources(<variable> <folder>...): the .c files of folders below the project's root.
function(relay_sources variable)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/)
  list(TRANSFORM ARGN APPEND /*.c)
  file(GLOB sources CONFIGURE_DEPENDS ${ARGN})
  set(${variable} ${sources} PARENT_SCOPE)
endfunction()

# relay_add_files(<target> <file>...): a static library, or an empty one while there is no file.
# Sets `scope` to the word that the target's properties need.
macro(relay_add_files target)
  if(${ARGC} GREATER 1)
    add_library(${target} STATIC ${ARGN})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    set(scope INTERFACE)
  endif()
endmacro()

# relay_add_layer(<target> FOLDERS <folder of src>... LINK <target>...)
function(relay_add_layer target)
  cmake_parse_arguments(layer "" "" "FOLDERS;LINK" ${ARGN})
  list(TRANSFORM layer_FOLDERS PREPEND src/)
  relay_sources(sources ${layer_FOLDERS})
  relay_add_files(${target} ${sources})
  target_include_directories(${target} ${scope} ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${target} ${scope} ${layer_LINK})
endfunction()

# relay_add_protocol(<target>): protoc-c's output for every file in proto/, without our warnings.
# Headers are included as "worker_protocol.pb-c.h".
function(relay_add_protocol target)
  set(dir ${PROJECT_SOURCE_DIR}/proto)
  set(out ${PROJECT_BINARY_DIR}/generated)
  file(MAKE_DIRECTORY ${out})
  file(GLOB protos CONFIGURE_DEPENDS ${dir}/*.proto)
  foreach(proto IN LISTS protos)
    get_filename_component(stem ${proto} NAME_WE)
    set(made ${out}/${stem}.pb-c.c ${out}/${stem}.pb-c.h)
    add_custom_command(OUTPUT ${made}
                       COMMAND ${PROTOC_C} --c_out=${out} --proto_path=${dir} ${proto}
                       DEPENDS ${proto} VERBATIM)
    list(APPEND sources ${made})
  endforeach()
  relay_add_files(${target} ${sources})
  set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS -w)
  target_include_directories(${target} SYSTEM ${scope} ${out})
  target_link_libraries(${target} ${scope} PkgConfig::protobuf-c)
endfunction()
