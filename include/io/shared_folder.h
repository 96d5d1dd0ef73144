/**
 * A folder of links that many private roots share: one external repository's inputs, such as the
 * toolchain's. It is named by its content, so once it is whole nobody changes it.
 *
 *     <links>/folders/<digest>/tree/
 */
#ifndef RELAY_IO_SHARED_FOLDER_H
#define RELAY_IO_SHARED_FOLDER_H

#include "base/failure.h"
#include "io/input_group.h"

/**
 * The path of the group's folder, made if nobody made it before; owned by the caller. NULL on
 * failure. Two workers that make it at the same time take turns.
 */
char *shared_folder_path(const char *links, const struct input_group *group, struct failure *why);

#endif
