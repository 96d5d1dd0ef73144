# relay_layer(<name> [SEES <layer>...] [LINKS <target>...] FILES <file>...)
function(relay_layer name)
  cmake_parse_arguments(layer "" "" "SEES;LINKS;FILES" ${ARGN})
  add_library(${name} STATIC ${layer_FILES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${name} PUBLIC ${layer_SEES} ${layer_LINKS})
endfunction()

# relay_add_protocol(<target>): protoc-c's output for proto/, without our warnings. Headers are
# included as "worker_protocol.pb-c.h".
function(relay_add_protocol target)
  set(dir ${PROJECT_SOURCE_DIR}/proto)
  set(out ${PROJECT_BINARY_DIR}/generated)
  set(made ${out}/worker_protocol.pb-c.c ${out}/worker_protocol.pb-c.h)
  file(MAKE_DIRECTORY ${out})
  add_custom_command(OUTPUT ${made}
                     COMMAND ${PROTOC_C} --c_out=${out} --proto_path=${dir} worker_protocol.proto
                     DEPENDS ${dir}/worker_protocol.proto VERBATIM)
  add_library(${target} STATIC ${made})
  set_source_files_properties(${made} PROPERTIES COMPILE_OPTIONS -w)
  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_link_libraries(${target} PUBLIC PkgConfig::protobuf-c)
endfunction()
