"""What the rules tell each other about a crate, a build script and a C library."""

CrateInfo = provider(
    "A library or procedural macro, as its dependants see it.",
    fields = {
        # The .rmeta, the hollow rlib or, without pipelining, the rlib; the .so of a macro.
        "early": "File that libraries compile against",
        "early_closure": "depset of the early files of this crate and of all it needs",
        # The rlib; the .so of a macro.
        "full": "File that linked crates take",
        "full_closure": "depset of the full files of this crate and of all it needs",
        # A macro and what it is made of are not among them: rustc loads macros, and links none.
        "libraries": "depset of structs (early, full) of this library and of all it needs",
        "link_arg_files": "depset of files with rustc arguments for whatever links this crate",
        "link_args": "depset of the link_args of its build script and of those of all it needs",
        "link_inputs": "depset of the files that those arguments name",
        "name": "crate name: what --extern calls it",
    },
)

BuildScriptInfo = provider(
    "What the run of a build script asked for.",
    fields = {
        "dep_env": "File: DEP_* variables for the build scripts of direct dependants",
        "env": "File: environment of the package's own compiles",
        "flags": "File: rustc arguments of the package's own compiles",
        "link_args": "File: linker arguments for some kinds of crates (select_link_args.py)",
        "link_flags": "File: rustc arguments of whatever links the package",
        "out_dir": "File: the OUT_DIR tree",
    },
)

CStaticLibraryInfo = provider(
    "A static library written in C.",
    fields = {
        "alwayslink": "does every object of it become part of what is linked?",
        "archive": "File: lib<name>.a",
        "name": "what -lstatic= calls it",
    },
)
