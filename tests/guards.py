#!/usr/bin/env python3
"""Takes the guards out, one at a time, and shows that the test named after each fails.

Works on a copy of the tree in build/guards. A guard is a piece of source that is replaced, wherever it
stands and however it is laid out; a piece that is not found any more is an error too.

    guards.py [NAME...]     e.g. guards.py A1 B2
    guards.py --pieces      only looks whether each piece is in the source still
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TREE = ROOT / "build" / "guards" / "tree"
BUILD = ROOT / "build" / "guards" / "build"
PARTS = ["CMakeLists.txt", "cmake", "include", "proto", "src", "tests"]

# name: (test file, class, then one or more times: room, piece, what stands there instead). The room
# (source file) counts only where the same piece stands in several.
GUARDS = {
    "A1": ("test_joining", "A1_SilentlyWrongBuild", "pipeline",
                  "facts.is_same = digest_equal(&entry->identity, want->identity);",
                  "facts.is_same = true;"),
    "A1-inputs": ("test_joining", "A1_SilentlyWrongBuild", "request",
                  "identity_of(&request->invocation, work->inputs, work->input_count,",
                  "identity_of(&request->invocation, work->inputs, work->input_count > 0,"),
    "identity-digest": ("test_identity", "AnInputWithoutADigest", "identity",
                        "is_known = inputs[i].digest_len > 0;", ""),
    "identity-inputs": ("test_identity", "ARequestWithoutInputs", "identity",
                        "if (!is_known || !has_inputs) {", "if (!is_known) {"),
    "identity-end": ("test_identity", "ARequestWithoutInputs", "launcher",
                     "if (!request->has_identity && request->invocation.stage == STAGE_METADATA) {",
                     "if (false) {"),
    "identity-place": ("test_identity", "ADirectoryThatIsNotBazels", "sandbox",
                       'return is_in(cwd, "execroot", 1) ? SANDBOX_NONE : SANDBOX_FOREIGN;',
                       "return SANDBOX_NONE;"),
    "identity-key": ("test_identity", "TheKeyInAParamFile", "root_name",
                     "if (!names_param_file(words)) {", "if (true) {"),
    "identity-spare": ("test_identity", "ASpareRoot", "deliver",
                  "if (!to->made->in_spare) {",
                  "if (true) {"),
    "identity-hide": ("test_real_rustc", "TheSourceOfAnotherCratesMacro", "request",
                      "if ((kind == SANDBOX_BAZEL || hides) && work->input_count > 0) {",
                      "if (kind == SANDBOX_BAZEL && work->input_count > 0) {"),
    "identity-stamp": ("test_identity", "StampedCrates", "identity",
                       "add_list(builder, command_lasting_env(command));",
                       "add_list(builder, &command->env);"),
    "identity-status": ("test_identity", "StampedCrates", "identity",
                        "strcmp(path, changing) == 0", "false"),
    "identity-bound": ("test_identity", "ADirectoryThatIsNotBazels", "entry",
                       "(entry->key == NULL || entry->is_bound)", "(entry->key == NULL)"),
    "between-kept": ("test_between_builds", "WhatIsKept", "session",
                  "pipeline_changed(session->pipeline, compile_facts(compile)->serial, &session->actions);",
                  ""),
    "between-others": ("test_between_builds", "ByAnotherWorker", "session",
                  "pipeline_changed(session->pipeline, compile_facts(compile)->serial, &session->actions);",
                  ""),
    "between-joined": ("test_between_builds", "WhatRuns", "session",
                       "{.has_changed = input_stamps_differ(compile_inputs(compile))}",
                       "{.has_changed = false && input_stamps_differ(compile_inputs(compile))}"),
    "between-again": ("test_between_builds", "WhatRuns", "performer",
                      "        input_stamps_begin(compile->inputs);\n", "        (void)0;\n"),
    "between-read": ("test_between_builds", "WhatRuns", "compile",
                     "    input_stamps_pass_sources(compile->inputs);\n", ""),
    "between-sealed": ("test_between_builds", "WhatBazelDoes", "input_stamps",
                       "(is_output(path) ? 2 : 0)", "(is_output(path) ? 0 : 0)"),
    "between-own": ("test_between_builds", "AtItsGate", "launcher",
                    "if (!identity_leaves_out(delivery, dependencies, work->inputs[i].path)) {",
                    "if (true) {"),
    "A2": ("test_joining", "A2_TheNextBuildTakesTheResult", "entry",
           "if (taken || entry->key == NULL) {", "if (true) {"),
    "A3": ("test_outcomes", "A3_FullAlone", "invocation",
           'crate_args_need_emit(crate, "metadata");', ""),
    "A3-bytes": ("test_real_rustc", "A3_TheSameBytes", "invocation",
                 'crate_args_need_emit(crate, "metadata");', ""),
    "A4": ("test_outcomes", "A4_ADeadRustc", "entry",
           "(may_try_again(entry) ? try_again : fail)", "(fail)",
           "entry",
           "(may_try_again(entry) ? try_again : fail_late)",
           "(fail_late)", "entry",
           "static bool may_try_again", "bool may_try_again(const struct entry *entry);\n"
           "bool may_try_again"),
    "A4-said": ("test_outcomes", "A4_ADeadRustc", "session",
                  "compile_say(compile, sentence);",
                  ""),
    "A5": ("test_outputs", "A5_OnlyDeclaredOutputs", "delivery",
           'return strcmp(emit->kind, "link") == 0 || (emit->path != NULL && !is_metadata);',
           "return true;"),
    "O-kind": ("test_real_outputs", "ToldByKind", "deliver",
               'bool good = strcmp(artifact->kind, "dep-info") == 0',
               'bool good = strcmp(artifact->from + strlen(artifact->from) - 2, ".d") == 0'),
    "O-emits": ("test_real_outputs", "ToldByKind.test_an_emit_kind_that_is_a_path",
                "command", "!crate_args_knows_kind(emit->kind)", "false"),
    "O-beside": ("test_real_outputs", "BesideTheOutput", "deliver",
                 "               place_beside(placing, &delivery->artifacts[i], why);",
                 "               true;"),
    "O-split": ("test_real_outputs", "BesideTheOutput", "command",
                "if (command->redirection.splits) {", "if (false) {"),
    "O-place": ("test_real_outputs", "WhereItIsWritten", "redirection",
                '{"-C", "rpath", IN_PLACE},', '{"-C", "no-rpath", IN_PLACE},'),
    "O-alone": ("test_outputs", "InPlace", "session",
                  "if (must_wait(session, compile)) {",
                  "if (false && must_wait(session, compile)) {"),
    "O-none": ("test_outputs", "AllOrNothing", "deliver",
               "        unlink(placing.placed.items[i]);", "        (void)0;"),
    "O-absolute": ("test_real_outputs", "NamedAbsolutely", "delivery",
                   "below == NULL ? path : below);\n}\n", "(void)below, path);\n}\n"),
    "O-rlib": ("test_real_outputs", "ALibraryOfTwoRequests", "deliver",
                  "if (is_rlib(made, artifact)) {",
                  "if (false && is_rlib(made, artifact)) {"),
    "O-spelling": ("test_real_pairs", "AnySpelling", "dependencies",
                   "    char *listed = path_listed(working_dir, path);\n    size_t index = 0;",
                   "    char *listed = mem_dup(path);\n    size_t index = 0;\n    (void)working_dir;"),
    "O-root": ("test_real_outputs", "DepInfoThatNamesTheDirectory", "deliver",
               "if (strcmp(ran_in[i], to->delivery->plain_dir) != 0) {", "if (false) {"),
    "O-usual": ("test_real_outputs", "DepInfoThatNamesTheDirectory", "deliver",
                  "{made->command.working_dir, to->delivery->usual_dir}",
                  "{to->delivery->plain_dir, to->delivery->plain_dir}"),
    "A8": ("test_outcomes", "A8_BytesThatAreNoText", "utf8",
           "    while (len > 0) {\n        size_t run = valid_run",
           "    bytes_append(out, text, len);\n    len = 0;\n"
           "    while (len > 0) {\n        size_t run = valid_run"),
    "A9": ("test_outcomes", "A9_PlainLinesAmongJson", "rustc_output",
           "        line->kind = LINE_SHOW;\n        read_plain(",
           "        line->kind = LINE_DROP;\n        (void)(read_plain), (void)("),
    "said-behind": ("test_said", "TextWithoutANewlineBeforeRustcsJson",
                    "rustc_output",
                    "return start > 0 && is_rustcs(", "return false && is_rustcs("),
    "said-long-line": ("test_said", "TextWithoutANewlineBeforeRustcsJson", "lines",
                       "size_t half = lines->partial.len / 2;",
                       "size_t half = lines->partial.len;"),
    "command-word": ("test_commands", "OneLongWord", "command_line",
                     "find_long(line->argv) == line->argv->count && find_long", "find_long"),
    "command-newline": ("test_commands", "OneLongWord", "command_line",
                        "memchr(word, '\\n', len) == NULL &&", ""),
    "command-order": ("test_commands", "OneLongWord", "command_line",
                      "        if (text.len > 0) {", "        if (text.len > 0 && i == words->count) {"),
    "jobserver-dead": ("test_commands", "AnInheritedJobserver", "inherited_env",
                       "(with_jobserver && answers(jobserver))", "true"),
    "jobserver-alive": ("test_commands", "AnInheritedJobserver", "inherited_env",
                        "(with_jobserver && answers(jobserver))", "false"),
    "said-again": ("test_said", "ADeadRustcThatSaidMuch", "diagnostics",
                   "    if (len == 0 || repeats_take(&list->earlier, text, len)) {",
                   "    if (len == 0) {"),
    "said-kept": ("test_said", "TooMuchIsSaid", "diagnostics",
                  "    if (*kept_bytes(list, is_error) < DIAGNOSTICS_KEPT_MAX_BYTES) {",
                  "    if (true) {"),
    "said-stdout": ("test_said", "TooMuchIsSaid", "said",
                    "size_t kept = len < room ? len : room;", "size_t kept = len;"),
    "said-files": ("test_said", "TooMuchIsSaid", "said",
                   "    said->is_wanted[file] = true;", "    said->is_wanted[file] = false;"),
    "said-spool": ("test_said", "TooMuchIsSaid", "spool",
                   "spool->len <= SPOOL_MEMORY_BYTES || spool->path == NULL;", "true;"),
    "said-frame": ("test_said", "ALargeFrame", "frame",
                   "    if (rest == 0 && reader->buffer.capacity > BUFFER_KEEP_BYTES) {",
                   "    if (false) {"),
    "A10": ("test_outcomes", "A10_Colours", "json",
            '"\\\\u%04x", (unsigned)(unsigned char)byte', '" "'),
    "A11": ("test_outcomes", "A11_EachDiagnosticOnce", "diagnostics",
            "list->answered = list->count;", ""),
    "B1": ("test_ending", "B1_CancelKillsBeforeItIsAnswered", "entry",
           "if (entry->waiter_count > 1) {\n        remove_waiter", "if (true) {\n        remove_waiter"),
    "B2": ("test_ending", "B2_NothingOutlivesTheWorker", "group",
           "kill(-group->id, SIGKILL)", "kill(group->id, SIGTERM)",
           "reaper", "kill(pids[i], SIGKILL);", "",
           "guardian", "kill(-list.groups[i], SIGKILL);", "",
           "marks", "    kill(pid, SIGKILL);\n", ""),
    "B2-SIGKILL": ("test_ending", "B2_NothingOutlivesTheWorker", "guardian",
                   "kill(-list.groups[i], SIGKILL);", "", "guardian",
                   "marks_kill(marks, NULL, NULL);", "(void)marks;"),
    "B2-strays": ("test_strays", "AGrandchildThatCalledSetsid", "reaper",
                  "marks_kill(&reaper->guardian->marks, is_mark_hunted, reaper);",
                  "(void)is_mark_hunted;"),
    "B2-strays-SIGKILL": ("test_strays", "TheWorkersEnd", "guardian",
                          "marks_kill(marks, NULL, NULL);", "(void)marks;"),
    "B2-signals": ("test_signals", "AllBlocked", "main",
                   "    spawn_reset_signals();\n", ""),
    "B2-signals-rustc": ("test_signals", "AllIgnored", "spawn",
                         "    spawn_reset_signals();\n    return exec", "    return exec"),
    "wire": ("test_wire", "FirstBytes", "opening",
             "value > 1 || at > end", "at > end"),
    "wire-neither": ("test_wire", "FirstBytes", "opening",
                     "    return OPENING_NEITHER;\n", "    return OPENING_PROTO;\n"),
    "planted-trace": ("test_planted", "TheTrace", "trace", "O_CREAT | O_EXCL", "O_CREAT"),
    "planted-state": ("test_planted", "TheStateDirectory", "state_dir",
                      "tree_make_private(made.dir, why)", "tree_make(made.dir, S_IRWXU, why)"),
    "planted-output-base": ("test_planted", "AnOutputBaseThatIsNone", "state_dir",
                            "(info.st_mode & S_IWOTH) != 0", "false"),
    "B3": ("test_ending", "B3_ACancelRightBehindItsRequest", "session",
                  "pipeline_cancel(session->pipeline, request->serial, &session->actions);",
                  ""),
    "B4": ("test_joining", "B4_ADirectoryBelongsToOneCompile", "workplace",
           "state_dir_make(place->state, place->serial, &folders, why)",
           "state_dir_make(place->state, 1, &folders, why)"),
    "B7": ("test_joining", "B7_ANewMetadataRequestOfTheSameKey", "entry",
           "    detach(entry);\n    kill_if_orphaned(entry, context);\n}", "    detach(entry);\n}"),
    "C1": ("test_turns", "Libraries", "jobserver",
           ".count = jobserver->tokens + 1,", ".count = jobserver->tokens + 100,"),
    "C1-gate": ("test_turns", "AtTheGate", "compile",
                "        job_rest(compile->job);\n", ""),
    "C1-workers": ("test_turns", "SeveralWorkers", "seats",
                   "byte_lock_try(seats->fd, SEAT + (off_t)i)", "true"),
    "C1-told": ("test_turns", "SeveralWorkers", "seats",
                "        futimens(seats->fd, NULL); // their watch sees it\n", ""),
    "C1-end": ("test_turns", "Libraries", "jobserver",
               "uv_idle_start(jobserver->soon, on_soon);", "on_soon(jobserver->soon);"),
    "C1-turn": ("test_turns", "AtTheGate", "compile",
                  "if (compile->job == NULL || job_computes(compile->job)) {",
                  "if (true) {"),
    "C3": ("test_outputs", "C3_PlacedByRenameOrLink", "placing",
           "int error = link_file(from, to);\n    if (error == EEXIST)",
           "int error = EXDEV;\n    if (error == EEXIST)"),
    "C4": ("test_outputs", "C4_NeighboursAreNotTouched", "placing",
           "    int error = how(from, to);\n    if (error == ENOENT",
           "    char *all = mem_format(\"chmod a+w \\\"$(dirname '%s')\\\"/*\", to);\n"
           "    int ignored = system(all);\n    (void)ignored;\n    free(all);\n"
           "    int error = how(from, to);\n    if (error == ENOENT"),
    "across": ("test_across", "TakesOver", "workplace",
                  "place->watch = open_watch(",
                  "(void)(over), (void)(owner), (void)(open_watch)("),
    "across-claim": ("test_across", "ATakeoverIsClaimed", "workplace",
                  "if (!offer_claim(place->dir, own)) {",
                  "if (false && !offer_claim(place->dir, own)) {"),
    "across-reclaim": ("test_across", "ATakeoverIsClaimed", "workplace",
                  "if (!offer_is_told(&place->offer)) {",
                  "if (true) {"),
    "across-made": ("test_across", "ItsFilesHaveMoved", "deliver",
                  "made_in = made->made_in;",
                  "made_in = made->dir;"),
    "across-any": ("test_across", "DoesNot", "session",
                  "if (request->compile == facts->serial && request->invocation.stage != STAGE_LINK) {",
                  "if (request == request_by_compile(&session->requests, facts->serial) &&\n            request->invocation.stage != STAGE_LINK) {"),
    "across-metadata": ("test_across", "DoesNot", "session",
                  "launcher_compare(compile, request, NULL, &known);",
                  ""),
    "across-hollow": ("test_across", "TakesOver", "session",
                  "{.is_gone = facts_are_hollow(facts), .has_same_metadata = true}",
                  "{.has_same_metadata = true}", "launcher",
                  "known->is_gone = facts_are_hollow(compile_facts(compile));",
                  "", "session", "known.is_claimed = !compile_reclaim(compile);",
                  "(void)compile_reclaim(compile);"),
    "sandbox": ("test_outputs", "B_TheSandboxIsReused", "request",
                "if ((kind == SANDBOX_BAZEL || hides) && work->input_count > 0) {", "if (false) {"),
    "facts-A": ("test_ending", "A_ReusedIds", "session",
                "if (older != NULL) {", "if (false) {"),
    "facts-C": ("test_joining", "C_DeclaredOutputs", "delivery",
                "return is_metadata;", "return true;"),
    "cancel-other": ("test_cancel", "TwoWait", "entry",
                     "if (entry->waiter_count > 1) {", "if (false) {"),
    "cancel-detach": ("test_cancel", "AlreadyDying", "entry",
                      "the waiter stays.\n    detach(entry);", "the waiter stays.\n"),
    "cancel-sandbox": ("test_cancel", "TwoWait", "request",
                       "if ((kind == SANDBOX_BAZEL || hides) && work->input_count > 0) {", "if (false) {"),
    "cancel-lease": ("test_cancel", "OneWaits", "compile",
                  "workplace_finish(&compile->workplace);\n    private_root_release(compile->root);\n    command_finish(",
                  "workplace_finish(&compile->workplace);\n    command_finish("),
    "shutdown-SIGINT": ("test_shutdown", "BeforeMetadata", "host",
                        "listen_for(host, &host->on_interrupt, SIGINT, why)", "true"),
    "shutdown-SIGKILL": ("test_shutdown", "ManyInBackground", "guardian",
                         "kill(-list.groups[i], SIGKILL);", "", "guardian",
                         "marks_kill(marks, NULL, NULL);", "(void)marks;"),
    "shutdown-state": ("test_shutdown", "Kept", "host",
                       "    state_dir_close(&host->state);\n", ""),
    "shutdown-others": ("test_shutdown", "WaitingForAnotherWorker",
                        "workplace",
                  "workplace_reclaim(place, &moved) && !is_foreign;",
                  "true || is_foreign || moved;"),
    "bad-swept": ("test_bad_days", "TheWorkerIsKilledBetweenMetadataAndFull", "state_dir",
                  "bool is_dead = lease != LEASE_NONE || errno == ENOENT;",
                  "bool is_dead = false;"),
    "bad-distrust": ("test_bad_days", "RustcIsKilled", "compile",
                     "private_root_distrust(compile->root);", ""),
    "bad-full": ("test_bad_days", "TheDiskIsFull", "placing",
                 "    if (error != 0) {\n        unlink(temporary);\n    }\n", ""),
    "bad-deleted": ("test_bad_days", "TheStateDirectoryIsDeleted", "state_dir",
                    "if (!restore_place(state, why)) {", "if (!restore_place(state, why) || true) {"),
    "bad-deleted-kept": ("test_bad_days", "TheStateDirectoryIsDeleted",
                         "compile_state",
                  "return facts_succeeded(facts) && command_is_redirected(",
                  "return false && command_is_redirected(", "session",
                  "known.is_claimed = !compile_reclaim(compile);", "(void)compile_reclaim(compile);"),
    "bad-read-only": ("test_bad_days", "TheStateDirectoryIsReadOnly", "state_dir",
                      "home = temporary_home(why);", "home = NULL;"),
    "bad-fifo": ("test_bad_days", "AResultIsBroken", "lease",
                 "if (fd >= 0 && !(fstat(fd", "if (false && !(fstat(fd"),
    "bad-two": ("test_bad_days", "TwoAtOnce", "lease",
                "bool locked = lock_alone(fd);", "bool locked = true;"),
    "bad-clock": ("test_bad_days", "TheClockIsSetBack", "state_dir",
                  "bool is_dead = lease != LEASE_NONE || errno == ENOENT;",
                  "struct stat info;\n"
                  "    bool is_dead = fstat(lease, &info) == 0 && info.st_mtime < 3000000000;"),
    "bad-abandoned": ("test_bad_days", "AThousandRequestsAreAbandoned",
                      "entry",
                      "    if (entry->state != ENTRY_DYING) {\n"
                      "        kill_if_orphaned(entry, context);\n    }\n", ""),
    "bad-abandoned-kept": ("test_bad_days", "AThousandRequestsAreAbandoned",
                           "pipeline",
                           "bool exceeded = count > pipeline->limits.kept_count ||",
                           "bool exceeded = false &&"),
    "links-asked-for": ("test_links", "WhereTheyAre", "worker",
                        "state->in_output_base ? LINK_HOME_MEMORY : NULL", "LINK_HOME_MEMORY"),
    "links-long": ("test_links", "WhereTheyAre", "link_target",
                   "len > LINK_TARGET_SHORT_MAX ? shortened(targets, name, rest) : NULL",
                   "len > PATH_MAX ? shortened(targets, name, rest) : NULL"),
    "links-swept": ("test_links", "TheOutputBaseIsGone", "link_home",
                    'is_gone(lease, "base")', '(is_gone(lease, "base"), false)'),
    "links-living": ("test_links", "TheOutputBaseIsGone", "lease",
                     "done = flock(fd, LOCK_SH);", "done = fd < 0;"),
    "links-removed": ("test_links", "TheyAreRemoved", "link_home",
                      "lease_is_valid(home->lease, home->dir)",
                      "home->lease != LEASE_NONE"),
    "links-room": ("test_links", "MemoryIsShort", "link_home",
                   "is_enough(room.free_files, room.files)", "true"),
    "links-full": ("test_links", "MemoryIsShort", "request",
                   "if (root == NULL && strcmp(now, reader->state_dir) != 0) {", "if (false) {"),
    "links-private": ("test_links", "SomebodyElseHasTheName", "link_home",
                      "tree_make_private(home->top, why)", "tree_make(home->top, S_IRWXU, why)"),
    "root-undone": ("test_roots", "AMacroKeepsAFile", "link_tree",
                    "is_settled || link_seal_holds_all(tree_fd, held) ||",
                    "true || link_seal_holds_all(tree_fd, held) ||"),
    "root-again": ("test_roots", "ACompileStartsTwice", "compile",
                   "(compile->root == NULL || private_root_restore(compile->root, why)) &&", ""),
    "root-stray": ("test_roots", "ARootIsLookedAtInTime", "root_settler",
                   "reaper_is_alone(settler->reaper)", "settler->count > 0"),
    "root-trust": ("test_roots", "ARootIsLookedAtInTime", "private_root",
                   "return last_user_set(root->lease, root->user, why) &&", "return"),
    "root-early": ("test_roots", "ARootIsLookedAtInTime", "root_settler",
                   "    idle_set(settler->idle, true);\n", ""),
    "root-below": ("test_roots", "OddInputs", "private_root",
                   "covered = name[above[i].len] == '/';", "covered = false;"),
    "root-outside": ("test_roots", "OddInputs", "link_tree",
                     "if (!is_plain(name)) {", "if (false && !is_plain(name)) {"),
    "root-outputs": ("test_root_outputs", "OutputsInOtherPlaces", "compile",
                  "collect_left(compile);\n    }\n    let_go(",
                  "(void)(collect_left);\n    }\n    let_go("),
    "root-tool": ("test_root_outputs", "AnotherTool", "request",
                  "        !command_is_redirected(&request->invocation.command)) {", "        false) {"),
    "gate-wait": ("test_gate", "TheRealLinker", "linker",
                  "gate_keeper_wait(dir, &why) && ", ""),
    "gate-signal": ("test_gate", "TheRealLinker", "linker",
                    "signal(SIGPIPE, given);", ""),
    "gate-gone": ("test_gate", "TheWorkerIsGone", "gate_keeper",
                  "if (got <= 0) {", "if (got < 0) {"),
    "gate-hollow": ("test_gate", "HollowRlibs", "linker",
                    "|| !hollow_is(argument)) {", "|| true) {"),
    "gate-response": ("test_gate", "HollowRlibs", "response_file",
                      "            text++;\n            bytes_append(word", "            bytes_append(word"),
    "gate-no-codegen": ("test_gate", "RealRustc", "hollow",
                        "return has_metadata;", "return false;"),
    "link-metadata": ("test_linking", "Identity", "launcher",
                  "known->has_same_metadata = fits(compile, request);",
                  "known->has_same_metadata = true;"),
    "link-early": ("test_linking", "Identity", "launcher",
                  "known->has_same_metadata = gated_has_metadata_of(gated, &early);",
                  "(void)early, known->has_same_metadata = true;"),
    "link-ungated": ("test_linking", "Identity", "launcher",
                  "if (known->is_gone || (known->needs_gate && !known->has_gate)) {",
                  "if (known->needs_gate && gated == NULL) {\n"
                  "        known->has_gate = known->has_same_metadata = true;\n    }\n"
                  "    if (known->is_gone || gated == NULL) {"),
    "link-asked": ("test_linking", "Ordinary", "compile_state",
                  "bool good = facts->asked && facts_succeeded(facts);",
                  "bool good = facts_succeeded(facts);"),
    "link-silent": ("test_linking", "Ordinary", "session",
                  "if (facts_are_unfit(compile_facts(compile))) {\n        said_drop_waiting(",
                  "if (false) {\n        said_drop_waiting("),
    "link-rlibs": ("test_linking", "TheLinkerWaits", "gated",
                   "return visit_all(dir, late, place_link, why) && gate_open(dir, why);",
                   "return gate_open(dir, why);"),
    "link-across": ("test_linking", "Across", "launcher",
                  "if (is_link) {\n        known.has_same_metadata = fits(compile, request);",
                  "if (false) {\n        known.has_same_metadata = fits(compile, request);"),
    "link-idle": ("test_linking", "Limits", "session",
                  "pipeline_release_gates(session->pipeline, &session->actions);",
                  ""),
    "link-limit": ("test_linking", "Limits", "joining",
                  "early->held >= early->most",
                  "false"),
    "link-order": ("test_linking", "Ordinary", "performer",
                   "        compile_kill(compile);\n    }\n}\n\nstatic void start_ordinary",
                   "    }\n}\n\nstatic void start_ordinary"),
    "link-inputs": ("test_linking", "Sandboxed", "session",
                    "        request_keep(request, work); // it may have to compile after all\n", ""),
    "link-behind": ("test_linking", "Identity", "gated",
                    "gate_is_open(dir) ? is_same_rlib : is_same_library", "is_same_library"),
    "portable-metadata": ("test_portable", "Ordinary", "relink",
                          "!metadata_has_sum(rlib, sum)", "sum == NULL"),
    "portable-reason": ("test_portable", "Ordinary", "portable_pair",
                        'log_line("%s is compiled from its sources, not linked from \'%s\': %s", subject,\n'
                        "                 half->request->invocation.delivery.listed_objects, why.text);", ""),
    "portable-identity": ("test_portable", "Ordinary", "relink",
                          "strcmp(record->command_sum, sum) == 0 &&", ""),
    "portable-hollow": ("test_portable", "Ordinary", "relink",
                        "if (hollow_is(rlib)) {", "if (false) {"),
    "portable-twice": ("test_portable", "Ordinary", "recorder",
                       "if (recorder_is_done(recording->dir)) {", "if (false) {"),
    "portable-output": ("test_portable", "Ordinary", "portable_pair",
                  "return relink_is_done(half->relink) ||",
                  "return true ||"),
    "portable-silent": ("test_portable", "Ordinary", "portable_pair",
                        "    if (!relinks(half, &why)) {\n",
                        "    if (!relinks(half, &why)) {\n"
                        "        said_show(compile_said(half->compile), true);\n"),
    "said-once": ("test_linking", "Ordinary", "said",
                  "data[count] == said->told.data[said->repeated]", "false"),
    "said-across": ("test_across", "WhatWasToldThere", "offer",
                    "    file_read(path, TOLD, told, &ignored);\n", ""),
    "oneshot-direct": ("test_flags", "TheCommandLine", "request",
                       "reader->runs_once ? NULL : words", "words"),
    "oneshot-once": ("test_flags", "WhatWasShown", "session",
                     "session->services.on_said == NULL", "session != NULL"),
    "portable-environment": ("test_portable", "Ordinary", "linker_call",
                             "!linker_call_ignores(item) && ", ""),
    "portable-long": ("test_portable", "TheLinkerRunsElsewhere", "relink",
                      "    if (command_line_is_short(&line)) {", "    if (true) {"),
    "portable-response": ("test_real_portable", "TheSameBytes", "recorder",
                          "        unlink(path);\n", ""),
    "portable-worker": ("test_portable", "UnderAWorker", "identity",
                        "return is_below || is_param_file_of(path, objects);", "return false;"),
    "portable-sysroot": ("test_real_portable", "TheSameBytes", "recorder",
                         "    substitutions_add(&recording->rules, recording->spec.argv.items[0], "
                         "PLACEHOLDER_SYSROOT);\n", ""),
    "portable-names": ("test_real_portable", "TheSameBytes", "recorder",
                       'is_dir ? mem_format("%s/%zu", folder, index)', "false ? NULL"),
    "portable-lto": ("test_real_portable", "Ordinary", "gating",
                     'option_setting_is(setting, "lto", &value)', "false"),
    "link-lost": ("test_linking", "Across", "session",
                  "if (is_lost) {\n        events_",
                  "if (false) {\n        events_"),
}

NOT_THERE = "its guard is not in {} any more, nor anywhere else"


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


def pattern(piece):
    """The piece with any white space, or none, between its words and signs."""
    return re.compile(r"\s*".join(re.escape(token) for token in re.findall(r"\w+|\S", piece)))


def find(tree, room, piece):
    """The source file that holds the piece; None: there is none, or nobody knows which."""
    wanted = pattern(piece)
    holders = [path for path in sorted(tree.glob("src/*/*.c")) if wanted.search(path.read_text())]
    named = [path for path in holders if path.stem == room]
    chosen = holders if len(holders) == 1 else named
    return chosen[0] if chosen else None


def take_out(room, piece, replacement):
    path = find(TREE, room, piece)
    if path is None:
        return False
    path.write_text(pattern(piece).sub(lambda _: replacement, path.read_text()))
    return True


def judge(name):
    """Returns what is wrong with a guard, or None."""
    test_file, test_class, *edits = GUARDS[name]
    copy_tree()
    for room, piece, replacement in zip(*[iter(edits)] * 3):
        if not take_out(room, piece, replacement):
            return NOT_THERE.format(room)
    build()
    return f"{test_class} passes without its guard" if passes(test_file, test_class) else None


def look_for_pieces():
    """Returns how many are missing."""
    missing = 0
    for name, (_, _, *edits) in GUARDS.items():
        for room, piece, _ in zip(*[iter(edits)] * 3):
            if find(ROOT, room, piece) is None:
                print(f"tests/guards.py: {name}: {NOT_THERE.format(room)}")
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
