#!/usr/bin/env python3
"""Takes the guards out, one at a time, and shows that the test named after each fails.

Works on a copy of the tree in build/guards. A guard is a piece of source that is replaced; when the
source has changed so that a piece is not found any more, that is an error too.

    guards.py [NAME...]     e.g. guards.py A1 B2
    guards.py --pieces      only looks whether each piece is in the source still
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TREE = ROOT / "build" / "guards" / "tree"
BUILD = ROOT / "build" / "guards" / "build"
PARTS = ["CMakeLists.txt", "cmake", "include", "proto", "src", "tests"]

# name: (test file, class, then one or more times: source file, piece, what stands there instead)
GUARDS = {
    "A1": ("test_joining", "A1_SilentlyWrongBuild", "src/pipeline/pipeline.c",
           "bool same = digest_equal(&entry->identity, want->identity);", "bool same = true;"),
    "A1-inputs": ("test_joining", "A1_SilentlyWrongBuild", "src/program/intake.c",
                  "identity_of(&request->invocation, work->inputs, work->input_count,",
                  "identity_of(&request->invocation, work->inputs, work->input_count > 0,"),
    "identity-digest": ("test_identity", "AnInputWithoutADigest", "src/rustc/identity.c",
                        "is_known = inputs[i].digest_len > 0;", ""),
    "identity-inputs": ("test_identity", "ARequestWithoutInputs", "src/rustc/identity.c",
                        "if (!is_known || !has_inputs) {", "if (!is_known) {"),
    "identity-end": ("test_identity", "ARequestWithoutInputs", "src/program/launcher.c",
                     "if (!request->has_identity && request->invocation.stage == STAGE_METADATA) {",
                     "if (false) {"),
    "identity-place": ("test_identity", "ADirectoryThatIsNotBazels", "src/roots/sandbox.c",
                       'return is_in(cwd, "execroot", 1) ? SANDBOX_NONE : SANDBOX_FOREIGN;',
                       "return SANDBOX_NONE;"),
    "identity-key": ("test_identity", "TheKeyInAParamFile", "src/rustc/root_name.c",
                     "if (!names_param_file(words)) {", "if (true) {"),
    "identity-spare": ("test_identity", "ASpareRoot", "src/program/deliver.c",
                       "if (!to->compile->in_spare) {", "if (true) {"),
    "identity-hide": ("test_real_rustc", "TheSourceOfAnotherCratesMacro", "src/program/intake.c",
                      "if ((kind == SANDBOX_BAZEL || hides) && work->input_count > 0) {",
                      "if (kind == SANDBOX_BAZEL && work->input_count > 0) {"),
    "identity-stamp": ("test_identity", "StampedCrates", "src/rustc/identity.c",
                       "add_list(builder, command_lasting_env(command));",
                       "add_list(builder, &command->env);"),
    "identity-status": ("test_identity", "StampedCrates", "src/rustc/identity.c",
                        "strcmp(path, changing) == 0", "false"),
    "identity-bound": ("test_identity", "ADirectoryThatIsNotBazels", "src/pipeline/entry_cells.c",
                       "(entry->key == NULL || entry->is_bound)", "(entry->key == NULL)"),
    "between-kept": ("test_between_builds", "WhatIsKept", "src/program/performer.c",
                     "pipeline_changed(performer->pipeline, compile->serial, &performer->actions);", ""),
    "between-others": ("test_between_builds", "ByAnotherWorker", "src/program/performer.c",
                       "pipeline_changed(performer->pipeline, compile->serial, &performer->actions);",
                       ""),
    "between-joined": ("test_between_builds", "WhatRuns", "src/program/session.c",
                       "if (input_stamps_differ(compile->inputs)) {", "if (false) {"),
    "between-again": ("test_between_builds", "WhatRuns", "src/program/performer.c",
                      "        input_stamps_begin(compile->inputs);\n", "        (void)0;\n"),
    "between-read": ("test_between_builds", "WhatRuns", "src/program/compile.c",
                     "    input_stamps_pass_sources(compile->inputs);\n", ""),
    "between-sealed": ("test_between_builds", "WhatBazelDoes", "src/io/input_stamps.c",
                       "(is_output(path) ? 2 : 0)", "(is_output(path) ? 0 : 0)"),
    "between-own": ("test_between_builds", "AtItsGate", "src/program/launcher.c",
                    "if (!identity_leaves_out(&request->invocation, work->inputs[i].path)) {",
                    "if (true) {"),
    "A2": ("test_joining", "A2_TheNextBuildTakesTheResult", "src/pipeline/entry_cells.c",
           "if (taken || entry->key == NULL) {", "if (true) {"),
    "A3": ("test_outcomes", "A3_FullAlone", "src/rustc/invocation.c",
           'crate_args_need_emit(crate, "metadata");', ""),
    "A3-bytes": ("test_real_rustc", "A3_TheSameBytes", "src/rustc/invocation.c",
                 'crate_args_need_emit(crate, "metadata");', ""),
    "A4": ("test_outcomes", "A4_ADeadRustc", "src/pipeline/entry_cells.c",
           "(may_try_again(entry) ? try_again : cell_finish_bad)", "(cell_finish_bad)",
           "src/pipeline/entry_cells.c",
           "(may_try_again(entry) ? try_again : cell_finish_bad_after_metadata)",
           "(cell_finish_bad_after_metadata)", "src/pipeline/entry_cells.c",
           "static bool may_try_again", "bool may_try_again(const struct entry *entry);\n"
           "bool may_try_again"),
    "A4-said": ("test_outcomes", "A4_ADeadRustc", "src/program/performer.c",
                "        launcher_say(compile, sentence);\n", ""),
    "A5": ("test_outputs", "A5_OnlyDeclaredOutputs", "src/rustc/delivery.c",
           'return strcmp(emit->kind, "link") == 0 || (emit->path != NULL && !is_metadata);',
           "return true;"),
    "O-kind": ("test_real_outputs", "ToldByKind", "src/program/deliver.c",
               'bool good = strcmp(artifact->kind, "dep-info") == 0',
               'bool good = strcmp(artifact->from + strlen(artifact->from) - 2, ".d") == 0'),
    "O-emits": ("test_real_outputs", "ToldByKind.test_an_emit_kind_that_is_a_path",
                "src/rustc/command.c", "!crate_args_knows_kind(emit->kind)", "false"),
    "O-beside": ("test_real_outputs", "BesideTheOutput", "src/program/deliver.c",
                 "               place_beside(placing, &delivery->artifacts[i], why);",
                 "               true;"),
    "O-split": ("test_real_outputs", "BesideTheOutput", "src/rustc/command.c",
                "if (command->placement.splits) {", "if (false) {"),
    "O-place": ("test_real_outputs", "WhereItIsWritten", "src/rustc/placement.c",
                '{"-C", "rpath", IN_PLACE},', '{"-C", "no-rpath", IN_PLACE},'),
    "O-alone": ("test_outputs", "InPlace", "src/program/performer.c",
                "compile->waits_for_place = must_wait(performer, compile);", ""),
    "O-none": ("test_outputs", "AllOrNothing", "src/program/deliver.c",
               "        unlink(placing.placed.items[i]);", "        (void)0;"),
    "O-absolute": ("test_real_outputs", "NamedAbsolutely", "src/rustc/delivery.c",
                   "below == NULL ? path : below);\n}\n", "(void)below, path);\n}\n"),
    "O-rlib": ("test_real_outputs", "ALibraryOfTwoRequests", "src/program/deliver.c",
               "if (is_rlib(compile, artifact)) {", "if (false && is_rlib(compile, artifact)) {"),
    "O-spelling": ("test_real_pairs", "AnySpelling", "src/rustc/dependencies.c",
                   "    char *listed = path_listed(working_dir, path);\n    size_t index = 0;",
                   "    char *listed = mem_dup(path);\n    size_t index = 0;\n    (void)working_dir;"),
    "O-root": ("test_real_outputs", "DepInfoThatNamesTheDirectory", "src/program/deliver.c",
               "if (strcmp(ran_in[i], to->delivery->plain_dir) != 0) {", "if (false) {"),
    "O-usual": ("test_real_outputs", "DepInfoThatNamesTheDirectory", "src/program/deliver.c",
                "{compile->command.working_dir, to->delivery->usual_dir}",
                "{to->delivery->plain_dir, to->delivery->plain_dir}"),
    "A8": ("test_outcomes", "A8_BytesThatAreNoText", "src/base/utf8.c",
           "    while (len > 0) {\n        size_t run = valid_run",
           "    bytes_append(out, text, len);\n    len = 0;\n"
           "    while (len > 0) {\n        size_t run = valid_run"),
    "A9": ("test_outcomes", "A9_PlainLinesAmongJson", "src/rustc/rustc_output.c",
           "        line->kind = LINE_SHOW;\n        read_plain(",
           "        line->kind = LINE_DROP;\n        (void)(read_plain), (void)("),
    "said-behind": ("test_said", "TextWithoutANewlineBeforeRustcsJson",
                    "src/rustc/rustc_output.c",
                    "return start > 0 && is_rustcs(", "return false && is_rustcs("),
    "said-long-line": ("test_said", "TextWithoutANewlineBeforeRustcsJson", "src/process/lines.c",
                       "size_t half = lines->partial.len / 2;",
                       "size_t half = lines->partial.len;"),
    "command-word": ("test_commands", "OneLongWord", "src/rustc/command_line.c",
                     "find_long(line->argv) == line->argv->count && find_long", "find_long"),
    "command-newline": ("test_commands", "OneLongWord", "src/rustc/command_line.c",
                        "memchr(word, '\\n', len) == NULL &&", ""),
    "command-order": ("test_commands", "OneLongWord", "src/rustc/command_line.c",
                      "        if (text.len > 0) {", "        if (text.len > 0 && i == words->count) {"),
    "jobserver-dead": ("test_commands", "AnInheritedJobserver", "src/process/inherited_env.c",
                       "(with_jobserver && answers(jobserver))", "true"),
    "jobserver-alive": ("test_commands", "AnInheritedJobserver", "src/process/inherited_env.c",
                        "(with_jobserver && answers(jobserver))", "false"),
    "said-again": ("test_said", "ADeadRustcThatSaidMuch", "src/rustc/diagnostics.c",
                   "    if (len == 0 || repeats_take(&list->earlier, text, len)) {",
                   "    if (len == 0) {"),
    "said-kept": ("test_said", "TooMuchIsSaid", "src/rustc/diagnostics.c",
                  "    if (*kept_bytes(list, is_error) < DIAGNOSTICS_KEPT_MAX_BYTES) {",
                  "    if (true) {"),
    "said-stdout": ("test_said", "TooMuchIsSaid", "src/program/said.c",
                    "size_t kept = len < room ? len : room;", "size_t kept = len;"),
    "said-files": ("test_said", "TooMuchIsSaid", "src/program/said.c",
                   "    said->is_wanted[file] = true;", "    said->is_wanted[file] = false;"),
    "said-spool": ("test_said", "TooMuchIsSaid", "src/store/spool.c",
                   "spool->len <= SPOOL_MEMORY_BYTES || spool->path == NULL;", "true;"),
    "said-frame": ("test_said", "ALargeFrame", "src/protocol/frame.c",
                   "    if (rest == 0 && reader->buffer.capacity > BUFFER_KEEP_BYTES) {",
                   "    if (false) {"),
    "A10": ("test_outcomes", "A10_Colours", "src/base/json.c",
            '"\\\\u%04x", (unsigned)(unsigned char)byte', '" "'),
    "A11": ("test_outcomes", "A11_EachDiagnosticOnce", "src/rustc/diagnostics.c",
            "list->answered = list->count;", ""),
    "B1": ("test_ending", "B1_CancelKillsBeforeItIsAnswered", "src/pipeline/entry_cells.c",
           "if (entry->waiter_count > 1) {\n        remove_waiter", "if (true) {\n        remove_waiter"),
    "B2": ("test_ending", "B2_NothingOutlivesTheWorker", "src/process/group.c",
           "kill(-group->id, SIGKILL)", "kill(group->id, SIGTERM)",
           "src/process/reaper.c", "kill(pids[i], SIGKILL);", "",
           "src/process/guardian.c", "kill(-list.groups[i], SIGKILL);", "",
           "src/process/marks.c", "    kill(pid, SIGKILL);\n", ""),
    "B2-SIGKILL": ("test_ending", "B2_NothingOutlivesTheWorker", "src/process/guardian.c",
                   "kill(-list.groups[i], SIGKILL);", "", "src/process/guardian.c",
                   "marks_kill(marks, NULL, NULL);", "(void)marks;"),
    "B2-strays": ("test_strays", "AGrandchildThatCalledSetsid", "src/process/reaper.c",
                  "marks_kill(&reaper->guardian->marks, is_mark_hunted, reaper);",
                  "(void)is_mark_hunted;"),
    "B2-strays-SIGKILL": ("test_strays", "TheWorkersEnd", "src/process/guardian.c",
                          "marks_kill(marks, NULL, NULL);", "(void)marks;"),
    "B2-signals": ("test_signals", "AllBlocked", "src/program/main.c",
                   "    platform_reset_signals();\n", ""),
    "B2-signals-rustc": ("test_signals", "AllIgnored", "src/process/platform_linux.c",
                         "    platform_reset_signals();\n    stop_child", "    stop_child"),
    "wire": ("test_wire", "FirstBytes", "src/protocol/opening.c",
             "value > 1 || at > end", "at > end"),
    "wire-neither": ("test_wire", "FirstBytes", "src/protocol/opening.c",
                     "    return OPENING_NEITHER;\n", "    return OPENING_PROTO;\n"),
    "planted-trace": ("test_planted", "TheTrace", "src/program/trace.c", "O_CREAT | O_EXCL", "O_CREAT"),
    "planted-state": ("test_planted", "TheStateDirectory", "src/store/state_dir.c",
                      " && tree_check_private(state->root, why)", ""),
    "planted-output-base": ("test_planted", "AnOutputBaseThatIsNone", "src/store/state_base.c",
                            "(info.st_mode & S_IWOTH) != 0", "false"),
    "B3": ("test_ending", "B3_ACancelRightBehindItsRequest", "src/program/session.c",
           "        pipeline_cancel(session->performer.pipeline, request->serial, "
           "&session->performer.actions);\n", ""),
    "B4": ("test_joining", "B4_ADirectoryBelongsToOneCompile", "src/program/private_dir.c",
           "state_dir_compile_path(state, serial, why)",
           "(tree_make(state->worker, S_IRWXU, why) ? mem_format(\"%s/1\", state->worker) : NULL)"),
    "B7": ("test_joining", "B7_ANewMetadataRequestOfTheSameKey", "src/pipeline/entry_cells.c",
           "    detach(entry);\n    kill_if_orphaned(entry, context);\n}", "    detach(entry);\n}"),
    "C1": ("test_turns", "Libraries", "src/turns/jobserver.c",
           ".count = jobserver->tokens + 1,", ".count = jobserver->tokens + 100,"),
    "C1-gate": ("test_turns", "AtTheGate", "src/program/compile.c",
                "        job_rest(compile->job);\n", ""),
    "C1-workers": ("test_turns", "SeveralWorkers", "src/turns/seats.c",
                   "byte_lock_try(seats->fd, SEAT + (off_t)i)", "true"),
    "C1-told": ("test_turns", "SeveralWorkers", "src/turns/seats.c",
                "        futimens(seats->fd, NULL); // their watch sees it\n", ""),
    "C1-end": ("test_turns", "Libraries", "src/turns/jobserver.c",
               "uv_idle_start(jobserver->soon, on_soon);", "on_soon(jobserver->soon);"),
    "C1-turn": ("test_turns", "AtTheGate", "src/program/compile.c",
                "    if (!compile_waits_for_turn(compile)) {\n        let_link(compile);\n    }\n",
                "    let_link(compile);\n"),
    "C3": ("test_outputs", "C3_PlacedByRenameOrLink", "src/base/placing.c",
           "int error = link_file(from, to);\n    if (error == EEXIST)",
           "int error = EXDEV;\n    if (error == EEXIST)"),
    "C4": ("test_outputs", "C4_NeighboursAreNotTouched", "src/base/placing.c",
           "    int error = how(from, to);\n    if (error == ENOENT",
           "    char *all = mem_format(\"chmod a+w \\\"$(dirname '%s')\\\"/*\", to);\n"
           "    int ignored = system(all);\n    (void)ignored;\n    free(all);\n"
           "    int error = how(from, to);\n    if (error == ENOENT"),
    "across": ("test_across", "TakesOver", "src/program/compile_remote.c",
               "compile->attachment = attachment_open(", "(void)(on_remote_over), (void)(attachment_open)("),
    "across-claim": ("test_across", "ATakeoverIsClaimed", "src/program/compile_remote.c",
                     "compile->is_lost = !claim(compile) ||",
                     "compile->is_lost = (false && !claim(compile)) ||"),
    "across-reclaim": ("test_across", "ATakeoverIsClaimed", "src/program/compile_remote.c",
                       "if (!shared_is_told(&compile->offer)) {", "if (true) {"),
    "across-made": ("test_across", "ItsFilesHaveMoved", "src/program/deliver.c",
                    "made_in = compile_made_in(compile);", "made_in = compile->dir;"),
    "across-any": ("test_across", "DoesNot", "src/program/performer.c",
                   "        if (request->compile == compile->serial && !is_link &&",
                   "        if (request == request_by_compile(&performer->requests, "
                   "compile->serial) && !is_link &&"),
    "across-metadata": ("test_across", "DoesNot", "src/program/performer.c",
                        "            launcher_differs(compile, request, NULL)) {",
                        "            false && launcher_differs(compile, request, NULL)) {"),
    "across-hollow": ("test_across", "TakesOver", "src/program/performer.c",
                      "(compile_is_hollow(compile) || is_wrong_for_any(performer, compile))",
                      "(is_wrong_for_any(performer, compile))", "src/program/launcher.c", "if (compile_is_hollow(compile)) {",
                      "if (false) {"),
    "sandbox": ("test_outputs", "B_TheSandboxIsReused", "src/program/intake.c",
                "if ((kind == SANDBOX_BAZEL || hides) && work->input_count > 0) {", "if (false) {"),
    "facts-A": ("test_ending", "A_ReusedIds", "src/program/session.c",
                "if (older != NULL) {", "if (false) {"),
    "facts-C": ("test_joining", "C_DeclaredOutputs", "src/rustc/delivery.c",
                "return is_metadata;", "return true;"),
    "cancel-other": ("test_cancel", "TwoWait", "src/pipeline/entry_cells.c",
                     "if (entry->waiter_count > 1) {", "if (false) {"),
    "cancel-detach": ("test_cancel", "AlreadyDying", "src/pipeline/entry_cells.c",
                      "the waiter stays.\n    detach(entry);", "the waiter stays.\n"),
    "cancel-sandbox": ("test_cancel", "TwoWait", "src/program/intake.c",
                       "if ((kind == SANDBOX_BAZEL || hides) && work->input_count > 0) {", "if (false) {"),
    "cancel-lease": ("test_cancel", "OneWaits", "src/program/compile.c",
                     "    remove_dir(compile);\n    release_root(compile);\n    free(",
                     "    remove_dir(compile);\n    free("),
    "shutdown-SIGINT": ("test_shutdown", "BeforeMetadata", "src/program/host.c",
                        "listen_for(host, &host->on_interrupt, SIGINT, why)", "true"),
    "shutdown-SIGKILL": ("test_shutdown", "ManyInBackground", "src/process/guardian.c",
                         "kill(-list.groups[i], SIGKILL);", "", "src/process/guardian.c",
                         "marks_kill(marks, NULL, NULL);", "(void)marks;"),
    "shutdown-state": ("test_shutdown", "Kept", "src/program/host.c",
                       "    state_dir_close(&host->state);\n", ""),
    "shutdown-others": ("test_shutdown", "WaitingForAnotherWorker",
                        "src/program/compile.c",
                        "compile_reclaim(compile) && !compile_dir_is_foreign(compile);", "true;"),
    "bad-swept": ("test_bad_days", "TheWorkerIsKilledBetweenMetadataAndFull", "src/store/state_dir.c",
                  "    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {\n        char *dir",
                  "    if (false) {\n        char *dir"),
    "bad-distrust": ("test_bad_days", "RustcIsKilled", "src/program/compile.c",
                     "private_root_distrust(compile->root);", ""),
    "bad-full": ("test_bad_days", "TheDiskIsFull", "src/base/placing.c",
                 "    if (error != 0) {\n        unlink(temporary);\n    }\n", ""),
    "bad-deleted": ("test_bad_days", "TheStateDirectoryIsDeleted", "src/store/state_dir.c",
                    "if (!restore_place(state, why)) {", "if (!restore_place(state, why) || true) {"),
    "bad-deleted-kept": ("test_bad_days", "TheStateDirectoryIsDeleted",
                         "src/program/compile_result.c",
                         "return compile_succeeded(compile) && command_is_redirected(",
                         "return false && command_is_redirected("),
    "bad-read-only": ("test_bad_days", "TheStateDirectoryIsReadOnly", "src/store/state_dir.c",
                      "base = state_base_temporary(why);", "base = NULL;"),
    "bad-fifo": ("test_bad_days", "AResultIsBroken", "src/store/shared.c",
                 "if (fd >= 0 && !is_fifo(fd)) {", "if (false && !is_fifo(fd)) {"),
    "bad-two": ("test_bad_days", "TwoAtOnce", "src/roots/root_lease.c",
                "return flock(fd, LOCK_EX | LOCK_NB) == 0;", "return fd >= 0;"),
    "bad-clock": ("test_bad_days", "TheClockIsSetBack", "src/store/state_dir.c",
                  "    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {\n        char *dir",
                  "    struct stat info;\n"
                  "    bool old = fstat(fd, &info) == 0 && info.st_mtime < 3000000000;\n"
                  "    if (old && flock(fd, LOCK_EX | LOCK_NB) == 0) {\n        char *dir"),
    "bad-abandoned": ("test_bad_days", "AThousandRequestsAreAbandoned",
                      "src/pipeline/entry_cells.c",
                      "    if (entry->state != ENTRY_DYING) {\n"
                      "        kill_if_orphaned(entry, context);\n    }\n", ""),
    "bad-abandoned-kept": ("test_bad_days", "AThousandRequestsAreAbandoned",
                           "src/pipeline/pipeline.c",
                           "bool exceeded = count > pipeline->limits.kept_count ||",
                           "bool exceeded = false &&"),
    "links-asked-for": ("test_links", "WhereTheyAre", "src/program/worker.c",
                        "state->in_output_base ? LINK_BASE_MEMORY : NULL", "LINK_BASE_MEMORY"),
    "links-long": ("test_links", "WhereTheyAre", "src/roots/link_target.c",
                   "len > LINK_TARGET_SHORT_MAX ? shortened(targets, name, rest) : NULL",
                   "len > PATH_MAX ? shortened(targets, name, rest) : NULL"),
    "links-swept": ("test_links", "TheOutputBaseIsGone", "src/roots/link_base.c",
                    'is_gone(fd, "base")', '(is_gone(fd, "base"), false)'),
    "links-living": ("test_links", "TheOutputBaseIsGone", "src/roots/link_base.c",
                     "flock(base->lock_fd, LOCK_SH) == 0", "true"),
    "links-removed": ("test_links", "TheyAreRemoved", "src/roots/link_base.c",
                      "if (base->lock_fd >= 0 && is_linked(base->lock_fd)) {",
                      "if (base->lock_fd >= 0) {"),
    "links-room": ("test_links", "MemoryIsShort", "src/roots/link_base.c",
                   "is_enough(room.free_files, room.files)", "true"),
    "links-full": ("test_links", "MemoryIsShort", "src/program/intake.c",
                   "if (root == NULL && strcmp(now, intake->state_root) != 0) {", "if (false) {"),
    "links-private": ("test_links", "SomebodyElseHasTheName", "src/roots/link_base.c",
                      "!tree_check_private(base->top, why) ||", ""),
    "root-undone": ("test_roots", "AMacroKeepsAFile", "src/roots/link_tree.c",
                    "return link_seal_holds_all(root_fd, held) ||",
                    "return true || link_seal_holds_all(root_fd, held) ||"),
    "root-again": ("test_roots", "ACompileStartsTwice", "src/program/compile.c",
                   "(compile->root == NULL || private_root_restore(compile->root, why)) &&", ""),
    "root-stray": ("test_roots", "SomebodyOutlivesACompile", "src/roots/root_keeper.c",
                   "reaper_is_alone(keeper->reaper)", "keeper->count > 0"),
    "root-trust": ("test_roots", "ARootIsLookedAtInTime", "src/roots/private_root.c",
                   "return root_lease_use(root->lease, root->user, why) &&", "return"),
    "root-early": ("test_roots", "ARootIsLookedAtInTime", "src/roots/root_keeper.c",
                   "    idle_set(keeper->idle, true);\n", ""),
    "root-below": ("test_roots", "OddInputs", "src/roots/private_root.c",
                   "covered = name[above[i].len] == '/';", "covered = false;"),
    "root-outside": ("test_roots", "OddInputs", "src/roots/link_tree.c",
                     "if (!is_plain(name)) {", "if (false && !is_plain(name)) {"),
    "root-outputs": ("test_root_outputs", "OutputsInOtherPlaces", "src/program/compile.c",
                     "        compile_collect_left(compile);\n", ""),
    "root-tool": ("test_root_outputs", "AnotherTool", "src/program/intake.c",
                  "        !command_is_redirected(&request->invocation.command)) {", "        false) {"),
    "gate-wait": ("test_gate", "TheRealLinker", "src/gate/linker.c",
                  "gate_keeper_wait(dir, &why) && ", ""),
    "gate-signal": ("test_gate", "TheRealLinker", "src/gate/linker.c",
                    "signal(SIGPIPE, given);", ""),
    "gate-gone": ("test_gate", "TheWorkerIsGone", "src/gate/gate_keeper.c",
                  "if (got <= 0) {", "if (got < 0) {"),
    "gate-hollow": ("test_gate", "HollowRlibs", "src/gate/linker.c",
                    "|| !hollow_is(argument)) {", "|| true) {"),
    "gate-response": ("test_gate", "HollowRlibs", "src/rustc/response_file.c",
                      "            text++;\n            bytes_append(word", "            bytes_append(word"),
    "gate-no-codegen": ("test_gate", "RealRustc", "src/rustc/hollow.c",
                        "return has_metadata;", "return false;"),
    "link-metadata": ("test_linking", "Identity", "src/program/launcher.c",
                      "return compile->gated == NULL || !fits(compile, request);",
                      "return compile->gated == NULL;"),
    "link-early": ("test_linking", "Identity", "src/program/launcher.c",
                   "return compile->gated == NULL || !gated_has_metadata_of(compile->gated, &early);",
                   "return compile->gated == NULL;"),
    "link-ungated": ("test_linking", "Identity", "src/program/launcher.c",
                     "return compile->gated == NULL || !fits(compile, request);",
                     "return compile->gated != NULL && !fits(compile, request);"),
    "link-asked": ("test_linking", "Ordinary", "src/program/compile_result.c",
                   "bool good = compile->asked && compile_succeeded(compile);",
                   "bool good = compile_succeeded(compile);"),
    "link-silent": ("test_linking", "Ordinary", "src/program/performer.c",
                    "    if (compile_is_unfit(compile)) {\n        said_drop_waiting(",
                    "    if (false) {\n        said_drop_waiting("),
    "link-rlibs": ("test_linking", "TheLinkerWaits", "src/program/gated.c",
                   "return visit_all(dir, late, place_link, why) && gate_open(dir, why);",
                   "return gate_open(dir, why);"),
    "link-across": ("test_linking", "Across", "src/program/launcher.c",
                    "!(fits(compile, request) && launcher_let_link(", "!(launcher_let_link("),
    "link-idle": ("test_linking", "Limits", "src/program/performer.c",
                  "    pipeline_release_gates(performer->pipeline, &performer->actions);\n", ""),
    "link-limit": ("test_linking", "Limits", "src/program/session.c",
                   "held < session->services.options->gate_count", "true"),
    "link-order": ("test_linking", "Ordinary", "src/program/performer.c",
                   "        compile_kill(compile);\n    }\n}\n\nstatic void start_ordinary",
                   "    }\n}\n\nstatic void start_ordinary"),
    "link-inputs": ("test_linking", "Sandboxed", "src/program/session.c",
                    "        request_keep(request, work); // it may have to compile after all\n", ""),
    "link-behind": ("test_linking", "Identity", "src/program/gated.c",
                    "gate_is_open(dir) ? is_same_rlib : is_same_library", "is_same_library"),
    "portable-metadata": ("test_portable", "Ordinary", "src/program/relink.c",
                          "!metadata_has_sum(rlib, sum)", "sum == NULL"),
    "portable-reason": ("test_portable", "Ordinary", "src/program/oneshot.c",
                        'log_line(LOG_LEVEL_NOTE, "%s is compiled the ordinary way: %s", subject, '
                        "reason.text);", ""),
    "portable-identity": ("test_portable", "Ordinary", "src/program/relink.c",
                          "strcmp(record->identity, identity) == 0 &&", ""),
    "portable-hollow": ("test_portable", "Ordinary", "src/program/relink.c",
                        "if (hollow_is(rlib)) {", "if (false) {"),
    "portable-twice": ("test_portable", "Ordinary", "src/program/recorder.c",
                       "if (recorder_is_done(recording->dir)) {", "if (false) {"),
    "portable-output": ("test_portable", "Ordinary", "src/program/oneshot.c",
                        "return relink_is_done(compile->relink) ||", "return true ||"),
    "portable-silent": ("test_portable", "Ordinary", "src/program/oneshot.c",
                        "    run->held = true;\n    bool good", "    bool good"),
    "portable-environment": ("test_portable", "Ordinary", "src/rustc/link_record.c",
                             "!link_record_ignores(item) && ", ""),
    "portable-long": ("test_portable", "TheLinkerRunsElsewhere", "src/program/relink.c",
                      "    if (command_line_is_short(&line)) {", "    if (true) {"),
    "portable-response": ("test_real_portable", "TheSameBytes", "src/program/recorder.c",
                          "        unlink(path);\n", ""),
    "portable-worker": ("test_portable", "UnderAWorker", "src/rustc/identity.c",
                        "return is_below || is_param_file_of(path, objects);", "return false;"),
    "portable-sysroot": ("test_real_portable", "TheSameBytes", "src/program/recorder.c",
                         "    substitutions_add(&recording->rules, recording->spec.argv.items[0], "
                         "LINK_PLACE_SYSROOT);\n", ""),
    "portable-names": ("test_real_portable", "TheSameBytes", "src/program/recorder.c",
                       'is_dir ? mem_format("%s/%zu", folder, index)', "false ? NULL"),
    "portable-lto": ("test_real_portable", "Ordinary", "src/rustc/gating.c",
                     'option_setting_is(setting, "lto", &value)', "false"),
    "link-lost": ("test_linking", "Across", "src/program/performer.c",
                  "    if (compile->is_lost) {\n        events_", "    if (false) {\n        events_"),
}

NOT_THERE = "its guard is not in {} any more"


def copy_tree():
    """Copies what changed only, so that a build stays incremental."""
    for part in PARTS:
        for path in [ROOT / part, *(ROOT / part).rglob("*")]:
            target = TREE / path.relative_to(ROOT)
            if path.is_file() and (not target.exists() or
                                   target.read_bytes() != path.read_bytes()):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)


def build():
    if not (BUILD / "build.ninja").exists():
        subprocess.run(["cmake", "-G", "Ninja", "-S", TREE, "-B", BUILD,
                        "-DCMAKE_BUILD_TYPE=Debug"], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run(["cmake", "--build", BUILD, "-j2", "--target", "rustc-relay",
                           "fake_rustc"], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stdout)


def passes(file, test_class):
    env = dict(os.environ, RUSTC_RELAY=str(BUILD / "rustc-relay"),
               FAKE_RUSTC=str(BUILD / "tests" / "fake_rustc"), RELAY_TEST_SECONDS="4")
    done = subprocess.run([sys.executable, "-B", ROOT / "tests/integration" / f"{file}.py", "-f",
                           test_class], check=False, capture_output=True, env=env)
    return done.returncode == 0


def take_out(file, piece, replacement):
    path = TREE / file
    text = path.read_text()
    if piece not in text:
        return False
    path.write_text(text.replace(piece, replacement))
    return True


def judge(name):
    """Returns what is wrong with a guard, or None."""
    test_file, test_class, *edits = GUARDS[name]
    copy_tree()
    for file, piece, replacement in zip(*[iter(edits)] * 3):
        if not take_out(file, piece, replacement):
            return NOT_THERE.format(file)
    build()
    return f"{test_class} passes without its guard" if passes(test_file, test_class) else None


def look_for_pieces():
    """Returns how many are missing."""
    missing = 0
    for name, (_, _, *edits) in GUARDS.items():
        for file, piece, _ in zip(*[iter(edits)] * 3):
            if piece not in (ROOT / file).read_text():
                print(f"tests/guards.py: {name}: {NOT_THERE.format(file)}")
                missing += 1
    return missing


def main():
    if sys.argv[1:] == ["--pieces"]:
        return 1 if look_for_pieces() else 0
    names = sys.argv[1:] or list(GUARDS)
    unknown = [name for name in names if name not in GUARDS]
    if unknown:
        sys.exit(f"guards: there is no '{unknown[0]}'; there are {', '.join(GUARDS)}")
    copy_tree()
    build()
    bad = 0
    for test in sorted({GUARDS[name][:2] for name in names}):
        if not passes(*test):
            print(f"{test[1]}: fails with all guards in place")
            bad += 1
    for name in names:
        complaint = judge(name)
        bad += complaint is not None
        print(f"{name:12} {complaint or f'{GUARDS[name][1]} fails, as it must'}", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
