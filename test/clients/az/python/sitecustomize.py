# Debian's az has the grammar of metric alerts in the form of a newer ANTLR than the runtime that Debian has, so that its
# whole module "monitor" fails to load. Nothing but metric alerts needs the grammar.
from types import SimpleNamespace

try:
    from antlr4.atn.ATNDeserializer import ATNDeserializer
except ImportError:
    pass
else:
    deserialize = ATNDeserializer.deserialize

    def deserialize_if_readable(self, data):
        try:
            return deserialize(self, data)
        except TypeError:
            return SimpleNamespace(decisionToState=[])

    ATNDeserializer.deserialize = deserialize_if_readable
