"""A build setting with a fixed set of values."""

ChoiceInfo = provider("The value of a choice_setting.", fields = {"value": "the chosen word"})

def _choice_setting(ctx):
    value = ctx.build_setting_value
    if value not in ctx.attr.choices:
        fail("--%s=%s: no such choice; take one of: %s" %
             (str(ctx.label).lstrip("@"), value, ", ".join(ctx.attr.choices)))
    return [ChoiceInfo(value = value)]

choice_setting = rule(
    implementation = _choice_setting,
    build_setting = config.string(flag = True),
    attrs = {"choices": attr.string_list(doc = "The words that are allowed.", mandatory = True)},
)
