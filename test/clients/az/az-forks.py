"""Runs commands of az in forks of one process that has imported az: a command then takes a third of the processor time.

A fork reports the modules that it imported. This process imports those of two forks, so that no further fork has to.

Usage: az-forks.py SOCKET. az-command.py connects to the socket, and sends its descriptors 0, 1 and 2 with one line of JSON:
"args", "env" and "cwd". The answer is the exit code, or the negative number of the signal that ended the command. This process
ends when its stdin does.
"""
import atexit
import collections
import gc
import importlib
import json
import os
import runpy
import selectors
import socket
import sys
import threading

# What az imports for every command, and what most commands of the tests import.
MODULES = (
    "azure.cli.core.telemetry",
    "azure.cli.core.azlogging",
    "azure.cli.core.command_recommender",
    "azure.cli.core.parser",
    "azure.cli.core.commands.transform",
    "azure.cli.core.commands.command_operation",
    "azure.cli.core._output",
    "azure.cli.core._help_loaders",
    "azure.cli.core._breaking_change",
    "azure.cli.core._completers",
    "azure.cli.core.auth.binary_cache",
    "azure.cli.core.intercept_survey",
    "azure.cli.core.commands.arm",
    "azure.cli.core.commands.client_factory",
    "azure.cli.core._profile",
    "azure.cli.core.auth.identity",
    "azure.cli.core.auth.msal_credentials",
    "azure.cli.core.aaz",
    "azure.cli.core.cloud",
    "azure.cli.core.file_util",
    "azure.cli.core.util",
    "azure.core.pipeline.transport",
    "azure.mgmt.core",
    "msal",
    "requests",
    "azure.cli.command_modules.acr.commands",
    "azure.cli.command_modules.acr._params",
    "azure.cli.command_modules.acr.repository",
    "azure.cli.command_modules.profile",
    "azure.cli.command_modules.profile.custom",
    "azure.mgmt.containerregistry",
)


def start(connection):
    """Reads a request and forks. Returns the process id, or None in the fork, which is to run az, and the end of a pipe."""
    text, descriptors, _, _ = socket.recv_fds(connection, 65536, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(65536)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        connection.close()
        for descriptor, received in enumerate(descriptors):
            os.dup2(received, descriptor)
    for received in descriptors:
        os.close(received)
    if pid != 0:
        os.close(write)
        return pid, read
    request = json.loads(text)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = request["args"]
    return None, write


def run(report):
    """Runs az in a fork, writes the names of the modules that it imports, and ends the fork."""
    imported = set(sys.modules)
    code = 0
    try:
        runpy.run_module("azure.cli")
    except SystemExit as ended:
        # Python prints any other code, and ends with 1.
        if not isinstance(ended.code, int):
            raise
        code = ended.code
    finally:
        names = "\n".join(name for name in sys.modules if name not in imported)
        if len(names) < 65536:
            os.write(report, names.encode())
    end(code)


def end(code):
    """Ends a fork as Python does, but frees no memory: to free what it shares with the forking process is to copy it first."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


def learn(report, uses):
    """Imports the modules that two forks have imported. `uses` has the number of forks by the name of a module."""
    os.set_blocking(report, False)
    try:
        names = os.read(report, 65536).decode().split()
    except BlockingIOError:
        # The fork was killed, and a process that it started has the other end.
        names = []
    os.close(report)
    uses.update(names)
    for name in names:
        if uses[name] == 2:
            try:
                importlib.import_module(name)
            except Exception:
                # Such a module is imported by each fork that needs it.
                pass
    gc.freeze()


def finish(pid, connection):
    """Waits for a fork, and answers the client, which may have been killed."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        connection.sendall(b"%d" % code)
        # Forks that still run have copies of the connection.
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


def serve(path):
    """Answers requests until stdin ends. Returns, in a fork, the end of the pipe for its report, and None otherwise."""
    uses = collections.Counter()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{path}.new")
    listener.listen()
    os.rename(f"{path}.new", path)
    with selectors.DefaultSelector() as waiting:
        waiting.register(0, selectors.EVENT_READ)
        waiting.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fileobj == 0:
                    return None
                if key.fileobj is listener:
                    connection = listener.accept()[0]
                    pid, report = start(connection)
                    if pid is None:
                        listener.close()
                        return report
                    waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, connection, report))
                else:
                    waiting.unregister(key.fileobj)
                    os.close(key.fileobj)
                    pid, connection, report = key.data
                    finish(pid, connection)
                    learn(report, uses)


os.environ["AZ_INSTALLER"] = "DEB"
sys.argv[0] = "/usr/bin/az"
for module in MODULES:
    importlib.import_module(module)
gc.freeze()
report = serve(sys.argv.pop())
if report is not None:
    run(report)
