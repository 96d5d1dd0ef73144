"""Makes the rustc-relay of the CMake build the tool @rustc_relay//:rustc-relay.

RUSTC_RELAY, in the environment or by --repo_env, names another one by its absolute path. Bazel
follows the link to the binary's content, so a rebuilt rustc-relay compiles everything anew.
"""

_IN_REPOSITORY = "../build/release/rustc-relay"

def _rustc_relay_repository(repository_ctx):
    default = "%s/%s" % (repository_ctx.workspace_root, _IN_REPOSITORY)
    binary = repository_ctx.path(repository_ctx.getenv("RUSTC_RELAY") or default)
    repository_ctx.watch(binary)
    if not binary.exists:
        fail(("cannot find rustc-relay: there is no file '%s'; build it with ./dev build, or " +
              "name another one with --repo_env=RUSTC_RELAY=/path/to/rustc-relay") % binary)
    repository_ctx.symlink(binary, "rustc-relay")
    repository_ctx.file("BUILD.bazel", 'exports_files(["rustc-relay"])\n')

rustc_relay_repository = repository_rule(
    implementation = _rustc_relay_repository,
    local = True,
)
