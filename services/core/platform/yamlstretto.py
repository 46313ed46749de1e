"""YAML of ours, read without the parser's leniency: a key given twice is an error instead of the last one winning in silence."""

from typing import Any

import yaml


class _Lettore(yaml.SafeLoader):
    """SafeLoader, only stricter: no object is built from a tag."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        viste: set[str | int] = set()
        for nodo, _ in node.value:
            chiave = self.construct_object(nodo, deep=True)
            if not isinstance(chiave, str | int):
                raise yaml.constructor.ConstructorError(
                    None, None, "una chiave deve essere un testo o un numero intero", nodo.start_mark
                )
            if chiave in viste:
                raise yaml.constructor.ConstructorError(None, None, f"chiave ripetuta: {chiave}", nodo.start_mark)
            viste.add(chiave)
        return super().construct_mapping(node, deep)


def leggi_yaml(testo: str) -> Any:
    """Read one YAML document.

    Raises:
        yaml.YAMLError: it is not YAML, has a key twice or one that is neither text nor integer, or uses other than plain tags.
    """
    return yaml.load(testo, Loader=_Lettore)  # noqa: S506  # a SafeLoader
