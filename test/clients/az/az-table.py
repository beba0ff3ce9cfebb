"""Prints the commands of the installed az whose paths begin with the arguments, and their options, as JSON."""
import argparse
import json
import os
import pkgutil
import sys

os.environ["AZURE_CORE_USE_COMMAND_INDEX"] = "false"
from azure.cli import command_modules
from azure.cli.core import commands, get_default_cli
from azure.cli.core.commands.arm import register_global_subscription_argument, register_ids_argument
from azure.cli.core.commands.events import EVENT_INVOKER_POST_LOAD_ARGUMENTS, EVENT_INVOKER_PRE_LOAD_ARGUMENTS
from knack.events import EVENT_INVOKER_POST_CMD_TBL_CREATE

# Only these modules have commands of the families. To import all of az takes minutes.
needed = {"acr", "cloud", "identity", "profile", "resource", "role"}
commands.BLOCKED_MODS = [name for _, name, _ in pkgutil.iter_modules(command_modules.__path__) if name not in needed]


def is_wanted(path):
    return any(path == family or path.startswith(family + " ") for family in sys.argv[1:])


values = {0: "none", None: "one", "?": "optional", "+": "many", "*": "many"}


def option_of(action):
    return {
        "names": action.option_strings,
        "required": bool(action.required),
        "values": values[action.nargs],
        "choices": sorted(str(each) for each in action.choices or []),
    }


cli = get_default_cli()
register_global_subscription_argument(cli)
register_ids_argument(cli)
invoker = cli.invocation_cls(
    cli_ctx=cli, commands_loader_cls=cli.commands_loader_cls, parser_cls=cli.parser_cls, help_cls=cli.help_cls
)
cli.invocation = invoker
loader = invoker.commands_loader
loader.load_command_table(None)
for path in [path for path in loader.command_table if not is_wanted(path)]:
    del loader.command_table[path]
cli.raise_event(EVENT_INVOKER_PRE_LOAD_ARGUMENTS, commands_loader=loader)
for path in loader.command_table:
    invoker.data["command_string"] = path
    loader.command_name = path
    loader.load_arguments(path)
for event in (EVENT_INVOKER_POST_LOAD_ARGUMENTS, EVENT_INVOKER_POST_CMD_TBL_CREATE):
    cli.raise_event(event, commands_loader=loader)
invoker.parser.cli_ctx = cli
invoker.parser.load_command_table(loader)

table = {
    path: [
        option_of(action)
        for action in invoker.parser.subparser_map[path]._actions
        if action.help != argparse.SUPPRESS
    ]
    for path in loader.command_table
}
json.dump(table, sys.stdout, sort_keys=True)
